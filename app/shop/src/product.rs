//! A product at a store: pictures, price, stock, the choice of variant and options, into the cart.

use commerce::{cart, catalog, fulfilment::routing, nearby, sessions};
use domain::{
    Fault, Fen, Fields,
    cart::SetLine as SetLineCommand,
    catalog::{Modifier, ProductView, SkuView},
    nearby::{NearbySku, NearbyStore},
    stores::StoreCard,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{
    Asked, Next, Page,
    cookies::{self, Bearer},
};
use ui::{Badge, Button, Form, Glyph, Hidden, Icon, Notice, Price, Stepper, Tone};

use crate::{
    frame::{Frame, Tab, chosen_place},
    goods::GoodsPicture,
};

/// Sets a line of the cart. A visitor gets a session with their first line.
#[server(prefix = "/rpc/shop", endpoint = "set_line")]
pub async fn set_line(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("line", "/login", fields, async |scope, fields| {
        let line = SetLineCommand::from_fields(&fields)?;
        let (store, sku, options) = (line.store_id, line.sku_id, line.options.clone());
        let buys = fields.given("buy").is_some();
        if scope.has_cart() {
            cart::set_line(&scope, line).await?;
            // One that is set apart is ordered with what is there.
            let to = if buys {
                format!("/checkout/{}", cart::part_of(&scope, store, sku, &options).await?)
            } else {
                "/cart".to_owned()
            };
            return Ok(Next::to(to));
        }
        let (token, scope) = sessions::welcome(&scope).await?;
        let cookie = cookies::session(&scope, Bearer::Shopper, &token);
        cart::set_line(&scope, line).await?;
        let to = if buys { format!("/checkout/{store}") } else { "/cart".to_owned() };
        Ok(Next::to(to).with_cookie(cookie))
    })
    .await
}

pub async fn product(asked: Asked) -> Result<Page, Fault> {
    let scope = &asked.scope;
    let near = chosen_place(&asked).map(|(point, _)| point);
    let (store, product) = catalog::show_at(scope, asked.part("store"), near, asked.part("product")).await?;
    let store = store.card;
    let others = nearby::with_some(scope, &store, &product.skus, near).await?;
    let sender = routing::of_product(scope, &store, &product.skus, near).await?;
    let frame = Frame::of(&asked).await;
    let description = format!("{}。{}", product.card.subtitle, product.description);
    Ok(Page::new(format!("{} · {}", product.card.name, store.name), move || {
        let body = view! { <ProductPage asked=asked product=product store=store.clone() others=others sender=sender/> };
        frame.at_store(Tab::Menu, &store, body.into_any())
    })
    .described(description))
}

#[component]
fn ProductPage(
    asked: Asked,
    product: ProductView,
    store: StoreCard,
    others: Vec<NearbyStore>,
    sender: Option<StoreCard>,
) -> impl IntoView {
    let sent = sender.map(|sender| sent_by(&store, sender, &product.card.code));
    let card = product.card.clone();
    let nearby = (!others.is_empty())
        .then(|| view! { <Nearby others=others product=card.code.clone() sold_out=card.available <= 0/> });
    let tags = card.tags.iter().cloned().map(|tag| view! { <Badge tone=Tone::Accent>{tag}</Badge> }).collect_view();
    let reason = if card.from { "起" } else { "" };
    view! {
        <article class="mt-3 grid gap-6 lg:grid-cols-2">
            <div class="overflow-hidden rounded-box lg:sticky lg:top-20 lg:self-start">
                <GoodsPicture picture=card.picture alt=card.name.clone() sizes="(min-width: 1024px) 560px, 100vw" eager=true/>
            </div>
            <div>
                <h1 class="flex items-center gap-2 text-2xl font-bold">{card.name}{tags}</h1>
                <p class="mt-1 text-base-content/70">{card.subtitle}</p>
                <p class="mt-3"><Price amount=card.price_fen.to_string() reason=reason large=true/></p>
                <p class="mt-1 flex items-center gap-1.5 text-sm text-base-content/70">
                    <Icon glyph=Glyph::Shop class="size-4"/>
                    {format!("{} · {}", store.name, stock_text(card.available))}
                </p>
                {sent}
                <Choose asked=asked product=product.clone()/>
                {nearby}
                <h2 class="mt-8 text-lg font-bold">"商品介绍"</h2>
                <p class="mt-1 whitespace-pre-line leading-relaxed">{product.description}</p>
            </div>
        </article>
    }
}

/// Who sends it by express: this store, or the one that head office's rule finds.
fn sent_by(store: &StoreCard, sender: StoreCard, product: &str) -> impl IntoView + use<> {
    let who = if sender.id == store.id {
        view! { <span>"可寄快递，由本店发货"</span> }.into_any()
    } else {
        let href = format!("/s/{}/p/{product}", sender.code);
        view! { <span>"可寄快递，由 " <a class="link" href=href>{sender.name}</a> " 发货"</span> }.into_any()
    };
    view! {
        <p class="mt-1 flex items-center gap-1.5 text-sm text-base-content/70"><Icon glyph=Glyph::Truck class="size-4"/>{who}</p>
    }
}

/// 附近有货: other open stores that have some, each with the way to it. It stands open where this store has none.
#[component]
fn Nearby(others: Vec<NearbyStore>, product: String, sold_out: bool) -> impl IntoView {
    let count = others.len();
    let row = |other: NearbyStore| {
        let stock = other.skus.iter().map(NearbySku::text).collect::<Vec<_>>().join(" · ");
        let href = format!("/s/{}/p/{product}", other.store.code);
        let distance = other.store.distance_m.map(text::distance).unwrap_or_default();
        view! {
            <li>
                <a class="flex min-h-11 items-center gap-3 py-2.5" href=href>
                    <span class="min-w-0 flex-1">
                        <span class="block truncate font-medium">{other.store.name}</span>
                        <span class="block text-sm text-base-content/70">{stock}</span>
                    </span>
                    <span class="tabular shrink-0 text-sm text-base-content/70">{distance}</span>
                    <Icon glyph=Glyph::ChevronRight class="size-4 shrink-0 text-base-content/50"/>
                </a>
            </li>
        }
    };
    let rows = others.into_iter().map(row).collect_view();
    view! {
        <details class="panel mt-6 px-4" open=sold_out>
            <summary class="flex min-h-12 cursor-pointer items-center gap-2 font-bold">
                <Icon glyph=Glyph::Location class="size-5"/>"附近有货"
                <span class="ms-auto text-sm font-normal text-base-content/70">{format!("{count} 家门店")}</span>
            </summary>
            <ul class="divide-y divide-base-300 pb-1">{rows}</ul>
        </details>
    }
}

fn stock_text(available: i64) -> String {
    match available {
        ..=0 => "本店已售罄".into(),
        few @ 1..=10 => format!("本店仅剩 {few} 件"),
        _ => "本店有货".into(),
    }
}

/// The form: one variant, options within their bounds, a quantity. What failed is still chosen.
#[component]
fn Choose(asked: Asked, product: ProductView) -> impl IntoView {
    let typed = |name: &str| asked.field("line", name).1;
    let (quantity_error, quantity_typed) = asked.field("line", "quantity");
    let message = asked.flash_of("line").map(|flash| flash.message.clone());
    let chosen = typed("sku_id").or_else(|| first_in_stock(&product.skus));
    let skus = view! { <Skus skus=product.skus.clone() specs=product.specs.iter().map(|spec| spec.name.clone()).collect() chosen=chosen/> };
    let modifiers = product.modifiers.clone().into_iter().map(|modifier| {
        let radio = typed(&format!("option.{}", modifier.code));
        let boxes: Vec<_> = modifier
            .options
            .iter()
            .filter(|option| typed(&format!("extra.{}", option.code)).is_some())
            .map(|option| option.code.clone())
            .collect();
        view! { <Options modifier=modifier chosen=radio.into_iter().chain(boxes).collect()/> }
    });
    let modifiers = modifiers.collect_view();
    let limits = limits(&product.skus);
    let sold_out = product.card.available <= 0;
    let here = asked.here.clone();
    let quantity = quantity_typed.unwrap_or_else(|| "1".into());
    view! {
        <Form action=SetLine::PATH class="mt-4">
            <Hidden name="from" value=here/>
            <Hidden name="store_id" value=product.store_id.to_string()/>
            {message.map(|message| view! { <Notice tone=Tone::Error>{message}</Notice> })}
            {skus}
            {limits}
            {modifiers}
            <div class="mt-5"><QuantityField value=quantity error=quantity_error/></div>
            <div class="mt-5 grid grid-cols-2 gap-3">
                <Button tone=Tone::Plain block=true disabled=sold_out>"加入购物车"</Button>
                <Button name="buy" value="1" block=true disabled=sold_out>"立即购买"</Button>
            </div>
        </Form>
    }
}

/// 限购: what one member may have of each variant that is limited, and has had.
fn limits(skus: &[SkuView]) -> Option<impl IntoView + use<>> {
    let limited = skus.iter().filter_map(|sku| {
        let text = sku.limit?.text();
        Some(if sku.values.is_empty() { text } else { format!("{}：{text}", sku.label()) })
    });
    let limited: Vec<String> = limited.collect();
    (!limited.is_empty()).then(|| view! { <p class="mt-2 text-sm text-base-content/70">{limited.join("；")}</p> })
}

fn first_in_stock(skus: &[SkuView]) -> Option<String> {
    skus.iter().find(|sku| sku.available > 0).or(skus.first()).map(|sku| sku.id.to_string())
}

/// The number as it was typed, whatever that was, with what is wrong with it.
#[component]
fn QuantityField(value: String, error: Option<String>) -> impl IntoView {
    match (value.parse(), error) {
        (Ok(value), None) => view! { <Stepper name="quantity" label="数量" value=value min=1 max=999/> }.into_any(),
        (_, error) => {
            let error = error.unwrap_or_default();
            view! { <ui::Field name="quantity" label="数量" inputmode="numeric" value=value error=error/> }.into_any()
        }
    }
}

/// The variants; the only one of a product without specifications is chosen unseen.
#[component]
fn Skus(skus: Vec<SkuView>, specs: Vec<String>, chosen: Option<String>) -> impl IntoView {
    if let ([only], true) = (skus.as_slice(), specs.is_empty()) {
        return view! { <Hidden name="sku_id" value=only.id.to_string()/> }.into_any();
    }
    let cards = skus.into_iter().map(|sku| {
        let note = if sku.available <= 0 { "已售罄".to_owned() } else { sku.price_fen.to_string() };
        let id = sku.id.to_string();
        let checked = chosen.as_deref() == Some(id.as_str());
        view! { <Pick kind="radio" name="sku_id".into() value=id label=sku.label() note=note checked=checked disabled=sku.available <= 0/> }
    });
    view! {
        <fieldset class="mt-4">
            <legend class="mb-2 font-bold">{specs.join(" / ")}</legend>
            <div class="flex flex-wrap gap-2">{cards.collect_view()}</div>
        </fieldset>
    }
    .into_any()
}

/// One group of options: radio buttons where exactly one is chosen, else check boxes.
#[component]
fn Options(modifier: Modifier, chosen: Vec<String>) -> impl IntoView {
    let one = modifier.at_least == 1 && modifier.at_most == 1;
    let hint = if one { String::new() } else { format!("最多选 {} 项", modifier.at_most) };
    let fallback = modifier.options.first().map(|option| option.code.clone()).filter(|_| one && chosen.is_empty());
    let group = modifier.code.clone();
    let picks = modifier.options.into_iter().map(|option| {
        let note = if option.price_fen > Fen::ZERO { format!("+{}", option.price_fen) } else { String::new() };
        let checked = chosen.contains(&option.code) || fallback.as_ref() == Some(&option.code);
        let (kind, name, value) = if one {
            ("radio", format!("option.{group}"), option.code)
        } else {
            ("checkbox", format!("extra.{}", option.code), "1".to_owned())
        };
        view! { <Pick kind=kind name=name value=value label=option.name note=note checked=checked disabled=false/> }
    });
    view! {
        <fieldset class="mt-4">
            <legend class="mb-2 font-bold">{modifier.name} <span class="ms-2 text-sm font-normal text-base-content/70">{hint}</span></legend>
            <div class="flex flex-wrap gap-2">{picks.collect_view()}</div>
        </fieldset>
    }
}

/// A choice as a chip: a real radio button or check box underneath.
#[component]
fn Pick(
    kind: &'static str,
    name: String,
    value: String,
    label: String,
    note: String,
    checked: bool,
    disabled: bool,
) -> impl IntoView {
    let note = (!note.is_empty()).then(|| view! { <span class="tabular text-xs">{note}</span> });
    view! {
        <label class="pick">
            <input type=kind name=name value=value checked=checked disabled=disabled class="sr-only"/>
            <span>{label}</span>
            {note}
        </label>
    }
}
