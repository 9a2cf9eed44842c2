//! One order to a supplier: writing it, what came of it, printing it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use commerce::{purchasing, stock};
use domain::{
    Fault, Fen, PurchaseId, SkuId, SupplierId,
    batches::BatchLeft,
    purchasing::{
        ListSuppliers, PurchaseAct, PurchaseLine, PurchaseReceipt, PurchaseState, PurchaseStep, PurchaseView, Supplier,
        SupplierPriceView, price_field,
    },
    staff::Permission,
    text,
    transfers::{Location, field_of},
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{
    Badge, Button, Card, Column, DataTable, EmptyState, Entry, EntryCell, EntryRow, Fact, Facts, Field, Form, Glyph,
    Hidden, LinkButton, Main, Notice, Select, SelectItem, Tone,
};
use uuid::Uuid;
use views::{
    batches::{batch_cells, batch_choice},
    fill_in,
};

use crate::{
    frame::{Frame, Tab, said},
    purchases::{PATH, badge, path_of},
    suppliers::{FORM, everywhere, part, price, whole, wrong},
};

/// An order's page; an id that nobody has is a new one's.
pub async fn purchase(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    if !everywhere(&asked, Permission::ManagePurchasing) {
        return asked.scope.staff().and(Err(Fault::Forbidden));
    }
    let id: PurchaseId = asked.id("purchase", "这张采购单")?;
    let found = match purchasing::show(&asked.scope, id).await {
        Ok(found) => Some(found),
        Err(Fault::NotFound(_)) => None,
        Err(fault) => return Err(fault),
    };
    match found {
        Some(found) if !found.acts.contains(&PurchaseAct::Draft) => {
            let at_hand = at_hand(&asked, &found).await?;
            Ok(settled(asked, frame, found, at_hand))
        }
        found => writing(asked, frame, id, found).await,
    }
}

/// Whether goods are to go back to the supplier, which the address says.
fn goes_back(asked: &Asked, found: &PurchaseView) -> bool {
    found.acts.contains(&PurchaseAct::Return) && asked.query.given("return").is_some()
}

/// The batches of which they may be then.
async fn at_hand(asked: &Asked, found: &PurchaseView) -> Result<Vec<(SkuId, BatchLeft)>, Fault> {
    if !goes_back(asked, found) {
        return Ok(Vec::new());
    }
    let skus: Vec<SkuId> = found.lines.iter().map(|line| line.sku_id).collect();
    stock::batches::at_hand(&asked.scope, found.card.location.id, &skus).await
}

/// What is needed to write an order.
struct Desk {
    id: PurchaseId,
    supplier: Option<Supplier>,
    suppliers: Vec<Supplier>,
    places: Vec<Location>,
    prices: Vec<SupplierPriceView>,
    found: Option<PurchaseView>,
    /// Whether prices are shown and can be named.
    sees: bool,
}

async fn writing(asked: Asked, frame: Frame, id: PurchaseId, found: Option<PurchaseView>) -> Result<Page, Fault> {
    let suppliers = purchasing::suppliers(&asked.scope, &ListSuppliers::default()).await?;
    let chosen =
        asked.query.text("supplier").parse::<SupplierId>().ok().or(found.as_ref().map(|one| one.card.supplier_id));
    let supplier = suppliers.iter().find(|one| Some(one.id) == chosen).cloned();
    let prices = match &supplier {
        Some(supplier) => purchasing::prices(&asked.scope, supplier.id).await?,
        None => Vec::new(),
    };
    let sees = everywhere(&asked, Permission::SeeCosts);
    let desk = Desk {
        id,
        supplier,
        suppliers,
        places: purchasing::places_to_order_to(&asked.scope).await?,
        prices,
        found,
        sees,
    };
    let title = desk.found.as_ref().map_or("新建采购单".to_owned(), |one| format!("采购单 {}", one.card.number));
    Ok(Page::new(title.clone(), move || {
        let cancel = desk.found.as_ref().map(|one| ending(&asked, one));
        let body = view! {
            {said(&asked, FORM)}
            {choosing(&desk)}
            {order_form(&asked, &desk)}
            <div class="mt-4">{cancel}</div>
        };
        frame.screen(Tab::Purchasing, title, PATH, ().into_any(), body.into_any())
    }))
}

/// From whom: another supplier has other goods, so the page is asked for again.
fn choosing(desk: &Desk) -> AnyView {
    let mut items = vec![SelectItem::new("", "请选择供应商")];
    let open = desk.suppliers.iter().filter(|one| !one.closed);
    items.extend(open.map(|one| SelectItem::new(one.id.to_string(), format!("{} {}", one.code, one.name))));
    let value = desk.supplier.as_ref().map(|one| one.id.to_string()).unwrap_or_default();
    view! {
        <form method="get" action=path_of(desk.id) class="panel mb-4 flex flex-wrap items-end gap-x-4 px-4 pt-4">
            <div class="min-w-72"><Select name="supplier" label="供应商" items=items value=value/></div>
            <div class="mb-4"><button type="submit" class="btn btn-outline">"选择"</button></div>
        </form>
    }
    .into_any()
}

/// A line that can be written: what the supplier offers, and what stands in the draft.
struct Offer {
    sku: SkuId,
    name: String,
    code: String,
    list: String,
    pack: String,
    quantity: String,
    price: String,
}

fn offers(desk: &Desk) -> Vec<Offer> {
    let mut drafted: BTreeMap<SkuId, &PurchaseLine> =
        desk.found.iter().flat_map(|found| &found.lines).map(|line| (line.sku_id, line)).collect();
    let mut offers = Vec::new();
    for one in &desk.prices {
        let line = drafted.remove(&one.sku_id);
        // A price is filled in only where it is not the list's.
        let named = line.and_then(|line| line.price_fen).filter(|price| Some(*price) != one.price_fen);
        offers.push(Offer {
            sku: one.sku_id,
            name: one.name.clone(),
            code: one.code.clone(),
            list: price(one.price_fen),
            pack: format!("{} 件 / {} 件", one.pack, one.minimum),
            quantity: line.map(|line| line.quantity.to_string()).unwrap_or_default(),
            price: named.map(Fen::in_yuan).unwrap_or_default(),
        });
    }
    for line in drafted.into_values() {
        offers.push(Offer {
            sku: line.sku_id,
            name: line.name.clone(),
            code: line.code.clone(),
            list: "无报价".into(),
            pack: "—".into(),
            quantity: line.quantity.to_string(),
            price: line.price_fen.map(Fen::in_yuan).unwrap_or_default(),
        });
    }
    offers
}

fn order_form(asked: &Asked, desk: &Desk) -> AnyView {
    let Some(supplier) = &desk.supplier else {
        return view! { <EmptyState glyph=Glyph::Truck title="先选择供应商" text="选好后会列出它报价的商品，填上数量就可以提交。">""</EmptyState> }.into_any();
    };
    let offers = offers(desk);
    if offers.is_empty() {
        let href = format!("/hq/suppliers/{}", supplier.id);
        return view! {
            <EmptyState glyph=Glyph::Box title="这个供应商还没有报价" text="先录入采购价，再下单。">
                <LinkButton href=href tone=Tone::Primary>"去录入采购价"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let mut columns = vec![Column::new("商品"), Column::new("订购件数")];
    columns.extend(desk.sees.then(|| Column::new("进价（元，不填按报价）")));
    columns.extend([Column::new("报价").right(), Column::new("每箱 / 起订").right()]);
    let rows = offers.into_iter().map(|offer| offered(asked, offer, desk.sees)).collect_view();
    let known = desk.found.as_ref().map(|one| &one.card);
    let (place, place_wrong) =
        part(asked, "location", known.map(|card| card.location.id.to_string()).unwrap_or_default());
    let expected = known.and_then(|card| card.expected_on).map(|day| day.to_string()).unwrap_or_default();
    let (day, day_wrong) = part(asked, "expected_on", expected);
    let (note, note_wrong) = part(asked, "note", desk.found.as_ref().map(|one| one.note.clone()).unwrap_or_default());
    let items = desk.places.iter().map(|one| SelectItem::new(one.id.to_string(), one.name.clone())).collect();
    let from = format!("{}?supplier={}", path_of(desk.id), supplier.id);
    let (id, supplier) = (desk.id.to_string(), supplier.id.to_string());
    let whole = whole(asked);
    view! {
        <Form action="/rpc/hq/draft_purchase">
            <Hidden name="from" value=from/>
            <Hidden name="id" value=id/>
            <Hidden name="supplier" value=supplier/>
            <div class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-3">
                <Select name="location" label="送到哪里" items=items value=place error=place_wrong/>
                <Field name="expected_on" kind="date" label="预计到货" required=false value=day error=day_wrong/>
                <Field name="note" label="备注" required=false maxlength=200 value=note error=note_wrong/>
            </div>
            {whole}
            <DataTable caption="订购的商品" columns=columns>{rows}</DataTable>
            // The first button is what the enter key presses.
            <div class="mt-4 flex flex-row-reverse justify-end gap-3">
                <button type="submit" class="btn btn-outline">"存为草稿"</button>
                <Button name="hand_in" value="yes">"提交"</Button>
            </div>
        </Form>
    }
    .into_any()
}

fn offered(asked: &Asked, offer: Offer, sees: bool) -> impl IntoView + use<> {
    let (name, price_name) = (field_of(offer.sku), price_field(offer.sku));
    let ((quantity, quantity_wrong), (price, price_wrong)) =
        (part(asked, &name, offer.quantity), part(asked, &price_name, offer.price));
    let (label, price_label) = (format!("{} 订购件数", offer.name), format!("{} 进价", offer.name));
    let price_cell = sees.then(|| {
        view! { <EntryCell name=price_name label=price_label kind=Entry::Decimal value=price error=price_wrong/> }
    });
    let figures = vec![offer.list, offer.pack];
    view! {
        <EntryRow title=offer.name detail=offer.code figures=figures>
            <EntryCell name=name label=label value=quantity error=quantity_wrong/>
            {price_cell}
        </EntryRow>
    }
}

/// The page of an order that is no draft any more.
fn settled(asked: Asked, frame: Frame, found: PurchaseView, at_hand: Vec<(SkuId, BatchLeft)>) -> Page {
    let title = format!("采购单 {}", found.card.number);
    Page::new(title.clone(), move || {
        let id = found.card.id;
        let print = view! { <LinkButton href=format!("{}/print", path_of(id))>"打印采购单"</LinkButton> };
        let now = asked.scope.now;
        let (about, told, came) = (about(&found, now), steps(&found.steps, now), receipts(&found.receipts, now));
        let body = view! {
            {said(&asked, FORM)}
            <div class="grid grid-cols-1 gap-4 xl:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] xl:items-start">
                <div class="grid grid-cols-1 gap-4">
                    {waiting(&found)}
                    {deciding(&asked, &found)}
                    {goods(&asked, &found, &at_hand)}
                    <Card title="收货与退货">{came}</Card>
                    {ending(&asked, &found)}
                </div>
                <div class="grid grid-cols-1 gap-4">
                    <Card title="采购单">{about}</Card>
                    <Card title="记录">{told}</Card>
                </div>
            </div>
        };
        frame.screen(Tab::Purchasing, title, PATH, print.into_any(), body.into_any())
    })
}

fn about(found: &PurchaseView, now: DateTime<Utc>) -> AnyView {
    let (card, badge) = (found.card.clone(), badge(&found.card).into_any());
    let expected = card.expected_on.map(|day| view! { <Fact label="预计到货">{day.to_string()}</Fact> });
    let note = found.note.clone();
    let note = (!note.is_empty()).then(|| view! { <Fact label="备注">{note}</Fact> });
    view! {
        <Facts>
            <Fact label="状态">{badge}</Fact>
            <Fact label="供应商">{card.supplier}</Fact>
            <Fact label="送到">{format!("{}（{}）", card.location.name, card.location.kind.label())}</Fact>
            <Fact label="订购"><span class="tabular">{format!("{} 件", card.pieces)}</span></Fact>
            <Fact label="已收"><span class="tabular">{format!("{} 件", card.received)}</span></Fact>
            <Fact label="金额"><span class="tabular">{price(card.total_fen)}</span></Fact>
            {expected}
            {note}
            <Fact label="时间">{text::moment(card.created_at, now, text::zone(""))}</Fact>
        </Facts>
    }
    .into_any()
}

fn steps(steps: &[PurchaseStep], now: DateTime<Utc>) -> AnyView {
    let steps = steps.iter().rev().map(|step| {
        let note = if step.note.is_empty() { String::new() } else { format!("（{}）", step.note) };
        view! {
            <li class="flex gap-3 py-1.5 text-sm">
                <span class="tabular w-24 shrink-0 text-base-content/70">{text::moment(step.at, now, text::zone(""))}</span>
                <span class="min-w-0 break-words">{format!("{}{note}", step.act.label())}</span>
                <span class="ms-auto shrink-0 text-base-content/70">{step.by.clone()}</span>
            </li>
        }
    });
    view! { <ol>{steps.collect_view()}</ol> }.into_any()
}

fn receipts(receipts: &[PurchaseReceipt], now: DateTime<Utc>) -> AnyView {
    if receipts.is_empty() {
        return view! { <p class="text-base-content/70">"还没有到货。"</p> }.into_any();
    }
    let row = |one: &PurchaseReceipt| {
        let kind = if one.returned { (Tone::Error, "退货") } else { (Tone::Success, "收货") };
        let note = if one.note.is_empty() { one.by.clone() } else { format!("{} · {}", one.by, one.note) };
        view! {
            <li class="flex flex-wrap gap-x-3 py-1.5 text-sm">
                <span class="tabular w-24 shrink-0 text-base-content/70">{text::moment(one.at, now, text::zone(""))}</span>
                <Badge tone=kind.0>{kind.1}</Badge>
                <span class="min-w-0 flex-1 break-words">{one.goods.clone()}{batches_of(one)}</span>
                <span class="tabular">{price(one.value_fen)}</span>
                <span class="text-base-content/70">{note}</span>
            </li>
        }
    };
    view! { <ol>{receipts.iter().map(row).collect_view()}</ol> }.into_any()
}

/// Of which batches the pieces of a receipt or a return were.
fn batches_of(one: &PurchaseReceipt) -> AnyView {
    let line = |text: String| view! { <span class="block text-base-content/70">{text}</span> };
    one.batch_lines().into_iter().map(line).collect_view().into_any()
}

/// Why it waits for somebody else.
fn waiting(found: &PurchaseView) -> Option<AnyView> {
    let card = &found.card;
    let alone = card.alone_fen.filter(|_| card.above && card.state == PurchaseState::Submitted)?;
    let total = card.total_fen.map(|total| format!("合计 {total}，")).unwrap_or_default();
    let text = format!("{total}超过了提交即通过的限额 {alone}，要由没有填写或提交过它、有审批权的同事通过。");
    Some(view! { <Notice>{text}</Notice> }.into_any())
}

fn deciding(asked: &Asked, found: &PurchaseView) -> Option<AnyView> {
    if !found.acts.contains(&PurchaseAct::Approve) {
        return None;
    }
    let (note, note_wrong) = part(asked, "note", String::new());
    let id = found.card.id;
    Some(view! {
        <Card title="审批">
            <Form action="/rpc/hq/decide_purchase">
                <Hidden name="from" value=path_of(id)/>
                <Hidden name="id" value=id.to_string()/>
                <Field name="note" label="意见" required=false maxlength=200 value=note error=note_wrong hint="驳回时必须写明原因"/>
                <div class="flex gap-3">
                    <button type="submit" name="verdict" value="approve" class="btn btn-primary">"通过"</button>
                    <button type="submit" name="verdict" value="reject" class="btn btn-outline btn-error" formnovalidate=true>"驳回"</button>
                </div>
            </Form>
        </Card>
    }
    .into_any())
}

/// What is filled in beside each line: what goes back where the address says so, else what arrives where goods are
/// still to come and theirs to take in.
fn goods(asked: &Asked, found: &PurchaseView, at_hand: &[(SkuId, BatchLeft)]) -> AnyView {
    let returns = goes_back(asked, found);
    let receives = found.acts.contains(&PurchaseAct::ReceivePart) && !returns;
    let mut columns = vec![Column::new("商品")];
    if receives || returns {
        columns.push(Column::new(if returns { "退货件数" } else { "本次实收" }));
    }
    // Of goods with a last day somebody says which batch they are.
    let dated = receives && found.lines.iter().any(|line| line.keeps_batches);
    if dated {
        columns.extend([Column::new("批次号"), Column::new("到期日")]);
    }
    // Of what goes back they may.
    let choices = returns && !at_hand.is_empty();
    columns.extend(choices.then(|| Column::new("批次（选填）")));
    columns.extend(["订购", "已收", "已退", "进价", "金额"].map(|title| Column::new(title).right()));
    let row = |line: &PurchaseLine| {
        let total = line.price_fen.map(|price| domain::Fen(price.0 * line.quantity));
        let figures = vec![
            line.quantity.to_string(),
            line.received.to_string(),
            line.returned.to_string(),
            price(line.price_fen),
            price(total),
        ];
        let entry = (receives || returns).then(|| {
            let prefilled = if returns { String::new() } else { line.outstanding().to_string() };
            let name = field_of(line.sku_id);
            let (value, error) = part(asked, &name, prefilled);
            let label = format!("{} {}", line.name, if returns { "退货件数" } else { "本次实收" });
            view! { <EntryCell name=name label=label value=value error=error/> }
        });
        let batch = dated.then(|| batch_cells(asked, FORM, true, (line.sku_id, &line.name, line.keeps_batches)));
        let choice = choices.then(|| batch_choice(asked, FORM, true, (line.sku_id, &line.name), at_hand));
        view! { <EntryRow title=line.name.clone() detail=line.code.clone() figures=figures>{entry}{batch}{choice}</EntryRow> }
    };
    let rows = found.lines.iter().map(row).collect_view();
    let table = view! { <DataTable caption="商品" columns=columns>{rows}</DataTable> }.into_any();
    let inside = if receives || returns { moving(asked, found, returns, table) } else { table };
    let other = (found.acts.contains(&PurchaseAct::Return) && !returns).then(|| {
        view! { <p class="mt-3"><a class="link text-sm" href=format!("{}?return=1", path_of(found.card.id))>"要退货给供应商？"</a></p> }
    });
    let whole = whole(asked);
    view! { <Card title="商品">{whole}{inside}{other}</Card> }.into_any()
}

/// The form around the goods by which they come or go back; the console's forms do it for both faces.
fn moving(asked: &Asked, found: &PurchaseView, returns: bool, table: AnyView) -> AnyView {
    let (action, name, label, hint, button) = match returns {
        true => ("/rpc/console/return_purchase", "reason", "退货原因", "供应商会看到", "确认退货"),
        false => ("/rpc/console/receive_purchase", "note", "送货单号与差异", "到货与订购不符时写明", "确认收货"),
    };
    let (value, error) = part(asked, name, String::new());
    let (here, id) = (asked.here.clone(), found.card.id.to_string());
    let tone = if returns { Tone::Error } else { Tone::Primary };
    let by_file = (!returns).then(|| {
        let hint = "每行：编码或条码、件数、批次号、到期日，后两项可不填。表格里没有的商品填 0，核对后再确认收货。";
        fill_in(asked, FORM, &format!("/console/purchases/{id}"), hint)
    });
    view! {
        <Form action=action>
            <Hidden name="from" value=here/>
            <Hidden name="id" value=id/>
            <Hidden name="key" value=Uuid::now_v7().to_string()/>
            {table}
            <div class="mt-4 max-w-2xl">
                <Field name=name label=label hint=hint required=returns maxlength=200 value=value error=error/>
                <Button tone=tone>{button}</Button>
            </div>
            {by_file}
        </Form>
    }
    .into_any()
}

/// Calling it off, or closing it.
fn ending(asked: &Asked, found: &PurchaseView) -> AnyView {
    let id = found.card.id;
    let one = |act: PurchaseAct, action: &'static str, label: &'static str, button: &'static str| {
        let error = wrong(asked, "note").filter(|_| !found.acts.contains(&PurchaseAct::Approve));
        found.acts.contains(&act).then(|| {
            view! {
                <Form action=action class="flex max-w-2xl items-end gap-3">
                    <Hidden name="from" value=path_of(id)/>
                    <Hidden name="id" value=id.to_string()/>
                    <label class="block w-full">
                        <span class="mb-1 block text-sm font-semibold">{label}</span>
                        <input class="input w-full" name="note" maxlength="200" required=true/>
                        {error}
                    </label>
                    <Button tone=Tone::Plain>{button}</Button>
                </Form>
            }
        })
    };
    let cancel = one(PurchaseAct::Cancel, "/rpc/hq/cancel_purchase", "不订了，原因", "取消采购单");
    let close = one(PurchaseAct::Close, "/rpc/hq/close_purchase", "剩下的不会到了，原因", "结束采购单");
    view! { {cancel} {close} }.into_any()
}

/// The order as it goes to the supplier, to print.
pub async fn print(asked: Asked) -> Result<Page, Fault> {
    Frame::of(&asked.scope).await?;
    if !everywhere(&asked, Permission::ManagePurchasing) {
        return asked.scope.staff().and(Err(Fault::Forbidden));
    }
    let found = purchasing::show(&asked.scope, asked.id("purchase", "这张采购单")?).await?;
    Ok(Page::new(format!("采购单 {}", found.card.number), move || {
        let card = found.card;
        let row = |line: PurchaseLine| {
            let total = line.price_fen.map(|price| domain::Fen(price.0 * line.quantity));
            view! {
                <tr class="border-b">
                    <td class="py-2 pe-2">{line.name}<span class="block text-sm">{line.code}</span></td>
                    <td class="tabular py-2 text-sm">{line.barcode.unwrap_or_default()}</td>
                    <td class="tabular py-2 text-end">{line.quantity}</td>
                    <td class="tabular py-2 text-end">{price(line.price_fen)}</td>
                    <td class="tabular py-2 text-end">{price(total)}</td>
                </tr>
            }
        };
        let rows = found.lines.into_iter().map(row).collect_view();
        let expected = card.expected_on.map(|day| format!(" · 预计到货 {day}")).unwrap_or_default();
        let back = path_of(card.id);
        view! {
            <Main class="mx-auto max-w-3xl bg-white p-4 text-black print:max-w-none print:p-0">
                <h1 class="text-xl font-bold">{format!("采购单 {}", card.number)}</h1>
                <p class="mt-1">{format!("供应商：{}", card.supplier)}</p>
                <p class="mt-1">{format!("送货至：{}{expected}", card.location.name)}</p>
                <p class="mt-1 text-sm">{found.note}</p>
                <table class="mt-3 w-full text-start">
                    <thead>
                        <tr class="border-b-2 text-sm"><th class="text-start">"商品"</th><th class="text-start">"条码"</th>
                            <th class="text-end">"件数"</th><th class="text-end">"进价"</th><th class="text-end">"金额"</th></tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
                <p class="mt-2 text-end font-bold">{format!("共 {} 件，合计 {}", card.pieces, price(card.total_fen))}</p>
                <p class="mt-6 flex justify-between text-sm"><span>"采购方（签章）：＿＿＿＿＿＿"</span><span>"供应商（签章）：＿＿＿＿＿＿"</span></p>
                <p class="mt-6 text-center text-sm print:hidden">"按 Ctrl+P 或浏览器菜单打印 · " <a class="link" href=back>"回到采购单"</a></p>
            </Main>
        }
    }))
}
