//! How many pieces of a variant one member may buy (K2).

use std::{future::Future, pin::Pin, sync::Arc};

use chrono::Duration;
use commerce::{Scope, cart, catalog, holds, orders, stock::purchase_limits};
use domain::{
    CheckoutId, Complaint, Fault, Fen, HoldId, Quantity,
    cart::SetLine,
    checkout::PlaceCheckout,
    holds::TakeHold,
    orders::{OrderPlaced, OrderState},
    purchase_limits::SetPurchaseLimit,
    staff::Role,
};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    checkouts::{command_at, open, paid, place, put},
    gateway,
    people::Reach,
    races::another_server,
    world::{LARGE_FEN, Stock, World, code_of, field_of, teas},
};

/// Two medium teas for each member.
async fn limit(world: &World, days: Option<i32>) -> Scope {
    let head = world.staff("总部", Role::GoodsDepartment, Reach::Everywhere).await;
    let sku = sqlx::query_scalar("select code from skus where id = $1").bind(world.medium.0);
    let sku: String = sku.fetch_one(&world.owner).await.unwrap();
    purchase_limits::set(&head, SetPurchaseLimit { sku, most: 2, days, pay_minutes: Some(5) }).await.unwrap();
    head
}

async fn buy(world: &World, who: &Scope, pieces: i64) -> Result<OrderPlaced, Fault> {
    cart::set_line(who, world.line(world.medium, pieces)).await?;
    orders::place(who, world.command(who).await).await
}

fn wish(world: &World, pieces: i64) -> TakeHold {
    let (id, quantity) = (HoldId(Uuid::now_v7()), Quantity::try_from(pieces).unwrap());
    TakeHold { id, store_id: world.store, sku_id: world.medium, quantity }
}

/// What is said of the one thing that cannot be had.
fn told<T: std::fmt::Debug>(answer: Result<T, Fault>) -> Complaint {
    match answer {
        Err(Fault::SoldOut(complaints)) if complaints.len() == 1 => complaints[0].clone(),
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_buys_more_of_limited_goods_than_they_may_and_what_is_called_off_does_not_count(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let head = limit(&world, None).await;
    let buyer = world.member().await;
    world.place_paid(&buyer, 1).await;
    let beyond = Complaint::new("quantity", "每人限购 2 件，您已买 1 件");
    assert_eq!(told(buy(&world, &buyer, 2).await), beyond);
    assert_eq!(cart::pieces(&buyer).await.unwrap(), 0, "nothing was changed");
    let placed = buy(&world, &buyer, 1).await.unwrap();
    assert!(told(buy(&world, &buyer, 1).await).message.ends_with("您已买 2 件"), "what is not paid counts too");
    orders::cancel(&buyer, placed.id).await.unwrap();
    buy(&world, &buyer, 1).await.unwrap();
    buy(&world, &world.member().await, 2).await.unwrap();
    assert_eq!(purchase_limits::rules(&head).await.unwrap().len(), 1);
    purchase_limits::remove(&head, world.medium).await.unwrap();
    assert_eq!(code_of(purchase_limits::remove(&head, world.medium).await), "not_found");
    let free = buy(&world, &buyer, 3).await.unwrap();
    assert_eq!(free.pay_before, world.now + Duration::minutes(15));
    assert_eq!(world.count("select count(*) from audit where act like '%purchase_limit'").await, 2);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_limit_is_told_before_it_is_met_and_a_cart_from_before_it_is_refused_with_the_reason(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (buyer, visitor) = (world.member().await, world.visitor().await);
    world.place_paid(&buyer, 1).await;
    for who in [&buyer, &visitor] {
        world.put(who, world.medium, 4).await;
    }
    let command = world.command(&buyer).await;
    limit(&world, None).await;
    let text = async |who: &Scope| {
        let view = catalog::show(who, world.store, "pearl-tea").await.unwrap();
        let limits: Vec<_> = view.skus.iter().filter_map(|sku| Some((sku.id, sku.limit?.text()))).collect();
        assert_eq!(limits.len(), 1);
        assert_eq!(limits[0].0, world.medium);
        limits[0].1.clone()
    };
    assert_eq!(text(&buyer).await, "每人限购 2 件，您已买 1 件");
    assert_eq!(text(&visitor).await, "每人限购 2 件");
    for (who, words) in [(&buyer, "每人限购 2 件，您已买 1 件"), (&visitor, "每人限购 2 件")] {
        let quote = cart::quote(who, world.store).await.unwrap();
        assert_eq!(quote.lines[0].problem.as_deref(), Some(words));
        assert!(!quote.orderable);
    }
    let refused = told(orders::place(&buyer, command).await);
    assert_eq!(refused.field, format!("line.{}", world.medium));
    assert!(refused.message.contains("每人限购 2 件"), "{refused:?}");
    // Less than was there may be kept in the cart, more may not.
    world.put(&buyer, world.medium, 3).await;
    assert_eq!(told(cart::set_line(&buyer, world.line(world.medium, 5)).await).field, "quantity");
    world.put(&buyer, world.medium, 1).await;
    orders::place(&buyer, world.command(&buyer).await).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_held_counts_and_an_order_of_it_counts_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    limit(&world, Some(7)).await;
    let buyer = world.member().await;
    let held = holds::take(&buyer, wish(&world, 1)).await.unwrap();
    assert_eq!(held.expires_at, world.now + Duration::minutes(3), "no longer than others");
    let words = "每人 7 天内限购 2 件，您已买 1 件";
    assert_eq!(told(holds::take(&buyer, wish(&world, 2)).await), Complaint::new("quantity", words));
    buy(&world, &buyer, 2).await.unwrap();
    assert!(told(holds::take(&buyer, wish(&world, 1)).await).message.ends_with("您已买 2 件"));
    let mut later = buyer.clone();
    later.now += Duration::days(8);
    buy(&world, &later, 2).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_of_goods_in_demand_waits_for_a_shorter_time_and_gives_its_pieces_back_then(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    limit(&world, None).await;
    let buyer = world.member().await;
    world.put(&buyer, world.large, 1).await;
    let placed = buy(&world, &buyer, 2).await.unwrap();
    assert_eq!(placed.pay_before, world.now + Duration::minutes(5));
    assert_eq!(
        world.order(&buyer, placed.id).await.pay_before,
        Some(placed.pay_before),
        "what the page counts down to"
    );
    let payment = world.open_payment(placed.id).await;
    world.run_jobs(4).await;
    assert_eq!(world.state_of(placed.id).await, OrderState::Placed);
    world.run_jobs(6).await;
    assert_eq!(world.state_of(placed.id).await, OrderState::Expired);
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 100, held: 0, allocated: 0 });
    buy(&world, &buyer, 2).await.unwrap();
    // Whoever pays too late has bought others by then: their money goes back.
    let late = gateway::paid(&payment.out_trade_no, payment.amount_fen);
    assert_eq!(world.tell(late).await, "surplus: the order is expired");
    assert_eq!(world.state_of(placed.id).await, OrderState::Expired);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whoever_pays_late_and_has_bought_no_other_gets_limited_goods_still(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    limit(&world, Some(7)).await;
    let buyer = world.member().await;
    let placed = buy(&world, &buyer, 2).await.unwrap();
    let payment = world.open_payment(placed.id).await;
    world.run_jobs(6).await;
    assert_eq!(world.tell(gateway::paid(&payment.out_trade_no, payment.amount_fen)).await, "paid late");
    assert!(told(buy(&world, &buyer, 1).await).message.ends_with("您已买 2 件"));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_what_was_paid_late_only_what_breaks_a_limit_goes_back(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    limit(&world, Some(7)).await;
    let buyer = world.member().await;
    // One order here of the limited tea, one elsewhere that has none of it; one payment.
    put(&world, &buyer, world.store, 2).await;
    let here = command_at(&world, &buyer, world.store).await;
    let large = SetLine { store_id: world.elsewhere, ..world.line(world.large, 1) };
    cart::set_line(&buyer, large).await.unwrap();
    let elsewhere = command_at(&world, &buyer, world.elsewhere).await;
    let (id, [here_id, elsewhere_id]) = (CheckoutId(Uuid::now_v7()), [here.id, elsewhere.id]);
    orders::place_all(&buyer, PlaceCheckout { id, orders: vec![here, elsewhere] }).await.unwrap();
    let payment = open(&buyer, id).await;
    world.run_jobs(16).await;
    assert_eq!(world.state_of(elsewhere_id).await, OrderState::Expired);
    buy(&world, &buyer, 1).await.unwrap();
    let outcome = paid(&world, payment, Fen(teas(2).0 + LARGE_FEN)).await;
    let states = [world.state_of(here_id).await, world.state_of(elsewhere_id).await];
    assert_eq!(states, [OrderState::Expired, OrderState::Paid], "{outcome}");
    assert_eq!(world.count("select sum(amount_fen)::bigint from refunds").await, teas(2).0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_several_orders_that_were_paid_late_as_many_come_back_as_their_limit_allows(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    limit(&world, Some(7)).await;
    let buyer = world.member().await;
    let placed = place(&world, &buyer, 1, 1).await;
    let payment = open(&buyer, placed.id).await;
    world.run_jobs(16).await;
    let bought = buy(&world, &buyer, 1).await.unwrap();
    world.pay(bought.id).await;
    paid(&world, payment, teas(2)).await;
    let mut states = [world.state_of(placed.here).await, world.state_of(placed.elsewhere).await];
    states.sort_by_key(|state| state.code());
    assert_eq!(states, [OrderState::Expired, OrderState::Paid], "one more is within the limit, two are not");
    assert_eq!(world.count("select sum(amount_fen)::bigint from refunds").await, teas(1).0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_parts_of_a_checkout_count_together(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    limit(&world, None).await;
    let buyer = world.member().await;
    let checkout = async |elsewhere: i64| {
        put(&world, &buyer, world.store, 1).await;
        put(&world, &buyer, world.elsewhere, elsewhere).await;
        let orders =
            vec![command_at(&world, &buyer, world.store).await, command_at(&world, &buyer, world.elsewhere).await];
        orders::place_all(&buyer, PlaceCheckout { id: CheckoutId(Uuid::now_v7()), orders }).await
    };
    let refused = told(checkout(2).await);
    assert!(refused.field.contains(&world.elsewhere.to_string()), "{refused:?}");
    assert!(refused.message.ends_with("每人限购 2 件，一起下的其他订单有 1 件"), "{refused:?}");
    assert_eq!(world.count("select count(*) from orders").await, 0);
    let placed = checkout(1).await.unwrap();
    assert!(placed.orders.iter().all(|order| order.pay_before == world.now + Duration::minutes(5)));
    world.balanced().await;
}

/// What one worker does, once all are there: whether it got its pieces.
type Deed = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_has_more_than_they_may_of_what_they_order_and_hold_at_two_servers_at_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let mut world = World::new(options, connect.clone()).await;
    let here = world.members(6).await;
    let first = std::mem::replace(&mut world.house, another_server(connect).await);
    let mut there = Vec::new();
    for buyer in &here {
        there.push(world.same_member(buyer).await);
    }
    let second = std::mem::replace(&mut world.house, first);
    let mut commands = Vec::new();
    for (here, there) in here.iter().zip(&there) {
        for (who, store) in [(here, world.store), (there, world.elsewhere)] {
            put(&world, who, store, 2).await;
            commands.push((who.clone(), command_at(&world, who, store).await));
        }
    }
    limit(&world, None).await;
    let mut deeds: Vec<Deed> = Vec::new();
    for (who, command) in commands {
        deeds.push(Box::pin(async move { orders::place(&who, command).await.map(drop) }));
    }
    for (here, there) in here.iter().zip(&there) {
        for who in [here.clone(), there.clone()] {
            let wish = TakeHold { store_id: world.elsewhere, ..wish(&world, 1) };
            deeds.push(Box::pin(async move { holds::take(&who, wish).await.map(drop) }));
        }
    }
    let start = Arc::new(Barrier::new(deeds.len()));
    let workers = deeds.into_iter().map(|deed| {
        let start = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            deed.await
        })
    });
    let answers: Vec<Result<(), Fault>> = join_all(workers).await.into_iter().map(|worker| worker.unwrap()).collect();
    for refused in answers.iter().filter(|answer| answer.is_err()) {
        assert_eq!(refused.as_ref().unwrap_err().code(), "sold_out", "{refused:?}");
    }
    // Each got something, nobody more than two.
    let had = "select count(*) from (
                   select sum(quantity) as pieces from (
                       select o.member_id, l.quantity from orders o join order_lines l on l.order_id = o.id
                       union all select member_id, quantity from early_holds where state = 'held'
                   ) x group by member_id
               ) y where pieces between 1 and 2";
    assert_eq!(world.count(had).await, 6);
    second.close().await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn limits_are_head_offices_to_set_and_within_bounds(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let head = world.staff("总部", Role::GoodsDepartment, Reach::Everywhere).await;
    let store = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let wish = SetPurchaseLimit { sku: "nothing".into(), most: 2, days: None, pay_minutes: None };
    assert_eq!(field_of(purchase_limits::set(&head, wish.clone()).await), "sku");
    for (wrong, field) in [
        (SetPurchaseLimit { most: 0, ..wish.clone() }, "most"),
        (SetPurchaseLimit { days: Some(0), ..wish.clone() }, "days"),
        (SetPurchaseLimit { pay_minutes: Some(61), ..wish.clone() }, "pay_minutes"),
    ] {
        assert_eq!(field_of(purchase_limits::set(&head, wrong).await), field);
    }
    assert_eq!(code_of(purchase_limits::set(&store, wish).await), "forbidden");
    assert_eq!(code_of(purchase_limits::remove(&store, world.medium).await), "forbidden");
    assert!(purchase_limits::rules(&store).await.unwrap().is_empty(), "who looks after stock sees them");
    assert_eq!(world.count("select count(*) from purchase_limits").await, 0);
    world.balanced().await;
}
