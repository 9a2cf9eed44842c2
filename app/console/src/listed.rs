//! A list of goods that comes in as a file, or pasted: its fields within the form that it fills in.

use leptos::prelude::*;
use rpc::Asked;
use ui::TableIn;

/// What is wrong with the list that was sent from the page's part `form`, line by line.
pub fn wrong_lines(asked: &Asked, form: &str) -> Vec<String> {
    let complaints = asked.flash_of(form).map(|flash| flash.complaints.as_slice()).unwrap_or_default();
    let told = complaints.iter().filter_map(|one| match one.field.strip_prefix("line.") {
        Some(line) => Some(format!("第 {line} 行：{}", one.message)),
        None => (one.field == "table").then(|| one.message.clone()),
    });
    told.collect()
}

/// The fields within the page's form `form`, below its own button: what they bring is read and filled in above, and
/// nothing is done before somebody sends the form itself. `path`: of the document.
pub fn fill_in(asked: &Asked, form: &str, path: &str, hint: &'static str) -> impl IntoView + use<> {
    let wrong = wrong_lines(asked, form);
    let pasted = asked.field(form, "table").1.unwrap_or_default();
    let open = !wrong.is_empty() || !pasted.is_empty();
    let (action, template) = (format!("{path}/list"), format!("{path}/template"));
    view! {
        <details class="mt-4 border-t border-base-300 pt-3" open=open>
            <summary class="touch cursor-pointer font-medium">"用文件填写数量"</summary>
            <div class="mt-3 max-w-2xl">
                <TableIn hint=hint template=template value=pasted wrong=wrong>
                    <button type="submit" class="btn btn-outline" formaction=action formenctype="multipart/form-data"
                        formnovalidate=true>"填入数量"</button>
                </TableIn>
            </div>
        </details>
    }
}
