//! What shoppers ask for after the sale, and what stores and head office do with it.

use axum::{Json, http::StatusCode};
use commerce::after_sales;
use domain::{
    AfterSalesId, FileId, OrderId, StoreId,
    after_sales::{
        AfterSalesCard, AfterSalesCounts, AfterSalesKind, AfterSalesOptions, AfterSalesQuote, AfterSalesTab,
        AfterSalesView, ArriveReturn, Counter, DecideAfterSales, ListAfterSales, PostReturn, QuoteAfterSales,
        ReceiveReturn, RefuseArrived, RequestAfterSales, ReturnCode, ReturnsByPost, SetTerms, TermsBook,
        TurnAwayReturn,
    },
    page::Page,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    paging::Limit,
    problem::{Caller, Path, Problem, Query, Sent, SentFile},
};

/// What can be asked for of one of the caller's orders, and what was.
#[utoipa::path(get, path = "/orders/{order_id}/after-sales", tag = "after-sales", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)),
    responses((status = 200, body = AfterSalesOptions), (status = "default", body = Problem)))]
pub async fn options(caller: Caller, Path(order): Path<OrderId>) -> Result<Json<AfterSalesOptions>, Problem> {
    caller.answer(after_sales::options(&caller.0, order).await)
}

/// What a request would come to. Nothing is asked for yet.
#[utoipa::path(post, path = "/orders/{order_id}/after-sales/quote", tag = "after-sales", security(("bearer" = [])),
    params(("order_id" = OrderId, Path)), request_body = QuoteAfterSales,
    responses((status = 200, body = AfterSalesQuote), (status = "default", body = Problem)))]
pub async fn quote(
    caller: Caller,
    Path(order): Path<OrderId>,
    Sent(what): Sent<QuoteAfterSales>,
) -> Result<Json<AfterSalesQuote>, Problem> {
    caller.answer(after_sales::quote(&caller.0, order, &what).await)
}

/// Asks for something of one of the caller's orders. `id` is the idempotency key.
#[utoipa::path(post, path = "/after-sales", tag = "after-sales", security(("bearer" = [])), request_body = RequestAfterSales,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn request(caller: Caller, Sent(command): Sent<RequestAfterSales>) -> Result<StatusCode, Problem> {
    caller.0.member().map_err(|fault| Problem::of(&fault, &caller.0.request_id))?;
    caller.done(after_sales::request(&caller.0, command).await)
}

/// Which requests of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AfterSalesAsked {
    /// Only on this tab.
    #[param(inline)]
    tab: Option<AfterSalesTab>,
    /// Only of this kind.
    #[param(inline)]
    kind: Option<AfterSalesKind>,
    /// Only what this store sold or took back.
    store_id: Option<StoreId>,
    /// Only those whose goods were sent by post.
    posted: Option<bool>,
    /// An order's number.
    q: Option<String>,
    /// 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit<100>>,
    /// The `next` of the page before.
    after: Option<AfterSalesId>,
}

impl From<AfterSalesAsked> for ListAfterSales {
    fn from(asked: AfterSalesAsked) -> Self {
        Self {
            tab: asked.tab,
            kind: asked.kind,
            store: asked.store_id,
            order: None,
            posted: asked.posted.unwrap_or_default(),
            words: asked.q.unwrap_or_default(),
            most: asked.limit.map_or(50, Limit::get),
            after: asked.after,
        }
    }
}

/// The caller's own requests, the newest first.
#[utoipa::path(get, path = "/after-sales", tag = "after-sales", security(("bearer" = [])), params(AfterSalesAsked),
    responses((status = 200, body = Page<AfterSalesCard>), (status = "default", body = Problem)))]
pub async fn mine(caller: Caller, Query(asked): Query<AfterSalesAsked>) -> Result<Json<Page<AfterSalesCard>>, Problem> {
    caller.answer(after_sales::mine(&caller.0, &asked.into()).await)
}

/// One of the caller's requests, with its code while the goods are to come.
#[utoipa::path(get, path = "/after-sales/{after_sales_id}", tag = "after-sales", security(("bearer" = [])),
    params(("after_sales_id" = AfterSalesId, Path)),
    responses((status = 200, body = AfterSalesView), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path(id): Path<AfterSalesId>) -> Result<Json<AfterSalesView>, Problem> {
    caller.answer(after_sales::show(&caller.0, id).await)
}

/// What the caller says to head office.
#[derive(Deserialize, ToSchema)]
#[schema(as = AppealAfterSales)]
pub struct Appeal {
    /// At most 200 characters.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    note: String,
}

/// Takes the store's refusal to head office.
#[utoipa::path(post, path = "/after-sales/{after_sales_id}/appeal", tag = "after-sales", security(("bearer" = [])),
    params(("after_sales_id" = AfterSalesId, Path)), request_body = Appeal,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn appeal(
    caller: Caller,
    Path(id): Path<AfterSalesId>,
    Sent(appeal): Sent<Appeal>,
) -> Result<StatusCode, Problem> {
    caller.done(after_sales::appeal(&caller.0, id, &appeal.note).await)
}

/// Takes one of the caller's requests back; its pieces can be asked for again.
#[utoipa::path(post, path = "/after-sales/{after_sales_id}/withdraw", tag = "after-sales", security(("bearer" = [])),
    params(("after_sales_id" = AfterSalesId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn withdraw(caller: Caller, Path(id): Path<AfterSalesId>) -> Result<StatusCode, Problem> {
    caller.done(after_sales::withdraw(&caller.0, id).await)
}

/// Says that the goods of one of the caller's requests were sent to the store that sold, or, while they have not arrived,
/// under which other number. Where to is `post_to` of the request. Of an exchange at a store that sends (`sends`),
/// `send_to` says to which of the caller's addresses what they get instead is sent; without it they come for it. The
/// same again is the same.
#[utoipa::path(post, path = "/after-sales/{after_sales_id}/post", tag = "after-sales", security(("bearer" = [])),
    params(("after_sales_id" = AfterSalesId, Path)), request_body = PostReturn,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn post_back(
    caller: Caller,
    Path(id): Path<AfterSalesId>,
    Sent(command): Sent<PostReturn>,
) -> Result<StatusCode, Problem> {
    caller.done(after_sales::post(&caller.0, id, &command).await)
}

/// What a picture is called.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Named {
    /// The file's name, for people; what is longer than 100 characters is cut.
    name: Option<String>,
}

/// What was added.
#[derive(Serialize, ToSchema)]
#[schema(as = AddedProof)]
pub struct Added {
    /// The picture.
    id: FileId,
}

/// Adds a picture as proof to one of the caller's requests: a JPEG, PNG or WebP of at most 10 MB. It is drawn anew,
/// and seen by the caller and the stores concerned alone.
#[utoipa::path(post, path = "/after-sales/{after_sales_id}/proofs", tag = "after-sales", security(("bearer" = [])),
    params(("after_sales_id" = AfterSalesId, Path), Named),
    request_body(content = SentFile, content_type = "application/octet-stream", description = "The file's bytes."),
    responses((status = 200, body = Added), (status = "default", body = Problem)))]
pub async fn add_proof(
    caller: Caller,
    Path(id): Path<AfterSalesId>,
    Query(named): Query<Named>,
    SentFile(bytes): SentFile,
) -> Result<Json<Added>, Problem> {
    let added = after_sales::add_proof(&caller.0, id, named.name.as_deref().unwrap_or_default(), bytes).await;
    caller.answer(added.map(|id| Added { id }))
}

/// What a picture of the store's is called, and what is said of it.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Captioned {
    /// The file's name, for people; what is longer than 100 characters is cut.
    name: Option<String>,
    /// For the shopper and whoever decides; at most 200 characters.
    #[param(max_length = 200)]
    note: Option<String>,
}

/// Adds a picture of what came back to a request of what a store within reach sold, until it is settled: a JPEG, PNG or
/// WebP of at most 10 MB, at most 6 of them. It is drawn anew. The shopper sees it once somebody has decided with it at
/// hand; what is added where the request was turned down, at once. The same file again is the same picture; with another
/// note it is refused, since what was said of a picture is not changed.
#[utoipa::path(post, path = "/console/after-sales/{after_sales_id}/proofs", tag = "after-sales", security(("bearer" = [])),
    params(("after_sales_id" = AfterSalesId, Path), Captioned),
    request_body(content = SentFile, content_type = "application/octet-stream", description = "The file's bytes."),
    responses((status = 200, body = Added), (status = "default", body = Problem)))]
pub async fn add_store_proof(
    caller: Caller,
    Path(id): Path<AfterSalesId>,
    Query(captioned): Query<Captioned>,
    SentFile(bytes): SentFile,
) -> Result<Json<Added>, Problem> {
    let (name, note) = (captioned.name.unwrap_or_default(), captioned.note.unwrap_or_default());
    let added = after_sales::add_store_proof(&caller.0, id, &name, &note, bytes).await;
    caller.answer(added.map(|id| Added { id }))
}

/// Requests of what stores within reach sold or took back, the newest first.
#[utoipa::path(get, path = "/console/after-sales", tag = "after-sales", security(("bearer" = [])), params(AfterSalesAsked),
    responses((status = 200, body = Page<AfterSalesCard>), (status = "default", body = Problem)))]
pub async fn list(caller: Caller, Query(asked): Query<AfterSalesAsked>) -> Result<Json<Page<AfterSalesCard>>, Problem> {
    caller.answer(after_sales::list(&caller.0, &asked.into()).await)
}

/// Asks for something of an order in the shopper's name, at the counter. `id` is the idempotency key.
#[utoipa::path(post, path = "/console/after-sales", tag = "after-sales", security(("bearer" = [])),
    request_body = RequestAfterSales, responses((status = 204), (status = "default", body = Problem)))]
pub async fn request_for_shopper(
    caller: Caller,
    Sent(command): Sent<RequestAfterSales>,
) -> Result<StatusCode, Problem> {
    let staff = caller.0.reach(domain::staff::Permission::FulfilOrders);
    staff.map_err(|fault| Problem::of(&fault, &caller.0.request_id))?;
    caller.done(after_sales::request(&caller.0, command).await)
}

/// How many requests within reach wait for the store, for their goods, for head office.
#[utoipa::path(get, path = "/console/after-sales/waiting", tag = "after-sales", security(("bearer" = [])),
    responses((status = 200, body = AfterSalesCounts), (status = "default", body = Problem)))]
pub async fn counts(caller: Caller) -> Result<Json<AfterSalesCounts>, Problem> {
    caller.answer(after_sales::counts(&caller.0).await)
}

/// One request within reach, without its code, which is the shopper's.
#[utoipa::path(get, path = "/console/after-sales/{after_sales_id}", tag = "after-sales", security(("bearer" = [])),
    params(("after_sales_id" = AfterSalesId, Path)),
    responses((status = 200, body = AfterSalesView), (status = "default", body = Problem)))]
pub async fn show_for_staff(caller: Caller, Path(id): Path<AfterSalesId>) -> Result<Json<AfterSalesView>, Problem> {
    caller.answer(after_sales::show_for_staff(&caller.0, id).await)
}

/// Agrees to a request, or turns it down. Where no goods are to come the money goes back at once.
#[utoipa::path(post, path = "/console/after-sales/{after_sales_id}/decision", tag = "after-sales", security(("bearer" = [])),
    params(("after_sales_id" = AfterSalesId, Path)), request_body = DecideAfterSales,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn decide(
    caller: Caller,
    Path(id): Path<AfterSalesId>,
    Sent(decision): Sent<DecideAfterSales>,
) -> Result<StatusCode, Problem> {
    caller.done(after_sales::decide(&caller.0, id, decision).await)
}

/// Takes in what a shopper sent to the store that sold; no code is needed. Of an exchange it is only noted that the goods
/// are there: they are counted when the shopper comes with the code, or, where what they get is to be sent, by a second
/// call with `sent`, its carrier and number. The request is over when it is sent; nobody says that it has arrived. The
/// same again is the same.
#[utoipa::path(post, path = "/console/after-sales/{after_sales_id}/arrival", tag = "after-sales", security(("bearer" = [])),
    params(("after_sales_id" = AfterSalesId, Path)), request_body = ArriveReturn,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn arrive(
    caller: Caller,
    Path(id): Path<AfterSalesId>,
    Sent(command): Sent<ArriveReturn>,
) -> Result<StatusCode, Problem> {
    caller.done(after_sales::arrive(&caller.0, id, &command).await)
}

/// Does not take in what a shopper sent, since it is not what was agreed on. Nothing is booked; the shopper reads why, and
/// may take it to head office. The same again is the same.
#[utoipa::path(post, path = "/console/after-sales/{after_sales_id}/refusal", tag = "after-sales", security(("bearer" = [])),
    params(("after_sales_id" = AfterSalesId, Path)), request_body = RefuseArrived,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn refuse_arrived(
    caller: Caller,
    Path(id): Path<AfterSalesId>,
    Sent(command): Sent<RefuseArrived>,
) -> Result<StatusCode, Problem> {
    caller.done(after_sales::refuse_arrived(&caller.0, id, &command).await)
}

/// Where a store takes parcels with goods that come back.
#[utoipa::path(get, path = "/console/stores/{store_id}/return-address", tag = "after-sales", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)),
    responses((status = 200, body = ReturnsByPost), (status = "default", body = Problem)))]
pub async fn return_address(caller: Caller, Path(store): Path<StoreId>) -> Result<Json<ReturnsByPost>, Problem> {
    caller.answer(after_sales::return_address(&caller.0, store).await)
}

/// Sets it; without an address goods are brought alone. What is on its way stays on its way.
#[utoipa::path(put, path = "/console/stores/{store_id}/return-address", tag = "after-sales", security(("bearer" = [])),
    params(("store_id" = StoreId, Path)), request_body = ReturnsByPost,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_return_address(
    caller: Caller,
    Path(store): Path<StoreId>,
    Sent(command): Sent<ReturnsByPost>,
) -> Result<StatusCode, Problem> {
    caller.done(after_sales::set_return_address(&caller.0, store, &command).await)
}

/// What is to be taken under the code that a shopper shows, whatever store sold it.
#[utoipa::path(get, path = "/console/returns/{return_code}", tag = "after-sales", security(("bearer" = [])),
    params(("return_code" = ReturnCode, Path)), responses((status = 200, body = Counter), (status = "default", body = Problem)))]
pub async fn find(caller: Caller, Path(code): Path<ReturnCode>) -> Result<Json<Counter>, Problem> {
    caller.answer(after_sales::find(&caller.0, &code).await)
}

/// Which request it was.
#[derive(Serialize, ToSchema)]
#[schema(as = ReturnReceived)]
pub struct Received {
    /// Its identity.
    id: AfterSalesId,
}

/// Takes the goods of a request back at a store within reach, whatever store sold them: stock, money and what is given
/// in exchange move in one transaction. Of each line either `condition` says how all of it came, or `pieces` how many came
/// in which state; what was asked for and did not come is no more part of the request, is not paid back, and can be asked
/// for again. The same again is the same.
#[utoipa::path(post, path = "/console/returns", tag = "after-sales", security(("bearer" = [])), request_body = ReceiveReturn,
    responses((status = 200, body = Received), (status = "default", body = Problem)))]
pub async fn receive(caller: Caller, Sent(command): Sent<ReceiveReturn>) -> Result<Json<Received>, Problem> {
    caller.answer(after_sales::receive(&caller.0, command).await.map(|id| Received { id }))
}

/// Turns goods away at a store within reach, which has seen that they are not what was agreed on. Nothing is booked; the
/// shopper reads why, and may take it to head office. The same again is the same.
#[utoipa::path(post, path = "/console/return-refusals", tag = "after-sales", security(("bearer" = [])),
    request_body = TurnAwayReturn, responses((status = 200, body = Received), (status = "default", body = Problem)))]
pub async fn turn_away(caller: Caller, Sent(command): Sent<TurnAwayReturn>) -> Result<Json<Received>, Problem> {
    caller.answer(after_sales::turn_away(&caller.0, command).await.map(|id| Received { id }))
}

/// Decides for good where the shopper did not take the store's refusal, or the store did not answer.
#[utoipa::path(post, path = "/hq/after-sales/{after_sales_id}/arbitration", tag = "after-sales", security(("bearer" = [])),
    params(("after_sales_id" = AfterSalesId, Path)), request_body = DecideAfterSales,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn arbitrate(
    caller: Caller,
    Path(id): Path<AfterSalesId>,
    Sent(decision): Sent<DecideAfterSales>,
) -> Result<StatusCode, Problem> {
    caller.done(after_sales::arbitrate(&caller.0, id, decision).await)
}

/// How long what may be asked for: by category, and of all that have no terms of their own.
#[utoipa::path(get, path = "/hq/after-sales-terms", tag = "after-sales", security(("bearer" = [])),
    responses((status = 200, body = TermsBook), (status = "default", body = Problem)))]
pub async fn terms(caller: Caller) -> Result<Json<TermsBook>, Problem> {
    caller.answer(after_sales::terms(&caller.0).await)
}

/// Says how long what may be asked for, of a category or of all that have no terms of their own. It holds at once, also
/// of what was bought before.
#[utoipa::path(put, path = "/hq/after-sales-terms", tag = "after-sales", security(("bearer" = [])), request_body = SetTerms,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn set_terms(caller: Caller, Sent(command): Sent<SetTerms>) -> Result<StatusCode, Problem> {
    caller.done(after_sales::set_terms(&caller.0, command).await)
}

/// Lets what holds of all others hold of a category again.
#[utoipa::path(delete, path = "/hq/after-sales-terms/{category_id}", tag = "after-sales", security(("bearer" = [])),
    params(("category_id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn reset_terms(caller: Caller, Path(category): Path<Uuid>) -> Result<StatusCode, Problem> {
    caller.done(after_sales::reset_terms(&caller.0, category).await)
}
