//! Batches and their last day, at stores and warehouses within the caller's grants.

use axum::Json;
use commerce::stock::batches;
use domain::{
    LocationId, SkuId,
    batches::{BatchesLeft, RegisterBatch},
};

use super::problem::{Caller, Path, Problem, Sent};

/// What is left of a variant at a place, batch by batch; what ends first comes first.
#[utoipa::path(get, path = "/console/stock-places/{location_id}/skus/{sku_id}/batches", tag = "batches",
    security(("bearer" = [])), params(("location_id" = LocationId, Path), ("sku_id" = SkuId, Path)),
    responses((status = 200, body = BatchesLeft), (status = "default", body = Problem)))]
pub async fn list(
    caller: Caller,
    Path((location, sku)): Path<(LocationId, SkuId)>,
) -> Result<Json<BatchesLeft>, Problem> {
    caller.answer(batches::left(&caller.0, location, sku).await)
}

/// Says how many of the pieces that lie at a place are of a batch, whatever was said before.
#[utoipa::path(put, path = "/console/stock-places/{location_id}/skus/{sku_id}/batches", tag = "batches",
    security(("bearer" = [])), params(("location_id" = LocationId, Path), ("sku_id" = SkuId, Path)),
    request_body = RegisterBatch, responses((status = 200, body = BatchesLeft), (status = "default", body = Problem)))]
pub async fn register(
    caller: Caller,
    Path((location, sku)): Path<(LocationId, SkuId)>,
    Sent(command): Sent<RegisterBatch>,
) -> Result<Json<BatchesLeft>, Problem> {
    caller.answer(batches::register(&caller.0, location, sku, command).await)
}
