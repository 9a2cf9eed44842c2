//! Goods held before they are ordered, for sales that are over in seconds.

use axum::{Json, http::StatusCode};
use commerce::holds;
use domain::{
    HoldId,
    holds::{HoldView, TakeHold},
};

use super::problem::{Caller, Path, Problem, Sent};

/// Holds goods for some minutes. An order of the same goods at the same store takes its pieces out of the hold
/// and ends it. `id` is the idempotency key.
#[utoipa::path(post, path = "/holds", tag = "holds", security(("bearer" = [])), request_body = TakeHold,
    responses((status = 200, body = HoldView), (status = "default", body = Problem)))]
pub async fn take(caller: Caller, Sent(wish): Sent<TakeHold>) -> Result<Json<HoldView>, Problem> {
    caller.answer(holds::take(&caller.0, wish).await)
}

/// What the caller holds now, oldest first.
#[utoipa::path(get, path = "/holds", tag = "holds", security(("bearer" = [])),
    responses((status = 200, body = Vec<HoldView>), (status = "default", body = Problem)))]
pub async fn mine(caller: Caller) -> Result<Json<Vec<HoldView>>, Problem> {
    caller.answer(holds::mine(&caller.0).await)
}

/// Gives a hold back before its time; a repeat changes nothing.
#[utoipa::path(delete, path = "/holds/{hold_id}", tag = "holds", security(("bearer" = [])),
    params(("hold_id" = HoldId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn release(caller: Caller, Path(id): Path<HoldId>) -> Result<StatusCode, Problem> {
    caller.done(holds::release(&caller.0, id).await)
}
