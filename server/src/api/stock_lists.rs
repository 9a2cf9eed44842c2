//! What lies where, how it came and went, which batches there are and what was made of it all, at places within the
//! caller's grants.

use axum::Json;
use chrono::NaiveDate;
use commerce::{
    costs,
    stock::{batches, lists},
};
use domain::{
    LocationId,
    batches::{BatchEntry, ListBatches},
    page::Page,
    purchasing::PlaceMargin,
    stock_lists::{BalanceEntry, ListBalances, ListMovements, MovementEntry, Period},
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    paging::{Limit, Offset},
    problem::{Caller, Problem, Query},
};

/// Which balances.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BalancesAsked {
    /// Only at this store or warehouse.
    location_id: Option<LocationId>,
    /// Words of the name, a code or a barcode.
    q: Option<String>,
    /// 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit<200>>,
    /// How many to pass over.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 100_000)]
    offset: Option<Offset>,
}

/// A part of what lies where.
#[derive(Serialize, ToSchema)]
pub struct Balances {
    items: Vec<BalanceEntry>,
    /// How many there are in all.
    total: i64,
}

/// What places within reach have. What it costs is told to those who may see it there.
#[utoipa::path(get, path = "/hq/stock", tag = "supply", security(("bearer" = [])), params(BalancesAsked),
    responses((status = 200, body = Balances), (status = "default", body = Problem)))]
pub async fn balances(caller: Caller, Query(asked): Query<BalancesAsked>) -> Result<Json<Balances>, Problem> {
    let ask = ListBalances {
        location: asked.location_id,
        words: asked.q.unwrap_or_default(),
        most: asked.limit.map_or(50, Limit::get) as i64,
        skip: asked.offset.map_or(0, Offset::get) as i64,
    };
    caller.answer(lists::balances(&caller.0, &ask).await.map(|(items, total)| Balances { items, total }))
}

/// Which movements.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MovementsAsked {
    /// The first day, in China; thirty days before the last where none is named.
    from: Option<NaiveDate>,
    /// The last day; today where none is named.
    to: Option<NaiveDate>,
    /// Only at this store or warehouse.
    location_id: Option<LocationId>,
    /// Words of the name, a code or a barcode.
    q: Option<String>,
    /// Also what only promised pieces or gave a promise up, where nothing came or went.
    promises: Option<bool>,
    /// 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit<200>>,
    /// The `next` of the page before.
    after: Option<i64>,
}

/// How pieces came and went at places within reach in a period of a year at most, the latest first.
#[utoipa::path(get, path = "/hq/movements", tag = "supply", security(("bearer" = [])), params(MovementsAsked),
    responses((status = 200, body = Page<MovementEntry>), (status = "default", body = Problem)))]
pub async fn movements(
    caller: Caller,
    Query(asked): Query<MovementsAsked>,
) -> Result<Json<Page<MovementEntry>>, Problem> {
    let ask = ListMovements {
        period: Period::of(asked.from, asked.to, today(&caller)),
        location: asked.location_id,
        words: asked.q.unwrap_or_default(),
        cause: None,
        sku: None,
        promises: asked.promises.unwrap_or(false),
        most: asked.limit.map_or(50, Limit::get),
        after: asked.after,
    };
    caller.answer(lists::movements(&caller.0, &ask).await)
}

/// The day in China.
fn today(caller: &Caller) -> NaiveDate {
    caller.0.now.with_timezone(&text::zone("")).date_naive()
}

/// Which batches.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BatchesAsked {
    /// Only at this store or warehouse.
    location_id: Option<LocationId>,
    /// Only those that may be sold for so many days at most; 0 is those that may not any more.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 100_000)]
    days: Option<Offset>,
    /// Words of the name, a code or a barcode, or a batch's code.
    q: Option<String>,
    /// 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit<200>>,
    /// How many to pass over.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 100_000)]
    offset: Option<Offset>,
}

/// A part of the batches.
#[derive(Serialize, ToSchema)]
pub struct BatchesListed {
    items: Vec<BatchEntry>,
    /// How many there are in all.
    total: i64,
}

/// What is left of batches at places within reach; what ends first comes first.
#[utoipa::path(get, path = "/hq/batches", tag = "batches", security(("bearer" = [])), params(BatchesAsked),
    operation_id = "list_all", responses((status = 200, body = BatchesListed), (status = "default", body = Problem)))]
pub async fn all_batches(caller: Caller, Query(asked): Query<BatchesAsked>) -> Result<Json<BatchesListed>, Problem> {
    let ask = ListBatches {
        location: asked.location_id,
        days: asked.days.map(|days| days.get() as i64),
        words: asked.q.unwrap_or_default(),
        most: asked.limit.map_or(50, Limit::get) as i64,
        skip: asked.offset.map_or(0, Offset::get) as i64,
    };
    caller.answer(batches::list(&caller.0, &ask).await.map(|(items, total)| BatchesListed { items, total }))
}

/// Of which days.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MarginsAsked {
    /// The first day, in China; thirty days before the last where none is named.
    from: Option<NaiveDate>,
    /// The last day; today where none is named.
    to: Option<NaiveDate>,
}

/// What was sold in a period, what it had cost and what is left, at each place where the caller sees costs.
#[utoipa::path(get, path = "/hq/margins", tag = "purchasing", security(("bearer" = [])), params(MarginsAsked),
    responses((status = 200, body = Vec<PlaceMargin>), (status = "default", body = Problem)))]
pub async fn margins(caller: Caller, Query(asked): Query<MarginsAsked>) -> Result<Json<Vec<PlaceMargin>>, Problem> {
    let period = Period::of(asked.from, asked.to, today(&caller));
    caller.answer(costs::margins(&caller.0, period).await)
}
