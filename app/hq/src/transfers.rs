//! Goods between stores and warehouses: the list and one transfer. What is done with one is done by the console's forms,
//! which know each transfer's two sides; the faces do not know each other's code.

use chrono::{DateTime, Utc};
use commerce::{supply, transfers};
use domain::{
    Fault, Fields, TransferId,
    page::Page as Listed,
    staff::{Permission, Reach},
    text,
    transfers::{
        ListTransfers, TransferAct, TransferCard, TransferLine, TransferState, TransferTab, TransferView, field_of,
    },
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{
    Button, Card, Chip, Chips, Column, DataTable, EmptyState, EntryCell, EntryRow, Fact, Facts, Field, Form, Glyph,
    Hidden, LinkButton, Pager, Select, SelectItem, TextArea, Tone,
};
use views::{
    fill_in,
    goods::whole,
    transfers::{differences, state, steps},
};

use crate::{
    frame::{Frame, Tab, address, files, said},
    new_transfer,
};

pub const PATH: &str = "/hq/transfers";
/// The part of the page that the console's forms speak to.
pub const FORM: &str = "transfer";
/// The part that its form of differences speaks to: both may stand there, each with a note of its own.
const SETTLE: &str = "settle";
/// How many transfers a page of the list has.
const PAGE: usize = 50;

/// Links to the pages about goods, for those who run the warehouses.
pub fn kinds(supplies: bool, here: &str) -> Option<AnyView> {
    let all = [
        ("调拨单", PATH),
        ("总部分配", "/hq/allocations/new"),
        ("仓库", "/hq/warehouses"),
        ("供货价", "/hq/supply-prices"),
    ];
    let chips = all.into_iter().map(|(label, href)| Chip::new(label, href).active(href == here)).collect();
    supplies.then(|| view! { <div class="mb-4"><Chips label="供货" chips=chips/></div> }.into_any())
}

/// Whether whoever asks runs the warehouses.
pub fn supplies(asked: &Asked) -> bool {
    asked.scope.reach(Permission::ManageSupply) == Ok(Reach::All)
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let ask = ListTransfers { most: PAGE, ..ListTransfers::from_fields(&asked.query) };
    let found = transfers::list(&asked.scope, &ask).await?;
    let places = supply::sources(&asked.scope).await?;
    Ok(Page::new("调拨单", move || {
        let mut items = vec![SelectItem::new("", "全部门店与仓库")];
        items.extend(places.into_iter().map(|place| SelectItem::new(place.id.to_string(), place.name)));
        let new = supplies(&asked)
            .then(|| view! { <LinkButton href=new_transfer::PATH tone=Tone::Primary>"新建调拨单"</LinkButton> });
        let beside = view! { {files(PATH, &ask.pairs())} {new} };
        let body = view! {
            {kinds(supplies(&asked), PATH)}
            {said(&asked, FORM)}
            <div class="mb-4">{states(&ask)}</div>
            {filters(&ask, items)}
            {results(&ask, found, asked.scope.now)}
        };
        frame.screen(Tab::Supply, "供货与调拨".into(), "", beside.into_any(), body.into_any())
    }))
}

fn states(ask: &ListTransfers) -> impl IntoView + use<> {
    let of = |tab: Option<TransferTab>, state: Option<TransferState>| {
        address(PATH, &ListTransfers { tab, state, after: None, ..ask.clone() }.pairs())
    };
    let differences = Some(TransferTab::Differences);
    let mut chips = vec![
        Chip::new("全部", of(None, None)).active(ask.tab.is_none() && ask.state.is_none()),
        Chip::new("有差异", of(differences, None)).active(ask.tab == differences),
    ];
    let chip = |&state: &TransferState| {
        Chip::new(state.label(), of(None, Some(state))).active(ask.tab.is_none() && ask.state == Some(state))
    };
    chips.extend(TransferState::ALL.iter().map(chip));
    view! { <Chips label="状态" chips=chips/> }
}

fn filters(ask: &ListTransfers, items: Vec<SelectItem>) -> impl IntoView + use<> {
    let (tab, state) = (ask.tab.map_or("", TransferTab::code), ask.state.map_or("", TransferState::code));
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
            <input type="hidden" name="tab" value=tab/>
            <input type="hidden" name="state" value=state/>
            <Field name="q" kind="search" label="查找" required=false placeholder="单号、名称或 SKU 编码" value=ask.words.clone()
                maxlength=Fields::WORDS_MOST as u32/>
            <Select name="location" label="发货方或收货方" items=items value=ask.location.map(|id| id.to_string()).unwrap_or_default()/>
            <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
        </form>
    }
}

fn results(ask: &ListTransfers, found: Listed<TransferCard>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        return view! { <EmptyState glyph=Glyph::Truck title="没有符合条件的调拨单" text="门店要货、门店之间调拨、总部分配都在这里。">""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("单号"),
        Column::new("商品"),
        Column::new("件数").right(),
        Column::new("供货金额").right(),
        Column::new("状态"),
        Column::new("从"),
        Column::new("到"),
        Column::new("时间"),
    ];
    let rows = found.items.into_iter().map(|card| row(card, now)).collect_view();
    let next = found.next.map(|after| {
        let mut pairs = ask.pairs();
        pairs.push(("after", after));
        address(PATH, &pairs)
    });
    let next = next.unwrap_or_default();
    view! {
        <DataTable caption="调拨单" columns=columns>{rows}</DataTable>
        {(!next.is_empty()).then(|| view! { <Pager next=next/> })}
    }
    .into_any()
}

fn row(card: TransferCard, now: DateTime<Utc>) -> impl IntoView {
    let badge = state(&card);
    view! {
        <tr>
            <td class="tabular whitespace-nowrap"><a class="link font-medium" href=format!("{PATH}/{}", card.id)>{card.number}</a></td>
            <td class="min-w-40">{card.summary}</td>
            <td class="tabular text-end">{card.pieces}</td>
            <td class="tabular text-end">{card.total_fen.map_or("—".into(), |total| total.to_string())}</td>
            <td class="whitespace-nowrap">{badge}</td>
            <td>{card.from.name}</td>
            <td>{card.to.name}</td>
            <td class="tabular whitespace-nowrap">{text::moment(card.created_at, now, text::zone(""))}</td>
        </tr>
    }
}

/// A transfer's page.
pub async fn transfer(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let id: TransferId = asked.id("transfer", "这张调拨单")?;
    let transfer = transfers::show(&asked.scope, id).await?;
    let title = format!("调拨 {}", transfer.card.number);
    Ok(Page::new(title.clone(), move || {
        let pick = transfer.acts.contains(&TransferAct::Ship).then(|| {
            view! { <LinkButton href=format!("/console/transfers/{id}/pick")>"打印拣货单"</LinkButton> }
        });
        let now = asked.scope.now;
        let (about, told) = (about(&transfer.card, now), steps(&transfer.steps, now));
        let body = view! {
            {said(&asked, FORM)}
            {said(&asked, SETTLE)}
            <div class="grid grid-cols-1 gap-4 xl:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] xl:items-start">
                <div class="grid grid-cols-1 gap-4">
                    {goods(&asked, &transfer)}
                    {settling(&asked, &transfer)}
                </div>
                <div class="grid grid-cols-1 gap-4">
                    <Card title="调拨单">{about}</Card>
                    <Card title="记录">{told}</Card>
                </div>
            </div>
        };
        frame.screen(Tab::Supply, title, PATH, pick.into_any(), body.into_any())
    }))
}

fn about(card: &TransferCard, now: DateTime<Utc>) -> AnyView {
    let (card, badge) = (card.clone(), state(card));
    let total = card
        .total_fen
        .map(|total| view! { <Fact label="供货金额"><span class="tabular">{total.to_string()}</span></Fact> });
    let reason = (!card.reason.is_empty()).then(|| view! { <Fact label="原因">{card.reason}</Fact> });
    view! {
        <Facts>
            <Fact label="状态">{badge}</Fact>
            <Fact label="从">{format!("{}（{}）", card.from.name, card.from.kind.label())}</Fact>
            <Fact label="到">{format!("{}（{}）", card.to.name, card.to.kind.label())}</Fact>
            <Fact label="件数"><span class="tabular">{card.pieces}</span></Fact>
            {total}
            {reason}
            <Fact label="时间">{text::moment(card.created_at, now, text::zone(""))}</Fact>
        </Facts>
    }
    .into_any()
}

/// What the next step is, where it is theirs who look: its form, what is filled in, and what stands there before.
type Next = (TransferAct, &'static str, &'static str, fn(&TransferLine) -> i64);
const NEXT: [Next; 4] = [
    (TransferAct::Approve, "/rpc/console/decide_transfer", "同意", |line| line.requested),
    (TransferAct::Ship, "/rpc/console/ship_transfer", "实发", |line| line.approved.unwrap_or(0).min(line.available)),
    (TransferAct::Receive, "/rpc/console/receive_transfer", "实收", |line| line.shipped.unwrap_or(0)),
    // By now, those that came first included.
    (TransferAct::ReceiveRest, "/rpc/console/receive_rest_of_transfer", "累计实收", |line| {
        line.received.unwrap_or(0)
    }),
];

fn goods(asked: &Asked, transfer: &TransferView) -> AnyView {
    let next = NEXT.into_iter().find(|(act, ..)| transfer.acts.contains(act));
    let mut columns = vec![Column::new("商品")];
    columns.extend(next.map(|(_, _, title, _)| Column::new(title)));
    let read = ["要", "同意", "已发", "实收", "丢失", "退回", "供货价", "发货方可发"];
    columns.extend(read.map(|title| Column::new(title).right()));
    let row = |line: &TransferLine| {
        let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_else(|| "—".into());
        let figures = vec![
            line.requested.to_string(),
            number(line.approved),
            number(line.shipped),
            number(line.received),
            line.lost.to_string(),
            line.returned.to_string(),
            line.price_fen.map_or("—".into(), |price| price.to_string()),
            line.available.to_string(),
        ];
        let entry = next.map(|next| entry(asked, line, next));
        view! { <EntryRow title=line.name.clone() detail=line.code.clone() figures=figures>{entry}</EntryRow> }
    };
    let rows = transfer.lines.iter().map(row).collect_view();
    let table = view! { <DataTable caption="商品" columns=columns>{rows}</DataTable> }.into_any();
    let inside = match next {
        Some((act, action, ..)) => acting(asked, transfer, act, action, table),
        None => table,
    };
    let (whole, back) = (whole(asked, FORM), calling_off(asked, transfer));
    view! { <Card title="商品">{whole}{inside}{back}</Card> }.into_any()
}

/// The cell in which something is filled in for one line.
fn entry(asked: &Asked, line: &TransferLine, (act, _, title, prefilled): Next) -> AnyView {
    if act == TransferAct::ReceiveRest && line.on_the_way == 0 {
        return view! { <td>"—"</td> }.into_any();
    }
    let label = format!("{} {title}数量", line.name);
    let name = field_of(line.sku_id);
    let (wrong, typed) = asked.field(FORM, &name);
    let (value, error) = (typed.unwrap_or_else(|| prefilled(line).to_string()), wrong.unwrap_or_default());
    view! { <EntryCell name=name label=label value=value error=error/> }.into_any()
}

/// The form that says what became of missing pieces.
fn settling(asked: &Asked, transfer: &TransferView) -> Option<AnyView> {
    if !transfer.acts.contains(&TransferAct::Settle) {
        return None;
    }
    let table = differences(asked, SETTLE, &transfer.lines);
    let whole = whole(asked, SETTLE);
    let form = acting(asked, transfer, TransferAct::Settle, "/rpc/console/settle_transfer", table);
    Some(view! { <Card title="差异去向">{whole}{form}</Card> }.into_any())
}

fn acting(asked: &Asked, transfer: &TransferView, act: TransferAct, action: &'static str, table: AnyView) -> AnyView {
    let (name, label, hint) = match act {
        TransferAct::Approve => ("note", "答复", "拒绝时必须写明原因，对方会看到。"),
        TransferAct::Ship => ("note", "物流信息", "承运人、运单号。"),
        TransferAct::Receive => ("reason", "差异原因", "实收少于发货时填写。"),
        TransferAct::ReceiveRest => ("note", "备注", "后到的货：填连同先到的一共实收多少件，没有到的不改。"),
        _ => ("note", "核实情况", "例如「承运方确认丢失，已赔付」。还没弄清的不填，货后到可以补收。"),
    };
    let needed = act == TransferAct::Settle;
    let (wrong, typed) = asked.field(if needed { SETTLE } else { FORM }, name);
    let buttons = match act {
        TransferAct::Approve => view! {
            <button type="submit" name="verdict" value="approve" class="btn btn-primary">"同意"</button>
            <button type="submit" name="verdict" value="reject" class="btn btn-outline btn-error" formnovalidate=true>"拒绝"</button>
        }
        .into_any(),
        TransferAct::Ship => view! { <Button>"确认发货"</Button> }.into_any(),
        TransferAct::Receive => view! { <Button>"确认收货"</Button> }.into_any(),
        TransferAct::ReceiveRest => view! { <Button>"补收"</Button> }.into_any(),
        _ => view! { <Button>"处理差异"</Button> }.into_any(),
    };
    let (here, id) = (asked.here.clone(), transfer.card.id.to_string());
    // It may stand beside the form of what came later.
    let field = if needed { "settle-note" } else { name };
    let by_file = (act == TransferAct::Receive).then(|| {
        let hint = "每行：编码或条码、实收件数。表格里没有的商品填 0，核对后再确认收货。";
        fill_in(asked, FORM, &format!("/console/transfers/{id}"), hint)
    });
    view! {
        <Form action=action>
            <Hidden name="from" value=here/>
            <Hidden name="id" value=id/>
            {table}
            <div class="mt-4 max-w-2xl">
                <TextArea name=name id=field label=label hint=hint rows=2 maxlength=200 required=needed value=typed.unwrap_or_default() error=wrong.unwrap_or_default()/>
                <div class="flex gap-3">{buttons}</div>
            </div>
            {by_file}
        </Form>
    }
    .into_any()
}

fn calling_off(asked: &Asked, transfer: &TransferView) -> Option<AnyView> {
    let (here, id) = (asked.here.clone(), transfer.card.id.to_string());
    transfer.acts.contains(&TransferAct::Cancel).then(|| {
        view! {
            <Form action="/rpc/console/cancel_transfer" class="mt-4 flex max-w-2xl items-end gap-3">
                <Hidden name="from" value=here/>
                <Hidden name="id" value=id/>
                <label class="block w-full">
                    <span class="mb-1 block text-sm font-semibold">"不发了，原因"</span>
                    <input class="input w-full" name="note" maxlength="200" required=true/>
                </label>
                <Button tone=Tone::Plain>"取消这张单"</Button>
            </Form>
        }
        .into_any()
    })
}
