//! Sales at the counter, at stores within the caller's grants: for tills, ours or a partner's.

use axum::Json;
use chrono::NaiveDate;
use commerce::counter_sales;
use domain::{
    CounterSaleId, StoreId,
    counter_sales::{CounterSale, ListCounterSales, SellAtCounter, TakeBack},
    page::Page,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    paging::Limit,
    problem::{Caller, Path, Problem, Query, Sent},
};

/// Which sales of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CounterSalesAsked {
    /// Sold from this day on, in China.
    from: Option<NaiveDate>,
    /// Sold up to this day and with it, in China.
    to: Option<NaiveDate>,
    /// 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit<100>>,
    /// The `next` of the page before.
    after: Option<i64>,
}

/// Sales at the counter of a store, the one booked last first.
#[utoipa::path(get, path = "/console/stores/{store_id}/counter-sales", tag = "counter_sales", security(("bearer" = [])),
    params(("store_id" = StoreId, Path), CounterSalesAsked),
    responses((status = 200, body = Page<CounterSale>), (status = "default", body = Problem)))]
pub async fn list(
    caller: Caller,
    Path(store): Path<StoreId>,
    Query(asked): Query<CounterSalesAsked>,
) -> Result<Json<Page<CounterSale>>, Problem> {
    let CounterSalesAsked { from, to, limit, after } = asked;
    let ask = ListCounterSales { from, to, first: None, most: limit.map_or(50, Limit::get), after };
    caller.answer(counter_sales::list(&caller.0, store, &ask).await)
}

/// Sells goods at the counter of a store, at its prices of now: all lines or none, and no more than there is. What has
/// gone already (`handed_over`) is booked whatever there is. The same request again answers the same sale.
#[utoipa::path(post, path = "/console/stores/{store_id}/counter-sales", tag = "counter_sales", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)), request_body = SellAtCounter,
    responses((status = 200, body = CounterSale), (status = "default", body = Problem)))]
pub async fn sell(
    caller: Caller,
    Path(store): Path<StoreId>,
    Sent(command): Sent<SellAtCounter>,
) -> Result<Json<CounterSale>, Problem> {
    caller.answer(counter_sales::sell(&caller.0, store, command).await)
}

/// One sale at the counter.
#[utoipa::path(get, path = "/console/counter-sales/{sale_id}", tag = "counter_sales", security(("bearer" = [])),
    params(("sale_id" = CounterSaleId, Path)),
    responses((status = 200, body = CounterSale), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path(id): Path<CounterSaleId>) -> Result<Json<CounterSale>, Problem> {
    caller.answer(counter_sales::show(&caller.0, id).await)
}

/// Puts pieces of a sale back on the shelf, all that is left of it where none are named. The same request again takes
/// nothing back twice.
#[utoipa::path(post, path = "/console/counter-sales/{sale_id}/returns", tag = "counter_sales", security(("bearer" = [])),
    params(("sale_id" = CounterSaleId, Path)), request_body = TakeBack,
    responses((status = 200, body = CounterSale), (status = "default", body = Problem)))]
pub async fn take_back(
    caller: Caller,
    Path(id): Path<CounterSaleId>,
    Sent(command): Sent<TakeBack>,
) -> Result<Json<CounterSale>, Problem> {
    caller.answer(counter_sales::take_back(&caller.0, id, command).await)
}
