//! Orders at several stores that one payment pays (D1).

use std::sync::Arc;

use chrono::Duration;
use commerce::{Partners, Scope, Settings, after_sales, cart, orders, payments, staff::joined_merchants};
use domain::{
    CheckoutId, Fault, Fen, OrderId, PaymentId, StoreId,
    after_sales::AfterSalesKind,
    cart::SetLine,
    checkout::{CheckoutPlaced, PlaceCheckout, StartCheckoutPayment},
    fulfilment::Fulfilment,
    orders::{ListOrders, OrderState, PlaceOrder},
    payments::Cashier,
    staff::{Role, SaveMerchant},
};
use futures::future::join_all;
use partners::wechat_pay::{Event, RefundState};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    after_sales::{AGREE, asks},
    gateway,
    people::Reach,
    world::{MEDIUM_FEN, Stock, World, code_of, new_order_id, teas},
};

/// So many medium teas of a store into the cart.
pub async fn put(world: &World, who: &Scope, store: StoreId, pieces: i64) {
    let line = SetLine { store_id: store, ..world.line(world.medium, pieces) };
    cart::set_line(who, line).await.unwrap();
}

/// An order for what the cart has of a store, as it is quoted now.
pub async fn command_at(world: &World, who: &Scope, store: StoreId) -> PlaceOrder {
    let quote = cart::quote(who, store).await.unwrap();
    PlaceOrder {
        id: new_order_id(),
        store_id: store,
        apart: false,
        slot: quote.slots.first().map_or(world.now, |slot| slot.start),
        expected_total_fen: quote.total_fen,
        note: String::new(),
        fulfilment: Fulfilment::Pickup,
        address_id: None,
        occurred_at: None,
    }
}

/// A checkout of so many medium teas here and elsewhere.
async fn command(world: &World, who: &Scope, here: i64, elsewhere: i64) -> PlaceCheckout {
    let mut orders = Vec::new();
    for (store, pieces) in [(world.store, here), (world.elsewhere, elsewhere)] {
        put(world, who, store, pieces).await;
        orders.push(command_at(world, who, store).await);
    }
    PlaceCheckout { id: CheckoutId(Uuid::now_v7()), orders }
}

/// The order here and the one elsewhere.
pub struct Placed {
    pub id: CheckoutId,
    pub here: OrderId,
    pub elsewhere: OrderId,
}

pub async fn place(world: &World, who: &Scope, here: i64, elsewhere: i64) -> Placed {
    let command = command(world, who, here, elsewhere).await;
    let placed = Placed { id: command.id, here: command.orders[0].id, elsewhere: command.orders[1].id };
    orders::place_all(who, command).await.unwrap();
    placed
}

fn starting(checkout: CheckoutId) -> StartCheckoutPayment {
    StartCheckoutPayment {
        id: PaymentId(Uuid::now_v7()),
        checkout_id: checkout,
        cashier: Cashier::H5,
        from_order: None,
        payer_ip: "127.0.0.1".into(),
    }
}

/// A payment of a checkout as it stands once it is stored; no gateway runs.
pub async fn open(who: &Scope, checkout: CheckoutId) -> PaymentId {
    let command = starting(checkout);
    assert_eq!(code_of(payments::start_together(who, command.clone()).await), "upstream");
    command.id
}

/// The gateway tells that a payment was made.
pub async fn paid(world: &World, payment: PaymentId, fen: Fen) -> String {
    world.tell(gateway::paid(&payment.0.simple().to_string(), fen.0)).await
}

/// All refunds there are: of which order, how much; the smallest first.
async fn refunds(world: &World) -> Vec<(OrderId, i64)> {
    let rows: Vec<(Uuid, i64)> = sqlx::query_as("select order_id, amount_fen from refunds order by amount_fen")
        .fetch_all(&world.owner)
        .await
        .unwrap();
    rows.into_iter().map(|(order, fen)| (OrderId(order), fen)).collect()
}

async fn states(world: &World, placed: &Placed) -> [OrderState; 2] {
    [world.state_of(placed.here).await, world.state_of(placed.elsewhere).await]
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn one_payment_pays_the_orders_of_all_stores_and_each_hands_its_own_over(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let placed = place(&world, &buyer, 1, 2).await;
    assert_eq!(cart::pieces(&buyer).await.unwrap(), 0);
    let view = orders::checkout(&buyer, placed.id).await.unwrap();
    assert_eq!((view.orders.len(), view.payable, view.payable_fen), (2, 2, teas(3)));
    let payment = open(&buyer, placed.id).await;
    assert_eq!(paid(&world, payment, teas(3)).await, "paid");
    assert_eq!(states(&world, &placed).await, [OrderState::Paid; 2]);
    for (store, order, pieces) in [(world.store, placed.here, 1), (world.elsewhere, placed.elsewhere, 2)] {
        let view = world.order(&buyer, order).await;
        assert_eq!((view.paid_fen, view.card.checkout_id), (teas(pieces), Some(placed.id)));
        let clerk = world.staff("店员", Role::Clerk, Reach::Store(store)).await;
        orders::accept(&clerk, order).await.unwrap();
        orders::redeem(&clerk, &world.code_of(order).await).await.unwrap();
        let sold = Stock { on_hand: 100 - pieces, held: 0, allocated: 0 };
        assert_eq!(world.stock_at(store, world.medium).await, sold);
    }
    assert_eq!(world.count("select count(*) from transfers where cause = 'pay'").await, 2);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn stores_of_two_merchants_share_a_cart_and_a_payment_and_each_owner_has_their_own_order_alone(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    world.alter("update stores set ownership = 'merchant'").await;
    let mut owners = Vec::new();
    for (code, store) in [("EAST", world.store), ("WEST", world.elsewhere)] {
        let id = Uuid::now_v7();
        let of: String = sqlx::query_scalar("select code from stores where id = $1")
            .bind(store.0)
            .fetch_one(&world.owner)
            .await
            .unwrap();
        let command = SaveMerchant { code: code.into(), name: format!("商户 {code}"), stores: vec![of] };
        joined_merchants::save(&hq, id, command).await.unwrap();
        owners.push(world.staff("方姐", Role::MerchantOwner, Reach::Merchant(id)).await);
    }
    let buyer = world.member().await;
    let placed = place(&world, &buyer, 1, 2).await;
    let payment = open(&buyer, placed.id).await;
    assert_eq!(paid(&world, payment, teas(3)).await, "paid");
    let parts = [(world.store, placed.here, 1), (world.elsewhere, placed.elsewhere, 2)];
    for ((store, order, pieces), owner) in parts.into_iter().zip(&owners) {
        let seen = orders::list(owner, ListOrders { most: 9, ..ListOrders::default() }).await.unwrap();
        assert_eq!(seen.items.iter().map(|card| card.id).collect::<Vec<_>>(), [order]);
        let other = if order == placed.here { placed.elsewhere } else { placed.here };
        assert_eq!(code_of(orders::accept(owner, other).await), "not_found");
        orders::accept(owner, order).await.unwrap();
        orders::redeem(owner, &world.code_of(order).await).await.unwrap();
        assert_eq!(world.revenue(store).await, teas(pieces).0, "what each sold is its own");
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn where_one_store_cannot_serve_no_order_is_placed_and_each_complaint_stands_beside_its_part(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let command = command(&world, &buyer, 1, 2).await;
    world.leave(world.elsewhere, world.medium, 1).await;
    let lacking = orders::place_all(&buyer, command.clone()).await.unwrap_err();
    let field = format!("line.{}.{}", world.elsewhere, world.medium);
    assert_eq!((lacking.code(), lacking.complaints()[0].field.as_str()), ("sold_out", field.as_str()));
    let mut dearer = command.clone();
    dearer.orders[0].expected_total_fen = Fen(1);
    let both = orders::place_all(&buyer, dearer).await.unwrap_err();
    let named: Vec<_> = both.complaints().iter().map(|one| one.field.clone()).collect();
    assert_eq!((both.code(), named), ("invalid", vec![format!("store.{}", world.store), field]));
    assert_eq!(world.count("select (select count(*) from orders) + (select count(*) from checkouts)").await, 0);
    assert_eq!(cart::pieces(&buyer).await.unwrap(), 3, "nothing is lost");
    world.leave(world.elsewhere, world.medium, 2).await;
    orders::place_all(&buyer, command).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_many_who_want_the_last_pieces_together_with_others_each_gets_all_or_nothing(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    world.leave(world.elsewhere, world.medium, 3).await;
    let mut wanted = Vec::new();
    for buyer in world.members(16).await {
        let command = command(&world, &buyer, 1, 1).await;
        wanted.push((buyer, command));
    }
    let start = Arc::new(Barrier::new(wanted.len()));
    let workers = wanted.into_iter().map(|(who, command)| {
        let start = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            orders::place_all(&who, command).await
        })
    });
    let answers: Vec<Result<CheckoutPlaced, Fault>> =
        join_all(workers).await.into_iter().map(|worker| worker.unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3);
    assert!(answers.iter().all(|answer| answer.as_ref().map_or_else(|fault| fault.code() == "sold_out", |_| true)));
    assert_eq!(world.count("select count(*) from orders").await, 6);
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 100, held: 3, allocated: 0 });
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_same_request_again_answers_the_same_and_another_under_its_id_is_a_conflict(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (buyer, other) = (world.member().await, world.member().await);
    let wish = command(&world, &buyer, 1, 2).await;
    let start = Arc::new(Barrier::new(4));
    let workers = (0..4).map(|_| {
        let (start, buyer, wish) = (start.clone(), buyer.clone(), wish.clone());
        tokio::spawn(async move {
            start.wait().await;
            orders::place_all(&buyer, wish).await.unwrap()
        })
    });
    let answers: Vec<CheckoutPlaced> = join_all(workers).await.into_iter().map(|worker| worker.unwrap()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let mut turned = wish.clone();
    turned.orders.reverse();
    assert_eq!(orders::place_all(&buyer, turned).await.unwrap(), answers[0], "in whatever order they are named");
    let mut noted = wish.clone();
    noted.orders[0].note = "少冰".into();
    assert_eq!(code_of(orders::place_all(&buyer, noted).await), "key_reused");
    let taken = PlaceCheckout { id: wish.id, ..command(&world, &other, 1, 1).await };
    assert_eq!(code_of(orders::place_all(&other, taken).await), "key_reused");
    assert_eq!(world.count("select count(*) from orders").await, 2);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_that_was_placed_by_itself_is_not_placed_again_with_others(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let alone = world.place(&buyer, 1).await;
    let mut wish = command(&world, &buyer, 1, 1).await;
    wish.orders[0].id = alone;
    assert_eq!(code_of(orders::place_all(&buyer, wish).await), "key_reused");
    assert_eq!(world.count("select (select count(*) from orders) + (select count(*) from checkouts)").await, 1);
    assert_eq!(cart::pieces(&buyer).await.unwrap(), 2);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn orders_placed_together_count_as_one_that_is_unpaid(options: PgPoolOptions, connect: PgConnectOptions) {
    let settings = Settings { unpaid_most: 1, ..Settings::default() };
    let world = World::with(options, connect, Partners::default(), settings).await;
    let buyer = world.member().await;
    place(&world, &buyer, 1, 1).await;
    let more = command(&world, &buyer, 1, 1).await;
    assert_eq!(code_of(orders::place_all(&buyer, more).await), "too_many_unpaid");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_repeated_notice_pays_every_order_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let placed = place(&world, &buyer, 1, 2).await;
    let payment = open(&buyer, placed.id).await;
    assert_eq!(paid(&world, payment, teas(1)).await, "mismatch: amount");
    assert_eq!(paid(&world, payment, teas(3)).await, "paid");
    assert_eq!(paid(&world, payment, teas(3)).await, "repeated");
    assert_eq!(world.count("select count(*) from order_steps where act = 'pay'").await, 2);
    assert_eq!(refunds(&world).await, []);
    assert_eq!(code_of(payments::start_together(&buyer, starting(placed.id)).await), "not_payable");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_called_off_before_the_payment_leaves_the_others_to_be_paid(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let placed = place(&world, &buyer, 1, 2).await;
    let old = starting(placed.id);
    assert_eq!(code_of(payments::start_together(&buyer, old.clone()).await), "upstream");
    orders::cancel(&buyer, placed.here).await.unwrap();
    assert_eq!(world.count("select count(*) from jobs where kind = 'close_payment'").await, 1);
    assert_eq!(code_of(payments::start_together(&buyer, old.clone()).await), "orders_changed");
    let view = orders::checkout(&buyer, placed.id).await.unwrap();
    assert_eq!((view.payable, view.payable_fen), (1, teas(2)));
    let new = open(&buyer, placed.id).await;
    // The old sum is paid all the same: the part of what was called off goes back.
    assert_eq!(paid(&world, old.id, teas(3)).await, "paid in part: an order is cancelled");
    assert_eq!(states(&world, &placed).await, [OrderState::Cancelled, OrderState::Paid]);
    assert_eq!(refunds(&world).await, [(placed.here, MEDIUM_FEN)]);
    assert_eq!(paid(&world, new, teas(2)).await, "surplus: the order is paid");
    assert_eq!(refunds(&world).await, [(placed.here, MEDIUM_FEN), (placed.elsewhere, 2 * MEDIUM_FEN)]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_two_payments_begun_at_the_same_moment_one_is_kept_and_the_other_goes_back(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let placed = place(&world, &buyer, 1, 2).await;
    let begun = [starting(placed.id), starting(placed.id)];
    let start = Arc::new(Barrier::new(2));
    let workers = begun.clone().map(|command| {
        let (start, buyer) = (start.clone(), buyer.clone());
        tokio::spawn(async move {
            start.wait().await;
            code_of(payments::start_together(&buyer, command).await)
        })
    });
    for worker in workers {
        assert_eq!(worker.await.unwrap(), "upstream");
    }
    // Both notices are acted on in one round.
    for command in &begun {
        let told = gateway::paid(&command.id.0.simple().to_string(), teas(3).0);
        payments::receive(&world.system(0), &gateway::notice(Event::Transaction(told))).await.unwrap();
    }
    while commerce::jobs::work_inbox(&world.system(0)).await.unwrap() {}
    assert_eq!(states(&world, &placed).await, [OrderState::Paid; 2]);
    assert_eq!(refunds(&world).await, [(placed.here, MEDIUM_FEN), (placed.elsewhere, 2 * MEDIUM_FEN)]);
    assert_eq!(world.count("select count(*) from payments where state = 'surplus'").await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_that_was_paid_by_itself_gets_its_share_back(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let placed = place(&world, &buyer, 1, 2).await;
    let payment = open(&buyer, placed.id).await;
    assert_eq!(world.pay(placed.here).await, "paid");
    assert_eq!(paid(&world, payment, teas(3)).await, "paid in part: an order is paid");
    assert_eq!(states(&world, &placed).await, [OrderState::Paid; 2]);
    assert_eq!(refunds(&world).await, [(placed.here, MEDIUM_FEN)]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_goes_back_for_an_order_is_of_its_share_alone(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let placed = place(&world, &buyer, 1, 3).await;
    let payment = open(&buyer, placed.id).await;
    assert_eq!(paid(&world, payment, teas(4)).await, "paid");
    let here = world.staff("人民广场店长", Role::StoreManager, Reach::Store(world.store)).await;
    let there = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    orders::reject(&here, placed.here, "原料用完").await.unwrap();
    orders::accept(&there, placed.elsewhere).await.unwrap();
    orders::redeem(&there, &world.code_of(placed.elsewhere).await).await.unwrap();
    for (number, fen) in [(1, 2), (2, 1)] {
        let ask = asks(placed.elsewhere, AfterSalesKind::RefundOnly, fen, fen * MEDIUM_FEN);
        let id = ask.id;
        after_sales::request(&buyer, ask).await.unwrap();
        after_sales::decide(&there, id, AGREE).await.unwrap();
        assert_eq!(refunds(&world).await.len(), 1 + number);
    }
    let of_one = "select count(*) from refunds r join payments p on p.id = r.payment_id where p.amount_fen = 6000";
    assert_eq!(world.count(of_one).await, 3, "each is of the one payment, whose total the gateway is told");
    for (number, fen) in sqlx::query_as::<_, (String, i64)>("select out_refund_no, amount_fen from refunds")
        .fetch_all(&world.owner)
        .await
        .unwrap()
    {
        let back = gateway::notice(Event::Refund(gateway::refund(&number, fen, RefundState::Success)));
        assert_eq!(world.hear(&back).await, "refunded");
    }
    for (order, pieces) in [(placed.here, 1), (placed.elsewhere, 3)] {
        let view = world.order(&buyer, order).await;
        assert_eq!((view.paid_fen, view.refunded_fen), (teas(pieces), teas(pieces)));
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn after_a_late_payment_each_order_has_its_pieces_again_or_its_share_back(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let placed = place(&world, &buyer, 1, 2).await;
    let payment = open(&buyer, placed.id).await;
    world.run_jobs(16).await;
    assert_eq!(states(&world, &placed).await, [OrderState::Expired; 2]);
    world.leave(world.elsewhere, world.medium, 1).await;
    assert_eq!(paid(&world, payment, teas(3)).await, "paid in part: an order is expired");
    assert_eq!(states(&world, &placed).await, [OrderState::Paid, OrderState::Expired]);
    assert_eq!(refunds(&world).await, [(placed.elsewhere, 2 * MEDIUM_FEN)]);
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 100, held: 0, allocated: 1 });
    world.leave(world.elsewhere, world.medium, 9).await;
    assert_eq!(paid(&world, payment, teas(3)).await, "repeated", "what went back is not taken again");
    assert_eq!(states(&world, &placed).await, [OrderState::Paid, OrderState::Expired]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_anothers_is_neither_seen_nor_paid_also_without_the_first_fence(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let settings = Settings { without_first_fence: true, ..Settings::default() };
    let world = World::with(options, connect, Partners::default(), settings).await;
    let (buyer, other) = (world.member().await, world.member().await);
    let placed = place(&world, &buyer, 1, 2).await;
    assert_eq!(code_of(orders::checkout(&other, placed.id).await), "not_found");
    assert_eq!(code_of(payments::start_together(&other, starting(placed.id)).await), "not_found");
    let payment = open(&buyer, placed.id).await;
    world.alter("update payments set cashier = 'native', cashier_url = 'weixin://', cashier_url_until = created_at + interval '1 hour'").await;
    assert_eq!(payments::scan_code(&other, placed.here).await.unwrap(), None);
    assert_eq!(payments::scan_code(&buyer, placed.here).await.unwrap().as_deref(), Some("weixin://"));
    let own = place(&world, &other, 1, 1).await;
    let taken = StartCheckoutPayment { id: payment, ..starting(own.id) };
    assert_eq!(code_of(payments::start_together(&other, taken).await), "key_reused");
    orders::cancel(&buyer, placed.elsewhere).await.unwrap();
    assert_eq!(payments::scan_code(&buyer, placed.here).await.unwrap(), None, "the code of another sum");
    let mut late = buyer.clone();
    late.now += Duration::minutes(15);
    assert_eq!(code_of(payments::start_together(&late, starting(placed.id)).await), "not_payable");
    world.balanced().await;
}
