//! Counts of all places within reach: which differ, which wait. A count itself is looked at and decided on where it
//! is counted, in the console.

use chrono::{DateTime, Utc};
use commerce::counts as use_cases;
use domain::{
    Fault,
    counts::{CountCard, CountState, ListCounts, PlaceOfStock},
    page::Page as Listed,
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Badge, Chip, Chips, Column, DataTable, EmptyState, Glyph, LinkButton, Pager, Select, SelectItem, Tone};

use crate::{
    frame::{Frame, Tab, address, files},
    suppliers::price,
};

const PATH: &str = "/hq/counts";
/// How many counts a page has.
const PAGE: usize = 50;

/// The page.
pub async fn counts(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let ask = ListCounts { most: PAGE, ..ListCounts::from_fields(&asked.query) };
    let found = use_cases::list(&asked.scope, &ask).await?;
    let waiting = use_cases::waiting(&asked.scope).await?;
    let places = use_cases::places(&asked.scope).await.unwrap_or_default();
    Ok(Page::new("盘点", move || {
        let beside =
            view! { {files(PATH, &ask.pairs())} <LinkButton href="/console/counts/new">"开始盘点"</LinkButton> };
        let body = view! {
            {stock_chips("counts")}
            <div class="my-4">{states(&ask, waiting)}</div>
            {filters(&ask, places)}
            {results(&ask, found, asked.scope.now)}
        };
        frame.screen(Tab::Stock, "盘点".into(), "", beside.into_any(), body.into_any())
    }))
}

/// The pages of what lies where.
pub fn stock_chips(lit: &str) -> impl IntoView + use<> {
    let chips = [
        ("stock", "库存", "/hq/stock"),
        ("movements", "出入库流水", "/hq/movements"),
        ("batches", "批次与效期", "/hq/batches"),
        ("counts", "盘点", PATH),
        ("losses", "报损", "/hq/losses"),
        ("alerts", "库存提醒", "/hq/alerts"),
        ("models", "渠道库存", "/hq/stock-models"),
    ]
    .map(|(name, label, href)| Chip::new(label, href).active(name == lit));
    view! { <Chips label="库存" chips=chips.to_vec()/> }
}

fn states(ask: &ListCounts, waiting: i64) -> impl IntoView + use<> {
    let with = |waiting: bool, state: Option<CountState>| {
        address(PATH, &ListCounts { waiting, state, after: None, ..ask.clone() }.pairs())
    };
    let count = if waiting > 0 { waiting.to_string() } else { String::new() };
    let mut chips = vec![
        Chip::new("全部", with(false, None)).active(!ask.waiting && ask.state.is_none()),
        Chip::new("待我确认", with(true, None)).active(ask.waiting).count(count),
    ];
    chips.extend(CountState::ALL.iter().map(|&state| {
        Chip::new(state.label(), with(false, Some(state))).active(!ask.waiting && ask.state == Some(state))
    }));
    view! { <Chips label="盘点状态" chips=chips/> }
}

/// The places to choose from, with a word for all of them.
pub fn place_items(places: Vec<PlaceOfStock>, all: &str) -> Vec<SelectItem> {
    let mut items = vec![SelectItem::new("", all)];
    items.extend(places.into_iter().map(|place| {
        let name = if place.warehouse { format!("仓库 · {}", place.name) } else { place.name };
        SelectItem::new(place.id.to_string(), name)
    }));
    items
}

fn filters(ask: &ListCounts, places: Vec<PlaceOfStock>) -> impl IntoView + use<> {
    let items = place_items(places, "全部门店和仓库");
    let waiting = if ask.waiting { "1" } else { "" };
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
            <input type="hidden" name="waiting" value=waiting/>
            <input type="hidden" name="state" value=ask.state.map_or("", CountState::code)/>
            <Select name="location" label="门店或仓库" items=items value=ask.location.map(|id| id.to_string()).unwrap_or_default()/>
            <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
        </form>
    }
}

fn results(ask: &ListCounts, found: Listed<CountCard>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="没有符合条件的盘点" text="门店开始盘点后会出现在这里；差异较大的由您确认。">""</EmptyState> }
            .into_any();
    }
    let columns = vec![
        Column::new("盘点"),
        Column::new("状态"),
        Column::new("进度").right(),
        Column::new("差异件数").right(),
        Column::new("差异金额").right(),
        Column::new("按成本").right(),
        Column::new("开始"),
    ];
    let next = found.next.as_ref().map(|after| {
        let mut pairs = ask.pairs();
        pairs.push(("after", after.clone()));
        address(PATH, &pairs)
    });
    let rows = found.items.into_iter().map(|card| row(card, now)).collect_view();
    view! {
        <DataTable caption="盘点" columns=columns>{rows}</DataTable>
        {next.map(|next| view! { <div class="mt-3"><Pager next=next/></div> })}
    }
    .into_any()
}

fn row(card: CountCard, now: DateTime<Utc>) -> impl IntoView {
    let blind = if card.blind { "（盲盘）" } else { "" };
    let title = format!("{} · {}{blind}", card.number, card.kind.label());
    let tone = match card.state {
        CountState::Open => Tone::Info,
        CountState::Submitted => Tone::Warn,
        CountState::Approved => Tone::Success,
        CountState::Cancelled => Tone::Plain,
    };
    let above = (card.above && card.state == CountState::Submitted)
        .then(|| view! { <Badge tone=Tone::Error>"差异较大"</Badge> });
    let (pieces, value) =
        card.off.map_or(("—".into(), "—".into()), |off| (off.pieces.to_string(), off.value_fen.to_string()));
    let began = format!("{} · {}", card.opened_by, text::moment(card.opened_at, now, text::zone("")));
    view! {
        <tr>
            <td class="min-w-40">
                <a class="link font-medium" href=format!("/console/counts/{}", card.id)>{card.location_name}</a>
                <span class="block text-sm text-base-content/70">{title}</span>
            </td>
            <td class="whitespace-nowrap"><Badge tone=tone>{card.state.label()}</Badge> {above}</td>
            <td class="tabular text-end whitespace-nowrap">{format!("{} / {}", card.counted_lines, card.lines)}</td>
            <td class="tabular text-end">{pieces}</td>
            <td class="tabular text-end">{value}</td>
            <td class="tabular text-end">{price(card.cost_fen)}</td>
            <td class="whitespace-nowrap">{began}</td>
        </tr>
    }
}
