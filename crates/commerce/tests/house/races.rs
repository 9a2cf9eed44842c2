//! Many at once. Everybody waits at a barrier, so that they truly meet.

use std::{collections::HashSet, sync::Arc};

use chrono::Duration;
use commerce::{House, Partners, Pools, Scope, Settings, cart, jobs, orders, payments};
use domain::{
    Fault, OrderId, PaymentId,
    orders::{OrderPlaced, OrderState, PlaceOrder},
    payments::{Cashier, StartPayment},
    staff::Role,
};
use futures::future::join_all;
use partners::wechat_pay::Event;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    gateway,
    people::Reach,
    world::{Stock, World, code_of, new_order_id},
};

/// Another server of the same chain.
pub async fn another_server(connect: PgConnectOptions) -> House {
    let pools = Pools::connect(PgPoolOptions::new().max_connections(8), connect).await.unwrap();
    let partners = Partners { wechat_pay: Some(gateway::wechat_pay()), ..Partners::default() };
    House::new(pools, partners, Settings::default())
}

/// Places all orders at the same moment; answers in their order.
async fn place_at_once(wanted: Vec<(Scope, PlaceOrder)>) -> Vec<Result<OrderPlaced, Fault>> {
    let start = Arc::new(Barrier::new(wanted.len()));
    let workers = wanted.into_iter().map(|(who, command)| {
        let start = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            orders::place(&who, command).await
        })
    });
    join_all(workers).await.into_iter().map(|worker| worker.unwrap()).collect()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_sixty_four_buyers_of_the_last_ten_pieces_at_two_servers_exactly_ten_get_one(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let mut world = World::new(options, connect.clone()).await;
    world.leave(world.store, world.medium, 10).await;
    let mut buyers = world.members(32).await;
    world.house = another_server(connect).await;
    buyers.extend(world.members(32).await);
    let mut wanted = Vec::new();
    for buyer in buyers {
        world.put(&buyer, world.medium, 1).await;
        let command = world.command(&buyer).await;
        wanted.push((buyer, command));
    }
    let answers = place_at_once(wanted).await;
    let placed = answers.iter().filter(|answer| answer.is_ok()).count();
    let sold_out = answers.iter().filter(|answer| matches!(answer, Err(Fault::SoldOut(_)))).count();
    assert_eq!((placed, sold_out), (10, 54), "{answers:?}");
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 10, held: 10, allocated: 0 });
    assert_eq!(world.count("select count(*) from orders").await, 10);
    assert_eq!(world.count("select sum(quantity)::bigint from cart_lines").await, 54);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn orders_of_the_same_goods_in_opposite_order_never_deadlock(options: PgPoolOptions, connect: PgConnectOptions) {
    let mut world = World::new(options, connect.clone()).await;
    let mut buyers = world.members(20).await;
    world.house = another_server(connect).await;
    buyers.extend(world.members(20).await);
    for round in 0..2 {
        let mut wanted = Vec::new();
        for (at, buyer) in buyers.iter().enumerate() {
            let (first, second) = if at % 2 == 0 { (world.medium, world.large) } else { (world.large, world.medium) };
            world.put(buyer, first, 1).await;
            // Lines stand in the order they were set.
            let mut later = buyer.clone();
            later.now += Duration::seconds(1);
            world.put(&later, second, 1).await;
            wanted.push((buyer.clone(), world.command(buyer).await));
        }
        for answer in place_at_once(wanted).await {
            answer.unwrap();
        }
        let held = 40 * (round + 1);
        assert_eq!(world.stock_at(world.store, world.large).await.held, held);
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_same_request_sent_sixteen_times_at_once_is_one_order(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    // The last pieces: a repeat that came too late would find none.
    world.leave(world.store, world.medium, 8).await;
    for buyer in world.members(4).await {
        world.put(&buyer, world.medium, 2).await;
        let command = world.command(&buyer).await;
        let answers = place_at_once(vec![(buyer, command); 16]).await;
        let numbers: HashSet<_> = answers.into_iter().map(|answer| answer.unwrap().number).collect();
        assert_eq!(numbers.len(), 1);
    }
    assert_eq!(world.count("select count(*) from orders").await, 4);
    assert_eq!(world.stock_at(world.store, world.medium).await.held, 8);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_that_cannot_be_written_does_not_keep_others_from_it(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let mut wanted = Vec::new();
    for (at, buyer) in world.members(24).await.into_iter().enumerate() {
        world.put(&buyer, world.medium, 1).await;
        let mut command = world.command(&buyer).await;
        if at % 8 == 7 {
            // Longer than the table allows; the faces refuse it before.
            command.note = "长".repeat(101);
        }
        wanted.push((buyer, command));
    }
    for (at, answer) in place_at_once(wanted).await.into_iter().enumerate() {
        assert_eq!(answer.is_err(), at % 8 == 7, "{at}: {answer:?}");
    }
    assert_eq!(world.stock_at(world.store, world.medium).await.held, 21);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_notice_that_cannot_be_acted_on_does_not_keep_others_from_it(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let server = world.system(0);
    let mut orders = Vec::new();
    for buyer in world.members(5).await {
        let order = world.place(&buyer, 1).await;
        let payment = world.open_payment(order).await;
        let told = gateway::paid(&payment.out_trade_no, payment.amount_fen);
        payments::receive(&server, &gateway::notice(Event::Transaction(told))).await.unwrap();
        orders.push(order);
    }
    // As if the third order had been paid already: an order keeps one payment.
    let spoiled = "insert into payments (id, order_id, gateway, cashier, out_trade_no, amount_fen, state, created_at)
                   select gen_random_uuid(), order_id, gateway, cashier, 'spoiled', amount_fen, 'kept', created_at
                   from payments order by created_at, id offset 2 limit 1";
    assert_eq!(world.alter(spoiled).await, 1);
    while jobs::work_inbox(&server).await.unwrap() {}
    assert_eq!(world.count("select count(*) from inbox where outcome = 'paid'").await, 4);
    assert_eq!(world.count("select count(*) from inbox where handled_at is null and tries = 1").await, 1);
    for (at, order) in orders.iter().enumerate() {
        let state = if at == 2 { OrderState::Placed } else { OrderState::Paid };
        assert_eq!(world.state_of(*order).await, state, "{at}");
    }
    assert_eq!(world.alter("delete from payments where out_trade_no = 'spoiled'").await, 1);
    let later = world.system(1);
    while jobs::work_inbox(&later).await.unwrap() {}
    assert_eq!(world.count("select count(*) from orders where state = 'paid'").await, 5);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn one_cart_ordered_from_two_pages_at_once_is_one_order(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    for buyer in world.members(10).await {
        world.put(&buyer, world.medium, 1).await;
        let one = world.command(&buyer).await;
        let two = PlaceOrder { id: new_order_id(), ..one.clone() };
        let answers = place_at_once(vec![(buyer.clone(), one), (buyer, two)]).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    }
    assert_eq!(world.stock_at(world.store, world.medium).await.held, 10);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_paid_and_expired_at_the_same_moment_ends_in_one_of_the_two(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    for buyer in world.members(12).await {
        let order = world.place(&buyer, 1).await;
        let payment = world.open_payment(order).await;
        let notice = gateway::notice(Event::Transaction(gateway::paid(&payment.out_trade_no, payment.amount_fen)));
        futures::join!(world.hear(&notice), world.run_jobs(16));
        let (state, paid) = (world.state_of(order).await, world.order(&buyer, order).await.paid_fen.0);
        assert!(matches!(state, OrderState::Paid | OrderState::Expired), "{state:?}");
        assert_eq!(paid, payment.amount_fen, "the money is known, whichever came first");
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn starting_to_pay_again_while_the_callback_arrives_never_deadlocks(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    for buyer in world.members(20).await {
        let order = world.place(&buyer, 1).await;
        let payment = world.open_payment(order).await;
        let again =
            StartPayment { id: payment.id.into(), order_id: order, cashier: Cashier::H5, payer_ip: "127.0.0.1".into() };
        let notice = gateway::notice(Event::Transaction(gateway::paid(&payment.out_trade_no, payment.amount_fen)));
        let (told, started) = futures::join!(world.hear(&notice), payments::start(&buyer, again));
        assert_eq!(told, "paid");
        let fault = started.unwrap_err();
        assert!(matches!(fault.code(), "upstream" | "not_payable"), "{fault:?}");
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_eight_counters_that_redeem_one_code_one_hands_over(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let (order, code) = world.place_paid(&buyer, 2).await;
    orders::accept(&clerk, order).await.unwrap();
    let answers = join_all((0..8).map(|_| orders::redeem(&clerk, &code))).await;
    let done: Vec<OrderId> = answers.iter().filter_map(|answer| answer.clone().ok()).collect();
    assert_eq!(done, [order]);
    let repeated = answers.iter().filter_map(|answer| answer.as_ref().err()).map(Fault::code).collect::<Vec<_>>();
    assert_eq!(repeated, ["already_redeemed"; 7]);
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 98, held: 0, allocated: 0 });
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn one_payment_told_twelve_times_to_many_servers_is_booked_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let order = world.place(&buyer, 1).await;
    let payment = world.open_payment(order).await;
    let told = gateway::paid(&payment.out_trade_no, payment.amount_fen);
    let server = world.system(0);
    for _ in 0..12 {
        payments::receive(&server, &gateway::notice(Event::Transaction(told.clone()))).await.unwrap();
    }
    let servers = (0..6).map(|_| async { while jobs::work_inbox(&server).await.unwrap() {} });
    join_all(servers).await;
    assert_eq!(world.count("select count(*) from inbox where outcome = 'paid'").await, 1);
    assert_eq!(world.count("select count(*) from inbox where outcome = 'repeated'").await, 11);
    assert_eq!(world.count("select count(*) from transfers where cause = 'pay'").await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn sixteen_pages_that_set_the_same_line_leave_one_line(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    for answer in join_all((0..16).map(|_| cart::set_line(&buyer, world.line(world.medium, 3)))).await {
        answer.unwrap();
    }
    assert_eq!(cart::pieces(&buyer).await.unwrap(), 3);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn lines_and_quotes_of_many_at_once_are_each_their_own(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyers = world.members(64).await;
    let pieces = |place: usize| 1 + place as i64 % 5;
    let set = |(place, who)| cart::set_line(who, world.line(world.medium, pieces(place)));
    for answer in join_all(buyers.iter().enumerate().map(set)).await {
        answer.unwrap();
    }
    // Those whose place is odd ask of the store where they have nothing.
    let store = |place: usize| if place.is_multiple_of(2) { world.store } else { world.elsewhere };
    let quotes = join_all(buyers.iter().enumerate().map(|(place, who)| cart::quote(who, store(place)))).await;
    for (place, quote) in quotes.into_iter().enumerate() {
        let quantities: Vec<i64> = quote.unwrap().lines.iter().map(|line| line.quantity.get()).collect();
        let expected = if place.is_multiple_of(2) { vec![pieces(place)] } else { Vec::new() };
        assert_eq!(quantities, expected, "buyer {place}");
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn attempts_to_pay_of_one_moment_are_each_answered_for_themselves(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let mut wanted = Vec::new();
    let taken = PaymentId(Uuid::now_v7());
    for (place, buyer) in world.members(24).await.into_iter().enumerate() {
        let order = world.place(&buyer, 1).await;
        let mut command = StartPayment {
            id: PaymentId(Uuid::now_v7()),
            order_id: order,
            cashier: Cashier::H5,
            payer_ip: "127.0.0.1".into(),
        };
        // The gateway of these tests is away, so an attempt that was stored says so.
        let expected = match place % 4 {
            0 => "upstream",
            1 => {
                orders::cancel(&buyer, order).await.unwrap();
                "not_payable"
            }
            2 => {
                command.order_id = new_order_id();
                "not_found"
            }
            _ if place == 3 => {
                command.id = taken;
                assert_eq!(code_of(payments::start(&buyer, command.clone()).await), "upstream");
                "upstream"
            }
            _ => {
                command.id = taken;
                "key_reused"
            }
        };
        wanted.push((buyer, command, expected));
    }
    let answers = join_all(wanted.iter().map(|(who, command, _)| payments::start(who, command.clone()))).await;
    for ((.., expected), answer) in wanted.iter().zip(answers) {
        assert_eq!(code_of(answer), *expected);
    }
    assert_eq!(world.count("select count(*) from payments").await, 7);
    assert_eq!(world.count("select count(*) from jobs where kind = 'look_up_payment'").await, 7);
    world.balanced().await;
}
