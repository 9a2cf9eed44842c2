//! Stores and their goods; no log-in needed.

use axum::Json;
use commerce::{catalog, nearby, stores};
use domain::{
    Fault, StoreId,
    catalog::{BrowseGoods, Category, ProductCard, ProductView},
    geo::Point,
    nearby::NearbyStore,
    page::Page,
    stores::{FindStores, Place, StoreCard, StoreView},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    paging::{Limit, Offset},
    problem::{Caller, Path, Problem, Query},
};

/// What a finder is asked.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Find {
    /// `latitude,longitude` in WGS-84; the nearest come first.
    #[param(
        pattern = r"^-?([0-8]?[0-9](\.[0-9]{1,15})?|90),-?(1[0-7][0-9](\.[0-9]{1,15})?|[0-9]{1,2}(\.[0-9]{1,15})?|180)$"
    )]
    near: Option<String>,
    /// Words in the name, address, brand or code.
    q: Option<String>,
    /// A brand's code.
    brand: Option<String>,
    /// Only those open now.
    #[serde(default)]
    open_now: bool,
    /// 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit<100>>,
    /// How many to pass over.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 100_000)]
    offset: Option<Offset>,
}

fn point(near: Option<&str>) -> Result<Option<Point>, Fault> {
    near.map(|text| text.parse().map_err(|reason| Fault::invalid("near", reason))).transpose()
}

/// Stores, the nearest first where a place is given.
#[utoipa::path(get, path = "/stores", tag = "stores", params(Find),
    responses((status = 200, body = Vec<StoreCard>), (status = "default", body = Problem)))]
pub async fn find(caller: Caller, Query(find): Query<Find>) -> Result<Json<Vec<StoreCard>>, Problem> {
    let found = async {
        let ask = FindStores {
            near: point(find.near.as_deref())?,
            words: find.q.unwrap_or_default(),
            brand: find.brand,
            open_now: find.open_now,
            most: find.limit.map_or(20, Limit::get),
            skip: find.offset.map_or(0, Offset::get),
        };
        stores::find(&caller.0, ask).await
    };
    caller.answer(found.await)
}

/// Words for places.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlacesAsked {
    /// A name or its pinyin.
    q: Option<String>,
}

/// Places to choose by hand.
#[utoipa::path(get, path = "/places", tag = "stores", params(PlacesAsked),
    responses((status = 200, body = Vec<Place>), (status = "default", body = Problem)))]
pub async fn places(caller: Caller, Query(asked): Query<PlacesAsked>) -> Result<Json<Vec<Place>>, Problem> {
    caller.answer(stores::places(&caller.0, asked.q.as_deref().unwrap_or_default()).await)
}

/// One store, with its hours and pickup slots.
#[utoipa::path(get, path = "/stores/{store_id}", tag = "stores", params(("store_id" = StoreId, Path)),
    responses((status = 200, body = StoreView), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path(id): Path<StoreId>) -> Result<Json<StoreView>, Problem> {
    caller.answer(stores::show_by_id(&caller.0, id, None).await)
}

/// The categories of a store's menu.
#[utoipa::path(get, path = "/stores/{store_id}/categories", tag = "stores", params(("store_id" = StoreId, Path)),
    responses((status = 200, body = Vec<Category>), (status = "default", body = Problem)))]
pub async fn categories(caller: Caller, Path(id): Path<StoreId>) -> Result<Json<Vec<Category>>, Problem> {
    caller.answer(catalog::categories(&caller.0, id).await)
}

/// What a list of goods is asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Browse {
    /// A category's code.
    category: Option<String>,
    /// Words, pinyin or initials.
    q: Option<String>,
    /// 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit<100>>,
    /// Where to read on: `next` of the page before.
    #[param(pattern = r"^-?[0-9]{1,9}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    after: Option<String>,
}

/// A store's goods at its prices and stock of this moment.
#[utoipa::path(get, path = "/stores/{store_id}/products", tag = "stores", params(("store_id" = StoreId, Path), Browse),
    responses((status = 200, body = Page<ProductCard>), (status = "default", body = Problem)))]
pub async fn browse(
    caller: Caller,
    Path(id): Path<StoreId>,
    Query(asked): Query<Browse>,
) -> Result<Json<Page<ProductCard>>, Problem> {
    let ask = BrowseGoods {
        category: asked.category,
        words: asked.q.unwrap_or_default(),
        most: asked.limit.map_or(40, Limit::get),
        after: asked.after,
    };
    caller.answer(catalog::browse(&caller.0, id, ask).await)
}

/// One product with its variants and options at a store.
#[utoipa::path(get, path = "/stores/{store_id}/products/{code}", tag = "stores",
    params(("store_id" = StoreId, Path), ("code" = String, Path)),
    responses((status = 200, body = ProductView), (status = "default", body = Problem)))]
pub async fn product(caller: Caller, Path((id, code)): Path<(StoreId, String)>) -> Result<Json<ProductView>, Problem> {
    caller.answer(catalog::show(&caller.0, id, &code).await)
}

/// From where shoppers look.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NearbyAsked {
    /// `latitude,longitude` in WGS-84; near to the store itself where not given.
    #[param(
        pattern = r"^-?([0-8]?[0-9](\.[0-9]{1,15})?|90),-?(1[0-7][0-9](\.[0-9]{1,15})?|[0-9]{1,2}(\.[0-9]{1,15})?|180)$"
    )]
    near: Option<String>,
}

/// The nearest other open stores that have some of a product, at most 5. How many is said only of the last pieces.
#[utoipa::path(get, path = "/stores/{store_id}/products/{code}/nearby", tag = "stores",
    params(("store_id" = StoreId, Path), ("code" = String, Path), NearbyAsked),
    responses((status = 200, body = Vec<NearbyStore>), (status = "default", body = Problem)))]
pub async fn nearby(
    caller: Caller,
    Path((id, code)): Path<(StoreId, String)>,
    Query(asked): Query<NearbyAsked>,
) -> Result<Json<Vec<NearbyStore>>, Problem> {
    let near = match point(asked.near.as_deref()) {
        Ok(near) => near,
        Err(fault) => return caller.answer(Err(fault)),
    };
    caller.answer(nearby::of_product(&caller.0, id, &code, near).await)
}
