//! Checkout on one page: what, where, when, how much; one button.

use commerce::{cart, flashes, fulfilment::addresses, members, orders};
use domain::{
    Fault, Fields,
    cart::{Part as CartPart, Quote},
    fulfilment::{AddressView, Wish},
    orders::PlaceOrder as PlaceOrderCommand,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Button, Card, EmptyState, Form, Glyph, Hidden, Icon, Price, Size, TextArea};

use crate::{
    apart,
    choices::{ONE, address_of, with_address},
    frame::{Frame, Tab},
    goods::GoodsPicture,
    home::ToTheShop,
    sending::{Part, said},
};

/// Places the order; sent twice it is the same order.
#[server(prefix = "/rpc/shop", endpoint = "place_order")]
pub async fn place_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(ONE, "/login", fields, async |scope, fields| {
        let placed = orders::place(&scope, PlaceOrderCommand::from_fields(&fields)?).await?;
        Ok(Next::to(format!("/orders/{}", placed.id)))
    })
    .await
}

pub async fn checkout(asked: Asked) -> Result<Page, Fault> {
    let scope = &asked.scope;
    let me = members::me(scope).await?;
    let part: CartPart = asked.id("store", "这家门店")?;
    let book = addresses::mine(scope).await?;
    // Pickup where the address says nothing that can be.
    let wish = with_address(Wish::from_fields(&asked.query).unwrap_or_default(), &book, None);
    let quote = cart::quote_for(scope, part, &wish).await?;
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
            {format!("预留手机 {phone}")}
        </p>
    }
    .into_any()
}

#[component]
fn Checkout(asked: Asked, quote: Quote, book: Vec<AddressView>, phone: String) -> impl IntoView {
    let own = quote.part();
    let part = Part {
        asked: &asked,
        form: ONE,
        suffix: String::new(),
        quote: &quote,
        book: &book,
        with: Box::new(move |wish| address_of(own, wish)),
    };
    let (_, note_error, note) = part.field("note");
    let sent = quote.fulfilment.is_sent();
    let where_to = if sent { part.brought(false) } else { pickup(&quote, phone) };
    let card = quote.fulfilment.place_label();
    let (said, hindrance, ways, better) = (said(&asked, ONE), part.hindrance(), part.ways(), part.better());
    let (slots, chosen) = (part.slots(), part.chosen());
    let here = asked.here.clone();
    drop(part);
    let (lines, goods) = (quote.clone(), if quote.apart { "商品（分开收货）" } else { "商品" });
    view! {
        <Form action=PlaceOrder::PATH class="grid grid-cols-1 gap-4 lg:grid-cols-[1fr_22rem] lg:items-start">
            <div class="grid grid-cols-1 gap-4">
                {said}
                {hindrance}
                {ways}
                {better}
                <Card title=card>
                    {where_to}
                    <div class="mt-3">{slots}</div>
                </Card>
                <Card title=goods><Lines quote=lines/></Card>
                <Card>
                    <TextArea name="note" label="备注" hint="口味、包装等，100 字以内" rows=2 maxlength=100
                        value=note.unwrap_or_default() error=note_error/>
                </Card>
            </div>
            <div class="lg:sticky lg:top-20">
                <Hidden name="from" value=here/>
                {chosen}
                <Submit quote=quote/>
            </div>
        </Form>
    }
}

/// The sum and the one button, with what makes the request what it is: its key, and the total seen.
#[component]
fn Submit(quote: Quote) -> impl IntoView {
    let pieces: i64 = quote.lines.iter().map(|line| line.quantity.get()).sum();
    let freight = quote.fulfilment.is_sent().then(|| freight(&quote));
    let apart = quote.apart.then(|| view! { <Hidden name="apart" value="yes"/> });
    view! {
        <Card>
            {apart}
            <Hidden name="key" value=flashes::new_key().to_string()/>
            <Hidden name="store_id" value=quote.store.id.to_string()/>
            <Hidden name="expected_total_fen" value=quote.total_fen.0.to_string()/>
            {freight}
            <p class="flex items-baseline justify-between">
                <span>{format!("共 {pieces} 件")}</span>
                <Price amount=quote.total_fen.to_string() large=true/>
            </p>
            <div class="mt-3"><Button block=true size=Size::Large disabled=!quote.orderable>"提交订单"</Button></div>
            <p class="mt-2 text-center text-xs text-base-content/70">"提交后请在时限内付款，库存为您保留"</p>
        </Card>
    }
}

/// What goods and way cost, each by itself.
pub fn freight(quote: &Quote) -> impl IntoView + use<> {
    let (goods, fee) = (quote.goods_fen.to_string(), quote.freight_fen.to_string());
    view! {
        <p class="flex justify-between text-sm text-base-content/70"><span>"商品"</span><span class="tabular">{goods}</span></p>
        <p class="mb-2 flex justify-between text-sm text-base-content/70"><span>"配送费"</span><span class="tabular">{fee}</span></p>
    }
}

#[component]
pub fn Lines(quote: Quote) -> impl IntoView {
    let lines = quote.lines.iter().map(|line| {
        let apart = apart::button(&quote, line).map(|button| view! { <div class="mt-1">{button}</div> });
        let line = line.clone();
        let choice = [line.spec, line.options_text].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
        let problem = line.problem.map(|problem| view! { <p class="text-sm text-error" role="alert">{problem}</p> });
        view! {
            <li class="flex gap-3 py-2">
                <div class="w-14 shrink-0 overflow-hidden rounded-box"><GoodsPicture picture=line.picture alt="".into() sizes="56px"/></div>
                <div class="min-w-0 flex-1">
                    <p class="truncate font-medium">{line.name}</p>
                    <p class="truncate text-sm text-base-content/70">{choice}</p>
                    {problem}
                    {apart}
                </div>
                <p class="text-right text-sm">
                    <Price amount=line.total_fen.to_string()/>
                    <span class="block text-base-content/70">{format!("×{}", line.quantity)}</span>
                </p>
            </li>
        }
    });
    let lines = lines.collect_view();
    view! { <ul class="divide-y divide-base-200">{lines}</ul> }
}
