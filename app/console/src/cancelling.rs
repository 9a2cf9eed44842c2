//! Shoppers who ask to call an order off: a part of the order's page, where its store answers.

use commerce::orders;
use domain::{
    Fault, Fields, OrderId,
    cancelling::{AnswerCancel as Answer, CancelRequest, CancelRequestState},
    orders::OrderView,
    staff::Permission,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Badge, Button, Card, Field, Form, Hidden, Tone};

/// The part of the page that its forms speak to.
pub const FORM: &str = "cancel";

/// Answers a request.
#[server(prefix = "/rpc/console", endpoint = "answer_cancel")]
pub async fn answer_cancel(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let id: OrderId = fields.text("order_id").parse().map_err(|_| Fault::NotFound("这个订单"))?;
        let answer = Answer::from_fields(&fields)?;
        orders::answer_cancel(&scope, id, &answer).await?;
        let news = match answer.agree {
            true => "已同意取消，款项全部原路退回，商品回到可售库存；损坏的请在「报损」登记",
            false => "已答复顾客，订单继续",
        };
        Ok(Next::to(format!("/console/orders/{id}")).saying(FORM, news))
    })
    .await
}

/// What the order's shopper asked for, with the forms that answer; nothing where they asked for nothing.
pub fn card(asked: &Asked, order: &OrderView) -> Option<AnyView> {
    let requests = &order.cancelling.requests;
    if requests.is_empty() {
        return None;
    }
    let lines = requests.iter().rev().map(|one| line(one, asked, order)).collect_view();
    let answers = asked.scope.may_at(Permission::RejectOrders, order.card.store_id);
    let forms = order.cancelling.open().filter(|_| answers).map(|open| forms(asked, order, open));
    Some(
        view! { <Card title="顾客申请取消"><ul class="divide-y divide-base-200">{lines}</ul>{forms}</Card> }.into_any(),
    )
}

fn line(one: &CancelRequest, asked: &Asked, order: &OrderView) -> AnyView {
    let (now, zone) = (asked.scope.now, text::zone(&order.timezone));
    let tone = if one.state == CancelRequestState::Open { Tone::Error } else { Tone::Plain };
    let (at, why, state) = (text::moment(one.asked_at, now, zone), one.why(), one.state.label());
    let ended = one.ended_at.map(|at| format!("{} {}", text::moment(at, now, zone), one.how()));
    view! {
        <li class="py-2">
            <p class="flex flex-wrap items-center gap-2"><span class="tabular">{at}</span><Badge tone=tone>{state}</Badge></p>
            <p class="font-medium break-words">{why}</p>
            {ended.map(|ended| view! { <p class="text-sm text-base-content/70 break-words">{ended}</p> })}
        </li>
    }
    .into_any()
}

fn forms(asked: &Asked, order: &OrderView, open: &CancelRequest) -> AnyView {
    let (wrong, typed) = asked.field(FORM, "note");
    let hidden = |verdict: &'static str| {
        let (here, id, request) = (asked.here.clone(), order.card.id.to_string(), open.id.to_string());
        view! {
            <Hidden name="from" value=here/>
            <Hidden name="order_id" value=id/>
            <Hidden name="request" value=request/>
            <Hidden name="verdict" value=verdict/>
        }
    };
    let (agree, refuse) = (hidden("agree"), hidden("refuse"));
    let consequence = format!("同意后订单取消，{} 全部原路退回（含运费），商品回到可售库存。", order.paid_fen);
    view! {
        <div class="mt-3 grid gap-4">
            <Form action=AnswerCancel::PATH>
                {agree}
                <p class="mb-2 text-sm text-base-content/70">{consequence}</p>
                <Button tone=Tone::Error>"同意取消"</Button>
            </Form>
            <Form action=AnswerCancel::PATH>
                {refuse}
                <Field name="note" label="不同意的原因（顾客会看到）" maxlength=200 value=typed.unwrap_or_default()
                    error=wrong.unwrap_or_default() placeholder="例如：已经做好了"/>
                <Button tone=Tone::Plain>"不同意，订单继续"</Button>
            </Form>
        </div>
    }
    .into_any()
}
