//! Proposing something for a store: first the goods, then what is to change.

use commerce::{approvals, stores};
use domain::{
    Fault, Fields, ProposalId, StoreId,
    approvals::{self as wanted, ProposalKind, ProposalSubject},
    staff::Permission,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Breadcrumbs, Card, Column, DataTable, EmptyState, Fact, Facts, Field, Form, Glyph, Hidden, Icon, LinkButton,
    Select, SelectItem, TextArea, Tone,
};
use uuid::Uuid;

use crate::{
    frame::{Frame, Lit, news},
    proposals::{FORM, PATH, path_of},
};

/// This page.
const NEW: &str = "/console/proposals/new";

/// Proposes something, or keeps it as a draft.
#[server(prefix = "/rpc/console", endpoint = "propose")]
pub async fn propose(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let command = wanted::Propose::from_fields(&fields)?;
        let (id, draft) = (command.id, command.draft);
        approvals::propose(&scope, command).await?;
        let said = if draft { "已存为草稿，只有您能看到" } else { "已提交，结果会显示在这里" };
        Ok(Next::to(path_of(id)).saying(FORM, said))
    })
    .await
}

/// Where somebody is on the way.
struct At {
    store: StoreId,
    words: String,
    kind: ProposalKind,
}

impl At {
    fn address(&self, sku: &str) -> String {
        let words = urlencoding::encode(&self.words);
        format!("{NEW}?store={}&kind={}&q={words}&sku={sku}", self.store, self.kind.code())
    }
}

/// The page.
pub async fn new(asked: Asked) -> Result<Page, Fault> {
    let stores = stores::mine(&asked.scope, Permission::ProposeChanges).await?;
    let first = stores.first().map(|(id, _)| *id).ok_or(Fault::Forbidden)?;
    let at = At {
        store: asked.query.text("store").parse().unwrap_or(first),
        words: asked.query.words("q"),
        kind: ProposalKind::from_code(asked.query.text("kind")).unwrap_or(ProposalKind::Price),
    };
    let sku = asked.query.given("sku").map(str::to_owned);
    let found = approvals::subjects(&asked.scope, at.store, sku.as_deref().unwrap_or(&at.words)).await?;
    let chosen = sku.and_then(|code| found.iter().find(|subject| subject.code == code).cloned());
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("新建申请", move || {
        let crumbs = vec![("申请审批".to_owned(), PATH.to_owned()), ("新建申请".to_owned(), String::new())];
        let step = match chosen {
            Some(subject) => form(&asked, &at, subject),
            None => goods(&at, stores, found),
        };
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">"新建申请"</h1>
            {news(&asked, FORM)}
            {step}
        };
        frame.screen(Lit::Proposals, body.into_any())
    }))
}

/// First: for which goods.
fn goods(at: &At, stores: Vec<(StoreId, String)>, found: Vec<ProposalSubject>) -> AnyView {
    let many = stores.len() > 1;
    let items = stores.into_iter().map(|(id, name)| SelectItem::new(id.to_string(), name)).collect();
    let store = match many {
        true => view! { <Select name="store" label="门店" items=items value=at.store.to_string()/> }.into_any(),
        false => view! { <input type="hidden" name="store" value=at.store.to_string()/> }.into_any(),
    };
    let kinds = ProposalKind::ALL.iter().map(|kind| SelectItem::new(kind.code(), kind.label())).collect();
    let list = if found.is_empty() {
        view! { <EmptyState glyph=Glyph::Search title="没有找到这件商品" text="换个名称、拼音、编码或条码再试。">""</EmptyState> }.into_any()
    } else {
        let columns = vec![
            Column::new("商品"),
            Column::new("售价").right(),
            Column::new("账面库存").right(),
            Column::new("操作"),
        ];
        let row = |subject: ProposalSubject| {
            let choose = at.address(&urlencoding::encode(&subject.code));
            view! {
                <tr>
                    <td class="min-w-40"><span class="font-medium">{subject.name}</span>
                        <span class="block text-sm text-base-content/70">{subject.code.clone()}</span></td>
                    <td class="tabular text-end">{subject.price_fen.to_string()}</td>
                    <td class="tabular text-end">{subject.on_hand}</td>
                    <td><LinkButton href=choose>"选择"</LinkButton></td>
                </tr>
            }
        };
        let rows = found.into_iter().map(row).collect_view();
        view! { <DataTable caption="门店在售商品" columns=columns>{rows}</DataTable> }.into_any()
    };
    view! {
        <form method="get" action=NEW role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
            {store}
            <Select name="kind" label="申请什么" items=kinds value=at.kind.code()/>
            <Field name="q" kind="search" label="哪件商品" placeholder="名称、拼音、编码或条码" required=false
                maxlength=Fields::WORDS_MOST as u32 value=at.words.clone()/>
            <div class="mb-4"><button type="submit" class="btn btn-primary"><Icon glyph=Glyph::Search class="size-5"/>"查找"</button></div>
        </form>
        {list}
    }
    .into_any()
}

/// Then: what is to change.
fn form(asked: &Asked, at: &At, subject: ProposalSubject) -> AnyView {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((price_wrong, price), (difference_wrong, difference), (reason_wrong, reason)) =
        (part("price"), part("difference"), part("reason"));
    let value = match at.kind {
        ProposalKind::Price => view! {
            <Field name="price" label="新售价（元）" inputmode="decimal" value=price error=price_wrong placeholder="如 12.80" autofocus=true/>
        }
        .into_any(),
        ProposalKind::Adjustment => view! {
            <Field name="difference" label="差异（件）" value=difference error=difference_wrong placeholder="少了填 -3，多了填 5"
                hint="实物比账面多几件或少几件。" autofocus=true/>
        }
        .into_any(),
    };
    let (here, another) = (at.address(&urlencoding::encode(&subject.code)), at.address(""));
    let (store, kind) = (at.store.to_string(), at.kind);
    view! {
        <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
            <Card title=kind.label()>
                <Form action="/rpc/console/propose">
                    <Hidden name="from" value=here/>
                    <Hidden name="key" value=ProposalId(Uuid::now_v7()).to_string()/>
                    <Hidden name="store" value=store/>
                    <Hidden name="sku" value=subject.sku_id.to_string()/>
                    <Hidden name="kind" value=kind.code()/>
                    {value}
                    <TextArea name="reason" label="原因" required=true maxlength=200 value=reason error=reason_wrong
                        hint="审批人会看到，例如「临期，周日前售完」。"/>
                    <div class="flex flex-wrap gap-3">
                        <button type="submit" class="btn btn-primary">"提交审批"</button>
                        <button type="submit" name="draft" value="1" class="btn btn-outline">"存为草稿"</button>
                        <LinkButton href=another tone=Tone::Plain>"换一件商品"</LinkButton>
                    </div>
                </Form>
            </Card>
            <Card title="现在">
                <Facts>
                    <Fact label="商品">{subject.name}</Fact>
                    <Fact label="编码">{subject.code}</Fact>
                    <Fact label="售价"><span class="tabular">{subject.price_fen.to_string()}</span></Fact>
                    <Fact label="账面库存"><span class="tabular">{format!("{} 件", subject.on_hand)}</span></Fact>
                </Facts>
            </Card>
        </div>
    }
    .into_any()
}
