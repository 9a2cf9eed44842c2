//! Orders to suppliers: the list, and what the forms do.

use chrono::{DateTime, Utc};
use commerce::{Scope, purchasing};
use domain::{
    Fault, Fields, PurchaseId,
    approvals::Decide,
    import::ImportKind,
    page::Page as Listed,
    purchasing::{
        DraftPurchase as DraftCommand, ListPurchases, ListSuppliers, PurchaseCard, PurchaseNote, PurchaseState,
    },
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Chip, Chips, Column, DataTable, EmptyState, Field, Glyph, LinkButton, Pager, Select, SelectItem, Tone,
};
use uuid::Uuid;

use crate::{
    frame::{Frame, LOG_IN, Tab, address, files, said},
    suppliers::{FORM, import_link, kinds, price},
};

/// The list.
pub const PATH: &str = "/hq/purchases";
/// How many orders a page of the list has.
const PAGE: usize = 50;

/// An order's page.
pub fn path_of(id: PurchaseId) -> String {
    format!("{PATH}/{id}")
}

/// Does something with the order that a form names, and goes to its page.
async fn act(
    fields: Fields,
    what: impl AsyncFnOnce(Scope, PurchaseId, Fields) -> Result<&'static str, Fault>,
) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id: PurchaseId = fields.text("id").parse().map_err(|_| Fault::NotFound("这张采购单"))?;
        let said = what(scope, id, fields).await?;
        Ok(Next::to(path_of(id)).saying(FORM, said))
    })
    .await
}

/// Writes an order, or writes it anew; with `hand_in`, hands it in as well.
#[server(prefix = "/rpc/hq", endpoint = "draft_purchase")]
pub async fn draft_purchase(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    act(fields, async |scope, id, fields: Fields| {
        purchasing::draft(&scope, id, DraftCommand::from_fields(&fields)?).await?;
        if fields.given("hand_in").is_none() {
            return Ok("草稿已保存，提交后才会生效");
        }
        Ok(handed_in(purchasing::submit(&scope, id).await?))
    })
    .await
}

fn handed_in(state: PurchaseState) -> &'static str {
    match state {
        PurchaseState::Submitted => "已提交：金额较大，要由另一位有审批权的同事通过",
        _ => "已提交并通过，等待收货",
    }
}

/// Hands a draft in.
#[server(prefix = "/rpc/hq", endpoint = "submit_purchase")]
pub async fn submit_purchase(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    act(fields, async |scope, id, _| purchasing::submit(&scope, id).await.map(handed_in)).await
}

/// Agrees to an order, or turns it down.
#[server(prefix = "/rpc/hq", endpoint = "decide_purchase")]
pub async fn decide_purchase(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    act(fields, async |scope, id, fields: Fields| {
        let decision = Decide::from_fields(&fields)?;
        let said = if decision.approve { "已通过，等待收货" } else { "已驳回" };
        purchasing::decide(&scope, id, decision).await.map(|()| said)
    })
    .await
}

/// Calls an order off.
#[server(prefix = "/rpc/hq", endpoint = "cancel_purchase")]
pub async fn cancel_purchase(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    act(fields, async |scope, id, fields: Fields| {
        purchasing::cancel(&scope, id, PurchaseNote::from_fields(&fields)).await.map(|()| "已取消")
    })
    .await
}

/// Closes an order.
#[server(prefix = "/rpc/hq", endpoint = "close_purchase")]
pub async fn close_purchase(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    act(fields, async |scope, id, fields: Fields| {
        purchasing::close(&scope, id, PurchaseNote::from_fields(&fields)).await.map(|()| "已结束，未到的不再等")
    })
    .await
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let suppliers = purchasing::suppliers(&asked.scope, &ListSuppliers::default()).await?;
    let ask = ListPurchases { most: PAGE, ..ListPurchases::from_fields(&asked.query) };
    let found = purchasing::list(&asked.scope, &ask).await?;
    Ok(Page::new("采购单", move || {
        let mut items = vec![SelectItem::new("", "全部供应商")];
        items.extend(suppliers.into_iter().map(|one| SelectItem::new(one.id.to_string(), one.name)));
        let new = path_of(PurchaseId(Uuid::now_v7()));
        let beside = view! {
            {files(PATH, &ask.pairs())}
            {import_link(&asked, ImportKind::Purchases)}
            <LinkButton href=new tone=Tone::Primary>"新建采购单"</LinkButton>
        };
        let body = view! {
            {kinds(&asked, PATH)}
            {said(&asked, FORM)}
            <div class="mb-4">{states(&ask)}</div>
            {filters(&ask, items)}
            {results(&ask, found, asked.scope.now)}
        };
        frame.screen(Tab::Purchasing, "采购".into(), "", beside.into_any(), body.into_any())
    }))
}

fn states(ask: &ListPurchases) -> impl IntoView + use<> {
    let of = |state: Option<PurchaseState>| address(PATH, &ListPurchases { state, after: None, ..ask.clone() }.pairs());
    let mut chips = vec![Chip::new("全部", of(None)).active(ask.state.is_none())];
    let chip = |&state: &PurchaseState| Chip::new(state.label(), of(Some(state))).active(ask.state == Some(state));
    chips.extend(PurchaseState::ALL.iter().map(chip));
    view! { <Chips label="状态" chips=chips/> }
}

fn filters(ask: &ListPurchases, items: Vec<SelectItem>) -> impl IntoView + use<> {
    let state = ask.state.map_or("", PurchaseState::code);
    let supplier = ask.supplier.map(|id| id.to_string()).unwrap_or_default();
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
            <input type="hidden" name="state" value=state/>
            <Field name="q" kind="search" label="查找" required=false placeholder="单号、供应商、收货方或 SKU 编码" value=ask.words.clone()
                maxlength=Fields::WORDS_MOST as u32/>
            <Select name="supplier" label="供应商" items=items value=supplier/>
            <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
        </form>
    }
}

fn results(ask: &ListPurchases, found: Listed<PurchaseCard>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        return view! { <EmptyState glyph=Glyph::Truck title="没有符合条件的采购单" text="可以新建一张，或从补货建议一键下单。">""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("单号"),
        Column::new("供应商"),
        Column::new("商品"),
        Column::new("已收 / 订购").right(),
        Column::new("金额").right(),
        Column::new("状态"),
        Column::new("收货方"),
        Column::new("预计到货"),
        Column::new("时间"),
    ];
    let rows = found.items.into_iter().map(|card| row(card, now)).collect_view();
    let next = found.next.map(|after| {
        let mut pairs = ask.pairs();
        pairs.push(("after", after));
        address(PATH, &pairs)
    });
    let pager = next.map(|next| view! { <Pager next=next/> });
    view! {
        <DataTable caption="采购单" columns=columns>{rows}</DataTable>
        {pager}
    }
    .into_any()
}

fn row(card: PurchaseCard, now: DateTime<Utc>) -> impl IntoView {
    let badge = badge(&card).into_any();
    view! {
        <tr>
            <td class="tabular whitespace-nowrap"><a class="link font-medium" href=path_of(card.id)>{card.number}</a></td>
            <td>{card.supplier}</td>
            <td class="min-w-40">{card.summary}</td>
            <td class="tabular text-end whitespace-nowrap">{format!("{} / {}", card.received, card.pieces)}</td>
            <td class="tabular text-end">{price(card.total_fen)}</td>
            <td class="whitespace-nowrap">{badge}</td>
            <td>{card.location.name}</td>
            <td class="tabular whitespace-nowrap">{card.expected_on.map(|day| day.to_string())}</td>
            <td class="tabular whitespace-nowrap">{text::moment(card.created_at, now, text::zone(""))}</td>
        </tr>
    }
}

/// How far an order is, and what went back of it.
pub fn badge(card: &PurchaseCard) -> impl IntoView + use<> {
    let tone = match card.state {
        PurchaseState::Submitted | PurchaseState::Approved => Tone::Warn,
        PurchaseState::PartReceived => Tone::Accent,
        PurchaseState::Received => Tone::Success,
        PurchaseState::Rejected => Tone::Error,
        PurchaseState::Draft | PurchaseState::Closed | PurchaseState::Cancelled => Tone::Plain,
    };
    let label = card.state.label();
    let back = (card.returned > 0).then(|| {
        let text = format!("退 {} 件", card.returned);
        view! { <Badge tone=Tone::Error>{text}</Badge> }
    });
    view! { <span class="inline-flex gap-1.5"><Badge tone=tone>{label}</Badge>{back}</span> }
}
