//! After-sales of many at once, in random parts, and where the first fence is left out.

use std::{collections::BTreeSet, sync::Arc};

use commerce::{Partners, Settings, after_sales, members};
use domain::{
    Fen, OrderId,
    after_sales::{
        AfterSalesKind, AfterSalesState, Condition, ListAfterSales, QuoteAfterSales, ReceivedLine, RequestedLine,
    },
    staff::Role,
};
use futures::future::join_all;
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::{runtime::Handle, sync::Barrier};

use crate::{
    after_sales::{AGREE, Cast, asks, brings, cast},
    people::Reach,
    world::{MEDIUM_FEN, PIECES, World, code_of},
};

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_sixteen_requests_at_once_for_the_same_pieces_only_as_many_pass_as_were_sold(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(3).await;
    let start = Arc::new(Barrier::new(16));
    let workers = (0..16).map(|_| {
        let (start, shopper) = (start.clone(), cast.shopper.clone());
        tokio::spawn(async move {
            start.wait().await;
            after_sales::request(&shopper, asks(order, AfterSalesKind::RefundOnly, 1, MEDIUM_FEN)).await
        })
    });
    let answers: Vec<_> = join_all(workers).await.into_iter().map(|worker| worker.unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3, "{answers:?}");
    // And all that passed are agreed to at once, twice each.
    let mine =
        after_sales::mine(&cast.shopper, &ListAfterSales { most: 10, ..ListAfterSales::default() }).await.unwrap();
    let start = Arc::new(Barrier::new(6));
    let workers = mine.items.iter().chain(&mine.items).map(|card| {
        let (start, manager, id) = (start.clone(), cast.manager.clone(), card.id);
        tokio::spawn(async move {
            start.wait().await;
            after_sales::decide(&manager, id, AGREE).await
        })
    });
    for answer in join_all(workers).await {
        answer.unwrap().unwrap();
    }
    assert_eq!(cast.world.count("select sum(amount_fen)::bigint from refunds").await, 3 * MEDIUM_FEN);
    assert_eq!(cast.revenue(cast.world.store).await, 0);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn goods_that_are_taken_at_two_stores_at_once_are_taken_at_one(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(1).await;
    let (_, code) = cast.agreed(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    let start = Arc::new(Barrier::new(8));
    let workers = (0..8).map(|at| {
        let (who, store) = match at % 2 {
            0 => (cast.manager.clone(), cast.world.store),
            _ => (cast.clerk_elsewhere.clone(), cast.world.elsewhere),
        };
        let (start, brought) = (start.clone(), brings(&code, store, Condition::Restock));
        tokio::spawn(async move {
            start.wait().await;
            after_sales::receive(&who, brought).await
        })
    });
    let answers: Vec<_> = join_all(workers).await.into_iter().map(|worker| worker.unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 4, "those of one store: {answers:?}");
    let codes: BTreeSet<_> =
        answers.iter().filter_map(|answer| answer.as_ref().err()).map(|fault| fault.code()).collect();
    assert_eq!(codes, BTreeSet::from(["already_received"]));
    assert_eq!(cast.world.count("select count(*) from refunds").await, 1);
    let medium = cast.world.medium;
    let both = cast.on_hand(cast.world.store, medium).await + cast.on_hand(cast.world.elsewhere, medium).await;
    assert_eq!(both, 2 * PIECES);
    cast.world.balanced().await;
}

/// Asks for what is chosen of an order with two lines; whether it may, the quote knows. Answers what it came to.
async fn attempt(cast: &Cast, order: OrderId, kind: AfterSalesKind, pieces: [i64; 2]) -> Option<i64> {
    let lines = (1..).zip(pieces).filter_map(|(line, pieces)| {
        Some(RequestedLine { line, quantity: pieces.try_into().ok()?, exchange_for: None })
    });
    let what = QuoteAfterSales { kind, lines: lines.collect() };
    let quote = after_sales::quote(&cast.shopper, order, &what).await.ok()?;
    let mut command = asks(order, kind, 1, quote.refund_fen.0);
    command.what = what;
    let id = cast.request(command).await;
    after_sales::decide(&cast.manager, id, AGREE).await.unwrap();
    if kind == AfterSalesKind::Return {
        let view = after_sales::show(&cast.shopper, id).await.unwrap();
        let mut brought = brings(&view.code.unwrap().parse().unwrap(), cast.world.store, Condition::Restock);
        let all = view.lines.iter().map(|line| ReceivedLine::whole(line.line, Condition::Restock));
        brought.lines = all.collect();
        after_sales::receive(&cast.manager, brought).await.unwrap();
    }
    assert_eq!(cast.state(id).await, AfterSalesState::Refunded);
    Some(quote.refund_fen.0)
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whatever_goes_back_in_parts_comes_to_exactly_what_was_paid(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = Arc::new(cast(options, connect).await);
    let tries = prop::collection::vec((any::<bool>(), 0..3i64, 0..3i64), 1..6);
    let (kept, runtime) = (cast.clone(), Handle::current());
    let config = Config { cases: 8, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
    // proptest is not asynchronous: it runs on a thread of its own and blocks there.
    let gone = tokio::task::spawn_blocking(move || {
        TestRunner::new(config).run(&((1..5i64, 1..5i64), tries), |(pieces, tries)| {
            runtime.block_on(give_back_in_parts(&cast, pieces, tries))
        })
    });
    if let Err(failure) = gone.await.unwrap() {
        panic!("{failure}");
    }
    let Ok(cast) = Arc::try_unwrap(kept).map_err(drop) else { panic!("somebody still plays") };
    cast.world.balanced().await;
}

/// Gives an order back in such parts, and then what is left of it.
async fn give_back_in_parts(
    cast: &Cast,
    (medium, large): (i64, i64),
    tries: Vec<(bool, i64, i64)>,
) -> Result<(), TestCaseError> {
    cast.world.put(&cast.shopper, cast.world.large, large).await;
    let order = cast.handed_over(medium).await;
    let mut back = 0;
    for (goods, first, second) in tries {
        let kind = if goods { AfterSalesKind::Return } else { AfterSalesKind::RefundOnly };
        back += attempt(cast, order, kind, [first, second]).await.unwrap_or(0);
    }
    let options = after_sales::options(&cast.shopper, order).await.unwrap();
    let rest = [options.lines[0].rest, options.lines[1].rest];
    back += attempt(cast, order, AfterSalesKind::RefundOnly, rest).await.unwrap_or(0);
    prop_assert_eq!(Fen(back), cast.world.order(&cast.shopper, order).await.card.total_fen);
    Ok(())
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn without_the_first_fence_a_request_is_still_seen_by_those_alone_whom_it_concerns(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let settings = Settings { without_first_fence: true, ..Settings::default() };
    let world = World::with(options, connect, Partners::default(), settings).await;
    let manager = world.staff("人民广场店长", Role::StoreManager, Reach::Store(world.store)).await;
    let there = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let hq = world.staff("总部客服", Role::ServiceDepartment, Reach::Everywhere).await;
    let cast = Cast { shopper: world.member().await, manager, clerk_elsewhere: there, hq, world };
    let order = cast.handed_over(1).await;
    let id = cast.request(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    let (stranger, ask) = (cast.world.member().await, ListAfterSales { most: 10, ..ListAfterSales::default() });
    assert_eq!(code_of(after_sales::show(&stranger, id).await), "not_found");
    assert_eq!(code_of(after_sales::withdraw(&stranger, id).await), "not_found");
    assert_eq!(code_of(after_sales::options(&stranger, order).await), "not_found");
    assert_eq!(code_of(after_sales::show_for_staff(&cast.clerk_elsewhere, id).await), "not_found");
    assert_eq!(code_of(after_sales::decide(&cast.clerk_elsewhere, id, AGREE).await), "not_found");
    assert_eq!(after_sales::list(&cast.clerk_elsewhere, &ask).await.unwrap().items.len(), 0);
    assert_eq!(after_sales::list(&cast.hq, &ask).await.unwrap().items.len(), 1);
    after_sales::decide(&cast.manager, id, AGREE).await.unwrap();
    let code = after_sales::show(&cast.shopper, id).await.unwrap().code.unwrap().parse().unwrap();
    after_sales::receive(&cast.clerk_elsewhere, brings(&code, cast.world.elsewhere, Condition::Restock)).await.unwrap();
    assert_eq!(after_sales::list(&cast.clerk_elsewhere, &ask).await.unwrap().items.len(), 1);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_goes_while_a_request_is_open(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(1).await;
    let id = cast.request(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    assert_eq!(members::leaving(&cast.shopper).await.unwrap().open_after_sales, 1);
    after_sales::withdraw(&cast.shopper, id).await.unwrap();
    assert_eq!(members::leaving(&cast.shopper).await.unwrap().open_after_sales, 0);
    cast.world.balanced().await;
}
