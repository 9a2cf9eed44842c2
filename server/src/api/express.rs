//! Orders on their way: parcels, riders, and what is told of both.

use axum::{Json, http::StatusCode};
use commerce::express;
use domain::{
    OrderId, ParcelId, RideId,
    express::{RideQuote, ShipParcel, Shipment},
    parcels::TakeBackParcel,
    unsent::EndUnsent,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::problem::{Caller, Path, Problem, Sent};

/// How an order of one's own is sent: its parcels, what is to come, and what was told on the way.
#[utoipa::path(get, path = "/orders/{order_id}/shipment", tag = "express", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 200, body = Shipment), (status = "default", body = Problem)))]
pub async fn mine(caller: Caller, Path(id): Path<OrderId>) -> Result<Json<Shipment>, Problem> {
    caller.answer(express::mine(&caller.0, id).await)
}

/// Says that all that was sent by express, or what a rider brought, has arrived. Of what was sent by express that is
/// taken for granted after ten days.
#[utoipa::path(post, path = "/orders/{order_id}/receipt", tag = "express", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn confirm(caller: Caller, Path(id): Path<OrderId>) -> Result<StatusCode, Problem> {
    caller.done(express::confirm(&caller.0, id).await)
}

/// How an order is sent: its parcels, what is to be sent still, its riders, and what was told on the way.
#[utoipa::path(get, path = "/console/orders/{order_id}/shipment", tag = "express", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 200, body = Shipment), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path(id): Path<OrderId>) -> Result<Json<Shipment>, Problem> {
    caller.answer(express::show(&caller.0, id).await)
}

/// Sends a parcel with pieces of an express order off. With the first one the order has left its store.
#[utoipa::path(post, path = "/console/orders/{order_id}/parcels", tag = "express", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = ShipParcel,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn ship(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(command): Sent<ShipParcel>,
) -> Result<StatusCode, Problem> {
    caller.done(express::ship(&caller.0, id, command).await)
}

/// What a courier's rider would cost for an order of same-city delivery now. Nothing is called.
#[utoipa::path(get, path = "/console/orders/{order_id}/ride-quote", tag = "express", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 200, body = RideQuote), (status = "default", body = Problem)))]
pub async fn quote_ride(caller: Caller, Path(id): Path<OrderId>) -> Result<Json<RideQuote>, Problem> {
    caller.answer(express::quote(&caller.0, id).await)
}

/// Calls a rider.
#[derive(Deserialize, ToSchema)]
pub struct CallRider {
    /// Made by the client; the idempotency key.
    id: RideId,
}

/// Calls a courier's rider for an order of same-city delivery.
#[utoipa::path(post, path = "/console/orders/{order_id}/rides", tag = "express", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = CallRider,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn call_rider(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(command): Sent<CallRider>,
) -> Result<StatusCode, Problem> {
    caller.done(express::call(&caller.0, id, command.id).await)
}

/// Sends a rider away who has not got the goods yet.
#[utoipa::path(post, path = "/console/orders/{order_id}/rides/{ride_id}/cancel", tag = "express", security(("bearer" = [])),
    params(("order_id" = OrderId, Path), ("ride_id" = RideId, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn cancel_ride(caller: Caller, Path((id, ride)): Path<(OrderId, RideId)>) -> Result<StatusCode, Problem> {
    caller.done(express::cancel(&caller.0, id, ride).await)
}

/// Says that a parcel came back to its store, and what becomes of its pieces: they are sent again, or the shopper gets
/// their money back. Giving money back needs the right to turn orders down.
#[utoipa::path(post, path = "/console/orders/{order_id}/parcels/{parcel_id}/return", tag = "express", security(("bearer" = [])),
    params(("order_id" = OrderId, Path), ("parcel_id" = ParcelId, Path)), request_body = TakeBackParcel,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn take_back(
    caller: Caller,
    Path((id, parcel)): Path<(OrderId, ParcelId)>,
    Sent(command): Sent<TakeBackParcel>,
) -> Result<StatusCode, Problem> {
    caller.done(express::take_back(&caller.0, id, parcel, &command).await)
}

/// Says that pieces of an express order, of which others have left, are sent no more. What was paid for them goes back
/// at once; where nothing is left to be sent, the order goes on as if all of it had been. Needs the right to turn orders
/// down.
#[utoipa::path(post, path = "/console/orders/{order_id}/unsent-ends", tag = "express", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = EndUnsent,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn end_unsent(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(command): Sent<EndUnsent>,
) -> Result<StatusCode, Problem> {
    caller.done(express::end_unsent(&caller.0, id, command).await)
}
