//! What is promised and not there.

use axum::{Json, http::StatusCode};
use commerce::stock::{shortage_rules, shortages};
use domain::{
    ShortageId, StoreId,
    page::Page,
    shortage_rules::{ShortageRule, ShortageRules},
    stock::{LetWait, ListShortages, Shortage, ShortageView},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    paging::Limit,
    problem::{Caller, Path, Problem, Query, Sent},
};

/// Which cases of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShortagesAsked {
    /// Those that are over as well.
    solved: Option<bool>,
    /// Only of this store.
    store_id: Option<StoreId>,
    /// 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit<100>>,
    /// The `next` of the page before.
    after: Option<ShortageId>,
}

/// Cases of stores within reach, the newest first: a count, a loss or an adjustment has left fewer pieces than orders
/// are promised.
#[utoipa::path(get, path = "/shortages", tag = "shortages", security(("bearer" = [])), params(ShortagesAsked),
    responses((status = 200, body = Page<Shortage>), (status = "default", body = Problem)))]
pub async fn list(caller: Caller, Query(asked): Query<ShortagesAsked>) -> Result<Json<Page<Shortage>>, Problem> {
    let ask = ListShortages {
        solved: asked.solved.unwrap_or_default(),
        store: asked.store_id,
        most: asked.limit.map_or(50, Limit::get),
        after: asked.after,
    };
    caller.answer(shortages::list(&caller.0, &ask).await)
}

/// One case, with the orders that wait for its pieces; whoever paid first first.
#[utoipa::path(get, path = "/shortages/{shortage_id}", tag = "shortages", security(("bearer" = [])),
    params(("shortage_id" = ShortageId, Path)),
    responses((status = 200, body = ShortageView), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path(id): Path<ShortageId>) -> Result<Json<ShortageView>, Problem> {
    caller.answer(shortages::show(&caller.0, id).await)
}

/// Lets a case wait before the server gives the latest orders their money back by itself.
#[utoipa::path(post, path = "/shortages/{shortage_id}/wait", tag = "shortages", security(("bearer" = [])),
    params(("shortage_id" = ShortageId, Path)), request_body = LetWait,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn let_wait(
    caller: Caller,
    Path(id): Path<ShortageId>,
    Sent(wait): Sent<LetWait>,
) -> Result<StatusCode, Problem> {
    caller.done(shortages::let_wait(&caller.0, id, &wait).await)
}

/// What the server does where nobody solves a case in time: at all stores, and at those within reach that have a rule of
/// their own.
#[utoipa::path(get, path = "/shortage-rules", tag = "shortages", security(("bearer" = [])),
    responses((status = 200, body = ShortageRules), (status = "default", body = Problem)))]
pub async fn rules(caller: Caller) -> Result<Json<ShortageRules>, Problem> {
    caller.answer(shortage_rules::rules(&caller.0).await)
}

/// Sets the rule for all stores that have none of their own.
#[utoipa::path(put, path = "/shortage-rules", tag = "shortages", security(("bearer" = [])), request_body = ShortageRule,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_rule(caller: Caller, Sent(rule): Sent<ShortageRule>) -> Result<StatusCode, Problem> {
    caller.done(shortage_rules::set(&caller.0, None, rule).await)
}

/// Sets the rule of one store.
#[utoipa::path(put, path = "/shortage-rules/{store_id}", tag = "shortages", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)), request_body = ShortageRule,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_store_rule(
    caller: Caller,
    Path(store): Path<StoreId>,
    Sent(rule): Sent<ShortageRule>,
) -> Result<StatusCode, Problem> {
    caller.done(shortage_rules::set(&caller.0, Some(store), rule).await)
}

/// Lets the rule for all stores hold at one again.
#[utoipa::path(delete, path = "/shortage-rules/{store_id}", tag = "shortages", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn end_store_rule(caller: Caller, Path(store): Path<StoreId>) -> Result<StatusCode, Problem> {
    caller.done(shortage_rules::remove(&caller.0, store).await)
}
