//! What many places are to order at once, summed up by place and supplier (K5).

use chrono::Days;
use commerce::{alerts, orders, purchasing, staff, supply};
use domain::{
    Fen, LocationId, SkuId, SupplierId,
    alerts::{AlertKind, Goods, SetAlertRule},
    purchasing::{
        ListPurchases, ListShortfalls, OrderShortfalls, PurchaseState, SHORTFALL_LINES_MOST, SaveSupplier, SetPrices,
        Shortfall, ShortfallPick, Shortfalls,
    },
    staff::{RegionChoice, Role},
    supply::SaveWarehouse,
    text,
};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    purchasing::{Buying, MEDIUM, buying, priced},
    transfers::{at, pieces, stocked, two, warehouse},
    world::{World, code_of, field_of},
};

async fn found(buying: &Buying, ask: ListShortfalls) -> Shortfalls {
    purchasing::shortfalls(&buying.buyer, &ask).await.unwrap()
}

async fn everywhere(buying: &Buying) -> Vec<Shortfall> {
    found(buying, ListShortfalls::default()).await.items
}

fn pick(location: LocationId, supplier_id: SupplierId) -> ShortfallPick {
    ShortfallPick { location_id: location, supplier_id }
}

fn ordered(picks: &[ShortfallPick]) -> OrderShortfalls {
    OrderShortfalls { id: Uuid::now_v7(), picks: picks.to_vec() }
}

async fn drafts(buying: &Buying) -> usize {
    let ask = ListPurchases { most: 100, ..ListPurchases::default() };
    purchasing::list(&buying.buyer, &ask).await.unwrap().items.len()
}

/// Another supplier, who asks so much for a medium tea.
async fn another_supplier(world: &World, buying: &Buying, price_fen: Fen) -> SupplierId {
    let id = SupplierId(Uuid::now_v7());
    let known = SaveSupplier {
        code: "JN-2".into(),
        name: "华东茶业".into(),
        contact: String::new(),
        phone: String::new(),
        terms_days: 0,
        lead_days: 2,
        closed: false,
    };
    purchasing::save_supplier(&buying.buyer, id, known).await.unwrap();
    let rows = vec![priced(world.medium, price_fen, 1, 1)];
    assert!(purchasing::set_prices(&buying.buyer, id, SetPrices { rows }).await.unwrap()[0].set);
    id
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn all_places_are_summed_up_and_what_runs_out_first_comes_first(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (buying, two) = (buying(&world).await, two(&world).await);
    assert_eq!(found(&buying, ListShortfalls::default()).await, Shortfalls::default(), "there is enough");
    let (order, code) = world.place_paid(&world.member().await, 28).await;
    orders::accept(&two.near, order).await.unwrap();
    orders::redeem(&two.near, &code).await.unwrap();
    world.leave(world.store, world.medium, 10).await;
    world.leave(world.store, world.large, 3).await;
    world.leave(world.elsewhere, world.large, 0).await;
    let sums = everywhere(&buying).await;
    let places: Vec<LocationId> = sums.iter().map(|sum| sum.location.id).collect();
    assert_eq!(places, [two.there, two.here], "of the one there is nothing left, of the other there is for ten days");
    let today = world.now.with_timezone(&text::zone("")).date_naive();
    assert_eq!(sums[0].runs_out_on, Some(today));
    assert_eq!(sums[1].runs_out_on, today.checked_add_days(Days::new(10)));
    // 28 in 28 days, for 7 and 14 days, with 5 left over, less 10; and 5 less 3.
    assert_eq!((sums[1].kinds, sums[1].pieces), (2, 16 + 2));
    assert_eq!(sums[1].cost_fen, Some(Fen(16 * MEDIUM.0 + 2 * 700)));
    let lines: Vec<(SkuId, bool)> =
        sums[1].lines.iter().map(|line| (line.sku_id, line.runs_out_on.is_some())).collect();
    assert_eq!(lines, [(world.medium, true), (world.large, false)], "what is not sold does not run out");
    for sum in &sums {
        let own = purchasing::proposals(&buying.buyer, sum.location.id).await.unwrap();
        assert_eq!(own.iter().map(|one| one.quantity).sum::<i64>(), sum.pieces, "as the place's own page says it");
    }
    assert_eq!(code_of(purchasing::shortfalls(&two.near, &ListShortfalls::default()).await), "forbidden");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_sums_are_those_of_a_region_a_supplier_or_a_place(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buying, two) = (buying(&world).await, two(&world).await);
    let (office, depot) = warehouse(&world).await;
    stocked(&office, depot, &[pieces(world.large, 1)]).await;
    let cheap = another_supplier(&world, &buying, Fen(400)).await;
    world.leave(world.store, world.medium, 1).await;
    world.leave(world.elsewhere, world.large, 1).await;
    let of = async |ask: ListShortfalls| {
        let items = found(&buying, ask).await.items;
        let mut of: Vec<_> = items.into_iter().map(|sum| (sum.location.id, sum.supplier_id)).collect();
        of.sort_unstable();
        of
    };
    let sorted = |mut of: Vec<(LocationId, SupplierId)>| {
        of.sort_unstable();
        of
    };
    let all = vec![(two.here, cheap), (two.there, buying.supplier), (depot, buying.supplier)];
    assert_eq!(of(ListShortfalls::default()).await, sorted(all), "who asks the least delivers, to warehouses as well");
    let region = |code: &str| ListShortfalls { region: Some(code.into()), ..ListShortfalls::default() };
    assert_eq!(of(region("310000")).await, sorted(vec![(two.here, cheap), (depot, buying.supplier)]), "and below it");
    assert_eq!(of(region("330100")).await, [(two.there, buying.supplier)]);
    let from = ListShortfalls { supplier: Some(cheap), ..ListShortfalls::default() };
    assert_eq!(of(from).await, [(two.here, cheap)]);
    let at = ListShortfalls { location: Some(depot), ..ListShortfalls::default() };
    assert_eq!(of(at).await, [(depot, buying.supplier)]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_nobody_has_a_price_for_is_said_and_not_ordered(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buying, two) = (buying(&world).await, two(&world).await);
    let small = SkuId(Uuid::now_v7());
    world.add_sku(small, "小杯", 1_000).await;
    world.leave(world.store, small, 1).await;
    let all = found(&buying, ListShortfalls::default()).await;
    assert_eq!((all.items.len(), all.unpriced.len(), all.unpriced_total), (0, 1, 1));
    assert_eq!((all.unpriced[0].location.id, all.unpriced[0].kinds), (two.here, 1));
    let line = &all.unpriced[0].lines[0];
    assert_eq!((line.sku_id, line.quantity, line.price_fen), (small, 4, None));
    let from = ListShortfalls { supplier: Some(buying.supplier), ..ListShortfalls::default() };
    assert_eq!(found(&buying, from).await.unpriced, [], "it is no supplier's");
    let rows = vec![priced(small, Fen(300), 1, 1)];
    purchasing::set_prices(&buying.buyer, buying.supplier, SetPrices { rows }).await.unwrap();
    let all = found(&buying, ListShortfalls::default()).await;
    assert_eq!((all.items[0].kinds, all.items[0].cost_fen, all.unpriced.len()), (1, Some(Fen(1_200)), 0));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_sum_counts_the_lines_that_it_does_not_show_and_one_places_are_all_shown(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let skus: Vec<SkuId> = (0..23).map(|_| SkuId(Uuid::now_v7())).collect();
    for (at, sku) in skus.iter().enumerate() {
        world.add_sku(*sku, &format!("{at} 号"), 1_000).await;
        world.leave(world.store, *sku, 3).await;
    }
    let here = ListShortfalls { location: Some(buying.here), ..ListShortfalls::default() };
    let all = found(&buying, ListShortfalls::default()).await.unpriced;
    assert_eq!((all.len(), all[0].kinds, all[0].lines.len()), (1, 23, SHORTFALL_LINES_MOST));
    assert_eq!(found(&buying, here.clone()).await.unpriced[0].lines.len(), 23);
    let (proposals, unpriced) = purchasing::short_at(&buying.buyer, buying.here).await.unwrap();
    assert_eq!((proposals.len(), unpriced.unwrap().lines.len()), (0, 23));

    // Two of each lack, and come in packs of four.
    let rows = skus.iter().map(|sku| priced(*sku, Fen(300), 4, 1)).collect();
    purchasing::set_prices(&buying.buyer, buying.supplier, SetPrices { rows }).await.unwrap();
    let all = everywhere(&buying).await;
    assert_eq!((all.len(), all[0].kinds, all[0].lines.len()), (1, 23, SHORTFALL_LINES_MOST));
    assert_eq!((all[0].pieces, all[0].cost_fen), (92, Some(Fen(92 * 300))));
    assert_eq!(found(&buying, here).await.items[0].lines.len(), 23);
    let (proposals, unpriced) = purchasing::short_at(&buying.buyer, buying.here).await.unwrap();
    assert_eq!((proposals.iter().map(|one| one.quantity).sum::<i64>(), unpriced), (92, None));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_sold_today_is_there_still_and_comes_after_what_is_out(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (buying, two) = (buying(&world).await, two(&world).await);
    for _ in 0..2 {
        let (order, code) = world.place_paid(&world.member().await, 28).await;
        orders::accept(&two.near, order).await.unwrap();
        orders::redeem(&two.near, &code).await.unwrap();
    }
    world.leave(world.store, world.medium, 1).await;
    world.leave(world.store, world.large, 0).await;
    let sums = everywhere(&buying).await;
    let today = world.now.with_timezone(&text::zone("")).date_naive();
    let lines: Vec<_> = sums[0].lines.iter().map(|one| (one.sku_id, one.runs_out_on, one.is_out())).collect();
    assert_eq!(lines, [(world.large, Some(today), true), (world.medium, Some(today), false)], "two are sold a day");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn regions_of_places_are_those_of_warehouses_too(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (office, _) = warehouse(&world).await;
    let south = SaveWarehouse { region: "440100".into(), ..at("CK-2") };
    supply::save(&office, LocationId(Uuid::now_v7()), south).await.unwrap();
    let named = |found: Vec<RegionChoice>, code: &str| found.iter().any(|region| region.code == code);
    for code in ["440100", "440000"] {
        assert!(named(staff::regions_with_places(&office).await.unwrap(), code), "{code}");
        assert!(!named(staff::regions_with_stores(&office).await.unwrap(), code), "{code}");
    }
    assert!(named(staff::regions_with_places(&office).await.unwrap(), "330100"), "and those of stores");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn many_places_are_ordered_for_in_one_act_all_or_none(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buying, two) = (buying(&world).await, two(&world).await);
    let dear = another_supplier(&world, &buying, Fen(9_000)).await;
    world.leave(world.store, world.medium, 1).await;
    world.leave(world.store, world.large, 2).await;
    world.leave(world.elsewhere, world.medium, 3).await;
    let both = [pick(two.here, buying.supplier), pick(two.there, buying.supplier)];
    let one_too_many = ordered(&[both[0], both[1], pick(two.here, dear)]);
    assert_eq!(code_of(purchasing::order_shortfalls(&buying.buyer, one_too_many).await), "not_short");
    assert_eq!(drafts(&buying).await, 0, "none where one of them is not short");
    assert_eq!(field_of(purchasing::order_shortfalls(&buying.buyer, ordered(&[])).await), "picks");
    assert_eq!(field_of(purchasing::order_shortfalls(&buying.buyer, ordered(&[both[0]; 2])).await), "picks");
    assert_eq!(code_of(purchasing::order_shortfalls(&two.near, ordered(&both)).await), "forbidden");

    let ask = ordered(&both);
    let made = purchasing::order_shortfalls(&buying.buyer, ask.clone()).await.unwrap();
    assert!(made.iter().all(|card| card.state == PurchaseState::Draft && card.supplier_id == buying.supplier));
    let mut of: Vec<_> = made.iter().map(|card| (card.location.id, card.pieces, card.total_fen)).collect();
    of.sort_unstable();
    let mut sums = vec![(two.here, 7, Some(Fen(4 * MEDIUM.0 + 3 * 700))), (two.there, 2, Some(Fen(2 * MEDIUM.0)))];
    sums.sort_unstable();
    assert_eq!(of, sums);
    assert_eq!(
        purchasing::order_shortfalls(&buying.buyer, ask.clone()).await.unwrap(),
        made,
        "asked again it is the same"
    );
    assert_eq!(drafts(&buying).await, 2);
    assert_eq!(everywhere(&buying).await, [], "it is ordered");
    assert_eq!(code_of(purchasing::order_shortfalls(&buying.buyer, ordered(&both)).await), "not_short");
    let more = OrderShortfalls { picks: vec![both[0], both[1], pick(two.here, dear)], ..ask };
    assert_eq!(code_of(purchasing::order_shortfalls(&buying.buyer, more).await), "key_reused");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn two_who_order_for_a_place_at_once_do_not_order_twice(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    world.leave(world.store, world.medium, 1).await;
    let asks = (0..4).map(|_| ordered(&[pick(buying.here, buying.supplier)]));
    let answers = join_all(asks.map(|ask| purchasing::order_shortfalls(&buying.buyer, ask))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 3));
    assert!(refused.into_iter().all(|answer| code_of(answer) == "not_short"));
    assert_eq!(drafts(&buying).await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_left_over_is_the_threshold_that_says_most(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buying, two) = (buying(&world).await, two(&world).await);
    let head = world.staff("总部", Role::GoodsDepartment, Reach::Everywhere).await;
    for sku in [world.medium, world.large] {
        world.leave(world.store, sku, 0).await;
        world.leave(world.elsewhere, sku, 0).await;
    }
    let set = async |location_id, goods: &Goods, threshold| {
        let rule = SetAlertRule { kind: AlertKind::Low, location_id, goods: goods.clone(), threshold };
        alerts::set(&head, rule).await.unwrap();
    };
    // The medium and the large teas at the one store, then at the other.
    let safety = async || {
        let sums = everywhere(&buying).await;
        [(two.here, world.medium), (two.here, world.large), (two.there, world.medium), (two.there, world.large)].map(
            |(place, sku)| {
                let lines = sums.iter().filter(|sum| sum.location.id == place).flat_map(|sum| &sum.lines);
                lines.filter(|line| line.sku_id == sku).map(|line| line.need.safety).sum::<i64>()
            },
        )
    };
    let category = Goods::Category { code: "milk-tea".into() };
    let large = Goods::Sku { code: world.large.to_string() };
    assert_eq!(safety().await, [5, 5, 5, 5], "that of all goods, from the first day on");
    set(None, &category, Some(8)).await;
    assert_eq!(safety().await, [8, 8, 8, 8], "a category before all goods");
    set(None, &large, Some(11)).await;
    assert_eq!(safety().await, [8, 11, 8, 11], "a variant before its category");
    set(Some(two.here), &Goods::All, Some(3)).await;
    assert_eq!(safety().await, [3, 3, 8, 11], "a place's own before head office's");
    set(Some(two.here), &category, Some(4)).await;
    set(Some(two.here), &large, None).await;
    assert_eq!(safety().await, [4, 0, 8, 11], "also where it wants none");
    world.balanced().await;
}
