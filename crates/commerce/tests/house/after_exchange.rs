//! What came in exchange for something else is asked for like what it came for (D4).

use chrono::Duration;
use commerce::after_sales;
use domain::{
    AfterSalesId, Fen, OrderId, SkuId,
    after_sales::{
        AfterSalesKind, AfterSalesState, Came, ClaimableLine, Condition, ReceiveReturn, ReceivedLine, RefundOrder,
        RequestAfterSales, RequestedLine, ReturnCode,
    },
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    after_sales::{AGREE, Cast, asks, brings, cast, later, refuse, swaps},
    world::{MEDIUM_FEN, field_of},
};

const SMALL_FEN: i64 = 1200;

/// The same, of another line.
fn of_line(line: i32, mut command: RequestAfterSales) -> RequestAfterSales {
    command.what.lines[0].line = line;
    command
}

/// All of these lines comes as new.
fn whole(code: &ReturnCode, cast: &Cast, lines: &[i32]) -> ReceiveReturn {
    let lines = lines.iter().map(|line| ReceivedLine::whole(*line, Condition::Restock)).collect();
    ReceiveReturn { code: code.clone(), store_id: cast.world.store, lines }
}

impl Cast {
    /// Another size of the tea, at both stores.
    async fn size(&self, name: &str, fen: i64) -> SkuId {
        let sku = SkuId(Uuid::now_v7());
        self.world.add_sku(sku, name, fen).await;
        sku
    }

    /// What was agreed to is brought and given out.
    async fn exchanged(&self, line: i32, command: RequestAfterSales) {
        let (id, code) = self.agreed(of_line(line, command)).await;
        after_sales::receive(&self.manager, whole(&code, self, &[line])).await.unwrap();
        assert_eq!(self.state(id).await, AfterSalesState::Exchanged);
    }

    async fn lines(&self, order: OrderId) -> Vec<ClaimableLine> {
        after_sales::options(&self.shopper, order).await.unwrap().lines
    }

    /// What is asked for of an order in vain: the field that says why.
    async fn wrong(&self, line: i32, command: RequestAfterSales) -> String {
        field_of(after_sales::request(&self.shopper, of_line(line, command)).await)
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_came_in_exchange_goes_back_for_what_is_left_of_what_was_paid(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (here, medium) = (cast.world.store, cast.world.medium);
    let small = cast.size("小杯", SMALL_FEN).await;
    let order = cast.handed_over(3).await;
    cast.exchanged(1, swaps(order, 2, small, 2 * (MEDIUM_FEN - SMALL_FEN))).await;
    let lines = cast.lines(order).await;
    assert_eq!((lines[0].line, lines[0].rest, lines[0].came_for), (1, 1, None));
    let came = &lines[1];
    assert_eq!((came.line, came.sku_id, came.spec.as_str(), came.came_for), (2, small, "小杯", Some(1)));
    assert_eq!((came.quantity.get(), came.rest, came.paid_fen), (2, 2, Fen(2 * SMALL_FEN)));
    assert_eq!(came.kinds, lines[0].kinds, "asking for something else gives no more time");
    let give_back = |pieces, fen| asks(order, AfterSalesKind::Return, pieces, fen);
    assert_eq!(cast.wrong(2, give_back(3, 3 * SMALL_FEN)).await, "line.2");
    assert_eq!(cast.wrong(3, give_back(1, SMALL_FEN)).await, "line.3");

    // One of them and what was never exchanged, with one request: each comes on its own shelf.
    let mut both = of_line(2, give_back(1, MEDIUM_FEN + SMALL_FEN));
    both.what.lines.push(RequestedLine { line: 1, quantity: 1.try_into().unwrap(), exchange_for: None });
    let (id, code) = cast.agreed(both).await;
    let counter = after_sales::find(&cast.manager, &code).await.unwrap();
    assert_eq!(counter.lines.iter().map(|line| line.sku_id).collect::<Vec<_>>(), [medium, small]);
    let before = (cast.on_hand(here, medium).await, cast.on_hand(here, small).await);
    after_sales::receive(&cast.manager, whole(&code, &cast, &[1, 2])).await.unwrap();
    assert_eq!((cast.on_hand(here, medium).await, cast.on_hand(here, small).await), (before.0 + 1, before.1 + 1));
    assert_eq!(cast.state(id).await, AfterSalesState::Refunded);

    // The money of the last one goes back without it.
    let last = cast.request(of_line(2, asks(order, AfterSalesKind::RefundOnly, 1, SMALL_FEN))).await;
    assert_eq!(cast.wrong(2, give_back(1, SMALL_FEN)).await, "line.2");
    after_sales::decide(&cast.manager, last, AGREE).await.unwrap();
    assert_eq!((cast.back().await, cast.revenue(here).await), (3 * MEDIUM_FEN, 0), "exactly what was paid");
    for line in [1, 2] {
        assert_eq!(cast.wrong(line, give_back(1, SMALL_FEN)).await, format!("line.{line}"));
    }
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_came_in_exchange_is_exchanged_again_for_the_same_or_for_something_else(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (small, tiny) = (cast.size("小杯", SMALL_FEN).await, cast.size("迷你杯", 1000).await);
    let order = cast.handed_over(1).await;
    cast.exchanged(1, swaps(order, 1, small, MEDIUM_FEN - SMALL_FEN)).await;
    // The same again is the same line, whatever it costs by now.
    cast.world.alter("update listings set price_fen = 9900 where price_fen = 1200").await;
    cast.exchanged(2, swaps(order, 1, small, 0)).await;
    let rest = async || cast.lines(order).await.iter().map(|line| line.rest).collect::<Vec<_>>();
    assert_eq!(rest().await, [0, 1]);
    assert_eq!(cast.wrong(2, swaps(order, 1, cast.world.medium, 0)).await, "swap.2", "it is dearer");
    cast.exchanged(2, swaps(order, 1, tiny, SMALL_FEN - 1000)).await;
    assert_eq!(rest().await, [0, 0, 1]);
    let last = cast.lines(order).await.pop().unwrap();
    assert_eq!((last.line, last.sku_id, last.paid_fen, last.came_for), (3, tiny, Fen(1000), Some(1)));
    assert_eq!(cast.wrong(3, swaps(order, 1, small, 0)).await, "swap.3");
    let (_, code) = cast.agreed(of_line(3, asks(order, AfterSalesKind::Return, 1, 1000))).await;
    let before = cast.on_hand(cast.world.store, tiny).await;
    after_sales::receive(&cast.manager, whole(&code, &cast, &[3])).await.unwrap();
    assert_eq!(cast.on_hand(cast.world.store, tiny).await, before + 1);
    assert_eq!((cast.back().await, cast.revenue(cast.world.store).await), (MEDIUM_FEN, 0));
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_did_not_come_to_be_exchanged_stays_what_it_was(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let small = cast.size("小杯", SMALL_FEN).await;
    let order = cast.handed_over(3).await;
    let (_, code) = cast.agreed(swaps(order, 3, small, 3 * (MEDIUM_FEN - SMALL_FEN))).await;
    assert_eq!(cast.lines(order).await.len(), 1, "nothing has been given yet");
    let pieces = Some(Came { restock: 1, scrap: 1, supplier: 0 });
    let lines = vec![ReceivedLine { line: 1, condition: None, pieces }];
    let came = ReceiveReturn { lines, ..brings(&code, cast.world.store, Condition::Restock) };
    after_sales::receive(&cast.manager, came).await.unwrap();
    let worth = |line: &ClaimableLine| (line.rest, line.quantity.get(), line.paid_fen.0);
    let lines = cast.lines(order).await;
    assert_eq!((worth(&lines[0]).0, worth(&lines[1])), (1, (2, 2, 2 * SMALL_FEN)));
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_came_in_exchange_is_asked_for_as_long_as_what_it_came_for(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let small = cast.size("小杯", SMALL_FEN).await;
    let order = cast.handed_over(1).await;
    cast.exchanged(1, swaps(order, 1, small, MEDIUM_FEN - SMALL_FEN)).await;
    let late = later(&cast.shopper, Duration::days(7));
    let give_back = of_line(2, asks(order, AfterSalesKind::Return, 1, SMALL_FEN));
    assert_eq!(field_of(after_sales::request(&late, give_back).await), "line.2");
    after_sales::request(&late, of_line(2, swaps(order, 1, small, 0))).await.unwrap();
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_was_paid_is_never_exceeded_by_a_compensation_and_what_came_in_exchange(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let small = cast.size("小杯", SMALL_FEN).await;
    let order = cast.handed_over(1).await;
    cast.exchanged(1, swaps(order, 1, small, MEDIUM_FEN - SMALL_FEN)).await;
    let id = AfterSalesId(Uuid::now_v7());
    let extra = RefundOrder { extra_fen: Fen(1000), ..RefundOrder::of_pieces(id, Vec::new(), "顾客多次反映") };
    after_sales::refund(&cast.hq, order, &extra).await.unwrap();
    let money = |fen| of_line(2, asks(order, AfterSalesKind::RefundOnly, 1, fen));
    let quote = after_sales::quote(&cast.shopper, order, &money(0).what).await.unwrap();
    assert_eq!((quote.refund_fen, quote.less_fen), (Fen(SMALL_FEN - 1000), Fen(1000)));
    let last = cast.request(money(SMALL_FEN - 1000)).await;
    after_sales::decide(&cast.manager, last, AGREE).await.unwrap();
    assert_eq!((cast.back().await, cast.revenue(cast.world.store).await), (MEDIUM_FEN, 0));
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn head_office_pays_what_came_in_exchange_back_with_all_that_is_left(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let small = cast.size("小杯", SMALL_FEN).await;
    let order = cast.handed_over(3).await;
    cast.exchanged(1, swaps(order, 1, small, MEDIUM_FEN - SMALL_FEN)).await;
    let refused = cast.request(of_line(2, asks(order, AfterSalesKind::RefundOnly, 1, SMALL_FEN))).await;
    after_sales::decide(&cast.manager, refused, refuse()).await.unwrap();
    let left = after_sales::refundable(&cast.hq, order).await.unwrap();
    let lines: Vec<_> = left.lines.iter().map(|line| (line.line, line.rest, line.left_fen.0)).collect();
    assert_eq!(lines, [(1, 2, 2 * MEDIUM_FEN), (2, 1, SMALL_FEN)]);
    assert!(left.lines[1].goods.contains("小杯") && left.lines[1].goods.contains("换货得到"), "{left:?}");
    let whole = RefundOrder::of_pieces(AfterSalesId(Uuid::now_v7()), Vec::new(), "顾客多次反映");
    after_sales::refund(&cast.hq, order, &whole).await.unwrap();
    assert_eq!(cast.state(refused).await, AfterSalesState::Withdrawn);
    assert_eq!((cast.back().await, cast.revenue(cast.world.store).await), (3 * MEDIUM_FEN, 0));
    cast.world.balanced().await;
}
