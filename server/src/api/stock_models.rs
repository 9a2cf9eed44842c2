//! How variants' pieces are shared between the shop and the counter, at stores within the caller's grants.

use axum::{Json, http::StatusCode};
use commerce::stock::models;
use domain::{
    SkuId, StoreId,
    stock_models::{SetStockModel, ShareOut, SharedStock, StockModelRule},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::problem::{Caller, Path, Problem, Query, Sent};

/// Whose.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ModelsAsked {
    /// Of this store, with those of all.
    store_id: Option<StoreId>,
}

/// What was said for all stores, and by stores within reach.
#[utoipa::path(get, path = "/console/stock-models", tag = "stock_models", security(("bearer" = [])), params(ModelsAsked),
    responses((status = 200, body = Vec<StockModelRule>), (status = "default", body = Problem)))]
pub async fn list(caller: Caller, Query(asked): Query<ModelsAsked>) -> Result<Json<Vec<StockModelRule>>, Problem> {
    caller.answer(models::rules(&caller.0, asked.store_id).await)
}

/// What was said.
#[derive(Serialize, ToSchema)]
#[schema(as = StockModelSet)]
pub struct ModelSet {
    /// Its identity.
    id: Uuid,
}

/// Says how a variant's pieces are shared, everywhere or at one store.
#[utoipa::path(put, path = "/console/stock-models", tag = "stock_models", security(("bearer" = [])), request_body = SetStockModel,
    responses((status = 200, body = ModelSet), (status = "default", body = Problem)))]
pub async fn set(caller: Caller, Sent(command): Sent<SetStockModel>) -> Result<Json<ModelSet>, Problem> {
    let set = models::set(&caller.0, command).await;
    caller.answer(set.map(|id| ModelSet { id }))
}

/// Takes back what was said: what is said of all stores applies again, or one pool.
#[utoipa::path(delete, path = "/console/stock-models/{model_id}", tag = "stock_models", security(("bearer" = [])),
    params(("model_id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    caller.done(models::remove(&caller.0, id).await)
}

/// How a variant's pieces are shared at a store now.
#[utoipa::path(get, path = "/console/stores/{store_id}/stock/{sku_id}/shares", tag = "stock_models", security(("bearer" = [])),
    params(("store_id" = StoreId, Path), ("sku_id" = SkuId, Path)),
    responses((status = 200, body = SharedStock), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path((store, sku)): Path<(StoreId, SkuId)>) -> Result<Json<SharedStock>, Problem> {
    caller.answer(models::show(&caller.0, store, sku).await)
}

/// Gives the shop so many pieces of a variant of which the counter has its own.
#[utoipa::path(put, path = "/console/stores/{store_id}/stock/{sku_id}/shares", tag = "stock_models", security(("bearer" = [])),
    params(("store_id" = StoreId, Path), ("sku_id" = SkuId, Path)), request_body = ShareOut,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn share_out(
    caller: Caller,
    Path((store, sku)): Path<(StoreId, SkuId)>,
    Sent(command): Sent<ShareOut>,
) -> Result<StatusCode, Problem> {
    caller.done(models::share_out(&caller.0, store, sku, command).await)
}
