//! Losses that the console's forms report with pictures, and those pictures: a form that brings files is no server
//! function, so it has routes of its own.

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
    flashes::{self, Flash},
    losses,
};
use domain::{
    Fault, Fields, LossId,
    losses::{LOSS_PHOTOS_MOST, LossState, ReportLoss},
    staff::Permission,
};

use crate::{
    sent::{Taken, brings_more_than, cut_off, found, refused},
    site::Site,
    uploads,
};

/// The most that one form brings: as many pictures as a report may have, each as large as it may be.
const FORM_MOST: usize = LOSS_PHOTOS_MOST * pictures::MOST_BYTES + (64 << 10);
/// The longest text of a field that is read, in bytes.
const TEXT_MOST: usize = 8 << 10;
/// The part of the page that the forms speak to.
const FORM: &str = "loss";

/// The routes.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/console/losses", post(report).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/console/losses/{loss}/photos", post(add_photos).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/console/loss-photos/{file}/{size}", get(show))
}

/// Turned away before anything is read.
fn turned_away(scope: &Scope, fault: &Fault) -> Response {
    match fault {
        Fault::Unauthenticated => Redirect::to("/console/login?to=/console/losses").into_response(),
        fault => refused(scope, fault),
    }
}

fn too_large() -> Response {
    let most = FORM_MOST >> 20;
    (StatusCode::PAYLOAD_TOO_LARGE, format!("一次最多上传 {most} MB，请分几次上传")).into_response()
}

/// To a page of the console, with what it is to say.
async fn to(scope: &Scope, path: &str, flash: &Flash) -> Response {
    let joint = if path.contains('?') { '&' } else { '?' };
    let kept = flashes::keep(scope, flash).await.map(|id| format!("{joint}flash={id}")).unwrap_or_default();
    Redirect::to(&format!("{path}{kept}")).into_response()
}

/// Reports a loss with the pictures of the form. What is wrong with the report goes back to the form, and what is
/// wrong with a picture is told on the report's page: it is there already. Whoever may not is turned away before
/// anything is read.
async fn report(Extension(scope): Extension<Scope>, headers: HeaderMap, mut form: Multipart) -> Response {
    if let Err(fault) = scope.reach(Permission::CountStock) {
        return turned_away(&scope, &fault);
    }
    if brings_more_than(FORM_MOST, &headers) {
        return too_large();
    }
    let mut fields = Fields(BTreeMap::new());
    let mut reported = None;
    let mut taken = Taken::default();
    let ended = take_in(&scope, &mut form, &mut fields, &mut reported, &mut taken).await;
    match (reported, ended) {
        (Some((id, state)), ended) => {
            let said =
                if state == LossState::Approved { "已入账，库存已减少" } else { "已提交，等待审批" };
            let photos = taken.flash(ended.err());
            let message = match photos.complaints.is_empty() {
                true => said.to_owned(),
                false => format!("{said}；有照片没有收下，可以在这里重新添加"),
            };
            let flash =
                Flash { form: FORM.into(), good: true, message, complaints: photos.complaints, ..Flash::default() };
            to(&scope, &format!("/console/losses/{id}"), &flash).await
        }
        (None, Err(fault)) => back(&scope, fields, &fault).await,
        (None, Ok(())) => back(&scope, fields, &cut_off()).await,
    }
}

async fn back(scope: &Scope, fields: Fields, fault: &Fault) -> Response {
    if let Some(hidden) = fault.hidden() {
        tracing::error!(request_id = %scope.request_id, hidden, "a loss could not be reported");
    }
    let from = match fields.given("from") {
        Some(from) => rpc::back_path(from).to_owned(),
        None => "/console/losses/new".to_owned(),
    };
    let flash = Flash {
        form: FORM.into(),
        message: fault.message(),
        complaints: fault.complaints().to_vec(),
        typed: fields,
        good: false,
    };
    to(scope, &from, &flash).await
}

/// Reads the form: its texts, then the report is made, then its pictures, each judged by itself.
async fn take_in(
    scope: &Scope,
    form: &mut Multipart,
    fields: &mut Fields,
    reported: &mut Option<(LossId, LossState)>,
    taken: &mut Taken,
) -> Result<(), Fault> {
    while let Some(field) = form.next_field().await.map_err(|_| cut_off())? {
        let name = field.name().unwrap_or_default().to_owned();
        if name != "file" {
            let text = uploads::file(field, TEXT_MOST).await.map_err(|_| cut_off())?;
            fields.0.insert(name, String::from_utf8_lossy(&text).into_owned());
            continue;
        }
        let id = made(scope, fields, reported).await?;
        let called = field.file_name().unwrap_or_default().to_owned();
        let bytes = uploads::file(field, pictures::MOST_BYTES).await.map_err(|_| cut_off())?;
        // A browser sends an empty one where nothing was chosen.
        if !(called.is_empty() && bytes.is_empty()) {
            taken.note(scope, &called, losses::add_photo(scope, id, &called, bytes).await)?;
        }
    }
    made(scope, fields, reported).await.map(drop)
}

/// The report that the form's texts make, once.
async fn made(scope: &Scope, fields: &Fields, reported: &mut Option<(LossId, LossState)>) -> Result<LossId, Fault> {
    if let Some((id, _)) = reported {
        return Ok(*id);
    }
    let command = ReportLoss::from_fields(fields)?;
    let id = command.id;
    *reported = Some((id, losses::report(scope, command).await?));
    Ok(id)
}

/// Adds pictures to a report that is there.
async fn add_photos(
    Extension(scope): Extension<Scope>,
    Path(loss): Path<String>,
    headers: HeaderMap,
    mut form: Multipart,
) -> Response {
    let may = async {
        scope.reach(Permission::CountStock)?;
        let id: LossId = loss.parse().map_err(|_| Fault::NotFound("这份报损"))?;
        losses::may_add_photos(&scope, id).await.map(|_| id)
    };
    let id = match may.await {
        Ok(id) => id,
        Err(fault) => return turned_away(&scope, &fault),
    };
    if brings_more_than(FORM_MOST, &headers) {
        return too_large();
    }
    let mut taken = Taken::default();
    let ended = take_photos(&scope, id, &mut form, &mut taken).await;
    let flash = Flash { form: FORM.into(), ..taken.flash(ended.err()) };
    to(&scope, &format!("/console/losses/{id}"), &flash).await
}

async fn take_photos(scope: &Scope, id: LossId, form: &mut Multipart, taken: &mut Taken) -> Result<(), Fault> {
    while let Some(field) = form.next_field().await.map_err(|_| cut_off())? {
        if field.name() != Some("file") {
            continue;
        }
        let called = field.file_name().unwrap_or_default().to_owned();
        let bytes = uploads::file(field, pictures::MOST_BYTES).await.map_err(|_| cut_off())?;
        if !(called.is_empty() && bytes.is_empty()) {
            taken.note(scope, &called, losses::add_photo(scope, id, &called, bytes).await)?;
        }
    }
    Ok(())
}

/// A picture of a report, for those who see the report: this is where staff's cookie counts.
async fn show(Extension(scope): Extension<Scope>, Path((file, size)): Path<(String, String)>) -> Response {
    let seen = async {
        let sees = [Permission::CountStock, Permission::DecideProposals].map(|permission| scope.reach(permission));
        if let [Err(fault), Err(_)] = sees {
            return Err(fault);
        }
        found(&scope, &file, &size).await
    };
    seen.await.unwrap_or_else(|fault| turned_away(&scope, &fault))
}
