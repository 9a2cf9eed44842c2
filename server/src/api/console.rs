//! A store's side, within the caller's grants.

use axum::{Json, http::StatusCode};
use commerce::orders;
use domain::{
    OrderId, StoreId,
    orders::{OrderCard, OrderView, PickupCode},
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

/// Says that an order is ready for pickup.
#[utoipa::path(post, path = "/console/orders/{order_id}/prepare", tag = "console", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn prepare(caller: Caller, Path(id): Path<OrderId>) -> Result<StatusCode, Problem> {
    caller.done(orders::prepare(&caller.0, id).await)
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
