//! Keys of partners' programs: those there are, and a new one.

use chrono::{DateTime, Utc};
use commerce::keys;
use domain::{
    Fault, Fields,
    keys::{self as wanted, GRANTABLE, KeyState, KeyView, PER_MINUTE},
    staff::Permission,
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, CheckBox, Chip, Chips, Column, DataTable, EmptyState, Field, Form, Glyph, Hidden, LinkButton,
    Section, Sheet, SheetButton, Size, TextArea, Tone,
};

use crate::{
    frame::{Frame, LOG_IN, Tab, files, said},
    webhooks,
};

const LIST: &str = "/hq/keys";
const NEW: &str = "/hq/keys/new";
/// The part of the page that its forms speak to.
const FORM: &str = "key";

/// Sets a key up.
#[server(prefix = "/rpc/hq", endpoint = "create_key")]
pub async fn create_key(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        keys::create(&scope, wanted::CreateKey::from_fields(&fields)?).await?;
        Ok(Next::to(LIST).saying(FORM, "已建立。点「下载密钥」取得密钥文件，交给合作方"))
    })
    .await
}

/// Ends a key.
#[server(prefix = "/rpc/hq", endpoint = "revoke_key")]
pub async fn revoke_key(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这个密钥"))?;
        keys::revoke(&scope, id).await?;
        Ok(Next::to(LIST).saying(FORM, "已停用，从现在起不能再用"))
    })
    .await
}

/// What partners' programs can be given, as sub-pages; the one at `lit` is open.
pub(crate) fn kinds(lit: &str) -> impl IntoView + use<> {
    let chips =
        [("密钥", LIST), ("消息推送", webhooks::LIST)].map(|(label, href)| Chip::new(label, href).active(href == lit));
    view! { <div class="mb-4"><Chips label="开放接口" chips=chips.into()/></div> }
}

/// The list's page.
pub async fn keys(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let found = keys::list(&asked.scope).await?;
    Ok(Page::new("接口密钥", move || {
        let beside = view! {
            {files(LIST, &[])}
            <LinkButton href=NEW tone=Tone::Primary>"新建密钥"</LinkButton>
        };
        let body = view! {
            {kinds(LIST)}
            {said(&asked, FORM)}
            {results(found, asked.scope.now)}
        };
        frame.screen(Tab::Partners, "开放接口".into(), "", beside.into_any(), body.into_any())
    }))
}

fn results(found: Vec<KeyView>, now: DateTime<Utc>) -> AnyView {
    if found.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Box title="还没有密钥" text="给配送、ERP、小程序等合作方的程序一把密钥：只做您勾选的事，只看您指定的门店与仓库。">
                <LinkButton href=NEW tone=Tone::Primary>"新建密钥"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let columns = vec![
        Column::new("合作方"),
        Column::new("状态"),
        Column::new("密钥"),
        Column::new("权限"),
        Column::new("门店与仓库"),
        Column::new("每分钟").right(),
        Column::new("最近使用"),
        Column::new("到期"),
        Column::new("操作"),
    ];
    let rows = found.into_iter().map(|key| row(key, now)).collect_view();
    view! { <DataTable caption="接口密钥" columns=columns>{rows}</DataTable> }.into_any()
}

fn tone_of(state: KeyState) -> Tone {
    match state {
        KeyState::New => Tone::Warn,
        KeyState::Working => Tone::Success,
        KeyState::Expired | KeyState::Revoked => Tone::Plain,
    }
}

fn row(key: KeyView, now: DateTime<Utc>) -> impl IntoView {
    let moment = |at: DateTime<Utc>| text::moment(at, now, text::zone(""));
    let permissions = key.permissions.iter().map(|one| one.label()).collect::<Vec<_>>().join("、");
    let places = key.places_text();
    // The end is the first moment of the day after.
    let until = key.expires_at.map(text::day_before);
    view! {
        <tr>
            <td class="whitespace-nowrap">
                <span class="font-medium">{key.name.clone()}</span>
                <span class="block text-sm text-base-content/70">{key.created_by.clone()}</span>
            </td>
            <td class="whitespace-nowrap"><Badge tone=tone_of(key.state)>{key.state.label()}</Badge></td>
            <td class="whitespace-nowrap"><code>{key.prefix.as_ref().map_or("—".into(), |prefix| format!("{prefix}…"))}</code></td>
            <td class="min-w-40">{permissions}</td>
            <td class="min-w-40">{places}</td>
            <td class="tabular text-end">{key.per_minute}</td>
            <td class="tabular whitespace-nowrap">{key.last_used_at.map_or("从未".into(), moment)}</td>
            <td class="tabular whitespace-nowrap">{until.map_or("不限".into(), |day| day.to_string())}</td>
            <td class="whitespace-nowrap">{acts(&key)}</td>
        </tr>
    }
}

fn acts(key: &KeyView) -> Option<AnyView> {
    if matches!(key.state, KeyState::Expired | KeyState::Revoked) {
        return None;
    }
    let id = key.id.to_string();
    let (renew, end) = (format!("renew-{id}"), format!("end-{id}"));
    let file = format!("/hq/keys/{id}/file");
    let first = match key.state {
        KeyState::New => view! { <Form action=file><Button size=Size::Small>"下载密钥"</Button></Form> }.into_any(),
        _ => view! {
            <SheetButton target=renew.clone()>"更换"</SheetButton>
            <Sheet id=renew title=format!("更换「{}」的密钥？", key.name)>
                <p class="mb-4 whitespace-normal">"下载新密钥的同时，旧密钥立即失效；请先与对方约好时间。"</p>
                <Form action=file><Button>"更换并下载"</Button></Form>
            </Sheet>
        }
        .into_any(),
    };
    Some(
        view! {
            <div class="flex gap-2">
                {first}
                <SheetButton target=end.clone()>"停用"</SheetButton>
                <Sheet id=end title=format!("停用「{}」的密钥？", key.name)>
                    <p class="mb-4 whitespace-normal">"立即失效，不能恢复；对方的程序会收到 401。"</p>
                    <Form action="/rpc/hq/revoke_key">
                        <Hidden name="id" value=id/>
                        <Hidden name="from" value=LIST/>
                        <Button tone=Tone::Error>"停用"</Button>
                    </Form>
                </Sheet>
            </div>
        }
        .into_any(),
    )
}

/// The page on which a key is set up.
pub async fn new_key(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    asked.scope.staff_everywhere(Permission::ManagePartners)?;
    Ok(Page::new("新建密钥", move || {
        let flash = asked.flash_of(FORM).cloned().unwrap_or_default();
        let wrong = |field: &str| flash.complaint(field).unwrap_or_default().to_owned();
        let [name_wrong, may_wrong, stores_wrong, warehouses_wrong, per_minute_wrong, until_wrong] =
            ["name", "may", "stores", "warehouses", "per_minute", "until"].map(wrong);
        let [name, stores, warehouses, until] =
            ["name", "stores", "warehouses", "until"].map(|field| flash.typed.text(field).to_owned());
        let boxes = GRANTABLE
            .iter()
            .map(|one| {
                let name = format!("may.{}", one.code());
                let checked = flash.typed.given(&name).is_some();
                view! { <CheckBox name=name label=one.label() checked=checked/> }
            })
            .collect_view();
        let per_minute = flash.typed.given("per_minute").map_or_else(|| PER_MINUTE.to_string(), str::to_owned);
        let body = view! {
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:items-start">
                <div class="panel p-5">
                    <Form action="/rpc/hq/create_key">
                        <Hidden name="from" value=NEW/>
                        <Field name="name" label="合作方" value=name error=name_wrong placeholder="如：某配送平台"/>
                        <fieldset class="mb-4">
                            <legend class="mb-1 text-sm font-semibold">"权限"</legend>
                            <div class="grid gap-2">{boxes}</div>
                            {(!may_wrong.is_empty()).then(|| view! { <p class="mt-1 text-sm font-medium text-error">{may_wrong}</p> })}
                        </fieldset>
                        <TextArea name="stores" label="门店" value=stores error=stores_wrong
                            hint="门店编号，用逗号或换行分开。门店和仓库都留空，就是全部门店与仓库；在仓库收发货还要勾选「管理仓库与供货」，或填写仓库编号。"/>
                        <TextArea name="warehouses" label="仓库" value=warehouses error=warehouses_wrong
                            hint="仓库编号，用逗号或换行分开。仓储系统的密钥只填它管的仓库，就看不到其他地方。"/>
                        <Field name="per_minute" label="每分钟最多请求" value=per_minute error=per_minute_wrong inputmode="numeric"/>
                        <Field name="until" label="到期日" kind="date" value=until error=until_wrong required=false
                            hint="这一天结束后失效；不填则一直有效，直到停用。"/>
                        <Button>"建立"</Button>
                    </Form>
                </div>
                <Section title="密钥怎么用">
                    <p class="mb-3">"建立后下载密钥文件，只交给对方一次；系统只保存它的指纹，丢失了就更换。"</p>
                    <p class="mb-3">"程序在请求头里带上 "<code>"Authorization: Bearer mk_…"</code>"。可用的接口见 "<a class="link" href="/api/docs">"接口文档"</a>"。"</p>
                    <p>"密钥做的每一步都以合作方的名义记在订单、单据与操作日志里。盘点和报损可由密钥提交，审批仍由员工来做。"</p>
                </Section>
            </div>
        };
        frame.screen(Tab::Partners, "新建密钥".into(), LIST, ().into_any(), body.into_any())
    }))
}
