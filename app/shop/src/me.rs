//! 我的: oneself and one's orders.

use chrono::{DateTime, Utc};
use commerce::{members, orders, sessions};
use domain::{
    Fault, Fields,
    members::MemberView,
    orders::{ListOrders, OrderCard, OrderState},
    sessions::SessionView,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Badge, Button, Card, Chip, Chips, EmptyState, Form, Glyph, Hidden, Icon, Pager, Price, Section, Tone};

use crate::{
    frame::{Frame, Tab, news},
    goods::GoodsPicture,
    home::ToTheShop,
    log_in::LogOut,
};

/// How many orders a page of the list has.
const PAGE: usize = 20;

/// The part of the page that its forms speak to.
const FORM: &str = "me";

/// Ends one of one's own sessions.
#[server(prefix = "/rpc/shop", endpoint = "end_session")]
pub async fn end_session(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这个登录"))?;
        sessions::end_one(&scope, id).await?;
        Ok(Next::to("/me").saying(FORM, "已退出那台设备"))
    })
    .await
}

/// Ends all of one's own sessions but this one.
#[server(prefix = "/rpc/shop", endpoint = "end_other_sessions")]
pub async fn end_other_sessions(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, _| {
        sessions::end_others(&scope).await?;
        Ok(Next::to("/me").saying(FORM, "其他设备都已退出"))
    })
    .await
}

pub async fn me(asked: Asked) -> Result<Page, Fault> {
    let me = members::me(&asked.scope).await?;
    let sessions = sessions::mine(&asked.scope).await?;
    let recent = orders::mine(&asked.scope, ListOrders { most: 3, ..ListOrders::default() }).await?.items;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("我的", move || {
        let said = news(&asked, FORM);
        let devices = devices(sessions, asked.scope.now);
        let orders = if recent.is_empty() {
            none().into_any()
        } else {
            view! { <Orders orders=recent asked=asked/> }.into_any()
        };
        let body = view! {
            {said}
            <Person me=me/>
            <Section title="最近订单" more="/orders">{orders}</Section>
            <Section title="账号">
                <div class="panel px-4 py-1">
                    <ul class="divide-y divide-base-300">
                        <WayTo href="/after-sales" label="我的售后"/>
                        <WayTo href="/me/addresses" label="收货地址"/>
                        <WayTo href="/me/account" label="账号与安全"/>
                        <WayTo href="/me/data" label="个人信息与注销"/>
                    </ul>
                </div>
            </Section>
            {devices}
        };
        frame.titled(Tab::Me, "我的", "", body.into_any())
    }))
}

#[component]
pub fn WayTo(href: &'static str, label: &'static str) -> impl IntoView {
    view! {
        <li>
            <a class="touch flex items-center justify-between gap-3 py-2.5 font-medium" href=href>
                {label}
                <Icon glyph=Glyph::ChevronRight class="size-4"/>
            </a>
        </li>
    }
}

#[component]
fn Person(me: MemberView) -> impl IntoView {
    view! {
        <Card class="mt-3">
            <div class="flex items-center gap-4">
                <span class="grid size-14 place-items-center rounded-full bg-base-200 text-primary"><Icon glyph=Glyph::User class="size-8"/></span>
                <div class="min-w-0 flex-1">
                    <p class="text-lg font-bold">{me.name}</p>
                    <p class="tabular text-sm text-base-content/70">{text::masked_phone(me.phone.as_str())}</p>
                </div>
                <Form action=LogOut::PATH>
                    <Hidden name="from" value="/"/>
                    <Button tone=Tone::Plain>"退出登录"</Button>
                </Form>
            </div>
        </Card>
    }
}

fn devices(sessions: Vec<SessionView>, now: DateTime<Utc>) -> impl IntoView {
    let others = sessions.iter().any(|session| !session.is_this);
    let items = sessions.into_iter().map(|session| device(session, now)).collect_view();
    let all = others.then(|| {
        view! {
            <Form action=EndOtherSessions::PATH class="mt-3">
                <Hidden name="from" value="/me"/>
                <Button tone=Tone::Plain>"退出其他所有设备"</Button>
            </Form>
        }
    });
    view! {
        <Section title="登录的设备">
            <div class="panel px-4 py-1"><ul class="divide-y divide-base-300">{items}</ul></div>
            {all}
        </Section>
    }
}

fn device(session: SessionView, now: DateTime<Utc>) -> impl IntoView {
    let (name, seen) = (session.device(), text::moment(session.seen_at, now, text::zone("")));
    let end = if session.is_this {
        view! { <Badge tone=Tone::Success>"本机"</Badge> }.into_any()
    } else {
        view! {
            <Form action=EndSession::PATH class="shrink-0">
                <Hidden name="from" value="/me"/>
                <Hidden name="id" value=session.id.to_string()/>
                <Button tone=Tone::Plain>"退出"</Button>
            </Form>
        }
        .into_any()
    };
    view! {
        <li class="flex items-center justify-between gap-3 py-2.5">
            <p class="min-w-0">
                <span class="block font-medium">{name}</span>
                <span class="tabular text-sm text-base-content/70">{format!("{seen} 使用")}</span>
            </p>
            {end}
        </li>
    }
}

/// Which orders a chip shows.
const FILTERS: &[(&str, &str, &[OrderState])] = &[
    ("", "全部", &[]),
    ("unpaid", "待付款", &[OrderState::Placed]),
    ("open", "进行中", &[OrderState::Paid, OrderState::Accepted, OrderState::Ready, OrderState::Dispatched]),
    ("done", "已完成", &[OrderState::Completed]),
    ("closed", "已关闭", &[OrderState::Cancelled, OrderState::Expired, OrderState::Rejected]),
];

pub async fn orders(asked: Asked) -> Result<Page, Fault> {
    let filter = asked.query.text("show").to_owned();
    let states = FILTERS.iter().find(|(code, ..)| *code == filter).map_or(&[][..], |(_, _, states)| states);
    let ask = ListOrders {
        states: states.to_vec(),
        most: PAGE,
        after: asked.query.given("after").map(str::to_owned),
        ..ListOrders::default()
    };
    let page = orders::mine(&asked.scope, ask).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("我的订单", move || {
        let chips = FILTERS
            .iter()
            .map(|(code, label, _)| Chip::new(*label, format!("/orders?show={code}")).active(*code == filter));
        let next = page.next.map(|cursor| format!("/orders?show={filter}&after={cursor}")).unwrap_or_default();
        let list = if page.items.is_empty() {
            none().into_any()
        } else {
            view! { <Orders orders=page.items asked=asked/> }.into_any()
        };
        let pager = (!next.is_empty()).then(|| view! { <Pager next=next/> });
        let body = view! { <div class="my-3"><Chips label="订单状态" chips=chips.collect()/></div> {list} {pager} };
        frame.titled(Tab::Me, "我的订单", "/me", body.into_any())
    }))
}

fn none() -> impl IntoView {
    view! { <EmptyState glyph=Glyph::Receipt title="还没有订单" text="下单后可以在这里查看进度和取货码。"><ToTheShop/></EmptyState> }
}

#[component]
fn Orders(orders: Vec<OrderCard>, asked: Asked) -> impl IntoView {
    let cards = orders.into_iter().map(|order| {
        let tone = match order.state {
            OrderState::Placed => Tone::Warn,
            OrderState::Ready => Tone::Success,
            OrderState::Paid | OrderState::Accepted | OrderState::Dispatched => Tone::Info,
            _ => Tone::Plain,
        };
        let when = text::moment(order.placed_at, asked.scope.now, text::zone(""));
        let together = order.checkout_id.map(|_| view! { <Badge>"一起下单"</Badge> });
        view! {
            <li>
                <a href=format!("/orders/{}", order.id) class="panel panel-link block p-4">
                    <p class="flex items-center justify-between gap-3">
                        <span class="truncate font-bold">{order.store_name}</span>
                        <span class="flex shrink-0 gap-1">{together} <Badge tone=tone>{order.state.label_of(order.fulfilment)}</Badge></span>
                    </p>
                    <div class="mt-2 flex items-center gap-3">
                        <div class="w-14 shrink-0 overflow-hidden rounded-box"><GoodsPicture picture=order.picture alt="".into() sizes="56px"/></div>
                        <p class="min-w-0 flex-1">
                            <span class="block truncate">{order.summary}</span>
                            <span class="tabular text-sm text-base-content/70">{when}</span>
                        </p>
                        <Price amount=order.total_fen.to_string()/>
                    </div>
                </a>
            </li>
        }
    });
    view! { <ul class="grid grid-cols-1 gap-3 lg:grid-cols-2">{cards.collect_view()}</ul> }
}
