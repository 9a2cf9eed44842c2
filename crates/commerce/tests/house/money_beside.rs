//! Money that goes back beside pieces: what of an order's way, and a compensation (D4, D8).

use commerce::{after_sales, orders};
use domain::{
    AfterSalesId, Fen, OrderId,
    after_sales::{
        AfterSalesKind::RefundOnly, AfterSalesState, DecideAfterSales, QuoteAfterSales, RefundOrder, RefundedLine,
        RequestedLine,
    },
    fulfilment::{Deliver, Dispatch},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    after_sales::{AGREE, Cast, asks, cast, refuse},
    delivery::{brings, brought, lives, offered},
    world::{MEDIUM_FEN, code_of, field_of, teas},
};

/// What the way costs.
const WAY: i64 = 300;

/// So many pieces, so much of the way, so much beside.
fn pays(pieces: i64, freight: i64, extra: i64) -> RefundOrder {
    let lines = (pieces > 0).then(|| RefundedLine { line: 1, quantity: pieces.try_into().unwrap() });
    RefundOrder {
        freight_fen: Fen(freight),
        extra_fen: Fen(extra),
        ..RefundOrder::of_pieces(AfterSalesId(Uuid::now_v7()), lines.into_iter().collect(), "门店责任")
    }
}

impl Cast {
    /// An order for so many medium teas that was brought to its shopper.
    async fn brought(&self, pieces: i64) -> OrderId {
        let manager = brings(&self.world, offered()).await;
        let address = lives(&self.shopper, 5.0).await;
        self.world.put(&self.shopper, self.world.medium, pieces).await;
        let order = orders::place(&self.shopper, brought(&self.world, &self.shopper, address).await).await.unwrap().id;
        self.world.pay(order).await;
        orders::accept(&manager, order).await.unwrap();
        let ride = Dispatch { rider_name: "小李".into(), rider_phone: "13900139000".parse().unwrap() };
        orders::dispatch(&manager, order, &ride).await.unwrap();
        let told = Deliver { reason: "前台代收".into(), ..Deliver::default() };
        orders::deliver(&manager, order, &told).await.unwrap();
        order
    }

    pub async fn back(&self) -> i64 {
        self.world.count("select coalesce(sum(amount_fen), 0)::bigint from refunds").await
    }

    async fn quoted(&self, order: OrderId, pieces: i64) -> Result<(i64, i64), domain::Fault> {
        let line = RequestedLine { line: 1, quantity: pieces.try_into().unwrap(), exchange_for: None };
        let what = QuoteAfterSales { kind: RefundOnly, lines: vec![line] };
        let quote = after_sales::quote(&self.shopper, order, &what).await?;
        Ok((quote.refund_fen.0, quote.less_fen.0))
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn head_office_gives_the_way_back_once_and_pieces_and_way_come_to_what_was_paid(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.brought(2).await;
    assert_eq!(cast.revenue(cast.world.store).await, teas(2).0 + WAY);
    let left = after_sales::refundable(&cast.hq, order).await.unwrap();
    assert_eq!((left.left_fen, left.freight_left_fen, left.extra_left_fen), (teas(2), Fen(WAY), Fen(teas(2).0 + WAY)));
    for wrong in [WAY + 1, -1] {
        assert_eq!(field_of(after_sales::refund(&cast.hq, order, &pays(1, wrong, 0)).await), "freight_fen");
    }
    assert_eq!(cast.back().await, 0, "nothing was changed");
    let part = pays(0, 100, 0);
    for _ in 0..2 {
        after_sales::refund(&cast.hq, order, &part).await.unwrap();
    }
    let other = RefundOrder { freight_fen: Fen(50), ..part };
    assert_eq!(code_of(after_sales::refund(&cast.hq, order, &other).await), "key_reused");
    assert_eq!(cast.back().await, 100);
    assert_eq!(field_of(after_sales::refund(&cast.hq, order, &pays(0, WAY, 0)).await), "freight_fen");
    after_sales::refund(&cast.hq, order, &pays(2, 0, 0)).await.unwrap();
    let left = after_sales::refundable(&cast.hq, order).await.unwrap();
    assert_eq!((left.lines.len(), left.freight_left_fen), (0, Fen(WAY - 100)), "the page proposes the rest of the way");
    after_sales::refund(&cast.hq, order, &pays(0, WAY - 100, 0)).await.unwrap();
    assert_eq!((cast.back().await, cast.revenue(cast.world.store).await), (teas(2).0 + WAY, 0));
    let cards = after_sales::options(&cast.shopper, order).await.unwrap().requests;
    assert_eq!(cards[0].summary, "运费", "money beside pieces says what it is");
    assert!(!after_sales::refundable(&cast.hq, order).await.unwrap().is_open());
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_store_that_agrees_may_give_the_way_back_too_as_far_as_it_is_left(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.brought(2).await;
    let with = |fen| DecideAfterSales { freight_fen: Fen(fen), ..AGREE };
    let first = cast.request(asks(order, RefundOnly, 1, MEDIUM_FEN)).await;
    let seen = after_sales::show_for_staff(&cast.manager, first).await.unwrap();
    assert_eq!((seen.freight_left_fen, seen.freight_share_fen), (Fen(WAY), Fen(WAY / 2)), "one of two pieces");
    for wrong in [WAY + 1, -1] {
        assert_eq!(field_of(after_sales::decide(&cast.manager, first, with(wrong)).await), "freight_fen");
    }
    assert_eq!(cast.state(first).await, AfterSalesState::Requested);
    for _ in 0..2 {
        after_sales::decide(&cast.manager, first, with(200)).await.unwrap();
    }
    assert_eq!(cast.back().await, MEDIUM_FEN + 200);
    let card = after_sales::show(&cast.shopper, first).await.unwrap().card;
    assert_eq!((card.refund_fen, card.freight_fen), (Fen(MEDIUM_FEN + 200), Fen(200)));
    let second = cast.request(asks(order, RefundOnly, 1, MEDIUM_FEN)).await;
    assert_eq!(field_of(after_sales::decide(&cast.manager, second, with(101)).await), "freight_fen");
    after_sales::decide(&cast.manager, second, with(100)).await.unwrap();
    assert_eq!((cast.back().await, cast.revenue(cast.world.store).await), (teas(2).0 + WAY, 0));
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_compensation_leaves_the_pieces_and_lowers_what_is_asked_for_later(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(2).await;
    for wrong in [teas(2).0 + 1, -1] {
        assert_eq!(field_of(after_sales::refund(&cast.hq, order, &pays(0, 0, wrong)).await), "extra_fen");
    }
    assert_eq!(field_of(after_sales::refund(&cast.hq, order, &pays(0, 1, 0)).await), "freight_fen", "no way was paid");
    after_sales::refund(&cast.hq, order, &pays(0, 0, 1000)).await.unwrap();
    assert_eq!((cast.back().await, cast.revenue(cast.world.store).await), (1000, teas(2).0 - 1000));
    assert_eq!(cast.quoted(order, 1).await, Ok((MEDIUM_FEN, 0)), "the first piece fits");
    assert_eq!(cast.quoted(order, 2).await, Ok((teas(2).0 - 1000, 1000)), "and the page says why");
    let too_much = after_sales::request(&cast.shopper, asks(order, RefundOnly, 2, teas(2).0)).await;
    assert_eq!(code_of(too_much), "amount_changed");
    let id = cast.request(asks(order, RefundOnly, 2, teas(2).0 - 1000)).await;
    assert_eq!(field_of(after_sales::refund(&cast.hq, order, &pays(0, 0, 1)).await), "extra_fen", "all is asked for");
    after_sales::decide(&cast.manager, id, AGREE).await.unwrap();
    assert_eq!((cast.back().await, cast.revenue(cast.world.store).await), (teas(2).0, 0));
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn where_all_has_gone_back_beside_pieces_nothing_is_left_for_them(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(2).await;
    after_sales::refund(&cast.hq, order, &pays(0, 0, teas(2).0)).await.unwrap();
    assert_eq!(cast.quoted(order, 1).await.map_err(|fault| fault.code()), Err("nothing_left"));
    let asked = after_sales::request(&cast.shopper, asks(order, RefundOnly, 1, 0)).await;
    assert_eq!(code_of(asked), "nothing_left");
    assert_eq!(code_of(after_sales::refund(&cast.hq, order, &pays(1, 0, 0)).await), "nothing_left");
    assert_eq!(cast.back().await, teas(2).0);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_refusal_that_head_office_turns_gives_back_no_more_than_is_left_by_then(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(2).await;
    let id = cast.request(asks(order, RefundOnly, 2, teas(2).0)).await;
    after_sales::decide(&cast.manager, id, refuse()).await.unwrap();
    after_sales::refund(&cast.hq, order, &pays(0, 0, 500)).await.unwrap();
    after_sales::appeal(&cast.shopper, id, "请再看看").await.unwrap();
    after_sales::arbitrate(&cast.hq, id, AGREE).await.unwrap();
    assert_eq!((cast.back().await, cast.revenue(cast.world.store).await), (teas(2).0, 0));
    let seen = after_sales::show(&cast.shopper, id).await.unwrap();
    assert_eq!(seen.card.refund_fen, Fen(teas(2).0 - 500));
    assert!(seen.steps.iter().any(|step| step.note.contains("已有其他退款")), "the shopper is told");
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn two_compensations_at_once_never_bring_the_total_above_what_was_paid(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(1).await;
    let paying = (0..6).map(|_| {
        let hq = cast.hq.clone();
        tokio::spawn(async move { after_sales::refund(&hq, order, &pays(0, 0, 600)).await })
    });
    let mut done = 0;
    for one in paying.collect::<Vec<_>>() {
        done += i64::from(one.await.unwrap().is_ok());
    }
    assert_eq!((done, cast.back().await), (MEDIUM_FEN / 600, MEDIUM_FEN / 600 * 600));
    cast.world.balanced().await;
}
