//! The console's lists as files. They are head office's files without its door: each has what the page beside it shows,
//! at the places of whoever asks, and costs for those alone who see them there.

use axum::{
    Extension, Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use commerce::{Scope, counter_sales, exports::Exported};
use domain::{
    Fault, Fen, Fields, StoreId,
    counter_sales::{CounterSale, CounterSaleLine, ListCounterSales},
};

use super::{
    file,
    purchasing::{self, yuan},
    supply,
    tables::{self, DOCUMENTS_MOST, cut_at, goes_on, moment, table},
};
use crate::site::Site;

/// The routes.
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/console/orders/all/{kind}", get(orders))
        .route("/console/stock/all/{kind}", get(stock))
        .route("/console/movements/all/{kind}", get(movements))
        .route("/console/batches/all/{kind}", get(batches))
        .route("/console/counts/all/{kind}", get(counts))
        .route("/console/losses/all/{kind}", get(losses))
        .route("/console/transfers/all/{kind}", get(transfers))
        .route("/console/purchases/all/{kind}", get(purchases))
        .route("/console/till/sales/all/{kind}", get(till_sales))
}

async fn orders(Extension(scope): Extension<Scope>, Path(kind): Path<String>, Query(query): Query<Fields>) -> Response {
    file(&scope, "订单", kind, tables::orders(&scope, &query).await).await
}

async fn stock(Extension(scope): Extension<Scope>, Path(kind): Path<String>, Query(query): Query<Fields>) -> Response {
    file(&scope, "库存", kind, supply::stock(&scope, &query).await).await
}

async fn movements(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "出入库流水", kind, supply::movements(&scope, &query).await).await
}

async fn batches(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "批次与效期", kind, supply::batches(&scope, &query).await).await
}

async fn counts(Extension(scope): Extension<Scope>, Path(kind): Path<String>, Query(query): Query<Fields>) -> Response {
    file(&scope, "盘点记录", kind, tables::counts(&scope, &query).await).await
}

async fn losses(Extension(scope): Extension<Scope>, Path(kind): Path<String>, Query(query): Query<Fields>) -> Response {
    file(&scope, "报损", kind, tables::losses(&scope, &query).await).await
}

async fn transfers(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "调拨单", kind, tables::transfers(&scope, &query).await).await
}

async fn purchases(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "采购单", kind, purchasing::purchases(&scope, &query).await).await
}

async fn till_sales(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "柜台销售", kind, sales(&scope, &query).await).await
}

/// What the counter of a store sold on these days, the one booked last first, one row for each of its goods.
async fn sales(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header = [
        "单号",
        "门店",
        "SKU",
        "商品",
        "件数",
        "退回",
        "单价(元)",
        "小计(元)",
        "售出时间",
        "录入时间",
        "经手人",
        "照实记账",
    ];
    let own = counter_sales::stores(scope).await?;
    let first = own.first().map(|(id, _)| *id).ok_or(Fault::Forbidden)?;
    let store: StoreId = query.text("store").parse().unwrap_or(first);
    let mut ask = ListCounterSales { most: 100, ..ListCounterSales::from_fields(query)? };
    let mut found = Vec::new();
    while goes_on(&mut found, counter_sales::list(scope, store, &ask).await?, &mut ask.after) {}
    let many = found.len();
    let of_sale = |mut sale: CounterSale| {
        let own = std::mem::take(&mut sale.lines);
        own.into_iter().map(move |line| (sale.clone(), line))
    };
    let row = |(sale, line): (CounterSale, CounterSaleLine)| {
        let left = line.left();
        vec![
            sale.number,
            sale.store_name,
            line.code,
            line.name,
            line.pieces.to_string(),
            line.taken_back.to_string(),
            yuan(line.price_fen),
            yuan(Fen(line.price_fen.0.saturating_mul(left))),
            moment(sale.occurred_at),
            moment(sale.booked_at),
            sale.by,
            if sale.handed_over { "是" } else { "否" }.to_owned(),
        ]
    };
    let lines = found.into_iter().flat_map(of_sale).collect();
    Ok(cut_at(DOCUMENTS_MOST, many, table(&header, lines, row)))
}
