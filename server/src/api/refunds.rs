//! Refunds that the gateway refused or that hang, and what head office does about them.

use axum::{Json, http::StatusCode};
use commerce::payments::stuck;
use domain::{
    RefundId, StoreId,
    page::Page,
    refunds::{ListRefunds, SettleRefund, StuckRefund},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    paging::Limit,
    problem::{Caller, Path, Problem, Query, Sent},
};

/// Which refunds of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RefundsAsked {
    /// Those that were settled by other means, instead of those that are open.
    #[serde(default)]
    settled: bool,
    /// Only of this store.
    store_id: Option<StoreId>,
    /// 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit<100>>,
    /// The `next` of the page before.
    after: Option<RefundId>,
}

/// Refunds that did not go through by themselves: those that are open, the oldest first, or those that were settled.
#[utoipa::path(get, path = "/hq/refunds", tag = "refunds", security(("bearer" = [])), params(RefundsAsked),
    responses((status = 200, body = Page<StuckRefund>), (status = "default", body = Problem)))]
pub async fn list(caller: Caller, Query(asked): Query<RefundsAsked>) -> Result<Json<Page<StuckRefund>>, Problem> {
    let RefundsAsked { settled, store_id, limit, after } = asked;
    let ask = ListRefunds { settled, store: store_id, most: limit.map_or(50, Limit::get), after };
    caller.answer(stuck::list(&caller.0, &ask).await)
}

/// Has the gateway asked once more, now and under the same number. Twice is once.
#[utoipa::path(post, path = "/hq/refunds/{refund_id}/retry", tag = "refunds", security(("bearer" = [])),
    params(("refund_id" = RefundId, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn retry(caller: Caller, Path(id): Path<RefundId>) -> Result<StatusCode, Problem> {
    caller.done(stuck::retry(&caller.0, id).await)
}

/// Closes a refund that the gateway will not pay out and somebody has paid in another way. The same again is the same.
#[utoipa::path(post, path = "/hq/refunds/{refund_id}/settlement", tag = "refunds", security(("bearer" = [])),
    params(("refund_id" = RefundId, Path)), request_body = SettleRefund,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn settle(
    caller: Caller,
    Path(id): Path<RefundId>,
    Sent(command): Sent<SettleRefund>,
) -> Result<StatusCode, Problem> {
    caller.done(stuck::settle(&caller.0, id, &command).await)
}
