//! A table that comes in with a form, as a file or pasted.

use leptos::prelude::*;

use super::{action::LinkButton, action::Size, field::TextArea};

/// How much text is pasted at most, in bytes; more comes as a file.
pub const PASTED_MOST: usize = 100 << 10;

/// A table that fills in the form around it, below that form's own button: its button sends the form to `action`, which
/// leads back here with the fields filled in.
#[component]
pub fn FillIn(
    #[prop(into)] title: String,
    #[prop(into)] button: String,
    /// Where the form is sent with the table.
    #[prop(into)]
    action: String,
    #[prop(into)] hint: String,
    #[prop(into)] template: String,
    #[prop(optional, into)] value: String,
    wrong: Vec<String>,
) -> impl IntoView {
    let open = !wrong.is_empty() || !value.is_empty();
    view! {
        <details class="mt-4 border-t border-base-300 pt-3" open=open>
            <summary class="touch cursor-pointer font-medium">{title}</summary>
            <div class="mt-3 max-w-2xl">
                <TableIn hint=hint template=template value=value wrong=wrong>
                    <button type="submit" class="btn btn-outline" formaction=action formenctype="multipart/form-data"
                        formnovalidate=true>{button}</button>
                </TableIn>
            </div>
        </details>
    }
}

/// Fields of a form for a table: `file`, or `table` for what is pasted; the form is to be sent as `multipart/form-data`.
/// Below them its own button.
#[component]
pub fn TableIn(
    /// What a row is.
    #[prop(into)]
    hint: String,
    /// The address of a table to fill in, without `/csv` or `/xlsx` after it.
    #[prop(into)]
    template: String,
    /// What was pasted before.
    #[prop(optional, into)]
    value: String,
    /// What is wrong, line by line.
    wrong: Vec<String>,
    children: Children,
) -> impl IntoView {
    let told = (!wrong.is_empty()).then(|| {
        let items = wrong.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
        view! { <ul class="mb-3 list-disc ps-5 text-sm font-medium text-error" role="alert">{items}</ul> }
    });
    // Said before anything is pasted: what is longer is refused.
    let hint = format!("{hint}粘贴最多 {} KB，更大的请上传文件。", PASTED_MOST >> 10);
    view! {
        {told}
        <label class="mb-4 block">
            <span class="mb-1 block text-sm font-semibold">"上传文件"</span>
            <input class="file-input w-full max-w-md" name="file" type="file" accept=".csv,.txt,.tsv,.xlsx,.xls,.ods"/>
        </label>
        <TextArea name="table" label="或粘贴" value=value rows=4 hint=hint/>
        <div class="flex flex-wrap items-center gap-3">
            {children()}
            <LinkButton href=format!("{template}/csv") file=true size=Size::Small>"下载模板 CSV"</LinkButton>
            <LinkButton href=format!("{template}/xlsx") file=true size=Size::Small>"XLSX"</LinkButton>
        </div>
    }
}
