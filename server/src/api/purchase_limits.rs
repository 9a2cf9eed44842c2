//! How many pieces of a variant one member may buy, at all stores.

use axum::{Json, http::StatusCode};
use commerce::stock::purchase_limits;
use domain::{
    SkuId,
    purchase_limits::{PurchaseLimitRule, SetPurchaseLimit},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Caller, Path, Problem, Sent};

/// All limits.
#[utoipa::path(get, path = "/console/purchase-limits", tag = "purchase_limits", security(("bearer" = [])),
    responses((status = 200, body = Vec<PurchaseLimitRule>), (status = "default", body = Problem)))]
pub async fn list(caller: Caller) -> Result<Json<Vec<PurchaseLimitRule>>, Problem> {
    caller.answer(purchase_limits::rules(&caller.0).await)
}

/// What was limited.
#[derive(Serialize, ToSchema)]
#[schema(as = PurchaseLimitSet)]
pub struct LimitSet {
    /// Which variant.
    sku_id: SkuId,
}

/// Limits what one member may buy of a variant, at all stores.
#[utoipa::path(put, path = "/console/purchase-limits", tag = "purchase_limits", security(("bearer" = [])), request_body = SetPurchaseLimit,
    responses((status = 200, body = LimitSet), (status = "default", body = Problem)))]
pub async fn set(caller: Caller, Sent(command): Sent<SetPurchaseLimit>) -> Result<Json<LimitSet>, Problem> {
    let set = purchase_limits::set(&caller.0, command).await;
    caller.answer(set.map(|sku_id| LimitSet { sku_id }))
}

/// Takes a limit back.
#[utoipa::path(delete, path = "/console/purchase-limits/{sku_id}", tag = "purchase_limits", security(("bearer" = [])),
    params(("sku_id" = SkuId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove(caller: Caller, Path(sku): Path<SkuId>) -> Result<StatusCode, Problem> {
    caller.done(purchase_limits::remove(&caller.0, sku).await)
}
