//! 门店和总部的照片: pictures of what came back, apart from the shopper's, and more while head office may decide.

use chrono::{DateTime, Utc};
use domain::{
    after_sales::{AfterSalesView, NOTE_MOST, STORE_PROOFS_MOST, StoreProof},
    text,
};
use leptos::prelude::*;
use rpc::Asked;
use ui::{Button, Field, Form, Hidden, Picture, Section, Tone};

/// The part of the page that its form speaks to.
pub const FORM: &str = "store_proofs";
/// Below here staff see and add them, whichever face they use.
const CONSOLE: &str = "/console/after-sales";

/// What is there, and a form for more.
pub fn part(asked: &Asked, request: &AfterSalesView) -> Option<AnyView> {
    if request.store_proofs.is_empty() && !request.may_add_store_proof {
        return None;
    }
    let now = asked.scope.now;
    let shown = request.store_proofs.iter().enumerate().map(|(at, proof)| item(at, proof, now)).collect_view();
    let add = request.may_add_store_proof.then(|| form(asked, request));
    Some(
        view! { <Section title="门店和总部的照片"><ul class="mb-4 flex flex-wrap gap-3">{shown}</ul>{add}</Section> }
            .into_any(),
    )
}

fn item(at: usize, proof: &StoreProof, now: DateTime<Utc>) -> impl IntoView + use<> {
    let (large, small) = (format!("{CONSOLE}{}", proof.photo.large.url), proof.photo.small.clone());
    let src = format!("{CONSOLE}{}", small.url);
    let said = format!("{} · {}", proof.by, text::moment(proof.at, now, text::zone("")));
    let note = proof.note.clone();
    let note = (!note.is_empty()).then(|| view! { <p class="mt-1 text-sm break-words">{note}</p> });
    view! {
        <li class="w-36">
            <a href=large>
                <Picture src=src alt=format!("门店的第 {} 张照片", at + 1) width=small.width height=small.height class="aspect-square w-full rounded-box"/>
            </a>
            {note}
            <p class="text-sm text-base-content/70">{said}</p>
        </li>
    }
}

fn form(asked: &Asked, request: &AfterSalesView) -> impl IntoView + use<> {
    let (note_wrong, note) = asked.field(FORM, "note");
    let here = asked.here.clone();
    let files = file_field(wrong_files(asked), STORE_PROOFS_MOST.saturating_sub(request.store_proofs.len()));
    view! {
        <Form action=format!("{CONSOLE}/{}/proofs", request.card.id) files=true class="panel max-w-xl p-4">
            <Hidden name="from" value=here/>
            <Field name="note" id="store_proof_note" label="照片说明" required=false maxlength=NOTE_MOST as u32
                value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()/>
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

fn file_field(wrong: Vec<String>, left: usize) -> impl IntoView {
    let is_wrong = !wrong.is_empty();
    let described = if is_wrong { "store_proof_file-error store_proof_file-hint" } else { "store_proof_file-hint" };
    let lines = wrong.into_iter().map(|message| view! { <li class="break-words">{message}</li> }).collect_view();
    let error = is_wrong.then(|| {
        view! { <ul id="store_proof_file-error" class="mt-1 text-sm font-medium text-error">{lines}</ul> }
    });
    let hint = format!(
        "还可以添加 {left} 张，可以一次选多张；JPEG、PNG 或 WebP，每张最大 10 MB。处理之后顾客也会看到，拒绝后添加的顾客马上看到。"
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
