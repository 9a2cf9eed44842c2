//! The order board: what is to be done, the scan field, and today's figures.

use chrono::{DateTime, Utc};
use commerce::{after_sales, figures, orders, stores};
use domain::{
    Fault, Fields, OrderId, StoreId,
    figures::SalesToday,
    fulfilment::Fulfilment,
    order_centre::is_in_hand,
    orders::{OrderCard, OrderState, Pack, PickupCode},
    staff::Permission,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Badge, Button, Chip, Chips, Field, Form, Glyph, Hidden, Icon, LinkButton, Size, Stat, Tone, Trend};

use crate::{
    frame::{Frame, Lit, news},
    islands::{BoardBell, CameraScan},
    opening, pick, picking, receipt,
};

fn order_of(fields: &Fields) -> Result<OrderId, Fault> {
    fields.text("order_id").parse().map_err(|_| Fault::NotFound("这个订单"))
}

fn back(fields: &Fields) -> String {
    rpc::back_path(fields.given("from").unwrap_or("/console")).to_owned()
}

/// Takes a paid order on.
#[server(prefix = "/rpc/console", endpoint = "accept_order")]
pub async fn accept_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("order", "/console/login", fields, async |scope, fields| {
        orders::accept(&scope, order_of(&fields)?).await?;
        Ok(Next::to(back(&fields)).saying("order", "已接单，请开始备货"))
    })
    .await
}

/// Says that an order is ready.
#[server(prefix = "/rpc/console", endpoint = "prepare_order")]
pub async fn prepare_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("order", "/console/login", fields, async |scope, fields| {
        let command = Pack::from_fields(&fields)?;
        orders::pack(&scope, order_of(&fields)?, command).await?;
        let said = command.packages.map_or_else(|| "备货完成".to_owned(), |many| format!("备货完成，共 {many} 包"));
        Ok(Next::to(back(&fields)).saying("order", said))
    })
    .await
}

/// Turns an order down.
#[server(prefix = "/rpc/console", endpoint = "reject_order")]
pub async fn reject_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("order", "/console/login", fields, async |scope, fields| {
        orders::reject(&scope, order_of(&fields)?, fields.text("reason")).await?;
        Ok(Next::to(back(&fields)).saying("order", "已拒单，款项原路退回顾客"))
    })
    .await
}

/// Hands an order over against its code.
#[server(prefix = "/rpc/console", endpoint = "redeem_code")]
pub async fn redeem_code(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("redeem", "/console/login", fields, async |scope, fields| {
        let code: PickupCode = fields.text("code").parse()?;
        let id = orders::redeem(&scope, &code).await?;
        let order = orders::show_for_staff(&scope, id).await?;
        let packed = order.packages().map_or_else(String::new, |many| format!("，共 {many} 包"));
        let news = format!("已核销 订单 {}：{}{packed}，请交货", order.card.number, order.card.summary);
        Ok(Next::to(back(&fields)).saying("redeem", news))
    })
    .await
}

pub async fn board(asked: Asked) -> Result<Page, Fault> {
    let scope = &asked.scope;
    let stores = stores::mine(scope, Permission::ReadOrders).await?;
    let store: Option<StoreId> = asked.query.given("store").and_then(|id| id.parse().ok());
    let open = orders::board(scope, store).await?;
    let figures = if scope.may(Permission::ReadSales) { Some(figures::sales_today(scope).await?) } else { None };
    // The one store that is looked at, to those who may pause it.
    let one = store.or(if let [(only, _)] = stores.as_slice() { Some(*only) } else { None });
    let one = one.filter(|one| scope.reach(Permission::EditStores).is_ok_and(|reach| reach.covers(*one)));
    let one = match one {
        // One that is none has an empty board.
        Some(one) => stores::show_by_id(scope, one, None).await.ok(),
        None => None,
    };
    let returns = after_sales::counts(scope).await?.waiting;
    let waiting = open.iter().filter(|order| order.state == OrderState::Paid).count();
    let title = if waiting > 0 { format!("({waiting}) 订单看板") } else { "订单看板".to_owned() };
    let frame = Frame::of(scope).await?;
    Ok(Page::new(title, move || {
        let goes_on = opening::goes_on_in_ms(one.as_ref().and_then(|one| one.until), asked.scope.now);
        let body = view! {
            <h1 class="sr-only">"订单看板"</h1>
            <Top asked=asked.clone() figures=figures returns=returns goes_on=goes_on/>
            {(stores.len() > 1).then(|| view! { <StoreChips stores=stores now=store/> })}
            {one.map(|one| opening::strip(&asked, &one))}
            {news(&asked, "order")}
            <Columns asked=asked orders=open/>
        };
        frame.screen(Lit::Board, body.into_any())
    }))
}

/// The scan field, always ready for the next code, and today's figures.
#[component]
fn Top(
    asked: Asked,
    figures: Option<SalesToday>,
    /// How many requests after the sale wait for these stores.
    returns: i64,
    /// In how many milliseconds the one store that is looked at goes on by itself.
    goes_on: Option<u32>,
) -> impl IntoView {
    let (error, typed) = asked.field("redeem", "code");
    let flash = asked.flash_of("redeem");
    let error = error.or_else(|| flash.filter(|flash| !flash.good).map(|flash| flash.message.clone()));
    let good = flash.filter(|flash| flash.good).and_then(|_| news(&asked, "redeem"));
    let here = asked.here;
    let events = format!("/console/events?since={}", asked.scope.now.timestamp_millis());
    let returns = (returns > 0).then(|| {
        view! { <LinkButton href="/console/after-sales">"售后待处理 " <Badge tone=Tone::Warn>{returns.to_string()}</Badge></LinkButton> }
    });
    view! {
        <div class="mb-4 grid grid-cols-1 gap-4 lg:grid-cols-[26rem_1fr]">
            <section class="panel p-4">
                {good}
                <Form action=RedeemCode::PATH class="flex items-start gap-2">
                    <Hidden name="from" value=here/>
                    <div class="flex-1">
                        <Field name="code" label="扫码或输入取货码" inputmode="numeric" autocomplete="off" placeholder="8 位数字"
                            autofocus=true value=typed.unwrap_or_default() error=error.unwrap_or_default()/>
                        <CameraScan reader=rpc::code_reader()/>
                    </div>
                    <div class="pt-7"><Button size=Size::Large>"核销"</Button></div>
                </Form>
            </section>
            <div class="grid content-start gap-3">
                {figures.map(|figures| view! { <Figures figures=figures/> })}
                <div class="flex flex-wrap items-center gap-3">
                    <BoardBell events=events anew_in_ms=goes_on/>
                    {returns}
                </div>
            </div>
        </div>
    }
}

#[component]
fn Figures(figures: SalesToday) -> impl IntoView {
    let (today, before) = (figures.today, figures.yesterday);
    let trend = |now: i64, then: i64| match now.cmp(&then) {
        std::cmp::Ordering::Greater => Trend::Up,
        std::cmp::Ordering::Less => Trend::Down,
        std::cmp::Ordering::Equal => Trend::Flat,
    };
    view! {
        <div class="grid grid-cols-3 gap-3">
            <Stat label="今日销售额" value=today.sales_fen.to_string() delta=format!("昨日同时 {}", before.sales_fen)
                trend=trend(today.sales_fen.0, before.sales_fen.0)/>
            <Stat label="今日订单" value=today.orders.to_string() delta=format!("昨日同时 {}", before.orders) trend=trend(today.orders, before.orders)/>
            <Stat label="今日件数" value=today.pieces.to_string() delta=format!("昨日同时 {}", before.pieces) trend=trend(today.pieces, before.pieces)/>
        </div>
    }
}

/// The most stores that are shown as chips; who has more finds them through the list of orders.
const CHIPS_MOST: usize = 30;

#[component]
fn StoreChips(stores: Vec<(StoreId, String)>, now: Option<StoreId>) -> impl IntoView {
    let mut chips = vec![Chip::new("全部门店", "/console").active(now.is_none())];
    let few = stores.into_iter().take(CHIPS_MOST);
    chips.extend(few.map(|(id, name)| Chip::new(name, format!("/console?store={id}")).active(now == Some(id))));
    view! { <div class="mb-3"><Chips label="门店" chips=chips/></div> }
}

#[component]
fn Columns(asked: Asked, orders: Vec<OrderCard>) -> impl IntoView {
    let columns = [
        (OrderState::Paid, "待接单", "新订单会响铃并出现在这里"),
        (OrderState::Accepted, "备货中", "接单后在这里备货"),
        (OrderState::Ready, "待交付", "备好的订单等顾客来取，或派给骑手"),
        (OrderState::Dispatched, "配送中", "交给骑手的订单在这里，直到送达"),
    ];
    let columns = columns.map(|(state, title, empty)| {
        let here: Vec<_> = orders.iter().filter(|order| order.state == state).cloned().collect();
        let count = here.len();
        let cards = here.into_iter().map(|order| view! { <BoardCard asked=asked.clone() order=order/> }).collect_view();
        let nothing = (count == 0)
            .then(|| view! { <p class="panel border-dashed p-6 text-center text-sm text-base-content/70">{empty}</p> });
        view! {
            <section aria-label=title class="min-w-0">
                <h2 class="mb-2 flex items-center gap-2 text-lg font-bold">
                    {title}
                    <span class="tabular rounded-full bg-base-300 px-2.5 text-sm">{count}</span>
                </h2>
                {nothing}
                <ul class="grid grid-cols-1 gap-3">{cards}</ul>
            </section>
        }
    });
    view! { <div class="grid grid-cols-1 items-start gap-4 min-[780px]:grid-cols-2 xl:grid-cols-4">{columns.into_iter().collect_view()}</div> }
}

#[component]
fn BoardCard(asked: Asked, order: OrderCard) -> impl IntoView {
    let now = asked.scope.now;
    let tail: String = order.number.chars().skip(order.number.len().saturating_sub(4)).collect();
    let slot = slot_text(&order, now, "");
    let late = order.slot.end < now;
    let note = (!order.note.is_empty())
        .then(|| view! { <p class="mt-2 rounded-field bg-warning/15 px-2 py-1 text-sm">{order.note.clone()}</p> });
    let overdue = order.late.map(|late| view! { <p class="mt-2"><Badge tone=Tone::Error>{late.label()}</Badge></p> });
    let asks = order.cancel_asked_at.map(|_| {
        let page = format!("/console/orders/{}", order.id);
        view! { <p class="mt-2"><LinkButton href=page tone=Tone::Error block=true>"顾客申请取消，请答复"</LinkButton></p> }
    });
    let sent = order.fulfilment.is_sent();
    let way = sent.then(|| view! { <Badge tone=Tone::Info>{order.fulfilment.label()}</Badge> });
    let slot_class = if late { "font-bold text-error" } else { "font-bold" };
    view! {
        <li class="panel p-4">
            <a href=format!("/console/orders/{}", order.id) class="flex items-baseline justify-between gap-2">
                <span class="tabular text-xl font-black">{format!("#{tail}")}</span>
                <span class=slot_class>{format!("{slot} {}", if sent { "送达" } else { "取" })}</span>
            </a>
            <p class="mt-1 flex items-center gap-2">{way}<span class="truncate">{order.summary.clone()}</span></p>
            <p class="mt-1 flex flex-wrap gap-x-3 text-sm text-base-content/70">
                <span>{format!("手机尾号 {}", order.phone_tail)}</span>
                <span>{order.total_fen.to_string()}</span>
                <span>{waited(order.placed_at, now)}</span>
            </p>
            <p class="truncate text-xs text-base-content/70">{order.store_name.clone()}</p>
            {overdue}
            {asks}
            {note}
            <Acts asked=asked order=order/>
        </li>
    }
}

/// When it is picked up from, or within which time it is brought.
pub fn slot_text(order: &OrderCard, now: DateTime<Utc>, zone: &str) -> String {
    let zone = text::zone(zone);
    let start = text::moment(order.slot.start, now, zone);
    match order.fulfilment.is_sent() {
        true => format!("{start}–{}", order.slot.end.with_timezone(&zone).format("%H:%M")),
        false => start,
    }
}

/// `3 分钟前下单`
fn waited(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (now - since).num_minutes() {
        ..=0 => "刚刚下单".into(),
        minutes @ 1..=59 => format!("{minutes} 分钟前下单"),
        minutes => format!("{} 小时前下单", minutes / 60),
    }
}

/// What can be done with an order now; the same on the board and on its page.
#[component]
pub fn Acts(asked: Asked, order: OrderCard) -> impl IntoView {
    let scope = &asked.scope;
    let here = asked.here.clone();
    let id = order.id.to_string();
    let fulfils = scope.may_at(Permission::FulfilOrders, order.store_id);
    let rejects = scope.may_at(Permission::RejectOrders, order.store_id) && is_in_hand(order.state);
    let (action, label) = match order.state {
        OrderState::Paid => (AcceptOrder::PATH, "接单"),
        OrderState::Accepted => (PrepareOrder::PATH, "备货完成"),
        _ => ("", ""),
    };
    let forward = (fulfils && !action.is_empty()).then(|| {
        view! { <OrderForm action=action here=here.clone() id=id.clone()><Button size=Size::Large block=true>{label}</Button></OrderForm> }
    });
    let rides = order.fulfilment == Fulfilment::Delivery;
    let next = match order.state {
        OrderState::Ready if rides && fulfils => "派给骑手",
        OrderState::Dispatched if rides && fulfils => "登记送达",
        _ => "",
    };
    let at_shelf = (fulfils && order.state == OrderState::Accepted).then(|| {
        view! { <LinkButton href=pick::path_of(order.id) size=Size::Small><Icon glyph=Glyph::Check/>"拣货"</LinkButton> }
    });
    let page = format!("/console/orders/{id}");
    let next = (!next.is_empty() && !here.starts_with(&page)).then(|| {
        view! { <LinkButton href=page tone=Tone::Primary size=Size::Large block=true>{next}</LinkButton> }
    });
    let ready = (order.state == OrderState::Ready && !order.fulfilment.is_sent())
        .then(|| view! { <p class="text-sm text-base-content/70">"等顾客出示取货码后核销"</p> });
    let begun = order.state != OrderState::Paid;
    let reject = rejects.then(|| view! { <Reject here=here id=id.clone() begun=begun/> });
    view! {
        <div class="mt-3 grid gap-2">
            {forward}
            {next}
            {ready}
            <div class="flex flex-wrap items-start gap-2">
                {at_shelf}
                <LinkButton href=picking::path_of(&id) size=Size::Small><Icon glyph=Glyph::Print/>"拣货单"</LinkButton>
                <LinkButton href=receipt::path_of(&id) size=Size::Small><Icon glyph=Glyph::Print/>"小票"</LinkButton>
                {reject}
            </div>
        </div>
    }
}

/// A form about one order that comes back to the page it stands on.
#[component]
fn OrderForm(action: &'static str, here: String, id: String, children: Children) -> impl IntoView {
    view! {
        <Form action=action>
            <Hidden name="from" value=here/>
            <Hidden name="order_id" value=id/>
            {children()}
        </Form>
    }
}

#[component]
fn Reject(
    here: String,
    id: String,
    /// Whether the store has taken it on.
    begun: bool,
) -> impl IntoView {
    let field = format!("reason-{id}");
    let title = if begun { "不能交付…" } else { "拒单…" };
    let hint = if begun {
        "订单取消，款项全部原路退回，商品回到可售库存；损坏的请另在「报损」登记。"
    } else {
        ""
    };
    view! {
        <details class="min-w-0 flex-1">
            <summary class="touch inline-flex cursor-pointer items-center text-sm text-base-content/70">{title}</summary>
            <OrderForm action=RejectOrder::PATH here=here id=id>
                <Field name="reason" id=field label="原因（顾客会看到）" required=true maxlength=100 placeholder="例如：原料用完" hint=hint/>
                <Button tone=Tone::Error size=Size::Small>"确认拒单并退款"</Button>
            </OrderForm>
        </details>
    }
}
