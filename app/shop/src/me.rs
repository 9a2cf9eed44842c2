//! 我的: oneself and one's orders.

use commerce::{members, orders};
use domain::{
    Fault,
    members::MemberView,
    orders::{ListOrders, OrderCard, OrderState},
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Page};
use ui::{Badge, Button, Card, Chip, Chips, EmptyState, Form, Glyph, Hidden, Icon, Pager, Price, Section, Tone};

use crate::{
    frame::{Frame, Tab},
    goods::GoodsPicture,
    home::ToTheShop,
    log_in::LogOut,
};

/// How many orders a page of the list has.
const PAGE: usize = 20;

pub async fn me(asked: Asked) -> Result<Page, Fault> {
    let me = members::me(&asked.scope).await?;
    let recent = orders::mine(&asked.scope, ListOrders { most: 3, ..ListOrders::default() }).await?.items;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("我的", move || {
        let orders = if recent.is_empty() {
            none().into_any()
        } else {
            view! { <Orders orders=recent asked=asked/> }.into_any()
        };
        let body = view! {
            <Person me=me/>
            <Section title="最近订单" more="/orders">{orders}</Section>
        };
        frame.titled(Tab::Me, "我的", "", body.into_any())
    }))
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

/// Which orders a chip shows.
const FILTERS: &[(&str, &str, &[OrderState])] = &[
    ("", "全部", &[]),
    ("unpaid", "待付款", &[OrderState::Placed]),
    ("open", "进行中", &[OrderState::Paid, OrderState::Accepted, OrderState::Ready]),
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
            OrderState::Paid | OrderState::Accepted => Tone::Info,
            _ => Tone::Plain,
        };
        let when = text::moment(order.placed_at, asked.scope.now, text::zone(""));
        view! {
            <li>
                <a href=format!("/orders/{}", order.id) class="panel panel-link block p-4">
                    <p class="flex items-center justify-between gap-3">
                        <span class="truncate font-bold">{order.store_name}</span>
                        <Badge tone=tone>{order.state.label()}</Badge>
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
