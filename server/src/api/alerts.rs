//! What a store should know of its stock, at places within the caller's grants.

use axum::{Json, http::StatusCode};
use commerce::alerts;
use domain::{
    AlertId, LocationId,
    alerts::{Alert, AlertKind, AlertRule, AlertState, ListAlerts, SetAlertRule},
    page::Page,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    paging::Limit,
    problem::{Caller, Path, Problem, Query, Sent},
};

/// Which alerts of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AlertsAsked {
    /// Only in this state; those that are not over where none is named.
    #[param(inline)]
    state: Option<AlertState>,
    /// Only of this kind.
    #[param(inline)]
    kind: Option<AlertKind>,
    /// Only of this store or warehouse.
    location_id: Option<LocationId>,
    /// 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit<100>>,
    /// The `next` of the page before.
    after: Option<AlertId>,
}

/// Alerts of places within reach, the newest first.
#[utoipa::path(get, path = "/console/alerts", tag = "alerts", security(("bearer" = [])), params(AlertsAsked),
    responses((status = 200, body = Page<Alert>), (status = "default", body = Problem)))]
pub async fn list(caller: Caller, Query(asked): Query<AlertsAsked>) -> Result<Json<Page<Alert>>, Problem> {
    let ask = ListAlerts {
        state: asked.state,
        kind: asked.kind,
        location: asked.location_id,
        most: asked.limit.map_or(50, Limit::get),
        after: asked.after,
    };
    caller.answer(alerts::list(&caller.0, &ask).await)
}

/// Takes note of an alert. People do: a partner's key is refused.
#[utoipa::path(post, path = "/console/alerts/{alert_id}/seen", tag = "alerts", security(("bearer" = [])),
    params(("alert_id" = AlertId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn see(caller: Caller, Path(id): Path<AlertId>) -> Result<StatusCode, Problem> {
    caller.done(alerts::see(&caller.0, id).await)
}

/// Whose thresholds.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RulesAsked {
    /// Of this store or warehouse, with those of all.
    location_id: Option<LocationId>,
}

/// The thresholds of all, and those of places within reach.
#[utoipa::path(get, path = "/console/alert-rules", tag = "alerts", security(("bearer" = [])), params(RulesAsked),
    responses((status = 200, body = Vec<AlertRule>), (status = "default", body = Problem)))]
pub async fn rules(caller: Caller, Query(asked): Query<RulesAsked>) -> Result<Json<Vec<AlertRule>>, Problem> {
    caller.answer(alerts::rules(&caller.0, asked.location_id).await)
}

/// What was set.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertRuleSet)]
pub struct RuleSet {
    /// The threshold.
    id: Uuid,
}

/// Sets a threshold; one for the same goods at the same place becomes this.
#[utoipa::path(put, path = "/console/alert-rules", tag = "alerts", security(("bearer" = [])), request_body = SetAlertRule,
    responses((status = 200, body = RuleSet), (status = "default", body = Problem)))]
pub async fn set_rule(caller: Caller, Sent(command): Sent<SetAlertRule>) -> Result<Json<RuleSet>, Problem> {
    let set = alerts::set(&caller.0, command).await;
    caller.answer(set.map(|id| RuleSet { id }))
}

/// Removes a threshold: what says less applies again.
#[utoipa::path(delete, path = "/console/alert-rules/{rule_id}", tag = "alerts", security(("bearer" = [])),
    params(("rule_id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_rule(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    caller.done(alerts::remove(&caller.0, id).await)
}
