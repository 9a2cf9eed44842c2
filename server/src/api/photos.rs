//! The photos that a store shows of itself, within the caller's grants.

use axum::{Json, http::StatusCode};
use commerce::files::photos as use_cases;
use domain::{FileId, StoreId, files::StorePhotos};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Caller, Path, Problem, Query, Sent, SentFile};

/// The photos of a store, and those that were removed within a day.
#[utoipa::path(get, path = "/console/stores/{store_id}/photos", tag = "console", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)), responses((status = 200, body = StorePhotos), (status = "default", body = Problem)))]
pub async fn photos(caller: Caller, Path(store): Path<StoreId>) -> Result<Json<StorePhotos>, Problem> {
    caller.answer(use_cases::list(&caller.0, store).await)
}

/// What a photo is called.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Named {
    /// The file's name, for people; what is longer than 100 characters is cut.
    name: Option<String>,
}

/// What was added.
#[derive(Serialize, ToSchema)]
#[schema(as = AddedPhoto)]
pub struct Added {
    /// The photo.
    id: FileId,
}

/// Adds a photo to a store: a JPEG, PNG or WebP of at most 10 MB. It is drawn anew, without what its file says
/// beside the picture. The same file again is the same photo.
#[utoipa::path(post, path = "/console/stores/{store_id}/photos", tag = "console", security(("bearer" = [])),
    params(("store_id" = StoreId, Path), Named),
    request_body(content = SentFile, content_type = "application/octet-stream", description = "The file's bytes."),
    responses((status = 200, body = Added), (status = "default", body = Problem)))]
pub async fn add_photo(
    caller: Caller,
    Path(store): Path<StoreId>,
    Query(named): Query<Named>,
    SentFile(bytes): SentFile,
) -> Result<Json<Added>, Problem> {
    let added = use_cases::add(&caller.0, store, named.name.as_deref().unwrap_or_default(), bytes).await;
    caller.answer(added.map(|id| Added { id }))
}

/// The order in which photos are shown.
#[derive(Deserialize, ToSchema)]
#[schema(as = ArrangedPhotos)]
pub struct Arranged {
    /// All photos that the store shows; the first is the cover.
    #[schema(max_items = 12)]
    photos: Vec<FileId>,
}

/// Puts the photos of a store in this order.
#[utoipa::path(put, path = "/console/stores/{store_id}/photos", tag = "console", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)), request_body = Arranged,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn arrange_photos(
    caller: Caller,
    Path(store): Path<StoreId>,
    Sent(arranged): Sent<Arranged>,
) -> Result<StatusCode, Problem> {
    caller.done(use_cases::arrange(&caller.0, store, &arranged.photos).await)
}

/// Removes a photo. For a day it can be brought back.
#[utoipa::path(delete, path = "/console/photos/{photo_id}", tag = "console", security(("bearer" = [])),
    params(("photo_id" = FileId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_photo(caller: Caller, Path(id): Path<FileId>) -> Result<StatusCode, Problem> {
    caller.done(use_cases::remove(&caller.0, id).await.map(drop))
}

/// Brings a photo back that was removed, behind those that are there.
#[utoipa::path(post, path = "/console/photos/{photo_id}/restore", tag = "console", security(("bearer" = [])),
    params(("photo_id" = FileId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn restore_photo(caller: Caller, Path(id): Path<FileId>) -> Result<StatusCode, Problem> {
    caller.done(use_cases::restore(&caller.0, id).await.map(drop))
}
