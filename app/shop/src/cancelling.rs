//! Calling an order off: by oneself as long as the rule of its way lets one, and asking the store for it afterwards.

use chrono::{DateTime, Utc};
use commerce::{flashes, orders};
use domain::{
    Fault, Fen, Fields, OrderId,
    cancelling::{AskCancel as Ask, CancelReason, CancelRequest, CancelRequestState},
    orders::OrderView,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Badge, Button, Form, Hidden, Select, SelectItem, Size, TextArea, Tone};

/// The part of an order's page that its forms speak to.
pub const FORM: &str = "cancel";

fn id_of(fields: &Fields) -> Result<OrderId, Fault> {
    fields.text("order_id").parse().map_err(|_| Fault::NotFound("这个订单"))
}

/// Calls the order off.
#[server(prefix = "/rpc/shop", endpoint = "cancel_order")]
pub async fn cancel_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("order", "/login", fields, async |scope, fields| {
        let id = id_of(&fields)?;
        orders::cancel(&scope, id).await?;
        Ok(Next::to(format!("/orders/{id}")).saying("order", "订单已取消；已付款项将原路退回"))
    })
    .await
}

/// Asks the store to call the order off.
#[server(prefix = "/rpc/shop", endpoint = "ask_cancel")]
pub async fn ask_cancel(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let id = id_of(&fields)?;
        orders::ask_cancel(&scope, id, &Ask::from_fields(&fields)?).await?;
        Ok(Next::to(format!("/orders/{id}")).saying(FORM, "已申请取消，请等门店答复；门店同意后款项全部原路退回"))
    })
    .await
}

/// Takes the request back.
#[server(prefix = "/rpc/shop", endpoint = "withdraw_cancel")]
pub async fn withdraw_cancel(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let id = id_of(&fields)?;
        orders::withdraw_cancel(&scope, id).await?;
        Ok(Next::to(format!("/orders/{id}")).saying(FORM, "已撤回取消申请，订单继续"))
    })
    .await
}

/// What was asked for, and what can be done now.
pub fn section(order: &OrderView, asked: &Asked) -> AnyView {
    let now = asked.scope.now;
    let zone = text::zone(&order.timezone);
    let when = |at: DateTime<Utc>| text::moment(at, now, zone);
    let requests = &order.cancelling.requests;
    let past = (!requests.is_empty()).then(|| past(requests, &when));
    let withdraw = order.cancelling.open().map(|_| withdraw(order, asked));
    let cancel = order.cancelling.by_self.then(|| cancel(order, asked, order.cancelling.until.map(when)));
    let ask = order.cancelling.may_ask.then(|| ask(order, asked));
    view! { {past} {withdraw} {cancel} {ask} }.into_any()
}

fn past(requests: &[CancelRequest], when: &dyn Fn(DateTime<Utc>) -> String) -> AnyView {
    let line = |one: &CancelRequest| {
        let tone = match one.state {
            CancelRequestState::Open => Tone::Warn,
            CancelRequestState::Agreed => Tone::Success,
            CancelRequestState::Refused => Tone::Error,
            CancelRequestState::Withdrawn | CancelRequestState::Over => Tone::Plain,
        };
        let ended = one.ended_at.map(|at| format!("{} {}", when(at), one.how()));
        let (asked_at, why, state) = (when(one.asked_at), one.why(), one.state.label());
        view! {
            <li class="py-2">
                <p class="flex flex-wrap items-center gap-2">
                    <span class="font-medium">{format!("{asked_at} 申请取消")}</span>
                    <Badge tone=tone>{state}</Badge>
                </p>
                <p class="text-sm text-base-content/70 break-words">{why}</p>
                {ended.map(|ended| view! { <p class="text-sm break-words">{ended}</p> })}
            </li>
        }
    };
    let lines = requests.iter().map(line).collect_view();
    view! { <ul class="mt-4 divide-y divide-base-200 border-t border-base-200" aria-label="取消申请">{lines}</ul> }
        .into_any()
}

fn withdraw(order: &OrderView, asked: &Asked) -> AnyView {
    let (here, id) = (asked.here.clone(), order.card.id.to_string());
    view! {
        <Form action=WithdrawCancel::PATH class="mt-2">
            <Hidden name="from" value=here/>
            <Hidden name="order_id" value=id/>
            <Button tone=Tone::Plain>"撤回取消申请"</Button>
        </Form>
    }
    .into_any()
}

fn cancel(order: &OrderView, asked: &Asked, until: Option<String>) -> AnyView {
    let consequence = if order.paid_fen > Fen::ZERO {
        format!("{} 将原路退回。", order.paid_fen)
    } else {
        "库存将立即释放。".into()
    };
    let until = until.map(|until| format!("{until} 前可以自行取消。")).unwrap_or_default();
    let (here, id) = (asked.here.clone(), order.card.id.to_string());
    view! {
        <details class="mt-4">
            <summary class="touch inline-flex cursor-pointer items-center text-sm text-base-content/70">"取消订单"</summary>
            <Form action=CancelOrder::PATH class="mt-2 flex flex-wrap items-center gap-3">
                <Hidden name="from" value=here/>
                <Hidden name="order_id" value=id/>
                <p class="text-sm">{format!("{until}取消后不能恢复。{consequence}")}</p>
                <Button tone=Tone::Error size=Size::Small>"确认取消"</Button>
            </Form>
        </details>
    }
    .into_any()
}

fn ask(order: &OrderView, asked: &Asked) -> AnyView {
    let ((reason_wrong, reason), (note_wrong, note)) = (asked.field(FORM, "reason"), asked.field(FORM, "note"));
    let refused = asked.flash_of(FORM).is_some_and(|flash| !flash.good);
    let reasons = CancelReason::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())).collect();
    let (here, id) = (asked.here.clone(), order.card.id.to_string());
    let hint = format!("门店已经接单，取消要门店同意；同意后 {} 全部原路退回，不同意则订单继续。", order.paid_fen);
    view! {
        <details class="mt-4" open=refused>
            <summary class="touch inline-flex cursor-pointer items-center text-sm text-base-content/70">"申请取消"</summary>
            <Form action=AskCancel::PATH class="mt-2">
                <Hidden name="from" value=here/>
                <Hidden name="order_id" value=id/>
                <Hidden name="key" value=flashes::new_key().to_string()/>
                <p class="mb-3 text-sm">{hint}</p>
                <Select name="reason" label="原因" items=reasons value=reason.unwrap_or_default() error=reason_wrong.unwrap_or_default()/>
                <TextArea name="note" label="说明" maxlength=200 rows=2 value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()
                    hint="选「其他原因」时请写明。门店会看到。"/>
                <Button>"申请取消"</Button>
            </Form>
        </details>
    }
    .into_any()
}
