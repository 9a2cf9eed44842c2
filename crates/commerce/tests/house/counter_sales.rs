//! What is sold at the counter (K2): of the same pieces as the shop.

use std::sync::Arc;

use chrono::Duration;
use commerce::{
    Scope, cart, costs, counter_sales as till, keys, orders, purchasing,
    stock::{batches, models, shortages},
};
use domain::{
    CounterReturnId, CounterSaleId, Fault, Fen, LocationId, SkuId, StoreId,
    batches::RegisterBatch,
    counter_sales::{CounterLine, CounterSale, ListCounterSales, SellAtCounter, TakeBack, TakeBackWhy},
    keys::CreateKey,
    orders::Channel,
    staff::{Permission, Role},
    stock::ListShortages,
    stock_lists::{ListMovements, Period},
    stock_models::{SetStockModel, ShareOut, StockModel},
    transfers::Pieces,
};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    people::Reach,
    purchasing::buying,
    races::another_server,
    world::{MEDIUM_FEN, PIECES, World, code_of, field_of},
};

fn sale(lines: &[(SkuId, i64)]) -> SellAtCounter {
    let line = |(sku, pieces): &(SkuId, i64)| CounterLine { code: sku.to_string(), pieces: *pieces };
    SellAtCounter {
        id: CounterSaleId(Uuid::now_v7()),
        lines: lines.iter().map(line).collect(),
        occurred_at: None,
        handed_over: false,
    }
}

fn gone(lines: &[(SkuId, i64)]) -> SellAtCounter {
    SellAtCounter { handed_over: true, ..sale(lines) }
}

fn back(lines: &[(SkuId, i64)]) -> TakeBack {
    let line = |(sku, pieces): &(SkuId, i64)| Pieces { sku_id: *sku, quantity: *pieces };
    TakeBack {
        id: CounterReturnId(Uuid::now_v7()),
        lines: lines.iter().map(line).collect(),
        why: TakeBackWhy::Returned,
    }
}

async fn clerk(world: &World) -> Scope {
    world.staff("店员", Role::Clerk, Reach::Store(world.store)).await
}

async fn on_hand(world: &World) -> i64 {
    world.stock_at(world.store, world.medium).await.on_hand
}

/// Sells medium teas at the store.
async fn sells(world: &World, who: &Scope, pieces: i64) -> Result<CounterSale, Fault> {
    till::sell(who, world.store, sale(&[(world.medium, pieces)])).await
}

fn shared(world: &World, model: StockModel, kept_back: i64) -> SetStockModel {
    SetStockModel { sku: world.medium.to_string(), store_id: Some(world.store), model, kept_back }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_tills_and_shoppers_at_two_servers_who_want_the_last_pieces_none_gets_what_another_has(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let mut world = World::new(options, connect.clone()).await;
    world.leave(world.store, world.medium, 10).await;
    let (mut buyers, mut tills) = (world.members(12).await, vec![clerk(&world).await; 12]);
    world.house = another_server(connect).await;
    buyers.extend(world.members(12).await);
    tills.extend(vec![clerk(&world).await; 12]);
    let mut orders = Vec::new();
    for buyer in buyers {
        world.put(&buyer, world.medium, 1).await;
        let command = world.command(&buyer).await;
        orders.push((buyer, command));
    }
    let start = Arc::new(Barrier::new(orders.len() + tills.len()));
    let shoppers = orders.into_iter().map(|(buyer, command)| {
        let start = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            orders::place(&buyer, command).await.map(drop)
        })
    });
    let shoppers: Vec<_> = shoppers.collect();
    let (store, medium) = (world.store, world.medium);
    let tills = tills.into_iter().map(|till| {
        let start = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            till::sell(&till, store, sale(&[(medium, 1)])).await.map(drop)
        })
    });
    let tills: Vec<_> = tills.collect();
    let [placed, sold] = {
        let answers = [join_all(shoppers).await, join_all(tills).await];
        answers.map(|answers| {
            let answers: Vec<Result<(), Fault>> = answers.into_iter().map(|one| one.unwrap()).collect();
            let refused = |one: &&Result<(), Fault>| matches!(one, Err(Fault::SoldOut(_)));
            let done = answers.iter().filter(|one| one.is_ok()).count();
            assert_eq!(answers.iter().filter(refused).count(), answers.len() - done, "{answers:?}");
            done as i64
        })
    };
    assert_eq!(placed + sold, 10, "{placed} placed, {sold} sold");
    let stock = world.stock_at(world.store, world.medium).await;
    assert_eq!((stock.on_hand, stock.held), (10 - sold, placed));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_same_sale_again_is_one_sale_and_another_under_its_id_is_a_conflict(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let clerk = clerk(&world).await;
    // The last pieces: a repeat that is taken for another finds none.
    world.leave(world.store, world.medium, 2).await;
    let command = sale(&[(world.medium, 2)]);
    let answers = join_all((0..8).map(|_| {
        let (clerk, store, command) = (clerk.clone(), world.store, command.clone());
        tokio::spawn(async move { till::sell(&clerk, store, command).await.unwrap() })
    }));
    let answers: Vec<CounterSale> = answers.await.into_iter().map(|one| one.unwrap()).collect();
    assert!(answers.iter().all(|one| *one == answers[0]), "{answers:?}");
    assert_eq!((answers[0].total_fen, on_hand(&world).await), (Fen(2 * MEDIUM_FEN), 0));
    let mut later = clerk.clone();
    later.now += Duration::hours(5);
    assert_eq!(till::sell(&later, world.store, command.clone()).await.unwrap(), answers[0], "also much later");
    let others = [
        SellAtCounter { lines: sale(&[(world.medium, 1)]).lines, ..command.clone() },
        SellAtCounter { handed_over: true, ..command.clone() },
        SellAtCounter { occurred_at: Some(world.now - Duration::hours(1)), ..command.clone() },
    ];
    for other in others {
        assert_eq!(code_of(till::sell(&clerk, world.store, other).await), "key_reused");
    }
    let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    assert_eq!(code_of(till::sell(&head, world.elsewhere, command.clone()).await), "key_reused", "at another store");
    let stranger = world.staff("西湖店员", Role::Clerk, Reach::Store(world.elsewhere)).await;
    assert_eq!(
        code_of(till::sell(&stranger, world.elsewhere, command).await),
        "key_reused",
        "of a sale nobody shows them"
    );
    // What a till says of its time is of the same sale too, to the microsecond.
    let exactly = world.now - Duration::nanoseconds(1_234_567);
    let said = SellAtCounter { occurred_at: Some(exactly), ..gone(&[(world.large, 1)]) };
    let first = till::sell(&clerk, world.store, said.clone()).await.unwrap();
    assert_eq!(till::sell(&later, world.store, said).await.unwrap(), first);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_sale_of_which_a_line_is_too_many_sells_nothing_and_says_how_many_there_are(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let clerk = clerk(&world).await;
    world.leave(world.store, world.medium, 5).await;
    world.place_paid(&world.member().await, 2).await;
    let refused =
        till::sell(&clerk, world.store, sale(&[(world.large, 1), (world.medium, 2), (world.medium, 2)])).await;
    let Err(Fault::SoldOut(complaints)) = refused else { panic!("{refused:?}") };
    let told: Vec<_> = complaints.iter().map(|one| (one.field.as_str(), one.message.as_str())).collect();
    let three = "柜台可卖的只有 3 件";
    assert_eq!(told, [("lines.1", three), ("lines.2", three)], "both lines are of what lacks");
    assert_eq!((on_hand(&world).await, world.stock_at(world.store, world.large).await.on_hand), (5, PIECES));
    assert_eq!(world.count("select count(*) from counter_sales").await, 0);
    let sold =
        till::sell(&clerk, world.store, sale(&[(world.large, 1), (world.medium, 2), (world.medium, 1)])).await.unwrap();
    assert_eq!((sold.lines.len(), sold.left()), (2, 4), "a variant is one line of a sale");
    assert_eq!(code_of(sells(&world, &clerk, 1).await), "sold_out", "what is left is promised");
    // What is over is sold to nobody.
    let yesterday = world.now.date_naive().pred_opt().unwrap();
    let over = RegisterBatch { code: "A".into(), expires_on: yesterday, quantity: PIECES - 1 };
    batches::register(&clerk, LocationId(world.store.0), world.large, over).await.unwrap();
    assert_eq!(code_of(till::sell(&clerk, world.store, sale(&[(world.large, 1)])).await), "sold_out");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_counter_sells_its_own_where_they_are_parted_and_all_that_is_free_of_a_pool(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let buyer = world.member().await;
    world.leave(world.store, world.medium, 10).await;
    models::set(&manager, shared(&world, StockModel::Separate, 0)).await.unwrap();
    models::share_out(&manager, world.store, world.medium, ShareOut { online: 6 }).await.unwrap();
    assert_eq!(code_of(sells(&world, &manager, 5).await), "sold_out", "four are the counter's");
    let sold = sells(&world, &manager, 3).await.unwrap();
    let now = models::show(&manager, world.store, world.medium).await.unwrap();
    assert_eq!((now.online, now.counter), (6, 1), "the shop's are the shop's");
    till::take_back(&manager, sold.id, back(&[])).await.unwrap();
    let now = models::show(&manager, world.store, world.medium).await.unwrap();
    assert_eq!((now.online, now.counter), (6, 4), "and what comes back is the counter's");

    models::set(&manager, shared(&world, StockModel::Pool, 7)).await.unwrap();
    world.put(&buyer, world.medium, 3).await;
    assert_eq!(code_of(cart::set_line(&buyer, world.line(world.medium, 4)).await), "sold_out");
    sells(&world, &manager, 9).await.unwrap();
    assert_eq!(code_of(orders::place(&buyer, world.command(&buyer).await).await), "sold_out");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_has_gone_already_is_booked_and_opens_a_case_for_who_is_left_without(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let clerk = clerk(&world).await;
    world.leave(world.store, world.medium, 5).await;
    world.place_paid(&world.member().await, 4).await;
    let offline = SellAtCounter { occurred_at: Some(world.now - Duration::hours(3)), ..gone(&[(world.medium, 3)]) };
    let sold = till::sell(&clerk, world.store, offline.clone()).await.unwrap();
    assert!(sold.handed_over && sold.booked_at - sold.occurred_at == Duration::hours(3));
    assert_eq!(till::sell(&clerk, world.store, offline).await.unwrap(), sold);
    let found = shortages::list(&clerk, &ListShortages { most: 9, ..Default::default() }).await.unwrap().items;
    assert_eq!((found.len(), found[0].short, found[0].on_hand, found[0].cause.as_str()), (1, 2, 2, "柜台销售"));
    till::sell(&clerk, world.store, gone(&[(world.medium, 3)])).await.unwrap();
    assert_eq!(on_hand(&world).await, -1, "it is known that the books were wrong");
    till::take_back(&clerk, sold.id, back(&[])).await.unwrap();
    assert_eq!(on_hand(&world).await, 2);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn no_more_of_a_sale_comes_back_than_was_sold_however_many_take_it_back(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let clerk = clerk(&world).await;
    let sold = till::sell(&clerk, world.store, sale(&[(world.medium, 5), (world.large, 1)])).await.unwrap();
    let part = back(&[(world.medium, 2)]);
    let left = till::take_back(&clerk, sold.id, part.clone()).await.unwrap();
    assert_eq!((left.left(), left.total_fen), (4, Fen(sold.total_fen.0 - 2 * MEDIUM_FEN)));
    assert_eq!(till::take_back(&clerk, sold.id, part.clone()).await.unwrap(), left, "the same again");
    let other = TakeBack { lines: back(&[(world.medium, 1)]).lines, ..part };
    assert_eq!(code_of(till::take_back(&clerk, sold.id, other).await), "key_reused");
    let beside = format!("pieces.{}", world.medium);
    assert_eq!(field_of(till::take_back(&clerk, sold.id, back(&[(world.medium, 4)])).await), beside);
    assert_eq!(field_of(till::take_back(&clerk, sold.id, back(&[(world.medium, -1)])).await), beside);
    assert_eq!(field_of(till::take_back(&clerk, sold.id, back(&[(world.medium, 0)])).await), "lines");
    assert_eq!(code_of(till::take_back(&clerk, sold.id, back(&[(SkuId(Uuid::now_v7()), 1)])).await), "invalid");
    assert_eq!(on_hand(&world).await, PIECES - 3, "what was refused has changed nothing");
    let racing = (0..8).map(|_| {
        let (clerk, id, command) = (clerk.clone(), sold.id, back(&[(world.medium, 1)]));
        tokio::spawn(async move { till::take_back(&clerk, id, command).await.is_ok() })
    });
    let taken = join_all(racing.collect::<Vec<_>>()).await.into_iter().filter(|one| *one.as_ref().unwrap()).count();
    assert_eq!((taken, on_hand(&world).await), (3, PIECES));
    let rest = till::take_back(&clerk, sold.id, back(&[])).await.unwrap();
    assert_eq!((rest.left(), rest.total_fen), (0, Fen::ZERO), "nothing named is all that is left");
    assert_eq!(field_of(till::take_back(&clerk, sold.id, back(&[])).await), "lines");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_comes_back_is_of_the_batches_that_were_sold_of(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = clerk(&world).await;
    world.leave(world.store, world.medium, 10).await;
    let place = LocationId(world.store.0);
    for (code, days, quantity) in [("A", 3, 4), ("B", 9, 6)] {
        let expires_on = world.now.date_naive() + Duration::days(days);
        batches::register(&clerk, place, world.medium, RegisterBatch { code: code.into(), expires_on, quantity })
            .await
            .unwrap();
    }
    let left = async || {
        let left = batches::left(&clerk, place, world.medium).await.unwrap();
        (left.batches.into_iter().map(|one| (one.code, one.pieces)).collect::<Vec<_>>(), left.unknown)
    };
    let sold = sells(&world, &clerk, 5).await.unwrap();
    assert_eq!(left().await, (vec![("B".into(), 5)], 0), "what ends first goes first");
    till::take_back(&clerk, sold.id, back(&[(world.medium, 4)])).await.unwrap();
    assert_eq!(left().await, (vec![("A".into(), 4), ("B".into(), 5)], 0));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_can_be_no_sale_is_told_and_nobody_sells_at_anothers_counter(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let clerk = clerk(&world).await;
    let stranger = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let marketing = world.staff("市场部", Role::MarketingDepartment, Reach::Everywhere).await;
    let sold = sells(&world, &clerk, 1).await.unwrap();
    assert_eq!(code_of(sells(&world, &stranger, 1).await), "not_found");
    assert_eq!(code_of(sells(&world, &marketing, 1).await), "forbidden");
    assert_eq!(code_of(sells(&world, &world.member().await, 1).await), "unauthenticated");
    assert_eq!(code_of(till::sell(&clerk, StoreId(Uuid::now_v7()), sale(&[(world.medium, 1)])).await), "not_found");
    for who in [&stranger, &marketing] {
        let expected = if std::ptr::eq(who, &stranger) { "not_found" } else { "forbidden" };
        assert_eq!(code_of(till::show(who, sold.id).await), expected);
        assert_eq!(code_of(till::take_back(who, sold.id, back(&[])).await), expected);
        assert_eq!(code_of(till::list(who, world.store, &ListCounterSales::default()).await), expected);
    }
    let unknown = CounterLine { code: "keines".into(), pieces: 1 };
    let lines = vec![CounterLine { code: world.medium.to_string(), pieces: 1 }, unknown];
    assert_eq!(field_of(till::sell(&clerk, world.store, SellAtCounter { lines, ..sale(&[]) }).await), "lines.1");
    assert_eq!(field_of(sells(&world, &clerk, 0).await), "lines.0");
    assert_eq!(field_of(till::sell(&clerk, world.store, sale(&[])).await), "lines");
    let late = SellAtCounter { occurred_at: Some(world.now - Duration::days(32)), ..gone(&[(world.medium, 1)]) };
    assert_eq!(field_of(till::sell(&clerk, world.store, late).await), "occurred_at");
    assert_eq!((on_hand(&world).await, world.count("select count(*) from counter_sales").await), (PIECES - 1, 1));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_partners_till_sells_by_barcode_in_its_own_name_where_its_key_reaches(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    world.alter("update skus set barcode = '6901234567892' where spec_values = array['中杯']").await;
    let admin = world.staff("管理员", Role::SuperAdmin, Reach::Everywhere).await;
    let key = CreateKey {
        name: "门店收银".into(),
        permissions: vec![Permission::FulfilOrders],
        stores: vec!["RMGC".into()],
        warehouses: Vec::new(),
        per_minute: 600,
        until: None,
    };
    let key = keys::create(&admin, key).await.unwrap();
    let secret = keys::make(&admin, key).await.unwrap();
    let program = world.bearer(Some(&secret), Channel::Api).await;
    let lines = vec![CounterLine { code: "6901234567892".into(), pieces: 2 }];
    let sold = till::sell(&program, world.store, SellAtCounter { lines: lines.clone(), ..sale(&[]) }).await.unwrap();
    assert_eq!((sold.by.as_str(), sold.lines[0].sku_id), ("合作方 门店收银", world.medium));
    let elsewhere = till::sell(&program, world.elsewhere, SellAtCounter { lines, ..sale(&[]) }).await;
    assert_eq!(code_of(elsewhere), "not_found");
    till::take_back(&program, sold.id, back(&[(world.medium, 1)])).await.unwrap();
    let signed = "select count(*) from audit where act in ('sell_at_counter', 'take_back_counter_sale') and api_key_id is not null";
    assert_eq!(world.count(signed).await, 2);
    let listed =
        till::list(&program, world.store, &ListCounterSales { most: 1, ..ListCounterSales::default() }).await.unwrap();
    assert_eq!((listed.items.len(), listed.next), (1, None));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_the_counter_sold_counts_as_sold_with_its_cost(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    world.leave(world.store, world.medium, 0).await;
    let id = buying.ordered(&[(world.medium, 10)]).await;
    buying.received(id, &[]).await;
    let clerk = clerk(&world).await;
    let sold = sells(&world, &clerk, 4).await.unwrap();
    till::take_back(&clerk, sold.id, back(&[(world.medium, 1)])).await.unwrap();
    let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let period = Period::of(None, None, world.now.date_naive());
    let found = costs::margins(&head, period).await.unwrap();
    let here = found.into_iter().find(|one| one.location.id == buying.here).unwrap();
    assert_eq!((here.pieces, here.unknown, here.cost_fen), (3, 0, Fen(1_500)));
    assert_eq!((here.sales_fen, here.counter_fen), (Fen(3 * MEDIUM_FEN), Fen(3 * MEDIUM_FEN)));
    assert_eq!(here.stock_fen, Fen(3_500));
    let needs = purchasing::proposals(&buying.buyer, buying.here).await.unwrap();
    assert_eq!(needs.into_iter().find(|one| one.sku_id == world.medium).unwrap().need.sold, 3);
    let today = till::day(&clerk, world.store).await.unwrap();
    assert_eq!((today.sales, today.pieces, today.total_fen), (1, 3, Fen(3 * MEDIUM_FEN)));
    let ask =
        ListMovements { promises: false, ..ListMovements::from_fields(&Default::default(), world.now.date_naive()) };
    let moved = commerce::stock::lists::movements(&head, &ListMovements { most: 9, ..ask }).await.unwrap().items;
    let told: Vec<_> =
        moved.iter().map(|one| (one.cause.as_str(), one.quantity, one.document.clone())).take(2).collect();
    assert_eq!(told, [("柜台销售退回", 1, sold.number.clone()), ("柜台销售", -4, sold.number)]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_old_day_at_the_counter_is_found_without_reading_what_was_sold_since(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    clerk(&world).await;
    // A hundred sales a day, for two hundred days.
    world
        .alter(
            "insert into counter_sales (id, store_id, asked, handed_over, occurred_at, booked_at, total_fen, staff_id)
             select gen_random_uuid(), (select id from stores where code = 'RMGC'), '', false, t.at, t.at, 0,
                    (select id from staff limit 1)
             from generate_series(0, 19999) as n
             cross join lateral (select timestamptz '2026-01-01 00:00+08' + n * interval '864 seconds' as at) t",
        )
        .await;
    world.alter("analyze counter_sales").await;
    let plan: Vec<String> = sqlx::query_scalar(
        "explain select * from counter_sales where store_id = (select id from stores where code = 'RMGC')
           and occurred_at >= '2026-02-01 00:00+08' and occurred_at < '2026-02-02 00:00+08'
         order by number desc limit 51",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("counter_sales_of_day"), "{plan}");
}
