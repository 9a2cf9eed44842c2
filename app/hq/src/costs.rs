//! What goods cost, and what is left of their prices; for those who may see it.

use chrono::{DateTime, Utc};
use commerce::{costs, supply};
use domain::{
    Fault, Fen, Fields, LocationId, SkuId,
    purchasing::{CostEntry, CostStep, ListCosts, margin_text},
    staff::Permission,
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Column, DataTable, EmptyState, Field, Glyph, Select, SelectItem};

use crate::{
    frame::{Frame, Tab, after, files, pager},
    suppliers::kinds,
};

/// The list.
const PATH: &str = "/hq/costs";
/// How many entries a page of the list has.
const PAGE: i64 = 50;

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    asked.scope.reach(Permission::SeeCosts)?;
    let ask = ListCosts { most: PAGE, ..ListCosts::from_fields(&asked.query) };
    let (found, total, worth) = costs::list(&asked.scope, &ask).await?;
    // Who sees costs need not have to do with goods.
    let places = supply::sources(&asked.scope).await.unwrap_or_default();
    Ok(Page::new("库存成本", move || {
        let beside = files(PATH, &ask.pairs());
        let mut items = vec![SelectItem::new("", "全部门店与仓库")];
        items.extend(places.into_iter().map(|one| SelectItem::new(one.id.to_string(), one.name)));
        let body = view! {
            {kinds(&asked, PATH)}
            {filters(&ask, items)}
            {results(&ask, found, total, worth)}
        };
        frame.screen(Tab::Purchasing, "采购".into(), "", beside.into_any(), body.into_any())
    }))
}

fn filters(ask: &ListCosts, items: Vec<SelectItem>) -> impl IntoView + use<> {
    let place = ask.location.map(|id| id.to_string()).unwrap_or_default();
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
            <Field name="q" kind="search" label="查找" required=false placeholder="名称、拼音、编码或条码" value=ask.words.clone()
                maxlength=Fields::WORDS_MOST as u32/>
            <Select name="location" label="门店或仓库" items=items value=place/>
            <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
        </form>
    }
}

fn results(ask: &ListCosts, found: Vec<CostEntry>, total: i64, worth: Fen) -> AnyView {
    if found.is_empty() {
        return view! { <EmptyState glyph=Glyph::Wallet title="还没有成本" text="按采购单收货，或收货时填写进价后，这里会有移动加权平均成本与毛利。">""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("商品"),
        Column::new("门店或仓库"),
        Column::new("在库").right(),
        Column::new("成本").right(),
        Column::new("库存金额").right(),
        Column::new("售价").right(),
        Column::new("毛利率").right(),
    ];
    let row = |one: CostEntry| {
        let href = format!("{PATH}/{}/{}", one.location.id, one.sku_id);
        let tone = if one.margin_bp.is_some_and(|margin| margin < 0) { "font-semibold text-error" } else { "" };
        view! {
            <tr>
                <td class="min-w-40"><a class="link font-medium" href=href>{one.name}</a>
                    <span class="block text-sm text-base-content/70">{one.code}</span></td>
                <td>{one.location.name}</td>
                <td class="tabular text-end">{one.on_hand}</td>
                <td class="tabular text-end">{one.cost_milli_fen.to_string()}</td>
                <td class="tabular text-end">{one.value_fen.to_string()}</td>
                <td class="tabular text-end">{one.price_fen.to_string()}</td>
                <td class=format!("tabular text-end {tone}")>{one.margin_bp.map_or("—".into(), margin_text)}</td>
            </tr>
        }
    };
    let rows = found.into_iter().map(row).collect_view();
    let summary = format!("共 {total} 项，库存金额 {worth}（移动加权平均成本）");
    let pager = pager(ask.skip, PAGE, total, |skip| after(PATH, ask.pairs(), skip));
    view! {
        <p class="tabular mb-3 text-sm text-base-content/70">{summary}</p>
        <DataTable caption="库存成本" columns=columns>{rows}</DataTable>
        {pager}
    }
    .into_any()
}

/// How the cost of one variant at one place became what it is.
pub async fn history(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let (place, sku): (LocationId, SkuId) = (asked.id("location", "这处门店或仓库")?, asked.id("sku", "这件商品")?);
    let found = costs::history(&asked.scope, place, sku).await?;
    Ok(Page::new("成本变动", move || {
        let now = asked.scope.now;
        frame.screen(Tab::Purchasing, "成本变动".into(), PATH, ().into_any(), steps(found, now))
    }))
}

fn steps(found: Vec<CostStep>, now: DateTime<Utc>) -> AnyView {
    if found.is_empty() {
        return view! { <EmptyState glyph=Glyph::Wallet title="还没有成本" text="按采购单收货，或收货时填写进价后就会有。">""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("时间"),
        Column::new("来由"),
        Column::new("原有").right(),
        Column::new("原成本").right(),
        Column::new("来了").right(),
        Column::new("进价").right(),
        Column::new("新成本").right(),
    ];
    let row = |one: CostStep| {
        view! {
            <tr>
                <td class="tabular whitespace-nowrap">{text::moment(one.at, now, text::zone(""))}</td>
                <td>{one.cause}</td>
                <td class="tabular text-end">{one.on_hand}</td>
                <td class="tabular text-end">{one.before_milli_fen.map_or("—".into(), |cost| cost.to_string())}</td>
                <td class="tabular text-end">{one.quantity}</td>
                <td class="tabular text-end">{one.price_milli_fen.to_string()}</td>
                <td class="tabular text-end font-medium">{one.after_milli_fen.to_string()}</td>
            </tr>
        }
    };
    let rows = found.into_iter().map(row).collect_view();
    view! { <DataTable caption="成本变动" columns=columns>{rows}</DataTable> }.into_any()
}
