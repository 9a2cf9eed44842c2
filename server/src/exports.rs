//! Head office's lists as files: CSV that Excel opens as what it is, and XLSX. What can be imported comes in the
//! columns that an import knows, and goes in again unchanged.

use axum::{
    Extension, Router,
    extract::{Path, Query},
    response::{IntoResponse, Response},
    routing::get,
};
use commerce::{
    Scope,
    exports::{self, Exported},
    orders,
};
use domain::{
    Fault, Fields,
    catalog::ListProducts,
    orders::{ListOrders, OrderCard},
    staff::Permission,
    stores::ListStores,
    text,
};

use crate::{site::Site, uploads::download};

/// The most orders of one file; more are asked for in parts.
const ORDERS_MOST: usize = 100_000;

/// The routes. A list's address with `csv` or `xlsx` after it is that list, with the same filters.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/hq/stores/all/{kind}", get(all_stores))
        .route("/hq/products/all/{kind}", get(all_products))
        .route("/hq/orders/all/{kind}", get(all_orders))
}

/// The table as a file of the kind that the address names, under the list's name and today's date.
async fn file(scope: &Scope, name: &str, kind: String, exported: Result<Exported, Fault>) -> Response {
    let ending = kind.clone();
    let made = match exported {
        // A long table takes seconds to write, which others must not wait for.
        Ok(exported) => tokio::task::spawn_blocking(move || write(&kind, &exported))
            .await
            .unwrap_or_else(|error| Err(Fault::Internal(error.to_string()))),
        Err(fault) => Err(fault),
    };
    match made {
        Ok((content, media)) => {
            let day = scope.now.with_timezone(&text::zone("")).format("%Y-%m-%d");
            download(&format!("{name}-{day}.{ending}"), media, content)
        }
        Err(Fault::Unauthenticated) => axum::response::Redirect::to("/console/login?to=/hq").into_response(),
        Err(fault) => {
            if let Some(hidden) = fault.hidden() {
                tracing::error!(request_id = %scope.request_id, hidden, "an export failed");
            }
            (rpc::status_of(&fault), fault.message()).into_response()
        }
    }
}

/// The file's bytes and its media type.
fn write(kind: &str, exported: &Exported) -> Result<(Vec<u8>, &'static str), Fault> {
    let rows = exported.rows.iter().map(|row| row.iter().map(String::as_str).collect());
    match kind {
        "csv" => Ok((intake::csv(&exported.header, rows), "text/csv; charset=utf-8")),
        "xlsx" => intake::xlsx(&exported.header, rows)
            .map(|content| (content, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))
            .map_err(|error| Fault::Internal(error.to_string())),
        _ => Err(Fault::NotFound("这种文件")),
    }
}

async fn all_stores(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "门店", kind, exports::stores(&scope, &ListStores::from_fields(&query)).await).await
}

async fn all_products(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "商品", kind, exports::products(&scope, &ListProducts::from_fields(&query)).await).await
}

async fn all_orders(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "订单", kind, orders_of(&scope, &query).await).await
}

/// The orders that head office's list shows with these filters, newest first.
async fn orders_of(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    scope.reach(Permission::UseHq)?;
    let ask = ListOrders::from_fields(query)?;
    let zone = text::zone("");
    let time = |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string();
    let row = |order: OrderCard| {
        vec![
            order.number,
            order.state.label().to_owned(),
            order.store_name,
            order.summary,
            order.pieces.to_string(),
            format!("{}.{:02}", order.total_fen.0 / 100, order.total_fen.0 % 100),
            order.channel.label().to_owned(),
            time(order.placed_at),
            time(order.slot.start),
            time(order.slot.end),
        ]
    };
    let rows = orders::whole_list(scope, ask, ORDERS_MOST).await?.into_iter().map(row).collect();
    let header = ["订单号", "状态", "门店", "商品", "件数", "金额(元)", "来源", "下单时间", "取货开始", "取货结束"];
    Ok(Exported { header: header.to_vec(), rows })
}
