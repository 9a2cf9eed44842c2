//! 购物车: the lines of each store, and those that are set apart there, with the prices and stock of this moment.

use commerce::cart;
use domain::{
    Fault, Fen, Fields,
    cart::{Quote, QuotedLine, RemoveLine as RemoveLineCommand},
    checkout::PlaceCheckout,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Button, CountButtons, EmptyState, Form, Glyph, Hidden, Icon, LinkButton, Notice, Price, Size, Tone};

use crate::{
    apart::{self, many, mark},
    choices::Choices,
    frame::{Frame, Tab, news},
    goods::GoodsPicture,
    home::ToTheShop,
    product::SetLine,
};

/// Takes a line out.
#[server(prefix = "/rpc/shop", endpoint = "remove_line")]
pub async fn remove_line(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("line", "/login", fields, async |scope, fields| {
        cart::remove_line(&scope, RemoveLineCommand::from_fields(&fields)?).await?;
        Ok(Next::to("/cart"))
    })
    .await
}

pub async fn cart(asked: Asked) -> Result<Page, Fault> {
    let view = cart::show(&asked.scope).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("购物车", move || {
        let body = if view.quotes.is_empty() {
            view! {
                <EmptyState glyph=Glyph::Cart title="购物车还是空的" text="去附近的门店挑点喜欢的吧。"><ToTheShop/></EmptyState>
            }
            .into_any()
        } else {
            let together = together(&view.quotes);
            let to: Vec<String> = view.quotes.iter().map(|quote| checkout_of(&view.quotes, quote)).collect();
            let quotes = view.quotes.into_iter().zip(to).map(|(quote, to)| view! { <PartQuote quote=quote to=to/> });
            let quotes = quotes.collect_view();
            view! { {news(&asked, "line")} <div class="grid grid-cols-1 gap-4">{quotes} {together}</div> }.into_any()
        };
        frame.titled(Tab::Cart, "购物车", "", body)
    }))
}

/// Where a part is ordered: with the other one of its store, where there is one.
fn checkout_of(all: &[Quote], quote: &Quote) -> String {
    let own = quote.part();
    if all.iter().all(|one| one.part() != own.other()) {
        return format!("/checkout/{own}");
    }
    Choices::only(all.iter().map(Quote::part), |part| part.store_id == own.store_id).address()
}

/// The way to order all parts at once, where there are several that can be ordered.
fn together(quotes: &[Quote]) -> Option<impl IntoView + use<>> {
    let parts: Vec<&Quote> = quotes.iter().filter(|quote| quote.orderable).take(PlaceCheckout::PARTS_MOST).collect();
    let total = parts.iter().try_fold(Fen::ZERO, |sum, quote| sum.checked_add(quote.total_fen))?;
    let orders = many(parts.iter().copied());
    (parts.len() > 1).then(|| {
        view! {
            <section class="panel flex items-center justify-between gap-3 p-4">
                <p>
                    <span class="block text-sm text-base-content/70">{format!("{orders}，一次付清")}</span>
                    "合计 " <Price amount=total.to_string() large=true/>
                </p>
                <LinkButton href="/checkout" tone=Tone::Primary size=Size::Large>"一起结算"</LinkButton>
            </section>
        }
    })
}

/// One store's part of the cart; `to` is where it is ordered.
#[component]
fn PartQuote(quote: Quote, to: String) -> impl IntoView {
    let (store, mark) = (quote.store.clone(), mark(&quote));
    let store_id = store.id.to_string();
    let lines = quote.lines.iter().map(|line| {
        let apart = apart::form(&quote, line);
        view! { <CartLine store_id=store_id.clone() store=store.code.clone() line=line.clone() apart=apart/> }
    });
    let lines = lines.collect_view();
    let closed = (!store.opening.takes_orders)
        .then(|| view! { <Notice tone=Tone::Warn>{format!("{}，暂不能下单", store.opening.text)}</Notice> });
    view! {
        <section class="panel p-4">
            <h2 class="flex items-center gap-2 font-bold">
                <Icon glyph=Glyph::Shop class="size-5 text-primary"/>
                <a class="truncate" href=format!("/s/{}", store.code)>{store.name.clone()}</a>
                {mark}
            </h2>
            {closed}
            <ul class="divide-y divide-base-200">{lines}</ul>
            <div class="mt-3 flex items-center justify-between gap-3">
                <p>"合计 " <Price amount=quote.total_fen.to_string() large=true/></p>
                <LinkButton href=to tone=Tone::Primary size=Size::Large>"去结算"</LinkButton>
            </div>
        </section>
    }
}

#[component]
fn CartLine(store_id: String, store: String, line: QuotedLine, apart: Option<AnyView>) -> impl IntoView {
    let choice = [line.spec.clone(), line.options_text.clone()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(" · ");
    let problem = line.problem.map(|problem| view! { <p class="mt-1 text-sm text-error" role="alert">{problem}</p> });
    let options = line.options.codes().join(",");
    let quantity = u32::try_from(line.quantity.get()).unwrap_or(1);
    let sku_id = line.sku_id.to_string();
    let hidden = || view! { <LineKey store_id=store_id.clone() sku_id=sku_id.clone() options=options.clone()/> };
    let (remove_key, set_key) = (hidden(), hidden());
    let label = format!("{} 的数量", line.name);
    let remove = format!("删除 {}", line.name);
    view! {
        <li class="flex gap-3 py-3">
            <a class="w-20 shrink-0 overflow-hidden rounded-box" href=format!("/s/{store}/p/{}", line.product_code)>
                <GoodsPicture picture=line.picture alt=line.name.clone() sizes="80px"/>
            </a>
            <div class="min-w-0 flex-1">
                <p class="truncate font-bold">{line.name.clone()}</p>
                <p class="truncate text-sm text-base-content/70">{choice}</p>
                {problem}
                <div class="mt-2 flex flex-wrap items-center justify-between gap-2">
                    <Price amount=line.total_fen.to_string()/>
                    <div class="flex flex-wrap items-center gap-1">
                        {apart}
                        <Form action=RemoveLine::PATH>
                            {remove_key}
                            <Button tone=Tone::Plain size=Size::Small label=remove>"删除"</Button>
                        </Form>
                        <Form action=SetLine::PATH>
                            {set_key}
                            <CountButtons name="quantity" value=quantity min=1 max=999 label=label/>
                        </Form>
                    </div>
                </div>
            </div>
        </li>
    }
}

/// Which line a form is about.
#[component]
fn LineKey(store_id: String, sku_id: String, options: String) -> impl IntoView {
    view! {
        <Hidden name="from" value="/cart"/>
        <Hidden name="store_id" value=store_id/>
        <Hidden name="sku_id" value=sku_id/>
        <Hidden name="options" value=options/>
    }
}
