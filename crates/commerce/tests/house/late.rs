//! Orders that wait longer than they should (D3).

use chrono::Duration;
use commerce::{Scope, orders};
use domain::{
    OrderId,
    order_centre::Reroute,
    orders::{Lateness, ListOrders},
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{people::Reach, world::World};

async fn look(world: &World, minutes: i64) {
    while orders::look(&world.system(minutes)).await.unwrap() {}
}

async fn lateness(world: &World, who: &Scope, order: OrderId) -> Option<Lateness> {
    world.order(who, order).await.card.late
}

/// How many minutes after the world's now an order's slot begins and ends.
async fn slot(world: &World, who: &Scope, order: OrderId) -> (i64, i64) {
    let slot = world.order(who, order).await.card.slot;
    ((slot.start - world.now).num_minutes(), (slot.end - world.now).num_minutes())
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_nobody_accepts_is_the_stores_matter_first_and_then_head_offices(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let service = world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    let buyer = world.member().await;
    let (order, _) = world.place_paid(&buyer, 1).await;
    let (accepted, _) = world.place_paid(&buyer, 1).await;
    orders::accept(&clerk, accepted).await.unwrap();
    // Its time runs from the payment, or from an hour before its slot.
    let from = (slot(&world, &buyer, order).await.0 - 60).max(0);
    look(&world, from + 4).await;
    assert_eq!(lateness(&world, &buyer, order).await, None);
    look(&world, from + 5).await;
    assert_eq!(lateness(&world, &buyer, order).await, Some(Lateness::Unaccepted));
    assert_eq!(orders::escalated(&service).await.unwrap(), 0);
    look(&world, from + 15).await;
    look(&world, from + 16).await;
    assert_eq!(lateness(&world, &buyer, order).await, Some(Lateness::Escalated));
    assert_eq!(lateness(&world, &buyer, accepted).await, None);
    assert_eq!((orders::escalated(&service).await.unwrap(), orders::escalated(&clerk).await.unwrap()), (1, 0));
    let late = ListOrders { late: true, most: 9, ..ListOrders::default() };
    let found = orders::list(&service, late).await.unwrap().items;
    assert_eq!(found.into_iter().map(|card| card.id).collect::<Vec<_>>(), [order]);
    assert_eq!(world.count("select count(*) from outbox where payload ? 'late'").await, 2, "each is told once");

    // The store that head office gives it to has its own time.
    let reroute = Reroute { store_id: world.elsewhere, reason: "没有人接单".into() };
    let mut then = service.clone();
    then.now += Duration::minutes(from + 20);
    orders::reroute(&then, order, &reroute).await.unwrap();
    look(&world, from + 24).await;
    assert_eq!(lateness(&world, &buyer, order).await, None);
    look(&world, from + 25).await;
    assert_eq!(lateness(&world, &buyer, order).await, Some(Lateness::Unaccepted));

    let there = world.staff("西湖店员", Role::Clerk, Reach::Store(world.elsewhere)).await;
    orders::accept(&there, order).await.unwrap();
    assert_eq!(lateness(&world, &buyer, order).await, None);
    assert_eq!(orders::escalated(&service).await.unwrap(), 0);
    world.balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_is_ready_and_not_fetched_is_marked_until_it_is(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let buyer = world.member().await;
    let (order, code) = world.place_paid(&buyer, 1).await;
    orders::accept(&clerk, order).await.unwrap();
    orders::prepare(&clerk, order).await.unwrap();
    let end = slot(&world, &buyer, order).await.1;
    look(&world, end + 119).await;
    assert_eq!(lateness(&world, &buyer, order).await, None);
    look(&world, end + 120).await;
    assert_eq!(lateness(&world, &buyer, order).await, Some(Lateness::Unclaimed));
    orders::redeem(&clerk, &code).await.unwrap();
    assert_eq!(lateness(&world, &buyer, order).await, None);
    world.balanced().await;
}
