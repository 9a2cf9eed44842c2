//! What head office does with orders of its stores.

use axum::{Json, http::StatusCode};
use commerce::orders;
use domain::{
    OrderId,
    order_centre::{Annotate, CallOff, CallOffAll, CalledOff, OrderNote, Reroute, RerouteChoice},
};

use super::problem::{Caller, Path, Problem, Sent};

/// Calls an order off that its shopper has not got yet; what was paid goes back. Twice is once.
#[utoipa::path(post, path = "/hq/orders/{order_id}/call-off", tag = "centre", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = CallOff,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn call_off(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(command): Sent<CallOff>,
) -> Result<StatusCode, Problem> {
    caller.done(orders::call_off(&caller.0, id, &command).await)
}

/// Calls several orders off, each by itself; answers for each whether it was.
#[utoipa::path(post, path = "/hq/orders/call-off", tag = "centre", security(("bearer" = [])), request_body = CallOffAll,
    responses((status = 200, body = Vec<CalledOff>), (status = "default", body = Problem)))]
pub async fn call_off_all(caller: Caller, Sent(command): Sent<CallOffAll>) -> Result<Json<Vec<CalledOff>>, Problem> {
    caller.answer(orders::call_off_all(&caller.0, &command).await)
}

/// Lets another store serve a paid order. Twice is once.
#[utoipa::path(post, path = "/hq/orders/{order_id}/reroute", tag = "centre", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = Reroute,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn reroute(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(command): Sent<Reroute>,
) -> Result<StatusCode, Problem> {
    caller.done(orders::reroute(&caller.0, id, &command).await)
}

/// Stores that could serve an order, at most 20: those that have everything first, then the nearest.
#[utoipa::path(get, path = "/hq/orders/{order_id}/reroute-choices", tag = "centre", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)),
    responses((status = 200, body = Vec<RerouteChoice>), (status = "default", body = Problem)))]
pub async fn reroute_choices(caller: Caller, Path(id): Path<OrderId>) -> Result<Json<Vec<RerouteChoice>>, Problem> {
    caller.answer(orders::reroute_choices(&caller.0, id).await)
}

/// The notes of staff about an order, the newest first.
#[utoipa::path(get, path = "/hq/orders/{order_id}/notes", tag = "centre", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)),
    responses((status = 200, body = Vec<OrderNote>), (status = "default", body = Problem)))]
pub async fn notes(caller: Caller, Path(id): Path<OrderId>) -> Result<Json<Vec<OrderNote>>, Problem> {
    caller.answer(orders::notes(&caller.0, id).await)
}

/// Writes a note about an order that only staff read. The same request again writes no second one.
#[utoipa::path(post, path = "/hq/orders/{order_id}/notes", tag = "centre", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = Annotate,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn annotate(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(note): Sent<Annotate>,
) -> Result<StatusCode, Problem> {
    caller.done(orders::annotate(&caller.0, id, &note).await)
}
