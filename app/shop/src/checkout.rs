//! Checkout on one page: what, where, when, how much; one button.

use commerce::{cart, flashes, members, orders};
use domain::{Fault, Fields, cart::Quote, hours::Slot, orders::PlaceOrder as PlaceOrderCommand, text};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Button, Card, EmptyState, Form, Glyph, Hidden, Icon, Notice, Price, Select, SelectItem, Size, TextArea, Tone,
};

use crate::{
    frame::{Frame, Tab},
    goods::GoodsPicture,
    home::ToTheShop,
};

/// Places the order; sent twice it is the same order.
#[server(prefix = "/rpc/shop", endpoint = "place_order")]
pub async fn place_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("order", "/login", fields, async |scope, fields| {
        let placed = orders::place(&scope, PlaceOrderCommand::from_fields(&fields)?).await?;
        Ok(Next::to(format!("/orders/{}", placed.id)))
    })
    .await
}

pub async fn checkout(asked: Asked) -> Result<Page, Fault> {
    let scope = &asked.scope;
    let me = members::me(scope).await?;
    let quote = cart::quote(scope, asked.id("store", "这家门店")?).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("确认订单", move || {
        let body = if quote.lines.is_empty() {
            view! { <EmptyState glyph=Glyph::Cart title="这家门店没有待结算的商品" text="可能已经下过单了，去订单里看看。"><ToTheShop/></EmptyState> }
                .into_any()
        } else {
            view! { <Checkout asked=asked quote=quote phone=text::masked_phone(me.phone.as_str())/> }.into_any()
        };
        frame.titled(Tab::Cart, "确认订单", "/cart", body)
    }))
}

#[component]
fn Checkout(asked: Asked, quote: Quote, phone: String) -> impl IntoView {
    let message = asked.flash_of("order").map(|flash| flash.message.clone());
    let (slot_error, slot) = asked.field("order", "slot");
    let (note_error, note) = asked.field("order", "note");
    let slots: Vec<_> = quote
        .slots
        .iter()
        .map(|slot| SelectItem::new(slot.start.to_rfc3339(), slot_text(slot, &quote, &asked)))
        .collect();
    let closed = quote.slots.is_empty().then(|| {
        let text = format!("{} {}，暂时没有可选的取货时间", quote.store.name, quote.store.opening.text);
        view! { <Notice tone=Tone::Warn>{text}</Notice> }
    });
    let here = asked.here.clone();
    let lines = quote.clone();
    let store = quote.store.clone();
    view! {
        <Form action=PlaceOrder::PATH class="grid grid-cols-1 gap-4 lg:grid-cols-[1fr_22rem] lg:items-start">
            <div class="grid grid-cols-1 gap-4">
                {message.map(|message| view! { <Notice tone=Tone::Error>{message}</Notice> })}
                {closed}
                <Card title="到店自提">
                    <p class="flex items-start gap-2">
                        <Icon glyph=Glyph::Location class="mt-0.5 size-5 shrink-0 text-primary"/>
                        <span>
                            <span class="font-bold">{store.name}</span>
                            <span class="block text-sm text-base-content/70">{store.address}</span>
                        </span>
                    </p>
                    <p class="mt-2 flex items-center gap-2 text-sm">
                        <Icon glyph=Glyph::Phone class="size-5 text-primary"/>
                        {format!("取货人手机 {phone}")}
                    </p>
                    <div class="mt-3">
                        <Select name="slot" label="取货时间" items=slots value=slot.unwrap_or_default() error=slot_error.unwrap_or_default()/>
                    </div>
                </Card>
                <Card title="商品"><Lines quote=lines/></Card>
                <Card>
                    <TextArea name="note" label="备注" hint="口味、包装等，100 字以内" rows=2 maxlength=100
                        value=note.unwrap_or_default() error=note_error.unwrap_or_default()/>
                </Card>
            </div>
            <div class="lg:sticky lg:top-20">
                <Hidden name="from" value=here/>
                <Submit quote=quote/>
            </div>
        </Form>
    }
}

/// The sum and the one button, with what makes the request what it is: its key, and the total seen.
#[component]
fn Submit(quote: Quote) -> impl IntoView {
    let pieces: i64 = quote.lines.iter().map(|line| line.quantity.get()).sum();
    view! {
        <Card>
            <Hidden name="key" value=flashes::new_key().to_string()/>
            <Hidden name="store_id" value=quote.store.id.to_string()/>
            <Hidden name="expected_total_fen" value=quote.total_fen.0.to_string()/>
            <p class="flex items-baseline justify-between">
                <span>{format!("共 {pieces} 件")}</span>
                <Price amount=quote.total_fen.to_string() large=true/>
            </p>
            <div class="mt-3"><Button block=true size=Size::Large disabled=!quote.orderable>"提交订单"</Button></div>
            <p class="mt-2 text-center text-xs text-base-content/70">"提交后请在时限内付款，库存为您保留"</p>
        </Card>
    }
}

/// `今天 12:30–12:45`
fn slot_text(slot: &Slot, quote: &Quote, asked: &Asked) -> String {
    let zone = text::zone(&quote.store.timezone);
    format!("{}–{}", text::moment(slot.start, asked.scope.now, zone), slot.end.with_timezone(&zone).format("%H:%M"))
}

#[component]
fn Lines(quote: Quote) -> impl IntoView {
    let lines = quote.lines.into_iter().map(|line| {
        let choice = [line.spec, line.options_text].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
        let problem = line.problem.map(|problem| view! { <p class="text-sm text-error" role="alert">{problem}</p> });
        view! {
            <li class="flex gap-3 py-2">
                <div class="w-14 shrink-0 overflow-hidden rounded-box"><GoodsPicture picture=line.picture alt="".into() sizes="56px"/></div>
                <div class="min-w-0 flex-1">
                    <p class="truncate font-medium">{line.name}</p>
                    <p class="truncate text-sm text-base-content/70">{choice}</p>
                    {problem}
                </div>
                <p class="text-right text-sm">
                    <Price amount=line.total_fen.to_string()/>
                    <span class="block text-base-content/70">{format!("×{}", line.quantity)}</span>
                </p>
            </li>
        }
    });
    view! { <ul class="divide-y divide-base-200">{lines.collect_view()}</ul> }
}
