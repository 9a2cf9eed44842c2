//! Lists that forms of the staff's pages bring as a file or pasted: what a scanner found goes into a count, and what a
//! delivery note, a list of losses or a table of thresholds says fills in a form, which somebody then looks at and sends. A
//! form that brings a file is no server function, so it has routes of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Multipart, Path},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use commerce::{
    Scope, alerts, counts,
    flashes::{self, Flash},
    losses, purchasing, supply, transfers,
};
use domain::{
    Complaint, CountId, Fault, Fields, LocationId, PurchaseId, TransferId,
    counts::{EnterCountList, FoundLine, found_field},
    import::{Filled, Listed, Wanted, filled, line_field, listed, lost, thresholds},
    losses::without_loss_lines,
    purchasing::{PurchaseAct, PurchaseView},
    staff::Permission,
    transfers::{TransferAct, TransferView},
};

use crate::{sent::brings_more_than, site::Site, uploads};

/// The largest file, in bytes.
const FILE_MOST: usize = 4 << 20;
/// The longest text of a field, in bytes.
const TEXT_MOST: usize = ui::PASTED_MOST;
/// The most that one form brings.
pub const FORM_MOST: usize = FILE_MOST + (256 << 10);
/// What is said of goods that a document does not have.
const NOT_IN_IT: &str = "单据里没有这件商品";
/// What is said above a page whose table as a whole is wrong; why stands beside the table.
const NOT_TAKEN_IN: &str = "表格没有录入，原因写在上传文件的地方";
/// How many complaints are told at once: a file that is wrong in one line is often wrong in all.
const TOLD_MOST: usize = 30;

/// The routes.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/console/counts/{count}/list", post(into_count).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/console/purchases/{purchase}/list", post(into_receipt).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/console/transfers/{transfer}/list", post(into_arrival).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/console/transfers/new/list", post(into_request).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/hq/transfers/new/list", post(into_new_transfer).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/console/receipts/list", post(into_store).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/hq/warehouses/{warehouse}/stock/list", post(into_warehouse).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/console/losses/many/list", post(into_losses).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/console/alerts/many/list", post(into_own_thresholds).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/hq/alerts/many/list", post(into_thresholds).layer(DefaultBodyLimit::max(FORM_MOST)))
}

/// What a list goes into, with the part of the page that its form speaks to.
enum Target {
    Count(CountId),
    Receipt(Box<PurchaseView>),
    Arrival(Box<TransferView>),
    /// A transfer that is still to be made: on this page, by this button.
    Request {
        page: &'static str,
        button: &'static str,
    },
    /// Goods that come in without an order, on this page: at this place, or where its form says.
    TakeIn {
        page: String,
        at: Option<LocationId>,
        asks_price: bool,
    },
    /// Losses that are still to be reported.
    Losses,
    /// Thresholds that are still to be set, on this page; whether its form says of which place.
    Thresholds {
        page: &'static str,
        of_place: bool,
    },
}

/// A row of a table, with the line on which it stands.
type Row = (u64, Vec<String>);

async fn into_count(
    Extension(scope): Extension<Scope>,
    Path(count): Path<String>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let may = async {
        scope.reach(Permission::CountStock)?;
        let id: CountId = count.parse().map_err(|_| Fault::NotFound("这次盘点"))?;
        counts::show(&scope, id).await.map(|_| Target::Count(id))
    };
    answer(&scope, may.await, &headers, form).await
}

async fn into_receipt(
    Extension(scope): Extension<Scope>,
    Path(purchase): Path<String>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let may = async {
        let id: Result<PurchaseId, _> = purchase.parse();
        let id = id.map_err(|_| scope.staff().err().unwrap_or(Fault::NotFound("这张采购单")))?;
        purchasing::show(&scope, id).await.map(|found| Target::Receipt(Box::new(found)))
    };
    answer(&scope, may.await, &headers, form).await
}

async fn into_arrival(
    Extension(scope): Extension<Scope>,
    Path(transfer): Path<String>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let may = async {
        let id: Result<TransferId, _> = transfer.parse();
        let id = id.map_err(|_| scope.staff().err().unwrap_or(Fault::NotFound("这张调拨单")))?;
        transfers::show(&scope, id).await.map(|found| Target::Arrival(Box::new(found)))
    };
    answer(&scope, may.await, &headers, form).await
}

async fn into_request(Extension(scope): Extension<Scope>, headers: HeaderMap, form: Multipart) -> Response {
    let target = Target::Request { page: "/console/transfers/new", button: "提交要货" };
    answer(&scope, scope.reach(Permission::MoveStock).map(|_| target), &headers, form).await
}

async fn into_new_transfer(Extension(scope): Extension<Scope>, headers: HeaderMap, form: Multipart) -> Response {
    let target = Target::Request { page: "/hq/transfers/new", button: "提交调拨单" };
    answer(&scope, scope.staff_everywhere(Permission::ManageSupply).map(|_| target), &headers, form).await
}

async fn into_store(Extension(scope): Extension<Scope>, headers: HeaderMap, form: Multipart) -> Response {
    let target = Target::TakeIn { page: "/console/receipts".into(), at: None, asks_price: false };
    answer(&scope, scope.reach(Permission::ReceiveGoods).map(|_| target), &headers, form).await
}

async fn into_warehouse(
    Extension(scope): Extension<Scope>,
    Path(warehouse): Path<String>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let may = scope.staff_everywhere(Permission::ManageSupply).map(drop).and_then(|()| {
        let id: LocationId = warehouse.parse().map_err(|_| Fault::NotFound("这个仓库"))?;
        Ok(Target::TakeIn { page: format!("/hq/warehouses/{id}/stock"), at: Some(id), asks_price: true })
    });
    answer(&scope, may, &headers, form).await
}

async fn into_losses(Extension(scope): Extension<Scope>, headers: HeaderMap, form: Multipart) -> Response {
    answer(&scope, scope.reach(Permission::CountStock).map(|_| Target::Losses), &headers, form).await
}

async fn into_own_thresholds(Extension(scope): Extension<Scope>, headers: HeaderMap, form: Multipart) -> Response {
    let sets = scope.reach(Permission::ProposeChanges).or_else(|_| scope.reach(Permission::DecideProposals));
    let target = Target::Thresholds { page: "/console/alerts/many", of_place: true };
    answer(&scope, sets.map(|_| target), &headers, form).await
}

async fn into_thresholds(Extension(scope): Extension<Scope>, headers: HeaderMap, form: Multipart) -> Response {
    let target = Target::Thresholds { page: "/hq/alerts/many", of_place: false };
    answer(&scope, scope.staff_everywhere(Permission::DecideProposals).map(|_| target), &headers, form).await
}

/// Back to the form's page: with what the list fills in, or with what is wrong beside its lines and all that was typed.
/// Whoever may not is turned away before anything is read.
async fn answer(scope: &Scope, may: Result<Target, Fault>, headers: &HeaderMap, form: Multipart) -> Response {
    let target = match may {
        Ok(target) => target,
        Err(Fault::Unauthenticated) => return Redirect::to("/console/login?to=/console").into_response(),
        Err(fault) => return refused(scope, &fault),
    };
    if brings_more_than(FORM_MOST, headers) {
        return too_large();
    }
    let mut fields = Fields(BTreeMap::new());
    let done = match read(form, &mut fields).await {
        Ok(list) => target.take(scope, &fields, &list).await,
        Err(fault) => Err(fault),
    };
    let (page, part) = target.page();
    let page = fields.given("from").map_or(page, |from| rpc::back_path(from).to_owned());
    let flash = match done {
        Ok((message, said)) => {
            if matches!(target, Target::Losses) {
                fields = without_loss_lines(fields);
            }
            fields.0.remove("table");
            fields.0.extend(said.0);
            Flash { form: part.into(), good: true, message, typed: fields, ..Flash::default() }
        }
        Err(fault) => {
            if let Some(hidden) = fault.hidden() {
                tracing::error!(request_id = %scope.request_id, hidden, "a list could not be taken in");
            }
            let (message, complaints) = told(&fault);
            Flash { form: part.into(), message, complaints, typed: fields, good: false }
        }
    };
    let joint = if page.contains('?') { '&' } else { '?' };
    let kept = flashes::keep(scope, &flash).await.map(|id| format!("{joint}flash={id}")).unwrap_or_default();
    Redirect::to(&format!("{page}{kept}")).into_response()
}

/// What is said to more than a form may bring.
pub fn too_large() -> Response {
    let most = FILE_MOST >> 20;
    (StatusCode::PAYLOAD_TOO_LARGE, format!("文件最大 {most} MB，请分成几个文件")).into_response()
}

/// What is said to whoever may not do this.
pub fn refused(scope: &Scope, fault: &Fault) -> Response {
    if let Some(hidden) = fault.hidden() {
        tracing::error!(request_id = %scope.request_id, hidden, "a list could not be taken in");
    }
    (rpc::status_of(fault), fault.message()).into_response()
}

/// What is said of a list that is refused, and beside which lines. What is wrong stands once, beside the table; above the
/// page only that it was not taken in, and of how many lines.
fn told(fault: &Fault) -> (String, Vec<Complaint>) {
    let complaints = fault.complaints();
    let beside_lines = complaints.iter().filter(|one| one.field.starts_with("line.")).map(|one| one.field.as_str());
    let lines = beside_lines.collect::<BTreeSet<_>>().len();
    let message = match lines {
        0 if !complaints.is_empty() && complaints.iter().all(|one| one.field == "table") => NOT_TAKEN_IN.to_owned(),
        0 => fault.message(),
        _ => {
            let more = complaints.len() > TOLD_MOST;
            let more = if more { format!("，下面是前 {TOLD_MOST} 处") } else { String::new() };
            format!("有 {lines} 行有问题，整个表格都没有录入{more}")
        }
    };
    (message, complaints.iter().take(TOLD_MOST).cloned().collect())
}

/// Reads a form: its texts, and answers its file, which is empty where none was chosen.
///
/// Faults: `Invalid` beside `table`; the fields have what came before it.
pub async fn texts(mut form: Multipart, fields: &mut Fields) -> Result<Vec<u8>, Fault> {
    let mut content = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| cut_off())? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            content = uploads::file(field, FILE_MOST).await.map_err(|_| cut_off())?;
            continue;
        }
        let text = uploads::file(field, TEXT_MOST).await.map_err(|_| cut_off())?;
        if text.len() > TEXT_MOST {
            let most = TEXT_MOST >> 10;
            return Err(Fault::invalid("table", format!("粘贴的内容超过 {most} KB，请上传文件")));
        }
        // PostgreSQL's text has no NUL.
        fields.0.insert(name, String::from_utf8_lossy(&text).replace('\0', ""));
    }
    Ok(content)
}

/// Reads a form: its texts, and the rows of its file or of what was pasted.
async fn read(form: Multipart, fields: &mut Fields) -> Result<Vec<Row>, Fault> {
    let content = texts(form, fields).await?;
    let content = match (content.is_empty(), fields.given("table")) {
        (true, None) => return Err(Fault::invalid("table", "请选择文件，或粘贴表格")),
        (false, Some(_)) => return Err(Fault::invalid("table", "上传文件或粘贴表格，请只选一种")),
        (false, None) if content.len() > FILE_MOST => return Err(cut_off()),
        (false, None) => content,
        (true, Some(table)) => table.replace('，', ",").into_bytes(),
    };
    // A large workbook takes seconds to read, which others must not wait for.
    let rows = tokio::task::spawn_blocking(move || intake::read_rows(&content, &intake::Form::default())).await;
    let unreadable = |_| Fault::invalid("table", "读不出表格：请用 CSV 或 XLSX，或从表格里复制粘贴");
    rows.map_err(|error| Fault::Internal(error.to_string()))?.map_err(unreadable)
}

fn cut_off() -> Fault {
    let most = FILE_MOST >> 20;
    Fault::invalid("table", format!("文件没有完整收到，或超过 {most} MB；请分成几个文件再上传"))
}

impl Target {
    /// The page to go back to where the form names none, and the part of it that is spoken to.
    fn page(&self) -> (String, &'static str) {
        match self {
            Self::Count(id) => (format!("/console/counts/{id}"), "count-list"),
            Self::Receipt(found) => (format!("/console/purchases/{}", found.card.id), "purchasing"),
            Self::Arrival(found) => (format!("/console/transfers/{}", found.card.id), "transfer"),
            Self::Request { page, .. } => ((*page).to_owned(), "transfer"),
            Self::TakeIn { page, .. } => (page.clone(), "transfer"),
            Self::Losses => ("/console/losses/many".to_owned(), "losses"),
            Self::Thresholds { page, .. } => ((*page).to_owned(), "alert-rules"),
        }
    }

    /// Takes a list in; answers what to say, and what it fills into the form.
    async fn take(&self, scope: &Scope, fields: &Fields, rows: &[Row]) -> Result<(String, Fields), Fault> {
        let (filled, next) = match self {
            Self::Count(id) => {
                return enter(scope, *id, fields, &listed(rows)?).await.map(|said| (said, Fields::default()));
            }
            Self::Receipt(found) => (receipt(found, &listed(rows)?)?, "确认收货"),
            Self::Arrival(found) => (arrival(found, &listed(rows)?)?, "确认收货"),
            Self::Request { button, .. } => (transfers::of_list(scope, &listed(rows)?).await?, *button),
            Self::TakeIn { at, asks_price, .. } => {
                let place = at.map_or_else(|| place_of(fields), Ok)?;
                (supply::of_list(scope, place, &listed(rows)?, *asks_price).await?, "确认收货")
            }
            Self::Losses => return fill_losses(scope, fields, rows).await,
            Self::Thresholds { of_place, .. } => return show_thresholds(scope, *of_place, fields, rows).await,
        };
        let Filled { fields, goods, pieces, without_batch, without_price } = filled;
        let rest = match self {
            Self::Receipt(_) | Self::Arrival(_) => "，表格里没有的填了 0",
            _ => "",
        };
        let batches = left_out(without_batch, "批次", "这些商品这里不登记批次");
        let prices = left_out(without_price, "进价", "这里不登记进价");
        Ok((format!("已填入 {goods} 种商品、共 {pieces} 件{rest}{batches}{prices}。请核对后点「{next}」"), fields))
    }
}

/// What is said of so many lines of which something is not filled in.
fn left_out(lines: usize, what: &str, why: &str) -> String {
    if lines == 0 { String::new() } else { format!("；{lines} 行的{what}没有填入，{why}") }
}

/// The place that a form names.
fn place_of(fields: &Fields) -> Result<LocationId, Fault> {
    fields.text("location").parse().map_err(|_| Fault::invalid("table", "请选择门店或仓库"))
}

async fn fill_losses(scope: &Scope, fields: &Fields, rows: &[Row]) -> Result<(String, Fields), Fault> {
    let Filled { fields, pieces, .. } = losses::of_list(scope, place_of(fields)?, &lost(rows)?).await?;
    let reports = fields.lines("sku").len();
    Ok((format!("已填入 {reports} 份报损、共 {pieces} 件，还没有提交。请核对后点「提交报损」"), fields))
}

async fn show_thresholds(
    scope: &Scope,
    of_place: bool,
    fields: &Fields,
    rows: &[Row],
) -> Result<(String, Fields), Fault> {
    let place = if of_place { Some(place_of(fields)?) } else { None };
    let wanted = alerts::of_table(scope, place, &thresholds(rows)?).await?;
    let many = wanted.rules.len();
    Ok((format!("这个表格会改 {many} 项提醒设置，还没有保存。请核对后点「保存这些设置」"), wanted.fields()))
}

/// Adds what a list found to a count; what a scanner wrote line by line is added up first.
async fn enter(scope: &Scope, id: CountId, fields: &Fields, list: &[Listed]) -> Result<String, Fault> {
    let key = fields.text("key").parse().map_err(|_| Fault::invalid("table", "请刷新页面后再试"))?;
    let (mut lines, mut firsts): (Vec<FoundLine>, Vec<u64>) = Default::default();
    let mut at = HashMap::new();
    for one in list {
        let place = *at.entry(one.code.as_str()).or_insert(lines.len());
        match lines.get_mut(place) {
            Some(known) => known.pieces += one.pieces,
            None => {
                lines.push(FoundLine { code: one.code.clone(), pieces: one.pieces });
                firsts.push(one.line);
            }
        }
    }
    let entered = counts::enter_list(scope, id, EnterCountList { id: key, lines }).await;
    let entered = entered.map_err(|fault| beside_lines(fault, &firsts))?;
    Ok(format!("已录入 {} 种商品、共 {} 件；录错了可以在「最近录入」里撤销整个表格", entered.goods, entered.pieces))
}

/// What is wrong with a line of the request, beside the line of the file.
fn beside_lines(fault: Fault, firsts: &[u64]) -> Fault {
    let Fault::Invalid(complaints) = fault else { return fault };
    let beside = |one: Complaint| match (0..firsts.len()).find(|at| found_field(*at) == one.field) {
        Some(at) => Complaint { field: line_field(firsts[at]), ..one },
        None => Complaint { field: "table".into(), ..one },
    };
    Fault::Invalid(complaints.into_iter().map(beside).collect())
}

fn receipt(found: &PurchaseView, list: &[Listed]) -> Result<Filled, Fault> {
    if !found.acts.contains(&PurchaseAct::ReceivePart) {
        return Err(Fault::conflict("not_now", "这张采购单现在不能收货"));
    }
    let wanted = found.lines.iter().map(|line| Wanted {
        sku_id: line.sku_id,
        code: line.code.clone(),
        barcode: line.barcode.clone(),
        most: line.outstanding(),
        keeps_batches: line.keeps_batches,
        takes_price: false,
    });
    let beyond = |most: i64| format!("还差 {most} 件未到，不能多收；多到的请让采购另开一张单");
    filled(list, &wanted.collect::<Vec<_>>(), NOT_IN_IT, beyond)
}

fn arrival(found: &TransferView, list: &[Listed]) -> Result<Filled, Fault> {
    if !found.acts.contains(&TransferAct::Receive) {
        return Err(Fault::conflict("not_now", "这张调拨单现在不能收货"));
    }
    let wanted = found.lines.iter().map(|line| Wanted {
        sku_id: line.sku_id,
        code: line.code.clone(),
        barcode: line.barcode.clone(),
        most: line.shipped.unwrap_or(0),
        // Their batches come with them.
        keeps_batches: false,
        takes_price: false,
    });
    filled(list, &wanted.collect::<Vec<_>>(), NOT_IN_IT, |most| format!("只发了 {most} 件，不能多收"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(fields: &[&str]) -> (String, usize) {
        let complaints = fields.iter().map(|field| Complaint::new(*field, "请写明原因")).collect();
        let (message, told) = told(&Fault::Invalid(complaints));
        (message, told.len())
    }

    #[test]
    fn what_is_wrong_with_a_table_is_told_beside_it_and_above_the_page_only_how_much() {
        assert_eq!(wrong(&["table"]), (NOT_TAKEN_IN.to_owned(), 1));
        assert_eq!(wrong(&["line.2"]), ("有 1 行有问题，整个表格都没有录入".to_owned(), 1));
        assert_eq!(wrong(&["line.2", "line.2", "line.5"]), ("有 2 行有问题，整个表格都没有录入".to_owned(), 3));
        let many: Vec<String> = (2..40).map(|line| format!("line.{line}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(wrong(&many), ("有 38 行有问题，整个表格都没有录入，下面是前 30 处".to_owned(), TOLD_MOST));
    }

    #[test]
    fn what_no_line_is_to_blame_for_is_told_above_the_page() {
        let gone = Fault::conflict("not_now", "这张调拨单现在不能收货");
        assert_eq!(told(&gone), ("这张调拨单现在不能收货".to_owned(), Vec::new()));
        assert_eq!(wrong(&["key"]), ("请写明原因".to_owned(), 1));
    }
}
