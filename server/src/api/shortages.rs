//! What is promised and not there.

use axum::{Json, http::StatusCode};
use commerce::stock::shortages;
use domain::{
    ShortageId, StoreId,
    page::Page,
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
