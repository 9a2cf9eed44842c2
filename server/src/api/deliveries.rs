//! What is brought to shoppers, within the caller's grants.

use axum::{Json, http::StatusCode};
use commerce::{fulfilment::settings as use_cases, orders, stores::opening as opening_settings};
use domain::{
    OrderId, StoreId,
    fulfilment::{Deliver, Dispatch, FulfilmentSettings, OwnRider, Undelivered},
    opening::{OpeningSettings, SetOpening},
};

use super::problem::{Caller, Path, Problem, Sent};

/// Lets a rider take an order along. Its goods are issued.
#[utoipa::path(post, path = "/console/deliveries/{order_id}", tag = "console", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = Dispatch,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn dispatch(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(command): Sent<Dispatch>,
) -> Result<StatusCode, Problem> {
    caller.done(orders::dispatch(&caller.0, id, &command).await)
}

/// Says that the shopper has got an order: by their code, or by what is said of who took it.
#[utoipa::path(post, path = "/console/deliveries/{order_id}/arrival", tag = "console", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = Deliver,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn deliver(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(command): Sent<Deliver>,
) -> Result<StatusCode, Problem> {
    caller.done(orders::deliver(&caller.0, id, &command).await)
}

/// Says that nobody took an order, which is back at the store and ready once more.
#[utoipa::path(post, path = "/console/deliveries/{order_id}/return", tag = "console", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = Undelivered,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn undelivered(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(command): Sent<Undelivered>,
) -> Result<StatusCode, Problem> {
    caller.done(orders::undelivered(&caller.0, id, &command).await)
}

/// What a store offers: how many orders at a time, what it brings where for how much.
#[utoipa::path(get, path = "/console/stores/{store_id}/fulfilment", tag = "console", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)),
    responses((status = 200, body = FulfilmentSettings), (status = "default", body = Problem)))]
pub async fn fulfilment(caller: Caller, Path(store): Path<StoreId>) -> Result<Json<FulfilmentSettings>, Problem> {
    caller.answer(use_cases::show(&caller.0, store).await)
}

/// Sets what a store offers. Orders that are placed stay as they are.
#[utoipa::path(put, path = "/console/stores/{store_id}/fulfilment", tag = "console", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)), request_body = FulfilmentSettings,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_fulfilment(
    caller: Caller,
    Path(store): Path<StoreId>,
    Sent(settings): Sent<FulfilmentSettings>,
) -> Result<StatusCode, Problem> {
    caller.done(use_cases::save(&caller.0, store, &settings).await)
}

/// Whether and when a store is open, and how long its goods take.
#[utoipa::path(get, path = "/console/stores/{store_id}/opening", tag = "console", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)),
    responses((status = 200, body = OpeningSettings), (status = "default", body = Problem)))]
pub async fn opening(caller: Caller, Path(store): Path<StoreId>) -> Result<Json<OpeningSettings>, Problem> {
    caller.answer(opening_settings::show(&caller.0, store).await)
}

/// Sets whether and when a store is open. Orders that are placed stay as they are. A store that is busy or paused `until` a
/// moment is open again then without a further call.
#[utoipa::path(put, path = "/console/stores/{store_id}/opening", tag = "console", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)), request_body = SetOpening,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_opening(
    caller: Caller,
    Path(store): Path<StoreId>,
    Sent(command): Sent<SetOpening>,
) -> Result<StatusCode, Problem> {
    caller.done(opening_settings::save(&caller.0, store, None, &command).await)
}

/// A store's own riders.
#[utoipa::path(get, path = "/console/stores/{store_id}/riders", tag = "console", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)), responses((status = 200, body = Vec<OwnRider>), (status = "default", body = Problem)))]
pub async fn riders(caller: Caller, Path(store): Path<StoreId>) -> Result<Json<Vec<OwnRider>>, Problem> {
    caller.answer(use_cases::riders(&caller.0, store).await)
}
