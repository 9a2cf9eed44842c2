//! How pieces came and went at one's places, day by day.

use chrono::{DateTime, Utc};
use commerce::{counts, stock::lists};
use domain::{
    Fault, Fields,
    counts::PlaceOfStock,
    page::Page as Listed,
    stock_lists::{ListMovements, MovementEntry},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Breadcrumbs, Column, DataTable, EmptyState, Field, Glyph, Hidden, NamedCell, Pager, Select, SelectItem};

use crate::{
    documents,
    frame::{Frame, Lit, address, files},
    stock,
};

/// This page.
pub const PATH: &str = "/console/movements";
/// How many movements a page has.
const PAGE: usize = 50;
/// What is said of all places at once.
const EVERYWHERE: &str = "全部门店与仓库";

/// The page.
pub async fn movements(asked: Asked) -> Result<Page, Fault> {
    let today = asked.scope.now.with_timezone(&text::zone("")).date_naive();
    let ask = ListMovements { most: PAGE, ..ListMovements::from_fields(&asked.query, today) };
    let found = lists::movements(&asked.scope, &ask).await?;
    // Who decides and does not count sees all their places at once.
    let places = counts::places(&asked.scope).await.unwrap_or_default();
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("出入库流水", move || {
        let crumbs = vec![("库存".to_owned(), stock::PATH.to_owned()), ("出入库流水".to_owned(), String::new())];
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <div class="my-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"出入库流水"</h1>
                {files(PATH, &ask.pairs())}
            </div>
            {filters(&ask, places)}
            {results(&ask, found, asked.scope.now)}
        };
        frame.screen(Lit::Stock, body.into_any())
    }))
}

/// The places to choose from, where there are several; whoever has one sees it anyway. A place that is asked for and
/// that the choice does not show is left again by the link to `all`.
pub fn place_choice(places: Vec<PlaceOfStock>, chosen: String, all: String) -> AnyView {
    let known = places.iter().any(|place| place.id.to_string() == chosen);
    let left = (!known && !chosen.is_empty()).then(|| {
        view! { <p class="mb-4"><a class="link inline-flex min-h-11 items-center" href=all>{EVERYWHERE}</a></p> }
    });
    if places.len() < 2 {
        let stays = known.then(|| view! { <Hidden name="location" value=chosen/> });
        return view! { {stays} {left} }.into_any();
    }
    let label = |place: PlaceOfStock| if place.warehouse { format!("仓库 · {}", place.name) } else { place.name };
    let mut items = vec![SelectItem::new("", EVERYWHERE)];
    items.extend(places.into_iter().map(|place| SelectItem::new(place.id.to_string(), label(place))));
    view! { <Select name="location" label="门店或仓库" items=items value=chosen/> {left} }.into_any()
}

fn filters(ask: &ListMovements, places: Vec<PlaceOfStock>) -> impl IntoView + use<> {
    let all = address(PATH, &ListMovements { location: None, ..ask.clone() }.pairs());
    let place = place_choice(places, ask.location.map(|id| id.to_string()).unwrap_or_default(), all);
    let mut causes = vec![SelectItem::new("", "全部原因")];
    causes.extend(lists::causes().into_iter().map(|(code, label)| SelectItem::new(code, label)));
    let (cause, words) = (ask.cause.clone().unwrap_or_default(), ask.words.clone());
    let (from, to) = (ask.period.from.to_string(), ask.period.to.to_string());
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-6 lg:items-end">
            <Field name="from" kind="date" label="从" required=false value=from/>
            <Field name="to" kind="date" label="到" required=false value=to/>
            {place}
            <Select name="cause" label="原因" items=causes value=cause/>
            <Field name="q" kind="search" label="商品" required=false placeholder="名称、编码或条码" value=words
                maxlength=Fields::WORDS_MOST as u32/>
            <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
        </form>
    }
}

fn results(ask: &ListMovements, found: Listed<MovementEntry>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="这段时间没有出入库" text="换一段日期或换个条件查找。">""</EmptyState> }.into_any();
    }
    // A column in which nobody may see anything says nothing.
    let costs = found.items.iter().any(|one| one.value_fen.is_some());
    let mut columns = vec![
        Column::new("时间"),
        Column::new("商品"),
        Column::new("门店或仓库"),
        Column::new("原因"),
        Column::new("件数").right(),
    ];
    columns.extend(costs.then(|| Column::new("成本金额").right()));
    columns.extend([Column::new("单据"), Column::new("经手人")]);
    let rows = found.items.into_iter().map(|one| row(one, costs, now)).collect_view();
    let next = found.next.map(|after| {
        let mut pairs = ask.pairs();
        pairs.push(("after", after));
        address(PATH, &pairs)
    });
    let pager = next.map(|next| view! { <Pager next=next/> });
    view! { <DataTable caption="出入库流水" columns=columns>{rows}</DataTable> {pager} }.into_any()
}

fn row(one: MovementEntry, costs: bool, now: DateTime<Utc>) -> impl IntoView {
    let quantity = one.signed();
    let document = documents::cell(&one);
    let cost = costs.then(|| {
        let value = one.value_fen.map_or("—".to_owned(), |value| value.to_string());
        view! { <td class="tabular text-end">{value}</td> }
    });
    view! {
        <tr>
            <td class="tabular whitespace-nowrap">{text::moment(one.at, now, text::zone(""))}</td>
            <NamedCell name=one.name detail=one.code/>
            <td>{one.location.name}</td>
            <td class="whitespace-nowrap">{one.cause}</td>
            <td class="tabular text-end">{quantity}</td>
            {cost}
            {document}
            <td>{one.by}</td>
        </tr>
    }
}
