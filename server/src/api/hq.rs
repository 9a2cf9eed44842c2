//! Head office's figures and lists, within the caller's grants.

use axum::{Json, http::StatusCode};
use chrono::NaiveDate;
use commerce::{audit, catalog, figures, orders, stores};
use domain::{
    StaffId, StoreId,
    audit::{Act, AuditEntry, ListAudit, ObjectKind},
    figures::SalesToday,
    fulfilment::Fulfilment,
    orders::{Channel, ListOrders, OrderCard},
    page::Page,
    stores::{ListStores, Ownership, StoreEntry, StoreState},
    weights::{KeepBatches, SetWeights, WeighedProduct},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    orders::Listed,
    paging::{Limit, Offset},
    problem::{Caller, Path, Problem, Query, Sent},
};

/// Sales of today, by hour and by store, against yesterday.
#[utoipa::path(get, path = "/hq/sales/today", tag = "hq", security(("bearer" = [])),
    responses((status = 200, body = SalesToday), (status = "default", body = Problem)))]
pub async fn sales_today(caller: Caller) -> Result<Json<SalesToday>, Problem> {
    caller.answer(figures::sales_today(&caller.0).await)
}

/// Which orders of many stores.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WideAsked {
    /// Only of stores in this region or below it: `310000`.
    region: Option<String>,
    /// Only over this face.
    #[param(inline)]
    channel: Option<Channel>,
    /// Only those that reach their shopper in this way.
    #[param(inline)]
    fulfilment: Option<Fulfilment>,
    /// Placed from this day on, in China.
    from: Option<NaiveDate>,
    /// Placed up to this day and with it, in China.
    to: Option<NaiveDate>,
    /// Only with such goods: words in a product's name, its pinyin or initials; a variant's whole code or barcode.
    goods: Option<String>,
    /// Only those that wait longer than they should.
    #[serde(default)]
    late: bool,
}

/// Orders of all stores within reach, newest first.
#[utoipa::path(get, path = "/hq/orders", tag = "hq", security(("bearer" = [])), params(Listed, WideAsked),
    responses((status = 200, body = Page<OrderCard>), (status = "default", body = Problem)))]
pub async fn orders(
    caller: Caller,
    Query(asked): Query<Listed>,
    Query(wide): Query<WideAsked>,
) -> Result<Json<Page<OrderCard>>, Problem> {
    let WideAsked { region, channel, fulfilment, from, to, goods, late } = wide;
    let goods = goods.unwrap_or_default();
    let ask = ListOrders { region, channel, fulfilment, from, to, goods, late, ..asked.into() };
    caller.answer(orders::list(&caller.0, ask).await)
}

/// Which stores of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StoresAsked {
    /// Words in the name, code or address.
    q: Option<String>,
    /// Only of this ownership.
    ownership: Option<Ownership>,
    /// Only in this state.
    state: Option<StoreState>,
    /// 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit<200>>,
    /// How many to pass over.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 100_000)]
    offset: Option<Offset>,
}

/// Stores and how many there are in all.
#[derive(Serialize, ToSchema)]
pub struct StoresListed {
    items: Vec<StoreEntry>,
    total: i64,
}

/// Stores within reach, by name.
#[utoipa::path(get, path = "/hq/stores", tag = "hq", security(("bearer" = [])), params(StoresAsked),
    responses((status = 200, body = StoresListed), (status = "default", body = Problem)))]
pub async fn stores(caller: Caller, Query(asked): Query<StoresAsked>) -> Result<Json<StoresListed>, Problem> {
    let ask = ListStores {
        words: asked.q.unwrap_or_default(),
        ownership: asked.ownership,
        state: asked.state,
        most: asked.limit.map_or(50, |limit| limit.get() as i64),
        skip: asked.offset.map_or(0, |offset| offset.get() as i64),
    };
    let found = stores::list(&caller.0, &ask).await;
    caller.answer(found.map(|(items, total)| StoresListed { items, total }))
}

/// Which changes of the log.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditAsked {
    /// Words in who did it, what it was done to, or why; or a whole id or request id.
    q: Option<String>,
    /// Only by this person.
    staff: Option<StaffId>,
    /// Only to objects of this kind.
    #[param(inline)]
    object: Option<ObjectKind>,
    /// Only this act.
    #[param(inline)]
    act: Option<Act>,
    /// Only what concerns this store.
    store: Option<StoreId>,
    /// From this day on, in China.
    from: Option<NaiveDate>,
    /// Up to this day and with it, in China.
    to: Option<NaiveDate>,
    /// What the page before gave as `next`.
    after: Option<i64>,
    /// 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit<200>>,
}

/// Who changed what, the newest first; with a reach of some stores, what concerns those.
#[utoipa::path(get, path = "/hq/audit", tag = "hq", security(("bearer" = [])), params(AuditAsked),
    responses((status = 200, body = Page<AuditEntry>), (status = "default", body = Problem)))]
pub async fn audit(caller: Caller, Query(asked): Query<AuditAsked>) -> Result<Json<Page<AuditEntry>>, Problem> {
    let AuditAsked { q, staff, object, act, store, from, to, after, limit } = asked;
    let most = limit.map_or(50, Limit::get);
    let ask = ListAudit { words: q.unwrap_or_default(), staff, object, act, store, from, to, after, most };
    caller.answer(audit::list(&caller.0, &ask).await)
}

/// A product of the chain with its variants and what they weigh.
#[utoipa::path(get, path = "/hq/products/{code}", tag = "hq", security(("bearer" = [])),
    params(("code" = String, Path, description = "The product's code")),
    responses((status = 200, body = WeighedProduct), (status = "default", body = Problem)))]
pub async fn product(caller: Caller, Path(code): Path<String>) -> Result<Json<WeighedProduct>, Problem> {
    caller.answer(catalog::weights(&caller.0, &code).await)
}

/// Says what pieces of a product's variants weigh as they are sent; what was ordered keeps its freight.
#[utoipa::path(put, path = "/hq/products/{code}/weights", tag = "hq", security(("bearer" = [])),
    params(("code" = String, Path, description = "The product's code")), request_body = SetWeights,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_weights(
    caller: Caller,
    Path(code): Path<String>,
    Sent(command): Sent<SetWeights>,
) -> Result<StatusCode, Problem> {
    caller.done(catalog::set_weights(&caller.0, &code, command).await)
}

/// Says whether a product's pieces are kept by batches: nothing of it comes in then without a batch and a last day.
#[utoipa::path(put, path = "/hq/products/{code}/keeping", tag = "hq", security(("bearer" = [])),
    params(("code" = String, Path, description = "The product's code")), request_body = KeepBatches,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn keep_batches(
    caller: Caller,
    Path(code): Path<String>,
    Sent(command): Sent<KeepBatches>,
) -> Result<StatusCode, Problem> {
    caller.done(catalog::keep_batches(&caller.0, &code, command).await)
}
