//! What comes after the sale, as tables: requests, refunds that did not go through by themselves, and what became of the
//! orders of a batch.

use axum::{
    Extension, Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use commerce::{Scope, after_sales, exports::Exported, orders::batches, payments::stuck};
use domain::{
    Fault, Fields, OrderBatchId,
    after_sales::{AfterSalesCard, ListAfterSales},
    order_batches::BatchLine,
    refunds::{ListRefunds, StuckRefund},
};

use super::{
    at_head_office, file,
    purchasing::yuan,
    tables::{DOCUMENTS_MOST, cut_at, goes_on, moment, moment_if_any, table},
};
use crate::site::Site;

/// The routes.
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/hq/after-sales/all/{kind}", get(of_all))
        .route("/console/after-sales/all/{kind}", get(of_stores))
        .route("/hq/refunds/all/{kind}", get(all_refunds))
        .route("/hq/order-batches/{batch}/lines/{kind}", get(batch_lines))
}

async fn of_all(Extension(scope): Extension<Scope>, Path(kind): Path<String>, Query(query): Query<Fields>) -> Response {
    let exported = at_head_office(&scope, requests(&scope, &query)).await;
    file(&scope, "售后", kind, exported).await
}

async fn of_stores(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "售后", kind, requests(&scope, &query).await).await
}

async fn all_refunds(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "异常退款", kind, at_head_office(&scope, refunds(&scope, &query)).await).await
}

/// What became of a batch's orders, for whoever put it together.
async fn batch_lines(Extension(scope): Extension<Scope>, Path((batch, kind)): Path<(String, String)>) -> Response {
    let exported = match batch.parse() {
        Ok(id) => at_head_office(&scope, lines(&scope, id)).await,
        Err(_) => Err(Fault::NotFound("这批订单")),
    };
    file(&scope, "批量处理", kind, exported).await
}

/// The requests that a list shows with these filters, newest first; of a phone no more than the list has.
async fn requests(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header = [
        "订单号",
        "类型",
        "状态",
        "门店",
        "商品",
        "原因",
        "顾客说明",
        "退款(元)",
        "手机尾号",
        "申请时间",
        "到时自动处理",
    ];
    let mut ask = ListAfterSales { most: 100, ..ListAfterSales::from_fields(query) };
    let mut found = Vec::new();
    while goes_on(&mut found, after_sales::list(scope, &ask).await?, &mut ask.after) {}
    let row = |card: AfterSalesCard| {
        vec![
            card.order_number,
            card.kind.label().to_owned(),
            card.state.label().to_owned(),
            card.store_name,
            card.summary,
            card.reason.label().to_owned(),
            card.note,
            yuan(card.refund_fen),
            card.phone_tail,
            moment(card.requested_at),
            moment_if_any(card.due_at),
        ]
    };
    Ok(cut_at(DOCUMENTS_MOST, found.len(), table(&header, found, row)))
}

/// The refunds that the list shows with these filters.
async fn refunds(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header = [
        "订单号",
        "门店",
        "状态",
        "退款(元)",
        "退款原因",
        "退款单号",
        "已尝试",
        "网关答复",
        "答复时间",
        "提出时间",
        "登记人",
        "登记时间",
        "怎样退的",
        "凭证号",
        "重复退款",
    ];
    let mut ask = ListRefunds { most: 100, ..ListRefunds::from_fields(query) };
    let mut found = Vec::new();
    while goes_on(&mut found, stuck::list(scope, &ask).await?, &mut ask.after) {}
    let row = |refund: StuckRefund| {
        let mut cells = vec![
            refund.order_number,
            refund.store_name,
            refund.state.label().to_owned(),
            yuan(refund.amount_fen),
            refund.reason,
            refund.out_refund_no,
            refund.tries.to_string(),
            refund.last_answer,
            moment_if_any(refund.answered_at),
            moment(refund.wanted_at),
        ];
        match refund.settled {
            Some(one) => cells.extend([
                one.by,
                moment(one.at),
                one.reason,
                one.proof,
                if one.paid_twice { "是" } else { "否" }.to_owned(),
            ]),
            None => cells.extend(std::array::from_fn::<String, 5, _>(|_| String::new())),
        }
        cells
    };
    Ok(cut_at(DOCUMENTS_MOST, found.len(), table(&header, found, row)))
}

/// What became of each order of one's own batch, or would.
async fn lines(scope: &Scope, id: OrderBatchId) -> Result<Exported, Fault> {
    let header = ["订单号", "门店", "订单状态", "处理", "结果", "原因", "改派到"];
    let found = batches::show(scope, id).await?;
    let act = found.card.act.label();
    let row = |line: BatchLine| {
        vec![
            line.number,
            line.store_name,
            line.state.label().to_owned(),
            act.to_owned(),
            line.outcome.label().to_owned(),
            line.problem.unwrap_or_default(),
            line.to_store.unwrap_or_default(),
        ]
    };
    Ok(table(&header, found.lines, row))
}
