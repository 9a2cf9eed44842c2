//! An order's page: what happens next and when; paying, the pickup code, calling it off.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use commerce::{after_sales, express, flashes, orders, payments};
use domain::{
    Fault, Fen, Fields, OrderId,
    after_sales::AfterSalesOptions,
    checkout::{CheckoutView, StartCheckoutPayment as StartCheckoutPaymentCommand},
    fulfilment::Fulfilment,
    orders::{Lateness, OrderAct, OrderState, OrderView, Rider},
    payments::{Cashier, StartPayment as StartPaymentCommand},
    refunds, text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Card, Fact, Facts, Form, Glyph, Hidden, Icon, LinkButton, Notice, Price, Progress, QrCode, Size,
    Step, StepState, Tone, live::LivePage,
};

use crate::{
    after_sales::Requests,
    cancelling, claim,
    frame::{Frame, Tab, news},
    goods::GoodsPicture,
    shipment,
};

/// Begins to pay and leads to the cashier.
#[server(prefix = "/rpc/shop", endpoint = "start_payment")]
pub async fn start_payment(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("order", "/login", fields, async |scope, fields| {
        let payer_ip = scope.address.to_string();
        let command = StartPaymentCommand::from_fields(&fields, payer_ip)?;
        let cashier = command.cashier;
        let started = payments::start(&scope, command).await?;
        // A code is shown on the order's own page; a cashier is a page of the gateway.
        Ok(Next::to(if cashier == Cashier::Native { format!("/orders/{}", started.order_id) } else { started.url }))
    })
    .await
}

/// Begins to pay all orders that were placed together, and leads to the cashier.
#[server(prefix = "/rpc/shop", endpoint = "start_checkout_payment")]
pub async fn start_checkout_payment(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("order", "/login", fields, async |scope, fields| {
        let payer_ip = scope.address.to_string();
        let command = StartCheckoutPaymentCommand::from_fields(&fields, payer_ip)?;
        let (cashier, from) = (command.cashier, command.from_order);
        let started = payments::start_together(&scope, command).await?;
        let page = from.filter(|order| started.orders.contains(order)).or_else(|| started.orders.first().copied());
        Ok(Next::to(match (cashier, page) {
            (Cashier::Native, Some(order)) => format!("/orders/{order}"),
            _ => started.url,
        }))
    })
    .await
}

pub async fn order(asked: Asked) -> Result<Page, Fault> {
    let id = asked.id("order", "这个订单")?;
    let order = orders::show(&asked.scope, id).await?;
    let scan = payments::scan_code(&asked.scope, id).await?;
    let options = match order.card.state {
        OrderState::Completed => Some(after_sales::options(&asked.scope, id).await?),
        _ => None,
    };
    let sent = order.card.fulfilment.is_sent().then_some(id);
    let sent = match sent {
        Some(id) => Some(express::mine(&asked.scope, id).await?),
        None => None,
    };
    let checkout = match order.card.checkout_id {
        Some(checkout) => Some(orders::checkout(&asked.scope, checkout).await?),
        None => None,
    };
    let frame = Frame::of(&asked).await;
    Ok(Page::new(format!("订单 {}", order.card.number), move || {
        let events = format!("/orders/{id}/events?since={}", asked.scope.now.timestamp_millis());
        let sent = sent.and_then(|sent| shipment::card(&order, sent, asked.here.clone(), asked.scope.now));
        let body = view! {
            {news(&asked, "order")}
            {news(&asked, cancelling::FORM)}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <div class="grid grid-cols-1 gap-4">
                    <Now order=order.clone() asked=asked.clone() scan=scan checkout=checkout.clone()/>
                    {sent}
                    {checkout.map(|checkout| sisters(checkout, id))}
                    <Where order=order.clone()/>
                </div>
                <div class="grid grid-cols-1 gap-4">
                    <What order=order.clone()/>
                    {options.map(|options| after(options, asked.scope.now))}
                    <Past order=order asked=asked/>
                </div>
            </div>
            // An order that is over may still be paid late, be paid back, or have its goods brought back.
            <LivePage events=events/>
        };
        frame.titled(Tab::Me, "订单详情", "/orders", body.into_any())
    }))
}

fn zone_of(order: &OrderView) -> Tz {
    text::zone(&order.timezone)
}

/// Where the order stands and what is to be done.
#[component]
fn Now(order: OrderView, asked: Asked, scan: Option<String>, checkout: Option<CheckoutView>) -> impl IntoView {
    let now = asked.scope.now;
    let zone = zone_of(&order);
    let slot = format!(
        "{}–{}",
        text::moment(order.card.slot.start, now, zone),
        order.card.slot.end.with_timezone(&zone).format("%H:%M")
    );
    let is_sent = order.card.fulfilment.is_sent();
    let express = order.card.fulfilment == Fulfilment::Express;
    let there = match order.card.fulfilment {
        Fulfilment::Express => "发出",
        Fulfilment::Delivery => "送达",
        Fulfilment::Pickup | Fulfilment::InStore => "可取",
    };
    let advice = match order.card.state {
        OrderState::Placed => match order.pay_before {
            Some(until) => format!("请在 {} 前付款，库存为您保留到那时", text::moment(until, now, zone)),
            None => "请尽快付款".into(),
        },
        OrderState::Paid if order.card.late.is_some() => {
            "门店还没有接单，已经催促；您可以继续等，也可以取消订单，款项原路退回".into()
        }
        OrderState::Paid => format!("已付款，等待门店接单；预计 {slot} {there}"),
        OrderState::Accepted | OrderState::Ready if order.cancelling.open().is_some() => {
            "已申请取消，等待门店答复；在门店答复前仍可以取货".into()
        }
        OrderState::Accepted | OrderState::Ready | OrderState::Dispatched
            if order.card.late == Some(Lateness::Overdue) =>
        {
            let code = if order.card.state == OrderState::Dispatched { "；收到时请出示收货码" } else { "" };
            format!("已超过约定的{there}时间（{slot}），已催促门店{code}")
        }
        OrderState::Accepted => format!("门店正在备货；预计 {slot} {there}"),
        OrderState::Ready if express => format!("已备好，等待快递揽收；预计 {slot} {there}"),
        OrderState::Ready if is_sent => format!("已备好，等待配送；预计 {slot} {there}"),
        OrderState::Ready if order.claim_before.is_some() => {
            let until = order.claim_before.map(|until| text::moment(until, now, zone)).unwrap_or_default();
            format!("已备好，请在 {until} 前到店出示取货码，逾期自动取消并退款")
        }
        OrderState::Ready if order.card.late.is_some() => "取货时间已过，请尽快到店出示取货码，或联系门店".into(),
        OrderState::Ready => "已备好，请到店出示取货码".into(),
        OrderState::Dispatched if express => "快递运输中，单号见下方；收到全部商品后请确认收货".into(),
        OrderState::Dispatched => format!("正在送往您的地址；预计 {slot} {there}，收到时请出示收货码"),
        OrderState::Completed if is_sent => "已送达，感谢光临".into(),
        OrderState::Completed => "已取货，感谢光临".into(),
        OrderState::Expired if order.paid_fen == Fen::ZERO => "超时未付款，订单已关闭，未产生扣款".into(),
        OrderState::Expired | OrderState::Cancelled | OrderState::Rejected => refund_text(&order),
    };
    let title = if order.card.state == OrderState::Paid {
        "等待接单"
    } else {
        order.card.state.label_of(order.card.fulfilment)
    };
    // Nobody asks for a code who brings a parcel.
    let code = order.pickup_code.clone().filter(|_| !express);
    let code = code.map(|code| view! { <PickupCode code=code is_sent=is_sent/> });
    let rider = order.rider.clone().filter(|_| order.card.state == OrderState::Dispatched);
    let rider = rider.map(|rider| view! { <Brings rider=rider/> });
    let brought = order.card.state == OrderState::Dispatched && !express;
    let confirm = brought.then(|| shipment::confirm(order.card.id, asked.here.clone(), "商品到手后再确认。"));
    let cancelling = cancelling::section(&order, &asked);
    view! {
        <Card>
            <h2 class="text-2xl font-bold">{title}</h2>
            <p class="mt-1 text-base-content/70">{advice}</p>
            {rider}
            {code}
            {confirm}
            {(order.card.state == OrderState::Placed).then(|| view! { <Pay order=order.clone() here=asked.here.clone() scan=scan checkout=checkout/> })}
            <Life order=order/>
            {cancelling}
        </Card>
    }
}

fn refund_text(order: &OrderView) -> String {
    if order.paid_fen == Fen::ZERO {
        "订单已关闭，未产生扣款".into()
    } else if order.refunded_fen >= order.paid_fen {
        refunds::back(order.refunded_fen, &order.refunded_otherwise)
    } else if order.refund_delayed {
        format!("{} 退款比平时慢，我们正在处理", order.paid_fen)
    } else {
        format!("{} 正在原路退回，通常几分钟内到账", order.paid_fen)
    }
}

#[component]
fn PickupCode(code: String, is_sent: bool) -> impl IntoView {
    let (head, tail) = code.split_at(code.len() / 2);
    let digits = format!("{head} {tail}");
    let (title, hint) = if is_sent {
        ("收货码", "收到商品后再告诉骑手")
    } else {
        ("取货码", "向店员出示二维码或报数字")
    };
    view! {
        <div class="mt-4 flex flex-col items-center gap-2 rounded-box bg-base-200 p-5">
            <p class="font-medium">{title}</p>
            <QrCode text=code label=format!("{title}二维码")/>
            <p class="tabular text-3xl font-bold tracking-widest">{digits}</p>
            <p class="text-sm text-base-content/70">{hint}</p>
        </div>
    }
}

/// Who brings it, and how to reach them.
#[component]
fn Brings(rider: Rider) -> impl IntoView {
    let call = format!("tel:{}", rider.phone);
    view! {
        <p class="mt-3 flex flex-wrap items-center justify-between gap-3 rounded-box bg-base-200 p-4">
            <span class="font-medium">{format!("骑手 {}", rider.name)}</span>
            <a class="btn btn-quiet" href=call><Icon glyph=Glyph::Phone/>{rider.phone}</a>
        </p>
    }
}

#[component]
fn Pay(order: OrderView, here: String, scan: Option<String>, checkout: Option<CheckoutView>) -> impl IntoView {
    let id = order.card.id.to_string();
    let several = checkout.filter(|checkout| checkout.payable > 1);
    let all = several.as_ref().map(|checkout| pay_all(checkout, &here, &id));
    let form = |cashier: Cashier, label: String, tone: Tone| {
        let (here, id) = (here.clone(), id.clone());
        view! {
            <Form action=StartPayment::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="key" value=flashes::new_key().to_string()/>
                <Hidden name="order_id" value=id/>
                <Hidden name="cashier" value=cashier.code()/>
                <Button tone=tone block=true size=Size::Large>{label}</Button>
            </Form>
        }
    };
    let scan = scan.map(|url| {
        view! {
            <div class="mt-4 flex flex-col items-center gap-2 rounded-box bg-base-200 p-5">
                <p class="font-medium">"用微信扫一扫付款"</p>
                <QrCode text=url label="付款二维码"/>
            </div>
        }
    });
    if let Some(all) = all {
        let alone = form(Cashier::H5, format!("只付这一单 {}", order.card.total_fen), Tone::Plain);
        return view! { {scan} <div class="mt-4 grid gap-3">{all} {alone}</div> }.into_any();
    }
    let here_and_now = form(Cashier::H5, format!("微信支付 {}", order.card.total_fen), Tone::Primary);
    let by_scan = form(Cashier::Native, "扫码支付".into(), Tone::Plain);
    view! {
        {scan}
        <div class="mt-4 grid gap-3">
            {here_and_now}
            <div class="hidden lg:block">{by_scan}</div>
        </div>
    }
    .into_any()
}

/// The buttons that pay all orders that were placed together and wait for it.
fn pay_all(checkout: &CheckoutView, here: &str, order: &str) -> impl IntoView + use<> {
    let form = |cashier: Cashier, label: String, tone: Tone| {
        let (here, checkout, order) = (here.to_owned(), checkout.id.to_string(), order.to_owned());
        view! {
            <Form action=StartCheckoutPayment::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="key" value=flashes::new_key().to_string()/>
                <Hidden name="checkout_id" value=checkout/>
                <Hidden name="order_id" value=order/>
                <Hidden name="cashier" value=cashier.code()/>
                <Button tone=tone block=true size=Size::Large>{label}</Button>
            </Form>
        }
    };
    let label = format!("一起付款 {}（{} 个订单）", checkout.payable_fen, checkout.payable);
    let here_and_now = form(Cashier::H5, label, Tone::Primary);
    let by_scan = form(Cashier::Native, "扫码一起付款".into(), Tone::Plain);
    view! { {here_and_now} <div class="hidden lg:block">{by_scan}</div> }
}

/// The other orders that were placed together with this one.
fn sisters(checkout: CheckoutView, this: OrderId) -> impl IntoView {
    let others = checkout.orders.into_iter().filter(|order| order.id != this).map(|order| {
        view! {
            <li>
                <a class="touch flex items-center gap-3 py-2" href=format!("/orders/{}", order.id)>
                    <span class="min-w-0 flex-1">
                        <span class="block truncate font-medium">{order.store_name}</span>
                        <span class="block truncate text-sm text-base-content/70">{order.summary}</span>
                    </span>
                    <Badge>{order.state.label_of(order.fulfilment)}</Badge>
                    <Price amount=order.total_fen.to_string()/>
                    <Icon glyph=Glyph::ChevronRight class="size-4 shrink-0"/>
                </a>
            </li>
        }
    });
    let others = others.collect_view();
    view! { <Card title="一起下单的还有"><ul class="divide-y divide-base-200">{others}</ul></Card> }
}

/// The steps of an order that goes well; others say enough in words.
#[component]
fn Life(order: OrderView) -> impl IntoView {
    let zone = zone_of(&order);
    let at = |act: OrderAct| {
        order
            .steps
            .iter()
            // A late payment is one.
            .rfind(|step| step.act == act || (act == OrderAct::Pay && step.act == OrderAct::Revive))
            // What came back is on its way no more.
            .filter(|_| act != OrderAct::Dispatch || order.card.state != OrderState::Ready)
            .map(|step| step.at.with_timezone(&zone).format("%H:%M").to_string())
    };
    let mut acts = vec![
        (OrderAct::Place, "下单"),
        (OrderAct::Pay, "付款"),
        (OrderAct::Accept, "接单"),
        (OrderAct::Prepare, "备好"),
    ];
    if order.card.fulfilment.is_sent() {
        acts.extend([(OrderAct::Dispatch, "配送"), (OrderAct::Deliver, "送达")]);
    } else {
        acts.push((OrderAct::Redeem, "取货"));
    }
    let ended = matches!(order.card.state, OrderState::Cancelled | OrderState::Expired | OrderState::Rejected);
    if ended {
        return ().into_any();
    }
    let last = acts.iter().rposition(|(act, _)| at(*act).is_some()).unwrap_or(0);
    let steps = acts.iter().enumerate().map(|(place, (act, label))| {
        let state = if place < last || (place == last && order.card.state.is_final()) {
            StepState::Done
        } else if place == last {
            StepState::Now
        } else {
            StepState::Later
        };
        Step::new(*label, state).time(at(*act).unwrap_or_default())
    });
    view! { <div class="mt-5"><Progress label="订单进度" steps=steps.collect()/></div> }.into_any()
}

#[component]
fn Where(order: OrderView) -> impl IntoView {
    let route = format!(
        "https://uri.amap.com/marker?position={:.6},{:.6}&name={}&coordinate=wgs84",
        order.store_point.longitude,
        order.store_point.latitude,
        urlencoding::encode(&order.card.store_name),
    );
    let phone = order.store_phone.map(|phone| {
        view! { <a class="btn btn-quiet" href=format!("tel:{phone}")><Icon glyph=Glyph::Phone/>"致电门店"</a> }
    });
    let sent_to = order.sent_to.map(|to| {
        let text = to.text();
        view! {
            <Card title="收货地址">
                <p class="font-bold">{to.name} <span class="tabular ms-2 font-normal text-base-content/70">{to.phone}</span></p>
                <p class="mt-1 break-words">{text}</p>
            </Card>
        }
    });
    let title = if order.card.fulfilment.is_sent() { "发货门店" } else { "取货门店" };
    view! {
        {sent_to}
        <Card title=title>
            <p class="font-bold"><a href=format!("/s/{}", order.store_code)>{order.card.store_name}</a></p>
            <p class="mt-1 text-sm text-base-content/70">{order.store_address}</p>
            <div class="mt-3 flex flex-wrap gap-3">
                <a class="btn btn-quiet" rel="external noreferrer" href=route><Icon glyph=Glyph::Location/>"导航"</a>
                {phone}
            </div>
        </Card>
    }
}

#[component]
fn What(order: OrderView) -> impl IntoView {
    let lines = order.lines.into_iter().map(|line| {
        let choice = [line.spec, line.options_text].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
        view! {
            <li class="flex gap-3 py-2">
                <div class="w-14 shrink-0 overflow-hidden rounded-box"><GoodsPicture picture=line.picture alt="".into() sizes="56px"/></div>
                <div class="min-w-0 flex-1">
                    <p class="truncate font-medium">{line.name}</p>
                    <p class="truncate text-sm text-base-content/70">{choice}</p>
                </div>
                <p class="text-right text-sm">
                    <Price amount=line.total_fen.to_string()/>
                    <span class="block text-base-content/70">{format!("×{}", line.quantity)}</span>
                </p>
            </li>
        }
    });
    let freight = order.card.fulfilment.is_sent().then(|| {
        let fee = order.card.freight_fen.to_string();
        view! { <p class="mt-3 flex items-baseline justify-between border-t border-base-200 pt-3">"配送费" <span class="tabular">{fee}</span></p> }
    });
    let note = (!order.card.note.is_empty()).then(|| view! { <Notice>{format!("备注：{}", order.card.note)}</Notice> });
    view! {
        <Card title="商品">
            <ul class="divide-y divide-base-200">{lines.collect_view()}</ul>
            {freight}
            <p class="mt-3 flex items-baseline justify-between border-t border-base-200 pt-3">
                "合计" <Price amount=order.card.total_fen.to_string() large=true/>
            </p>
            {note}
        </Card>
    }
}

/// What can be asked for now that the goods are there, and what was.
fn after(options: AfterSalesOptions, now: DateTime<Utc>) -> impl IntoView {
    let ask = options.is_open(now).then(|| {
        view! { <LinkButton href=claim::path_of(options.order_id) block=true>"申请售后"</LinkButton> }
    });
    let over = (ask.is_none() && options.requests.is_empty())
        .then(|| view! { <p class="text-sm text-base-content/70">"已超过售后期限；有疑问请联系门店。"</p> });
    view! {
        <Card title="售后">
            <Requests cards=options.requests now=now/>
            {ask}
            {over}
        </Card>
    }
}

#[component]
fn Past(order: OrderView, asked: Asked) -> impl IntoView {
    let (zone, now) = (zone_of(&order), asked.scope.now);
    let placed_at = text::moment(order.card.placed_at, now, zone);
    let fulfilment = order.card.fulfilment;
    let steps = order.steps.into_iter().rev().map(|step| {
        let note = (!step.note.is_empty()).then(|| view! { <span class="block text-sm text-base-content/70">{step.note}</span> });
        view! {
            <li class="flex gap-3 py-1.5">
                <span class="tabular w-24 shrink-0 text-sm text-base-content/70">{text::moment(step.at, now, zone)}</span>
                <span>{step.act.label_of(fulfilment)} {note}</span>
                <span class="ms-auto shrink-0"><Badge>{step.by}</Badge></span>
            </li>
        }
    });
    let steps = steps.collect_view();
    view! {
        <Card title="订单记录">
            <Facts>
                <Fact label="订单号">{order.card.number}</Fact>
                <Fact label="下单时间">{placed_at}</Fact>
            </Facts>
            <ol class="mt-2">{steps}</ol>
        </Card>
    }
}
