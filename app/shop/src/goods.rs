//! Goods in lists, the same on every page.

use std::sync::LazyLock;

use domain::catalog::ProductCard;
use leptos::prelude::*;
use ui::{Badge, Picture, Price, Remembered, Tone};

/// The addresses of a picture's two sizes.
pub fn srcset(picture: &str) -> String {
    format!("/pictures/{picture}-320.webp 320w, /pictures/{picture}-640.webp 640w")
}

/// A square picture of goods.
#[component]
pub fn GoodsPicture(
    picture: String,
    alt: String,
    /// What it measures on the page, as of the `sizes` attribute.
    sizes: &'static str,
    #[prop(optional)] eager: bool,
    #[prop(optional)] class: &'static str,
) -> impl IntoView {
    let src = format!("/pictures/{picture}-320.webp");
    view! { <Picture src=src alt=alt width=640 height=640 srcset=srcset(&picture) sizes=sizes eager=eager class=class/> }
}

/// A grid of goods; each leads to its page at this store.
#[component]
pub fn GoodsGrid(store: String, goods: Vec<ProductCard>) -> impl IntoView {
    let cards = goods.into_iter().enumerate().map(|(at, card)| {
        let facts = (store.clone(), card, at < 4);
        CARDS.text(facts, |(store, card, eager)| view! { <GoodsCard store=store card=card eager=eager/> })
    });
    let cards: String = cards.fold(String::new(), |all, card| all + &card);
    view! {
        <ul class="grid grid-cols-2 gap-3 sm:grid-cols-3 lg:grid-cols-4 xl:grid-cols-5" inner_html=cards></ul>
    }
}

/// Cards by store, product with its price and stock, and whether its picture is wanted at once. A menu
/// is mostly cards, and from one visit to the next few of them differ.
static CARDS: LazyLock<Remembered<(String, ProductCard, bool)>> = LazyLock::new(Remembered::default);

#[component]
fn GoodsCard(store: String, card: ProductCard, eager: bool) -> impl IntoView {
    let href = format!("/s/{store}/p/{}", card.code);
    let tag = card.tags.first().cloned().map(|tag| view! { <Badge tone=Tone::Accent>{tag}</Badge> });
    let price = card.price_fen.to_string();
    let reason = if card.from { "起" } else { "" };
    let left = match card.available {
        ..=0 => Some(view! { <span class="text-error">"已售罄"</span> }.into_any()),
        few @ 1..=10 => Some(view! { <span class="text-warning">{format!("仅剩 {few} 件")}</span> }.into_any()),
        _ => None,
    };
    let faded = if card.available <= 0 { "opacity-60" } else { "" };
    view! {
        <li>
            <a href=href class="panel panel-link block h-full overflow-hidden">
                <GoodsPicture picture=card.picture alt="".into() sizes="(min-width: 1024px) 220px, 46vw" eager=eager class=faded/>
                <div class="p-3">
                    <p class="flex items-center gap-1.5">
                        <span class="truncate font-bold">{card.name}</span>
                        {tag}
                    </p>
                    <p class="mt-0.5 truncate text-sm text-base-content/70">{card.subtitle}</p>
                    <p class="mt-2 flex items-end justify-between gap-2 text-sm">
                        <Price amount=price reason=reason/>
                        {left}
                    </p>
                </div>
            </a>
        </li>
    }
}
