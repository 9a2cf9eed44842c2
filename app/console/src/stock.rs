//! What the store has, and where else there is some.

use chrono::{DateTime, Utc};
use commerce::{nearby, stock, supply};
use domain::{
    Fault, Fields, LocationId, SkuId,
    nearby::{StockedAt, WhereStocked},
    purchasing::margin_text,
    staff::Permission,
    stock_lists::{ListMovements, MovementEntry, Period},
    supply::{ListStock, StockEntry},
    text,
    transfers::Location,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Breadcrumbs, Card, Column, DataTable, EmptyState, Glyph, Icon, LinkButton, Pager, Select, SelectItem, Tone};

use crate::{
    batch_list, batches, documents,
    frame::{Frame, Lit, address as address_of, files},
    movements, quotas, shared,
};

/// This page.
pub const PATH: &str = "/console/stock";
/// How many goods a page has.
const PAGE: i64 = 30;
/// How many of a variant's movements its page has.
const MOVED: usize = 30;
/// Nobody pages further.
const SKIP_MOST: i64 = 100_000;

/// The page: the goods of a store, or where one of them is.
pub async fn page(asked: Asked) -> Result<Page, Fault> {
    let stores = supply::stores_of(&asked.scope).await?;
    let first = stores.first().map(|store| store.id).ok_or(Fault::Forbidden)?;
    let asked_for = asked.query.text("store").parse().ok();
    let store = asked_for.filter(|id| stores.iter().any(|store| store.id == *id)).unwrap_or(first);
    let frame = Frame::of(&asked.scope).await?;
    if let Ok(sku) = asked.query.text("sku").parse::<SkuId>() {
        let found = nearby::stocked(&asked.scope, domain::StoreId(store.0), sku).await?;
        let asks = asked.scope.may(Permission::MoveStock);
        let shop = domain::StoreId(store.0);
        let shared = match stock::models::show(&asked.scope, shop, sku).await {
            // Not theirs to see, or nothing of it ever lay here.
            Err(Fault::Forbidden | Fault::NotFound(_)) => None,
            shared => Some(shared?),
        };
        // Who sees how pieces are shared sees how much each channel may sell of them.
        let capped = match shared.is_some() {
            true => stock::quotas::rules(&asked.scope, Some(shop)).await?,
            false => Vec::new(),
        };
        let left = match stock::batches::left(&asked.scope, store, sku).await {
            Err(Fault::Forbidden | Fault::NotFound(_)) => None,
            left => Some(left?),
        };
        let moved = moved(&asked, store, sku).await?;
        let sets = asked.scope.may(Permission::ProposeChanges) || asked.scope.may(Permission::DecideProposals);
        let registers = asked.scope.may(Permission::CountStock);
        return Ok(Page::new("商品库存", move || {
            let quotas = shared.as_ref().map(|shared| quotas::section(&asked, shop, shared, capped, sets));
            let shared = shared.map(|shared| shared::section(&asked, shop, shared, sets));
            let left = left.map(|left| batches::section(&asked, store, sku, left, registers));
            let moved = moved.map(|moved| latest(moved, asked.scope.now));
            frame.screen(Lit::Stock, elsewhere(store, found, asks, view! { {shared}{quotas}{left}{moved} }.into_any()))
        }));
    }
    let skip: i64 = asked.query.text("skip").parse().unwrap_or(0).clamp(0, SKIP_MOST);
    let ask = ListStock { words: asked.query.words("q"), most: PAGE, skip, ..ListStock::default() };
    let found = supply::stock(&asked.scope, store, &ask).await?;
    let sees = asked.scope.reach(Permission::SeeCosts);
    let costs = sees.is_ok_and(|reach| reach.covers(domain::StoreId(store.0)));
    // The files and lists are of those who count or decide, which fewer people do.
    let looks = [Permission::CountStock, Permission::DecideProposals].into_iter().any(|one| asked.scope.may(one));
    Ok(Page::new("库存", move || {
        let beside = looks.then(|| lists(store, &ask.words));
        let body = view! {
            <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"库存"</h1>
                {beside}
            </div>
            {search(&stores, store, &ask.words)}
            {results(store, &ask, found, costs)}
        };
        frame.screen(Lit::Stock, body.into_any())
    }))
}

/// What else there is to see of a store's stock: its files, how pieces came and went, and what ends soon.
fn lists(store: LocationId, words: &str) -> impl IntoView + use<> {
    let place = [("location", store.to_string())];
    let (came, ends) = (address_of(movements::PATH, &place), address_of(batch_list::PATH, &place));
    let filters = [("location", store.to_string()), ("q", words.to_owned())];
    view! {
        <div class="flex flex-wrap items-center gap-3">
            {files(PATH, &filters)}
            <LinkButton href=came>"出入库流水"</LinkButton>
            <LinkButton href=ends>"批次与效期"</LinkButton>
        </div>
    }
}

/// How a variant's pieces came and went here of late; nothing for who may not see it.
async fn moved(asked: &Asked, store: LocationId, sku: SkuId) -> Result<Option<Vec<MovementEntry>>, Fault> {
    let today = asked.scope.now.with_timezone(&text::zone("")).date_naive();
    let ask = ListMovements {
        period: Period::of(None, None, today),
        location: Some(store),
        words: String::new(),
        cause: None,
        sku: Some(sku),
        promises: true,
        most: MOVED,
        after: None,
    };
    match stock::lists::movements(&asked.scope, &ask).await {
        Err(Fault::Forbidden) => Ok(None),
        found => found.map(|page| Some(page.items)),
    }
}

fn latest(moved: Vec<MovementEntry>, now: DateTime<Utc>) -> impl IntoView {
    let columns = vec![
        Column::new("时间"),
        Column::new("原因"),
        Column::new("在库").right(),
        Column::new("待付占用").right(),
        Column::new("已付待发").right(),
        Column::new("单据"),
        Column::new("经手人"),
    ];
    let signed = |pieces: i64| match pieces {
        0 => String::new(),
        more if more > 0 => format!("+{more}"),
        fewer => format!("−{}", -fewer),
    };
    let row = |one: MovementEntry| {
        let document = views::movements::document(&one, documents::page_of(&one));
        view! {
            <tr>
                <td class="tabular whitespace-nowrap">{text::moment(one.at, now, text::zone(""))}</td>
                <td class="whitespace-nowrap">{one.cause}</td>
                <td class="tabular text-end font-medium">{signed(one.quantity)}</td>
                <td class="tabular text-end">{signed(one.held)}</td>
                <td class="tabular text-end">{signed(one.allocated)}</td>
                {document}
                <td class="whitespace-nowrap">{one.by}</td>
            </tr>
        }
    };
    let list = match moved.is_empty() {
        true => view! { <p class="text-base-content/70">"近 30 天没有变动。"</p> }.into_any(),
        false => {
            let rows = moved.into_iter().map(row).collect_view();
            view! { <DataTable caption="库存变动" columns=columns>{rows}</DataTable> }.into_any()
        }
    };
    let title = format!("库存变动（近 30 天，最近 {MOVED} 笔）");
    view! { <Card title=title class="mb-4">{list}</Card> }
}

fn address(store: LocationId, words: &str, skip: i64) -> String {
    format!("{PATH}?store={store}&q={}&skip={skip}", urlencoding::encode(words))
}

fn search(stores: &[Location], store: LocationId, words: &str) -> impl IntoView + use<> {
    let items: Vec<_> = stores.iter().map(|one| SelectItem::new(one.id.to_string(), one.name.clone())).collect();
    let which = match items.len() {
        1 => view! { <input type="hidden" name="store" value=store.to_string()/> }.into_any(),
        _ => view! { <Select name="store" label="门店" items=items value=store.to_string()/> }.into_any(),
    };
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_auto] sm:items-end">
            {which}
            <label class="mb-4 block">
                <span class="mb-1 block text-sm font-semibold">"商品"</span>
                <input class="input w-full" type="search" name="q" value=words.to_owned() maxlength=Fields::WORDS_MOST.to_string()
                    placeholder="名称、拼音、编码或条码"/>
            </label>
            <div class="mb-4"><button type="submit" class="btn btn-primary"><Icon glyph=Glyph::Search class="size-5"/>"查找"</button></div>
        </form>
    }
}

fn results(store: LocationId, ask: &ListStock, (found, total): (Vec<StockEntry>, i64), costs: bool) -> AnyView {
    if found.is_empty() {
        return view! { <EmptyState glyph=Glyph::Search title="没有找到商品" text="换个名称、拼音、编码或条码再试。">""</EmptyState> }.into_any();
    }
    let mut columns = vec![
        Column::new("商品"),
        Column::new("在库").right(),
        Column::new("待付占用").right(),
        Column::new("已付待发").right(),
        Column::new("不上线").right(),
        Column::new("可用").right(),
        Column::new("在途").right(),
    ];
    if costs {
        columns.extend([Column::new("成本").right(), Column::new("毛利率").right()]);
    }
    columns.push(Column::new("操作"));
    let row = |entry: StockEntry| {
        let cost = costs.then(|| {
            let cost = entry.cost_milli_fen.map_or("—".into(), |cost| cost.to_string());
            let margin = entry.margin_bp.map_or("—".into(), margin_text);
            view! {
                <td class="tabular text-end">{cost}</td>
                <td class="tabular text-end">{margin}</td>
            }
        });
        let href = format!("{PATH}?store={store}&sku={}", entry.sku_id);
        let tone = if entry.available == 0 { "text-error font-semibold" } else { "" };
        view! {
            <tr>
                <td class="min-w-40"><span class="font-medium">{entry.name}</span>
                    <span class="block text-sm text-base-content/70">{entry.code}</span></td>
                <td class="tabular text-end">{entry.on_hand}</td>
                <td class="tabular text-end">{entry.held}</td>
                <td class="tabular text-end">{entry.allocated}</td>
                <td class="tabular text-end">{entry.kept_back}</td>
                <td class=format!("tabular text-end {tone}")>{entry.available}</td>
                <td class="tabular text-end">{entry.in_transit}</td>
                {cost}
                <td><LinkButton href=href>"渠道、流水和别处"</LinkButton></td>
            </tr>
        }
    };
    let rows = found.into_iter().map(row).collect_view();
    let previous = if ask.skip > 0 { address(store, &ask.words, (ask.skip - PAGE).max(0)) } else { String::new() };
    let next = if ask.skip + PAGE < total { address(store, &ask.words, ask.skip + PAGE) } else { String::new() };
    view! {
        <DataTable caption="库存" columns=columns>{rows}</DataTable>
        <Pager previous=previous next=next note=format!("共 {total} 种")/>
    }
    .into_any()
}

fn elsewhere(store: LocationId, found: WhereStocked, asks: bool, about: AnyView) -> AnyView {
    let crumbs = vec![("库存".to_owned(), format!("{PATH}?store={store}")), (found.name.clone(), String::new())];
    let transit = if found.in_transit > 0 { format!("，在途 {} 件", found.in_transit) } else { String::new() };
    let here = format!("本店可售 {} 件{transit}。", found.here);
    let list = places(store, found.sku_id, found.elsewhere, asks);
    view! {
        <Breadcrumbs items=crumbs/>
        <h1 class="my-3 text-xl font-bold">{found.name}</h1>
        {about}
        <Card title="哪里有货"><p class="mb-3">{here}</p>{list}</Card>
    }
    .into_any()
}

fn places(store: LocationId, sku: SkuId, places: Vec<StockedAt>, asks: bool) -> AnyView {
    if places.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="别处也没有货" text="仓库和别的门店都没有可发的。">""</EmptyState> }.into_any();
    }
    let columns =
        vec![Column::new("门店或仓库"), Column::new("可发").right(), Column::new("距离").right(), Column::new("操作")];
    let row = |place: StockedAt| {
        let ask = format!("/console/transfers/new?source={}&target={store}&pieces.{sku}=1", place.location_id);
        let label = format!("向{}要货", place.name);
        let ask = asks.then(|| view! { <LinkButton href=ask tone=Tone::Primary label=label>"要货"</LinkButton> });
        view! {
            <tr>
                <td class="min-w-36"><span class="font-medium">{place.name}</span>
                    <span class="block text-sm text-base-content/70">{format!("{} · {}", place.kind.label(), place.code)}</span></td>
                <td class="tabular text-end">{place.available}</td>
                <td class="tabular whitespace-nowrap text-end">{place.distance_m.map_or("—".into(), text::distance)}</td>
                <td>{ask}</td>
            </tr>
        }
    };
    let rows = places.into_iter().map(row).collect_view();
    view! { <DataTable caption="哪里有货" columns=columns>{rows}</DataTable> }.into_any()
}
