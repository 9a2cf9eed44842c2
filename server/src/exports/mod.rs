//! The lists of head office's pages and of the console's as files: CSV that Excel opens as what it is, and XLSX. What
//! can be imported comes in the columns that an import knows, and goes in again unchanged.

mod after_sales;
mod console;
mod proposals;
mod purchasing;
mod stock;
mod supply;
mod tables;
mod templates;

use axum::{
    Extension, Router,
    extract::{Path, Query},
    response::{IntoResponse, Response},
    routing::get,
};
use commerce::{
    Scope,
    exports::{self, Exported},
};
use domain::{Fault, Fields, catalog::ListProducts, staff::Permission, stores::ListStores, text};

use crate::{site::Site, uploads::download};

/// The routes. A list's address with `csv` or `xlsx` after it is that list, with the same filters.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/hq/stores/all/{kind}", get(all_stores))
        .route("/hq/products/all/{kind}", get(all_products))
        .route("/hq/orders/all/{kind}", get(all_orders))
        .route("/hq/transfers/all/{kind}", get(all_transfers))
        .route("/hq/purchases/all/{kind}", get(all_purchases))
        .route("/hq/suppliers/all/{kind}", get(all_suppliers))
        .route("/hq/suppliers/{supplier}/prices/{kind}", get(supplier_prices))
        .route("/hq/supply-prices/all/{kind}", get(all_supply_prices))
        .route("/hq/invoices/all/{kind}", get(all_invoices))
        .route("/hq/costs/all/{kind}", get(all_costs))
        .route("/hq/payables/all/{kind}", get(all_payables))
        .route("/hq/margins/all/{kind}", get(all_margins))
        .route("/hq/stock/all/{kind}", get(all_stock))
        .route("/hq/movements/all/{kind}", get(all_movements))
        .route("/hq/batches/all/{kind}", get(all_batches))
        .route("/hq/imports/all/{kind}", get(all_imports))
        .route("/hq/keys/all/{kind}", get(all_keys))
        .route("/hq/webhooks/all/{kind}", get(all_webhooks))
        .route("/hq/staff/all/{kind}", get(all_staff))
        .route("/hq/roles/all/{kind}", get(all_roles))
        .route("/hq/groups/all/{kind}", get(all_groups))
        .route("/hq/merchants/all/{kind}", get(all_merchants))
        .route("/hq/departments/all/{kind}", get(all_departments))
        .route("/hq/audit/all/{kind}", get(whole_log))
        .route("/console/counts/{count}/lines/{kind}", get(count_lines))
        .route("/hq/counts/all/{kind}", get(all_counts))
        .route("/hq/losses/all/{kind}", get(all_losses))
        .route("/me/export.json", get(about_me))
        .merge(after_sales::routes())
        .merge(console::routes())
        .merge(proposals::routes())
        .merge(stock::routes())
        .merge(templates::routes())
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
        // From there everybody goes on to the face that is theirs.
        Err(Fault::Unauthenticated) => axum::response::Redirect::to("/console/login").into_response(),
        Err(fault) => {
            if let Some(hidden) = fault.hidden() {
                tracing::error!(request_id = %scope.request_id, hidden, "an export failed");
            }
            (rpc::status_of(&fault), fault.message()).into_response()
        }
    }
}

/// A table of a page of head office's, for those who come there.
async fn at_head_office(
    scope: &Scope,
    table: impl Future<Output = Result<Exported, Fault>>,
) -> Result<Exported, Fault> {
    scope.reach(Permission::UseHq)?;
    table.await
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
    let exported = at_head_office(&scope, tables::orders(&scope, &query)).await;
    file(&scope, "订单", kind, exported).await
}

async fn all_transfers(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    let exported = at_head_office(&scope, tables::transfers(&scope, &query)).await;
    file(&scope, "调拨单", kind, exported).await
}

async fn all_purchases(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    let exported = at_head_office(&scope, purchasing::purchases(&scope, &query)).await;
    file(&scope, "采购单", kind, exported).await
}

async fn all_suppliers(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "供应商", kind, purchasing::suppliers(&scope, &query).await).await
}

/// What a supplier asks, as it can be sent in again.
async fn supplier_prices(
    Extension(scope): Extension<Scope>,
    Path((supplier, kind)): Path<(String, String)>,
) -> Response {
    let exported = match supplier.parse() {
        Ok(id) => purchasing::prices(&scope, id).await,
        Err(_) => Err(Fault::NotFound("这个供应商")),
    };
    file(&scope, "采购价", kind, exported).await
}

/// What stores pay, as it can be imported again.
async fn all_supply_prices(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "供货价", kind, supply::prices(&scope, &query).await).await
}

async fn all_invoices(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "供应商发票", kind, purchasing::invoices(&scope, &query).await).await
}

async fn all_costs(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "库存成本", kind, purchasing::costs(&scope, &query).await).await
}

/// What is owed to suppliers, by how long it has been due.
async fn all_payables(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    file(&scope, "应付账款", kind, purchasing::payables(&scope).await).await
}

async fn all_margins(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "成本与毛利", kind, purchasing::margins(&scope, &query).await).await
}

async fn all_stock(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    let exported = at_head_office(&scope, supply::stock(&scope, &query)).await;
    file(&scope, "库存", kind, exported).await
}

async fn all_movements(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    let exported = at_head_office(&scope, supply::movements(&scope, &query)).await;
    file(&scope, "出入库流水", kind, exported).await
}

async fn all_batches(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    let exported = at_head_office(&scope, supply::batches(&scope, &query)).await;
    file(&scope, "批次与效期", kind, exported).await
}

async fn all_imports(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    file(&scope, "批量导入", kind, tables::imports(&scope).await).await
}

async fn all_keys(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    file(&scope, "接口密钥", kind, tables::keys(&scope).await).await
}

async fn all_webhooks(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    file(&scope, "消息推送", kind, tables::webhooks(&scope).await).await
}

async fn all_staff(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "员工", kind, tables::staff(&scope, &query).await).await
}

async fn all_roles(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    file(&scope, "角色", kind, tables::roles(&scope).await).await
}

async fn all_groups(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    file(&scope, "门店组", kind, tables::groups(&scope).await).await
}

async fn all_merchants(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    file(&scope, "商户", kind, tables::merchants(&scope).await).await
}

async fn all_departments(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    file(&scope, "部门", kind, tables::departments(&scope).await).await
}

/// What a count found, for those who see the count.
async fn count_lines(Extension(scope): Extension<Scope>, Path((count, kind)): Path<(String, String)>) -> Response {
    let exported = match count.parse() {
        Ok(id) => tables::count(&scope, id).await,
        Err(_) => Err(Fault::NotFound("这次盘点")),
    };
    file(&scope, "盘点", kind, exported).await
}

async fn all_counts(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    let exported = at_head_office(&scope, tables::counts(&scope, &query)).await;
    file(&scope, "盘点记录", kind, exported).await
}

async fn all_losses(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    let exported = at_head_office(&scope, tables::losses(&scope, &query)).await;
    file(&scope, "报损", kind, exported).await
}

async fn whole_log(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "操作日志", kind, tables::audit(&scope, &query).await).await
}

/// Everything that is known about the member who asks.
async fn about_me(Extension(scope): Extension<Scope>) -> Response {
    let made = match commerce::members::export(&scope).await {
        Ok(file) => serde_json::to_vec_pretty(&file).map_err(|error| Fault::Internal(error.to_string())),
        Err(fault) => Err(fault),
    };
    match made {
        Ok(content) => {
            let day = scope.now.with_timezone(&text::zone("")).format("%Y-%m-%d");
            download(&format!("个人信息-{day}.json"), "application/json", content)
        }
        Err(Fault::Unauthenticated) => axum::response::Redirect::to("/login?to=/me/data").into_response(),
        Err(fault) => {
            if let Some(hidden) = fault.hidden() {
                tracing::error!(request_id = %scope.request_id, hidden, "an export failed");
            }
            (rpc::status_of(&fault), fault.message()).into_response()
        }
    }
}
