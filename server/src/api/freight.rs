//! What sending goods costs, and which stores send them: head office's alone.

use axum::{Json, http::StatusCode};
use commerce::{freight, fulfilment::routing};
use domain::{
    FreightId,
    freight::{ExpressStore, FreightTemplate, SaveFreight, SetExpressStores},
    route::{FindRoute, RoutePart, RouteRule},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::{Caller, Path, Problem, Sent};

/// The templates, the default first.
#[utoipa::path(get, path = "/hq/freight-templates", tag = "freight", security(("bearer" = [])),
    responses((status = 200, body = Vec<FreightTemplate>), (status = "default", body = Problem)))]
pub async fn templates(caller: Caller) -> Result<Json<Vec<FreightTemplate>>, Problem> {
    caller.answer(freight::templates(&caller.0).await.map(|(templates, _)| templates))
}

/// Makes a template under an id of the client's, or changes it; what was ordered keeps the freight of its time.
#[utoipa::path(put, path = "/hq/freight-templates/{template_id}", tag = "freight", security(("bearer" = [])),
    params(("template_id" = FreightId, Path)), request_body = SaveFreight,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn save(
    caller: Caller,
    Path(id): Path<FreightId>,
    Sent(command): Sent<SaveFreight>,
) -> Result<StatusCode, Problem> {
    caller.done(freight::save(&caller.0, id, command).await)
}

/// Removes a template that no store names and that is not the default.
#[utoipa::path(delete, path = "/hq/freight-templates/{template_id}", tag = "freight", security(("bearer" = [])),
    params(("template_id" = FreightId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove(caller: Caller, Path(id): Path<FreightId>) -> Result<StatusCode, Problem> {
    caller.done(freight::remove(&caller.0, id).await)
}

/// The stores that send by express, in head office's order; 1,000 at most.
#[utoipa::path(get, path = "/hq/express-stores", tag = "freight", security(("bearer" = [])),
    responses((status = 200, body = Vec<ExpressStore>), (status = "default", body = Problem)))]
pub async fn stores(caller: Caller) -> Result<Json<Vec<ExpressStore>>, Problem> {
    caller.answer(freight::stores(&caller.0).await)
}

/// Lets stores send by express, or no longer; orders that they have stay as they are.
#[utoipa::path(put, path = "/hq/express-stores", tag = "freight", security(("bearer" = [])),
    request_body = SetExpressStores, responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_stores(caller: Caller, Sent(command): Sent<SetExpressStores>) -> Result<StatusCode, Problem> {
    caller.done(freight::set_stores(&caller.0, command).await)
}

/// By which rule a store is found for what goes by express.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Routing {
    /// The rule.
    rule: RouteRule,
}

/// The rule by which a store is found for what goes by express.
#[utoipa::path(get, path = "/hq/routing", tag = "freight", security(("bearer" = [])),
    responses((status = 200, body = Routing), (status = "default", body = Problem)))]
pub async fn rule(caller: Caller) -> Result<Json<Routing>, Problem> {
    caller.answer(routing::rule(&caller.0).await.map(|rule| Routing { rule }))
}

/// Sets that rule.
#[utoipa::path(put, path = "/hq/routing", tag = "freight", security(("bearer" = [])),
    request_body = Routing, responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_rule(caller: Caller, Sent(command): Sent<Routing>) -> Result<StatusCode, Problem> {
    caller.done(routing::set_rule(&caller.0, command.rule).await)
}

/// Which stores would send this by express, by head office's rule; none where nobody can. It promises nothing: what is
/// there is held when it is ordered.
#[utoipa::path(post, path = "/routes", tag = "freight", security((), ("bearer" = [])), request_body = FindRoute,
    responses((status = 200, body = Vec<RoutePart>), (status = "default", body = Problem)))]
pub async fn find(caller: Caller, Sent(ask): Sent<FindRoute>) -> Result<Json<Vec<RoutePart>>, Problem> {
    caller.answer(routing::find(&caller.0, &ask).await)
}
