//! What stores propose, as a table of either face.

use axum::{
    Extension, Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use commerce::{Scope, approvals, exports::Exported};
use domain::{
    Fault, Fields,
    approvals::{ListProposals, ProposalCard},
};

use super::{
    at_head_office, file,
    tables::{DOCUMENTS_MOST, cut_at, goes_on, moment, moment_if_any, table},
};
use crate::site::Site;

/// The routes.
pub(super) fn routes() -> Router<Site> {
    Router::new().route("/hq/proposals/all/{kind}", get(of_all)).route("/console/proposals/all/{kind}", get(of_stores))
}

async fn of_all(Extension(scope): Extension<Scope>, Path(kind): Path<String>, Query(query): Query<Fields>) -> Response {
    let exported = at_head_office(&scope, proposals(&scope, &query)).await;
    file(&scope, "申请审批", kind, exported).await
}

async fn of_stores(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "申请审批", kind, proposals(&scope, &query).await).await
}

/// The proposals that a list shows with these filters, newest first.
async fn proposals(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header = ["门店", "商品", "种类", "原来", "改为", "状态", "提交人", "原因", "建立时间", "到期", "单号"];
    let mut ask = ListProposals { most: 100, ..ListProposals::from_fields(query) };
    let mut found = Vec::new();
    while goes_on(&mut found, approvals::list(scope, &ask).await?, &mut ask.after) {}
    let row = |card: ProposalCard| {
        let (before, after) = (card.from_words(), card.to_words());
        vec![
            card.store_name,
            card.subject,
            card.what.kind().label().to_owned(),
            before,
            after,
            card.state.label().to_owned(),
            card.proposed_by,
            card.reason,
            moment(card.created_at),
            moment_if_any(card.expires_at),
            card.number,
        ]
    };
    Ok(cut_at(DOCUMENTS_MOST, found.len(), table(&header, found, row)))
}
