//! 门店和总部的照片: pictures of what came back, apart from the shopper's, and more of them while somebody may decide.

use chrono::{DateTime, Utc};
use domain::{
    after_sales::{AfterSalesView, NOTE_MOST, STORE_PROOFS_MOST, StoreProof},
    text,
};
use leptos::prelude::*;
use rpc::Asked;
use ui::{Button, Field, Form, Hidden, Picture, Tone};

/// The part of the page that its form speaks to.
pub const FORM: &str = "store_proofs";
/// What stands above them.
pub const TITLE: &str = "门店和总部的照片";
/// Below here staff see and add them, whichever face they use.
const PATH: &str = "/console/after-sales";

/// How a face lays them out, and what it says of adding more.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The classes of the list.
    pub list: &'static str,
    /// The classes of each picture's place.
    pub item: &'static str,
    /// The classes of the form.
    pub form: &'static str,
    /// Stands below the field for a note; empty for nothing.
    pub note_hint: &'static str,
    /// How pictures may be chosen, after how many.
    pub choosing: &'static str,
}

/// What is there, and a form for more while somebody may decide; nothing where there is neither.
pub fn part(asked: &Asked, request: &AfterSalesView, look: Look) -> Option<AnyView> {
    if request.store_proofs.is_empty() && !request.may_add_store_proof {
        return None;
    }
    let now = asked.scope.now;
    let item = |(at, proof): (usize, &StoreProof)| item(at, proof, look.item, now);
    let shown = request.store_proofs.iter().enumerate().map(item).collect_view();
    let add = request.may_add_store_proof.then(|| form(asked, request, look));
    let list = format!("mb-4 {}", look.list);
    Some(view! { <ul class=list>{shown}</ul>{add} }.into_any())
}

/// Only staff of the stores concerned may see it before it is shown, so it has the address of staff.
fn item(at: usize, proof: &StoreProof, class: &'static str, now: DateTime<Utc>) -> impl IntoView + use<> {
    let (large, small) = (format!("{PATH}{}", proof.photo.large.url), proof.photo.small.clone());
    let src = format!("{PATH}{}", small.url);
    let said = format!("{} · {}", proof.by, text::moment(proof.at, now, text::zone("")));
    let note = proof.note.clone();
    let note = (!note.is_empty()).then(|| view! { <p class="mt-1 text-sm break-words">{note}</p> });
    view! {
        <li class=class>
            <a href=large>
                <Picture src=src alt=format!("门店的第 {} 张照片", at + 1) width=small.width height=small.height class="aspect-square w-full rounded-box"/>
            </a>
            {note}
            <p class="text-sm text-base-content/70">{said}</p>
        </li>
    }
}

fn form(asked: &Asked, request: &AfterSalesView, look: Look) -> impl IntoView + use<> {
    let (note_wrong, note) = asked.field(FORM, "note");
    let here = asked.here.clone();
    let left = STORE_PROOFS_MOST.saturating_sub(request.store_proofs.len());
    let files = file_field(wrong_files(asked), left, look.choosing);
    view! {
        <Form action=format!("{PATH}/{}/proofs", request.card.id) files=true class=look.form>
            <Hidden name="from" value=here/>
            <Field name="note" id="store_proof_note" label="照片说明" required=false maxlength=NOTE_MOST as u32
                hint=look.note_hint value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()/>
            {files}
            <Button tone=Tone::Plain>"添加照片"</Button>
        </Form>
    }
}

/// What is wrong with which file, or that none was chosen.
fn wrong_files(asked: &Asked) -> Vec<String> {
    let Some(flash) = asked.flash_of(FORM) else { return Vec::new() };
    if !flash.good && flash.complaints.is_empty() {
        return vec![flash.message.clone()];
    }
    let of_files = flash.complaints.iter().filter(|one| one.field == "file");
    of_files.map(|one| one.message.clone()).collect()
}

fn file_field(wrong: Vec<String>, left: usize, choosing: &'static str) -> impl IntoView {
    let is_wrong = !wrong.is_empty();
    let described = if is_wrong { "store_proof_file-error store_proof_file-hint" } else { "store_proof_file-hint" };
    let lines = wrong.into_iter().map(|message| view! { <li class="break-words">{message}</li> }).collect_view();
    let error = is_wrong.then(|| {
        view! { <ul id="store_proof_file-error" class="mt-1 text-sm font-medium text-error">{lines}</ul> }
    });
    let hint = format!(
        "还可以添加 {left} 张，{choosing}；JPEG、PNG 或 WebP，每张最大 10 MB。处理之后顾客也会看到，拒绝后添加的顾客马上看到。"
    );
    view! {
        <div class="mb-4">
            <label class="mb-1 block text-sm font-semibold" for="store_proof_file">"照片"</label>
            <input class="touch w-full min-w-0" id="store_proof_file" name="file" type="file" multiple=true required=true accept="image/*"
                aria-invalid=is_wrong.then_some("true") aria-describedby=described/>
            {error}
            <p id="store_proof_file-hint" class="mt-1 text-sm text-base-content/70">{hint}</p>
        </div>
    }
}
