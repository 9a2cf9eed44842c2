//! Checkout of several parts of the cart at once, of several stores or of one: each with its own way, time and note, one
//! sum, one button. A part that cannot be ordered, or that the shopper leaves for later, stays in the cart. What is chosen
//! stands in the address.

use std::collections::BTreeMap;

use commerce::{cart, flashes, fulfilment::addresses, members, orders};
use domain::{
    Fault, Fen, Fields,
    cart::{Part as CartPart, Quote, QuotedLine},
    checkout::PlaceCheckout as PlaceCheckoutCommand,
    fulfilment::{AddressView, Wish},
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Button, Card, EmptyState, Form, Glyph, Hidden, Icon, LinkButton, Notice, Price, Size, TextArea, Tone};

use crate::{
    apart::{many, mark, name_of},
    checkout::{Lines, freight},
    choices::{Choices, NEXT, SEVERAL, address_of, choose_path, with_address},
    frame::{Frame, Tab},
    home::ToTheShop,
    sending::{Part, said},
};

/// Places an order for each part; sent twice they are the same orders.
#[server(prefix = "/rpc/shop", endpoint = "place_checkout")]
pub async fn place_checkout(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(SEVERAL, "/login", fields, async |scope, fields| {
        let placed = orders::place_all(&scope, PlaceCheckoutCommand::from_fields(&fields)?).await?;
        let first = placed.orders.first().ok_or(Fault::NotFound("这些订单"))?;
        Ok(Next::to(format!("/orders/{}", first.id)))
    })
    .await
}

pub async fn together(asked: Asked) -> Result<Page, Fault> {
    let me = members::me(&asked.scope).await?;
    let book = addresses::mine(&asked.scope).await?;
    let choices = Choices::from_fields(&asked.query);
    let cart = cart::show_for(&asked.scope, &wishes(&choices, &book)).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("一起结算", move || {
        let (mut parts, mut others): (Vec<Quote>, Vec<Quote>) =
            cart.quotes.into_iter().partition(|quote| has_goods(quote) && !choices.without.contains(&quote.part()));
        let beyond = parts.split_off(parts.len().min(PlaceCheckoutCommand::PARTS_MOST));
        others.extend(beyond);
        let body = if parts.is_empty() && others.is_empty() {
            view! { <EmptyState glyph=Glyph::Cart title="没有待结算的商品" text="可能已经下过单了，去订单里看看。"><ToTheShop/></EmptyState> }
                .into_any()
        } else {
            let sheet = Sheet { asked, choices, book, phone: text::masked_phone(me.phone.as_str()) };
            view! { <Parts sheet=sheet parts=parts others=others/> }.into_any()
        };
        frame.titled(Tab::Cart, "一起结算", "/cart", body)
    }))
}

/// What the address wishes for each part. Whatever is sent and says not where to goes where the others go.
fn wishes(choices: &Choices, book: &[AddressView]) -> BTreeMap<CartPart, Wish> {
    let usual = choices.wishes.values().find_map(|wish| wish.address_id);
    choices.wishes.iter().map(|(part, wish)| (*part, with_address(*wish, book, usual))).collect()
}

/// Whether the store takes orders and has everything, in whatever way it is to reach the shopper.
fn has_goods(quote: &Quote) -> bool {
    let whole = quote.lines.iter().all(|line| line.problem.is_none());
    whole && !quote.lines.is_empty() && quote.store.opening.takes_orders && quote.goods_fen > Fen::ZERO
}

/// What the whole page rests on.
struct Sheet {
    asked: Asked,
    choices: Choices,
    book: Vec<AddressView>,
    phone: String,
}

impl Sheet {
    fn part<'a>(&'a self, quote: &'a Quote) -> Part<'a> {
        let own = quote.part();
        Part {
            asked: &self.asked,
            form: SEVERAL,
            suffix: format!(".{own}"),
            quote,
            book: &self.book,
            with: Box::new(move |wish| self.choices.with(own, wish).address()),
        }
    }

    /// The button that leaves a part for later, or takes it in again.
    fn leave(&self, quote: &Quote, later: bool) -> AnyView {
        let to = self.choices.leaving(quote.part(), later).address();
        let (act, label) = if later {
            ("先不结算", format!("{} 先不结算", name_of(quote)))
        } else {
            ("加入这次结算", String::new())
        };
        view! { <Button tone=Tone::Plain size=Size::Small formaction=choose_path() name=NEXT value=to label=label>{act}</Button> }
            .into_any()
    }

    /// What is wrong with a part and has no field of its own.
    fn complaints(&self, part: CartPart) -> Vec<String> {
        let (whole, line) = (format!("store.{part}"), format!("line.{part}."));
        let about = |field: &str| field == whole || field.starts_with(&line);
        let flash = self.asked.flash_of(SEVERAL).into_iter().flat_map(|flash| &flash.complaints);
        flash.filter(|complaint| about(&complaint.field)).map(|complaint| complaint.message.clone()).collect()
    }
}

#[component]
fn Parts(sheet: Sheet, parts: Vec<Quote>, others: Vec<Quote>) -> impl IntoView {
    let said = said(&sheet.asked, SEVERAL);
    let others = others.into_iter().map(|quote| other(&sheet, &quote)).collect_view();
    let sum = match parts.as_slice() {
        [] => {
            let back = view! {
                <LinkButton href="/cart" block=true tone=Tone::Primary size=Size::Large>"返回购物车"</LinkButton>
            };
            few("现在没有可以结算的门店".into(), back.into_any())
        }
        [only] => alone(&sheet, only),
        several => submit(several),
    };
    // One by itself has a page of its own.
    let several = parts.len() > 1;
    let picked_up = parts.iter().any(|quote| several && !quote.fulfilment.is_sent());
    let phone = picked_up.then(|| {
        view! {
            <p class="flex items-center gap-2 text-sm">
                <Icon glyph=Glyph::Phone class="size-5 text-primary"/>
                {format!("预留手机 {}", sheet.phone)}
            </p>
        }
    });
    let stores = parts.iter().filter(|_| several).map(|quote| part(&sheet, quote)).collect_view();
    let (here, left_out) = (sheet.asked.here.clone(), sheet.choices.left_out());
    view! {
        <Form action=PlaceCheckout::PATH class="grid grid-cols-1 gap-4 lg:grid-cols-[1fr_22rem] lg:items-start">
            <Hidden name="from" value=here/>
            <Hidden name="without" value=left_out/>
            <div class="grid grid-cols-1 gap-4">
                {said}
                {phone}
                {stores}
                {others}
            </div>
            <div class="lg:sticky lg:top-20">{sum}</div>
        </Form>
    }
}

/// The order for one part.
fn part(sheet: &Sheet, quote: &Quote) -> impl IntoView + use<> {
    let (store, own, mark) = (quote.store.clone(), quote.part(), mark(quote));
    let part = sheet.part(quote);
    let (note_name, note_error, note) = part.field("note");
    let wrong = sheet
        .complaints(own)
        .into_iter()
        .map(|message| view! { <Notice tone=Tone::Error>{message}</Notice> })
        .collect_view();
    let sent = quote.fulfilment.is_sent();
    let place = quote.fulfilment.place_label();
    let where_to = if sent { place.to_owned() } else { format!("{place} · {}", store.address) };
    let brought = sent.then(|| view! { <div class="mb-2">{part.brought(true)}</div> });
    let (ways, better, hindrance) = (part.ways(), part.better(), part.hindrance());
    let (slots, chosen, later) = (part.slots(), part.chosen(), sheet.leave(quote, true));
    let costs = sent.then(|| freight(quote));
    let (total, quote) = (quote.total_fen, quote.clone());
    view! {
        <Card>
            <Hidden name=format!("key.{own}") value=flashes::new_key().to_string()/>
            <Hidden name=format!("expected_total_fen.{own}") value=total.0.to_string()/>
            {chosen}
            <div class="flex items-start justify-between gap-3">
                <h2 class="flex min-w-0 items-start gap-2">
                    <Icon glyph=Glyph::Shop class="mt-0.5 size-5 shrink-0 text-primary"/>
                    <span class="min-w-0">
                        <span class="block font-bold">{store.name} " " {mark}</span>
                        <span class="block text-sm font-normal text-base-content/70">{where_to}</span>
                    </span>
                </h2>
                {later}
            </div>
            {wrong}
            <div class="my-2 grid grid-cols-1 gap-2">{ways} {hindrance} {better}</div>
            {brought}
            <Lines quote=quote/>
            <div class="mt-3">
                {slots}
                <TextArea name=note_name label="备注" hint="口味、包装等，100 字以内" rows=2 maxlength=100
                    value=note.unwrap_or_default() error=note_error/>
            </div>
            {costs}
            <p class="flex items-baseline justify-between">"小计" <Price amount=total.to_string()/></p>
        </Card>
    }
}

/// A part that is not ordered now, and why. What was typed for it waits with it; where others can send its goods, they
/// are handed over here.
fn other(sheet: &Sheet, quote: &Quote) -> impl IntoView + use<> {
    let (store, mark) = (quote.store.clone(), mark(quote));
    let part = sheet.part(quote);
    let left = sheet.choices.without.contains(&quote.part());
    let mut reasons = sheet.complaints(quote.part());
    if reasons.is_empty() && !quote.store.opening.takes_orders {
        reasons.push(format!("{}，暂不能下单", quote.store.opening.text));
    }
    if reasons.is_empty() {
        let problem = |line: &QuotedLine| Some(format!("{} {}", line.name, line.problem.as_ref()?));
        reasons.extend(quote.lines.iter().filter_map(problem));
    }
    let reasons = reasons.into_iter().map(|reason| view! { <p class="text-sm text-error" role="alert">{reason}</p> });
    let reasons = reasons.collect_view();
    let back = (left && has_goods(quote)).then(|| sheet.leave(quote, false));
    let ways = (!left).then(|| (part.ways(), part.better()));
    let brought = (!left && quote.fulfilment.is_sent()).then(|| part.brought(true));
    let waiting = waiting(&part);
    view! {
        <Card class="opacity-90">
            {waiting}
            <div class="flex items-start justify-between gap-3">
                <div class="min-w-0">
                    <h2 class="font-bold">{store.name} " " {mark}</h2>
                    <p class="text-sm text-base-content/70">"这次不结算，商品留在购物车"</p>
                    {reasons}
                </div>
                {back}
            </div>
            <div class="mt-2 grid grid-cols-1 gap-2">{ways} {brought}</div>
        </Card>
    }
}

/// What was chosen and typed for a part whose fields are not shown: it waits with the part.
fn waiting(part: &Part<'_>) -> AnyView {
    let typed = ["note", "slot"].map(|name| {
        let (name, _, value) = part.field(name);
        value.map(|value| view! { <Hidden name=name value=value/> })
    });
    let (chosen, typed) = (part.chosen(), typed.into_iter().collect_view());
    view! { {chosen} {typed} }.into_any()
}

/// What is to be done where there are too few parts to order together.
fn few(text: String, act: AnyView) -> AnyView {
    view! { <Card><p>{text}</p><div class="mt-3">{act}</div></Card> }.into_any()
}

/// The way to the own checkout of the only part that is left, to which what was typed for it goes along.
fn alone(sheet: &Sheet, quote: &Quote) -> AnyView {
    let wish = Wish { fulfilment: quote.fulfilment, address_id: quote.address_id };
    let (waiting, to) = (waiting(&sheet.part(quote)), address_of(quote.part(), wish));
    let act = view! {
        {waiting}
        <Button block=true size=Size::Large formaction=choose_path() name=NEXT value=to>"单独结算这家"</Button>
    };
    few(format!("只剩 {} 可以结算", name_of(quote)), act.into_any())
}

/// The sum of all parts and the one button, which waits until each of them can be ordered.
fn submit(parts: &[Quote]) -> AnyView {
    let pieces: i64 = parts.iter().flat_map(|quote| &quote.lines).map(|line| line.quantity.get()).sum();
    let sum = |of: fn(&Quote) -> Fen| parts.iter().try_fold(Fen::ZERO, |sum, quote| sum.checked_add(of(quote)));
    let total = sum(|quote| quote.total_fen).unwrap_or(Fen::ZERO);
    let fees = sum(|quote| quote.freight_fen).unwrap_or(Fen::ZERO);
    let fees = parts.iter().any(|quote| quote.fulfilment.is_sent()).then(|| {
        view! {
            <p class="mb-2 flex justify-between text-sm text-base-content/70">
                <span>"其中配送费"</span><span class="tabular">{fees.to_string()}</span>
            </p>
        }
    });
    let waiting: Vec<String> = parts.iter().filter(|quote| !quote.orderable).map(name_of).collect();
    let ready = waiting.is_empty();
    let waiting = (!ready).then(|| {
        let text = format!("{} 还不能下单：请先处理上面的提示，或者先不结算这家", waiting.join("、"));
        view! { <p class="mt-3 text-sm text-error" role="alert">{text}</p> }
    });
    let orders = many(parts);
    let apart = if parts.iter().any(|quote| quote.apart) { "分开收货的另算一个，" } else { "" };
    let each = format!("每家门店一个订单，{apart}一次付清；提交后请在时限内付款，库存为您保留");
    view! {
        <Card>
            <Hidden name="key" value=flashes::new_key().to_string()/>
            {fees}
            <p class="flex items-baseline justify-between">
                <span>{format!("{orders} 共 {pieces} 件")}</span>
                <Price amount=total.to_string() large=true/>
            </p>
            {waiting}
            <div class="mt-3"><Button block=true size=Size::Large disabled=!ready>"提交订单，一起付款"</Button></div>
            <p class="mt-2 text-center text-xs text-base-content/70">{each}</p>
        </Card>
    }
    .into_any()
}
