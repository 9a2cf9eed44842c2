//! What head office does with orders of its stores.

use axum::{Json, http::StatusCode};
use commerce::{
    after_sales,
    orders::{self, batches},
};
use domain::{
    OrderBatchId, OrderId,
    after_sales::{RefundOrder, Refundable},
    order_batches::{BatchCard, BatchView, DraftBatch},
    order_centre::{Annotate, CallOff, CallOffAll, CalledOff, OrderNote, Reroute, RerouteChoice, UnclaimedRule},
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

/// What of a completed order can still be paid back, for pieces, its way and beside them; nothing of one that is not
/// completed.
#[utoipa::path(get, path = "/hq/orders/{order_id}/refunds", tag = "centre", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)),
    responses((status = 200, body = Refundable), (status = "default", body = Problem)))]
pub async fn refundable(caller: Caller, Path(id): Path<OrderId>) -> Result<Json<Refundable>, Problem> {
    caller.answer(after_sales::refundable(&caller.0, id).await)
}

/// Pays a completed order back, its pieces whole or in part, what its way cost, or an amount beside both; the goods stay
/// where they are, and never more goes back than was paid. `id` is the idempotency key.
#[utoipa::path(post, path = "/hq/orders/{order_id}/refunds", tag = "centre", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = RefundOrder,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn refund(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(command): Sent<RefundOrder>,
) -> Result<StatusCode, Problem> {
    caller.done(after_sales::refund(&caller.0, id, &command).await)
}

/// The caller's batches, the newest 50.
#[utoipa::path(get, path = "/hq/order-batches", tag = "centre", security(("bearer" = [])),
    responses((status = 200, body = Vec<BatchCard>), (status = "default", body = Problem)))]
pub async fn batches(caller: Caller) -> Result<Json<Vec<BatchCard>>, Problem> {
    caller.answer(batches::list(&caller.0).await)
}

/// Puts orders together for one act, and says which of them it cannot be done with. Nothing is done to them yet. `id` is
/// the idempotency key.
#[utoipa::path(post, path = "/hq/order-batches", tag = "centre", security(("bearer" = [])), request_body = DraftBatch,
    responses((status = 200, body = BatchView), (status = "default", body = Problem)))]
pub async fn draft_batch(caller: Caller, Sent(command): Sent<DraftBatch>) -> Result<Json<BatchView>, Problem> {
    caller.answer(batches::draft(&caller.0, &command).await)
}

/// One of the caller's batches: how far it is, and what became of each order.
#[utoipa::path(get, path = "/hq/order-batches/{batch_id}", tag = "centre", security(("bearer" = [])),
    params(("batch_id" = OrderBatchId, Path)),
    responses((status = 200, body = BatchView), (status = "default", body = Problem)))]
pub async fn batch(caller: Caller, Path(id): Path<OrderBatchId>) -> Result<Json<BatchView>, Problem> {
    caller.answer(batches::show(&caller.0, id).await)
}

/// Starts one of the caller's batches; the server works on it from then on. Twice is once.
#[utoipa::path(post, path = "/hq/order-batches/{batch_id}/start", tag = "centre", security(("bearer" = [])),
    params(("batch_id" = OrderBatchId, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn start_batch(caller: Caller, Path(id): Path<OrderBatchId>) -> Result<StatusCode, Problem> {
    caller.done(batches::start(&caller.0, id).await)
}

/// After how many days an order is called off that is ready and that nobody fetches.
#[utoipa::path(get, path = "/hq/unclaimed-rule", tag = "centre", security(("bearer" = [])),
    responses((status = 200, body = UnclaimedRule), (status = "default", body = Problem)))]
pub async fn unclaimed_rule(caller: Caller) -> Result<Json<UnclaimedRule>, Problem> {
    caller.answer(orders::unclaimed_rule(&caller.0).await)
}

/// Sets after how many days; 0 is never. Whoever has not fetched an order by now has all of them from now on.
#[utoipa::path(put, path = "/hq/unclaimed-rule", tag = "centre", security(("bearer" = [])), request_body = UnclaimedRule,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_unclaimed_rule(caller: Caller, Sent(rule): Sent<UnclaimedRule>) -> Result<StatusCode, Problem> {
    caller.done(orders::set_unclaimed_rule(&caller.0, rule).await)
}
