//! Losses, at places within the caller's grants.

use axum::{Json, http::StatusCode};
use commerce::losses;
use domain::{
    FileId, LocationId, LossId,
    approvals::Decide,
    losses::{ListLosses, LossCard, LossFigure, LossKind, LossState, LossView, ReportLoss},
    page::Page,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    paging::Limit,
    problem::{Caller, Path, Problem, Query, Sent, SentFile},
};

/// Which reports of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LossesAsked {
    /// Only those that wait for the caller.
    waiting: Option<bool>,
    /// Only in this state.
    #[param(inline)]
    state: Option<LossState>,
    /// Only of this kind.
    #[param(inline)]
    kind: Option<LossKind>,
    /// Only of this store or warehouse.
    location_id: Option<LocationId>,
    /// 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit<100>>,
    /// The `next` of the page before.
    after: Option<LossId>,
}

/// Reports of places within reach, the newest first.
#[utoipa::path(get, path = "/console/losses", tag = "losses", security(("bearer" = [])), params(LossesAsked),
    responses((status = 200, body = Page<LossCard>), (status = "default", body = Problem)))]
pub async fn list(caller: Caller, Query(asked): Query<LossesAsked>) -> Result<Json<Page<LossCard>>, Problem> {
    let ask = ListLosses {
        waiting: asked.waiting.unwrap_or_default(),
        state: asked.state,
        kind: asked.kind,
        location: asked.location_id,
        most: asked.limit.map_or(50, Limit::get),
        after: asked.after,
    };
    caller.answer(losses::list(&caller.0, &ask).await)
}

/// How far a report is.
#[derive(Serialize, ToSchema)]
pub struct Reported {
    /// `approved` where it was small enough to be booked at once.
    state: LossState,
}

/// Reports a loss. Where it is small and the caller decides for the store, it is booked at once. The same request
/// again is the same report.
#[utoipa::path(post, path = "/console/losses", tag = "losses", security(("bearer" = [])), request_body = ReportLoss,
    responses((status = 200, body = Reported), (status = "default", body = Problem)))]
pub async fn report(caller: Caller, Sent(command): Sent<ReportLoss>) -> Result<Json<Reported>, Problem> {
    let reported = losses::report(&caller.0, command).await;
    caller.answer(reported.map(|state| Reported { state }))
}

/// Of which losses figures are.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FiguresAsked {
    /// Of how many days; 30 where it is not said.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 366)]
    days: Option<Limit<366>>,
    /// Only of this store or warehouse.
    location_id: Option<LocationId>,
}

/// What was booked as lost, by kind, the most valuable first.
#[utoipa::path(get, path = "/console/losses/figures", tag = "losses", security(("bearer" = [])), params(FiguresAsked),
    responses((status = 200, body = Vec<LossFigure>), (status = "default", body = Problem)))]
pub async fn figures(caller: Caller, Query(asked): Query<FiguresAsked>) -> Result<Json<Vec<LossFigure>>, Problem> {
    let days = asked.days.map_or(30, Limit::get) as i64;
    caller.answer(losses::figures(&caller.0, days, asked.location_id).await)
}

/// One report with its pictures and the decision on it.
#[utoipa::path(get, path = "/console/losses/{loss_id}", tag = "losses", security(("bearer" = [])),
    params(("loss_id" = LossId, Path)), responses((status = 200, body = LossView), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path(id): Path<LossId>) -> Result<Json<LossView>, Problem> {
    caller.answer(losses::show(&caller.0, id).await)
}

/// What a picture is called.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Named {
    /// The file's name, for people; what is longer than 100 characters is cut.
    name: Option<String>,
}

/// What was added.
#[derive(Serialize, ToSchema)]
#[schema(as = AddedLossPhoto)]
pub struct Added {
    /// The picture.
    id: FileId,
}

/// Adds a picture to a report: a JPEG, PNG or WebP of at most 10 MB, at most 6 of them. It is private to those who
/// see the report. The same file again is the same picture.
#[utoipa::path(post, path = "/console/losses/{loss_id}/photos", tag = "losses", security(("bearer" = [])),
    params(("loss_id" = LossId, Path), Named),
    request_body(content = SentFile, content_type = "application/octet-stream", description = "The file's bytes."),
    responses((status = 200, body = Added), (status = "default", body = Problem)))]
pub async fn add_photo(
    caller: Caller,
    Path(id): Path<LossId>,
    Query(named): Query<Named>,
    SentFile(bytes): SentFile,
) -> Result<Json<Added>, Problem> {
    let added = losses::add_photo(&caller.0, id, named.name.as_deref().unwrap_or_default(), bytes).await;
    caller.answer(added.map(|id| Added { id }))
}

/// Takes the caller's own report back.
#[utoipa::path(post, path = "/console/losses/{loss_id}/withdraw", tag = "losses", security(("bearer" = [])),
    params(("loss_id" = LossId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn withdraw(caller: Caller, Path(id): Path<LossId>) -> Result<StatusCode, Problem> {
    caller.done(losses::withdraw(&caller.0, id).await)
}

/// Agrees to a report, which books the loss, or turns it down.
#[utoipa::path(post, path = "/console/losses/{loss_id}/decision", tag = "losses", security(("bearer" = [])),
    params(("loss_id" = LossId, Path)), request_body = Decide,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn decide(
    caller: Caller,
    Path(id): Path<LossId>,
    Sent(decision): Sent<Decide>,
) -> Result<StatusCode, Problem> {
    caller.done(losses::decide(&caller.0, id, decision).await)
}
