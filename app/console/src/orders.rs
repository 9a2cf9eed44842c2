//! All orders of the person's stores, and one of them.

use chrono::{DateTime, NaiveDate, Utc};
use commerce::orders as use_cases;
use domain::{
    Fault,
    fulfilment::Fulfilment,
    order_centre::OrderNote,
    orders::{ListOrders, OrderCard, OrderState, OrderView},
    page::Page as Listed,
    refunds,
    staff::Permission,
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{
    Badge, Breadcrumbs, Card, Chip, Chips, Column, DataTable, EmptyState, Fact, Facts, Field, Glyph, Icon, LinkButton,
    Pager, Tone,
};

use crate::{
    board::{Acts, slot_text},
    cancel_rules, cancelling, claim,
    frame::{Frame, Lit, address, files, news},
    pick,
    ride::{FORM as RIDE, Ride},
    shipment,
};

/// The list.
const PATH: &str = "/console/orders";
/// How many orders a page of the list has.
const PAGE: usize = 30;

pub async fn orders(asked: Asked) -> Result<Page, Fault> {
    let after = asked.query.given("after").map(str::to_owned);
    let ask = ListOrders { most: PAGE, after, ..ListOrders::from_fields(&asked.query)? };
    // Days that end before they begin are said beside their field, in the list that has nothing of them.
    let wrong_day = ask.placed().err().map(|fault| fault.message()).unwrap_or_default();
    let page = match wrong_day.is_empty() {
        true => use_cases::list(&asked.scope, ask.clone()).await?,
        false => Listed::cut(Vec::new(), PAGE, |_| String::new()),
    };
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("全部订单", move || {
        let next = page.next.map(|cursor| from(&ask, &cursor)).unwrap_or_default();
        let list = if page.items.is_empty() {
            view! {
                <EmptyState glyph=Glyph::Receipt title="没有符合条件的订单" text="换个状态，或清空搜索再试。">
                    <LinkButton href=PATH tone=Tone::Primary>"查看全部"</LinkButton>
                </EmptyState>
            }
            .into_any()
        } else {
            view! { <Table asked=asked.clone() orders=page.items/> <Pager next=next/> }.into_any()
        };
        let body = view! {
            <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"全部订单"</h1>
                <div class="flex flex-wrap items-center gap-3">
                    {files(PATH, &ask.pairs())}
                    <LinkButton href=cancel_rules::PATH>"取消规则"</LinkButton>
                </div>
            </div>
            {search(&ask, wrong_day)}
            <div class="mb-3">{states(&ask)}</div>
            {list}
        };
        frame.screen(Lit::Orders, body.into_any())
    }))
}

/// The address of the list with these filters, from the top or from `after` on.
fn from(ask: &ListOrders, after: &str) -> String {
    let mut pairs = ask.pairs();
    pairs.push(("after", after.to_owned()));
    address(PATH, &pairs)
}

fn states(ask: &ListOrders) -> impl IntoView + use<> {
    let chosen = ask.states.first().copied();
    let link = |state: Option<OrderState>| from(&ListOrders { states: state.into_iter().collect(), ..ask.clone() }, "");
    let mut chips = vec![Chip::new("全部", link(None)).active(chosen.is_none())];
    let chip = |&one: &OrderState| Chip::new(one.label(), link(Some(one))).active(chosen == Some(one));
    chips.extend(OrderState::ALL.iter().map(chip));
    view! { <Chips label="订单状态" chips=chips/> }
}

/// The search, and the days on which orders were placed, folded away until somebody asks for some: a month's orders are
/// mostly wanted as a file.
fn search(ask: &ListOrders, wrong_day: String) -> impl IntoView + use<> {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let (words, from, to) = (ask.words.clone(), day(ask.from), day(ask.to));
    let dated = ask.from.or(ask.to).is_some();
    view! {
        <form method="get" action=PATH role="search" class="mb-3 max-w-lg">
            <div class="flex gap-2">
                <label class="input flex-1">
                    <Icon glyph=Glyph::Search class="size-5 opacity-60"/>
                    <span class="sr-only">"搜索订单"</span>
                    <input type="search" name="q" value=words placeholder="订单号、取货码或手机尾号" maxlength="40"/>
                </label>
                <button class="btn btn-primary" type="submit">"搜索"</button>
            </div>
            <details class="mt-2" open=dated>
                <summary class="inline-flex min-h-11 cursor-pointer items-center font-medium">"按下单日期"</summary>
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <Field name="from" kind="date" label="从" required=false value=from/>
                    <Field name="to" kind="date" label="到" required=false value=to error=wrong_day/>
                </div>
            </details>
        </form>
    }
}

/// How an order's state is coloured.
fn tone_of(state: OrderState) -> Tone {
    match state {
        OrderState::Paid => Tone::Warn,
        OrderState::Accepted | OrderState::Dispatched => Tone::Info,
        OrderState::Ready | OrderState::Completed => Tone::Success,
        OrderState::Rejected => Tone::Error,
        _ => Tone::Plain,
    }
}

#[component]
fn Table(asked: Asked, orders: Vec<OrderCard>) -> impl IntoView {
    let columns = vec![
        Column::new("订单号"),
        Column::new("商品"),
        Column::new("状态"),
        Column::new("时间"),
        Column::new("手机尾号"),
        Column::new("门店"),
        Column::new("金额").right(),
    ];
    let now = asked.scope.now;
    let rows = orders.into_iter().map(move |order| {
        let asks = order.cancel_asked_at.map(|_| view! { " " <Badge tone=Tone::Error>"申请取消"</Badge> });
        view! {
            <tr>
                <td><a class="link tabular" href=format!("/console/orders/{}", order.id)>{order.number}</a></td>
                <td class="min-w-24">{order.summary}</td>
                <td><Badge tone=tone_of(order.state)>{order.state.label_of(order.fulfilment)}</Badge>{asks}</td>
                <td class="tabular">{text::moment(order.slot.start, now, text::zone(""))}</td>
                <td class="tabular">{order.phone_tail}</td>
                <td class="min-w-24">{order.store_name}</td>
                <td class="tabular text-end">{order.total_fen.to_string()}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! { <DataTable caption="订单" columns=columns>{rows}</DataTable> }
}

pub async fn order(asked: Asked) -> Result<Page, Fault> {
    let order = use_cases::show_for_staff(&asked.scope, asked.id("order", "这个订单")?).await?;
    let ride = Ride::of(&asked.scope, &order).await?;
    let notes = use_cases::notes(&asked.scope, order.card.id).await?;
    let picked = use_cases::pick_list(&asked.scope, order.card.id).await?;
    let frame = Frame::of(&asked.scope).await?;
    let title = format!("订单 {}", order.card.number);
    Ok(Page::new(title.clone(), move || {
        let crumbs =
            vec![("全部订单".to_owned(), "/console/orders".to_owned()), (order.card.number.clone(), String::new())];
        let about = view! { <About asked=asked.clone() order=order.clone()/> }.into_any();
        let lines = view! { <Lines order=order.clone()/> }.into_any();
        let told = [news(&asked, "order"), news(&asked, RIDE), news(&asked, cancelling::FORM)];
        let asks = cancelling::card(&asked, &order);
        let ride = ride.map(|ride| ride.card(&asked, &order));
        let notes = head_offices(notes, asked.scope.now, &order.timezone);
        let picked = pick::card(&picked, asked.scope.now, &order.timezone);
        let steps = view! { <Steps asked=asked order=order/> }.into_any();
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="sr-only">{title.clone()}</h1>
            {told}
            <div class="mt-3 grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <div class="grid grid-cols-1 gap-4">
                    {asks}
                    {ride}
                    {notes}
                    <Card title="订单">{about}</Card>
                </div>
                <div class="grid grid-cols-1 gap-4">
                    <Card title="商品">{lines}</Card>
                    {picked}
                    <Card title="记录">{steps}</Card>
                </div>
            </div>
        };
        frame.screen(Lit::Orders, body.into_any())
    }))
}

/// What head office wrote about the order, for whoever is at it.
fn head_offices(notes: Vec<OrderNote>, now: DateTime<Utc>, zone: &str) -> Option<AnyView> {
    if notes.is_empty() {
        return None;
    }
    let note = |note: OrderNote| {
        let by = format!("{} · {}", note.by, text::moment(note.at, now, text::zone(zone)));
        view! {
            <li class="py-1.5">
                <p class="break-words whitespace-pre-line">{note.text}</p>
                <p class="text-sm text-base-content/70">{by}</p>
            </li>
        }
    };
    let notes = notes.into_iter().map(note).collect_view();
    Some(view! { <Card title="总部备注"><ul class="divide-y divide-base-300">{notes}</ul></Card> }.into_any())
}

#[component]
fn About(asked: Asked, order: OrderView) -> impl IntoView {
    let (now, zone) = (asked.scope.now, text::zone(&order.timezone));
    let card = order.card.clone();
    let slot = slot_text(&card, now, &order.timezone);
    let note = (!card.note.is_empty()).then(|| view! { <Fact label="备注">{card.note.clone()}</Fact> });
    let money = match (order.refunded_fen.0, order.refunded_otherwise.is_empty()) {
        (..=0, _) => format!("已付 {}", order.paid_fen),
        (_, true) => format!("已付 {}，已退 {}", order.paid_fen, order.refunded_fen),
        (_, false) => {
            format!("已付 {}，{}", order.paid_fen, refunds::back(order.refunded_fen, &order.refunded_otherwise))
        }
    };
    let delayed = order
        .refund_delayed
        .then(|| view! { <p class="mb-3"><Badge tone=Tone::Warn>"退款延迟，总部正在处理"</Badge></p> });
    let claims = (card.state == OrderState::Completed && asked.scope.may_at(Permission::FulfilOrders, card.store_id))
        .then(
            || view! { <div class="mt-3"><LinkButton href=claim::path_of(card.id)>"代客申请售后"</LinkButton></div> },
        );
    let words = if card.fulfilment == Fulfilment::Express { "发货与物流" } else { "呼叫骑手与物流" };
    let sends = card
        .fulfilment
        .is_sent()
        .then(|| view! { <div class="mt-3"><LinkButton href=shipment::path_of(card.id)>{words}</LinkButton></div> });
    let sent_to = order.sent_to.clone().map(|to| {
        let text = format!("{} {} · {}", to.name, to.phone, to.text());
        view! { <Fact label="收货">{text}</Fact> }
    });
    let rider = order.rider.clone();
    let rider = rider.map(|rider| view! { <Fact label="骑手">{format!("{} {}", rider.name, rider.phone)}</Fact> });
    let packed = order.packages().map(|many| view! { <Fact label="包数">{format!("{many} 包")}</Fact> });
    let placed = text::moment(card.placed_at, now, zone);
    view! {
        {delayed}
        <Facts>
            <Fact label="状态"><Badge tone=tone_of(card.state)>{card.state.label_of(card.fulfilment)}</Badge></Fact>
            <Fact label="门店">{card.store_name.clone()}</Fact>
            <Fact label="方式">{card.fulfilment.label()}</Fact>
            <Fact label=card.fulfilment.time_label()>{slot}</Fact>
            {sent_to}
            {rider}
            {packed}
            <Fact label="顾客手机">{order.shopper_phone.clone()}</Fact>
            <Fact label="下单">{format!("{placed} · {}", card.channel.label())}</Fact>
            <Fact label="金额">{format!("{} ({money})", card.total_fen)}</Fact>
            {note}
        </Facts>
        {claims}
        {sends}
        <Acts asked=asked order=order.card/>
    }
}

#[component]
fn Lines(order: OrderView) -> impl IntoView {
    let lines = order.lines.into_iter().map(|line| {
        let choice =
            [line.spec, line.options_text].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
        view! {
            <li class="flex justify-between gap-3 py-2">
                <span>
                    <span class="font-medium">{line.name}</span>
                    <span class="block text-sm text-base-content/70">{choice}</span>
                </span>
                <span class="tabular shrink-0 font-bold">{format!("×{}", line.quantity)}</span>
            </li>
        }
    });
    view! { <ul class="divide-y divide-base-200">{lines.collect_view()}</ul> }
}

#[component]
fn Steps(asked: Asked, order: OrderView) -> impl IntoView {
    let (now, zone) = (asked.scope.now, text::zone(&order.timezone));
    let fulfilment = order.card.fulfilment;
    let steps = order.steps.into_iter().rev().map(move |step| {
        let what = if step.note.is_empty() {
            step.label_of(fulfilment)
        } else {
            format!("{}({})", step.label_of(fulfilment), step.note)
        };
        view! {
            <li class="flex gap-3 py-1.5 text-sm">
                <span class="tabular w-24 shrink-0 text-base-content/70">{text::moment(step.at, now, zone)}</span>
                <span>{what}</span>
                <span class="ms-auto shrink-0 text-base-content/70">{step.by}</span>
            </li>
        }
    });
    view! { <ol>{steps.collect_view()}</ol> }
}
