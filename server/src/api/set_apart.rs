//! Goods that shoppers brought back for their supplier: what lies apart, handing it over, scrapping it.

use axum::{Json, http::StatusCode};
use commerce::purchasing;
use domain::{
    LocationId, SetApartEndId,
    purchasing::{CreditHandOver, HandToSupplier, ScrapSetApart, SetApart},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::problem::{Caller, Path, Problem, Query, Sent};

/// Where.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SetApartAsked {
    /// Only at this store.
    location_id: Option<LocationId>,
}

/// What lies apart for suppliers at places that the caller sees, whom it may go to, and what became of what lay there.
#[utoipa::path(get, path = "/console/set-apart", tag = "set_apart", security(("bearer" = [])), params(SetApartAsked),
    responses((status = 200, body = SetApart), (status = "default", body = Problem)))]
pub async fn list(caller: Caller, Query(asked): Query<SetApartAsked>) -> Result<Json<SetApart>, Problem> {
    caller.answer(purchasing::set_apart(&caller.0, asked.location_id, None).await)
}

/// Gives goods that lie apart to a supplier. The same request again hands nothing over twice.
#[utoipa::path(post, path = "/console/set-apart/hand-overs", tag = "set_apart", security(("bearer" = [])),
    request_body = HandToSupplier, responses((status = 204), (status = "default", body = Problem)))]
pub async fn hand_over(caller: Caller, Sent(command): Sent<HandToSupplier>) -> Result<StatusCode, Problem> {
    caller.done(purchasing::hand_over(&caller.0, command).await)
}

/// Throws goods away that lie apart: a loss. The same request again throws nothing away twice.
#[utoipa::path(post, path = "/console/set-apart/scraps", tag = "set_apart", security(("bearer" = [])),
    request_body = ScrapSetApart, responses((status = 204), (status = "default", body = Problem)))]
pub async fn scrap(caller: Caller, Sent(command): Sent<ScrapSetApart>) -> Result<StatusCode, Problem> {
    caller.done(purchasing::scrap_set_apart(&caller.0, command).await)
}

/// Says what a supplier credits for what they took, where it was not said then.
#[utoipa::path(post, path = "/hq/set-apart/{end_id}/credit", tag = "set_apart", security(("bearer" = [])),
    params(("end_id" = SetApartEndId, Path)), request_body = CreditHandOver,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn credit(
    caller: Caller,
    Path(id): Path<SetApartEndId>,
    Sent(command): Sent<CreditHandOver>,
) -> Result<StatusCode, Problem> {
    caller.done(purchasing::credit_hand_over(&caller.0, id, command).await)
}
