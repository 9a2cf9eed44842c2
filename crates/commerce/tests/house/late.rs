//! Orders that wait longer than they should (D3).

use chrono::Duration;
use commerce::{Scope, orders};
use domain::{
    Fault, OrderId,
    order_centre::{Reroute, UnclaimedRule},
    orders::{Lateness, ListOrders, OrderState},
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    people::Reach,
    world::{World, field_of, teas},
};

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

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
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

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
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

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_not_made_ready_in_time_is_overdue_until_it_is(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let service = world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    let buyer = world.member().await;
    let (order, _) = world.place_paid(&buyer, 1).await;
    orders::accept(&clerk, order).await.unwrap();
    let end = slot(&world, &buyer, order).await.1;
    look(&world, end + 14).await;
    assert_eq!(lateness(&world, &buyer, order).await, None);
    look(&world, end + 15).await;
    assert_eq!(lateness(&world, &buyer, order).await, Some(Lateness::Overdue));
    let escalated = async |minutes| {
        let mut then = service.clone();
        then.now += Duration::minutes(minutes);
        orders::escalated(&then).await.unwrap()
    };
    assert_eq!((escalated(end + 59).await, escalated(end + 60).await), (0, 1), "the store's matter first");
    orders::prepare(&clerk, order).await.unwrap();
    look(&world, end + 61).await;
    assert_eq!((lateness(&world, &buyer, order).await, escalated(end + 61).await), (None, 0));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_nobody_fetches_is_called_off_after_as_many_days_as_its_shopper_was_told(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let service = world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    let buyer = world.member().await;
    let (left, _) = world.place_paid(&buyer, 2).await;
    let (fetched, code) = world.place_paid(&buyer, 1).await;
    let (unmade, _) = world.place_paid(&buyer, 1).await;
    for order in [left, fetched] {
        orders::accept(&clerk, order).await.unwrap();
        orders::prepare(&clerk, order).await.unwrap();
    }
    let end = slot(&world, &buyer, left).await.1;
    let round = async |minutes| while orders::call_off_unclaimed(&world.system(minutes)).await.unwrap() {};
    round(365 * 1440).await;
    assert_eq!(world.state_of(left).await, OrderState::Ready, "where nothing is said nobody's order is called off");
    assert_eq!(world.order(&buyer, left).await.claim_before, None);

    assert_eq!(orders::set_unclaimed_rule(&clerk, UnclaimedRule { days: 3 }).await, Err(Fault::Forbidden));
    assert_eq!(field_of(orders::set_unclaimed_rule(&service, UnclaimedRule { days: 91 }).await), "days");
    for _ in 0..2 {
        orders::set_unclaimed_rule(&service, UnclaimedRule { days: 3 }).await.unwrap();
    }
    assert_eq!(world.count("select count(*) from audit where act = 'set_unclaimed_rule'").await, 1, "the same again");
    let told = world.order(&buyer, left).await.claim_before.unwrap();
    assert_eq!((told - world.now).num_minutes(), end + 3 * 1440);
    assert_eq!(world.order(&buyer, unmade).await.claim_before, None);
    orders::set_unclaimed_rule(&service, UnclaimedRule { days: 0 }).await.unwrap();
    assert_eq!(world.order(&buyer, left).await.claim_before, None, "nobody is hurried any more");
    orders::set_unclaimed_rule(&service, UnclaimedRule { days: 3 }).await.unwrap();
    assert_eq!(world.order(&buyer, left).await.claim_before, Some(told));
    orders::redeem(&clerk, &code).await.unwrap();
    round(end + 3 * 1440 - 1).await;
    assert_eq!(world.state_of(left).await, OrderState::Ready);
    round(end + 3 * 1440).await;
    assert_eq!(world.state_of(left).await, OrderState::Cancelled);
    let step = world.order(&buyer, left).await.steps.pop().unwrap();
    assert_eq!((step.by.as_str(), step.note.as_str()), ("系统", "逾期未取，系统自动取消并退款"));
    assert_eq!(world.count("select sum(amount_fen)::bigint from refunds").await, teas(2).0);
    let stock = world.stock_at(world.store, world.medium).await;
    assert_eq!((stock.on_hand, stock.allocated), (99, 1), "its pieces are back, and nobody else's");
    round(end + 9 * 1440).await;
    assert_eq!(
        [world.state_of(fetched).await, world.state_of(unmade).await],
        [OrderState::Completed, OrderState::Paid]
    );
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_new_rule_gives_whoever_is_late_already_all_of_its_days(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let mut service = world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    let (order, _) = world.place_paid(&world.member().await, 1).await;
    orders::accept(&clerk, order).await.unwrap();
    orders::prepare(&clerk, order).await.unwrap();
    service.now += Duration::days(30);
    orders::set_unclaimed_rule(&service, UnclaimedRule { days: 2 }).await.unwrap();
    let round = async |minutes| while orders::call_off_unclaimed(&world.system(minutes)).await.unwrap() {};
    round(32 * 1440 - 1).await;
    assert_eq!(world.state_of(order).await, OrderState::Ready);
    round(32 * 1440).await;
    assert_eq!(world.state_of(order).await, OrderState::Cancelled);
    world.balanced().await;
}
