//! An order's page: what happens next and when; paying, the pickup code, calling it off.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use commerce::{after_sales, flashes, orders, payments};
use domain::{
    Fault, Fen, Fields,
    after_sales::AfterSalesOptions,
    orders::{OrderAct, OrderState, OrderView},
    payments::{Cashier, StartPayment as StartPaymentCommand},
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Card, Fact, Facts, Form, Glyph, Hidden, Icon, LinkButton, Notice, Price, Progress, QrCode, Size,
    Step, StepState, Tone,
};

use crate::{
    after_sales::Requests,
    claim,
    frame::{Frame, Tab, news},
    goods::GoodsPicture,
    islands::LivePage,
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

/// Calls the order off.
#[server(prefix = "/rpc/shop", endpoint = "cancel_order")]
pub async fn cancel_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("order", "/login", fields, async |scope, fields| {
        let id = fields.text("order_id").parse().map_err(|_| Fault::NotFound("这个订单"))?;
        orders::cancel(&scope, id).await?;
        Ok(Next::to(format!("/orders/{id}")).saying("order", "订单已取消；已付款项将原路退回"))
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
    let frame = Frame::of(&asked).await;
    Ok(Page::new(format!("订单 {}", order.card.number), move || {
        let events = format!("/orders/{id}/events?since={}", asked.scope.now.timestamp_millis());
        let live = (!order.card.state.is_final()).then(|| view! { <LivePage events=events/> });
        let body = view! {
            {news(&asked, "order")}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <div class="grid grid-cols-1 gap-4">
                    <Now order=order.clone() asked=asked.clone() scan=scan/>
                    <Where order=order.clone()/>
                </div>
                <div class="grid grid-cols-1 gap-4">
                    <What order=order.clone()/>
                    {options.map(|options| after(options, asked.scope.now))}
                    <Past order=order asked=asked/>
                </div>
            </div>
            {live}
        };
        frame.titled(Tab::Me, "订单详情", "/orders", body.into_any())
    }))
}

fn zone_of(order: &OrderView) -> Tz {
    text::zone(&order.timezone)
}

/// Where the order stands and what is to be done.
#[component]
fn Now(order: OrderView, asked: Asked, scan: Option<String>) -> impl IntoView {
    let now = asked.scope.now;
    let zone = zone_of(&order);
    let slot = format!(
        "{}–{}",
        text::moment(order.card.slot.start, now, zone),
        order.card.slot.end.with_timezone(&zone).format("%H:%M")
    );
    let advice = match order.card.state {
        OrderState::Placed => match order.pay_before {
            Some(until) => format!("请在 {} 前付款，库存为您保留到那时", text::moment(until, now, zone)),
            None => "请尽快付款".into(),
        },
        OrderState::Paid => format!("已付款，等待门店接单；预计 {slot} 可取"),
        OrderState::Accepted => format!("门店正在备货；预计 {slot} 可取"),
        OrderState::Ready => "已备好，请到店出示取货码".into(),
        OrderState::Completed => "已取货，感谢光临".into(),
        OrderState::Expired => "超时未付款，订单已关闭，未产生扣款".into(),
        OrderState::Cancelled | OrderState::Rejected => refund_text(&order),
    };
    let title = if order.card.state == OrderState::Paid { "等待接单" } else { order.card.state.label() };
    let code = order.pickup_code.clone().map(|code| view! { <PickupCode code=code/> });
    let cancels = order.card.state.after(OrderAct::Cancel).is_some();
    view! {
        <Card>
            <h2 class="text-2xl font-bold">{title}</h2>
            <p class="mt-1 text-base-content/70">{advice}</p>
            {code}
            {(order.card.state == OrderState::Placed).then(|| view! { <Pay order=order.clone() here=asked.here.clone() scan=scan/> })}
            <Life order=order.clone()/>
            {cancels.then(|| view! { <Cancel order=order here=asked.here/> })}
        </Card>
    }
}

fn refund_text(order: &OrderView) -> String {
    if order.paid_fen == Fen::ZERO {
        "订单已关闭，未产生扣款".into()
    } else if order.refunded_fen >= order.paid_fen {
        format!("{} 已原路退回", order.refunded_fen)
    } else {
        format!("{} 正在原路退回，通常几分钟内到账", order.paid_fen)
    }
}

#[component]
fn PickupCode(code: String) -> impl IntoView {
    let (head, tail) = code.split_at(code.len() / 2);
    let digits = format!("{head} {tail}");
    view! {
        <div class="mt-4 flex flex-col items-center gap-2 rounded-box bg-base-200 p-5">
            <p class="font-medium">"取货码"</p>
            <QrCode text=code label="取货码二维码"/>
            <p class="tabular text-3xl font-bold tracking-widest">{digits}</p>
            <p class="text-sm text-base-content/70">"向店员出示二维码或报数字"</p>
        </div>
    }
}

#[component]
fn Pay(order: OrderView, here: String, scan: Option<String>) -> impl IntoView {
    let id = order.card.id.to_string();
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
    let here_and_now = form(Cashier::H5, format!("微信支付 {}", order.card.total_fen), Tone::Primary);
    let by_scan = form(Cashier::Native, "扫码支付".into(), Tone::Plain);
    view! {
        {scan}
        <div class="mt-4 grid gap-3">
            {here_and_now}
            <div class="hidden lg:block">{by_scan}</div>
        </div>
    }
}

/// The steps of an order that goes well; others say enough in words.
#[component]
fn Life(order: OrderView) -> impl IntoView {
    let zone = zone_of(&order);
    let at = |act: OrderAct| {
        order
            .steps
            .iter()
            .find(|step| step.act == act)
            .map(|step| step.at.with_timezone(&zone).format("%H:%M").to_string())
    };
    let acts = [
        (OrderAct::Place, "下单"),
        (OrderAct::Pay, "付款"),
        (OrderAct::Accept, "接单"),
        (OrderAct::Prepare, "备好"),
        (OrderAct::Redeem, "取货"),
    ];
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
fn Cancel(order: OrderView, here: String) -> impl IntoView {
    let consequence = if order.paid_fen > Fen::ZERO {
        format!("{} 将原路退回。", order.paid_fen)
    } else {
        "库存将立即释放。".into()
    };
    view! {
        <details class="mt-4">
            <summary class="touch inline-flex cursor-pointer items-center text-sm text-base-content/70">"取消订单"</summary>
            <Form action=CancelOrder::PATH class="mt-2 flex flex-wrap items-center gap-3">
                <Hidden name="from" value=here/>
                <Hidden name="order_id" value=order.card.id.to_string()/>
                <p class="text-sm">{format!("取消后不能恢复。{consequence}")}</p>
                <Button tone=Tone::Error size=Size::Small>"确认取消"</Button>
            </Form>
        </details>
    }
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
    view! {
        <Card title="取货门店">
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
    let note = (!order.card.note.is_empty()).then(|| view! { <Notice>{format!("备注：{}", order.card.note)}</Notice> });
    view! {
        <Card title="商品">
            <ul class="divide-y divide-base-200">{lines.collect_view()}</ul>
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
    let steps = order.steps.into_iter().rev().map(|step| {
        let note = (!step.note.is_empty()).then(|| view! { <span class="block text-sm text-base-content/70">{step.note}</span> });
        view! {
            <li class="flex gap-3 py-1.5">
                <span class="tabular w-24 shrink-0 text-sm text-base-content/70">{text::moment(step.at, now, zone)}</span>
                <span>{step.act.label()} {note}</span>
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
