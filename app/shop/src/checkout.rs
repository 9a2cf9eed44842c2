//! Checkout on one page: what, where, when, how much; one button.

use commerce::{cart, flashes, fulfilment::addresses, members, orders};
use domain::{
    Fault, Fields, StoreId,
    cart::Quote,
    fulfilment::{AddressView, Fulfilment, OfferedSlot, Wish},
    hours::Slot,
    orders::PlaceOrder as PlaceOrderCommand,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Card, Chip, Chips, EmptyState, Form, Glyph, Hidden, Icon, Notice, Price, Select, SelectItem, Size,
    TextArea, Tone,
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
    let store: StoreId = asked.id("store", "这家门店")?;
    let book = addresses::mine(scope).await?;
    let quote = cart::quote_for(scope, store, &wish(&asked, &book)).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("确认订单", move || {
        let body = if quote.lines.is_empty() {
            view! { <EmptyState glyph=Glyph::Cart title="这家门店没有待结算的商品" text="可能已经下过单了，去订单里看看。"><ToTheShop/></EmptyState> }
                .into_any()
        } else {
            view! { <Checkout asked=asked quote=quote book=book phone=text::masked_phone(me.phone.as_str())/> }
                .into_any()
        };
        frame.titled(Tab::Cart, "确认订单", "/cart", body)
    }))
}

/// What the address chooses: pickup where it says nothing that can be, and the first of the book for what is sent.
fn wish(asked: &Asked, book: &[AddressView]) -> Wish {
    let wish = Wish::from_fields(&asked.query).unwrap_or_default();
    let known = wish.address_id.filter(|id| book.iter().any(|one| one.id == *id));
    let first = book.first().map(|one| one.id);
    Wish { address_id: known.or(first).filter(|_| wish.fulfilment.is_sent()), ..wish }
}

/// This page with another choice.
fn link(quote: &Quote, fulfilment: Fulfilment, address: Option<&AddressView>) -> String {
    let address = address.map(|one| format!("&address_id={}", one.id)).unwrap_or_default();
    format!("/checkout/{}?fulfilment={}{address}", quote.store.id, fulfilment.code())
}

/// The ways that the store offers, as links: a choice is an address.
fn ways(quote: &Quote) -> Option<AnyView> {
    if quote.ways.len() < 2 {
        return None;
    }
    let chips = quote.ways.iter().map(|way| {
        Chip::new(way.fulfilment.label(), link(quote, way.fulfilment, None)).active(way.fulfilment == quote.fulfilment)
    });
    Some(view! { <Chips label="配送方式" chips=chips.collect()/> }.into_any())
}

/// Where it is picked up.
fn pickup(quote: &Quote, phone: String) -> AnyView {
    let store = quote.store.clone();
    view! {
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
    }
    .into_any()
}

/// Where it is brought to, what that costs, and why it cannot be.
fn brought(quote: &Quote, book: &[AddressView]) -> AnyView {
    let items = book.iter().map(|one| {
        let chosen = Some(one.id) == quote.address_id;
        let border = if chosen { "panel border-primary block p-3" } else { "panel panel-link block p-3" };
        let (href, where_to) = (link(quote, quote.fulfilment, Some(one)), one.text());
        let mark = chosen.then(|| view! { <Badge tone=Tone::Primary>"已选"</Badge> });
        view! {
            <li>
                <a class=border href=href aria-current=chosen.then_some("true")>
                    <span class="flex items-center gap-2 font-medium">{one.address.name.clone()}
                        <span class="tabular text-sm text-base-content/70">{text::masked_phone(one.address.phone.as_str())}</span>
                        {mark}
                    </span>
                    <span class="block text-sm break-words">{where_to}</span>
                </a>
            </li>
        }
    });
    let items = items.collect_view();
    let way = quote.way().cloned();
    let problem = way.as_ref().and_then(|way| way.problem.clone());
    let problem = problem.map(|problem| view! { <Notice tone=Tone::Warn>{problem}</Notice> });
    let fee = way.filter(|way| way.problem.is_none()).map(|way| {
        let text = format!("配送费 {} · {}", way.freight_fen, way.freight_text);
        view! { <p class="text-sm text-base-content/70">{text}</p> }
    });
    let add = format!("/me/addresses/new?to=/checkout/{}", quote.store.id);
    view! {
        <ul class="grid gap-2">{items}</ul>
        <p class="my-2"><a class="link touch inline-flex items-center text-sm" href=add>"添加新地址"</a></p>
        {problem}
        {fee}
    }
    .into_any()
}

#[component]
fn Checkout(asked: Asked, quote: Quote, book: Vec<AddressView>, phone: String) -> impl IntoView {
    let message = asked.flash_of("order").map(|flash| flash.message.clone());
    let (slot_error, slot) = asked.field("order", "slot");
    let (note_error, note) = asked.field("order", "note");
    let offered: Vec<OfferedSlot> = quote.way().map(|way| way.slots.clone()).unwrap_or_default();
    let item = |offered: &OfferedSlot| {
        let full = if offered.full { "（已约满）" } else { "" };
        SelectItem::new(offered.slot.start.to_rfc3339(), slot_text(&offered.slot, &quote, &asked) + full)
    };
    let slots: Vec<_> = offered.iter().map(item).collect();
    // The first that is free is offered, whatever stands before it.
    let free = quote.slots.first().map(|slot| slot.start.to_rfc3339()).unwrap_or_default();
    let label = quote.fulfilment.time_label();
    let closed = (quote.slots.is_empty() && quote.way().is_none_or(|way| way.problem.is_none())).then(|| {
        let text = format!("{} {}，暂时没有可选的{label}", quote.store.name, quote.store.opening.text);
        view! { <Notice tone=Tone::Warn>{text}</Notice> }
    });
    let gone = quote.way().is_none().then(|| {
        let text = format!("{} 暂不提供{}，请换一种方式", quote.store.name, quote.fulfilment.label());
        view! { <Notice tone=Tone::Warn>{text}</Notice> }
    });
    let ways = ways(&quote);
    let sent = quote.fulfilment.is_sent();
    let where_to = if sent { brought(&quote, &book) } else { pickup(&quote, phone) };
    let address_error =
        asked.field("order", "address_id").0.map(|wrong| view! { <Notice tone=Tone::Error>{wrong}</Notice> });
    let card = if sent { quote.fulfilment.label() } else { "到店自提" };
    let here = asked.here.clone();
    let lines = quote.clone();
    view! {
        <Form action=PlaceOrder::PATH class="grid grid-cols-1 gap-4 lg:grid-cols-[1fr_22rem] lg:items-start">
            <div class="grid grid-cols-1 gap-4">
                {message.map(|message| view! { <Notice tone=Tone::Error>{message}</Notice> })}
                {closed}
                {gone}
                {ways}
                <Card title=card>
                    {address_error}
                    {where_to}
                    <div class="mt-3">
                        <Select name="slot" label=label items=slots value=slot.unwrap_or(free) error=slot_error.unwrap_or_default()/>
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
    let way = quote.fulfilment.is_sent().then(|| {
        let (goods, fee) = (quote.goods_fen.to_string(), quote.freight_fen.to_string());
        let address = quote.address_id.map(|id| view! { <Hidden name="address_id" value=id.to_string()/> });
        view! {
            <Hidden name="fulfilment" value=quote.fulfilment.code()/>
            {address}
            <p class="flex justify-between text-sm text-base-content/70"><span>"商品"</span><span class="tabular">{goods}</span></p>
            <p class="mb-2 flex justify-between text-sm text-base-content/70"><span>"配送费"</span><span class="tabular">{fee}</span></p>
        }
    });
    view! {
        <Card>
            <Hidden name="key" value=flashes::new_key().to_string()/>
            <Hidden name="store_id" value=quote.store.id.to_string()/>
            <Hidden name="expected_total_fen" value=quote.total_fen.0.to_string()/>
            {way}
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
pub fn slot_text(slot: &Slot, quote: &Quote, asked: &Asked) -> String {
    let zone = text::zone(&quote.store.timezone);
    format!("{}–{}", text::moment(slot.start, asked.scope.now, zone), slot.end.with_timezone(&zone).format("%H:%M"))
}

#[component]
pub fn Lines(quote: Quote) -> impl IntoView {
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
