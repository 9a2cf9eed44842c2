//! 待退供应商: what shoppers brought back for its supplier and lies apart; handing it over, scrapping it.

use chrono::{DateTime, Utc};
use commerce::{Scope, purchasing};
use domain::{
    Fault, Fields, LocationId, SetApartEndId, SupplierId,
    batches::batch_field,
    purchasing::{
        CreditHandOver as CreditCommand, Fate, HandToSupplier, LyingApart, ScrapSetApart, SetApart, SetApartEnd,
        SupplierChoice, price_field,
    },
    text,
    transfers::field_of,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Card, Column, DataTable, EmptyState, Entry, EntryCell, EntryRow, Field, Form, Glyph, Hidden, Select,
    SelectItem, Tone,
};
use uuid::Uuid;

use crate::frame::{Frame, Lit, address, news};

const LOG_IN: &str = "/console/login";
/// This page.
const PATH: &str = "/console/set-apart";
/// The part of the page that its forms speak to.
const FORM: &str = "set_apart";

async fn act(
    fields: Fields,
    said: &'static str,
    what: impl AsyncFnOnce(Scope, Fields) -> Result<(), Fault>,
) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let back = rpc::back_path(fields.text("from")).to_owned();
        what(scope, fields).await?;
        Ok(Next::to(back).saying(FORM, said))
    })
    .await
}

/// Gives goods to a supplier, or throws them away.
#[server(prefix = "/rpc/console", endpoint = "end_set_apart")]
pub async fn end_set_apart(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    if fields.text("verdict") == Fate::Scrap.code() {
        let scrap = async |scope, fields: Fields| {
            purchasing::scrap_set_apart(&scope, ScrapSetApart::from_fields(&fields)?).await
        };
        return act(fields, "已报废，已记为损失", scrap).await;
    }
    let hand_over =
        async |scope, fields: Fields| purchasing::hand_over(&scope, HandToSupplier::from_fields(&fields)?).await;
    act(fields, "已交给供应商", hand_over).await
}

/// Says what a supplier credits for what they took.
#[server(prefix = "/rpc/console", endpoint = "credit_hand_over")]
pub async fn credit_hand_over(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    let credit = async |scope, fields: Fields| {
        let id: SetApartEndId = fields.text("id").parse().map_err(|_| Fault::NotFound("这张退供单"))?;
        purchasing::credit_hand_over(&scope, id, CreditCommand::from_fields(&fields)?).await
    };
    act(fields, "已登记，应付已减少", credit).await
}

/// The page: what lies apart by place and by likely supplier, then what became of what lay there.
pub async fn set_apart(asked: Asked) -> Result<Page, Fault> {
    let place: Option<LocationId> = asked.query.text("location").parse().ok();
    let first: Option<SetApartEndId> = asked.query.text("end").parse().ok();
    let found = purchasing::set_apart(&asked.scope, place, first).await?;
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("待退供应商", move || {
        let ended = ends(&asked, &found.ends);
        let newest = first.map(|_| {
            let href = address(PATH, &[("location", place.map(|id| id.to_string()).unwrap_or_default())]);
            view! { <p class="mt-3"><a class="link" href=href>"最近的退供单"</a></p> }
        });
        let body = view! {
            <h1 class="mb-1 text-xl font-bold">"待退供应商"</h1>
            <p class="mb-3 text-base-content/70">"顾客退回、要退给供应商的商品，已不在可售库存里，单独存放。"</p>
            {news(&asked, FORM)}
            <div class="grid grid-cols-1 gap-4">
                {lying(&asked, &found)}
                <Card title="退供单">{ended}{newest}</Card>
            </div>
        };
        frame.screen(Lit::SetApart, body.into_any())
    }))
}

fn lying(asked: &Asked, found: &SetApart) -> AnyView {
    if found.lying.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="没有待退供应商的商品" text="收退货时选「退供应商，单独存放」的商品会出现在这里。">""</EmptyState> }.into_any();
    }
    let group = |one: &LyingApart| (one.location_id, one.supplier.as_ref().map(|supplier| supplier.id));
    let groups = found.lying.chunk_by(|one, next| group(one) == group(next));
    groups.map(|lines| desk(asked, lines, &found.suppliers)).collect_view().into_any()
}

/// The form of what lies at one place and is likely one supplier's.
fn desk(asked: &Asked, lines: &[LyingApart], suppliers: &[SupplierChoice]) -> Option<AnyView> {
    let first = lines.first()?;
    let likely = first.supplier.clone();
    let name = likely.as_ref().map_or("供应商未定", |one| one.name.as_str());
    let title = format!("{} → {name}", first.location_name);
    let (place, group) =
        (first.location_id.to_string(), likely.as_ref().map(|one| one.id.to_string()).unwrap_or_default());
    // Several forms have fields of the same names; what was typed belongs to the one that was sent.
    let typed = asked
        .flash_of(FORM)
        .is_some_and(|flash| flash.typed.text("location") == place && flash.typed.text("group") == group);
    let asks = first.may_end;
    let table = table(asked, lines, typed);
    if !asks {
        return Some(view! { <Card title=title>{table}</Card> }.into_any());
    }
    let part = |name: &str| if typed { asked.field(FORM, name) } else { (None, None) };
    let ((supplier_wrong, supplier), (note_wrong, note), (reason_wrong, reason)) =
        (part("supplier"), part("credit_note"), part("reason"));
    let items = choices(suppliers, likely);
    // Each form has fields of its own identities.
    let id = |name: &str| format!("{name}-{place}-{group}");
    let ids = [id("supplier"), id("credit_note"), id("reason")];
    let [supplier_id, note_id, reason_id] = ids;
    // What becomes of it is the latest of its list, wherever that began.
    let here = address(PATH, &[("location", asked.query.text("location"))]);
    Some(
        view! {
            <Card title=title>
                <Form action="/rpc/console/end_set_apart">
                    <Hidden name="from" value=here/>
                    <Hidden name="key" value=Uuid::now_v7().to_string()/>
                    <Hidden name="location" value=place/>
                    <Hidden name="group" value=group.clone()/>
                    {table}
                    <div class="mt-4 grid gap-x-4 lg:grid-cols-3">
                        <Select name="supplier" id=supplier_id label="交给供应商" items=items value=supplier.unwrap_or(group) error=supplier_wrong.unwrap_or_default()/>
                        <Field name="credit_note" id=note_id label="贷项通知单号" required=false maxlength=200 value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()/>
                        <Field name="reason" id=reason_id label="报废原因" required=false maxlength=200 value=reason.unwrap_or_default() error=reason_wrong.unwrap_or_default()
                            hint="报废时必填。"/>
                    </div>
                    <div class="flex flex-wrap gap-3">
                        <button type="submit" name="verdict" value="hand_over" class="btn btn-primary">"交给供应商"</button>
                        <button type="submit" name="verdict" value="scrap" class="btn btn-outline btn-error">"报废"</button>
                    </div>
                </Form>
            </Card>
        }
        .into_any(),
    )
}

/// Whom goods may go to; who is likely is named also where they are closed.
fn choices(suppliers: &[SupplierChoice], likely: Option<SupplierChoice>) -> Vec<SelectItem> {
    let known = |id: SupplierId| suppliers.iter().any(|one| one.id == id);
    let beyond = likely.filter(|one| !known(one.id));
    let mut items = vec![SelectItem::new("", "请选择")];
    items.extend(beyond.iter().chain(suppliers).map(|one| SelectItem::new(one.id.to_string(), one.name.clone())));
    items
}

fn table(asked: &Asked, lines: &[LyingApart], typed: bool) -> AnyView {
    let (asks, prices) = lines.first().map_or((false, false), |one| (one.may_end, one.may_end && one.may_price));
    // What is typed stands beside the goods: a phone shows no more of a table.
    let mut columns = vec![Column::new("商品")];
    columns.extend(asks.then(|| Column::new("本次件数")));
    columns.extend(prices.then(|| Column::new("退款单价（元，选填）")));
    columns.extend(asks.then(|| Column::new("批次号（选填）")));
    columns.extend([Column::new("存放").right(), Column::new("售后单").right(), Column::new("最早").right()]);
    let entry = |name: String, label: String, prefilled: String, kind: Entry| {
        let (wrong, value) = if typed { asked.field(FORM, &name) } else { (None, None) };
        let (error, value) = (wrong.unwrap_or_default(), value.unwrap_or(prefilled));
        view! { <EntryCell name=name label=label kind=kind value=value error=error/> }
    };
    let row = |line: &LyingApart| {
        let pieces = asks.then(|| {
            let label = format!("{} 本次件数", line.name);
            entry(field_of(line.sku_id), label, line.quantity.to_string(), Entry::Whole)
        });
        let price = prices
            .then(|| entry(price_field(line.sku_id), format!("{} 退款单价", line.name), String::new(), Entry::Decimal));
        let batch =
            asks.then(|| entry(batch_field(line.sku_id), format!("{} 批次号", line.name), String::new(), Entry::Words));
        let since = text::moment(line.since, asked.scope.now, text::zone(""));
        let figures = vec![line.quantity.to_string(), line.requests.to_string(), since];
        view! { <EntryRow title=line.name.clone() detail=line.code.clone() figures=figures>{pieces}{price}{batch}</EntryRow> }
    };
    let rows = lines.iter().map(row).collect_view();
    view! { <DataTable caption="单独存放的商品" columns=columns>{rows}</DataTable> }.into_any()
}

fn ends(asked: &Asked, ends: &[SetApartEnd]) -> AnyView {
    if ends.is_empty() {
        return view! { <p class="text-base-content/70">"还没有退供单。"</p> }.into_any();
    }
    let row = |one: &SetApartEnd| end(asked, one, asked.scope.now);
    view! { <ol class="divide-y divide-base-300">{ends.iter().map(row).collect_view()}</ol> }.into_any()
}

fn end(asked: &Asked, one: &SetApartEnd, now: DateTime<Utc>) -> impl IntoView + use<> {
    let tone = if one.fate == Fate::HandOver { Tone::Success } else { Tone::Error };
    let whom = one.supplier.as_ref().map(|supplier| format!(" → {}", supplier.name)).unwrap_or_default();
    let who = format!("{} · {}", one.by, text::moment(one.at, now, text::zone("")));
    let credit = one
        .credit_fen
        .map(|credit| view! { <span class="tabular font-medium">{format!("供应商退款 {credit}")}</span> });
    let (fate, note) = (one.fate.label(), one.note.as_str());
    let who = if note.is_empty() { who } else { format!("{who} · {note}") };
    let ask = one.may_credit.then(|| credit_form(asked, one.id));
    view! {
        <li class="py-2 text-sm">
            <p class="flex flex-wrap items-center gap-x-3 gap-y-1">
                <span class="tabular font-medium">{one.number.clone()}</span>
                <Badge tone=tone>{fate}</Badge>
                <span>{format!("{}{whom}", one.location_name)}</span>
                {credit}
            </p>
            <p class="mt-1 break-words">{one.goods.clone()}</p>
            <p class="mt-1 break-words text-base-content/70">{who}</p>
            {ask}
        </li>
    }
}

/// What the supplier credits, where nobody has said it.
fn credit_form(asked: &Asked, id: SetApartEndId) -> AnyView {
    let typed = asked.flash_of(FORM).is_some_and(|flash| flash.typed.text("id") == id.to_string());
    let part = |name: &str| {
        let (wrong, value) = if typed { asked.field(FORM, name) } else { (None, None) };
        (wrong.unwrap_or_default(), value.unwrap_or_default())
    };
    let ((amount_wrong, amount), (note_wrong, note)) = (part("amount"), part("credit_note"));
    let here = asked.here.clone();
    let [amount_id, note_id] = ["amount", "credit_note"].map(|name| format!("{name}-{id}"));
    view! {
        <Form action="/rpc/console/credit_hand_over">
            <Hidden name="from" value=here/>
            <Hidden name="id" value=id.to_string()/>
            <div class="mt-2 grid max-w-3xl gap-x-4 sm:grid-cols-3 sm:items-start">
                <Field name="amount" id=amount_id label="供应商退款（元）" inputmode="decimal" value=amount error=amount_wrong autocomplete="off"/>
                <Field name="credit_note" id=note_id label="贷项通知单号" maxlength=200 value=note error=note_wrong/>
                <div class="sm:pt-7"><Button tone=Tone::Plain>"登记退款"</Button></div>
            </div>
        </Form>
    }
    .into_any()
}
