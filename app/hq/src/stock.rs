//! What lies where, and how pieces came and went, at all places within reach.

use chrono::{DateTime, NaiveDate, Utc};
use commerce::{counts, stock::lists};
use domain::{
    Fault, Fields,
    counts::PlaceOfStock,
    page::Page as Listed,
    staff::Permission,
    stock_lists::{BalanceEntry, DocumentKind, ListBalances, ListMovements, MovementEntry},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Column, DataTable, EmptyState, Field, Glyph, NamedCell, Pager, ReferenceCell, Select, SelectItem};

use crate::{
    counts::{place_items, stock_chips},
    frame::{Frame, Tab, address, after, files, pager},
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
        let body = view! {
            {stock_chips("movements")}
            {movement_filters(&ask, places)}
            {movement_rows(&ask, found, asked.scope.now, buys)}
        };
        frame.screen(Tab::Stock, "出入库流水".into(), "", beside.into_any(), body.into_any())
    }))
}

fn movement_filters(ask: &ListMovements, places: Vec<PlaceOfStock>) -> impl IntoView + use<> {
    let place = ask.location.map(|id| id.to_string()).unwrap_or_default();
    let items = place_items(places, "全部门店与仓库");
    let mut causes = vec![SelectItem::new("", "全部原因")];
    causes.extend(lists::causes().into_iter().map(|(code, label)| SelectItem::new(code, label)));
    let cause = ask.cause.clone().unwrap_or_default();
    let (from, to) = (ask.period.from.to_string(), ask.period.to.to_string());
    view! {
        <form method="get" action=MOVEMENTS role="search" class="panel my-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-6 lg:items-end">
            <Field name="from" kind="date" label="从" required=false value=from/>
            <Field name="to" kind="date" label="到" required=false value=to/>
            <Select name="location" label="门店或仓库" items=items value=place/>
            <Select name="cause" label="原因" items=causes value=cause/>
            <Field name="q" kind="search" label="商品" required=false placeholder="名称、编码或条码" value=ask.words.clone()
                maxlength=Fields::WORDS_MOST as u32/>
            <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
        </form>
    }
}

fn movement_rows(ask: &ListMovements, found: Listed<MovementEntry>, now: DateTime<Utc>, buys: bool) -> AnyView {
    if found.items.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="这段时间没有出入库" text="换一段日期或换个条件查找。">""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("时间"),
        Column::new("商品"),
        Column::new("门店或仓库"),
        Column::new("原因"),
        Column::new("件数").right(),
        Column::new("成本金额").right(),
        Column::new("单据"),
        Column::new("经手人"),
    ];
    let row = |one: MovementEntry| {
        let document = document(&one, buys);
        let quantity = one.signed();
        view! {
            <tr>
                <td class="tabular whitespace-nowrap">{text::moment(one.at, now, text::zone(""))}</td>
                <NamedCell name=one.name detail=one.code/>
                <td>{one.location.name}</td>
                <td class="whitespace-nowrap">{one.cause}</td>
                <td class="tabular text-end">{quantity}</td>
                <td class="tabular text-end">{price(one.value_fen)}</td>
                {document}
                <td>{one.by}</td>
            </tr>
        }
    };
    let rows = found.items.into_iter().map(row).collect_view();
    let next = found.next.map(|after| {
        let mut pairs = ask.pairs();
        pairs.push(("after", after));
        address(MOVEMENTS, &pairs)
    });
    let pager = next.map(|next| view! { <Pager next=next/> });
    view! { <DataTable caption="出入库流水" columns=columns>{rows}</DataTable> {pager} }.into_any()
}

/// The cell with the document that says so, for who may look at it with its page. `buys`: whether they open head office's
/// page of an order to a supplier.
fn document(one: &MovementEntry, buys: bool) -> AnyView {
    let (kind, href) = (one.document_kind.map_or("", DocumentKind::label), page_of(one, buys));
    // It is known by its file's name.
    let long = one.document_kind == Some(DocumentKind::Import);
    view! { <ReferenceCell said=one.document.clone() kind=kind long=long href=href/> }.into_any()
}

/// Where a document is shown to whoever may look at it, on its page or first in its list; what has no page of head
/// office's is the store's.
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
