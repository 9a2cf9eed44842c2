//! One order as head office looks into it: its goods, its money, and who did what when.

use chrono::{DateTime, Utc};
use commerce::orders;
use domain::{
    Fault, Fen,
    cancelling::{CancelRequest, CancelRequestState},
    fulfilment::Fulfilment,
    orders::{OrderLine, OrderStep, OrderView},
    refunds::back,
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Badge, Card, Column, DataTable, Fact, Facts, Notice, Section, Tone};

use crate::{
    dispatch::{CALL_OFF, Desk, NOTE, REFUND, REROUTE},
    frame::{Frame, Tab, address, said, slot_text, tone_of},
    order_parts::Beside,
    refunds,
};

/// The order's page.
pub async fn order(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let order = orders::show_for_staff(&asked.scope, asked.id("order", "这个订单")?).await?;
    let desk = Desk::of(&asked.scope, &order).await?;
    let beside = Beside::of(&asked.scope, &order).await?;
    Ok(Page::new(format!("订单 {}", order.card.number), move || {
        let now = asked.scope.now;
        let title = format!("订单 {}", order.card.number);
        let zone = text::zone(&order.timezone);
        let requests = requests(&order, now);
        let parts = beside.sections(&|at| text::moment(at, now, zone));
        let beside =
            view! { <Badge tone=tone_of(order.card.state)>{order.card.state.label_of(order.card.fulfilment)}</Badge> };
        let words = order.card.note.clone();
        let note = (!words.is_empty()).then(|| view! { <Notice title="顾客备注">{words}</Notice> });
        let lines = view! { <Lines lines=order.lines.clone()/> }.into_any();
        let steps =
            view! { <Steps steps=order.steps.clone() way=order.card.fulfilment zone=order.timezone.clone() now=now/> }
                .into_any();
        let money = view! { <Money order=order.clone()/> }.into_any();
        let cards = desk.cards(&asked, &order).into_any();
        let about = view! { <About order=order now=now/> }.into_any();
        let body = view! {
            {[REROUTE, CALL_OFF, REFUND, NOTE].map(|form| said(&asked, form))}
            {note}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-3 lg:items-start">
                <div class="-mt-6 lg:col-span-2">
                    <Section title="商品">{lines}</Section>
                    {requests}
                    {parts}
                    <Section title="订单记录">{steps}</Section>
                </div>
                <div class="grid grid-cols-1 gap-4">
                    {money}
                    {about}
                    {cards}
                </div>
            </div>
        };
        frame.screen(Tab::Orders, title, "/hq/orders", beside.into_any(), body.into_any())
    }))
}

/// What its shopper asked the store for: to call it off.
fn requests(order: &OrderView, now: DateTime<Utc>) -> Option<AnyView> {
    let zone = text::zone(&order.timezone);
    let row = |one: &CancelRequest| {
        let tone = if one.state == CancelRequestState::Open { Tone::Error } else { Tone::Plain };
        let (at, why, state, answer) =
            (text::moment(one.asked_at, now, zone), one.why(), one.state.label(), one.answer.clone());
        let ended = one.ended_at.map(|at| text::moment(at, now, zone));
        view! {
            <tr>
                <td class="tabular whitespace-nowrap">{at}</td>
                <td class="min-w-40 break-words">{why}</td>
                <td class="whitespace-nowrap"><Badge tone=tone>{state}</Badge></td>
                <td class="min-w-40 break-words">{answer}</td>
                <td class="tabular whitespace-nowrap">{ended}</td>
            </tr>
        }
    };
    let rows = order.cancelling.requests.iter().map(row).collect_view();
    let columns = ["申请时间", "原因", "状态", "门店答复", "结束时间"].map(Column::new).to_vec();
    (!order.cancelling.requests.is_empty()).then(|| {
        view! { <Section title="顾客申请取消"><DataTable caption="顾客申请取消" columns=columns>{rows}</DataTable></Section> }
            .into_any()
    })
}

#[component]
fn Lines(lines: Vec<OrderLine>) -> impl IntoView {
    let rows = lines.into_iter().map(|line| {
        let choice =
            [line.spec, line.options_text].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
        view! {
            <tr>
                <td class="font-medium">{line.name}</td>
                <td class="text-base-content/70">{choice}</td>
                <td class="tabular text-end">{line.unit_fen.to_string()}</td>
                <td class="tabular text-end">{line.quantity.get()}</td>
                <td class="tabular text-end font-semibold">{line.total_fen.to_string()}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let columns = vec![
        Column::new("商品"),
        Column::new("规格"),
        Column::new("单价").right(),
        Column::new("数量").right(),
        Column::new("小计").right(),
    ];
    view! { <DataTable caption="商品" columns=columns>{rows}</DataTable> }
}

#[component]
fn Steps(steps: Vec<OrderStep>, way: Fulfilment, zone: String, now: DateTime<Utc>) -> impl IntoView {
    let zone = text::zone(&zone);
    let rows = steps.into_iter().map(|step| {
        view! {
            <tr>
                <td class="tabular whitespace-nowrap">{text::moment(step.at, now, zone)}</td>
                <td>{step.label_of(way)}</td>
                <td><Badge tone=tone_of(step.state)>{step.state.label_of(way)}</Badge></td>
                <td class="whitespace-nowrap">{step.by}</td>
                <td>{step.note}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let columns = ["时间", "发生了什么", "状态", "操作人", "说明"].map(Column::new).to_vec();
    view! { <DataTable caption="订单记录" columns=columns>{rows}</DataTable> }
}

#[component]
fn Money(order: OrderView) -> impl IntoView {
    let owed = match order.card.fulfilment.is_sent() {
        true => format!("{}（含运费 {}）", order.card.total_fen, order.card.freight_fen),
        false => order.card.total_fen.to_string(),
    };
    let delayed = order
        .refund_delayed
        .then(|| view! { <p class="mb-2"><a class="link" href=refunds::PATH><Badge tone=Tone::Warn>"退款异常或延迟"</Badge></a></p> });
    let back = match order.refunded_fen {
        Fen::ZERO => Fen::ZERO.to_string(),
        amount => back(amount, &order.refunded_otherwise),
    };
    view! {
        <Card title="款项">
            {delayed}
            <Facts>
                <Fact label="应付">{owed}</Fact>
                <Fact label="实付">{order.paid_fen.to_string()}</Fact>
                <Fact label="已退款">{back}</Fact>
            </Facts>
        </Card>
    }
}

#[component]
fn About(order: OrderView, now: DateTime<Utc>) -> impl IntoView {
    let placed = text::moment(order.card.placed_at, now, text::zone(&order.timezone));
    let store = address("/hq/orders", &[("store", &order.card.store_id.to_string())]);
    let sent_to = order.sent_to.map(|to| {
        let text = format!("{} {} · {}", to.name, to.phone, to.text());
        view! { <Fact label="收货">{text}</Fact> }
    });
    let rider =
        order.rider.map(|rider| view! { <Fact label="骑手">{format!("{} {}", rider.name, rider.phone)}</Fact> });
    view! {
        <Card title="订单信息">
            <Facts>
                <Fact label="门店"><a class="link" href=store>{order.card.store_name}</a></Fact>
                <Fact label="方式">{order.card.fulfilment.label()}</Fact>
                <Fact label=order.card.fulfilment.time_label()>{slot_text(order.card.slot, now)}</Fact>
                <Fact label="下单时间">{placed}</Fact>
                <Fact label="来源">{order.card.channel.label()}</Fact>
                <Fact label="顾客手机">{order.shopper_phone}</Fact>
                <Fact label="件数">{order.card.pieces}</Fact>
                {sent_to}
                {rider}
            </Facts>
        </Card>
    }
}
