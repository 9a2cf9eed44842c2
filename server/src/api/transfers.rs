//! Goods between stores and warehouses: what a store's or a warehouse's own system needs.

use axum::{Json, http::StatusCode};
use commerce::{nearby, supply, transfers};
use domain::{
    LocationId, SkuId, StoreId, TransferId,
    nearby::WhereStocked,
    page::Page,
    supply::{ListStock, ReceiptView, ReceiveGoods, StockEntry},
    transfers::{
        CancelTransfer, DecideTransfer, ListTransfers, ReceiveRest, ReceiveTransfer, RequestTransfer, SettleTransfer,
        ShipTransfer, TransferCard, TransferState, TransferTab, TransferView,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    paging::{Limit, Offset},
    problem::{Caller, Path, Problem, Query, Sent},
};

/// Which transfers of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TransfersAsked {
    /// Only this part, seen from the caller.
    #[param(inline)]
    tab: Option<TransferTab>,
    /// Only in this state.
    #[param(inline)]
    state: Option<TransferState>,
    /// Only from or to this store or warehouse.
    location_id: Option<LocationId>,
    /// Words in the number or a name of either end, or a variant's code.
    q: Option<String>,
    /// 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit<100>>,
    /// The `next` of the page before.
    after: Option<TransferId>,
}

/// Transfers that concern the caller, the newest first.
#[utoipa::path(get, path = "/console/transfers", tag = "transfers", security(("bearer" = [])), params(TransfersAsked),
    responses((status = 200, body = Page<TransferCard>), (status = "default", body = Problem)))]
pub async fn list(caller: Caller, Query(asked): Query<TransfersAsked>) -> Result<Json<Page<TransferCard>>, Problem> {
    let ask = ListTransfers {
        tab: asked.tab,
        state: asked.state,
        location: asked.location_id,
        words: asked.q.unwrap_or_default(),
        most: asked.limit.map_or(50, Limit::get),
        after: asked.after,
    };
    caller.answer(transfers::list(&caller.0, &ask).await)
}

/// Asks for goods. The same request again makes no second transfer.
#[utoipa::path(post, path = "/console/transfers", tag = "transfers", security(("bearer" = [])),
    request_body = RequestTransfer, responses((status = 204), (status = "default", body = Problem)))]
pub async fn request(caller: Caller, Sent(command): Sent<RequestTransfer>) -> Result<StatusCode, Problem> {
    caller.done(transfers::request(&caller.0, command).await)
}

/// One transfer, with its goods, what happened to it and what the caller can do with it now.
#[utoipa::path(get, path = "/console/transfers/{transfer_id}", tag = "transfers", security(("bearer" = [])),
    params(("transfer_id" = TransferId, Path)),
    responses((status = 200, body = TransferView), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path(id): Path<TransferId>) -> Result<Json<TransferView>, Problem> {
    caller.answer(transfers::show(&caller.0, id).await)
}

/// Takes a request back that nobody has decided on.
#[utoipa::path(post, path = "/console/transfers/{transfer_id}/withdraw", tag = "transfers", security(("bearer" = [])),
    params(("transfer_id" = TransferId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn withdraw(caller: Caller, Path(id): Path<TransferId>) -> Result<StatusCode, Problem> {
    caller.done(transfers::withdraw(&caller.0, id).await)
}

/// Agrees to a request, to all of it or less, or turns it down: the sender's side.
#[utoipa::path(post, path = "/console/transfers/{transfer_id}/decision", tag = "transfers", security(("bearer" = [])),
    params(("transfer_id" = TransferId, Path)), request_body = DecideTransfer,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn decide(
    caller: Caller,
    Path(id): Path<TransferId>,
    Sent(command): Sent<DecideTransfer>,
) -> Result<StatusCode, Problem> {
    caller.done(transfers::decide(&caller.0, id, command).await)
}

/// Does not send after all what was agreed to.
#[utoipa::path(post, path = "/console/transfers/{transfer_id}/cancel", tag = "transfers", security(("bearer" = [])),
    params(("transfer_id" = TransferId, Path)), request_body = CancelTransfer,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn cancel(
    caller: Caller,
    Path(id): Path<TransferId>,
    Sent(command): Sent<CancelTransfer>,
) -> Result<StatusCode, Problem> {
    caller.done(transfers::cancel(&caller.0, id, command).await)
}

/// Sends the goods off: no more than was agreed to, and only what is there and promised to nobody. The same shipment
/// again changes nothing.
#[utoipa::path(post, path = "/console/transfers/{transfer_id}/ship", tag = "transfers", security(("bearer" = [])),
    params(("transfer_id" = TransferId, Path)), request_body = ShipTransfer,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn ship(
    caller: Caller,
    Path(id): Path<TransferId>,
    Sent(command): Sent<ShipTransfer>,
) -> Result<StatusCode, Problem> {
    caller.done(transfers::ship(&caller.0, id, command).await)
}

/// Takes the goods in: no more than was shipped. The same receipt again changes nothing.
#[utoipa::path(post, path = "/console/transfers/{transfer_id}/receive", tag = "transfers", security(("bearer" = [])),
    params(("transfer_id" = TransferId, Path)), request_body = ReceiveTransfer,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn receive(
    caller: Caller,
    Path(id): Path<TransferId>,
    Sent(command): Sent<ReceiveTransfer>,
) -> Result<StatusCode, Problem> {
    caller.done(transfers::receive(&caller.0, id, command).await)
}

/// Takes in what was missing and has come after all, or a part of it: numbers say how many have arrived by now. The same
/// again changes nothing.
#[utoipa::path(post, path = "/console/transfers/{transfer_id}/rest", tag = "transfers", security(("bearer" = [])),
    params(("transfer_id" = TransferId, Path)), request_body = ReceiveRest,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn receive_rest(
    caller: Caller,
    Path(id): Path<TransferId>,
    Sent(command): Sent<ReceiveRest>,
) -> Result<StatusCode, Problem> {
    caller.done(transfers::receive_rest(&caller.0, id, command).await.map(drop))
}

/// Accounts for what was sent and did not arrive, or a part of it: the sender's side, or head office. Numbers say how
/// many are lost or back by now; the same again changes nothing.
#[utoipa::path(post, path = "/console/transfers/{transfer_id}/settlement", tag = "transfers",
    security(("bearer" = [])), params(("transfer_id" = TransferId, Path)), request_body = SettleTransfer,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn settle(
    caller: Caller,
    Path(id): Path<TransferId>,
    Sent(command): Sent<SettleTransfer>,
) -> Result<StatusCode, Problem> {
    caller.done(transfers::settle(&caller.0, id, command).await.map(drop))
}

/// Which of a location's stock.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StockAsked {
    /// Words of the name, a code or a barcode.
    q: Option<String>,
    /// 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit<200>>,
    /// How many to pass over.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 100_000)]
    offset: Option<Offset>,
}

/// A part of a location's stock.
#[derive(Serialize, ToSchema)]
pub struct Stocked {
    items: Vec<StockEntry>,
    /// How many there are in all.
    total: i64,
}

/// What a store or warehouse has, and what is on the way to it.
#[utoipa::path(get, path = "/console/stock/{location_id}", tag = "transfers", security(("bearer" = [])),
    params(("location_id" = LocationId, Path), StockAsked),
    responses((status = 200, body = Stocked), (status = "default", body = Problem)))]
pub async fn stock(
    caller: Caller,
    Path(place): Path<LocationId>,
    Query(asked): Query<StockAsked>,
) -> Result<Json<Stocked>, Problem> {
    let ask = ListStock {
        words: asked.q.unwrap_or_default(),
        most: asked.limit.map_or(50, Limit::get) as i64,
        skip: asked.offset.map_or(0, Offset::get) as i64,
        ..ListStock::default()
    };
    let found = supply::stock(&caller.0, place, &ask).await;
    caller.answer(found.map(|(items, total)| Stocked { items, total }))
}

/// Where else a variant is, seen from a store of the caller's, with exact numbers and the way.
#[utoipa::path(get, path = "/console/stock/{location_id}/elsewhere/{sku_id}", tag = "transfers",
    security(("bearer" = [])), params(("location_id" = LocationId, Path), ("sku_id" = SkuId, Path)),
    responses((status = 200, body = WhereStocked), (status = "default", body = Problem)))]
pub async fn elsewhere(
    caller: Caller,
    Path((store, sku)): Path<(LocationId, SkuId)>,
) -> Result<Json<WhereStocked>, Problem> {
    caller.answer(nearby::stocked(&caller.0, StoreId(store.0), sku).await)
}

/// The latest goods that came in at a location, at most 30.
#[utoipa::path(get, path = "/console/stock/{location_id}/receipts", tag = "transfers", security(("bearer" = [])),
    params(("location_id" = LocationId, Path)),
    responses((status = 200, body = Vec<ReceiptView>), (status = "default", body = Problem)))]
pub async fn receipts(caller: Caller, Path(place): Path<LocationId>) -> Result<Json<Vec<ReceiptView>>, Problem> {
    caller.answer(supply::receipts(&caller.0, place, None).await)
}

/// Takes goods in that came from outside. The same request again takes nothing in twice.
#[utoipa::path(post, path = "/console/receipts", tag = "transfers", security(("bearer" = [])),
    request_body = ReceiveGoods, responses((status = 204), (status = "default", body = Problem)))]
pub async fn take_in(caller: Caller, Sent(command): Sent<ReceiveGoods>) -> Result<StatusCode, Problem> {
    caller.done(supply::receive(&caller.0, command).await)
}
