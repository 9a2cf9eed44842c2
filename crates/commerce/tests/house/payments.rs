//! What the gateway tells becomes an order's payment once, or comes to nothing.

use chrono::Duration;
use commerce::{orders, payments};
use domain::{
    OrderId, PaymentId,
    orders::{OrderAct, OrderState},
    payments::{Cashier, StartPayment},
    staff::Role,
};
use partners::wechat_pay::{Event, RefundState, TradeState};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    gateway,
    people::Reach,
    world::{Stock, World, code_of, teas},
};

/// The number and amount of the only refund there is.
async fn only_refund(world: &World) -> (String, i64) {
    sqlx::query_as("select out_refund_no, amount_fen from refunds").fetch_one(&world.owner).await.unwrap()
}

/// The order still waits for its payment, and no money was booked.
async fn still_unpaid(world: &World, order: OrderId) {
    assert_eq!(world.state_of(order).await, OrderState::Placed);
    assert_eq!(world.count("select count(*) from transfers").await, 0);
    assert_eq!(world.count("select count(*) from payments where state <> 'open'").await, 0);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_payment_allocates_the_stock_and_gives_the_order_its_code(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let order = world.place(&buyer, 2).await;
    assert_eq!(world.pay(order).await, "paid");
    let view = world.order(&buyer, order).await;
    assert_eq!((view.card.state, view.paid_fen, view.pay_before), (OrderState::Paid, teas(2), None));
    let code = view.pickup_code.unwrap();
    assert!(code.len() == 8 && code.bytes().all(|digit| digit.is_ascii_digit()), "{code}");
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 100, held: 0, allocated: 2 });
    world.run_jobs(60).await;
    assert_eq!(world.state_of(order).await, OrderState::Paid, "a paid order does not expire");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_repeated_notice_pays_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let order = world.place(&world.member().await, 2).await;
    let payment = world.open_payment(order).await;
    let told = gateway::paid(&payment.out_trade_no, payment.amount_fen);
    let notice = gateway::notice(Event::Transaction(told.clone()));
    assert_eq!(world.hear(&notice).await, "paid");
    assert_eq!(world.hear(&notice).await, "paid", "stored once, acted on once");
    assert_eq!(world.count("select tries::bigint from inbox").await, 1);
    assert_eq!(world.tell(told).await, "repeated", "under another id");
    assert_eq!(world.count("select count(*) from transfers").await, 1);
    assert_eq!(world.count("select count(*) from order_steps where act = 'pay'").await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn money_that_does_not_match_pays_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let order = world.place(&world.member().await, 2).await;
    let payment = world.open_payment(order).await;
    let right = gateway::paid(&payment.out_trade_no, payment.amount_fen);
    let too_little = gateway::paid(&payment.out_trade_no, payment.amount_fen - 1);
    assert_eq!(world.tell(too_little).await, "mismatch: amount");
    let too_much = gateway::paid(&payment.out_trade_no, payment.amount_fen + 1);
    assert_eq!(world.tell(too_much).await, "mismatch: amount");
    let mut other = right.clone();
    other.mchid = "1900000002".into();
    assert_eq!(world.tell(other).await, "mismatch: merchant");
    let mut other = right.clone();
    other.appid = Some("wx0000000000000000".into());
    assert_eq!(world.tell(other.clone()).await, "mismatch: app");
    other.appid = None;
    assert_eq!(world.tell(other).await, "mismatch: app");
    let mut other = right.clone();
    other.amount.as_mut().unwrap().currency = Some("USD".into());
    assert_eq!(world.tell(other.clone()).await, "mismatch: currency");
    other.amount = None;
    assert_eq!(world.tell(other).await, "mismatch: amount missing");
    still_unpaid(&world, order).await;
    assert_eq!(world.tell(right).await, "paid");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_transaction_that_was_not_paid_pays_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let order = world.place(&world.member().await, 1).await;
    let payment = world.open_payment(order).await;
    for state in [TradeState::NotPay, TradeState::Closed, TradeState::PayError, TradeState::Unknown, TradeState::Refund]
    {
        let mut told = gateway::paid(&payment.out_trade_no, payment.amount_fen);
        told.trade_state = state;
        assert!(world.tell(told).await.starts_with("no payment"), "{state:?}");
    }
    still_unpaid(&world, order).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_transaction_nobody_here_began_is_handled_and_changes_nothing(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let order = world.place(&world.member().await, 1).await;
    assert_eq!(world.tell(gateway::paid("0123456789", teas(1).0)).await, "unknown transaction");
    let unknown = gateway::notice(Event::Refund(gateway::refund("0123456789", 1, RefundState::Success)));
    assert_eq!(world.hear(&unknown).await, "unknown refund");
    assert_eq!(world.count("select count(*) from inbox where handled_at is null").await, 0);
    still_unpaid(&world, order).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_payment_after_the_order_expired_gets_the_goods_where_they_are_still_there(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let order = world.place(&buyer, 2).await;
    let (payment, second) = (world.open_payment(order).await, world.open_payment(order).await);
    world.run_jobs(16).await;
    let late = gateway::paid(&payment.out_trade_no, payment.amount_fen);
    assert_eq!(world.tell(late.clone()).await, "paid late");
    assert_eq!(world.tell(late).await, "repeated");
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 100, held: 0, allocated: 2 });
    let told = world.tell(gateway::paid(&second.out_trade_no, second.amount_fen)).await;
    assert_eq!(told, "surplus: the order is paid");
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    orders::accept(&clerk, order).await.unwrap();
    orders::redeem(&clerk, &world.code_of(order).await).await.unwrap();
    let acts: Vec<_> = world.order(&buyer, order).await.steps.iter().map(|step| step.act).collect();
    use OrderAct::{Accept, Expire, Place, Redeem, Revive};
    assert_eq!(acts, [Place, Expire, Revive, Accept, Redeem]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_payment_after_the_order_expired_goes_back_where_the_store_takes_no_orders(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let order = world.place(&world.member().await, 2).await;
    let payment = world.open_payment(order).await;
    world.run_jobs(16).await;
    world.alter("update stores set state = 'paused'").await;
    let late = gateway::paid(&payment.out_trade_no, payment.amount_fen);
    assert_eq!(world.tell(late).await, "surplus: the order is expired");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_payment_after_the_order_expired_goes_back_where_its_goods_are_gone(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let order = world.place(&world.member().await, 2).await;
    let payment = world.open_payment(order).await;
    world.run_jobs(16).await;
    world.leave(world.store, world.medium, 1).await;
    let late = gateway::paid(&payment.out_trade_no, payment.amount_fen);
    assert_eq!(world.tell(late.clone()).await, "surplus: the order is expired");
    assert_eq!(world.tell(late).await, "repeated");
    assert_eq!(world.state_of(order).await, OrderState::Expired);
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 1, held: 0, allocated: 0 });
    assert_eq!(only_refund(&world).await.1, teas(2).0);
    assert_eq!(world.count("select count(*) from jobs where kind = 'send_refund'").await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_payment_after_the_order_was_called_off_goes_back(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let order = world.place(&buyer, 2).await;
    let payment = world.open_payment(order).await;
    orders::cancel(&buyer, order).await.unwrap();
    // Even where it was closed here in the meantime: the gateway knows better.
    world.alter("update payments set state = 'closed'").await;
    let told = world.tell(gateway::paid(&payment.out_trade_no, payment.amount_fen)).await;
    assert_eq!(told, "surplus: the order is cancelled");
    assert_eq!(only_refund(&world).await.1, teas(2).0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_second_payment_of_an_order_goes_back(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let order = world.place(&buyer, 2).await;
    let second = world.open_payment(order).await;
    assert_eq!(world.pay(order).await, "paid");
    let told = world.tell(gateway::paid(&second.out_trade_no, second.amount_fen)).await;
    assert_eq!(told, "surplus: the order is paid");
    assert_eq!(world.state_of(order).await, OrderState::Paid);
    let (number, amount_fen) = only_refund(&world).await;
    let back = gateway::notice(Event::Refund(gateway::refund(&number, amount_fen, RefundState::Success)));
    assert_eq!(world.hear(&back).await, "refunded");
    let view = world.order(&buyer, order).await;
    assert_eq!((view.paid_fen, view.refunded_fen), (teas(4), teas(2)));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_refund_is_booked_once_however_often_it_is_told(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let (order, _) = world.place_paid(&buyer, 2).await;
    orders::cancel(&buyer, order).await.unwrap();
    let (number, amount_fen) = only_refund(&world).await;
    let tell = |amount_fen, status| gateway::notice(Event::Refund(gateway::refund(&number, amount_fen, status)));
    assert_eq!(world.hear(&tell(amount_fen, RefundState::Processing)).await, "processing");
    assert_eq!(world.hear(&tell(amount_fen - 1, RefundState::Success)).await, "mismatch: amount");
    assert_eq!(world.count("select count(*) from transfers where cause = 'refund'").await, 0);
    assert_eq!(world.hear(&tell(amount_fen, RefundState::Success)).await, "refunded");
    assert_eq!(world.hear(&tell(amount_fen, RefundState::Success)).await, "repeated");
    assert_eq!(world.hear(&tell(amount_fen, RefundState::Abnormal)).await, "repeated");
    assert_eq!(world.count("select count(*) from transfers where cause = 'refund'").await, 1);
    assert_eq!(world.order(&buyer, order).await.refunded_fen, teas(2));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_refund_the_gateway_could_not_pay_out_is_not_booked(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let (order, _) = world.place_paid(&buyer, 2).await;
    orders::cancel(&buyer, order).await.unwrap();
    let (number, amount_fen) = only_refund(&world).await;
    let tell = |status| gateway::notice(Event::Refund(gateway::refund(&number, amount_fen, status)));
    assert_eq!(world.hear(&tell(RefundState::Abnormal)).await, "abnormal");
    assert_eq!(world.order(&buyer, order).await.refunded_fen.0, 0);
    // A person paid it out in the gateway's console.
    assert_eq!(world.hear(&tell(RefundState::Success)).await, "refunded");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_refund_is_sent_again_under_the_same_number_while_the_gateway_is_away(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let (order, _) = world.place_paid(&buyer, 1).await;
    orders::cancel(&buyer, order).await.unwrap();
    let before = only_refund(&world).await;
    for minutes in [1, 30, 120] {
        world.run_jobs(minutes).await;
    }
    assert_eq!(only_refund(&world).await, before);
    assert_eq!(world.count("select tries::bigint from jobs where kind = 'send_refund'").await, 3);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_attempt_to_pay_is_stored_before_the_gateway_hears_of_it(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, other) = (world.member().await, world.member().await);
    let order = world.place(&buyer, 1).await;
    let id = PaymentId(Uuid::now_v7());
    let command = StartPayment { id, order_id: order, cashier: Cashier::H5, payer_ip: "127.0.0.1".into() };
    assert_eq!(code_of(payments::start(&other, command.clone()).await), "not_found");
    assert_eq!(world.count("select count(*) from payments").await, 0);
    for _ in 0..2 {
        assert_eq!(code_of(payments::start(&buyer, command.clone()).await), "upstream");
    }
    let by_scan = StartPayment { cashier: Cashier::Native, ..command.clone() };
    assert_eq!(code_of(payments::start(&buyer, by_scan).await), "key_reused");
    assert_eq!(world.tell(gateway::paid(&id.0.simple().to_string(), teas(1).0)).await, "paid");
    assert_eq!(code_of(payments::start(&buyer, command).await), "not_payable");
    assert_eq!(world.count("select count(*) from payments").await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_cashiers_address_is_given_out_again_only_while_there_is_time_to_open_it(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let mut buyer = world.member().await;
    let order = world.place(&buyer, 1).await;
    let id = PaymentId(Uuid::now_v7());
    let command = StartPayment { id, order_id: order, cashier: Cashier::H5, payer_ip: "127.0.0.1".into() };
    assert_eq!(code_of(payments::start(&buyer, command.clone()).await), "upstream");
    world.alter("update payments set cashier_url = 'https://cashier', cashier_url_until = created_at + interval '5 minutes'").await;
    buyer.now += Duration::seconds(239);
    assert_eq!(payments::start(&buyer, command.clone()).await.unwrap().url, "https://cashier");
    buyer.now += Duration::seconds(1);
    assert_eq!(code_of(payments::start(&buyer, command).await), "upstream", "the gateway is asked anew");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_whose_time_is_over_cannot_be_paid_even_before_the_sweep(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let mut buyer = world.member().await;
    let order = world.place(&buyer, 1).await;
    buyer.now += chrono::Duration::minutes(15);
    let id = PaymentId(Uuid::now_v7());
    let command = StartPayment { id, order_id: order, cashier: Cashier::H5, payer_ip: "127.0.0.1".into() };
    assert_eq!(code_of(payments::start(&buyer, command).await), "not_payable");
    assert_eq!(world.count("select count(*) from payments").await, 0);
    world.balanced().await;
}
