//! Pictures of what came back, which the console's and head office's forms add to a request after a sale: a form that
//! brings files is no server function, so it has a route of its own.

use std::collections::BTreeMap;

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Multipart, Path},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use commerce::{
    Scope, after_sales,
    flashes::{self, Flash},
};
use domain::{
    AfterSalesId, Fault, Fields,
    after_sales::{STORE_PROOFS_MOST, checked_proof_note},
};

use crate::{
    sent::{Taken, brings_more_than, cut_off, refused},
    site::Site,
    uploads,
};

/// The most that one form brings: as many pictures as a request may have, each as large as it may be.
const FORM_MOST: usize = STORE_PROOFS_MOST * pictures::MOST_BYTES + (64 << 10);
/// The longest text of a field that is read, in bytes.
const TEXT_MOST: usize = 8 << 10;
/// The part of the page that the form speaks to.
const FORM: &str = "store_proofs";

/// The routes.
pub fn routes() -> Router<Site> {
    Router::new().route("/console/after-sales/{request}/proofs", post(add).layer(DefaultBodyLimit::max(FORM_MOST)))
}

/// Adds the pictures of a form to a request. Each is judged by itself: the good ones stay, and what is wrong with the
/// others is told. Whoever may not is turned away before anything is read.
async fn add(
    Extension(scope): Extension<Scope>,
    Path(request): Path<String>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let page = format!("/console/after-sales/{request}");
    let Ok(id) = request.parse::<AfterSalesId>() else { return refused(&scope, &Fault::NotFound("这张售后单")) };
    match after_sales::may_add_store_proof(&scope, id).await {
        // That it is settled is told on its page.
        Ok(_) | Err(Fault::Conflict { code: "not_now", .. }) => {}
        Err(Fault::Unauthenticated) => {
            return Redirect::to(&format!("/console/login?to={page}")).into_response();
        }
        Err(fault) => return refused(&scope, &fault),
    }
    if brings_more_than(FORM_MOST, &headers) {
        let most = FORM_MOST >> 20;
        return (StatusCode::PAYLOAD_TOO_LARGE, format!("一次最多上传 {most} MB，请分几次上传")).into_response();
    }
    let mut fields = Fields(BTreeMap::new());
    let mut taken = Taken::default();
    let ended = take_in(&scope, id, form, &mut fields, &mut taken).await;
    let back = fields.given("from").map_or(page, |from| rpc::back_path(from).to_owned());
    let flash = told(taken, ended, fields);
    let joint = if back.contains('?') { '&' } else { '?' };
    let kept = flashes::keep(&scope, &flash).await.map(|id| format!("{joint}flash={id}")).unwrap_or_default();
    Redirect::to(&format!("{back}{kept}")).into_response()
}

/// Takes the pictures in, one after the other, each with the word that stands before them in the form. Ends with a fault
/// where the next would fare no better.
async fn take_in(
    scope: &Scope,
    id: AfterSalesId,
    mut form: Multipart,
    fields: &mut Fields,
    taken: &mut Taken,
) -> Result<(), Fault> {
    while let Some(field) = form.next_field().await.map_err(|_| cut_off())? {
        let name = field.name().unwrap_or_default().to_owned();
        if name != "file" {
            let text = uploads::file(field, TEXT_MOST).await.map_err(|_| cut_off())?;
            fields.0.insert(name, String::from_utf8_lossy(&text).into_owned());
            continue;
        }
        let note = checked_proof_note(fields.text("note"))?;
        let called = field.file_name().unwrap_or_default().to_owned();
        let bytes = uploads::file(field, pictures::MOST_BYTES).await.map_err(|_| cut_off())?;
        // A browser sends an empty one where nothing was chosen.
        if called.is_empty() && bytes.is_empty() {
            continue;
        }
        match after_sales::add_store_proof(scope, id, &called, note, bytes).await {
            // It is its word that is not taken; the other pictures may still be.
            Err(fault @ Fault::Conflict { code: "already_added", .. }) => {
                taken.complain("note", &called, &fault);
            }
            added => taken.note(scope, &called, added)?,
        }
    }
    Ok(())
}

/// What the page says of it: what is wrong with the word stands beside the word, and why nothing could be added also
/// where there is no form any more. While nothing was added, what was typed is there again.
fn told(taken: Taken, ended: Result<(), Fault>, typed: Fields) -> Flash {
    let flash = match ended {
        Err(fault @ Fault::Invalid(_)) if fault.complaints().iter().all(|one| one.field == "note") => {
            let message = fault.message();
            Flash { message, complaints: fault.complaints().to_vec(), ..Flash::default() }
        }
        Err(fault) => {
            let why = Some(fault.message()).filter(|_| taken.added == 0 && taken.complaints.is_empty());
            let flash = taken.flash(Some(fault));
            Flash { message: why.unwrap_or(flash.message), ..flash }
        }
        Ok(()) => taken.flash(None),
    };
    let typed = if flash.good { Fields::default() } else { typed };
    Flash { form: FORM.into(), typed, ..flash }
}
