//! Goods that head office has ordered for this store: what is to come, taking it in, sending it back. Prices are head
//! office's to see.

use chrono::{DateTime, Utc};
use commerce::{Scope, purchasing, stock};
use domain::{
    Fault, Fields, PurchaseId, SkuId,
    batches::BatchLeft,
    purchasing::{
        ListPurchases, PurchaseAct, PurchaseCard, PurchaseLine, PurchaseReceipt, PurchaseState, PurchaseView,
        ReceivePurchase as ReceiveCommand, ReturnPurchase as ReturnCommand,
    },
    text,
    transfers::field_of,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Breadcrumbs, Button, Card, Chip, Chips, Column, DataTable, EmptyState, EntryCell, EntryRow, Field, Form,
    Glyph, Hidden, Pager, Tone,
};
use uuid::Uuid;
use views::{
    batches::{batch_cells, batch_choice},
    fill_in,
};

use crate::frame::{Frame, Lit, files, news};

/// The list.
pub const PATH: &str = "/console/purchases";
const LOG_IN: &str = "/console/login";
/// The part of the page that its forms speak to; head office's page of an order has the same.
const FORM: &str = "purchasing";
/// How many orders a page of the list has.
const PAGE: usize = 30;

async fn act(
    fields: Fields,
    said: &'static str,
    what: impl AsyncFnOnce(Scope, PurchaseId, Fields) -> Result<(), Fault>,
) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这张采购单"))?;
        let back = rpc::back_path(fields.text("from")).to_owned();
        what(scope, id, fields).await?;
        Ok(Next::to(back).saying(FORM, said))
    })
    .await
}

/// Takes in what has arrived.
#[server(prefix = "/rpc/console", endpoint = "receive_purchase")]
pub async fn receive_purchase(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    let receive =
        async |scope, id, fields: Fields| purchasing::receive(&scope, id, ReceiveCommand::from_fields(&fields)?).await;
    act(fields, "已收货，可以销售了", receive).await
}

/// Sends goods back to the supplier.
#[server(prefix = "/rpc/console", endpoint = "return_purchase")]
pub async fn return_purchase(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    let send_back =
        async |scope, id, fields: Fields| purchasing::send_back(&scope, id, ReturnCommand::from_fields(&fields)?).await;
    act(fields, "已退货，库存已扣减", send_back).await
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let ask = ListPurchases { most: PAGE, ..ListPurchases::from_fields(&asked.query) };
    let found = purchasing::list(&asked.scope, &ask).await?;
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("采购到货", move || {
        let now = asked.scope.now;
        let next =
            found.next.map(|after| format!("{PATH}?state={}&after={after}", ask.state.map_or("", PurchaseState::code)));
        let pager = next.map(|next| view! { <Pager next=next/> });
        let list = results(found.items, now);
        let body = view! {
            <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"采购到货"</h1>
                {files(PATH, &ask.pairs())}
            </div>
            {news(&asked, FORM)}
            <div class="mb-4">{states(ask.state)}</div>
            {list}
            {pager}
        };
        frame.screen(Lit::Purchases, body.into_any())
    }))
}

fn states(chosen: Option<PurchaseState>) -> impl IntoView {
    use PurchaseState::{Approved, Closed, PartReceived, Received};
    let mut chips = vec![Chip::new("全部", PATH).active(chosen.is_none())];
    let chip = |state: PurchaseState| {
        Chip::new(state.label(), format!("{PATH}?state={}", state.code())).active(chosen == Some(state))
    };
    chips.extend([Approved, PartReceived, Received, Closed].map(chip));
    view! { <Chips label="状态" chips=chips/> }
}

fn results(found: Vec<PurchaseCard>, now: DateTime<Utc>) -> AnyView {
    if found.is_empty() {
        return view! { <EmptyState glyph=Glyph::Truck title="没有采购到货" text="总部向供应商订货送到本店时，会在这里等待收货。">""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("单号"),
        Column::new("供应商"),
        Column::new("商品"),
        Column::new("已收 / 订购").right(),
        Column::new("状态"),
        Column::new("收货方"),
        Column::new("时间"),
    ];
    let row = |card: PurchaseCard| {
        let badge = state(&card);
        view! {
            <tr>
                <td class="tabular whitespace-nowrap"><a class="link font-medium" href=format!("{PATH}/{}", card.id)>{card.number}</a></td>
                <td>{card.supplier}</td>
                <td class="min-w-40">{card.summary}</td>
                <td class="tabular text-end whitespace-nowrap">{format!("{} / {}", card.received, card.pieces)}</td>
                <td class="whitespace-nowrap">{badge}</td>
                <td>{card.location.name}</td>
                <td class="tabular whitespace-nowrap">{text::moment(card.created_at, now, text::zone(""))}</td>
            </tr>
        }
    };
    let rows = found.into_iter().map(row).collect_view();
    view! { <DataTable caption="采购到货" columns=columns>{rows}</DataTable> }.into_any()
}

fn state(card: &PurchaseCard) -> AnyView {
    let tone = match card.state {
        PurchaseState::Approved | PurchaseState::PartReceived => Tone::Warn,
        PurchaseState::Received => Tone::Success,
        _ => Tone::Plain,
    };
    let label = card.state.label();
    view! { <Badge tone=tone>{label}</Badge> }.into_any()
}

/// An order's page.
pub async fn purchase(asked: Asked) -> Result<Page, Fault> {
    let found = purchasing::show(&asked.scope, asked.id("purchase", "这张采购单")?).await?;
    let goes_back = found.acts.contains(&PurchaseAct::Return);
    let skus: Vec<SkuId> = found.lines.iter().map(|line| line.sku_id).collect();
    let at_hand = match goes_back {
        true => stock::batches::at_hand(&asked.scope, found.card.location.id, &skus).await?,
        false => Vec::new(),
    };
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new(format!("采购单 {}", found.card.number), move || {
        let crumbs = vec![("采购到货".to_owned(), PATH.to_owned()), (found.card.number.clone(), String::new())];
        let title = format!("{} → {}", found.card.supplier, found.card.location.name);
        let (badge, came) = (state(&found.card), receipts(&found.receipts, asked.scope.now));
        let back = goes_back.then(|| goods(&asked, &found, Some(&at_hand)));
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <div class="my-3 flex flex-wrap items-center gap-3"><h1 class="text-xl font-bold">{title}</h1>{badge}</div>
            {news(&asked, FORM)}
            <div class="grid grid-cols-1 gap-4">
                {goods(&asked, &found, None)}
                <Card title="收货与退货">{came}</Card>
                {back}
            </div>
        };
        frame.screen(Lit::Purchases, body.into_any())
    }))
}

/// The goods, with what arrives beside each where it is theirs to take in; or what goes back, where it is said which
/// batches lie there.
fn goods(asked: &Asked, found: &PurchaseView, at_hand: Option<&[(SkuId, BatchLeft)]>) -> AnyView {
    let returns = at_hand.is_some();
    // Of what goes back somebody may say of which batch it is.
    let choices = at_hand.filter(|batches| !batches.is_empty());
    let asks = returns || found.acts.contains(&PurchaseAct::ReceivePart);
    let title = if returns { "退货件数" } else { "本次实收" };
    let mut columns = vec![Column::new("商品")];
    columns.extend(asks.then(|| Column::new(title)));
    // Of goods with a last day somebody says which batch they are; of others they may.
    let dated = asks && !returns && found.lines.iter().any(|line| line.keeps_batches);
    if dated {
        columns.extend([Column::new("批次号"), Column::new("到期日")]);
    }
    columns.extend(choices.map(|_| Column::new("批次（选填）")));
    columns.extend(["条码", "订购", "已收", "已退"].map(|title| Column::new(title).right()));
    // Both forms have a field of the same name; what was typed belongs to the one that was sent.
    let typed = asked.flash_of(FORM).is_some_and(|flash| flash.typed.0.contains_key("reason") == returns);
    let row = |line: &PurchaseLine| {
        let name = field_of(line.sku_id);
        let (wrong, value) = if typed { asked.field(FORM, &name) } else { (None, None) };
        let prefilled = if returns { String::new() } else { line.outstanding().to_string() };
        let (value, label) = (value.unwrap_or(prefilled), format!("{} {title}", line.name));
        let error = wrong.unwrap_or_default();
        let entry = asks.then(|| view! { <EntryCell name=name label=label value=value error=error/> });
        let batch = dated.then(|| batch_cells(asked, FORM, typed, (line.sku_id, &line.name, line.keeps_batches)));
        let choice = choices.map(|batches| batch_choice(asked, FORM, typed, (line.sku_id, &line.name), batches));
        let figures = vec![
            line.barcode.clone().unwrap_or_default(),
            line.quantity.to_string(),
            line.received.to_string(),
            line.returned.to_string(),
        ];
        view! { <EntryRow title=line.name.clone() detail=line.code.clone() figures=figures>{entry}{batch}{choice}</EntryRow> }
    };
    let rows = found.lines.iter().map(row).collect_view();
    let table = view! { <DataTable caption="商品" columns=columns>{rows}</DataTable> }.into_any();
    if !asks {
        return view! { <Card title="商品">{table}</Card> }.into_any();
    }
    let (action, name, label, button) = match returns {
        true => ("/rpc/console/return_purchase", "reason", "退货原因", "确认退货"),
        false => ("/rpc/console/receive_purchase", "note", "送货单号与差异", "确认收货"),
    };
    let (error, value) = if typed { asked.field(FORM, name) } else { (None, None) };
    let (here, id) = (asked.here.clone(), found.card.id.to_string());
    let tone = if returns { Tone::Error } else { Tone::Primary };
    let path = format!("{PATH}/{}", found.card.id);
    let hint = "每行：编码或条码、件数、批次号、到期日，后两项可不填。表格里没有的商品填 0，核对后再确认收货。";
    let by_file = (!returns).then(|| fill_in(asked, FORM, &path, hint));
    let heading = if returns { "退货给供应商" } else { "商品" };
    view! {
        <Card title=heading>
            <Form action=action>
                <Hidden name="from" value=here/>
                <Hidden name="id" value=id/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                {table}
                <div class="mt-4 max-w-2xl">
                    <Field name=name label=label required=returns maxlength=200 value=value.unwrap_or_default() error=error.unwrap_or_default()/>
                    <Button tone=tone>{button}</Button>
                </div>
                {by_file}
            </Form>
        </Card>
    }
    .into_any()
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
