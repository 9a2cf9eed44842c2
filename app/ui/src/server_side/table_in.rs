//! A table that comes in with a form, as a file or pasted.

use leptos::prelude::*;

use super::{action::LinkButton, action::Size, field::TextArea};

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
