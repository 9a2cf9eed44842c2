//! The cart and its quote.

use axum::{Json, http::StatusCode};
use commerce::cart;
use domain::{
    AddressId, StoreId,
    cart::{CartView, HandOver, HandedOver, Part, Quote, RemoveLine, SetLine, SetLineApart},
    fulfilment::{Fulfilment, Wish},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::problem::{Caller, Path, Problem, Query, Sent};

/// The whole cart: a quote for each store, and one more where some of its lines are set apart.
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

/// Sets a line apart from the others of its store, to go another way in an order of its own, or puts it together with
/// them; a repeat changes nothing.
#[utoipa::path(put, path = "/cart/lines/apart", tag = "cart", security(("bearer" = [])), request_body = SetLineApart,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_apart(caller: Caller, Sent(line): Sent<SetLineApart>) -> Result<StatusCode, Problem> {
    caller.done(cart::set_apart(&caller.0, line).await)
}

/// In which way the goods are to reach their shopper.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wished {
    /// Which way; pickup where nothing is said.
    #[param(inline)]
    pub fulfilment: Option<Fulfilment>,
    /// To which of the shopper's addresses, for a way that needs one.
    pub address_id: Option<AddressId>,
    /// Whether what is set apart there is asked about, and not all else.
    pub apart: Option<bool>,
}

/// What the cart's lines of one store cost at this moment, in which ways they reach their shopper, and when; and which
/// stores would rather send them there. Those that are set apart have a quote of their own.
#[utoipa::path(get, path = "/cart/quotes/{store_id}", tag = "cart", security(("bearer" = [])),
    params(("store_id" = StoreId, Path), Wished),
    responses((status = 200, body = Quote), (status = "default", body = Problem)))]
pub async fn quote(
    caller: Caller,
    Path(store): Path<StoreId>,
    Query(wished): Query<Wished>,
) -> Result<Json<Quote>, Problem> {
    let wish = Wish { fulfilment: wished.fulfilment.unwrap_or_default(), address_id: wished.address_id };
    let part = Part { store_id: store, apart: wished.apart.unwrap_or_default() };
    caller.answer(cart::quote_for(&caller.0, part, &wish).await)
}

/// Hands the lines of a quote over to the stores that it names as `better`: each has them in its part of the cart
/// afterwards, at its own prices. Where nobody else is to send them any more nothing moves, so a repeat changes nothing.
#[utoipa::path(post, path = "/cart/hand-overs", tag = "cart", security(("bearer" = [])), request_body = HandOver,
    responses((status = 200, body = HandedOver), (status = "default", body = Problem)))]
pub async fn hand_over(caller: Caller, Sent(command): Sent<HandOver>) -> Result<Json<HandedOver>, Problem> {
    caller.answer(cart::hand_over(&caller.0, &command).await)
}
