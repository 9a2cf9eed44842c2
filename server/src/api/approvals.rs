//! What stores propose and those above them decide.

use axum::{Json, http::StatusCode};
use commerce::approvals;
use domain::{
    LocationId, ProposalId, StoreId,
    approval_limits::{ApprovalLimits, HouseLimits},
    approvals::{
        Decide, Delegate, Delegation, ListProposals, ProposalCard, ProposalKind, ProposalState, ProposalSubject,
        ProposalView, Propose,
    },
    counts::DecideAlone,
    page::Page,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    paging::Limit,
    problem::{Caller, Path, Problem, Query, Sent},
};

/// Which proposals of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProposalsAsked {
    /// Only those that wait for the caller.
    waiting: Option<bool>,
    /// Only in this state.
    #[param(inline)]
    state: Option<ProposalState>,
    /// Only of this kind.
    #[param(inline)]
    kind: Option<ProposalKind>,
    /// Only of this store.
    store_id: Option<StoreId>,
    /// 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit<100>>,
    /// The `next` of the page before.
    after: Option<ProposalId>,
}

/// Proposals of stores within reach, the newest first. A draft is its author's alone.
#[utoipa::path(get, path = "/proposals", tag = "approvals", security(("bearer" = [])), params(ProposalsAsked),
    responses((status = 200, body = Page<ProposalCard>), (status = "default", body = Problem)))]
pub async fn list(caller: Caller, Query(asked): Query<ProposalsAsked>) -> Result<Json<Page<ProposalCard>>, Problem> {
    let ask = ListProposals {
        waiting: asked.waiting.unwrap_or_default(),
        state: asked.state,
        kind: asked.kind,
        store: asked.store_id,
        most: asked.limit.map_or(50, Limit::get),
        after: asked.after,
    };
    caller.answer(approvals::list(&caller.0, &ask).await)
}

/// How many wait.
#[derive(Serialize, ToSchema)]
pub struct Waiting {
    waiting: i64,
}

/// How many proposals wait for the caller's decision.
#[utoipa::path(get, path = "/proposals/waiting", tag = "approvals", security(("bearer" = [])),
    responses((status = 200, body = Waiting), (status = "default", body = Problem)))]
pub async fn waiting(caller: Caller) -> Result<Json<Waiting>, Problem> {
    let found = approvals::waiting(&caller.0).await;
    caller.answer(found.map(|waiting| Waiting { waiting }))
}

/// Which goods of a store.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SubjectsAsked {
    /// Words of the name, a code or a barcode.
    q: Option<String>,
}

/// Goods of a store for which something can be proposed, at most 20.
#[utoipa::path(get, path = "/proposals/subjects/{store_id}", tag = "approvals", security(("bearer" = [])),
    params(("store_id" = StoreId, Path), SubjectsAsked),
    responses((status = 200, body = Vec<ProposalSubject>), (status = "default", body = Problem)))]
pub async fn subjects(
    caller: Caller,
    Path(store): Path<StoreId>,
    Query(asked): Query<SubjectsAsked>,
) -> Result<Json<Vec<ProposalSubject>>, Problem> {
    caller.answer(approvals::subjects(&caller.0, store, asked.q.as_deref().unwrap_or_default()).await)
}

/// Proposes something for a store, or keeps it as a draft. The same request again makes no second proposal.
#[utoipa::path(post, path = "/proposals", tag = "approvals", security(("bearer" = [])), request_body = Propose,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn propose(caller: Caller, Sent(command): Sent<Propose>) -> Result<StatusCode, Problem> {
    caller.done(approvals::propose(&caller.0, command).await)
}

/// One proposal, with what happened to it and how things are now.
#[utoipa::path(get, path = "/proposals/{proposal_id}", tag = "approvals", security(("bearer" = [])),
    params(("proposal_id" = ProposalId, Path)),
    responses((status = 200, body = ProposalView), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path(id): Path<ProposalId>) -> Result<Json<ProposalView>, Problem> {
    caller.answer(approvals::show(&caller.0, id).await)
}

/// Puts the caller's own draft before whoever decides.
#[utoipa::path(post, path = "/proposals/{proposal_id}/submit", tag = "approvals", security(("bearer" = [])),
    params(("proposal_id" = ProposalId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn submit(caller: Caller, Path(id): Path<ProposalId>) -> Result<StatusCode, Problem> {
    caller.done(approvals::submit(&caller.0, id).await)
}

/// Takes the caller's own proposal back.
#[utoipa::path(post, path = "/proposals/{proposal_id}/withdraw", tag = "approvals", security(("bearer" = [])),
    params(("proposal_id" = ProposalId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn withdraw(caller: Caller, Path(id): Path<ProposalId>) -> Result<StatusCode, Problem> {
    caller.done(approvals::withdraw(&caller.0, id).await)
}

/// Agrees to a proposal, which is so at once, or turns it down.
#[utoipa::path(post, path = "/proposals/{proposal_id}/decision", tag = "approvals", security(("bearer" = [])),
    params(("proposal_id" = ProposalId, Path)), request_body = Decide,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn decide(
    caller: Caller,
    Path(id): Path<ProposalId>,
    Sent(command): Sent<Decide>,
) -> Result<StatusCode, Problem> {
    caller.done(approvals::decide(&caller.0, id, command).await)
}

/// The delegations that apply now of the caller, and to them.
#[utoipa::path(get, path = "/delegations", tag = "approvals", security(("bearer" = [])),
    responses((status = 200, body = Vec<Delegation>), (status = "default", body = Problem)))]
pub async fn delegations(caller: Caller) -> Result<Json<Vec<Delegation>>, Problem> {
    caller.answer(approvals::delegations(&caller.0).await)
}

/// Lets another decide in the caller's place until a day.
#[utoipa::path(post, path = "/delegations", tag = "approvals", security(("bearer" = [])), request_body = Delegate,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn delegate(caller: Caller, Sent(command): Sent<Delegate>) -> Result<StatusCode, Problem> {
    caller.done(approvals::delegate(&caller.0, command).await)
}

/// Takes a delegation of the caller's back.
#[utoipa::path(delete, path = "/delegations/{delegation_id}", tag = "approvals", security(("bearer" = [])),
    params(("delegation_id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn take_back(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    caller.done(approvals::take_back(&caller.0, id).await)
}

/// Up to where nobody else needs to agree to counts, losses, what is scrapped and orders to suppliers: head office's word,
/// and limits that stores and warehouses have of their own.
#[utoipa::path(get, path = "/approval-limits", tag = "approvals", security(("bearer" = [])),
    responses((status = 200, body = ApprovalLimits), (status = "default", body = Problem)))]
pub async fn limits(caller: Caller) -> Result<Json<ApprovalLimits>, Problem> {
    caller.answer(approvals::limits(&caller.0).await)
}

/// Says them of all stores and warehouses that have none of their own and of orders to suppliers. What waits already goes on waiting.
#[utoipa::path(put, path = "/approval-limits", tag = "approvals", security(("bearer" = [])), request_body = HouseLimits,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_limits(caller: Caller, Sent(limits): Sent<HouseLimits>) -> Result<StatusCode, Problem> {
    caller.done(approvals::set_limits(&caller.0, limits).await)
}

/// Says up to where one store or warehouse decides itself, in place of head office's word.
#[utoipa::path(put, path = "/approval-limits/{location_id}", tag = "approvals", security(("bearer" = [])),
    params(("location_id" = LocationId, Path)), request_body = DecideAlone,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_limits_at(
    caller: Caller,
    Path(place): Path<LocationId>,
    Sent(alone): Sent<DecideAlone>,
) -> Result<StatusCode, Problem> {
    caller.done(approvals::set_limits_at(&caller.0, place, alone).await)
}

/// Lets head office's word hold at a store or warehouse again.
#[utoipa::path(delete, path = "/approval-limits/{location_id}", tag = "approvals", security(("bearer" = [])),
    params(("location_id" = LocationId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_limits_at(caller: Caller, Path(place): Path<LocationId>) -> Result<StatusCode, Problem> {
    caller.done(approvals::remove_limits_at(&caller.0, place).await)
}
