//! What lies where, and how pieces came and went, at all places within reach.

use chrono::{DateTime, NaiveDate, Utc};
use commerce::{counts, stock::lists};
use domain::{
    Fault, Fields,
    counts::PlaceOfStock,
    staff::Permission,
    stock_lists::{BalanceEntry, DocumentKind, ListBalances, ListMovements, MovementEntry},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Column, DataTable, EmptyState, Field, Glyph, NamedCell, Select};

use crate::{
    counts::{place_items, stock_chips},
    frame::{Frame, Tab, after, files, pager},
    suppliers::{everywhere, price},
};

/// What lies where.
const PATH: &str = "/hq/stock";
/// How pieces came and went.
const MOVEMENTS: &str = "/hq/movements";
/// How many rows a page has.
const PAGE: i64 = 50;

/// The day in China.
fn today(now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&text::zone("")).date_naive()
}

/// The page of what lies where.
pub async fn balances(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let ask = ListBalances { most: PAGE, ..ListBalances::from_fields(&asked.query) };
    let (found, total) = lists::balances(&asked.scope, &ask).await?;
    let places = counts::places(&asked.scope).await.unwrap_or_default();
    Ok(Page::new("库存", move || {
        let beside = files(PATH, &ask.pairs());
        let place = ask.location.map(|id| id.to_string()).unwrap_or_default();
        let items = place_items(places, "全部门店与仓库");
        let body = view! {
            {stock_chips("stock")}
            <form method="get" action=PATH role="search" class="panel my-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
                <Field name="q" kind="search" label="查找" required=false placeholder="名称、拼音、编码或条码" value=ask.words.clone()
                    maxlength=Fields::WORDS_MOST as u32/>
                <Select name="location" label="门店或仓库" items=items value=place/>
                <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
            </form>
            {balance_rows(found)}
            {pager(ask.skip, PAGE, total, |skip| after(PATH, ask.pairs(), skip))}
        };
        frame.screen(Tab::Stock, "库存".into(), "", beside.into_any(), body.into_any())
    }))
}

fn balance_rows(found: Vec<BalanceEntry>) -> AnyView {
    if found.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="没有符合条件的库存" text="换一个门店或仓库，或换个词查找。">""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("商品"),
        Column::new("门店或仓库"),
        Column::new("在库").right(),
        Column::new("待付占用").right(),
        Column::new("已付待发").right(),
        Column::new("不上线").right(),
        Column::new("缺").right(),
        Column::new("在途").right(),
        Column::new("成本").right(),
        Column::new("库存金额").right(),
    ];
    let row = |one: BalanceEntry| {
        let short = if one.short > 0 { "font-semibold text-error" } else { "" };
        view! {
            <tr>
                <NamedCell name=one.name detail=one.code/>
                <td>{one.location.name}</td>
                <td class="tabular text-end">{one.on_hand}</td>
                <td class="tabular text-end">{one.held}</td>
                <td class="tabular text-end">{one.allocated}</td>
                <td class="tabular text-end">{one.kept_back}</td>
                <td class=format!("tabular text-end {short}")>{one.short}</td>
                <td class="tabular text-end">{one.in_transit}</td>
                <td class="tabular text-end">{one.cost_milli_fen.map_or("—".into(), |cost| cost.to_string())}</td>
                <td class="tabular text-end">{price(one.value_fen)}</td>
            </tr>
        }
    };
    let rows = found.into_iter().map(row).collect_view();
    view! { <DataTable caption="库存" columns=columns>{rows}</DataTable> }.into_any()
}

/// The page of how pieces came and went.
pub async fn movements(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let ask = ListMovements { most: PAGE as usize, ..ListMovements::from_fields(&asked.query, today(asked.scope.now)) };
    let found = lists::movements(&asked.scope, &ask).await?;
    let places = counts::places(&asked.scope).await.unwrap_or_default();
    let buys = everywhere(&asked, Permission::ManagePurchasing);
    Ok(Page::new("出入库流水", move || {
        let beside = files(MOVEMENTS, &ask.pairs());
        let page_of = |one: &MovementEntry| page_of(one, buys);
        let list = views::movements::list(&ask, MOVEMENTS, found, true, asked.scope.now, page_of);
        let body = view! {
            {stock_chips("movements")}
            <div class="mt-4">{movement_filters(&ask, places)}</div>
            {list}
        };
        frame.screen(Tab::Stock, "出入库流水".into(), "", beside.into_any(), body.into_any())
    }))
}

fn movement_filters(ask: &ListMovements, places: Vec<PlaceOfStock>) -> AnyView {
    let place = ask.location.map(|id| id.to_string()).unwrap_or_default();
    let items = place_items(places, "全部门店与仓库");
    let choice = view! { <Select name="location" label="门店或仓库" items=items value=place/> }.into_any();
    views::movements::filters(ask, MOVEMENTS, choice)
}

/// Where a document is shown to whoever may look at it, on its page or first in its list; what has no page of head
/// office's is the store's. `buys`: whether they open head office's page of an order to a supplier.
fn page_of(one: &MovementEntry, buys: bool) -> Option<String> {
    let (id, place) = (one.document_id?, one.location.id);
    let page = match one.document_kind? {
        DocumentKind::Order => format!("/hq/orders/{id}"),
        DocumentKind::AfterSales => format!("/hq/after-sales/{id}"),
        DocumentKind::CounterSale => format!("/console/till/sales?store={place}&sale={id}"),
        DocumentKind::Transfer => format!("/hq/transfers/{id}"),
        DocumentKind::Purchase if buys => format!("/hq/purchases/{id}"),
        DocumentKind::Purchase => format!("/console/purchases/{id}"),
        DocumentKind::Receipt if one.location.store().is_some() => {
            format!("/console/receipts?location={place}&receipt={id}")
        }
        DocumentKind::Receipt => format!("/hq/warehouses/{place}/stock?receipt={id}"),
        DocumentKind::SetApart => format!("/console/set-apart?location={place}&end={id}"),
        DocumentKind::Count => format!("/console/counts/{id}"),
        DocumentKind::Loss => format!("/console/losses/{id}"),
        DocumentKind::Proposal => format!("/hq/proposals/{id}"),
        DocumentKind::Import => format!("/hq/imports/{id}"),
    };
    Some(page)
}
