//! Checkout of several stores at once: each store's part with its own time and note, one sum, one button. A store that
//! cannot be ordered from, or that the shopper leaves for later, stays in the cart.

use std::collections::BTreeSet;

use commerce::{cart, flashes, members, orders};
use domain::{Fault, Fen, Fields, StoreId, cart::Quote, checkout::PlaceCheckout as PlaceCheckoutCommand, text};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Button, Card, EmptyState, Form, Glyph, Hidden, Icon, LinkButton, Notice, Price, Select, SelectItem, Size, TextArea,
    Tone,
};

use crate::{
    checkout::{Lines, slot_text},
    frame::{Frame, Tab},
    home::ToTheShop,
};

/// The part of the page that its form speaks to.
const FORM: &str = "checkout";

/// Places an order at each store; sent twice they are the same orders.
#[server(prefix = "/rpc/shop", endpoint = "place_checkout")]
pub async fn place_checkout(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let placed = orders::place_all(&scope, PlaceCheckoutCommand::from_fields(&fields)?).await?;
        let first = placed.orders.first().ok_or(Fault::NotFound("这些订单"))?;
        Ok(Next::to(format!("/orders/{}", first.id)))
    })
    .await
}

pub async fn together(asked: Asked) -> Result<Page, Fault> {
    let me = members::me(&asked.scope).await?;
    let cart = cart::show(&asked.scope).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("一起结算", move || {
        let left_out = left_out(&asked);
        let fits = |quote: &Quote| quote.orderable && !left_out.contains(&quote.store.id);
        let (mut parts, mut others): (Vec<Quote>, Vec<Quote>) = cart.quotes.into_iter().partition(fits);
        let beyond = parts.split_off(parts.len().min(PlaceCheckoutCommand::STORES_MOST));
        others.extend(beyond);
        let body = if parts.is_empty() && others.is_empty() {
            view! { <EmptyState glyph=Glyph::Cart title="没有待结算的商品" text="可能已经下过单了，去订单里看看。"><ToTheShop/></EmptyState> }
                .into_any()
        } else {
            let phone = text::masked_phone(me.phone.as_str());
            view! { <Parts asked=asked parts=parts others=others phone=phone/> }.into_any()
        };
        frame.titled(Tab::Cart, "一起结算", "/cart", body)
    }))
}

/// The stores that the address leaves for later.
fn left_out(asked: &Asked) -> BTreeSet<StoreId> {
    asked.query.codes("without").iter().filter_map(|store| store.parse().ok()).collect()
}

/// The address of this page with these stores left for later.
fn without(stores: impl IntoIterator<Item = StoreId>) -> String {
    let stores: Vec<String> = stores.into_iter().map(|store| store.to_string()).collect();
    if stores.is_empty() { "/checkout".into() } else { format!("/checkout?without={}", stores.join(",")) }
}

#[component]
fn Parts(asked: Asked, parts: Vec<Quote>, others: Vec<Quote>, phone: String) -> impl IntoView {
    let message = asked.flash_of(FORM).map(|flash| flash.message.clone());
    let message = message.map(|message| view! { <Notice tone=Tone::Error>{message}</Notice> });
    let left_out = left_out(&asked);
    let others = others.into_iter().map(|quote| other(&asked, &quote, &left_out)).collect_view();
    let sum = match parts.as_slice() {
        [] => few("现在没有可以结算的门店".into(), "/cart".into(), "返回购物车"),
        [only] => {
            few(format!("只剩 {} 可以结算", only.store.name), format!("/checkout/{}", only.store.id), "单独结算这家")
        }
        several => submit(several, &asked),
    };
    // One by itself has a page of its own.
    let several = parts.len() > 1;
    let stores = parts.iter().filter(|_| several).map(|quote| part(&asked, quote, &left_out)).collect_view();
    view! {
        <Form action=PlaceCheckout::PATH class="grid grid-cols-1 gap-4 lg:grid-cols-[1fr_22rem] lg:items-start">
            <div class="grid grid-cols-1 gap-4">
                {message}
                <p class="flex items-center gap-2 text-sm">
                    <Icon glyph=Glyph::Phone class="size-5 text-primary"/>
                    {format!("取货人手机 {phone}")}
                </p>
                {stores}
                {others}
            </div>
            <div class="lg:sticky lg:top-20">{sum}</div>
        </Form>
    }
}

/// What is wrong with a store's part and has no field of its own.
fn complaints(asked: &Asked, store: StoreId) -> Vec<String> {
    let (whole, line) = (format!("store.{store}"), format!("line.{store}."));
    let about = |field: &str| field == whole || field.starts_with(&line);
    let flash = asked.flash_of(FORM).into_iter().flat_map(|flash| &flash.complaints);
    flash.filter(|complaint| about(&complaint.field)).map(|complaint| complaint.message.clone()).collect()
}

/// The order at one store.
fn part(asked: &Asked, quote: &Quote, left_out: &BTreeSet<StoreId>) -> impl IntoView + use<> {
    let store = quote.store.clone();
    let field = |name: &str| {
        let name = format!("{name}.{}", store.id);
        let (error, value) = asked.field(FORM, &name);
        (name, error.unwrap_or_default(), value.unwrap_or_default())
    };
    let ((slot_name, slot_error, slot), (note_name, note_error, note)) = (field("slot"), field("note"));
    let wrong = complaints(asked, store.id)
        .into_iter()
        .map(|message| view! { <Notice tone=Tone::Error>{message}</Notice> })
        .collect_view();
    let slots = quote.slots.iter().map(|slot| SelectItem::new(slot.start.to_rfc3339(), slot_text(slot, quote, asked)));
    let slots = slots.collect::<Vec<_>>();
    let later = without(left_out.iter().copied().chain([store.id]));
    let label = format!("{} 先不结算", store.name);
    let (total, quote) = (quote.total_fen, quote.clone());
    view! {
        <Card>
            <Hidden name=format!("key.{}", store.id) value=flashes::new_key().to_string()/>
            <Hidden name=format!("expected_total_fen.{}", store.id) value=total.0.to_string()/>
            <div class="flex items-start justify-between gap-3">
                <h2 class="flex min-w-0 items-start gap-2">
                    <Icon glyph=Glyph::Shop class="mt-0.5 size-5 shrink-0 text-primary"/>
                    <span class="min-w-0">
                        <span class="block font-bold">{store.name}</span>
                        <span class="block text-sm font-normal text-base-content/70">{format!("到店自提 · {}", store.address)}</span>
                    </span>
                </h2>
                <LinkButton href=later size=Size::Small label=label>"先不结算"</LinkButton>
            </div>
            {wrong}
            <Lines quote=quote/>
            <div class="mt-3">
                <Select name=slot_name label="取货时间" items=slots value=slot error=slot_error/>
                <TextArea name=note_name label="备注" hint="口味、包装等，100 字以内" rows=2 maxlength=100 value=note error=note_error/>
            </div>
            <p class="flex items-baseline justify-between">"小计" <Price amount=total.to_string()/></p>
        </Card>
    }
}

/// A store that is not ordered from now, and why.
fn other(asked: &Asked, quote: &Quote, left_out: &BTreeSet<StoreId>) -> impl IntoView + use<> {
    let store = quote.store.clone();
    let mut reasons = complaints(asked, store.id);
    if reasons.is_empty() && !quote.store.opening.takes_orders {
        reasons.push(format!("{}，暂不能下单", quote.store.opening.text));
    }
    if reasons.is_empty() {
        let problem = |line: &domain::cart::QuotedLine| Some(format!("{} {}", line.name, line.problem.as_ref()?));
        reasons.extend(quote.lines.iter().filter_map(problem));
    }
    let chosen = quote.orderable.then(|| {
        let back = without(left_out.iter().copied().filter(|other| *other != store.id));
        view! { <LinkButton href=back size=Size::Small>"加入这次结算"</LinkButton> }
    });
    let reasons = reasons.into_iter().map(|reason| view! { <p class="text-sm text-error" role="alert">{reason}</p> });
    let reasons = reasons.collect_view();
    view! {
        <Card class="opacity-90">
            <div class="flex items-start justify-between gap-3">
                <div class="min-w-0">
                    <h2 class="font-bold">{store.name}</h2>
                    <p class="text-sm text-base-content/70">"这次不结算，商品留在购物车"</p>
                    {reasons}
                </div>
                {chosen}
            </div>
        </Card>
    }
}

/// What is to be done where there are too few stores to order from together.
fn few(text: String, href: String, label: &'static str) -> AnyView {
    view! {
        <Card>
            <p>{text}</p>
            <div class="mt-3"><LinkButton href=href block=true tone=Tone::Primary size=Size::Large>{label}</LinkButton></div>
        </Card>
    }
    .into_any()
}

/// The sum of all parts and the one button.
fn submit(parts: &[Quote], asked: &Asked) -> AnyView {
    let pieces: i64 = parts.iter().flat_map(|quote| &quote.lines).map(|line| line.quantity.get()).sum();
    let total = parts.iter().try_fold(Fen::ZERO, |sum, quote| sum.checked_add(quote.total_fen)).unwrap_or(Fen::ZERO);
    let (stores, here) = (parts.len(), asked.here.clone());
    view! {
        <Card>
            <Hidden name="from" value=here/>
            <Hidden name="key" value=flashes::new_key().to_string()/>
            <p class="flex items-baseline justify-between">
                <span>{format!("{stores} 家门店 共 {pieces} 件")}</span>
                <Price amount=total.to_string() large=true/>
            </p>
            <div class="mt-3"><Button block=true size=Size::Large>"提交订单，一起付款"</Button></div>
            <p class="mt-2 text-center text-xs text-base-content/70">"每家门店一个订单，一次付清；提交后请在时限内付款，库存为您保留"</p>
        </Card>
    }
    .into_any()
}
