//! How an order is sent, on its page: the parcels, what was told on the way, and that it has come.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use commerce::express;
use domain::{
    Fault, Fen, Fields, OrderId,
    express::{ParcelView, Shipment},
    fulfilment::Fulfilment,
    orders::{OrderState, OrderView},
    parcels::{Afterwards, ParcelState},
    refunds, text,
    unsent::UnsentEnd,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::Next;
use ui::{Badge, Button, Card, Form, Hidden, Tone};

/// Says that all has come.
#[server(prefix = "/rpc/shop", endpoint = "confirm_receipt")]
pub async fn confirm_receipt(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("order", "/login", fields, async |scope, fields| {
        let id: OrderId = fields.text("order_id").parse().map_err(|_| Fault::NotFound("这个订单"))?;
        express::confirm(&scope, id).await?;
        Ok(Next::to(format!("/orders/{id}")).saying("order", "已确认收货，感谢光临"))
    })
    .await
}

/// What is known of it; nothing before anything left.
pub fn card(order: &OrderView, shipment: Shipment, here: String, now: DateTime<Utc>) -> Option<AnyView> {
    if shipment.parcels.is_empty() && shipment.steps.is_empty() {
        return None;
    }
    let zone = text::zone(&order.timezone);
    let some_left = !shipment.left.is_empty();
    let waits = order.card.fulfilment == Fulfilment::Express && order.card.state == OrderState::Dispatched;
    let left: i64 = shipment.left.iter().map(|line| line.quantity).sum();
    let left = (waits && some_left)
        .then(|| view! { <p class="mb-2 text-sm text-base-content/70">{format!("还有 {left} 件商品将在后面的包裹中发出。")}</p> });
    let hint = "请收到全部商品后再确认；全部签收 3 天后、最迟发货 10 天后自动确认。";
    let confirm = (waits && !some_left).then(|| confirm(order.card.id, here, hint));
    let parcels = shipment.parcels.into_iter().map(|parcel| parcel_line(parcel, now, zone)).collect_view();
    let ended = shipment.ended.into_iter().map(|end| ended_line(end, now, zone)).collect_view();
    let steps = shipment.steps.into_iter().map(|step| {
        view! {
            <li class="flex gap-3 py-1.5 text-sm">
                <span class="tabular w-24 shrink-0 text-base-content/70">{text::moment(step.at, now, zone)}</span>
                <span class="min-w-0 break-words">{step.words}</span>
            </li>
        }
    });
    let steps = steps.collect_view();
    Some(
        view! {
            <Card title="物流">
                {left}
                <ul class="divide-y divide-base-200">{ended} {parcels}</ul>
                <ol class="mt-2">{steps}</ol>
                {confirm}
            </Card>
        }
        .into_any(),
    )
}

/// The button by which a shopper says that all has come.
pub fn confirm(order: OrderId, here: String, hint: &'static str) -> impl IntoView {
    view! {
        <Form action=ConfirmReceipt::PATH class="mt-4">
            <Hidden name="from" value=here/>
            <Hidden name="order_id" value=order.to_string()/>
            <Button block=true>"确认收货"</Button>
            <p class="mt-2 text-sm text-base-content/70">{hint}</p>
        </Form>
    }
}

/// What does not come any more, why, and where its money is.
fn ended_line(end: UnsentEnd, now: DateTime<Utc>, zone: Tz) -> impl IntoView {
    let money = match (end.refund_fen, end.refunded_at) {
        (Fen::ZERO, _) => String::new(),
        (fen, Some(at)) => {
            let way = refunds::way(end.settled_proof.as_deref());
            format!("{fen} 已于 {} {way}", text::moment(at, now, zone))
        }
        (fen, None) => format!("{fen} 正在原路退回，通常几分钟内到账"),
    };
    view! {
        <li class="py-2">
            <p class="flex flex-wrap items-center gap-2 font-medium">
                {end.goods.join("、")} <Badge tone=Tone::Warn>"不再发出"</Badge>
            </p>
            <p class="mt-0.5 text-sm">{format!("原因：{}", end.reason)}</p>
            <p class="mt-0.5 text-sm font-medium">{money}</p>
        </li>
    }
}

fn parcel_line(parcel: ParcelView, now: DateTime<Utc>, zone: Tz) -> impl IntoView {
    let tone = match parcel.state {
        ParcelState::Sent | ParcelState::Back => Tone::Plain,
        ParcelState::Signed => Tone::Success,
        ParcelState::Collected | ParcelState::OnTheWay | ParcelState::Delivering => Tone::Info,
        ParcelState::Trouble | ParcelState::Refused | ParcelState::Returning | ParcelState::ReturnSigned => Tone::Warn,
    };
    let back = parcel.came_back.map(|back| {
        let then = match back.afterwards {
            Afterwards::SendAgain => "门店会重新发出",
            Afterwards::Refund => "款项原路退回",
        };
        view! { <p class="mt-0.5 text-sm font-medium">{format!("包裹已退回门店（{}），{then}", back.reason)}</p> }
    });
    view! {
        <li class="py-2">
            <p class="flex flex-wrap items-center gap-2 font-medium">
                {parcel.carrier.label()} " " <span class="tabular select-all">{parcel.tracking_number}</span>
                <Badge tone=tone>{parcel.state.label()}</Badge>
            </p>
            {back}
            <p class="mt-0.5 text-sm text-base-content/70">
                {format!("{} · {}", text::moment(parcel.shipped_at, now, zone), parcel.goods.join("、"))}
            </p>
        </li>
    }
}
