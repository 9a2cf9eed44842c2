//! What a scanner's file found, as a part of a count's page.

use chrono::{DateTime, Utc};
use commerce::counts as use_cases;
use domain::{
    CountId, Fault, Fields,
    counts::{CountEntry, CountView},
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Button, Form, Hidden, TableIn, Tone};
use uuid::Uuid;

use crate::{counts::path_of, frame::news};

const LOG_IN: &str = "/console/login";
/// The part of the page that its forms speak to.
const FORM: &str = "count-list";

/// Takes back all that came with a list.
#[server(prefix = "/rpc/console", endpoint = "undo_count_list")]
pub async fn undo_count_list(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id: CountId = fields.text("id").parse().map_err(|_| Fault::NotFound("这次盘点"))?;
        let list = fields.text("list").parse().map_err(|_| Fault::NotFound("这个文件"))?;
        use_cases::undo_list(&scope, id, list).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已撤销整个表格"))
    })
    .await
}

/// Where a file comes in, for who counts.
pub fn section(asked: &Asked, count: &CountView) -> Option<AnyView> {
    if !count.may_count {
        return None;
    }
    let (said, wrong) = (news(asked, FORM), asked.wrong_lines(FORM));
    let pasted = asked.field(FORM, "table").1.unwrap_or_default();
    let open = !wrong.is_empty() || !pasted.is_empty();
    let (id, path) = (count.card.id.to_string(), path_of(count.card.id));
    let (action, template, from) = (format!("{path}/list"), format!("{path}/template"), asked.here.clone());
    Some(view! {
        <section class="panel p-4">
            {said}
            <details open=open>
                <summary class="touch cursor-pointer font-medium">"导入扫码枪的文件"</summary>
                <div class="mt-3">
                    <Form action=action files=true>
                        <Hidden name="from" value=from/>
                        <Hidden name="id" value=id/>
                        <Hidden name="key" value=Uuid::now_v7().to_string()/>
                        <TableIn template=template value=pasted wrong=wrong
                            hint="每行：编码或条码、件数。只有一列时每行算 1 件，同一商品的几行相加。有一行不对就都不录入。">
                            <Button>"录入"</Button>
                        </TableIn>
                    </Form>
                </div>
            </details>
        </section>
    }
    .into_any())
}

/// A way to take back each list of which an entry is among the latest.
pub fn undoing(entries: &[CountEntry], id: CountId, here: &str, now: DateTime<Utc>) -> impl IntoView + use<> {
    let mut lists: Vec<(Uuid, &CountEntry)> = Vec::new();
    for one in entries.iter().filter(|one| !one.undone) {
        if let Some(list) = one.list_id.filter(|list| lists.iter().all(|(known, _)| known != list)) {
            lists.push((list, one));
        }
    }
    let form = |(list, one): (Uuid, &CountEntry)| {
        let (from, id, list) = (here.to_owned(), id.to_string(), list.to_string());
        let label = format!("撤销 {} 在 {} 导入的整个表格", one.by, text::moment(one.at, now, text::zone("")));
        view! {
            <Form action=UndoCountList::PATH class="mt-3">
                <Hidden name="from" value=from/>
                <Hidden name="id" value=id/>
                <Hidden name="list" value=list/>
                <Button tone=Tone::Plain>{label}</Button>
            </Form>
        }
    };
    lists.into_iter().map(form).collect_view()
}
