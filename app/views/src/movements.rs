//! How pieces came and went: what is asked of the list, its rows, and the document that says so.

use chrono::{DateTime, Utc};
use commerce::stock::lists;
use domain::{
    Fields,
    page::Page as Listed,
    stock_lists::{DocumentKind, ListMovements, MovementEntry},
    text,
};
use leptos::prelude::*;
use ui::{Column, DataTable, EmptyState, Field, Glyph, NamedCell, Pager, ReferenceCell, Select, SelectItem};

use crate::address;

/// What the list at `path` can be asked; `place` is the choice of one.
pub fn filters(ask: &ListMovements, path: &'static str, place: AnyView) -> AnyView {
    let mut causes = vec![SelectItem::new("", "全部原因")];
    causes.extend(lists::causes().into_iter().map(|(code, label)| SelectItem::new(code, label)));
    let (cause, words) = (ask.cause.clone().unwrap_or_default(), ask.words.clone());
    let (from, to) = (ask.period.from.to_string(), ask.period.to.to_string());
    view! {
        <form method="get" action=path role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-6 lg:items-end">
            <Field name="from" kind="date" label="从" required=false value=from/>
            <Field name="to" kind="date" label="到" required=false value=to/>
            {place}
            <Select name="cause" label="原因" items=causes value=cause/>
            <Field name="q" kind="search" label="商品" required=false placeholder="名称、编码或条码" value=words
                maxlength=Fields::WORDS_MOST as u32/>
            <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
        </form>
    }
    .into_any()
}

/// A page of the list at `path`. `costs`: whether there is a column of what the pieces cost; `page_of`: where whoever looks
/// sees the document of one.
pub fn list(
    ask: &ListMovements,
    path: &str,
    found: Listed<MovementEntry>,
    costs: bool,
    now: DateTime<Utc>,
    page_of: impl Fn(&MovementEntry) -> Option<String>,
) -> AnyView {
    if found.items.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="这段时间没有出入库" text="换一段日期或换个条件查找。">""</EmptyState> }.into_any();
    }
    let mut columns = vec![
        Column::new("时间"),
        Column::new("商品"),
        Column::new("门店或仓库"),
        Column::new("原因"),
        Column::new("件数").right(),
    ];
    columns.extend(costs.then(|| Column::new("成本金额").right()));
    columns.extend([Column::new("单据"), Column::new("经手人")]);
    let row = |one: MovementEntry| {
        let document = document(&one, page_of(&one));
        row(one, document, costs, now)
    };
    let rows = found.items.into_iter().map(row).collect_view();
    let next = found.next.map(|after| {
        let mut pairs = ask.pairs();
        pairs.push(("after", after));
        address(path, &pairs)
    });
    let pager = next.map(|next| view! { <Pager next=next/> });
    view! { <DataTable caption="出入库流水" columns=columns>{rows}</DataTable> {pager} }.into_any()
}

fn row(one: MovementEntry, document: AnyView, costs: bool, now: DateTime<Utc>) -> impl IntoView {
    let quantity = one.signed();
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

/// The cell with the document of a movement, which leads to `href` for who may look at it there.
pub fn document(one: &MovementEntry, href: Option<String>) -> AnyView {
    let kind = one.document_kind.map_or("", DocumentKind::label);
    // It is known by its file's name.
    let long = one.document_kind == Some(DocumentKind::Import);
    view! { <ReferenceCell said=one.document.clone() kind=kind long=long href=href/> }.into_any()
}
