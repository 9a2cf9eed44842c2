//! A store's side, within the caller's grants.

use axum::{Json, http::StatusCode};
use commerce::orders;
use domain::{
    OrderId, StoreId,
    orders::{OrderCard, OrderView, Pack, PickLine, PickupCode, SetPicked},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Caller, Path, Problem, Query, Sent};

/// Which store's board.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Board {
    /// All of the caller's where not given.
    store_id: Option<StoreId>,
}

/// What a store has to do: paid, accepted and ready orders, the most urgent first.
#[utoipa::path(get, path = "/console/board", tag = "console", security(("bearer" = [])), params(Board),
    responses((status = 200, body = Vec<OrderCard>), (status = "default", body = Problem)))]
pub async fn board(caller: Caller, Query(asked): Query<Board>) -> Result<Json<Vec<OrderCard>>, Problem> {
    caller.answer(orders::board(&caller.0, asked.store_id).await)
}

/// One order, without its pickup code, which is the shopper's.
#[utoipa::path(get, path = "/console/orders/{order_id}", tag = "console", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 200, body = OrderView), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path(id): Path<OrderId>) -> Result<Json<OrderView>, Problem> {
    caller.answer(orders::show_for_staff(&caller.0, id).await)
}

/// Takes a paid order on.
#[utoipa::path(post, path = "/console/orders/{order_id}/accept", tag = "console", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn accept(caller: Caller, Path(id): Path<OrderId>) -> Result<StatusCode, Problem> {
    caller.done(orders::accept(&caller.0, id).await)
}

/// What is to be taken off the shelf for an order, and how many of each line are, by whom and when.
#[utoipa::path(get, path = "/console/orders/{order_id}/picking", tag = "console", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 200, body = Vec<PickLine>), (status = "default", body = Problem)))]
pub async fn picking(caller: Caller, Path(id): Path<OrderId>) -> Result<Json<Vec<PickLine>>, Problem> {
    caller.answer(orders::pick_list(&caller.0, id).await)
}

/// Says how many pieces of a line are off the shelf: so many in all, so that the same request again changes nothing.
/// Answers the line.
#[utoipa::path(put, path = "/console/orders/{order_id}/picking", tag = "console", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = SetPicked,
    responses((status = 200, body = PickLine), (status = "default", body = Problem)))]
pub async fn set_picked(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(command): Sent<SetPicked>,
) -> Result<Json<PickLine>, Problem> {
    caller.answer(orders::set_picked(&caller.0, id, command).await)
}

/// Says that an order is ready for pickup, whether or not its lines were ticked off. A body need not be sent.
#[utoipa::path(post, path = "/console/orders/{order_id}/prepare", tag = "console", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = Option<Pack>,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn prepare(caller: Caller, Path(id): Path<OrderId>, sent: Option<Sent<Pack>>) -> Result<StatusCode, Problem> {
    let command = sent.map(|Sent(command)| command).unwrap_or_default();
    caller.done(orders::pack(&caller.0, id, command).await)
}

/// Why an order is turned down.
#[derive(Deserialize, ToSchema)]
pub struct Rejected {
    /// For the shopper; at most 100 characters.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    reason: String,
}

/// Turns an order down; the money goes back by itself.
#[utoipa::path(post, path = "/console/orders/{order_id}/reject", tag = "console", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = Rejected,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn reject(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(rejected): Sent<Rejected>,
) -> Result<StatusCode, Problem> {
    caller.done(orders::reject(&caller.0, id, &rejected.reason).await)
}

/// The code a shopper shows.
#[derive(Deserialize, ToSchema)]
pub struct Redeem {
    /// 8 digits, as scanned or typed.
    code: PickupCode,
}

/// What was handed over.
#[derive(Serialize, ToSchema)]
pub struct Redeemed {
    /// The order.
    order_id: OrderId,
}

/// Hands an order over against its code.
#[utoipa::path(post, path = "/console/redemptions", tag = "console", security(("bearer" = [])), request_body = Redeem,
    responses((status = 200, body = Redeemed), (status = "default", body = Problem)))]
pub async fn redeem(caller: Caller, Sent(sent): Sent<Redeem>) -> Result<Json<Redeemed>, Problem> {
    caller.answer(orders::redeem(&caller.0, &sent.code).await.map(|order_id| Redeemed { order_id }))
}
