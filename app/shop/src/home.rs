//! 首页: the nearest store or the one chosen last, its menu's best, and the way to others.

use commerce::{catalog, stores};
use domain::{
    Fault,
    catalog::BrowseGoods,
    stores::{FindStores, StoreCard},
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Card, Glyph, Icon, LinkButton, Picture, Section, Tone};

use crate::{
    finder::{ChooseHere, StoreEntry},
    frame::{Frame, Tab, chosen_place, chosen_store},
    goods::GoodsGrid,
};

/// How many goods and stores the page recommends.
const GOODS: usize = 10;
const STORES: usize = 4;

pub async fn home(asked: Asked) -> Result<Page, Fault> {
    let scope = &asked.scope;
    let near = chosen_place(&asked).map(|(point, _)| point);
    let nearby = stores::find(scope, FindStores { near, most: STORES, ..FindStores::default() }).await?;
    let chosen = match chosen_store(&asked) {
        Some(code) => stores::show(scope, &code, near).await.ok().map(|store| store.card),
        None => None,
    };
    // Nobody knows yet where the shopper is: a store is theirs to choose.
    let store = chosen.or_else(|| nearby.first().filter(|_| near.is_some()).cloned());
    let frame = Frame::of(&asked).await;
    let Some(store) = store else {
        let here = asked.here.clone();
        return Ok(Page::new("门店 · 附近好店，到店自提", move || {
            let body = view! { <Welcome here=here stores=nearby/> }.into_any();
            frame.titled(Tab::Home, "门店", "", body)
        })
        .described("选离您最近的门店，手机下单，到店自提。"));
    };
    let ask = BrowseGoods { most: GOODS, ..BrowseGoods::default() };
    let goods = catalog::browse(scope, store.id, ask).await?.items;
    let description = format!("{}，{}：手机下单，到店自提。", store.name, store.address);
    Ok(Page::new(format!("{} · 到店自提", store.name), move || {
        let menu = format!("/s/{}", store.code);
        let code = store.code.clone();
        let others: Vec<_> = nearby.into_iter().filter(|other| other.id != store.id).collect();
        let body = view! {
            <h1 class="sr-only">{format!("{} · 到店自提", store.name)}</h1>
            <Banner store=store.clone()/>
            <QuickEntries menu=menu.clone()/>
            <Section title="人气推荐" more=menu more_label="全部商品">
                <GoodsGrid store=code goods=goods/>
            </Section>
            <Section title="附近门店" more="/stores">
                <ul class="grid grid-cols-1 gap-3 lg:grid-cols-2">{others.into_iter().map(|store| view! { <StoreEntry store=store/> }).collect_view()}</ul>
            </Section>
        };
        frame.at_store(Tab::Home, &store, body.into_any())
    })
    .described(description))
}

/// Shown to who has no store yet: say where you are, or choose.
#[component]
fn Welcome(here: String, stores: Vec<StoreCard>) -> impl IntoView {
    view! {
        <Card class="mt-3">
            <h2 class="text-xl font-bold">"从离您最近的门店下单"</h2>
            <p class="mt-1 text-base-content/70">"允许定位，或手动选择所在地，我们为您找到附近门店。"</p>
            <div class="mt-4"><ChooseHere here=here/></div>
        </Card>
        <Section title="全部门店" more="/stores">
            <ul class="grid grid-cols-1 gap-3 lg:grid-cols-2">{stores.into_iter().map(|store| view! { <StoreEntry store=store/> }).collect_view()}</ul>
        </Section>
    }
}

#[component]
fn Banner(store: StoreCard) -> impl IntoView {
    let src = format!("/pictures/banner-{}-600.webp", store.brand);
    let srcset = format!("/pictures/banner-{0}-600.webp 600w, /pictures/banner-{0}-1200.webp 1200w", store.brand);
    let alt = format!("{} 今日推荐", store.brand_name);
    view! {
        <a href=format!("/s/{}", store.code) class="block overflow-hidden rounded-box">
            <Picture src=src srcset=srcset sizes="(min-width: 1024px) 1200px, 100vw" alt=alt width=1200 height=480 eager=true class="w-full"/>
        </a>
    }
}

#[component]
fn QuickEntries(menu: String) -> impl IntoView {
    let entry = |href: String, glyph, label: &'static str| {
        view! {
            <li>
                <a href=href class="touch flex flex-col items-center gap-1.5 rounded-box bg-base-100 border border-base-300 py-3 text-sm">
                    <Icon glyph=glyph class="size-6 text-primary"/>
                    {label}
                </a>
            </li>
        }
    };
    view! {
        <ul class="mt-4 grid grid-cols-4 gap-3">
            {entry(menu, Glyph::Grid, "到店自提")}
            {entry("/stores".into(), Glyph::Shop, "换家门店")}
            {entry("/orders".into(), Glyph::Receipt, "我的订单")}
            {entry("/cart".into(), Glyph::Cart, "购物车")}
        </ul>
    }
}

/// The way on for a page that has nothing to show.
#[component]
pub fn ToTheShop() -> impl IntoView {
    view! { <LinkButton href="/" tone=Tone::Primary>"去逛逛"</LinkButton> }
}
