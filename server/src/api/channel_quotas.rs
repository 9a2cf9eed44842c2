//! How many pieces of a variant one channel sells at a store, at stores within the caller's grants.

use axum::{Json, http::StatusCode};
use commerce::stock::quotas;
use domain::{
    StoreId,
    channel_quotas::{ChannelQuotaRule, SetChannelQuota},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::problem::{Caller, Path, Problem, Query, Sent};

/// Whose.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuotasAsked {
    /// Of this store, with those of each, and what was sold there.
    store_id: Option<StoreId>,
}

/// What was said for each store, and by stores within reach.
#[utoipa::path(get, path = "/console/channel-quotas", tag = "channel_quotas", security(("bearer" = [])), params(QuotasAsked),
    responses((status = 200, body = Vec<ChannelQuotaRule>), (status = "default", body = Problem)))]
pub async fn list(caller: Caller, Query(asked): Query<QuotasAsked>) -> Result<Json<Vec<ChannelQuotaRule>>, Problem> {
    caller.answer(quotas::rules(&caller.0, asked.store_id).await)
}

/// What was said.
#[derive(Serialize, ToSchema)]
#[schema(as = ChannelQuotaSet)]
pub struct QuotaSet {
    /// Its identity.
    id: Uuid,
}

/// Says how many pieces of a variant a channel sells from now on, at each store or at one.
#[utoipa::path(put, path = "/console/channel-quotas", tag = "channel_quotas", security(("bearer" = [])), request_body = SetChannelQuota,
    responses((status = 200, body = QuotaSet), (status = "default", body = Problem)))]
pub async fn set(caller: Caller, Sent(command): Sent<SetChannelQuota>) -> Result<Json<QuotaSet>, Problem> {
    let set = quotas::set(&caller.0, command).await;
    caller.answer(set.map(|id| QuotaSet { id }))
}

/// Takes back what was said: what is said of each store applies again, or nothing.
#[utoipa::path(delete, path = "/console/channel-quotas/{quota_id}", tag = "channel_quotas", security(("bearer" = [])),
    params(("quota_id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    caller.done(quotas::remove(&caller.0, id).await)
}
