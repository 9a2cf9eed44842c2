//! Lists of goods that forms of the staff's pages bring as a file or pasted: what a scanner found goes into a count, and
//! what a delivery note says fills in the form of a document, which somebody then looks at and sends. A form that brings a
//! file is no server function, so it has routes of its own.

use std::collections::{BTreeMap, HashMap};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Multipart, Path},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use commerce::{
    Scope, counts,
    flashes::{self, Flash},
    purchasing, transfers,
};
use domain::{
    Complaint, CountId, Fault, Fields, PurchaseId, TransferId,
    counts::{EnterCountList, FoundLine, found_field},
    import::{Filled, Listed, Wanted, filled, line_field, listed},
    purchasing::{PurchaseAct, PurchaseView},
    staff::Permission,
    transfers::{TransferAct, TransferView},
};

use crate::{sent::brings_more_than, site::Site, uploads};

/// The largest file, in bytes.
const FILE_MOST: usize = 4 << 20;
/// The longest text of a field, in bytes.
const TEXT_MOST: usize = 100 << 10;
/// The most that one form brings.
const FORM_MOST: usize = FILE_MOST + (256 << 10);
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
}

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

/// Back to the form's page: with what the list fills in, or with what is wrong beside its lines and all that was typed.
/// Whoever may not is turned away before anything is read.
async fn answer(scope: &Scope, may: Result<Target, Fault>, headers: &HeaderMap, form: Multipart) -> Response {
    let target = match may {
        Ok(target) => target,
        Err(Fault::Unauthenticated) => return Redirect::to("/console/login?to=/console").into_response(),
        Err(fault) => return refused(scope, &fault),
    };
    if brings_more_than(FORM_MOST, headers) {
        let most = FILE_MOST >> 20;
        return (StatusCode::PAYLOAD_TOO_LARGE, format!("文件最大 {most} MB，请分成几个文件")).into_response();
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

fn refused(scope: &Scope, fault: &Fault) -> Response {
    if let Some(hidden) = fault.hidden() {
        tracing::error!(request_id = %scope.request_id, hidden, "a list could not be taken in");
    }
    (rpc::status_of(fault), fault.message()).into_response()
}

/// What is said of a list that is refused, and beside which lines.
fn told(fault: &Fault) -> (String, Vec<Complaint>) {
    let complaints = fault.complaints();
    let lines = complaints.iter().filter(|one| one.field.starts_with("line.")).count();
    if lines == 0 {
        return (fault.message(), complaints.to_vec());
    }
    let more = if lines > TOLD_MOST { format!("，下面是前 {TOLD_MOST} 行") } else { String::new() };
    let message = format!("有 {lines} 行有问题，整个表格都没有录入{more}");
    (message, complaints.iter().take(TOLD_MOST).cloned().collect())
}

/// Reads a form: its texts, and the list out of its file or what was pasted.
async fn read(mut form: Multipart, fields: &mut Fields) -> Result<Vec<Listed>, Fault> {
    let mut content = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| cut_off())? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            content = uploads::file(field, FILE_MOST).await.map_err(|_| cut_off())?;
            continue;
        }
        let text = uploads::file(field, TEXT_MOST).await.map_err(|_| cut_off())?;
        if text.len() > TEXT_MOST {
            return Err(Fault::invalid("table", "粘贴的内容太长，请上传文件"));
        }
        fields.0.insert(name, String::from_utf8_lossy(&text).into_owned());
    }
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
    listed(&rows.map_err(|error| Fault::Internal(error.to_string()))?.map_err(unreadable)?)
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
        }
    }

    /// Takes a list in; answers what to say, and what it fills into the form.
    async fn take(&self, scope: &Scope, fields: &Fields, list: &[Listed]) -> Result<(String, Fields), Fault> {
        let (filled, next) = match self {
            Self::Count(id) => return enter(scope, *id, fields, list).await.map(|said| (said, Fields::default())),
            Self::Receipt(found) => (receipt(found, list)?, "确认收货"),
            Self::Arrival(found) => (arrival(found, list)?, "确认收货"),
            Self::Request { button, .. } => (transfers::of_list(scope, list).await?, *button),
        };
        let Filled { fields, goods, pieces, without_batch } = filled;
        let rest = if matches!(self, Self::Request { .. }) { "" } else { "，表格里没有的填了 0" };
        let left_out = match without_batch {
            0 => String::new(),
            lines => format!("；{lines} 行的批次没有填入，这些商品这里不登记批次"),
        };
        Ok((format!("已填入 {goods} 种商品、共 {pieces} 件{rest}{left_out}。请核对后点「{next}」"), fields))
    }
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
    });
    filled(list, &wanted.collect::<Vec<_>>(), |most| format!("还差 {most} 件未到，不能多收；多到的请让采购另开一张单"))
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
    });
    filled(list, &wanted.collect::<Vec<_>>(), |most| format!("只发了 {most} 件，不能多收"))
}
