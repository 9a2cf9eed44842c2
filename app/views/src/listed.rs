//! A list of goods that comes in as a file, or pasted, and fills in the form around it.

use leptos::prelude::*;
use rpc::Asked;
use ui::FillIn;

/// Its fields within the page's form `form`: nothing is done before somebody sends the form itself. `path`: of what takes
/// the list, the form's own page or a document in the console, which takes lists for both faces.
pub fn fill_in(asked: &Asked, form: &str, path: &str, hint: &'static str) -> impl IntoView + use<> {
    // A search within the form brings along what was pasted and is not filled in yet.
    let pasted = asked.typed(form, "table").trim().to_owned();
    let wrong = asked.wrong_lines(form);
    let (action, template) = (format!("{path}/list"), format!("{path}/template"));
    view! {
        <FillIn title="用文件填写数量" button="填入数量" action=action hint=hint template=template value=pasted wrong=wrong/>
    }
}
