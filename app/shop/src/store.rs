//! A store's own page: its menu by category and search, and what there is to know of it.

use commerce::catalog;
use domain::{
    Fault,
    catalog::{BrowseGoods, Category, MenuView, ProductCard},
    files::Photo,
    hours::Hours,
    page::Page as Listed,
    stores::StoreView,
};
use leptos::prelude::*;
use rpc::{Asked, Page, cookies};
use ui::{Chip, Chips, EmptyState, Fact, Facts, Glyph, Icon, LinkButton, Pager, Picture, Tone};

use crate::{
    frame::{Frame, STORE_COOKIE, Tab, chosen_place},
    goods::GoodsGrid,
};

/// How many goods a page of the menu has.
const PAGE: usize = 40;

pub async fn store(asked: Asked) -> Result<Page, Fault> {
    let scope = &asked.scope;
    let near = chosen_place(&asked).map(|(point, _)| point);
    let ask = BrowseGoods {
        category: asked.query.given("c").map(str::to_owned),
        words: asked.query.text("q").chars().take(40).collect(),
        most: PAGE,
        after: asked.query.given("after").map(str::to_owned),
    };
    let MenuView { store, categories, goods } = catalog::menu(scope, asked.part("store"), near, ask).await?;
    let frame = Frame::of(&asked).await;
    let remember = cookies::choice(scope, STORE_COOKIE, &store.card.code);
    let description =
        format!("{}的菜单与价格。{}，{}。", store.card.name, store.card.address, hours_text(&store.hours));
    let mut page = Page::new(format!("{} · 菜单", store.card.name), move || {
        let card = store.card.clone();
        let body = view! {
            <h1 class="sr-only">{format!("{} 的商品", card.name)}</h1>
            <SearchGoods code=card.code.clone() words=asked.query.text("q").to_owned()/>
            <CategoryChips code=card.code.clone() categories=categories now=asked.query.text("c").to_owned()/>
            <Menu asked=asked code=card.code.clone() goods=goods/>
            <AboutStore store=store/>
        };
        frame.at_store(Tab::Menu, &card, body.into_any())
    })
    .described(description);
    page.cookies.push(remember);
    Ok(page)
}

#[component]
fn SearchGoods(code: String, words: String) -> impl IntoView {
    view! {
        <form method="get" action=format!("/s/{code}") role="search" class="mt-3 flex gap-2">
            <label class="input flex-1">
                <Icon glyph=Glyph::Search class="size-5 opacity-60"/>
                <span class="sr-only">"搜索商品"</span>
                <input type="search" name="q" value=words placeholder="搜商品、拼音或首字母" maxlength="40"/>
            </label>
            <button class="btn btn-primary" type="submit">"搜索"</button>
        </form>
    }
}

#[component]
fn CategoryChips(code: String, categories: Vec<Category>, now: String) -> impl IntoView {
    let all: i64 = categories.iter().map(|category| category.products).sum();
    let mut chips = vec![Chip::new("全部", format!("/s/{code}")).active(now.is_empty()).count(all.to_string())];
    chips.extend(categories.into_iter().map(|category| {
        let lit = category.code == now;
        Chip::new(category.name, format!("/s/{code}?c={}", category.code))
            .active(lit)
            .count(category.products.to_string())
    }));
    view! { <div class="my-3"><Chips label="商品分类" chips=chips/></div> }
}

#[component]
fn Menu(asked: Asked, code: String, goods: Listed<ProductCard>) -> impl IntoView {
    if goods.items.is_empty() {
        return no_goods(&asked, &code).into_any();
    }
    let next = goods.next.map(|cursor| {
        let pairs = [("c", asked.query.text("c")), ("q", asked.query.text("q")), ("after", &cursor)];
        let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
        let text: Vec<_> = pairs.map(|(name, value)| format!("{name}={}", urlencoding::encode(value))).collect();
        format!("/s/{code}?{}", text.join("&"))
    });
    let paged = next.is_some() || asked.query.given("after").is_some();
    view! {
        <GoodsGrid store=code goods=goods.items/>
        {paged.then(|| view! { <Pager next=next.unwrap_or_default()/> })}
    }
    .into_any()
}

fn no_goods(asked: &Asked, code: &str) -> impl IntoView + use<> {
    let searched = asked.query.given("q").map(str::to_owned);
    let (title, text) = match &searched {
        Some(words) => (format!("没有找到“{words}”"), "试试更短的词、拼音或首字母。"),
        None => ("本店暂未上架商品".to_owned(), "可以看看附近的其他门店。"),
    };
    let (href, label) = match searched {
        Some(_) => (format!("/s/{code}"), "查看全部商品"),
        None => ("/stores".to_owned(), "附近门店"),
    };
    view! {
        <EmptyState glyph=Glyph::Search title=title text=text>
            <LinkButton href=href tone=Tone::Primary>{label}</LinkButton>
        </EmptyState>
    }
}

#[component]
fn AboutStore(store: StoreView) -> impl IntoView {
    let point = store.card.point;
    // The scheme-less map address of AMap opens its app on a phone and its page elsewhere.
    let route = format!(
        "https://uri.amap.com/marker?position={:.6},{:.6}&name={}&coordinate=wgs84",
        point.longitude,
        point.latitude,
        urlencoding::encode(&store.card.name),
    );
    let phone = store.phone.map(|phone| {
        view! { <Fact label="电话"><a class="link" href=format!("tel:{phone}")>{phone.clone()}</a></Fact> }
    });
    let features = store.card.features.join("、");
    let features = (!features.is_empty()).then(|| view! { <Fact label="设施">{features}</Fact> });
    view! {
        <section class="mt-8">
            <h2 class="mb-2 text-lg font-bold">"门店信息"</h2>
            {photos(&store.card.name, store.photos)}
            <Facts>
                <Fact label="状态">{store.card.opening.text}</Fact>
                <Fact label="地址">
                    {store.card.address} " "
                    <a class="link" rel="external noreferrer" href=route>"导航前往"</a>
                </Fact>
                <Fact label="营业时间">{hours_text(&store.hours)}</Fact>
                {phone}
                {features}
                <Fact label="类型">{store.ownership.label()}</Fact>
            </Facts>
        </section>
    }
}

/// How the store looks, the cover first; each leads to the whole picture.
fn photos(store: &str, photos: Vec<Photo>) -> Option<impl IntoView + use<>> {
    if photos.is_empty() {
        return None;
    }
    let many = photos.len();
    let items = photos.into_iter().enumerate().map(|(at, Photo { large, small, .. })| {
        let alt = format!("{store} 的照片，第 {} 张，共 {many} 张", at + 1);
        view! {
            <li class="w-40 shrink-0 snap-start sm:w-56">
                <a href=large.url class="block overflow-hidden rounded-box">
                    <Picture src=small.url alt=alt width=small.width height=small.height class="aspect-4/3 w-full"/>
                </a>
            </li>
        }
    });
    Some(
        view! { <ul class="mb-4 flex snap-x gap-3 overflow-x-auto pb-1" aria-label="门店照片">{items.collect_view()}</ul> },
    )
}

fn hours_text(hours: &Hours) -> String {
    let text = hours.weekly_text();
    if text.is_empty() { "暂无".into() } else { text }
}
