//! Counting what is there, at places within the caller's grants.

use axum::{Json, http::StatusCode};
use commerce::counts;
use domain::{
    CountId, LocationId, SkuId,
    approvals::Decide,
    counts::{
        CountCard, CountLine, CountListEntered, CountState, CountView, EnterCount, EnterCountList, LinesShown,
        ListCounts, ListLines, OpenCount, PlaceOfStock, SubmitCount,
    },
    page::Page,
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    paging::Limit,
    problem::{Caller, Path, Problem, Query, Sent},
};

/// The stores and warehouses at which the caller counts and reports losses.
#[utoipa::path(get, path = "/console/stock-places", tag = "counts", security(("bearer" = [])),
    responses((status = 200, body = Vec<PlaceOfStock>), (status = "default", body = Problem)))]
pub async fn places(caller: Caller) -> Result<Json<Vec<PlaceOfStock>>, Problem> {
    caller.answer(counts::places(&caller.0).await)
}

/// Which counts of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CountsAsked {
    /// Only those that wait for the caller.
    waiting: Option<bool>,
    /// Only in this state.
    #[param(inline)]
    state: Option<CountState>,
    /// Only of this store or warehouse.
    location_id: Option<LocationId>,
    /// 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit<100>>,
    /// The `next` of the page before.
    after: Option<CountId>,
}

/// Counts of places within reach, the newest first.
#[utoipa::path(get, path = "/console/counts", tag = "counts", security(("bearer" = [])), params(CountsAsked),
    responses((status = 200, body = Page<CountCard>), (status = "default", body = Problem)))]
pub async fn list(caller: Caller, Query(asked): Query<CountsAsked>) -> Result<Json<Page<CountCard>>, Problem> {
    let ask = ListCounts {
        waiting: asked.waiting.unwrap_or_default(),
        state: asked.state,
        location: asked.location_id,
        most: asked.limit.map_or(50, Limit::get),
        after: asked.after,
    };
    caller.answer(counts::list(&caller.0, &ask).await)
}

/// Begins a count. The same request again begins no second one.
#[utoipa::path(post, path = "/console/counts", tag = "counts", security(("bearer" = [])), request_body = OpenCount,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn open(caller: Caller, Sent(command): Sent<OpenCount>) -> Result<StatusCode, Problem> {
    caller.done(counts::open(&caller.0, command).await)
}

/// One count with what was entered last and what happened.
#[utoipa::path(get, path = "/console/counts/{count_id}", tag = "counts", security(("bearer" = [])),
    params(("count_id" = CountId, Path)), responses((status = 200, body = CountView), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path(id): Path<CountId>) -> Result<Json<CountView>, Problem> {
    caller.answer(counts::show(&caller.0, id).await)
}

/// Which lines of a count.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LinesAsked {
    /// Which; all where it is not said.
    #[param(inline)]
    show: Option<LinesShown>,
    /// Words of the name, a code or a barcode.
    q: Option<String>,
    /// 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit<200>>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// The lines of a count, by code. What the books say is left out for who is not told.
#[utoipa::path(get, path = "/console/counts/{count_id}/lines", tag = "counts", security(("bearer" = [])),
    params(("count_id" = CountId, Path), LinesAsked),
    responses((status = 200, body = Page<CountLine>), (status = "default", body = Problem)))]
pub async fn lines(
    caller: Caller,
    Path(id): Path<CountId>,
    Query(asked): Query<LinesAsked>,
) -> Result<Json<Page<CountLine>>, Problem> {
    let ask = ListLines {
        show: asked.show.unwrap_or_default(),
        words: asked.q.unwrap_or_default(),
        most: asked.limit.map_or(100, Limit::get),
        after: asked.after,
    };
    caller.answer(counts::lines(&caller.0, id, &ask).await)
}

/// Adds what was found. Entries add up, so several people count at once; the same request again adds nothing.
#[utoipa::path(post, path = "/console/counts/{count_id}/entries", tag = "counts", security(("bearer" = [])),
    params(("count_id" = CountId, Path)), request_body = EnterCount,
    responses((status = 200, body = CountLine), (status = "default", body = Problem)))]
pub async fn enter(
    caller: Caller,
    Path(id): Path<CountId>,
    Sent(command): Sent<EnterCount>,
) -> Result<Json<CountLine>, Problem> {
    caller.answer(counts::enter(&caller.0, id, command).await)
}

/// Adds all that a scanner's list says, or nothing where a line is wrong: then `lines.{at}`, from 0, says which. The
/// same list again adds nothing.
#[utoipa::path(post, path = "/console/counts/{count_id}/lists", tag = "counts", security(("bearer" = [])),
    params(("count_id" = CountId, Path)), request_body = EnterCountList,
    responses((status = 200, body = CountListEntered), (status = "default", body = Problem)))]
pub async fn enter_list(
    caller: Caller,
    Path(id): Path<CountId>,
    Sent(command): Sent<EnterCountList>,
) -> Result<Json<CountListEntered>, Problem> {
    caller.answer(counts::enter_list(&caller.0, id, command).await)
}

/// Takes back all that came with a list.
#[utoipa::path(delete, path = "/console/counts/{count_id}/lists/{list_id}", tag = "counts", security(("bearer" = [])),
    params(("count_id" = CountId, Path), ("list_id" = Uuid, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn undo_list(caller: Caller, Path((id, list)): Path<(CountId, Uuid)>) -> Result<StatusCode, Problem> {
    caller.done(counts::undo_list(&caller.0, id, list).await)
}

/// Takes an entry back.
#[utoipa::path(delete, path = "/console/counts/{count_id}/entries/{entry_id}", tag = "counts", security(("bearer" = [])),
    params(("count_id" = CountId, Path), ("entry_id" = Uuid, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn undo(caller: Caller, Path((id, entry)): Path<(CountId, Uuid)>) -> Result<StatusCode, Problem> {
    caller.done(counts::undo(&caller.0, id, entry).await)
}

/// Takes all entries of one of the goods back, to count it again.
#[utoipa::path(delete, path = "/console/counts/{count_id}/lines/{sku_id}", tag = "counts", security(("bearer" = [])),
    params(("count_id" = CountId, Path), ("sku_id" = SkuId, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn recount(caller: Caller, Path((id, sku)): Path<(CountId, SkuId)>) -> Result<StatusCode, Problem> {
    caller.done(counts::recount(&caller.0, id, sku).await)
}

/// Hands a count in. Lines that nobody counted are none, or no part of it, only where that is said.
#[utoipa::path(post, path = "/console/counts/{count_id}/submit", tag = "counts", security(("bearer" = [])),
    params(("count_id" = CountId, Path)), request_body = SubmitCount,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn submit(
    caller: Caller,
    Path(id): Path<CountId>,
    Sent(command): Sent<SubmitCount>,
) -> Result<StatusCode, Problem> {
    caller.done(counts::submit(&caller.0, id, command).await)
}

/// Gives a count up; nothing is booked.
#[utoipa::path(post, path = "/console/counts/{count_id}/cancel", tag = "counts", security(("bearer" = [])),
    params(("count_id" = CountId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn cancel(caller: Caller, Path(id): Path<CountId>) -> Result<StatusCode, Problem> {
    caller.done(counts::cancel(&caller.0, id).await)
}

/// Agrees to a count, which books its differences, or sends it back to be counted again.
#[utoipa::path(post, path = "/console/counts/{count_id}/decision", tag = "counts", security(("bearer" = [])),
    params(("count_id" = CountId, Path)), request_body = Decide,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn decide(
    caller: Caller,
    Path(id): Path<CountId>,
    Sent(decision): Sent<Decide>,
) -> Result<StatusCode, Problem> {
    caller.done(counts::decide(&caller.0, id, decision).await)
}
