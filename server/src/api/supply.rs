//! Warehouses and what head office sends out of them.

use axum::{Json, http::StatusCode};
use commerce::supply;
use domain::{
    LocationId,
    purchasing::COVER_DAYS,
    stores::Ownership,
    supply::{
        Allocate, AllocationProposal, AllocationView, Formula, ProposeAllocation, SaveWarehouse, SetSupplyPrice,
        SupplyPrice, Warehouse,
    },
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::problem::{Caller, Path, Problem, Query, Sent};

/// All warehouses, those that are open first.
#[utoipa::path(get, path = "/hq/warehouses", tag = "supply", security(("bearer" = [])),
    responses((status = 200, body = Vec<Warehouse>), (status = "default", body = Problem)))]
pub async fn warehouses(caller: Caller) -> Result<Json<Vec<Warehouse>>, Problem> {
    caller.answer(supply::warehouses(&caller.0).await)
}

/// Makes a warehouse under an id of the client's, or changes what it is called and where it is.
#[utoipa::path(put, path = "/hq/warehouses/{location_id}", tag = "supply", security(("bearer" = [])),
    params(("location_id" = LocationId, Path)), request_body = SaveWarehouse,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn save_warehouse(
    caller: Caller,
    Path(id): Path<LocationId>,
    Sent(command): Sent<SaveWarehouse>,
) -> Result<StatusCode, Problem> {
    caller.done(supply::save(&caller.0, id, command).await)
}

/// Closes an empty warehouse: nothing is sent from it or to it any more.
#[utoipa::path(post, path = "/hq/warehouses/{location_id}/close", tag = "supply", security(("bearer" = [])),
    params(("location_id" = LocationId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn close_warehouse(caller: Caller, Path(id): Path<LocationId>) -> Result<StatusCode, Problem> {
    caller.done(supply::close(&caller.0, id).await)
}

/// Opens a closed warehouse again.
#[utoipa::path(post, path = "/hq/warehouses/{location_id}/reopen", tag = "supply", security(("bearer" = [])),
    params(("location_id" = LocationId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn reopen_warehouse(caller: Caller, Path(id): Path<LocationId>) -> Result<StatusCode, Problem> {
    caller.done(supply::reopen(&caller.0, id).await)
}

/// Which supply prices.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PricesAsked {
    /// Words in the name or code of a variant, or a store's name.
    q: Option<String>,
}

/// What stores pay for what a warehouse sends them, at most 500.
#[utoipa::path(get, path = "/hq/supply-prices", tag = "supply", security(("bearer" = [])), params(PricesAsked),
    responses((status = 200, body = Vec<SupplyPrice>), (status = "default", body = Problem)))]
pub async fn prices(caller: Caller, Query(asked): Query<PricesAsked>) -> Result<Json<Vec<SupplyPrice>>, Problem> {
    caller.answer(supply::prices(&caller.0, asked.q.as_deref().unwrap_or_default()).await)
}

/// Sets a supply price, or removes it.
#[utoipa::path(put, path = "/hq/supply-prices", tag = "supply", security(("bearer" = [])),
    request_body = SetSupplyPrice, responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_price(caller: Caller, Sent(command): Sent<SetSupplyPrice>) -> Result<StatusCode, Problem> {
    caller.done(supply::set_price(&caller.0, command).await)
}

/// Sends goods from a warehouse to many stores: one transfer for each, agreed to already, and an answer for each row.
/// The same table again is answered as before.
#[utoipa::path(post, path = "/hq/allocations", tag = "supply", security(("bearer" = [])), request_body = Allocate,
    responses((status = 200, body = AllocationView), (status = "default", body = Problem)))]
pub async fn allocate(caller: Caller, Sent(command): Sent<Allocate>) -> Result<Json<AllocationView>, Problem> {
    caller.answer(supply::allocate(&caller.0, command).await)
}

/// What is to be shared out, and how.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProposalAsked {
    /// From which warehouse.
    from_id: LocationId,
    /// The variants, by code or barcode with commas between: 1 to 50.
    skus: String,
    /// How they are shared out.
    #[param(inline)]
    formula: Formula,
    /// For how many days stores are to have enough, 1 to 90; 14 where it is not said.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 90)]
    days: Option<i64>,
    /// How many pieces of each variant at most; all that can be given where it is not said.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100_000)]
    pieces: Option<i64>,
    /// Only to stores that are run so.
    #[param(inline)]
    ownership: Option<Ownership>,
    /// Only to stores in this region, or below it; by its code.
    region: Option<String>,
}

/// The table that a formula makes for a warehouse's goods: which store is to get how many, and why. Nothing is sent by
/// it; what is right in it is sent as any table is.
#[utoipa::path(get, path = "/hq/allocations/proposal", tag = "supply", security(("bearer" = [])), params(ProposalAsked),
    responses((status = 200, body = AllocationProposal), (status = "default", body = Problem)))]
pub async fn propose_allocation(
    caller: Caller,
    Query(asked): Query<ProposalAsked>,
) -> Result<Json<AllocationProposal>, Problem> {
    let skus = asked.skus.split(',').map(|code| code.trim().to_owned()).filter(|code| !code.is_empty());
    let ask = ProposeAllocation {
        from_id: asked.from_id,
        skus: skus.collect(),
        formula: asked.formula,
        days: asked.days.unwrap_or(COVER_DAYS),
        pieces: asked.pieces,
        ownership: asked.ownership,
        region: asked.region,
    };
    caller.answer(supply::propose(&caller.0, &ask).await)
}

/// A table that was sent, and what came of each row.
#[utoipa::path(get, path = "/hq/allocations/{allocation_id}", tag = "supply", security(("bearer" = [])),
    params(("allocation_id" = Uuid, Path)),
    responses((status = 200, body = AllocationView), (status = "default", body = Problem)))]
pub async fn allocation(caller: Caller, Path(id): Path<Uuid>) -> Result<Json<AllocationView>, Problem> {
    caller.answer(supply::show_allocation(&caller.0, id).await)
}
