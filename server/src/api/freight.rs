//! What sending goods costs, and which stores send them: head office's alone.

use axum::{Json, http::StatusCode};
use commerce::{freight, fulfilment::routing};
use domain::{
    FreightId,
    freight::{DeliveryPriority, ExpressStore, FreightTemplate, SaveFreight, SetDeliveryPriority, SetExpressStores},
    route::{FindRoute, RoutePart, RouteRules, SetRouteRules},
};

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

/// Head office's order of stores for what riders bring: those that are not in the usual place, which is 100.
#[utoipa::path(get, path = "/hq/delivery-priorities", tag = "freight", security(("bearer" = [])),
    responses((status = 200, body = Vec<DeliveryPriority>), (status = "default", body = Problem)))]
pub async fn delivery_priorities(caller: Caller) -> Result<Json<Vec<DeliveryPriority>>, Problem> {
    caller.answer(freight::delivery_priorities(&caller.0).await)
}

/// Gives stores their place in that order; 100 is the usual one.
#[utoipa::path(put, path = "/hq/delivery-priorities", tag = "freight", security(("bearer" = [])),
    request_body = SetDeliveryPriority, responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_delivery_priority(
    caller: Caller,
    Sent(command): Sent<SetDeliveryPriority>,
) -> Result<StatusCode, Problem> {
    caller.done(freight::set_delivery_priority(&caller.0, command).await)
}

/// The rules by which a store is found: for what goes by express, and for what riders bring.
#[utoipa::path(get, path = "/hq/routing", tag = "freight", security(("bearer" = [])),
    responses((status = 200, body = RouteRules), (status = "default", body = Problem)))]
pub async fn rule(caller: Caller) -> Result<Json<RouteRules>, Problem> {
    caller.answer(routing::rules(&caller.0).await)
}

/// Sets those rules.
#[utoipa::path(put, path = "/hq/routing", tag = "freight", security(("bearer" = [])),
    request_body = SetRouteRules, responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_rule(caller: Caller, Sent(command): Sent<SetRouteRules>) -> Result<StatusCode, Problem> {
    caller.done(routing::set_rules(&caller.0, command).await)
}

/// Which stores would send this by express, or bring it, by head office's rule for the way; none where nobody can. It
/// promises nothing: what is there is held when it is ordered.
#[utoipa::path(post, path = "/routes", tag = "freight", security((), ("bearer" = [])), request_body = FindRoute,
    responses((status = 200, body = Vec<RoutePart>), (status = "default", body = Problem)))]
pub async fn find(caller: Caller, Sent(ask): Sent<FindRoute>) -> Result<Json<Vec<RoutePart>>, Problem> {
    caller.answer(routing::find(&caller.0, &ask).await)
}
