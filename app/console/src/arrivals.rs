//! 寄回的商品: what came by post is counted, turned away, or waits for the shopper.

use commerce::after_sales as use_cases;
use domain::{
    AfterSalesId, Fault, Fields,
    after_sales::{
        AfterSalesAct, AfterSalesState, AfterSalesView, ArriveReturn as ArriveCommand, NOTE_MOST,
        RefuseArrived as RefuseCommand,
    },
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Button, Card, Form, Hidden, Notice, Size, TextArea, Tone};

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
        let said = if command.lines.is_empty() {
            "已登记到店，请单独存放；顾客凭售后码来换货"
        } else {
            "已收货：库存已入账，退款已发起"
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
    if posted.arrived_at.is_some() {
        let waits = view! { <Notice>"寄回的商品已到店，等顾客凭售后码来换货；在售后列表上用售后码收货。"</Notice> };
        return Some(waits.into_any());
    }
    let counts = may(AfterSalesAct::Receive);
    if !counts && !may(AfterSalesAct::Arrive) {
        return Some(view! { <Notice>"顾客已寄回商品，等门店收货。"</Notice> }.into_any());
    }
    let (id, here) = (request.card.id.to_string(), asked.here.clone());
    let numbers = counts.then(|| {
        let lines = request.lines.iter().map(|line| returns::pieces(asked, line)).collect_view();
        let done = format!("全部收到时，{} 原路退回顾客。{FEWER}", request.card.refund_fen);
        view! { {lines} <p class="mb-3 text-sm">{done}</p> }
    });
    let waits = (!counts).then(|| {
        view! { <p class="mb-3 text-sm">"换货：先登记到店，商品单独存放；顾客凭售后码来领换的商品时再清点入账。"</p> }
    });
    let button = if counts { "确认收货" } else { "登记到店" };
    let away = may(AfterSalesAct::TurnAway).then(|| away(asked, request));
    let (said, key) = (format!("快递：{}", posted.text()), id.clone());
    Some(
        view! {
            <Card title="收寄回的商品">
                <p class="mb-3 break-all text-sm">{said}</p>
                <Form action=TakeInPosted::PATH>
                    <Hidden name="from" value=here/>
                    <Hidden name="id" value=key/>
                    {numbers}
                    {waits}
                    <Button block=true size=Size::Large>{button}</Button>
                </Form>
                {away}
            </Card>
        }
        .into_any(),
    )
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
