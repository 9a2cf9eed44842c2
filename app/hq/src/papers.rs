//! Papers of a merchant 证照, as a part of its page.

use commerce::staff::merchant_papers;
use domain::{
    Fault, Fields,
    staff::{MerchantPaper, PaperKind, PaperStanding},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next};
use ui::{
    Badge, Button, Column, DataTable, Field, Form, Hidden, LinkButton, Section, Select, SelectItem, Sheet, SheetButton,
    Tone,
};
use uuid::Uuid;

use crate::{
    frame::{LOG_IN, said},
    merchants::path_of,
};

/// The part of the page that its forms speak to.
const FORM: &str = "papers";

/// Removes a paper of a merchant.
#[server(prefix = "/rpc/hq", endpoint = "remove_paper")]
pub async fn remove_paper(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let merchant = fields.text("merchant").parse().map_err(|_| Fault::NotFound("这个商户"))?;
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这份证照"))?;
        merchant_papers::remove(&scope, merchant, id).await?;
        Ok(Next::to(path_of(merchant)).saying(FORM, "已移除证照"))
    })
    .await
}

/// The papers of a merchant, and the form that brings another. `removes`: whether whoever asks may remove them.
pub fn section(asked: &Asked, merchant: Uuid, papers: Vec<MerchantPaper>, removes: bool) -> AnyView {
    let list = match papers.is_empty() {
        true => view! { <p class="mb-4 text-base-content/70">"还没有证照。"</p> }.into_any(),
        false => {
            let columns = ["证照", "文件", "有效期至", "添加", "操作"].map(Column::new).to_vec();
            let rows = papers.into_iter().map(|paper| row(asked, merchant, paper, removes)).collect_view();
            view! { <div class="mb-4"><DataTable caption="证照" columns=columns>{rows}</DataTable></div> }.into_any()
        }
    };
    let (said, form) = (said(asked, FORM), form(asked, merchant));
    view! {
        <Section title="证照与合同">
            {said}
            {list}
            <div class="panel max-w-xl p-5">{form}</div>
        </Section>
    }
    .into_any()
}

fn row(asked: &Asked, merchant: Uuid, paper: MerchantPaper, removes: bool) -> impl IntoView + use<> {
    let until = paper.valid_until.map_or("长期".to_owned(), |day| day.to_string());
    let tone = match paper.standing {
        PaperStanding::Valid => None,
        PaperStanding::EndsSoon => Some(Tone::Warn),
        PaperStanding::Ended => Some(Tone::Error),
    };
    let mark = tone.map(|tone| view! { <Badge tone=tone>{paper.standing.label()}</Badge> });
    let added = format!("{} {}", paper.added_by, text::moment(paper.added_at, asked.scope.now, text::zone("")));
    let file = format!("{}/papers/{}", path_of(merchant), paper.id);
    let remove = removes.then(|| remove(merchant, &paper));
    view! {
        <tr>
            <td class="font-medium whitespace-nowrap">{paper.kind.label()}</td>
            <td class="min-w-40 break-all">{paper.name}</td>
            <td class="tabular whitespace-nowrap">{until}" "{mark}</td>
            <td class="whitespace-nowrap">{added}</td>
            <td><div class="flex gap-2"><LinkButton href=file file=true>"下载"</LinkButton>{remove}</div></td>
        </tr>
    }
}

fn remove(merchant: Uuid, paper: &MerchantPaper) -> impl IntoView + use<> {
    let target = format!("remove-{}", paper.id);
    let title = format!("移除「{}」？", paper.name);
    let id = paper.id.to_string();
    view! {
        <SheetButton target=target.clone()>"移除"</SheetButton>
        <Sheet id=target title=title>
            <p class="mb-4 whitespace-normal">"移除后谁都看不到这份证照；需要时可以重新上传。"</p>
            <Form action="/rpc/hq/remove_paper">
                <Hidden name="from" value=path_of(merchant)/>
                <Hidden name="merchant" value=merchant.to_string()/>
                <Hidden name="id" value=id/>
                <Button tone=Tone::Error>"移除"</Button>
            </Form>
        </Sheet>
    }
}

fn form(asked: &Asked, merchant: Uuid) -> impl IntoView + use<> {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((kind_wrong, kind), (until_wrong, until), (file_wrong, _)) = (part("kind"), part("valid_until"), part("file"));
    let kinds = PaperKind::ALL.iter().map(|kind| SelectItem::new(kind.code(), kind.label())).collect();
    view! {
        <Form action=format!("{}/papers", path_of(merchant)) files=true>
            <div class="grid gap-x-4 sm:grid-cols-2">
                <Select name="kind" label="证照类型" items=kinds value=kind error=kind_wrong/>
                <Field name="valid_until" label="有效期至" kind="date" value=until error=until_wrong required=false
                    hint="长期有效的不填；到期前 30 天会提醒。"/>
            </div>
            {file_field(file_wrong)}
            <Button>"上传证照"</Button>
        </Form>
    }
}

fn file_field(wrong: String) -> impl IntoView {
    let is_wrong = !wrong.is_empty();
    let described = if is_wrong { "file-error file-hint" } else { "file-hint" };
    let error = is_wrong.then(|| view! { <p id="file-error" class="mt-1 text-sm font-medium text-error">{wrong}</p> });
    view! {
        <div class="mb-4">
            <label class="mb-1 block text-sm font-semibold" for="file">"文件"</label>
            <input class="w-full" id="file" name="file" type="file" required=true
                accept="application/pdf,image/jpeg,image/png,image/webp"
                aria-invalid=is_wrong.then_some("true") aria-describedby=described/>
            {error}
            <p id="file-hint" class="mt-1 text-sm text-base-content/70">"PDF 或照片（JPEG、PNG、WebP），最大 10 MB；只有商户负责人和总部管理员能看到。"</p>
        </div>
    }
}
