//! 寄回的商品: what came by post is counted, turned away, or waits for the shopper; what they get may be sent to them.

use commerce::after_sales as use_cases;
use domain::{
    AfterSalesId, Fault, Fields,
    after_sales::{
        AfterSalesAct, AfterSalesState, AfterSalesView, ArriveReturn as ArriveCommand, ExchangeAddress, NOTE_MOST,
        RefuseArrived as RefuseCommand,
    },
    express::Carrier,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Button, Card, Fact, Facts, Field, Form, Hidden, Notice, Select, SelectItem, Size, TextArea, Tone};

use crate::{
    after_sales::PATH,
    returns::{self, FEWER, FORM},
};

fn id_of(fields: &Fields) -> Result<AfterSalesId, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这张售后单"))
}

/// Takes in what came by post.
#[server(prefix = "/rpc/console", endpoint = "take_in_posted")]
pub async fn take_in_posted(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let id = id_of(&fields)?;
        let command = ArriveCommand::from_fields(&fields)?;
        let said = match (&command.sent, command.lines.is_empty()) {
            (Some(_), _) => "已寄出：库存已入账，顾客会看到快递单号",
            (None, true) => "已登记到店，请单独存放",
            (None, false) => "已收货：库存已入账，退款已发起",
        };
        use_cases::arrive(&scope, id, &command).await?;
        Ok(Next::to(format!("{PATH}/{id}")).saying(FORM, said))
    })
    .await
}

/// Does not take it in.
#[server(prefix = "/rpc/console", endpoint = "refuse_posted")]
pub async fn refuse_posted(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let id = id_of(&fields)?;
        use_cases::refuse_arrived(&scope, id, &RefuseCommand { note: fields.text("note").to_owned() }).await?;
        Ok(Next::to(format!("{PATH}/{id}")).saying(FORM, "已拒收，库存和款项不变；顾客会看到原因，可以申请总部仲裁"))
    })
    .await
}

/// What the store does with a parcel that has come.
pub fn part(asked: &Asked, request: &AfterSalesView) -> Option<AnyView> {
    let may = |act| request.acts.contains(&act);
    let posted = request.posted.as_ref().filter(|_| request.card.state == AfterSalesState::Agreed)?;
    let to = posted.send_to.as_ref();
    if posted.arrived_at.is_some() && to.is_none() {
        let waits = view! { <Notice>"寄回的商品已到店，等顾客凭售后码来换货；在售后列表上用售后码收货。"</Notice> };
        return Some(waits.into_any());
    }
    let (counts, arrives) = (may(AfterSalesAct::Receive), may(AfterSalesAct::Arrive));
    if !counts && !arrives {
        return Some(view! { <Notice>"顾客已寄回商品，等门店收货。"</Notice> }.into_any());
    }
    let out = to.filter(|_| counts).map(|to| send_out(asked, request, to));
    let away = may(AfterSalesAct::TurnAway).then(|| away(asked, request));
    let take = (to.is_none() || arrives).then(|| take(asked, request, counts));
    let said = format!("快递：{}", posted.text());
    Some(
        view! {
            <Card title="收寄回的商品">
                <p class="mb-3 break-all text-sm">{said}</p>
                {take}
                {out}
                {away}
            </Card>
        }
        .into_any(),
    )
}

/// Takes the parcel: its goods are counted, or of an exchange only noted.
fn take(asked: &Asked, request: &AfterSalesView, counts: bool) -> impl IntoView + use<> {
    let (id, here) = (request.card.id.to_string(), asked.here.clone());
    let numbers = counts.then(|| {
        let lines = request.lines.iter().map(|line| returns::pieces(asked, line)).collect_view();
        let done = format!("全部收到时，{} 原路退回顾客。{FEWER}", request.card.refund_fen);
        view! { {lines} <p class="mb-3 text-sm">{done}</p> }
    });
    let waits = (!counts).then(|| {
        view! { <p class="mb-3 text-sm">"换货：先登记到店，商品单独存放；顾客凭售后码来领换的商品，或寄出换的商品时再清点入账。"</p> }
    });
    let button = if counts { "确认收货" } else { "登记到店" };
    view! {
        <Form action=TakeInPosted::PATH>
            <Hidden name="from" value=here/>
            <Hidden name="id" value=id/>
            {numbers}
            {waits}
            <Button block=true size=Size::Large>{button}</Button>
        </Form>
    }
}

/// Counts what came and sends what the shopper gets for it.
fn send_out(asked: &Asked, request: &AfterSalesView, to: &ExchangeAddress) -> impl IntoView + use<> {
    let lines = request.lines.iter().map(|line| returns::pieces(asked, line)).collect_view();
    let (carrier_wrong, carrier) = asked.field(FORM, "carrier");
    let (number_wrong, number) = asked.field(FORM, "tracking_number");
    let mut items = vec![SelectItem::new("", "请选择")];
    items.extend(Carrier::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())));
    let done = format!(
        "收到几件换几件：确认后寄回的商品入账，换的商品出库，售后单结束；差价 {} 原路退回。{FEWER}",
        request.card.refund_fen
    );
    let ExchangeAddress { name, phone, address, .. } = to.clone();
    let (id, here) = (request.card.id.to_string(), asked.here.clone());
    view! {
        <h3 class="mt-4 mb-2 font-bold">"清点并寄出换的商品"</h3>
        <Facts>
            <Fact label="收件人">{name}</Fact>
            <Fact label="电话"><span class="tabular">{phone}</span></Fact>
            <Fact label="地址"><span class="break-words">{address}</span></Fact>
        </Facts>
        <Form action=TakeInPosted::PATH class="mt-3">
            <Hidden name="from" value=here/>
            <Hidden name="id" value=id/>
            <Hidden name="send" value="1"/>
            {lines}
            <Select name="carrier" label="快递公司" items=items value=carrier.unwrap_or_default() error=carrier_wrong.unwrap_or_default()/>
            <Field name="tracking_number" label="快递单号" autocomplete="off" value=number.unwrap_or_default()
                error=number_wrong.unwrap_or_default()/>
            <p class="mb-3 text-sm">{done}</p>
            <Button block=true size=Size::Large>"确认寄出"</Button>
        </Form>
    }
}

fn away(asked: &Asked, request: &AfterSalesView) -> impl IntoView + use<> {
    let (wrong, typed) = asked.field(FORM, "note");
    let (id, here, open) = (request.card.id.to_string(), asked.here.clone(), wrong.is_some());
    view! {
        <details class="mt-4" open=open>
            <summary class="touch inline-flex cursor-pointer items-center">"拒收：不是本店商品、已使用或人为损坏"</summary>
            <Form action=RefusePosted::PATH class="mt-3">
                <Hidden name="from" value=here/>
                <Hidden name="id" value=id/>
                <TextArea name="note" id="note_away" label="拒收原因" required=true maxlength=NOTE_MOST as u32
                    hint="顾客会看到，可以申请总部仲裁。" value=typed.unwrap_or_default() error=wrong.unwrap_or_default()/>
                <Button tone=Tone::Error>"拒收"</Button>
            </Form>
        </details>
    }
}
