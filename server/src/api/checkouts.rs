//! A member's orders, at several stores or for the parts of one, that were placed together, and one payment of them. The
//! ids that a client makes for a checkout and a payment are their idempotency keys: a repeat answers the same.

use axum::Json;
use commerce::{orders, payments};
use domain::{
    CheckoutId,
    checkout::{CheckoutPaymentStarted, CheckoutPlaced, CheckoutView, PlaceCheckout, StartCheckoutPayment},
};

use super::{
    orders::Pay,
    problem::{Caller, Path, Problem, Sent},
};

/// Places an order for each of several quotes of the cart, at several stores or for what is set apart at one and all else
/// there: all of them or none. `id` is the idempotency key. What is wrong with one is said beside a field that names its
/// store, with `-apart` behind it for what is set apart.
#[utoipa::path(post, path = "/checkouts", tag = "checkouts", security(("bearer" = [])), request_body = PlaceCheckout,
    responses((status = 200, body = CheckoutPlaced), (status = "default", body = Problem)))]
pub async fn place(caller: Caller, Sent(checkout): Sent<PlaceCheckout>) -> Result<Json<CheckoutPlaced>, Problem> {
    caller.answer(orders::place_all(&caller.0, checkout).await)
}

/// The caller's own orders that were placed together, and what one payment of those that wait for it comes to.
#[utoipa::path(get, path = "/checkouts/{checkout_id}", tag = "checkouts", security(("bearer" = [])),
    params(("checkout_id" = CheckoutId, Path)),
    responses((status = 200, body = CheckoutView), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path(id): Path<CheckoutId>) -> Result<Json<CheckoutView>, Problem> {
    caller.answer(orders::checkout(&caller.0, id).await)
}

/// Begins to pay all of them that can be paid at this moment; the amount is theirs.
#[utoipa::path(post, path = "/checkouts/{checkout_id}/payments", tag = "checkouts", security(("bearer" = [])),
    params(("checkout_id" = CheckoutId, Path)), request_body = Pay,
    responses((status = 200, body = CheckoutPaymentStarted), (status = "default", body = Problem)))]
pub async fn pay(
    caller: Caller,
    Path(checkout_id): Path<CheckoutId>,
    Sent(pay): Sent<Pay>,
) -> Result<Json<CheckoutPaymentStarted>, Problem> {
    let payer_ip = caller.0.address.to_string();
    let start = StartCheckoutPayment { id: pay.id, checkout_id, cashier: pay.cashier, from_order: None, payer_ip };
    caller.answer(payments::start_together(&caller.0, start).await)
}
