//! What a store or head office turned down, and head office pays back all the same (D8).

use std::time::Duration;

use commerce::after_sales;
use domain::{
    AfterSalesId, Fen, OrderId,
    after_sales::{
        AfterSalesAct, AfterSalesKind::RefundOnly, AfterSalesState, DecideAfterSales, RefundOrder, RefundedLine,
    },
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    after_sales::{Cast, asks, cast, refuse},
    world::{MEDIUM_FEN, code_of, field_of, teas},
};

fn pays_back(pieces: i64) -> RefundOrder {
    let line = |pieces: i64| RefundedLine { line: 1, quantity: pieces.try_into().unwrap() };
    let lines = if pieces == 0 { Vec::new() } else { vec![line(pieces)] };
    RefundOrder::of_pieces(AfterSalesId(Uuid::now_v7()), lines, "顾客多次反映")
}

impl Cast {
    /// A request for so many pieces that the store turned down.
    async fn refused(&self, order: OrderId, pieces: i64) -> AfterSalesId {
        let id = self.request(asks(order, RefundOnly, pieces, pieces * MEDIUM_FEN)).await;
        after_sales::decide(&self.manager, id, refuse()).await.unwrap();
        id
    }

    /// What somebody else of head office does not agree to either.
    async fn dismissed(&self, order: OrderId, pieces: i64) -> AfterSalesId {
        let id = self.refused(order, pieces).await;
        after_sales::appeal(&self.shopper, id, "请再看看").await.unwrap();
        let no = DecideAfterSales { agree: false, note: "维持".into(), freight_fen: Fen::ZERO };
        after_sales::arbitrate(&self.hq, id, no).await.unwrap();
        id
    }

    async fn last_act(&self, id: AfterSalesId) -> (AfterSalesAct, String) {
        let step = after_sales::show(&self.shopper, id).await.unwrap().steps.pop().unwrap();
        (step.act, step.note)
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_was_turned_down_bars_no_refund_of_head_office(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(3).await;
    let (refused, dismissed) = (cast.refused(order, 1).await, cast.dismissed(order, 2).await);
    assert_eq!(after_sales::refundable(&cast.hq, order).await.unwrap().left_fen, teas(3));
    assert_eq!(field_of(after_sales::refund(&cast.hq, order, &pays_back(4)).await), "line.1");
    assert_eq!(cast.state(refused).await, AfterSalesState::Refused, "nothing was changed");
    let whole = pays_back(0);
    after_sales::refund(&cast.hq, order, &whole).await.unwrap();
    after_sales::refund(&cast.hq, order, &whole).await.unwrap();
    assert_eq!(cast.world.count("select sum(amount_fen)::bigint from refunds").await, teas(3).0, "each piece once");
    for request in [refused, dismissed] {
        assert_eq!(cast.state(request).await, AfterSalesState::Withdrawn);
        assert_eq!(cast.last_act(request).await, (AfterSalesAct::Supersede, "顾客多次反映".into()));
    }
    let again = after_sales::appeal(&cast.shopper, refused, "请再看看").await;
    assert_eq!(code_of(again), "not_now", "the decision has been made");
    assert_eq!(code_of(after_sales::refund(&cast.hq, order, &pays_back(0)).await), "nothing_left");
    assert_eq!(cast.world.count("select count(*) from audit where act = 'supersede_after_sales'").await, 2);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_refusal_is_over_only_where_the_refund_needs_its_pieces(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(3).await;
    let (first, open) = (cast.refused(order, 1).await, cast.refused(order, 1).await);
    after_sales::appeal(&cast.shopper, open, "请再看看").await.unwrap();
    after_sales::refund(&cast.hq, order, &pays_back(1)).await.unwrap();
    assert_eq!(cast.state(first).await, AfterSalesState::Refused, "one piece was nobody's");
    assert_eq!(after_sales::refundable(&cast.hq, order).await.unwrap().left_fen, teas(1), "an appeal is under way");
    after_sales::refund(&cast.hq, order, &pays_back(1)).await.unwrap();
    assert_eq!(cast.state(first).await, AfterSalesState::Withdrawn);
    assert_eq!(cast.state(open).await, AfterSalesState::Appealed);
    assert_eq!(code_of(after_sales::refund(&cast.hq, order, &pays_back(0)).await), "nothing_left");
    after_sales::arbitrate(&cast.hq, open, crate::after_sales::AGREE).await.unwrap();
    assert_eq!(cast.world.count("select sum(amount_fen)::bigint from refunds").await, teas(3).0);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn head_office_waits_for_a_merge_of_its_shopper_and_not_the_other_way_round(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(1).await;
    // As a merge does: the member first, then what is theirs.
    let mut merge = cast.world.owner.begin().await.unwrap();
    sqlx::query("select id from members where id = (select member_id from orders where id = $1) for update")
        .bind(order.0)
        .execute(&mut *merge)
        .await
        .unwrap();
    let (hq, command) = (cast.hq.clone(), pays_back(0));
    let mut paying = tokio::spawn(async move { after_sales::refund(&hq, order, &command).await });
    assert!(timeout(Duration::from_millis(700), &mut paying).await.is_err(), "it waits");
    sqlx::query("select id from orders where id = $1 for update nowait")
        .bind(order.0)
        .execute(&mut *merge)
        .await
        .expect("nobody has the order");
    merge.commit().await.unwrap();
    paying.await.unwrap().unwrap();
    cast.world.balanced().await;
}
