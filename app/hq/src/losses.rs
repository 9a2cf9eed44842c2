//! Losses of all places within reach, with what they come to by kind.

use chrono::{DateTime, Utc};
use commerce::{counts, losses as use_cases};
use domain::{
    Fault,
    counts::PlaceOfStock,
    losses::{ListLosses, LossCard, LossFigure, LossKind, LossState},
    page::Page as Listed,
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Badge, Chip, Chips, Column, DataTable, EmptyState, Glyph, Pager, Select, SelectItem, Stat, Tone};

use crate::{
    counts::{place_items, stock_chips},
    frame::{Frame, Tab, address, files},
    suppliers::price,
};

const PATH: &str = "/hq/losses";
/// How many reports a page has.
const PAGE: usize = 50;
/// Of how many days figures are shown.
const DAYS: i64 = 30;

/// The page.
pub async fn losses(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let ask = ListLosses { most: PAGE, ..ListLosses::from_fields(&asked.query) };
    let found = use_cases::list(&asked.scope, &ask).await?;
    let waiting = use_cases::waiting(&asked.scope).await?;
    let figures = use_cases::figures(&asked.scope, DAYS, ask.location).await?;
    let places = counts::places(&asked.scope).await.unwrap_or_default();
    Ok(Page::new("报损", move || {
        let beside = files(PATH, &ask.pairs());
        let body = view! {
            {stock_chips("losses")}
            {figure_cards(&figures)}
            <div class="my-4">{states(&ask, waiting)}</div>
            {filters(&ask, places)}
            {results(&ask, found, asked.scope.now)}
        };
        frame.screen(Tab::Stock, "报损".into(), "", beside.into_any(), body.into_any())
    }))
}

fn figure_cards(figures: &[LossFigure]) -> Option<impl IntoView + use<>> {
    let cards = figures.iter().map(|one| {
        let delta = format!("{} 件 · {} 份", one.pieces, one.reports);
        view! { <Stat label=one.kind.label() value=one.value_fen.to_string() delta=delta/> }
    });
    let cards = cards.collect_view();
    (!figures.is_empty()).then(|| {
        view! {
            <h2 class="mt-4 mb-2 text-sm text-base-content/70">{format!("近 {DAYS} 天已入账，按售价")}</h2>
            <div class="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-6">{cards}</div>
        }
    })
}

fn states(ask: &ListLosses, waiting: i64) -> impl IntoView + use<> {
    let with = |waiting: bool, state: Option<LossState>| {
        address(PATH, &ListLosses { waiting, state, after: None, ..ask.clone() }.pairs())
    };
    let count = if waiting > 0 { waiting.to_string() } else { String::new() };
    let mut chips = vec![
        Chip::new("全部", with(false, None)).active(!ask.waiting && ask.state.is_none()),
        Chip::new("待我审批", with(true, None)).active(ask.waiting).count(count),
    ];
    chips.extend(LossState::ALL.iter().map(|&state| {
        Chip::new(state.label(), with(false, Some(state))).active(!ask.waiting && ask.state == Some(state))
    }));
    view! { <Chips label="报损状态" chips=chips/> }
}

fn filters(ask: &ListLosses, places: Vec<PlaceOfStock>) -> impl IntoView + use<> {
    let items = place_items(places, "全部门店和仓库");
    let mut kinds = vec![SelectItem::new("", "全部类型")];
    kinds.extend(LossKind::ALL.iter().map(|kind| SelectItem::new(kind.code(), kind.label())));
    let waiting = if ask.waiting { "1" } else { "" };
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
            <input type="hidden" name="waiting" value=waiting/>
            <input type="hidden" name="state" value=ask.state.map_or("", LossState::code)/>
            <Select name="location" label="门店或仓库" items=items value=ask.location.map(|id| id.to_string()).unwrap_or_default()/>
            <Select name="kind" label="类型" items=kinds value=ask.kind.map_or("", LossKind::code)/>
            <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
        </form>
    }
}

fn results(ask: &ListLosses, found: Listed<LossCard>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="没有符合条件的报损" text="门店登记后会出现在这里；金额或数量较大的由您审批。">""</EmptyState> }
            .into_any();
    }
    let columns = vec![
        Column::new("商品"),
        Column::new("类型"),
        Column::new("件数").right(),
        Column::new("按售价").right(),
        Column::new("按成本").right(),
        Column::new("状态"),
        Column::new("地点"),
        Column::new("原因"),
        Column::new("提交"),
    ];
    let next = found.next.as_ref().map(|after| {
        let mut pairs = ask.pairs();
        pairs.push(("after", after.clone()));
        address(PATH, &pairs)
    });
    let rows = found.items.into_iter().map(|card| row(card, now)).collect_view();
    view! {
        <DataTable caption="报损" columns=columns>{rows}</DataTable>
        {next.map(|next| view! { <div class="mt-3"><Pager next=next/></div> })}
    }
    .into_any()
}

fn row(card: LossCard, now: DateTime<Utc>) -> impl IntoView {
    let tone = match card.state {
        LossState::Reported => Tone::Warn,
        LossState::Approved => Tone::Success,
        LossState::Rejected => Tone::Error,
        LossState::Withdrawn => Tone::Plain,
    };
    let reported = format!("{} · {}", card.reported_by, text::moment(card.reported_at, now, text::zone("")));
    view! {
        <tr>
            <td class="min-w-40">
                <a class="link font-medium" href=format!("/console/losses/{}", card.id)>{card.subject}</a>
                <span class="block text-sm text-base-content/70">{format!("{} · {}", card.number, card.code)}</span>
            </td>
            <td class="whitespace-nowrap">{card.kind.label()}</td>
            <td class="tabular text-end">{card.quantity}</td>
            <td class="tabular text-end whitespace-nowrap">{card.value_fen.to_string()}</td>
            <td class="tabular text-end whitespace-nowrap">{price(card.cost_fen)}</td>
            <td><Badge tone=tone>{card.state.label()}</Badge></td>
            <td class="min-w-28">{card.location_name}</td>
            <td class="min-w-40">{card.reason}</td>
            <td class="whitespace-nowrap">{reported}</td>
        </tr>
    }
}
