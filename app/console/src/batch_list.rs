//! What is left of batches at one's places, what ends first first.

use commerce::{counts, stock::batches as use_cases};
use domain::{
    Fault, Fields,
    batches::{BatchEntry, ListBatches},
    counts::PlaceOfStock,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Badge, Breadcrumbs, Column, DataTable, EmptyState, Field, Glyph, NamedCell, Pager, Select, SelectItem};

use crate::{
    batches::tone_of,
    frame::{Frame, Lit, address, files},
    movements::place_choice,
    stock,
};

/// This page.
pub const PATH: &str = "/console/batches";
/// How many batches a page has.
const PAGE: i64 = 50;

/// The page.
pub async fn batches(asked: Asked) -> Result<Page, Fault> {
    let ask = ListBatches { most: PAGE, ..ListBatches::from_fields(&asked.query) };
    let (found, total) = use_cases::list(&asked.scope, &ask).await?;
    // Who decides and does not count sees all their places at once.
    let places = counts::places(&asked.scope).await.unwrap_or_default();
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("批次与效期", move || {
        let crumbs = vec![("库存".to_owned(), stock::PATH.to_owned()), ("批次与效期".to_owned(), String::new())];
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <div class="my-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"批次与效期"</h1>
                {files(PATH, &ask.pairs())}
            </div>
            {filters(&ask, places)}
            {results(&ask, found, total)}
        };
        frame.screen(Lit::Stock, body.into_any())
    }))
}

fn filters(ask: &ListBatches, places: Vec<PlaceOfStock>) -> impl IntoView + use<> {
    let all = address(PATH, &ListBatches { location: None, ..ask.clone() }.pairs());
    let place = place_choice(places, ask.location.map(|id| id.to_string()).unwrap_or_default(), all);
    let days = [("", "不限"), ("0", "已过期"), ("7", "7 天内到期"), ("30", "30 天内到期"), ("90", "90 天内到期")];
    let days = days.map(|(value, label)| SelectItem::new(value, label)).to_vec();
    let (within, words) = (ask.days.map(|days| days.to_string()).unwrap_or_default(), ask.words.clone());
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
            <Field name="q" kind="search" label="查找" required=false placeholder="商品、编码、条码或批次号" value=words
                maxlength=Fields::WORDS_MOST as u32/>
            {place}
            <Select name="days" label="效期" items=days value=within/>
            <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
        </form>
    }
}

fn results(ask: &ListBatches, found: Vec<BatchEntry>, total: i64) -> AnyView {
    if found.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="没有符合条件的批次" text="收货时填写批次号与到期日，或在商品的库存页登记后，会按到期先后列在这里。">""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("商品"),
        Column::new("批次"),
        Column::new("到期日"),
        Column::new("状态"),
        Column::new("剩余").right(),
        Column::new("门店或仓库"),
    ];
    let rows = found.into_iter().map(row).collect_view();
    let page = |skip: i64| {
        let mut pairs = ask.pairs();
        pairs.push(("skip", if skip > 0 { skip.to_string() } else { String::new() }));
        address(PATH, &pairs)
    };
    let previous = if ask.skip > 0 { page((ask.skip - PAGE).max(0)) } else { String::new() };
    let next = if ask.skip + PAGE < total { page(ask.skip + PAGE) } else { String::new() };
    view! {
        <DataTable caption="批次与效期" columns=columns>{rows}</DataTable>
        <Pager previous=previous next=next note=format!("共 {total} 批")/>
    }
    .into_any()
}

fn row(one: BatchEntry) -> impl IntoView {
    let (tone, standing) = (tone_of(&one.left), one.left.standing());
    // Of a store the batch is registered on the variant's page; of a warehouse that is head office's.
    let href = one.location.store().map(|store| format!("{}?store={store}&sku={}", stock::PATH, one.sku_id));
    view! {
        <tr>
            <NamedCell name=one.name detail=one.sku_code href=href.unwrap_or_default()/>
            <td class="min-w-28 break-all">{one.left.code}</td>
            <td class="tabular whitespace-nowrap">{one.left.expires_on.to_string()}</td>
            <td class="whitespace-nowrap"><Badge tone=tone>{standing}</Badge></td>
            <td class="tabular text-end">{one.left.pieces}</td>
            <td>{one.location.name}</td>
        </tr>
    }
}
