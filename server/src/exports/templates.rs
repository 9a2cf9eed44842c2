//! Tables to be filled in and sent back: the goods of a document, and where it says how many are expected, as many; and
//! the thresholds that are set.

use std::collections::HashMap;

use axum::{Extension, Router, extract::Path, response::Response, routing::get};
use commerce::{Scope, alerts, counts, exports::Exported, purchasing, transfers};
use domain::{
    CountId, Fault, LocationId, PurchaseId, TransferId,
    alerts::{AlertKind, AlertRule},
    counts::CountLine,
    import::{goods_cells, threshold_cell},
    purchasing::PurchaseLine,
    staff::{Permission, Reach},
    transfers::TransferLine,
};

use super::{file, tables::table};
use crate::site::Site;

/// The columns, as a list of goods is read. Its goods' names are for people.
const HEADER: [&str; 3] = ["SKU", "商品", "件数"];

/// Of goods that come in without an order.
const TAKEN_IN: [&str; 6] = ["SKU", "商品", "件数", "批次号", "到期日", "进价(元)"];
/// Of losses.
const LOST: [&str; 6] = ["SKU", "商品", "件数", "类型", "原因", "批次号"];
/// Of thresholds.
const THRESHOLDS: [&str; 8] =
    ["门店或仓库编号", "SKU", "分类编码", "商品", "库存不足(件)", "库存过多(件)", "滞销(天)", "临期(天)"];

/// The routes.
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/console/counts/{count}/template/{kind}", get(of_count))
        .route("/console/purchases/{purchase}/template/{kind}", get(of_purchase))
        .route("/console/transfers/{transfer}/template/{kind}", get(of_transfer))
        .route("/console/transfers/new/template/{kind}", get(of_request))
        .route("/hq/transfers/new/template/{kind}", get(of_new_transfer))
        .route("/console/receipts/template/{kind}", get(of_receipt))
        .route("/hq/warehouses/{warehouse}/stock/template/{kind}", get(of_warehouse))
        .route("/console/losses/many/template/{kind}", get(of_losses))
        .route("/console/alerts/many/template/{kind}", get(of_own_thresholds))
        .route("/hq/alerts/many/template/{kind}", get(of_thresholds))
}

/// What a count takes in, without a number: what the books say is not told here.
async fn of_count(Extension(scope): Extension<Scope>, Path((count, kind)): Path<(String, String)>) -> Response {
    let exported = async {
        let id: CountId = count.parse().map_err(|_| Fault::NotFound("这次盘点"))?;
        let row = |line: CountLine| vec![line.code, line.name, String::new()];
        Ok(table(&HEADER, counts::whole(&scope, id).await?.1, row))
    };
    file(&scope, "盘点模板", kind, exported.await).await
}

async fn of_purchase(Extension(scope): Extension<Scope>, Path((purchase, kind)): Path<(String, String)>) -> Response {
    let exported = async {
        let id: PurchaseId = purchase.parse().map_err(|_| Fault::NotFound("这张采购单"))?;
        let lines = purchasing::show(&scope, id).await?.lines;
        let expected = lines.into_iter().filter(|line| line.outstanding() > 0).collect();
        let row = |line: PurchaseLine| {
            let pieces = line.outstanding().to_string();
            vec![line.code, line.name, pieces, String::new(), String::new()]
        };
        Ok(table(&["SKU", "商品", "件数", "批次号", "到期日"], expected, row))
    };
    file(&scope, "采购收货模板", kind, exported.await).await
}

async fn of_transfer(Extension(scope): Extension<Scope>, Path((transfer, kind)): Path<(String, String)>) -> Response {
    let exported = async {
        let id: TransferId = transfer.parse().map_err(|_| Fault::NotFound("这张调拨单"))?;
        let row = |line: TransferLine| {
            let pieces = line.pieces().to_string();
            vec![line.code, line.name, pieces]
        };
        Ok(table(&HEADER, transfers::show(&scope, id).await?.lines, row))
    };
    file(&scope, "调拨收货模板", kind, exported.await).await
}

async fn of_request(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    let exported = scope.reach(Permission::MoveStock).map(|_| no_goods(&HEADER));
    file(&scope, "要货模板", kind, exported).await
}

async fn of_new_transfer(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    let exported = scope.staff_everywhere(Permission::ManageSupply).map(|_| no_goods(&HEADER));
    file(&scope, "调拨模板", kind, exported).await
}

/// A store's form asks for no price.
async fn of_receipt(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    let exported = scope.reach(Permission::ReceiveGoods).map(|_| no_goods(&TAKEN_IN[..5]));
    file(&scope, "收货模板", kind, exported).await
}

/// A warehouse's form asks those who see what goods cost there.
async fn of_warehouse(Extension(scope): Extension<Scope>, Path((warehouse, kind)): Path<(String, String)>) -> Response {
    let exported = scope.staff_everywhere(Permission::ManageSupply).map(drop).and_then(|()| {
        let _: LocationId = warehouse.parse().map_err(|_| Fault::NotFound("这个仓库"))?;
        let costs = scope.reach(Permission::SeeCosts) == Ok(Reach::All);
        Ok(no_goods(if costs { &TAKEN_IN } else { &TAKEN_IN[..5] }))
    });
    file(&scope, "仓库收货模板", kind, exported).await
}

async fn of_losses(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    let exported = scope.reach(Permission::CountStock).map(|_| no_goods(&LOST));
    file(&scope, "报损模板", kind, exported).await
}

/// What is set at the places where whoever asks sets thresholds: changed here or there it comes back.
async fn of_own_thresholds(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    let exported = async {
        scope.reach(Permission::ProposeChanges).or_else(|_| scope.reach(Permission::DecideProposals))?;
        let (set, looked_through) = alerts::as_table(&scope).await?;
        let own = set.into_iter().filter(|(_, rule)| rule.location_id.is_some()).collect();
        Ok(told_where_cut(looked_through, threshold_table(own)))
    };
    file(&scope, "门店提醒设置", kind, exported.await).await
}

/// What is set for all places, and at each.
async fn of_thresholds(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    let exported = async {
        scope.staff_everywhere(Permission::DecideProposals)?;
        let (set, looked_through) = alerts::as_table(&scope).await?;
        Ok(told_where_cut(looked_through, threshold_table(set)))
    };
    file(&scope, "提醒设置", kind, exported.await).await
}

/// A row for the goods of a place, with each of their thresholds in its column.
fn threshold_table(set: Vec<(String, AlertRule)>) -> Exported {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut at = HashMap::new();
    for (place, rule) in set {
        let [sku, category] = goods_cells(&rule.goods);
        let row = *at.entry((rule.location_id, rule.goods)).or_insert_with(|| {
            let mut row = vec![place, sku, category, rule.goods_name];
            row.resize(THRESHOLDS.len(), String::new());
            rows.push(row);
            rows.len() - 1
        });
        let column = match rule.kind {
            AlertKind::Low => 4,
            AlertKind::High => 5,
            AlertKind::Slow => 6,
            AlertKind::Expiring => 7,
        };
        rows[row][column] = threshold_cell(rule.threshold);
    }
    Exported { header: THRESHOLDS.to_vec(), rows }
}

/// The table with a last line that says so where it is likely not whole. That line sets nothing when it comes back.
fn told_where_cut(looked_through: usize, mut table: Exported) -> Exported {
    if looked_through >= alerts::TABLE_MOST {
        let mut end = vec![String::new(); table.header.len()];
        end[0] = "提醒设置很多，这里没有列全；没有列出的不受影响，要改可以自己加一行".to_owned();
        table.rows.push(end);
    }
    table
}

/// The columns alone: whoever fills it in says of which goods.
fn no_goods(header: &[&'static str]) -> Exported {
    Exported { header: header.to_vec(), rows: Vec::new() }
}
