//! A warehouse system's key: it is given warehouses, works there, and has nothing to do with other places (T5, K3, K4, K5).

use commerce::{
    Partners, Scope, Settings, approvals, counts, keys, losses, purchasing, stock::lists, supply, transfers,
};
use domain::{
    CountId, Fen, LocationId, LossId, PurchaseId, TransferId,
    counts::{CountState, DecideAlone, EnterCount, ListCounts, OpenCount, Selection, SubmitCount},
    keys::CreateKey,
    losses::{ListLosses, LossKind, LossState, ReportLoss},
    orders::Channel,
    purchasing::{DraftPurchase, ReceivePurchase},
    staff::{Permission, Role},
    stock_lists::ListBalances,
    supply::{PriceFor, ReceiveGoods, SetSupplyPrice},
    transfers::{ListTransfers, RequestTransfer},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    counts::yes,
    people::Reach,
    purchasing::{Buying, buying},
    transfers::{asked, at, on_hand, pieces, ship, stocked, two, warehouse, yes as agreed},
    world::{World, code_of, field_of},
};

/// Two warehouses with 50 medium teas each, and the program whose key names the first of them alone.
struct Depots {
    admin: Scope,
    here: LocationId,
    there: LocationId,
    program: Scope,
}

fn with(stores: &[&str], warehouses: &[&str]) -> CreateKey {
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
    CreateKey {
        name: "仓储系统".into(),
        permissions: vec![Permission::CountStock, Permission::ReceiveGoods, Permission::MoveStock],
        stores: codes(stores),
        warehouses: codes(warehouses),
        per_minute: 600,
        until: None,
    }
}

async fn program(world: &World, admin: &Scope, command: CreateKey) -> Scope {
    let key = keys::create(admin, command).await.unwrap();
    let secret = keys::make(admin, key).await.unwrap();
    world.bearer(Some(&secret), Channel::Api).await
}

async fn depots(world: &World) -> Depots {
    let (office, here) = warehouse(world).await;
    let there = LocationId(Uuid::now_v7());
    supply::save(&office, there, at("CK-2")).await.unwrap();
    for place in [here, there] {
        stocked(&office, place, &[pieces(world.medium, 50)]).await;
    }
    let admin = world.staff("管理员", Role::SuperAdmin, Reach::Everywhere).await;
    let program = program(world, &admin, with(&[], &["CK-1"])).await;
    Depots { admin, here, there, program }
}

fn goods(world: &World, place: LocationId, quantity: i64) -> ReceiveGoods {
    ReceiveGoods {
        id: Uuid::now_v7(),
        location_id: place,
        lines: vec![pieces(world.medium, quantity)],
        note: "送货单 9".into(),
        prices: Vec::new(),
        batches: Vec::new(),
    }
}

fn count_of(world: &World, place: LocationId) -> OpenCount {
    let selection = Selection::Partial { categories: Vec::new(), skus: vec![world.medium.to_string()] };
    OpenCount { id: CountId(Uuid::now_v7()), location_id: place, selection, blind: false, note: String::new() }
}

fn lost(world: &World, place: LocationId) -> ReportLoss {
    ReportLoss {
        id: LossId(Uuid::now_v7()),
        location_id: place,
        sku_id: world.medium,
        quantity: 2,
        kind: LossKind::Broken,
        reason: "叉车碰倒".into(),
        batch: None,
    }
}

fn delivery(world: &World, quantity: i64) -> ReceivePurchase {
    let lines = vec![pieces(world.medium, quantity)];
    ReceivePurchase { id: Uuid::now_v7(), lines, note: String::new(), batches: Vec::new() }
}

/// An order to the supplier that is to arrive at this place, and was agreed to as it was handed in.
async fn bought(world: &World, buying: &Buying, place: LocationId) -> PurchaseId {
    let id = PurchaseId(Uuid::now_v7());
    let order = DraftPurchase { location_id: place, ..buying.order(&[(world.medium, 10)]) };
    purchasing::draft(&buying.buyer, id, order).await.unwrap();
    purchasing::submit(&buying.buyer, id).await.unwrap();
    id
}

/// A transfer from this place that a store has asked for.
async fn wanted(world: &World, near: &Scope, place: LocationId) -> TransferId {
    let request = RequestTransfer { from_id: place, ..asked(world, 10) };
    transfers::request(near, request.clone()).await.unwrap();
    request.id
}

/// What a transfer of one kind of goods is told to cost, whole and a piece, on its page and in the file of the list.
async fn prices(who: &Scope, transfer: TransferId) -> [Option<Fen>; 4] {
    let shown = transfers::show(who, transfer).await.unwrap();
    let listed = transfers::list(who, &ListTransfers { most: 9, ..Default::default() }).await.unwrap().items;
    assert_eq!(listed.iter().map(|card| card.total_fen).collect::<Vec<_>>(), [shown.card.total_fen]);
    let whole = transfers::whole_list(who, &ListTransfers::default(), 9).await.unwrap();
    let (card, line) = &whole[0];
    [shown.card.total_fen, shown.lines[0].price_fen, card.total_fen, line.price_fen]
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_key_given_a_warehouse_takes_in_counts_and_ships_there(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (Depots { admin, here, program, .. }, two) = (depots(&world).await, two(&world).await);
    let places = counts::places(&program).await.unwrap();
    assert_eq!(places.iter().map(|place| (place.id, place.warehouse)).collect::<Vec<_>>(), [(here, true)]);

    let receipt = goods(&world, here, 5);
    for _ in 0..2 {
        supply::receive(&program, receipt.clone()).await.unwrap();
    }
    assert_eq!(supply::receipts(&program, here, None).await.unwrap().len(), 2, "what came before as well");
    let order = bought(&world, &buying(&world).await, here).await;
    purchasing::receive(&program, order, delivery(&world, 10)).await.unwrap();
    assert_eq!(on_hand(&world, here, world.medium).await, 65);

    // What it hands in goes by the limits of the warehouse.
    let own = DecideAlone { pieces: 0, ..DecideAlone::default() };
    approvals::set_limits_at(&admin, here, own).await.unwrap();
    let count = count_of(&world, here);
    counts::open(&program, count.clone()).await.unwrap();
    let found = EnterCount { id: Uuid::now_v7(), code: world.medium.to_string(), pieces: 64 };
    counts::enter(&program, count.id, found).await.unwrap();
    counts::submit(&program, count.id, SubmitCount::default()).await.unwrap();
    let seen = counts::show(&program, count.id).await.unwrap().card;
    assert_eq!(
        (seen.state, seen.above, seen.alone, seen.alone_own),
        (CountState::Submitted, true, Some(own), Some(true))
    );
    counts::decide(&admin, count.id, yes()).await.unwrap();
    assert_eq!(losses::report(&program, lost(&world, here)).await.unwrap(), LossState::Reported);

    let price = SetSupplyPrice {
        sku: world.medium.to_string(),
        whom: PriceFor::Store { code: "RMGC".into() },
        price_fen: Some(Fen(700)),
    };
    supply::set_price(&admin, price).await.unwrap();
    let transfer = wanted(&world, &two.near, here).await;
    assert_eq!(prices(&two.near, transfer).await, [Some(Fen(7_000)), Some(Fen(700)), Some(Fen(7_000)), Some(Fen(700))]);
    assert_eq!(prices(&program, transfer).await, [None; 4], "what a store pays is between it and head office");
    transfers::decide(&program, transfer, agreed()).await.unwrap();
    transfers::ship(&program, transfer, ship(&[])).await.unwrap();
    assert_eq!(on_hand(&world, here, world.medium).await, 54);
    let all = ListBalances { most: 99, ..Default::default() };
    let (lying, _) = lists::balances(&program, &all).await.unwrap();
    assert!(!lying.is_empty() && lying.iter().all(|one| one.location.id == here), "{lying:?}");
    let signed = "select count(distinct act) from audit where api_key_id is not null
                  and act in ('receive_goods', 'submit_count', 'report_loss', 'ship_transfer')";
    assert_eq!(world.count(signed).await, 4, "in its own name");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_key_given_a_warehouse_does_nothing_at_another_or_at_a_store(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (Depots { there, program, .. }, two) = (depots(&world).await, two(&world).await);
    let buying = buying(&world).await;
    for place in [there, two.here] {
        assert_eq!(code_of(supply::receive(&program, goods(&world, place, 5)).await), "not_found");
        assert_eq!(code_of(supply::receipts(&program, place, None).await), "not_found");
        assert_eq!(code_of(counts::open(&program, count_of(&world, place)).await), "not_found");
        assert_eq!(code_of(losses::report(&program, lost(&world, place)).await), "not_found");
        let order = bought(&world, &buying, place).await;
        assert_eq!(code_of(purchasing::receive(&program, order, delivery(&world, 10)).await), "not_found");
        let to_it = RequestTransfer { to_id: place, from_id: two.there, ..asked(&world, 1) };
        assert_eq!(code_of(transfers::request(&program, to_it).await), "not_found");
    }
    let transfer = wanted(&world, &two.near, there).await;
    assert_eq!(code_of(transfers::show(&program, transfer).await), "not_found");
    assert_eq!(code_of(transfers::decide(&program, transfer, agreed()).await), "not_found");
    assert_eq!(code_of(transfers::ship(&program, transfer, ship(&[])).await), "not_found");
    assert_eq!(on_hand(&world, there, world.medium).await, 50);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn without_the_first_fence_a_warehouses_key_still_sees_its_own_alone(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let settings = Settings { without_first_fence: true, ..Settings::default() };
    let world = World::with(options, connect, Partners::default(), settings).await;
    let (Depots { admin, here, there, program }, two) = (depots(&world).await, two(&world).await);
    let mut own = None;
    for place in [there, two.here, here] {
        let (count, loss) = (count_of(&world, place), lost(&world, place));
        counts::open(&admin, count.clone()).await.unwrap();
        losses::report(&admin, loss.clone()).await.unwrap();
        own = Some((count.id, loss.id));
    }
    let (count, loss) = own.unwrap();
    wanted(&world, &two.near, there).await;
    let transfer = wanted(&world, &two.near, here).await;

    let seen = counts::list(&program, &ListCounts { most: 9, ..Default::default() }).await.unwrap().items;
    assert_eq!(seen.iter().map(|card| card.id).collect::<Vec<_>>(), [count]);
    let seen = losses::list(&program, &ListLosses { most: 9, ..Default::default() }).await.unwrap().items;
    assert_eq!(seen.iter().map(|card| card.id).collect::<Vec<_>>(), [loss]);
    let seen = transfers::list(&program, &ListTransfers { most: 9, ..Default::default() }).await.unwrap().items;
    assert_eq!(seen.iter().map(|card| card.id).collect::<Vec<_>>(), [transfer]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_key_works_at_the_places_it_was_given_and_everywhere_only_where_none_was(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let Depots { admin, here, there, .. } = depots(&world).await;
    assert_eq!(field_of(keys::create(&admin, with(&["RMGC"], &["CK-9"])).await), "warehouses");
    let store = LocationId(world.store.0);
    let places = async |command: CreateKey| {
        let program = program(&world, &admin, command).await;
        let mut places: Vec<_> = counts::places(&program).await.unwrap().into_iter().map(|place| place.id).collect();
        places.sort();
        places
    };
    let sorted = |mut places: Vec<LocationId>| {
        places.sort();
        places
    };
    assert_eq!(places(with(&["RMGC"], &[])).await, [store], "as before");
    assert_eq!(places(with(&["RMGC"], &["CK-2"])).await, sorted(vec![store, there]));
    let all = places(with(&[], &[])).await;
    assert!([store, here, there].iter().all(|place| all.contains(place)), "{all:?}");
    let told: Vec<String> = keys::list(&admin).await.unwrap().iter().map(|key| key.places_text()).collect();
    for text in ["上海仓", "人民广场店", "人民广场店、上海仓", "全部门店与仓库"] {
        assert!(told.iter().any(|one| one == text), "{text} is not in {told:?}");
    }
    world.balanced().await;
}
