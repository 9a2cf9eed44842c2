//! The shopper's side of an order's life.

use chrono::Duration;
use commerce::{
    jobs::{self, Lane},
    orders,
};
use domain::{
    orders::{ListOrders, OrderAct, OrderState, OrderStep},
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    people::Reach,
    world::{Stock, World, code_of, new_order_id, teas},
};

const FREE: Stock = Stock { on_hand: 100, held: 0, allocated: 0 };

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_not_paid_in_time_expires_and_frees_its_stock(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let order = world.place(&buyer, 3).await;
    world.run_jobs(14).await;
    assert_eq!(world.state_of(order).await, OrderState::Placed);
    world.run_jobs(15).await;
    assert_eq!(world.state_of(order).await, OrderState::Expired);
    assert_eq!(world.stock_at(world.store, world.medium).await, FREE);
    let steps: Vec<_> = world.order(&buyer, order).await.steps.iter().map(|step| (step.act, step.by.clone())).collect();
    assert_eq!(steps, [(OrderAct::Place, "本人".to_owned()), (OrderAct::Expire, "系统".to_owned())]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_expiry_that_runs_twice_frees_the_stock_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let order = world.place(&world.member().await, 3).await;
    let other = world.place(&world.member().await, 2).await;
    world.pay(other).await;
    for _ in 0..3 {
        // A server that died after the commit leaves the job behind.
        sqlx::query("insert into jobs (kind, subject, run_at) values ('expire_order', $1, $2) on conflict do nothing")
            .bind(order.0)
            .bind(world.now)
            .execute(&world.owner)
            .await
            .unwrap();
        world.run_jobs(16).await;
    }
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 100, held: 0, allocated: 2 });
    assert_eq!(world.state_of(other).await, OrderState::Paid, "a paid order does not expire");
    assert_eq!(world.count("select count(*) from movements where cause = 'expire'").await, 1);
    assert!(!jobs::run_one(&world.system(16), Lane::Own).await.unwrap());
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_unpaid_order_that_is_called_off_frees_its_stock(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let order = world.place(&buyer, 3).await;
    orders::cancel(&buyer, order).await.unwrap();
    orders::cancel(&buyer, order).await.unwrap();
    assert_eq!(world.state_of(order).await, OrderState::Cancelled);
    assert_eq!(world.stock_at(world.store, world.medium).await, FREE);
    assert_eq!(world.count("select count(*) from refunds").await, 0);
    world.run_jobs(16).await;
    assert_eq!(world.state_of(order).await, OrderState::Cancelled);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_paid_order_that_is_called_off_frees_its_stock_and_gets_its_money_back(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let (order, _) = world.place_paid(&buyer, 3).await;
    orders::cancel(&buyer, order).await.unwrap();
    orders::cancel(&buyer, order).await.unwrap();
    assert_eq!(world.stock_at(world.store, world.medium).await, FREE);
    assert_eq!(world.count("select sum(amount_fen)::bigint from refunds where state = 'wanted'").await, teas(3).0);
    assert_eq!(world.count("select count(*) from jobs where kind = 'send_refund'").await, 1);
    assert_eq!(world.order(&buyer, order).await.pickup_code, None);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_the_store_works_on_cannot_be_called_off(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let (order, code) = world.place_paid(&buyer, 1).await;
    orders::accept(&clerk, order).await.unwrap();
    assert_eq!(code_of(orders::cancel(&buyer, order).await), "not_now");
    orders::prepare(&clerk, order).await.unwrap();
    assert_eq!(code_of(orders::cancel(&buyer, order).await), "not_now");
    orders::redeem(&clerk, &code).await.unwrap();
    assert_eq!(code_of(orders::cancel(&buyer, order).await), "not_now");
    assert_eq!(world.count("select count(*) from refunds").await, 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn another_members_order_is_not_found(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, other) = (world.member().await, world.member().await);
    let visitor = world.visitor().await;
    let order = world.place(&buyer, 1).await;
    let (theirs, nobodys) = (orders::show(&other, order).await, orders::show(&other, new_order_id()).await);
    assert_eq!(theirs, nobodys, "an answer does not tell whether there is one");
    assert_eq!(code_of(theirs), "not_found");
    assert_eq!(code_of(orders::cancel(&other, order).await), "not_found");
    assert_eq!(code_of(orders::cancel(&other, new_order_id()).await), "not_found");
    assert_eq!(code_of(orders::show(&visitor, order).await), "unauthenticated");
    assert_eq!(code_of(orders::cancel(&visitor, order).await), "unauthenticated");
    assert_eq!(world.state_of(order).await, OrderState::Placed);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_member_lists_their_own_orders_newest_first_page_by_page(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, other) = (world.member().await, world.member().await);
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(world.place(&buyer, 1).await);
    }
    world.place(&other, 1).await;
    placed.reverse();
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = orders::mine(&buyer, ListOrders { most: 2, after, ..ListOrders::default() }).await.unwrap();
        seen.extend(page.items.iter().map(|card| card.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, placed);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_shopper_is_not_told_which_clerk_it_was(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let (order, _) = world.place_paid(&buyer, 1).await;
    orders::accept(&clerk, order).await.unwrap();
    let by = |steps: &[OrderStep]| steps.last().map(|step| step.by.clone()).unwrap();
    assert_eq!(by(&world.order(&buyer, order).await.steps), "门店");
    assert_eq!(by(&orders::show_for_staff(&clerk, order).await.unwrap().steps), "店员 小王");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_client_clock_ahead_of_ours_does_not_date_an_order_into_the_future(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 1).await;
    let mut command = world.command(&buyer).await;
    command.occurred_at = Some(world.now + Duration::days(9));
    orders::place(&buyer, command).await.unwrap();
    assert_eq!(world.count("select count(*) from orders where occurred_at > placed_at").await, 0);
    world.balanced().await;
}
