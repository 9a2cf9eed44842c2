//! Pictures and papers that people send: the way in for a browser's forms, and the way out for everybody.
//!
//! What goes out is a picture of ours, or a PDF as it was sent. Either is told not to be anything else, and bears
//! a policy under which nothing in it could run or be fetched.

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Multipart, Path},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use commerce::{
    Scope, after_sales,
    files::{self, Content, Kept, photos},
    flashes::{self, Flash},
};
use domain::{
    AfterSalesId, Complaint, Fault, FileId, StoreId,
    files::{FileSize, PHOTOS_MOST, Purpose},
    staff::Permission,
};

use crate::{site::Site, uploads};

/// The most that one form brings: as many photos as a store may have, each as large as it may be.
const FORM_MOST: usize = PHOTOS_MOST * pictures::MOST_BYTES + (64 << 10);
/// The part of the page that the form speaks to.
const FORM: &str = "photos";
/// Nothing in a file may run, and no page may frame it.
const POLICY: &str = "default-src 'none'; sandbox";
/// Another content is another file.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// The routes.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/console/photos/{store_id}", post(add_photos).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/files/{file}/{size}", get(show))
        .route("/console/files/{file}/{size}", get(show_to_staff))
        .route("/after-sales/{request}/proofs", post(add_proofs).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/console/after-sales/files/{file}/{size}", get(show_proof))
}

/// Whether a request says that it brings more than this.
pub fn brings_more_than(most: usize, headers: &HeaderMap) -> bool {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    said.is_some_and(|length| length > most as u64)
}

/// Adds the photos of a form to a store. Each is judged by itself: the good ones stay, and what is wrong with the
/// others is told. Whoever may not is turned away before anything is read.
async fn add_photos(
    Extension(scope): Extension<Scope>,
    Path(store): Path<String>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let Ok(store) = store.parse::<StoreId>() else { return refused(&scope, &Fault::NotFound("这家门店")) };
    if let Err(fault) = files::may(&scope, Purpose::StorePhoto(store)).await {
        return refused(&scope, &fault);
    }
    if brings_more_than(FORM_MOST, &headers) {
        let most = FORM_MOST >> 20;
        return (StatusCode::PAYLOAD_TOO_LARGE, format!("一次最多上传 {most} MB，请分几次上传")).into_response();
    }
    let mut taken = Taken::default();
    let ended = take_in(&scope, Use::Store(store), form, &mut taken).await;
    let flash = Flash { form: FORM.into(), ..taken.flash(ended.err()) };
    let kept = flashes::keep(&scope, &flash).await.map(|id| format!("&flash={id}")).unwrap_or_default();
    Redirect::to(&format!("/console/photos?store={store}{kept}")).into_response()
}

/// Adds the pictures of a form to one's own request after a sale, as [`add_photos`] does to a store.
async fn add_proofs(
    Extension(scope): Extension<Scope>,
    Path(request): Path<String>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let page = format!("/after-sales/{request}");
    let Ok(id) = request.parse::<AfterSalesId>() else { return refused(&scope, &Fault::NotFound("这张售后单")) };
    match after_sales::may_add_proof(&scope, id).await {
        Ok(_) | Err(Fault::Conflict { .. }) => {}
        Err(Fault::Unauthenticated) => return Redirect::to(&format!("/login?to={page}")).into_response(),
        Err(fault) => return refused(&scope, &fault),
    }
    if brings_more_than(FORM_MOST, &headers) {
        let most = FORM_MOST >> 20;
        return (StatusCode::PAYLOAD_TOO_LARGE, format!("一次最多上传 {most} MB，请分几次上传")).into_response();
    }
    let mut taken = Taken::default();
    let ended = take_in(&scope, Use::AfterSales(id), form, &mut taken).await;
    let flash = Flash { form: "after_sales".into(), ..taken.flash(ended.err()) };
    let kept = flashes::keep(&scope, &flash).await.map(|id| format!("?flash={id}")).unwrap_or_default();
    Redirect::to(&format!("{page}{kept}")).into_response()
}

/// What a form's pictures are for.
#[derive(Clone, Copy)]
enum Use {
    /// A store's photos.
    Store(StoreId),
    /// Proof in a request after a sale.
    AfterSales(AfterSalesId),
}

/// What came of a form's files.
#[derive(Default)]
pub struct Taken {
    pub added: usize,
    pub complaints: Vec<Complaint>,
}

impl Taken {
    /// What came of one file. Ends with a fault where the next would fare no better.
    pub fn note(&mut self, scope: &Scope, name: &str, added: Result<FileId, Fault>) -> Result<(), Fault> {
        match added {
            Ok(_) => self.added += 1,
            Err(fault @ Fault::Invalid(_)) => self.complain("file", name, &fault),
            Err(fault) => {
                if let Some(hidden) = fault.hidden() {
                    tracing::error!(request_id = %scope.request_id, hidden, "a photo could not be added");
                }
                return Err(fault);
            }
        }
        Ok(())
    }

    /// Keeps what is wrong with one file, to be told beside this field.
    pub fn complain(&mut self, field: &str, name: &str, fault: &Fault) {
        let name: String = name.chars().take(60).collect();
        self.complaints.push(Complaint::new(field, format!("“{name}”：{}", fault.message())));
    }

    /// What the page says of it.
    pub fn flash(self, ended: Option<Fault>) -> Flash {
        let Self { added, mut complaints } = self;
        complaints.extend(ended.map(|fault| Complaint::new("file", fault.message())));
        let message = match (added, complaints.len()) {
            (0, 0) => "没有收到照片，请先选择".to_owned(),
            (0, _) => "没有添加照片".to_owned(),
            (_, 0) => format!("已添加 {added} 张照片"),
            _ => format!("已添加 {added} 张照片，其余没有添加"),
        };
        Flash { good: added > 0, message, complaints, ..Flash::default() }
    }
}

/// Takes the files in, one after the other. Ends with a fault where the next would fare no better.
async fn take_in(scope: &Scope, of: Use, mut form: Multipart, taken: &mut Taken) -> Result<(), Fault> {
    while let Some(field) = form.next_field().await.map_err(|_| cut_off())? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let bytes = uploads::file(field, pictures::MOST_BYTES).await.map_err(|_| cut_off())?;
        if name.is_empty() && bytes.is_empty() {
            // A browser sends this where nothing was chosen.
            continue;
        }
        let added = match of {
            Use::Store(store) => photos::add(scope, store, &name, bytes).await,
            Use::AfterSales(id) => after_sales::add_proof(scope, id, &name, bytes).await,
        };
        taken.note(scope, &name, added)?;
    }
    Ok(())
}

pub fn cut_off() -> Fault {
    Fault::invalid("file", "照片没有完整收到，请重新上传没有添加的")
}

pub fn refused(scope: &Scope, fault: &Fault) -> Response {
    match fault {
        Fault::Unauthenticated => Redirect::to("/console/login?to=/console/photos").into_response(),
        fault => {
            if let Some(hidden) = fault.hidden() {
                tracing::error!(request_id = %scope.request_id, hidden, "a file could not be read");
            }
            (rpc::status_of(fault), fault.message()).into_response()
        }
    }
}

/// A file as anybody may see it, or as the member whose it is.
async fn show(Extension(scope): Extension<Scope>, Path((file, size)): Path<(String, String)>) -> Response {
    found(&scope, &file, &size).await.unwrap_or_else(|fault| refused(&scope, &fault))
}

/// A file of a store that is nobody else's to see: this is where staff's cookie counts.
async fn show_to_staff(Extension(scope): Extension<Scope>, Path((file, size)): Path<(String, String)>) -> Response {
    let seen = async {
        scope.reach(Permission::EditStores)?;
        found(&scope, &file, &size).await
    };
    seen.await.unwrap_or_else(|fault| refused(&scope, &fault))
}

/// A picture that a shopper sent as proof, or that was added of what came back, to staff of the stores that it concerns.
async fn show_proof(Extension(scope): Extension<Scope>, Path((file, size)): Path<(String, String)>) -> Response {
    let seen = async {
        scope.reach(Permission::ReadOrders)?;
        found(&scope, &file, &size).await
    };
    seen.await.unwrap_or_else(|fault| refused(&scope, &fault))
}

/// What is no id of ours, or no size, is nothing: no text of an address ever becomes a path.
pub async fn found(scope: &Scope, file: &str, size: &str) -> Result<Response, Fault> {
    let nothing = || Fault::NotFound("这个文件");
    let id: FileId = file.parse().map_err(|_| nothing())?;
    let size = FileSize::from_code(size).ok_or_else(nothing)?;
    Ok(answer(id, size, files::read(scope, id, size).await?))
}

/// A file that is to be kept by whoever asks, whatever it is.
pub fn to_keep(id: FileId, content: Content) -> Response {
    let (size, ending) = match content.kept {
        Kept::Jpeg => (FileSize::Large, "jpg"),
        Kept::Pdf => (FileSize::Whole, "pdf"),
    };
    let mut response = answer(id, size, content);
    if let Ok(named) = HeaderValue::try_from(format!("attachment; filename=\"{id}.{ending}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, named);
    }
    response
}

fn answer(id: FileId, size: FileSize, content: Content) -> Response {
    let (media, shown, ending) = match content.kept {
        Kept::Jpeg => ("image/jpeg", "inline", "jpg"),
        Kept::Pdf => ("application/pdf", "attachment", "pdf"),
    };
    let cached = if content.is_published { FOREVER } else { "private, no-store" };
    let named = format!("{shown}; filename=\"{id}-{}.{ending}\"", size.code());
    let mut response = content.bytes.into_response();
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, media),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, cached),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(named) = HeaderValue::try_from(named) {
        headers.insert(header::CONTENT_DISPOSITION, named);
    }
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn headers_of(kept: Kept, is_published: bool) -> HeaderMap {
        let size = if kept == Kept::Pdf { FileSize::Whole } else { FileSize::Large };
        let id = "01a207f0-3c11-7a42-9d0e-5b1f6a7c8d90".parse().unwrap();
        answer(id, size, Content { kept, is_published, bytes: b"%PDF-1.7".to_vec() }).headers().clone()
    }

    #[test]
    fn a_paper_is_a_thing_to_keep_and_runs_nowhere() {
        let headers = headers_of(Kept::Pdf, false);
        let named = "attachment; filename=\"01a207f0-3c11-7a42-9d0e-5b1f6a7c8d90-whole.pdf\"";
        assert_eq!(headers[header::CONTENT_DISPOSITION], named);
        assert_eq!(headers[header::CONTENT_TYPE], "application/pdf");
        assert_eq!(headers[header::CACHE_CONTROL], "private, no-store");
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], "default-src 'none'; sandbox");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
    }

    #[test]
    fn a_scan_of_a_paper_is_a_thing_to_keep_too() {
        let id = "01a207f0-3c11-7a42-9d0e-5b1f6a7c8d90".parse().unwrap();
        let response = to_keep(id, Content { kept: Kept::Jpeg, is_published: false, bytes: b"x".to_vec() });
        let named = "attachment; filename=\"01a207f0-3c11-7a42-9d0e-5b1f6a7c8d90.jpg\"";
        assert_eq!(response.headers()[header::CONTENT_DISPOSITION], named);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "private, no-store");
    }

    #[test]
    fn only_what_everybody_may_see_is_kept_on_the_way() {
        assert_eq!(headers_of(Kept::Jpeg, true)[header::CACHE_CONTROL], FOREVER);
        assert_eq!(headers_of(Kept::Jpeg, false)[header::CACHE_CONTROL], "private, no-store");
    }

    #[test]
    fn what_came_of_each_file_is_told() {
        let taken = |added, wrong: usize| Taken { added, complaints: vec![Complaint::new("file", "x"); wrong] };
        let said = |taken: Taken, ended| {
            let flash = taken.flash(ended);
            (flash.good, flash.complaints.len(), flash.message)
        };
        assert_eq!(said(taken(0, 0), None), (false, 0, "没有收到照片，请先选择".into()));
        assert_eq!(said(taken(2, 0), None), (true, 0, "已添加 2 张照片".into()));
        assert_eq!(said(taken(2, 1), None), (true, 1, "已添加 2 张照片，其余没有添加".into()));
        assert_eq!(said(taken(0, 1), Some(Fault::Forbidden)), (false, 2, "没有添加照片".into()));
    }
}
