//! Goods held before they are ordered: who gets them, for how long, and what an order makes of them.

use std::sync::Arc;

use chrono::Duration;
use commerce::{House, Partners, Pools, Scope, Settings, cart, holds, orders};
use domain::{
    Fault, HoldId, Quantity, SkuId,
    holds::{HoldView, TakeHold},
};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::world::{Stock, World, code_of};

fn wish(world: &World, sku: SkuId, pieces: i64) -> TakeHold {
    TakeHold {
        id: HoldId(Uuid::now_v7()),
        store_id: world.store,
        sku_id: sku,
        quantity: Quantity::try_from(pieces).unwrap(),
    }
}

async fn hold(world: &World, who: &Scope, pieces: i64) -> HoldView {
    holds::take(who, wish(world, world.medium, pieces)).await.unwrap()
}

async fn held(world: &World) -> i64 {
    world.stock_at(world.store, world.medium).await.held
}

fn later(scope: &Scope, seconds: i64) -> Scope {
    let mut later = scope.clone();
    later.now += Duration::seconds(seconds);
    later
}

/// All at the same moment; answers in their order.
async fn take_at_once(wanted: Vec<(Scope, TakeHold)>) -> Vec<Result<HoldView, Fault>> {
    let start = Arc::new(Barrier::new(wanted.len()));
    let workers = wanted.into_iter().map(|(who, wish)| {
        let start = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            holds::take(&who, wish).await
        })
    });
    join_all(workers).await.into_iter().map(|worker| worker.unwrap()).collect()
}

async fn another_server(connect: PgConnectOptions, settings: Settings) -> House {
    let pools = Pools::connect(PgPoolOptions::new().max_connections(8), connect).await.unwrap();
    House::new(pools, Partners::default(), settings)
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_hold_keeps_its_pieces_until_it_is_released(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, other) = (world.member().await, world.member().await);
    let taken = hold(&world, &buyer, 2).await;
    assert_eq!(taken.expires_at, world.now + Duration::minutes(3));
    assert_eq!(holds::mine(&buyer).await.unwrap(), std::slice::from_ref(&taken));
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 100, held: 2, allocated: 0 });
    assert_eq!(code_of(holds::release(&other, taken.id).await), "not_found", "it is not theirs");
    assert_eq!(code_of(holds::release(&world.visitor().await, taken.id).await), "unauthenticated");
    assert_eq!(holds::mine(&other).await.unwrap(), []);
    assert_eq!(held(&world).await, 2);
    for _ in 0..2 {
        holds::release(&buyer, taken.id).await.unwrap();
    }
    assert_eq!(holds::mine(&buyer).await.unwrap(), []);
    assert_eq!(held(&world).await, 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_same_request_again_is_the_same_hold_whatever_has_become_of_it(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (buyer, other) = (world.member().await, world.member().await);
    let wanted = wish(&world, world.medium, 2);
    let taken = holds::take(&buyer, wanted.clone()).await.unwrap();
    world.leave(world.store, world.medium, 0).await;
    // Sold out by now, later, and released: it is a repeat all the same.
    assert_eq!(holds::take(&later(&buyer, 5), wanted.clone()).await.unwrap(), taken);
    holds::release(&buyer, taken.id).await.unwrap();
    assert_eq!(holds::take(&buyer, wanted.clone()).await.unwrap(), taken);
    for (who, changed) in [
        (&buyer, TakeHold { quantity: Quantity::ONE, ..wanted.clone() }),
        (&buyer, TakeHold { sku_id: world.large, ..wanted.clone() }),
        (&buyer, TakeHold { store_id: world.elsewhere, ..wanted.clone() }),
        (&other, wanted.clone()),
    ] {
        assert_eq!(code_of(holds::take(who, changed).await), "key_reused");
    }
    assert_eq!(held(&world).await, 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_same_request_sent_sixteen_times_at_once_is_one_hold(options: PgPoolOptions, connect: PgConnectOptions) {
    let mut world = World::new(options, connect.clone()).await;
    // The last pieces: a repeat that came too late would find none.
    world.leave(world.store, world.medium, 8).await;
    let mut buyers = world.members(2).await;
    world.house = another_server(connect, Settings::default()).await;
    buyers.extend(world.members(2).await);
    for buyer in buyers {
        let wanted = wish(&world, world.medium, 2);
        for answer in take_at_once(vec![(buyer, wanted); 16]).await {
            answer.unwrap();
        }
    }
    assert_eq!(world.count("select count(*) from early_holds").await, 4);
    assert_eq!(held(&world).await, 8);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_sixty_four_that_want_the_last_ten_pieces_at_two_servers_exactly_ten_hold_one(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let mut world = World::new(options, connect.clone()).await;
    world.leave(world.store, world.medium, 10).await;
    let mut buyers = world.members(32).await;
    world.house = another_server(connect, Settings::default()).await;
    buyers.extend(world.members(32).await);
    let wanted = buyers.into_iter().map(|buyer| (buyer, wish(&world, world.medium, 1))).collect();
    let answers = take_at_once(wanted).await;
    let granted = answers.iter().filter(|answer| answer.is_ok()).count();
    let sold_out = answers.iter().filter(|answer| matches!(answer, Err(Fault::SoldOut(_)))).count();
    assert_eq!((granted, sold_out), (10, 54), "{answers:?}");
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 10, held: 10, allocated: 0 });
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_holds_more_than_a_member_may_not_even_at_two_servers_at_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect.clone()).await;
    let buyer = world.member().await;
    let house = another_server(connect, Settings::default()).await;
    let mut there = commerce::sessions::identify(
        &house,
        None,
        commerce::sessions::Request {
            channel: domain::orders::Channel::Shop,
            now: world.now,
            id: "request-2".into(),
            address: "127.0.0.1".into(),
            agent: "".into(),
        },
    )
    .await
    .unwrap();
    there.who = buyer.who.clone();
    let wanted = (0..24).map(|at| {
        let who = if at % 2 == 0 { &buyer } else { &there };
        (who.clone(), wish(&world, if at % 3 == 0 { world.large } else { world.medium }, 1))
    });
    let answers = take_at_once(wanted.collect()).await;
    let granted: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert_eq!(granted.len(), 3, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.is_err()) {
        assert_eq!(code_of(answer.clone()), "too_many_holds");
    }
    // Whoever gives one back may take another.
    holds::release(&buyer, granted[0].id).await.unwrap();
    hold(&world, &buyer, 1).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn holding_again_and_again_is_counted(options: PgPoolOptions, connect: PgConnectOptions) {
    let settings = Settings { holds_in_ten_minutes: 4, ..Settings::default() };
    let world = World::with(options, connect, Partners::default(), settings).await;
    let buyer = world.member().await;
    for _ in 0..4 {
        let taken = hold(&world, &buyer, 1).await;
        holds::release(&buyer, taken.id).await.unwrap();
    }
    assert_eq!(code_of(holds::take(&buyer, wish(&world, world.medium, 1)).await), "too_many");
    hold(&world, &later(&buyer, 601), 1).await;
    world.alter("update early_holds set expires_at = now() + interval '2 days'").await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_cannot_be_ordered_cannot_be_held(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let wanted = || wish(&world, world.medium, 1);
    assert_eq!(code_of(holds::take(&world.visitor().await, wanted()).await), "unauthenticated");
    assert_eq!(code_of(holds::take(&buyer, wish(&world, world.medium, 101)).await), "sold_out");
    let nowhere = TakeHold { store_id: Uuid::now_v7().into(), ..wanted() };
    assert_eq!(code_of(holds::take(&buyer, nowhere).await), "not_found");
    let nothing = TakeHold { sku_id: Uuid::now_v7().into(), ..wanted() };
    assert_eq!(code_of(holds::take(&buyer, nothing).await), "not_found");
    world.alter("update stores set state = 'paused'").await;
    assert_eq!(code_of(holds::take(&buyer, wanted()).await), "store_closed");
    world.alter("update stores set state = 'open'").await;
    world.alter("update listings set on_shelf = false").await;
    assert_eq!(code_of(holds::take(&buyer, wanted()).await), "not_found");
    assert_eq!(world.count("select count(*) from early_holds").await, 0);
    assert_eq!(held(&world).await, 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_not_ordered_in_time_is_free_again(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (early, late) = (world.member().await, world.member().await);
    hold(&world, &early, 2).await;
    hold(&world, &later(&late, 60), 3).await;
    holds::expire(&later(&world.system(0), 179)).await.unwrap();
    assert_eq!(held(&world).await, 5);
    // Two servers sweep at once.
    let now = later(&world.system(0), 180);
    let (one, two) = futures::join!(holds::expire(&now), holds::expire(&now));
    assert_eq!((one.unwrap(), two.unwrap()), (false, false), "there is no more to do");
    assert_eq!(held(&world).await, 3);
    assert_eq!(holds::mine(&early).await.unwrap(), []);
    holds::expire(&world.system(5)).await.unwrap();
    assert_eq!(held(&world).await, 0);
    assert_eq!(world.count("select count(*) from movements where cause = 'expire' and actor_id is null").await, 2);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whoever_holds_the_last_pieces_orders_them_and_nobody_else(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, other) = (world.member().await, world.member().await);
    for who in [&buyer, &other] {
        world.put(who, world.medium, 1).await;
    }
    world.leave(world.store, world.medium, 3).await;
    hold(&world, &buyer, 1).await;
    hold(&world, &buyer, 2).await;
    // Nothing is left but what is held.
    assert_eq!(code_of(cart::set_line(&other, world.line(world.medium, 1)).await), "sold_out");
    assert_eq!(code_of(orders::place(&other, world.command(&other).await).await), "sold_out");
    world.put(&buyer, world.medium, 3).await;
    assert_eq!(code_of(cart::set_line(&buyer, world.line(world.medium, 4)).await), "sold_out");
    let quote = cart::quote(&buyer, world.store).await.unwrap();
    assert_eq!((quote.orderable, quote.lines[0].available), (true, 3));
    let placed = orders::place(&buyer, world.command(&buyer).await).await.unwrap();
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 3, held: 3, allocated: 0 });
    assert_eq!(holds::mine(&buyer).await.unwrap(), [], "the order has them now");
    assert_eq!(world.count("select count(*) from early_holds where state = 'used'").await, 2);
    // Their time is the order's from now on.
    holds::expire(&world.system(5)).await.unwrap();
    assert_eq!(held(&world).await, 3);
    world.pay(placed.id).await;
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 3, held: 0, allocated: 3 });
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_ends_its_members_holds_of_these_goods_alone(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, other) = (world.member().await, world.member().await);
    hold(&world, &buyer, 5).await;
    let large = holds::take(&buyer, wish(&world, world.large, 2)).await.unwrap();
    let elsewhere = TakeHold { store_id: world.elsewhere, ..wish(&world, world.medium, 1) };
    let elsewhere = holds::take(&buyer, elsewhere).await.unwrap();
    hold(&world, &other, 4).await;
    world.place(&buyer, 2).await;
    // The three that were held beside the order are free again.
    assert_eq!(held(&world).await, 2 + 4);
    assert_eq!(holds::mine(&buyer).await.unwrap(), [large, elsewhere]);
    assert_eq!(holds::mine(&other).await.unwrap().len(), 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn holding_ordering_releasing_and_expiring_at_once_never_deadlocks_and_never_oversells(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let roomy =
        || Settings { holds_most: 1_000, holds_in_ten_minutes: 1_000, unpaid_most: 1_000, ..Settings::default() };
    let mut world = World::with(options, connect.clone(), Partners::default(), roomy()).await;
    let mut buyers = world.members(8).await;
    world.house = another_server(connect, roomy()).await;
    buyers.extend(world.members(8).await);
    world.leave(world.store, world.medium, 40).await;
    world.leave(world.store, world.large, 40).await;
    let world = Arc::new(world);
    let busy = buyers.into_iter().enumerate().map(|(at, buyer)| {
        let world = world.clone();
        tokio::spawn(async move {
            for turn in 0..6 {
                let (first, second) =
                    if (at + turn) % 2 == 0 { (world.medium, world.large) } else { (world.large, world.medium) };
                let taken = holds::take(&buyer, wish(&world, first, 1)).await;
                drop(holds::take(&buyer, wish(&world, second, 2)).await);
                if let Ok(taken) = &taken
                    && turn % 3 == 0
                {
                    holds::release(&buyer, taken.id).await.unwrap();
                }
                if cart::set_line(&buyer, world.line(first, 1)).await.is_ok()
                    && cart::set_line(&buyer, world.line(second, 1)).await.is_ok()
                {
                    let answer = orders::place(&buyer, world.command(&buyer).await).await;
                    assert!(matches!(answer, Ok(_) | Err(Fault::SoldOut(_) | Fault::Conflict { .. })), "{answer:?}");
                }
                holds::expire(&later(&buyer, 150 + at as i64 * 5)).await.unwrap();
            }
        })
    });
    for worker in join_all(busy).await {
        worker.unwrap();
    }
    while holds::expire(&world.system(10)).await.unwrap() {}
    for sku in [world.medium, world.large] {
        let stock = world.stock_at(world.store, sku).await;
        let ordered: i64 =
            sqlx::query_scalar("select coalesce(sum(quantity), 0)::bigint from order_lines where sku_id = $1")
                .bind(sku.0)
                .fetch_one(&world.owner)
                .await
                .unwrap();
        assert_eq!(stock.held, ordered);
        assert!(ordered <= stock.on_hand, "{ordered} of {} were sold", stock.on_hand);
    }
    Arc::into_inner(world).unwrap().balanced().await;
}
