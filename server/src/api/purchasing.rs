//! Buying goods: suppliers, orders to them, what arrives, what it costs, what is owed, what is to be ordered.

use axum::{Json, http::StatusCode};
use commerce::{costs, purchasing};
use domain::{
    Fen, InvoiceId, LocationId, PurchaseId, SkuId, SupplierId, SupplierPaymentId,
    approvals::Decide,
    page::Page,
    purchasing::{
        Billable, CostEntry, CostStep, DraftPurchase, EnterInvoice, InvoiceCard, InvoiceState, InvoiceView, ListCosts,
        ListInvoices, ListPurchases, ListShortfalls, ListSuppliers, OrderProposed, OrderShortfalls, PayInvoice,
        PayPart, Payables, PricedRow, Proposal, PurchaseCard, PurchaseNote, PurchaseState, PurchaseView,
        ReceivePurchase, ReturnPurchase, SaveSupplier, SetPrices, Shortfalls, Supplier, SupplierPriceView,
        TakeBackInvoice, TakeBackPayment,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    paging::{Limit, Offset},
    problem::{Caller, Path, Problem, Query, Sent},
};

/// Which suppliers.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SuppliersAsked {
    /// Words in the code or name.
    q: Option<String>,
}

/// Suppliers, those that are open first, at most 1,000.
#[utoipa::path(get, path = "/hq/suppliers", tag = "purchasing", security(("bearer" = [])), params(SuppliersAsked),
    responses((status = 200, body = Vec<Supplier>), (status = "default", body = Problem)))]
pub async fn suppliers(caller: Caller, Query(asked): Query<SuppliersAsked>) -> Result<Json<Vec<Supplier>>, Problem> {
    let ask = ListSuppliers { words: asked.q.unwrap_or_default() };
    caller.answer(purchasing::suppliers(&caller.0, &ask).await)
}

/// Makes a supplier under an id of the client's, or changes what is known of them.
#[utoipa::path(put, path = "/hq/suppliers/{supplier_id}", tag = "purchasing", security(("bearer" = [])),
    params(("supplier_id" = SupplierId, Path)), request_body = SaveSupplier,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn save_supplier(
    caller: Caller,
    Path(id): Path<SupplierId>,
    Sent(command): Sent<SaveSupplier>,
) -> Result<StatusCode, Problem> {
    caller.done(purchasing::save_supplier(&caller.0, id, command).await)
}

/// What a supplier asks for each variant today, and what it becomes next. Who may not see costs sees no prices.
#[utoipa::path(get, path = "/hq/suppliers/{supplier_id}/prices", tag = "purchasing", security(("bearer" = [])),
    params(("supplier_id" = SupplierId, Path)),
    responses((status = 200, body = Vec<SupplierPriceView>), (status = "default", body = Problem)))]
pub async fn supplier_prices(
    caller: Caller,
    Path(id): Path<SupplierId>,
) -> Result<Json<Vec<SupplierPriceView>>, Problem> {
    caller.answer(purchasing::prices(&caller.0, id).await)
}

/// Sets prices of a supplier, row by row; answers each row.
#[utoipa::path(put, path = "/hq/suppliers/{supplier_id}/prices", tag = "purchasing", security(("bearer" = [])),
    params(("supplier_id" = SupplierId, Path)), request_body = SetPrices,
    responses((status = 200, body = Vec<PricedRow>), (status = "default", body = Problem)))]
pub async fn set_supplier_prices(
    caller: Caller,
    Path(id): Path<SupplierId>,
    Sent(command): Sent<SetPrices>,
) -> Result<Json<Vec<PricedRow>>, Problem> {
    caller.answer(purchasing::set_prices(&caller.0, id, command).await)
}

/// Which orders of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PurchasesAsked {
    /// Only in this state.
    #[param(inline)]
    state: Option<PurchaseState>,
    /// Only from this supplier.
    supplier_id: Option<SupplierId>,
    /// Only to this store or warehouse.
    location_id: Option<LocationId>,
    /// Words in the number, the supplier's or the place's name, or a variant's code.
    q: Option<String>,
    /// 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit<100>>,
    /// The `next` of the page before.
    after: Option<PurchaseId>,
}

/// Orders to suppliers that concern the caller, the newest first. Who only takes goods in sees what was agreed to.
#[utoipa::path(get, path = "/console/purchases", tag = "purchasing", security(("bearer" = [])),
    params(PurchasesAsked), responses((status = 200, body = Page<PurchaseCard>), (status = "default", body = Problem)))]
pub async fn purchases(
    caller: Caller,
    Query(asked): Query<PurchasesAsked>,
) -> Result<Json<Page<PurchaseCard>>, Problem> {
    let ask = ListPurchases {
        state: asked.state,
        supplier: asked.supplier_id,
        location: asked.location_id,
        words: asked.q.unwrap_or_default(),
        most: asked.limit.map_or(50, Limit::get),
        after: asked.after,
    };
    caller.answer(purchasing::list(&caller.0, &ask).await)
}

/// One order, with its goods, what came of it and what the caller can do with it now.
#[utoipa::path(get, path = "/console/purchases/{purchase_id}", tag = "purchasing", security(("bearer" = [])),
    params(("purchase_id" = PurchaseId, Path)),
    responses((status = 200, body = PurchaseView), (status = "default", body = Problem)))]
pub async fn purchase(caller: Caller, Path(id): Path<PurchaseId>) -> Result<Json<PurchaseView>, Problem> {
    caller.answer(purchasing::show(&caller.0, id).await)
}

/// Writes an order under an id of the client's, or writes it anew while it is a draft.
#[utoipa::path(put, path = "/hq/purchases/{purchase_id}", tag = "purchasing", security(("bearer" = [])),
    params(("purchase_id" = PurchaseId, Path)), request_body = DraftPurchase,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn draft(
    caller: Caller,
    Path(id): Path<PurchaseId>,
    Sent(command): Sent<DraftPurchase>,
) -> Result<StatusCode, Problem> {
    caller.done(purchasing::draft(&caller.0, id, command).await)
}

/// How far an order is.
#[derive(Serialize, ToSchema)]
pub struct HandedIn {
    state: PurchaseState,
}

/// Hands a draft in. A small one is agreed to at once, a larger one waits for somebody else.
#[utoipa::path(post, path = "/hq/purchases/{purchase_id}/submit", tag = "purchasing", security(("bearer" = [])),
    params(("purchase_id" = PurchaseId, Path)),
    responses((status = 200, body = HandedIn), (status = "default", body = Problem)))]
pub async fn submit(caller: Caller, Path(id): Path<PurchaseId>) -> Result<Json<HandedIn>, Problem> {
    caller.answer(purchasing::submit(&caller.0, id).await.map(|state| HandedIn { state }))
}

/// Agrees to an order, or turns it down: whoever buys and decides, and nobody on their own.
#[utoipa::path(post, path = "/hq/purchases/{purchase_id}/decision", tag = "purchasing", security(("bearer" = [])),
    params(("purchase_id" = PurchaseId, Path)), request_body = Decide,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn decide(
    caller: Caller,
    Path(id): Path<PurchaseId>,
    Sent(command): Sent<Decide>,
) -> Result<StatusCode, Problem> {
    caller.done(purchasing::decide(&caller.0, id, command).await)
}

/// Calls an order off of which nothing has arrived.
#[utoipa::path(post, path = "/hq/purchases/{purchase_id}/cancel", tag = "purchasing", security(("bearer" = [])),
    params(("purchase_id" = PurchaseId, Path)), request_body = PurchaseNote,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn cancel(
    caller: Caller,
    Path(id): Path<PurchaseId>,
    Sent(command): Sent<PurchaseNote>,
) -> Result<StatusCode, Problem> {
    caller.done(purchasing::cancel(&caller.0, id, command).await)
}

/// Closes an order: what has not arrived will not.
#[utoipa::path(post, path = "/hq/purchases/{purchase_id}/close", tag = "purchasing", security(("bearer" = [])),
    params(("purchase_id" = PurchaseId, Path)), request_body = PurchaseNote,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn close(
    caller: Caller,
    Path(id): Path<PurchaseId>,
    Sent(command): Sent<PurchaseNote>,
) -> Result<StatusCode, Problem> {
    caller.done(purchasing::close(&caller.0, id, command).await)
}

/// Takes in what has arrived of an order, no more than was ordered. The same delivery again takes nothing in twice.
#[utoipa::path(post, path = "/console/purchases/{purchase_id}/receipts", tag = "purchasing", security(("bearer" = [])),
    params(("purchase_id" = PurchaseId, Path)), request_body = ReceivePurchase,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn receive(
    caller: Caller,
    Path(id): Path<PurchaseId>,
    Sent(command): Sent<ReceivePurchase>,
) -> Result<StatusCode, Problem> {
    caller.done(purchasing::receive(&caller.0, id, command).await)
}

/// Sends goods of an order back to their supplier. The same request again sends nothing back twice.
#[utoipa::path(post, path = "/console/purchases/{purchase_id}/returns", tag = "purchasing", security(("bearer" = [])),
    params(("purchase_id" = PurchaseId, Path)), request_body = ReturnPurchase,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn send_back(
    caller: Caller,
    Path(id): Path<PurchaseId>,
    Sent(command): Sent<ReturnPurchase>,
) -> Result<StatusCode, Problem> {
    caller.done(purchasing::send_back(&caller.0, id, command).await)
}

/// What arrived from a supplier, or went back, and is on no invoice yet.
#[utoipa::path(get, path = "/hq/suppliers/{supplier_id}/billable", tag = "purchasing", security(("bearer" = [])),
    params(("supplier_id" = SupplierId, Path)),
    responses((status = 200, body = Vec<Billable>), (status = "default", body = Problem)))]
pub async fn billable(caller: Caller, Path(id): Path<SupplierId>) -> Result<Json<Vec<Billable>>, Problem> {
    caller.answer(purchasing::billable(&caller.0, id).await)
}

/// Which invoices of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InvoicesAsked {
    /// Only in this state.
    #[param(inline)]
    state: Option<InvoiceState>,
    /// Only of this supplier.
    supplier_id: Option<SupplierId>,
    /// 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit<200>>,
    /// The `next` of the page before.
    after: Option<InvoiceId>,
}

/// Suppliers' invoices, the newest first.
#[utoipa::path(get, path = "/hq/invoices", tag = "purchasing", security(("bearer" = [])), params(InvoicesAsked),
    responses((status = 200, body = Page<InvoiceCard>), (status = "default", body = Problem)))]
pub async fn invoices(caller: Caller, Query(asked): Query<InvoicesAsked>) -> Result<Json<Page<InvoiceCard>>, Problem> {
    let most = asked.limit.map_or(50, Limit::get);
    let ask = ListInvoices { state: asked.state, supplier: asked.supplier_id, most, after: asked.after };
    caller.answer(purchasing::invoices(&caller.0, &ask).await)
}

/// Enters a supplier's invoice against what arrived. A difference is refused until somebody says why. The same request
/// again enters nothing twice.
#[utoipa::path(post, path = "/hq/invoices", tag = "purchasing", security(("bearer" = [])),
    request_body = EnterInvoice, responses((status = 204), (status = "default", body = Problem)))]
pub async fn enter_invoice(caller: Caller, Sent(command): Sent<EnterInvoice>) -> Result<StatusCode, Problem> {
    caller.done(purchasing::enter_invoice(&caller.0, command).await)
}

/// One invoice, with what was ordered and what arrived for it, and what was paid.
#[utoipa::path(get, path = "/hq/invoices/{invoice_id}", tag = "purchasing", security(("bearer" = [])),
    params(("invoice_id" = InvoiceId, Path)),
    responses((status = 200, body = InvoiceView), (status = "default", body = Problem)))]
pub async fn invoice(caller: Caller, Path(id): Path<InvoiceId>) -> Result<Json<InvoiceView>, Problem> {
    caller.answer(purchasing::invoice(&caller.0, id).await)
}

/// Says that an invoice was paid, or all that is left of it where parts of it were paid before.
#[utoipa::path(post, path = "/hq/invoices/{invoice_id}/payment", tag = "purchasing", security(("bearer" = [])),
    params(("invoice_id" = InvoiceId, Path)), request_body = PayInvoice,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn pay_invoice(
    caller: Caller,
    Path(id): Path<InvoiceId>,
    Sent(command): Sent<PayInvoice>,
) -> Result<StatusCode, Problem> {
    caller.done(purchasing::pay_invoice(&caller.0, id, command).await)
}

/// Says that a part of an invoice was paid, or all that is left. The same request again pays nothing twice.
#[utoipa::path(post, path = "/hq/invoices/{invoice_id}/payments", tag = "purchasing", security(("bearer" = [])),
    params(("invoice_id" = InvoiceId, Path)), request_body = PayPart,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn pay_part(
    caller: Caller,
    Path(id): Path<InvoiceId>,
    Sent(command): Sent<PayPart>,
) -> Result<StatusCode, Problem> {
    caller.done(purchasing::pay_part(&caller.0, id, command).await)
}

/// Takes a payment back that was entered wrongly: what it was for is owed again.
#[utoipa::path(post, path = "/hq/invoices/{invoice_id}/payments/{payment_id}/void", tag = "purchasing",
    security(("bearer" = [])), params(("invoice_id" = InvoiceId, Path), ("payment_id" = SupplierPaymentId, Path)),
    request_body = TakeBackPayment, responses((status = 204), (status = "default", body = Problem)))]
pub async fn take_back_payment(
    caller: Caller,
    Path((id, payment)): Path<(InvoiceId, SupplierPaymentId)>,
    Sent(command): Sent<TakeBackPayment>,
) -> Result<StatusCode, Problem> {
    caller.done(purchasing::take_back_payment(&caller.0, id, payment, command).await)
}

/// Takes an invoice back of which nothing is paid and that was entered wrongly: what it was for waits for an invoice
/// again.
#[utoipa::path(post, path = "/hq/invoices/{invoice_id}/void", tag = "purchasing", security(("bearer" = [])),
    params(("invoice_id" = InvoiceId, Path)), request_body = TakeBackInvoice,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn take_back_invoice(
    caller: Caller,
    Path(id): Path<InvoiceId>,
    Sent(command): Sent<TakeBackInvoice>,
) -> Result<StatusCode, Problem> {
    caller.done(purchasing::take_back_invoice(&caller.0, id, command).await)
}

/// What is owed to each supplier: what open invoices come to, what is paid of these, and the rest by how long it has been
/// due.
#[utoipa::path(get, path = "/hq/payables", tag = "purchasing", security(("bearer" = [])),
    responses((status = 200, body = Vec<Payables>), (status = "default", body = Problem)))]
pub async fn payables(caller: Caller) -> Result<Json<Vec<Payables>>, Problem> {
    caller.answer(purchasing::payables(&caller.0).await)
}

/// Of which places, and from whom.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShortfallsAsked {
    /// Only of this store or warehouse.
    location_id: Option<LocationId>,
    /// Only of places in this region or below it, by GB/T 2260.
    region: Option<String>,
    /// Only what this supplier delivers.
    supplier_id: Option<SupplierId>,
}

/// What all places are to order, summed up by place and supplier, the most urgent first, at most 100; and at most 100
/// places that are short of what no supplier has a price for.
#[utoipa::path(get, path = "/hq/replenishments", tag = "purchasing", security(("bearer" = [])), params(ShortfallsAsked),
    responses((status = 200, body = Shortfalls), (status = "default", body = Problem)))]
pub async fn shortfalls(caller: Caller, Query(asked): Query<ShortfallsAsked>) -> Result<Json<Shortfalls>, Problem> {
    let ask = ListShortfalls { location: asked.location_id, region: asked.region, supplier: asked.supplier_id };
    caller.answer(purchasing::shortfalls(&caller.0, &ask).await)
}

/// Makes drafts of what places are short of at this moment, one for each place and supplier that is named, all or none;
/// answers them. A draft has room for 200 variants, those that run out first. The same request again makes none.
#[utoipa::path(post, path = "/hq/replenishments/orders", tag = "purchasing", security(("bearer" = [])),
    request_body = OrderShortfalls,
    responses((status = 200, body = Vec<PurchaseCard>), (status = "default", body = Problem)))]
pub async fn order_shortfalls(
    caller: Caller,
    Sent(command): Sent<OrderShortfalls>,
) -> Result<Json<Vec<PurchaseCard>>, Problem> {
    caller.answer(purchasing::order_shortfalls(&caller.0, command).await)
}

/// What a store or warehouse is to order, and why.
#[utoipa::path(get, path = "/hq/replenishments/{location_id}", tag = "purchasing", security(("bearer" = [])),
    params(("location_id" = LocationId, Path)),
    responses((status = 200, body = Vec<Proposal>), (status = "default", body = Problem)))]
pub async fn proposals(caller: Caller, Path(place): Path<LocationId>) -> Result<Json<Vec<Proposal>>, Problem> {
    caller.answer(purchasing::proposals(&caller.0, place).await)
}

/// The drafts that were made.
#[derive(Serialize, ToSchema)]
pub struct Drafted {
    purchases: Vec<PurchaseId>,
}

/// Makes drafts of what is to be ordered, one for each supplier and place. The same request again makes none.
#[utoipa::path(post, path = "/hq/replenishments", tag = "purchasing", security(("bearer" = [])),
    request_body = OrderProposed, responses((status = 200, body = Drafted), (status = "default", body = Problem)))]
pub async fn order_proposed(caller: Caller, Sent(command): Sent<OrderProposed>) -> Result<Json<Drafted>, Problem> {
    caller.answer(purchasing::order_proposed(&caller.0, command).await.map(|purchases| Drafted { purchases }))
}

/// Which costs.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CostsAsked {
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

/// A part of what goods cost.
#[derive(Serialize, ToSchema)]
pub struct Costed {
    items: Vec<CostEntry>,
    /// How many there are in all.
    total: i64,
    /// What all of them are worth at their costs.
    value_fen: Fen,
}

/// What goods cost at each place, and what is left of their prices.
#[utoipa::path(get, path = "/hq/costs", tag = "purchasing", security(("bearer" = [])), params(CostsAsked),
    responses((status = 200, body = Costed), (status = "default", body = Problem)))]
pub async fn costs(caller: Caller, Query(asked): Query<CostsAsked>) -> Result<Json<Costed>, Problem> {
    let ask = ListCosts {
        location: asked.location_id,
        words: asked.q.unwrap_or_default(),
        most: asked.limit.map_or(50, Limit::get) as i64,
        skip: asked.offset.map_or(0, Offset::get) as i64,
    };
    let found = costs::list(&caller.0, &ask).await;
    caller.answer(found.map(|(items, total, value_fen)| Costed { items, total, value_fen }))
}

/// How the cost of a variant at a place became what it is, newest first.
#[utoipa::path(get, path = "/hq/costs/{location_id}/{sku_id}", tag = "purchasing", security(("bearer" = [])),
    params(("location_id" = LocationId, Path), ("sku_id" = SkuId, Path)),
    responses((status = 200, body = Vec<CostStep>), (status = "default", body = Problem)))]
pub async fn cost_history(
    caller: Caller,
    Path((place, sku)): Path<(LocationId, SkuId)>,
) -> Result<Json<Vec<CostStep>>, Problem> {
    caller.answer(costs::history(&caller.0, place, sku).await)
}
