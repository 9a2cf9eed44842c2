//! Webhooks 消息推送: those there are, and the form that sets one up or changes it.

use chrono::{DateTime, Utc};
use commerce::webhooks;
use domain::{
    Fault, Fields,
    orders::OrderState,
    staff::Permission,
    text,
    webhooks::{self as wanted, WebhookView, message_type},
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, CheckBox, Column, DataTable, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Section, TextArea,
    Tone,
};
use uuid::Uuid;

use crate::{
    frame::{Frame, LOG_IN, Tab, files, said},
    keys::kinds,
};

pub(crate) const LIST: &str = "/hq/webhooks";
const NEW: &str = "/hq/webhooks/new";
/// The part of these pages that their forms speak to.
pub(crate) const FORM: &str = "webhook";

/// Where a webhook's page is.
pub(crate) fn path_of(id: Uuid) -> String {
    format!("{LIST}/{id}")
}

pub(crate) fn id_of(fields: &Fields) -> Result<Uuid, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这个推送"))
}

/// Sets a webhook up, or changes the one with the `id` given.
#[server(prefix = "/rpc/hq", endpoint = "save_webhook")]
pub async fn save_webhook(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let command = wanted::SaveWebhook::from_fields(&fields)?;
        if fields.given("id").is_some() {
            let id = id_of(&fields)?;
            webhooks::change(&scope, id, command).await?;
            return Ok(Next::to(path_of(id)).saying(FORM, "已保存"));
        }
        let id = webhooks::create(&scope, command).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已建立。把签名密钥交给对方，再发一条测试消息看看"))
    })
    .await
}

/// The colour of whether it works.
pub(crate) fn tone_of(webhook: &WebhookView) -> Tone {
    match (webhook.paused, webhook.failing_since) {
        (Some(_), _) => Tone::Plain,
        (None, Some(_)) => Tone::Error,
        (None, None) => Tone::Success,
    }
}

/// The list's page.
pub async fn webhooks(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let found = webhooks::list(&asked.scope).await?;
    Ok(Page::new("消息推送", move || {
        let beside = view! {
            {files(LIST, &[])}
            <LinkButton href=NEW tone=Tone::Primary>"新建推送"</LinkButton>
        };
        let body = view! {
            {kinds(LIST)}
            {said(&asked, FORM)}
            {results(found, asked.scope.now)}
        };
        frame.screen(Tab::Partners, "开放接口".into(), "", beside.into_any(), body.into_any())
    }))
}

fn results(found: Vec<WebhookView>, now: DateTime<Utc>) -> AnyView {
    if found.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Bell title="还没有推送" text="订单一有变化，就告诉合作方的程序：带签名、失败会重试、每条都可查可重发。">
                <LinkButton href=NEW tone=Tone::Primary>"新建推送"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let columns = vec![
        Column::new("接收方"),
        Column::new("状态"),
        Column::new("消息"),
        Column::new("门店"),
        Column::new("待发送").right(),
        Column::new("未送达").right(),
        Column::new("最近送达"),
    ];
    let rows = found.into_iter().map(|webhook| row(&webhook, now)).collect_view();
    view! { <DataTable caption="消息推送" columns=columns>{rows}</DataTable> }.into_any()
}

fn row(webhook: &WebhookView, now: DateTime<Utc>) -> impl IntoView + use<> {
    let (tone, state) = (tone_of(webhook), webhook.state_text());
    let delivered = webhook.delivered_at.map_or("还没有".into(), |at| text::moment(at, now, text::zone("")));
    view! {
        <tr>
            <td class="min-w-48">
                <a class="link font-medium" href=path_of(webhook.id)>{webhook.name.clone()}</a>
                <span class="block text-sm break-all text-base-content/70">{webhook.url.clone()}</span>
            </td>
            <td class="whitespace-nowrap"><Badge tone=tone>{state}</Badge></td>
            <td class="min-w-40">{webhook.states_text()}</td>
            <td class="min-w-32">{webhook.stores_text()}</td>
            <td class="tabular text-end">{webhook.waiting}</td>
            <td class="tabular text-end">{webhook.failed}</td>
            <td class="tabular whitespace-nowrap">{delivered}</td>
        </tr>
    }
}

/// The page on which a webhook is set up.
pub async fn new_webhook(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    asked.scope.staff_everywhere(Permission::ManagePartners)?;
    Ok(Page::new("新建推送", move || {
        let body = form(&asked, NEW.into(), None);
        frame.screen(Tab::Partners, "新建推送".into(), LIST, ().into_any(), body.into_any())
    }))
}

/// The page on which a webhook is changed.
pub async fn edit_webhook(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let webhook = webhooks::show(&asked.scope, asked.id("webhook", "这个推送")?).await?;
    Ok(Page::new("修改推送", move || {
        let body = form(&asked, format!("{}/edit", path_of(webhook.id)), Some(webhook));
        frame.screen(Tab::Partners, "修改推送".into(), LIST, ().into_any(), body.into_any())
    }))
}

/// What a webhook is, as the form of its page names it.
fn fields_of(webhook: &WebhookView) -> Fields {
    let stores = webhook.stores.iter().flatten().map(|(code, _)| code.as_str()).collect::<Vec<_>>().join("\n");
    let mut fields = Fields::default();
    fields.0.insert("name".into(), webhook.name.clone());
    fields.0.insert("url".into(), webhook.url.clone());
    fields.0.insert("stores".into(), stores);
    fields.0.extend(webhook.states.iter().map(|state| (format!("of.{}", state.code()), "on".into())));
    fields
}

fn form(asked: &Asked, from: String, webhook: Option<WebhookView>) -> impl IntoView + use<> {
    let flash = asked.flash_of(FORM).cloned().unwrap_or_default();
    let [name_wrong, url_wrong, of_wrong, stores_wrong] =
        ["name", "url", "of", "stores"].map(|field| flash.complaint(field).unwrap_or_default().to_owned());
    // What was typed is kept; else it is what stands.
    let typed = match &webhook {
        Some(webhook) if flash.typed.0.is_empty() => fields_of(webhook),
        _ => flash.typed,
    };
    let [name, url, stores] = ["name", "url", "stores"].map(|field| typed.text(field).to_owned());
    let boxes = OrderState::ALL
        .iter()
        .map(|state| {
            let name = format!("of.{}", state.code());
            let checked = typed.given(&name).is_some();
            view! { <CheckBox name=name label=format!("{}（{}）", state.label(), message_type(*state)) checked=checked/> }
        })
        .collect_view();
    let label = if webhook.is_some() { "保存" } else { "建立" };
    view! {
        <div class="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:items-start">
            <div class="panel p-5">
                <Form action="/rpc/hq/save_webhook">
                    <Hidden name="from" value=from/>
                    {webhook.map(|webhook| view! { <Hidden name="id" value=webhook.id.to_string()/> })}
                    <Field name="name" label="接收方" value=name error=name_wrong placeholder="如：某配送平台"/>
                    <Field name="url" label="接收地址" kind="url" value=url error=url_wrong placeholder="https://partner.example/hooks"
                        hint="对方程序的 https 地址。"/>
                    <fieldset class="mb-4">
                        <legend class="mb-1 text-sm font-semibold">"订单变成这些状态时推送"</legend>
                        <div class="grid gap-2 sm:grid-cols-2">{boxes}</div>
                        {(!of_wrong.is_empty()).then(|| view! { <p class="mt-1 text-sm font-medium text-error">{of_wrong}</p> })}
                    </fieldset>
                    <TextArea name="stores" label="门店" value=stores error=stores_wrong
                        hint="门店编号，用逗号或换行分开；留空为全部门店。"/>
                    <Button>{label}</Button>
                </Form>
            </div>
            <Section title="对方会收到什么">
                <p class="mb-3">"一个 POST 请求，内容只有订单号、门店号和新状态；详情由对方凭「密钥」从接口读取。"</p>
                <p class="mb-3">"每条消息按 Standard Webhooks 规范签名。对方答复 2xx 即为送达，否则在约三天内重试九次；答复 410 即停止推送。"</p>
                <p>"同一条消息可能送到不止一次，编号（webhook-id）不变。"</p>
            </Section>
        </div>
    }
}
