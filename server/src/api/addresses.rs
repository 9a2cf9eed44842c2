//! A member's address book.

use axum::{Json, http::StatusCode};
use commerce::fulfilment::addresses;
use domain::{
    AddressId,
    fulfilment::{AddressView, SaveAddress},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Caller, Path, Problem, Sent};

/// The addresses of the member who asks, the default first.
#[utoipa::path(get, path = "/me/addresses", tag = "me", security(("bearer" = [])),
    responses((status = 200, body = Vec<AddressView>), (status = "default", body = Problem)))]
pub async fn addresses(caller: Caller) -> Result<Json<Vec<AddressView>>, Problem> {
    caller.answer(addresses::mine(&caller.0).await)
}

/// Adds an address, or changes the one with this id. The first one is the default.
#[utoipa::path(post, path = "/me/addresses", tag = "me", security(("bearer" = [])), request_body = SaveAddress,
    responses((status = 200, body = AddressView), (status = "default", body = Problem)))]
pub async fn save_address(caller: Caller, Sent(address): Sent<SaveAddress>) -> Result<Json<AddressView>, Problem> {
    caller.answer(addresses::save(&caller.0, address).await)
}

/// Takes an address out of the book. Orders keep theirs.
#[utoipa::path(delete, path = "/me/addresses/{address_id}", tag = "me", security(("bearer" = [])),
    params(("address_id" = AddressId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_address(caller: Caller, Path(id): Path<AddressId>) -> Result<StatusCode, Problem> {
    caller.done(addresses::remove(&caller.0, id).await)
}

/// A region that an address may be in.
#[derive(Serialize, ToSchema)]
pub struct AddressRegion {
    /// By GB/T 2260.
    code: String,
    /// `浙江省 杭州市`.
    name: String,
}

/// The cities that an address may be in, and the provinces whose cities are not known.
#[utoipa::path(get, path = "/me/addresses/regions", tag = "me", security(("bearer" = [])),
    responses((status = 200, body = Vec<AddressRegion>), (status = "default", body = Problem)))]
pub async fn address_regions(caller: Caller) -> Result<Json<Vec<AddressRegion>>, Problem> {
    let regions = async {
        caller.0.member()?;
        addresses::regions(&caller.0).await
    };
    let region = |(code, name)| AddressRegion { code, name };
    caller.answer(regions.await.map(|regions| regions.into_iter().map(region).collect()))
}
