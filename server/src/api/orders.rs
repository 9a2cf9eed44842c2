//! A member's orders. The ids that a client makes for an order and a payment are their
//! idempotency keys: a repeat answers the same.

use axum::{Json, http::StatusCode};
use commerce::{orders, payments};
use domain::{
    Fault, OrderId, PaymentId,
    orders::{ListOrders, OrderCard, OrderPlaced, OrderState, OrderView, PlaceOrder},
    page::Page,
    payments::{Cashier, PaymentStarted, StartPayment},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    paging::Limit,
    problem::{Caller, Path, Problem, Query, Sent},
};

/// Places an order for what the cart holds of one store, or for what is set apart there. `id` is the idempotency key.
#[utoipa::path(post, path = "/orders", tag = "orders", security(("bearer" = [])), request_body = PlaceOrder,
    responses((status = 200, body = OrderPlaced), (status = "default", body = Problem)))]
pub async fn place(caller: Caller, Sent(order): Sent<PlaceOrder>) -> Result<Json<OrderPlaced>, Problem> {
    let fits = order.note.chars().count() <= PlaceOrder::NOTE_MOST;
    let fits = fits.then_some(()).ok_or_else(|| Fault::invalid("note", "最多 100 个字"));
    caller.answer(
        async {
            fits?;
            orders::place(&caller.0, order).await
        }
        .await,
    )
}

/// Which orders of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Listed {
    /// Only in this state.
    pub state: Option<OrderState>,
    /// Only of this store.
    pub store_id: Option<domain::StoreId>,
    /// A number, a pickup code or the end of a phone number.
    pub q: Option<String>,
    /// 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Option<Limit<100>>,
    /// Where to read on: `next` of the page before.
    #[param(format = Uuid)]
    pub after: Option<String>,
}

impl From<Listed> for ListOrders {
    fn from(asked: Listed) -> Self {
        Self {
            store: asked.store_id,
            states: asked.state.into_iter().collect(),
            words: asked.q.unwrap_or_default(),
            most: asked.limit.map_or(20, Limit::get),
            after: asked.after,
            ..Self::default()
        }
    }
}

/// The caller's own orders, newest first.
#[utoipa::path(get, path = "/orders", tag = "orders", security(("bearer" = [])), params(Listed),
    responses((status = 200, body = Page<OrderCard>), (status = "default", body = Problem)))]
pub async fn mine(caller: Caller, Query(asked): Query<Listed>) -> Result<Json<Page<OrderCard>>, Problem> {
    caller.answer(orders::mine(&caller.0, asked.into()).await)
}

/// One of the caller's orders, with its pickup code once it is paid.
#[utoipa::path(get, path = "/orders/{order_id}", tag = "orders", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)),
    responses((status = 200, body = OrderView), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path(id): Path<OrderId>) -> Result<Json<OrderView>, Problem> {
    caller.answer(orders::show(&caller.0, id).await)
}

/// Calls an order off, as long as the rule of its way lets one (`cancelling.by_self` of the order); what was paid goes
/// back.
#[utoipa::path(post, path = "/orders/{order_id}/cancel", tag = "orders", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn cancel(caller: Caller, Path(id): Path<OrderId>) -> Result<StatusCode, Problem> {
    caller.done(orders::cancel(&caller.0, id).await)
}

/// How to pay.
#[derive(Deserialize, ToSchema)]
pub struct Pay {
    /// Made by the client; the idempotency key.
    pub id: PaymentId,
    /// Where the shopper will pay.
    pub cashier: Cashier,
}

/// Begins to pay; the amount is the order's.
#[utoipa::path(post, path = "/orders/{order_id}/payments", tag = "orders", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = Pay,
    responses((status = 200, body = PaymentStarted), (status = "default", body = Problem)))]
pub async fn pay(
    caller: Caller,
    Path(order_id): Path<OrderId>,
    Sent(pay): Sent<Pay>,
) -> Result<Json<PaymentStarted>, Problem> {
    let payer_ip = caller.0.address.to_string();
    let start = StartPayment { id: pay.id, order_id, cashier: pay.cashier, payer_ip };
    caller.answer(payments::start(&caller.0, start).await)
}
