//! Files that head office sends and takes: they are no pages, so they have routes of their own.

use axum::{
    Extension, Router,
    extract::{
        DefaultBodyLimit, Multipart, Path,
        multipart::{Field, MultipartError},
    },
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use commerce::{
    Scope,
    flashes::{self, Flash},
    imports::sent,
    keys, purchasing,
};
use domain::{
    Fault, SupplierId,
    import::{ImportKind, ImportOptions},
    purchasing::{PriceRow, SetPrices, said_of},
    staff::Permission,
};
use uuid::Uuid;

use crate::site::Site;

/// How much is read of what is sent. A browser that is cut off while it sends shows no answer, so a file that is
/// too large is read to its end, and thrown away, before it is refused.
const READ_MOST: usize = 4 * intake::MOST_BYTES;

/// The routes.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/hq/imports", post(receive).layer(DefaultBodyLimit::max(READ_MOST)))
        .route("/hq/imports/{import}/rejects.csv", get(rejects))
        .route("/hq/suppliers/{supplier}/prices", post(supplier_prices).layer(DefaultBodyLimit::max(READ_MOST)))
        .route("/hq/keys/{key}/file", post(key_file))
}

/// Takes a file in. Whoever may not import is turned away before the file is read.
async fn receive(Extension(scope): Extension<Scope>, form: Multipart) -> Response {
    if scope.staff().is_err() {
        return Redirect::to("/console/login?to=/hq/imports/new").into_response();
    }
    if let Err(fault) = scope.staff_everywhere(Permission::ManageImports) {
        return rpc::status_of(&fault).into_response();
    }
    match take_in(&scope, form).await {
        Ok(id) => Redirect::to(&format!("/hq/imports/{id}")).into_response(),
        Err(fault) => {
            if let Some(hidden) = fault.hidden() {
                tracing::error!(request_id = %scope.request_id, hidden, "an upload failed");
            }
            let flash = Flash { form: "import".into(), message: fault.message(), ..Flash::default() };
            let kept = flashes::keep(&scope, &flash).await.map(|id| format!("?flash={id}")).unwrap_or_default();
            Redirect::to(&format!("/hq/imports/new{kept}")).into_response()
        }
    }
}

async fn take_in(scope: &Scope, mut form: Multipart) -> Result<Uuid, Fault> {
    let mut kind = None;
    let mut options = ImportOptions::default();
    let (mut name, mut content) = (String::new(), Vec::new());
    while let Some(field) = form.next_field().await.map_err(|_| cut_off())? {
        match field.name().unwrap_or_default() {
            "kind" => kind = ImportKind::from_code(&text(field).await?),
            "datum" => options.datum = text(field).await?,
            "list" => options.list = true,
            "file" => {
                name = field.file_name().unwrap_or("未命名").to_owned();
                content = file(field, intake::MOST_BYTES).await.map_err(|_| cut_off())?;
            }
            _ => {}
        }
    }
    if content.len() > intake::MOST_BYTES {
        return Err(cut_off());
    }
    let kind = kind.ok_or_else(|| Fault::invalid("kind", "请选择表格的内容"))?;
    sent::receive(scope, kind, &name, options, &content).await
}

/// Takes in a supplier's prices. Whoever may not set them is turned away before the file is read.
async fn supplier_prices(
    Extension(scope): Extension<Scope>,
    Path(supplier): Path<String>,
    form: Multipart,
) -> Response {
    if scope.staff().is_err() {
        return Redirect::to("/console/login?to=/hq/suppliers").into_response();
    }
    for permission in [Permission::ManagePurchasing, Permission::SeeCosts] {
        if let Err(fault) = scope.staff_everywhere(permission) {
            return rpc::status_of(&fault).into_response();
        }
    }
    let Ok(id) = supplier.parse::<SupplierId>() else {
        return rpc::status_of(&Fault::NotFound("这个供应商")).into_response();
    };
    let said = set_prices(&scope, id, form).await;
    if let Some(hidden) = said.as_ref().err().and_then(Fault::hidden) {
        tracing::error!(request_id = %scope.request_id, hidden, "prices of a supplier failed");
    }
    let (message, good) = said.unwrap_or_else(|fault| (fault.message(), false));
    let flash = Flash { form: "purchasing".into(), message, good, ..Flash::default() };
    let kept = flashes::keep(&scope, &flash).await.map(|id| format!("?flash={id}")).unwrap_or_default();
    Redirect::to(&format!("/hq/suppliers/{id}{kept}")).into_response()
}

async fn set_prices(scope: &Scope, id: SupplierId, mut form: Multipart) -> Result<(String, bool), Fault> {
    let mut content = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| cut_off())? {
        if field.name() == Some("file") {
            content = file(field, intake::MOST_BYTES).await.map_err(|_| cut_off())?;
        }
    }
    let unreadable = |_| Fault::invalid("file", "这个文件读不出表格，请用 CSV 或 XLSX，第一行是列名");
    // A large workbook takes seconds to read, which others must not wait for.
    let read = tokio::task::spawn_blocking(move || intake::read(&content, &intake::Form::default())).await;
    let table = read.map_err(|error| Fault::Internal(error.to_string()))?.map_err(unreadable)?;
    let rows = table.rows.iter().map(|(_, row)| PriceRow::of_cells(row.iter().map(String::as_str)));
    let answered = purchasing::set_prices(scope, id, SetPrices { rows: rows.collect() }).await?;
    Ok(said_of(&answered))
}

/// The file's bytes; of one that is too large the first that are too many.
pub async fn file(mut field: Field<'_>, most: usize) -> Result<Vec<u8>, MultipartError> {
    let mut content = Vec::new();
    while let Some(chunk) = field.chunk().await? {
        if content.len() <= most {
            content.extend_from_slice(&chunk);
        }
    }
    Ok(content)
}

async fn text(field: Field<'_>) -> Result<String, Fault> {
    field.text().await.map_err(|_| cut_off())
}

fn cut_off() -> Fault {
    let most = intake::MOST_BYTES >> 20;
    Fault::invalid("file", format!("文件没有完整收到，或超过 {most} MB；请分成几个文件再上传"))
}

/// The rejected rows, to be mended and sent again.
async fn rejects(Extension(scope): Extension<Scope>, Path(id): Path<Uuid>) -> Response {
    match sent::rejects(&scope, id).await {
        Ok((name, content)) => {
            let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
            download(&format!("{stem}.有问题的行.csv"), "text/csv; charset=utf-8", content)
        }
        Err(fault) => (rpc::status_of(&fault), fault.message()).into_response(),
    }
}

/// Makes a key and hands it over as a file. It is in this answer and nowhere else.
async fn key_file(Extension(scope): Extension<Scope>, Path(id): Path<Uuid>) -> Response {
    match keys::make(&scope, id).await {
        Ok(key) => {
            let mut file = download("mendian-key.txt", "text/plain; charset=utf-8", format!("{key}\n").into_bytes());
            file.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            file
        }
        Err(Fault::Unauthenticated) => Redirect::to("/console/login?to=/hq/keys").into_response(),
        Err(fault) => {
            if let Some(hidden) = fault.hidden() {
                tracing::error!(request_id = %scope.request_id, hidden, "a key could not be made");
            }
            (rpc::status_of(&fault), fault.message()).into_response()
        }
    }
}

/// A file to be kept, under a name that may be Chinese (RFC 6266).
pub fn download(name: &str, media: &'static str, content: Vec<u8>) -> Response {
    let name: String = name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename*=UTF-8''{name}")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
