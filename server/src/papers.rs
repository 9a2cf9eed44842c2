//! Papers of merchants: the form that brings one, and the way out of it. A form that brings files is no server
//! function, so it has a route of its own.

use std::collections::BTreeMap;

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Multipart, Path},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use commerce::{
    Scope,
    files::Content,
    flashes::{self, Flash},
    staff::merchant_papers,
};
use domain::{
    Fault, Fields, FileId,
    staff::{AddPaper, Permission},
};
use uuid::Uuid;

use crate::{
    sent::{brings_more_than, refused, to_keep},
    site::Site,
    uploads,
};

/// The most that one form brings: a file, and what is said of it.
const FORM_MOST: usize = pictures::MOST_BYTES + (64 << 10);
/// The longest text of a field that is read, in bytes.
const TEXT_MOST: usize = 1 << 10;
/// The part of the page that the form speaks to.
const FORM: &str = "papers";

/// The routes.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/hq/merchants/{merchant}/papers", post(add).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/hq/merchants/{merchant}/papers/{paper}", get(show))
}

/// The merchant of the address, where whoever asks may see its papers.
async fn merchant_of(scope: &Scope, merchant: &str) -> Result<Uuid, Fault> {
    scope.reach(Permission::UseHq)?;
    let id = merchant.parse().map_err(|_| Fault::NotFound("这个商户"))?;
    merchant_papers::may(scope, id).await.map(|()| id)
}

fn turned_away(scope: &Scope, fault: &Fault) -> Response {
    match fault {
        Fault::Unauthenticated => Redirect::to("/console/login?to=/hq").into_response(),
        fault => refused(scope, fault),
    }
}

/// Adds the paper of a form. Whoever may not is turned away before anything is read; what is wrong goes back to the
/// form, with what was typed.
async fn add(
    Extension(scope): Extension<Scope>,
    Path(merchant): Path<String>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let id = match merchant_of(&scope, &merchant).await {
        Ok(id) => id,
        Err(fault) => return turned_away(&scope, &fault),
    };
    if brings_more_than(FORM_MOST, &headers) {
        let most = pictures::MOST_BYTES >> 20;
        return (StatusCode::PAYLOAD_TOO_LARGE, format!("每份证照最大 {most} MB")).into_response();
    }
    let mut fields = Fields(BTreeMap::new());
    let flash = match take_in(&scope, id, form, &mut fields).await {
        Ok(_) => Flash { form: FORM.into(), good: true, message: "已保存证照".into(), ..Flash::default() },
        Err(fault) => {
            if let Some(hidden) = fault.hidden() {
                tracing::error!(request_id = %scope.request_id, hidden, "a paper could not be added");
            }
            let (message, complaints) = (fault.message(), fault.complaints().to_vec());
            Flash { form: FORM.into(), good: false, message, complaints, typed: fields }
        }
    };
    let kept = flashes::keep(&scope, &flash).await.map(|flash| format!("?flash={flash}")).unwrap_or_default();
    Redirect::to(&format!("/hq/merchants/{id}{kept}")).into_response()
}

/// Reads the whole form, in whichever order its fields come, and adds its file.
async fn take_in(scope: &Scope, merchant: Uuid, mut form: Multipart, fields: &mut Fields) -> Result<FileId, Fault> {
    let cut_off = || Fault::invalid("file", "文件没有完整收到，请重新上传");
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(|_| cut_off())? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let called = field.file_name().unwrap_or_default().to_owned();
            let bytes = uploads::file(field, pictures::MOST_BYTES).await.map_err(|_| cut_off())?;
            // A browser sends an empty one where nothing was chosen.
            file = Some((called, bytes)).filter(|(called, bytes)| !(called.is_empty() && bytes.is_empty()));
        } else {
            let text = uploads::file(field, TEXT_MOST).await.map_err(|_| cut_off())?;
            fields.0.insert(name, String::from_utf8_lossy(&text).into_owned());
        }
    }
    let command = AddPaper::from_fields(fields)?;
    let (called, bytes) = file.ok_or_else(|| Fault::invalid("file", "请先选择文件"))?;
    merchant_papers::add(scope, merchant, command, &called, bytes).await
}

/// A paper, to be kept by whoever asks and never shown within a page.
async fn show(Extension(scope): Extension<Scope>, Path((merchant, paper)): Path<(String, String)>) -> Response {
    let seen = async {
        let merchant = merchant_of(&scope, &merchant).await?;
        let id: FileId = paper.parse().map_err(|_| Fault::NotFound("这份证照"))?;
        let content: Content = merchant_papers::read(&scope, merchant, id).await?;
        Ok(to_keep(id, content))
    };
    seen.await.unwrap_or_else(|fault| turned_away(&scope, &fault))
}
