//! Tables to be filled in and sent back: the goods of a document, and where it says how many are expected, as many.

use axum::{Extension, Router, extract::Path, response::Response, routing::get};
use commerce::{Scope, counts, exports::Exported, purchasing, transfers};
use domain::{
    CountId, Fault, PurchaseId, TransferId, counts::CountLine, purchasing::PurchaseLine, staff::Permission,
    transfers::TransferLine,
};

use super::{file, tables::table};
use crate::site::Site;

/// The columns, as a list of goods is read. Its goods' names are for people.
const HEADER: [&str; 3] = ["SKU", "商品", "件数"];

/// The routes.
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/console/counts/{count}/template/{kind}", get(of_count))
        .route("/console/purchases/{purchase}/template/{kind}", get(of_purchase))
        .route("/console/transfers/{transfer}/template/{kind}", get(of_transfer))
        .route("/console/transfers/new/template/{kind}", get(of_request))
        .route("/hq/transfers/new/template/{kind}", get(of_new_transfer))
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
    let exported = scope.reach(Permission::MoveStock).map(|_| no_goods());
    file(&scope, "要货模板", kind, exported).await
}

async fn of_new_transfer(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    let exported = scope.staff_everywhere(Permission::ManageSupply).map(|_| no_goods());
    file(&scope, "调拨模板", kind, exported).await
}

/// The columns alone: whoever fills it in says of which goods.
fn no_goods() -> Exported {
    Exported { header: HEADER.to_vec(), rows: Vec::new() }
}
