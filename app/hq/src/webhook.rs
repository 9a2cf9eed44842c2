//! One webhook: how it does, its secret, what it was told, and sending it again.

use chrono::{DateTime, Utc};
use commerce::webhooks::{self, log};
use domain::{
    Fault, Fields,
    page::Page as Listed,
    text,
    webhooks::{DeliveryState, DeliveryView, WebhookView, message_type},
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Card, Chip, Chips, Column, DataTable, EmptyState, Fact, Facts, Field, Form, Glyph, Hidden,
    LinkButton, Notice, Pager, Section, Sheet, SheetButton, Tone,
};
use uuid::Uuid;

use crate::{
    frame::{Frame, LOG_IN, Tab, address, said},
    webhooks::{FORM, LIST, id_of, path_of, tone_of},
};

/// Sends nothing to a webhook for now.
#[server(prefix = "/rpc/hq", endpoint = "pause_webhook")]
pub async fn pause_webhook(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        webhooks::pause(&scope, id).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已暂停。恢复前发生的变化不会补发"))
    })
    .await
}

/// Sends to a webhook again.
#[server(prefix = "/rpc/hq", endpoint = "resume_webhook")]
pub async fn resume_webhook(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        webhooks::resume(&scope, id).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已恢复推送"))
    })
    .await
}

/// Gives a webhook a new secret.
#[server(prefix = "/rpc/hq", endpoint = "renew_webhook_secret")]
pub async fn renew_webhook_secret(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        webhooks::renew_secret(&scope, id).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已更换。旧密钥在 24 小时内仍同时签名，请通知对方换用新密钥"))
    })
    .await
}

/// Removes a webhook.
#[server(prefix = "/rpc/hq", endpoint = "remove_webhook")]
pub async fn remove_webhook(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        webhooks::remove(&scope, id_of(&fields)?).await?;
        Ok(Next::to(LIST).saying(FORM, "已删除"))
    })
    .await
}

/// Tells a webhook something of no meaning.
#[server(prefix = "/rpc/hq", endpoint = "test_webhook")]
pub async fn test_webhook(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        log::send_test(&scope, id).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "测试消息已排队，结果见下面的记录"))
    })
    .await
}

/// Sends one message again, or without a `message` all that were given up.
#[server(prefix = "/rpc/hq", endpoint = "replay_webhook")]
pub async fn replay_webhook(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        let news = match fields.given("message") {
            Some(message) => {
                let message = message.parse().map_err(|_| Fault::NotFound("这条消息"))?;
                log::replay(&scope, id, message).await?;
                "已重新排队".into()
            }
            None => format!("{} 条未送达的消息已重新排队", log::replay_failed(&scope, id).await?),
        };
        Ok(Next::to(path_of(id)).saying(FORM, news))
    })
    .await
}

/// What the address asks for.
struct Filter {
    state: Option<DeliveryState>,
    after: Option<String>,
}

/// The page of one webhook.
pub async fn webhook(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let id = asked.id("webhook", "这个推送")?;
    let filter = Filter {
        state: asked.query.given("state").and_then(DeliveryState::from_code),
        after: asked.query.given("after").map(str::to_owned),
    };
    let webhook = webhooks::show(&asked.scope, id).await?;
    let secret = webhooks::secret(&asked.scope, id).await?;
    let found = log::list(&asked.scope, id, filter.state, filter.after.as_deref()).await?;
    Ok(Page::new(webhook.name.clone(), move || {
        let (tone, state) = (tone_of(&webhook), webhook.state_text());
        let beside = view! { <Badge tone=tone>{state}</Badge> };
        let now = asked.scope.now;
        let body = view! {
            {said(&asked, FORM)}
            {why_not(&webhook, now)}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] lg:items-start">
                {facts(&webhook, now)}
                {secret_card(&webhook, secret, now)}
            </div>
            {the_log(&webhook, &filter, found, now)}
        };
        frame.screen(Tab::Partners, webhook.name.clone(), LIST, beside.into_any(), body.into_any())
    }))
}

fn moment(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    text::moment(at, now, text::zone(""))
}

/// What keeps messages from arriving, and what to do about it.
fn why_not(webhook: &WebhookView, now: DateTime<Utc>) -> Option<AnyView> {
    use domain::webhooks::Pause;
    let words = match (webhook.paused, webhook.failing_since) {
        (Some(Pause::Staff), _) => "推送已暂停：现在发生的变化不会记录，也不会补发。".into(),
        (Some(Pause::Gone), _) => "对方答复 410，表示不再接收，推送已停。与对方确认后可以恢复。".into(),
        (Some(Pause::Failing), _) => "连续五天没有一条送达，推送已停。请与对方排查后恢复，再重发未送达的消息。".into(),
        (None, Some(since)) => format!("从 {} 起没有一条送达，系统会继续重试；原因见下面的记录。", moment(since, now)),
        (None, None) => return None,
    };
    Some(view! { <Notice tone=Tone::Warn>{words}</Notice> }.into_any())
}

/// A button that does one thing to this webhook.
fn act(action: &'static str, webhook: Uuid, tone: Tone, label: &'static str) -> AnyView {
    let (id, from) = (webhook.to_string(), path_of(webhook));
    view! {
        <Form action=action>
            <Hidden name="id" value=id/>
            <Hidden name="from" value=from/>
            <Button tone=tone>{label}</Button>
        </Form>
    }
    .into_any()
}

fn facts(webhook: &WebhookView, now: DateTime<Utc>) -> impl IntoView + use<> {
    let id = webhook.id;
    let kinds = webhook.states.iter().map(|state| message_type(*state)).collect::<Vec<_>>().join(" ");
    let edit = format!("{}/edit", path_of(webhook.id));
    let flow = if webhook.paused.is_some() {
        act("/rpc/hq/resume_webhook", id, Tone::Primary, "恢复推送")
    } else {
        view! {
            {act("/rpc/hq/test_webhook", id, Tone::Primary, "发测试消息")}
            {act("/rpc/hq/pause_webhook", id, Tone::Plain, "暂停")}
        }
        .into_any()
    };
    let (url, stores) = (webhook.url.clone(), webhook.stores_text());
    let created = format!("{}，{}", webhook.created_by, moment(webhook.created_at, now));
    let delivered = webhook.delivered_at.map_or("还没有".into(), |at| moment(at, now));
    let removal = format!("删除「{}」？", webhook.name);
    view! {
        <Card>
            <Facts class="mb-4">
                <Fact label="接收地址"><span class="break-all">{url}</span></Fact>
                <Fact label="消息"><span class="font-mono text-sm">{kinds}</span></Fact>
                <Fact label="门店">{stores}</Fact>
                <Fact label="建立">{created}</Fact>
                <Fact label="最近送达">{delivered}</Fact>
            </Facts>
            <div class="flex flex-wrap gap-2">
                {flow}
                <LinkButton href=edit>"修改"</LinkButton>
                <SheetButton target="remove">"删除"</SheetButton>
            </div>
            <Sheet id="remove" title=removal>
                <p class="mb-4">"推送和全部记录一起删除，不能恢复。"</p>
                {act("/rpc/hq/remove_webhook", id, Tone::Error, "删除")}
            </Sheet>
        </Card>
    }
}

/// The secret, closed until somebody wants to see it: it stands on a screen that others may see.
fn secret_card(webhook: &WebhookView, secret: String, now: DateTime<Utc>) -> impl IntoView + use<> {
    let id = webhook.id;
    let old = webhook.old_secret_until.map(
        |until| view! { <p class="mb-3 text-sm">{format!("旧密钥到 {} 为止仍同时签名。", moment(until, now))}</p> },
    );
    view! {
        <Card title="签名密钥">
            <p class="mb-3 text-sm text-base-content/70">"对方用它核对消息确实来自我们，请只交给对方的技术人员。"</p>
            {old}
            <div class="flex flex-wrap gap-2">
                <SheetButton target="secret">"查看密钥"</SheetButton>
                <SheetButton target="renew">"更换"</SheetButton>
            </div>
            <Sheet id="secret" title="签名密钥">
                <Field name="secret" label="选中后复制" value=secret hint="对方的 Standard Webhooks 程序库可直接使用。"/>
            </Sheet>
            <Sheet id="renew" title="更换签名密钥？">
                <p class="mb-4">"新密钥立即开始签名；旧密钥在 24 小时内同时签名，对方有时间换过来。"</p>
                {act("/rpc/hq/renew_webhook_secret", id, Tone::Primary, "更换")}
            </Sheet>
        </Card>
    }
}

fn the_log(
    webhook: &WebhookView,
    filter: &Filter,
    found: Listed<DeliveryView>,
    now: DateTime<Utc>,
) -> impl IntoView + use<> {
    let path = path_of(webhook.id);
    let count = |state: Option<DeliveryState>| match state {
        Some(DeliveryState::Waiting) => webhook.waiting.to_string(),
        Some(DeliveryState::Failed) => webhook.failed.to_string(),
        Some(DeliveryState::Delivered) | None => String::new(),
    };
    let chips = std::iter::once(None)
        .chain(DeliveryState::ALL.iter().copied().map(Some))
        .map(|state| {
            let href = address(&path, &[("state", state.map_or("", DeliveryState::code))]);
            Chip::new(state.map_or("全部", DeliveryState::label), href)
                .active(filter.state == state)
                .count(count(state))
        })
        .collect();
    let again = (webhook.failed > 0 && webhook.paused.is_none())
        .then(|| act("/rpc/hq/replay_webhook", webhook.id, Tone::Plain, "重发全部未送达"));
    let entries = entries(webhook, filter, found, now);
    view! {
        <Section title="推送记录">
            <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                <Chips label="按结果筛选" chips=chips/>
                <div class="flex gap-2"><LinkButton href=path>"刷新"</LinkButton>{again}</div>
            </div>
            {entries}
        </Section>
    }
}

fn entries(webhook: &WebhookView, filter: &Filter, found: Listed<DeliveryView>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        let text = if filter.state.is_some() {
            "换一种结果看看。"
        } else {
            "发一条测试消息，或等订单有了变化。记录保留 30 天。"
        };
        return view! { <EmptyState glyph=Glyph::Receipt title="没有消息" text=text/> }.into_any();
    }
    let columns = vec![
        Column::new("时间"),
        Column::new("消息"),
        Column::new("结果"),
        Column::new("答复"),
        Column::new("尝试").right(),
        Column::new("用时").right(),
        Column::new("下次"),
        Column::new("操作"),
    ];
    let pages = |after: &str| {
        address(&path_of(webhook.id), &[("state", filter.state.map_or("", DeliveryState::code)), ("after", after)])
    };
    let next = found.next.as_deref().map(pages);
    let rows = found.items.into_iter().map(|message| entry(webhook, message, now)).collect_view();
    view! {
        <DataTable caption="推送记录" columns=columns>{rows}</DataTable>
        {next.map(|href| view! { <Pager next=href/> })}
    }
    .into_any()
}

fn entry(webhook: &WebhookView, message: DeliveryView, now: DateTime<Utc>) -> impl IntoView + use<> {
    let tone = match message.state {
        DeliveryState::Waiting => Tone::Warn,
        DeliveryState::Delivered => Tone::Success,
        DeliveryState::Failed => Tone::Error,
    };
    let answer = message.status.map_or_else(|| message.error.clone(), |status| format!("HTTP {status}"));
    let sheet = format!("message-{}", message.id);
    let again = webhook.paused.is_none().then(|| {
        let (id, message, from) = (webhook.id.to_string(), message.id.to_string(), path_of(webhook.id));
        view! {
            <Form action="/rpc/hq/replay_webhook">
                <Hidden name="id" value=id/>
                <Hidden name="message" value=message/>
                <Hidden name="from" value=from/>
                <Button tone=Tone::Plain>"重发"</Button>
            </Form>
        }
    });
    view! {
        <tr>
            <td class="tabular whitespace-nowrap">{moment(message.created_at, now)}</td>
            <td class="whitespace-nowrap"><code>{message.kind.clone()}</code></td>
            <td class="whitespace-nowrap"><Badge tone=tone>{message.state.label()}</Badge></td>
            <td class="min-w-32">{answer}</td>
            <td class="tabular text-end">{message.tries}</td>
            <td class="tabular text-end whitespace-nowrap">{message.took_ms.map(|ms| format!("{ms} ms"))}</td>
            <td class="tabular whitespace-nowrap">{message.next_try_at.map(|at| moment(at, now))}</td>
            <td>
                <div class="flex gap-2">
                    <SheetButton target=sheet.clone()>"内容"</SheetButton>
                    {again}
                </div>
                <Sheet id=sheet title=message.kind>
                    <p class="mb-2 text-sm break-all">{format!("webhook-id {}", message.id)}</p>
                    <pre class="mb-3 overflow-x-auto rounded-box bg-base-200 p-3 text-sm whitespace-pre-wrap break-all">{message.body}</pre>
                    {(!message.answer.is_empty()).then(|| view! {
                        <p class="mb-1 text-sm font-semibold">"对方的答复"</p>
                        <pre class="overflow-x-auto rounded-box bg-base-200 p-3 text-sm whitespace-pre-wrap break-all">{message.answer}</pre>
                    })}
                </Sheet>
            </td>
        </tr>
    }
}
