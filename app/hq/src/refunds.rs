//! 异常退款: refunds that the gateway refused or that hang, tried again or settled by other means (D8).

use chrono::{DateTime, Utc};
use commerce::{payments::stuck, stores};
use domain::{
    Fault, Fields, RefundId, StoreId,
    page::Page as Listed,
    refunds::{ListRefunds, PROOF_MOST, SettleRefund as Settle, StuckRefund, StuckState},
    staff::Permission,
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Card, Chip, Chips, EmptyState, Fact, Facts, Field, Form, Glyph, Hidden, LinkButton, Notice, Pager,
    Select, SelectItem, TextArea, Tone,
};

use crate::{
    dispatch,
    frame::{Frame, LOG_IN, Tab, address, beside, files, said},
};

/// The list.
pub const PATH: &str = "/hq/refunds";
/// The part of the page that its forms speak to.
const FORM: &str = "refunds";
/// How many refunds a page of the list has.
const PAGE: usize = 20;

fn id_of(fields: &Fields) -> Result<RefundId, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这笔退款"))
}

/// Has the gateway asked once more.
#[server(prefix = "/rpc/hq", endpoint = "retry_refund")]
pub async fn retry_refund(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        stuck::retry(&scope, id_of(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已用同一退款单号重新提交给网关，稍后刷新看结果"))
    })
    .await
}

/// Says that a refund was paid out in another way.
#[server(prefix = "/rpc/hq", endpoint = "settle_refund")]
pub async fn settle_refund(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        // Several forms of this kind stand on the page: each field is named after its refund.
        let own = fields.of(&id.to_string());
        stuck::settle(&scope, id, &Settle::from_fields(&own)).await.map_err(|fault| beside(fault, id))?;
        Ok(Next::to(PATH).saying(FORM, "已登记为其他方式退款，并记入账目"))
    })
    .await
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let ask = ListRefunds { most: PAGE, ..ListRefunds::from_fields(&asked.query) };
    let found = stuck::list(&asked.scope, &ask).await?;
    let stores = stores::mine(&asked.scope, Permission::RefundOrders).await?;
    Ok(Page::new("异常退款", move || {
        let body = view! {
            {said(&asked, FORM)}
            <div class="mb-3">{tabs(&ask)}</div>
            {filters(&ask, stores)}
            {results(&asked, &ask, found)}
        };
        let beside = files(PATH, &ask.pairs()).into_any();
        frame.screen(Tab::Refunds, "异常退款".into(), "", beside, body.into_any())
    }))
}

fn at(ask: &ListRefunds, settled: bool, after: &str) -> String {
    let mut pairs = ListRefunds { settled, ..ask.clone() }.pairs();
    pairs.push(("after", after.to_owned()));
    address(PATH, &pairs)
}

fn tabs(ask: &ListRefunds) -> impl IntoView + use<> {
    let chips = vec![
        Chip::new("待处理", at(ask, false, "")).active(!ask.settled),
        Chip::new("已用其他方式退款", at(ask, true, "")).active(ask.settled),
    ];
    view! { <Chips label="处理进度" chips=chips/> }
}

fn filters(ask: &ListRefunds, stores: Vec<(StoreId, String)>) -> impl IntoView + use<> {
    let mut items = vec![SelectItem::new("", "全部门店")];
    items.extend(stores.into_iter().map(|(id, name)| SelectItem::new(id.to_string(), name)));
    let store = ask.store.map(|id| id.to_string()).unwrap_or_default();
    let settled = ask.settled.then(|| view! { <Hidden name="settled" value="on"/> });
    let reset = ask.store.is_some().then(|| view! { <LinkButton href=PATH>"清除"</LinkButton> });
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-[1fr_auto] sm:items-end">
            {settled}
            <Select name="store" label="门店" items=items value=store/>
            <div class="mb-4 flex gap-2"><button type="submit" class="btn btn-primary">"筛选"</button>{reset}</div>
        </form>
    }
}

fn results(asked: &Asked, ask: &ListRefunds, found: Listed<StuckRefund>) -> AnyView {
    if found.items.is_empty() {
        let (title, text) = if ask.settled {
            ("没有用其他方式退回的款项", "网关退不回去、由财务线下退回的款项会列在这里。")
        } else {
            ("没有异常退款", "网关拒绝的，或超过 10 分钟还没有到账的退款会列在这里。")
        };
        return view! { <EmptyState glyph=Glyph::Wallet title=title text=text><LinkButton href=dispatch::PATH>"查看订单"</LinkButton></EmptyState> }
            .into_any();
    }
    let cards = found.items.into_iter().map(|refund| card(asked, refund)).collect_view();
    let next = found.next.map(|after| at(ask, ask.settled, &after));
    view! {
        <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">{cards}</div>
        {next.map(|next| view! { <div class="mt-3"><Pager next=next/></div> })}
    }
    .into_any()
}

fn tone_of(state: StuckState) -> Tone {
    match state {
        StuckState::Hanging => Tone::Warn,
        StuckState::Refused | StuckState::Abnormal => Tone::Error,
        StuckState::Settled => Tone::Success,
    }
}

fn when(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    text::moment(at, now, text::zone(""))
}

fn card(asked: &Asked, refund: StuckRefund) -> AnyView {
    let now = asked.scope.now;
    let answer = match (refund.last_answer.as_str(), refund.answered_at) {
        ("", _) => "还没有答复".to_owned(),
        (said, Some(at)) => format!("{said}（{}）", when(at, now)),
        (said, None) => said.to_owned(),
    };
    let acts = (refund.state != StuckState::Settled).then(|| acts(asked, &refund));
    let twice = refund.settled.as_ref().is_some_and(|settled| settled.paid_twice).then(|| {
        view! { <Notice tone=Tone::Error title="重复退款">"网关后来也退成功了，顾客收到了两次，请向顾客追回。"</Notice> }
    });
    let settled = refund.settled.map(|settled| {
        view! {
            <Fact label="登记">{format!("{} · {}", settled.by, when(settled.at, now))}</Fact>
            <Fact label="说明">{settled.reason}</Fact>
            <Fact label="凭证号">{settled.proof}</Fact>
        }
    });
    let href = dispatch::path_of(refund.order_id);
    view! {
        <Card title=refund.amount_fen.to_string()>
            <p class="mb-2"><Badge tone=tone_of(refund.state)>{refund.state.label()}</Badge></p>
            {twice}
            <Facts>
                <Fact label="订单"><a class="link tabular" href=href>{refund.order_number}</a></Fact>
                <Fact label="门店">{refund.store_name}</Fact>
                <Fact label="退款原因">{refund.reason}</Fact>
                <Fact label="提出时间">{when(refund.wanted_at, now)}</Fact>
                <Fact label="已尝试">{format!("{} 次", refund.tries)}</Fact>
                <Fact label="网关答复">{answer}</Fact>
                <Fact label="退款单号"><span class="tabular break-all">{refund.out_refund_no}</span></Fact>
                {settled}
            </Facts>
            {acts}
        </Card>
    }
    .into_any()
}

fn acts(asked: &Asked, refund: &StuckRefund) -> AnyView {
    let (id, amount) = (refund.id.to_string(), refund.amount_fen.to_string());
    let settle = (refund.state != StuckState::Hanging).then(|| settle(asked, &id, amount));
    let waits = (refund.state == StuckState::Hanging).then(|| {
        view! { <p class="mt-2 text-sm text-base-content/70">"网关没有明确拒绝，可能随时到账，所以还不能登记为其他方式退款。"</p> }
    });
    let from = asked.here.clone();
    view! {
        <div class="mt-3">
            <Form action="/rpc/hq/retry_refund">
                <Hidden name="from" value=from/>
                <Hidden name="id" value=id/>
                <Button>"立即重试"</Button>
            </Form>
            {waits}
            {settle}
        </div>
    }
    .into_any()
}

fn settle(asked: &Asked, id: &str, amount: String) -> AnyView {
    let (reason_name, proof_name) = (format!("reason.{id}"), format!("proof.{id}"));
    let (reason_wrong, reason) = asked.field(FORM, &reason_name);
    let (proof_wrong, proof) = asked.field(FORM, &proof_name);
    let open = reason.is_some() || proof.is_some();
    let (id, from) = (id.to_owned(), asked.here.clone());
    view! {
        <details class="mt-3" open=open>
            <summary class="cursor-pointer font-medium">"登记为其他方式退款"</summary>
            <div class="mt-3">
                <p class="mb-3 text-sm">{format!("确认已在线下把 {amount} 退给顾客后再登记：登记后网关不再重试，账目记为其他方式退款，不能撤销。")}</p>
                <Form action="/rpc/hq/settle_refund">
                    <Hidden name="from" value=from/>
                    <Hidden name="id" value=id/>
                    <TextArea name=reason_name label="怎样退的、为什么" value=reason.unwrap_or_default() error=reason_wrong.unwrap_or_default()
                        maxlength=200 required=true/>
                    <Field name=proof_name label="凭证号" value=proof.unwrap_or_default() error=proof_wrong.unwrap_or_default()
                        maxlength=PROOF_MOST as u32 hint="银行转账流水号或钱包退款单号；顾客能看到，可凭它对账。"/>
                    <Button tone=Tone::Error>"登记并结束这笔退款"</Button>
                </Form>
            </div>
        </details>
    }
    .into_any()
}
