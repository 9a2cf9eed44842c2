//! The cart and its quote.

use axum::{Json, http::StatusCode};
use commerce::cart;
use domain::{
    StoreId,
    cart::{CartView, Quote, RemoveLine, SetLine},
};

use super::problem::{Caller, Path, Problem, Sent};

/// The whole cart, a quote for each store.
#[utoipa::path(get, path = "/cart", tag = "cart", security(("bearer" = [])),
    responses((status = 200, body = CartView), (status = "default", body = Problem)))]
pub async fn show(caller: Caller) -> Result<Json<CartView>, Problem> {
    caller.answer(
        async {
            caller.0.member()?;
            cart::show(&caller.0).await
        }
        .await,
    )
}

/// Sets a line to a quantity; a repeat changes nothing.
#[utoipa::path(put, path = "/cart/lines", tag = "cart", security(("bearer" = [])), request_body = SetLine,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_line(caller: Caller, Sent(line): Sent<SetLine>) -> Result<StatusCode, Problem> {
    caller.done(cart::set_line(&caller.0, line).await)
}

/// Takes a line out.
#[utoipa::path(delete, path = "/cart/lines", tag = "cart", security(("bearer" = [])), request_body = RemoveLine,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_line(caller: Caller, Sent(line): Sent<RemoveLine>) -> Result<StatusCode, Problem> {
    caller.done(cart::remove_line(&caller.0, line).await)
}

/// What the cart's lines of one store cost at this moment, and when they can be picked up.
#[utoipa::path(get, path = "/cart/quotes/{store_id}", tag = "cart", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)),
    responses((status = 200, body = Quote), (status = "default", body = Problem)))]
pub async fn quote(caller: Caller, Path(store): Path<StoreId>) -> Result<Json<Quote>, Problem> {
    caller.answer(cart::quote(&caller.0, store).await)
}
