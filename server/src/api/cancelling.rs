//! Calling orders off as their shopper: the rules, and asking the store for it.

use axum::{Json, http::StatusCode};
use commerce::orders;
use domain::{
    OrderId, StoreId,
    cancelling::{AnswerCancel, AskCancel, CancelRules, SetCancelRule},
};

use super::problem::{Caller, Path, Problem, Sent};

/// Asks the store to call an order off that one cannot call off by oneself any more; the order keeps its state until it
/// answers. `id` is the idempotency key.
#[utoipa::path(post, path = "/orders/{order_id}/cancel-requests", tag = "orders", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = AskCancel,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn ask_cancel(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(command): Sent<AskCancel>,
) -> Result<StatusCode, Problem> {
    caller.done(orders::ask_cancel(&caller.0, id, &command).await)
}

/// Takes one's own open request back; the order goes on. Twice is once.
#[utoipa::path(post, path = "/orders/{order_id}/cancel-requests/withdrawal", tag = "orders", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn withdraw_cancel(caller: Caller, Path(id): Path<OrderId>) -> Result<StatusCode, Problem> {
    caller.done(orders::withdraw_cancel(&caller.0, id).await)
}

/// Answers a request as the store: the order is called off and all that was paid goes back, or it goes on. The same
/// answer again is the same answer.
#[utoipa::path(post, path = "/console/orders/{order_id}/cancel-requests/answer", tag = "console",
    security(("bearer" = [])), params(("order_id" = OrderId, Path)), request_body = AnswerCancel,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn answer_cancel(
    caller: Caller,
    Path(id): Path<OrderId>,
    Sent(answer): Sent<AnswerCancel>,
) -> Result<StatusCode, Problem> {
    caller.done(orders::answer_cancel(&caller.0, id, &answer).await)
}

/// Until when shoppers call paid orders off by themselves: head office's rule of each way, and stores' own within reach.
#[utoipa::path(get, path = "/cancel-rules", tag = "centre", security(("bearer" = [])),
    responses((status = 200, body = CancelRules), (status = "default", body = Problem)))]
pub async fn cancel_rules(caller: Caller) -> Result<Json<CancelRules>, Problem> {
    caller.answer(orders::cancel_rules(&caller.0).await)
}

/// Says what holds of one way at all stores that have no rule of their own for it.
#[utoipa::path(put, path = "/cancel-rules", tag = "centre", security(("bearer" = [])), request_body = SetCancelRule,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_cancel_rule(caller: Caller, Sent(rule): Sent<SetCancelRule>) -> Result<StatusCode, Problem> {
    caller.done(orders::set_cancel_rule(&caller.0, None, rule).await)
}

/// Says what holds of one way at a store, in place of head office's rule.
#[utoipa::path(put, path = "/cancel-rules/{store_id}", tag = "centre", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)), request_body = SetCancelRule,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_store_cancel_rule(
    caller: Caller,
    Path(store): Path<StoreId>,
    Sent(rule): Sent<SetCancelRule>,
) -> Result<StatusCode, Problem> {
    caller.done(orders::set_cancel_rule(&caller.0, Some(store), rule).await)
}

/// Lets head office's rules hold at a store again, of all ways.
#[utoipa::path(delete, path = "/cancel-rules/{store_id}", tag = "centre", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_cancel_rules(caller: Caller, Path(store): Path<StoreId>) -> Result<StatusCode, Problem> {
    caller.done(orders::remove_cancel_rules(&caller.0, store).await)
}
