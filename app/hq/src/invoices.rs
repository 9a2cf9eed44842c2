//! Suppliers' invoices, and what is owed.

use chrono::{DateTime, Utc};
use commerce::purchasing;
use domain::{
    Fault, Fen, Fields, InvoiceId,
    page::Page as Listed,
    purchasing::{
        Billable, EnterInvoice as EnterInvoiceCommand, InvoiceCard, InvoiceState, InvoiceView, ListInvoices,
        ListSuppliers, Payables, Supplier, TakeBackInvoice as TakeBackInvoiceCommand, part_field,
    },
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Card, Chip, Chips, Column, DataTable, EmptyState, Entry, EntryCell, Fact, Facts, Field, Form, Glyph,
    Hidden, LinkButton, Pager, Section, Select, SelectItem, Tone,
};
use uuid::Uuid;

use crate::{
    frame::{Frame, LOG_IN, Tab, address, files, said},
    invoice_payments::{paying, payments},
    suppliers::{FORM, kinds, part, wrong},
};

/// The list.
const PATH: &str = "/hq/invoices";
/// How many invoices a page of the list has.
const PAGE: usize = 50;

/// The page of an invoice.
pub fn path_of(id: InvoiceId) -> String {
    format!("{PATH}/{id}")
}

/// Which invoice a form of that page is about.
pub fn id_of(fields: &Fields) -> Result<InvoiceId, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这张发票"))
}

/// Enters an invoice.
#[server(prefix = "/rpc/hq", endpoint = "enter_invoice")]
pub async fn enter_invoice(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let command = EnterInvoiceCommand::from_fields(&fields)?;
        let id = command.id;
        purchasing::enter_invoice(&scope, command).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已登记，付款前会一直在应付里"))
    })
    .await
}

/// Takes an invoice back that was entered wrongly.
#[server(prefix = "/rpc/hq", endpoint = "take_back_invoice")]
pub async fn take_back_invoice(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        purchasing::take_back_invoice(&scope, id, TakeBackInvoiceCommand::from_fields(&fields)?).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已作废：收货单重新等待开票，这个发票号可以重新登记"))
    })
    .await
}

/// The list's page: what is owed, then the invoices.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let owed = purchasing::payables(&asked.scope).await?;
    let suppliers = purchasing::suppliers(&asked.scope, &ListSuppliers::default()).await?;
    let ask = ListInvoices { most: PAGE, ..ListInvoices::from_fields(&asked.query) };
    let found = purchasing::invoices(&asked.scope, &ask).await?;
    let entering = match asked.query.text("enter").parse() {
        Ok(supplier) => Some((supplier, purchasing::billable(&asked.scope, supplier).await?)),
        Err(_) => None,
    };
    Ok(Page::new("发票与应付", move || {
        let beside = view! { {files(PATH, &ask.pairs())} {payables_file()} };
        let enter = entering.map(|(supplier, waiting)| {
            let whose = suppliers.iter().find(|one| one.id == supplier).cloned();
            whose.map(|whose| form(&asked, whose, waiting))
        });
        let body = view! {
            {kinds(&asked, PATH)}
            {said(&asked, FORM)}
            {choosing(&suppliers)}
            {enter}
            {owed_view(owed)}
            <Section title="发票">
                <div class="mb-4">{states(&ask)}</div>
                {results(&ask, found)}
            </Section>
        };
        frame.screen(Tab::Purchasing, "采购".into(), "", beside.into_any(), body.into_any())
    }))
}

/// The rates of value-added tax that invoices for goods have.
const TAX_RATES: [u8; 6] = [13, 9, 6, 3, 1, 0];

/// What is owed as a file.
fn payables_file() -> impl IntoView {
    view! { <LinkButton href="/hq/payables/all/xlsx" file=true>"导出应付"</LinkButton> }
}

fn choosing(suppliers: &[Supplier]) -> AnyView {
    let items = suppliers.iter().map(|one| SelectItem::new(one.id.to_string(), one.name.clone())).collect();
    view! {
        <form method="get" action=PATH class="panel mb-4 flex flex-wrap items-end gap-x-4 px-4 pt-4">
            <div class="min-w-72"><Select name="enter" label="登记哪家供应商的发票" items=items/></div>
            <div class="mb-4"><button type="submit" class="btn btn-outline">"登记发票"</button></div>
        </form>
    }
    .into_any()
}

fn form(asked: &Asked, supplier: Supplier, waiting: Vec<Billable>) -> AnyView {
    let title = format!("登记发票：{}", supplier.name);
    if waiting.is_empty() {
        return view! { <Card title=title><p class="text-base-content/70">"没有等待开票的收货单。"</p></Card> }
            .into_any();
    }
    let fields = ["number", "dated", "amount", "difference_note"].map(|name| part(asked, name, String::new()));
    let [number, dated, amount, difference] = fields;
    let tax = part(asked, "tax_percent", String::new());
    let mut rates = vec![SelectItem::new("", "不写")];
    rates.extend(TAX_RATES.map(|rate| SelectItem::new(rate.to_string(), format!("{rate}%"))));
    let columns = vec![
        Column::new("勾选"),
        Column::new("采购单"),
        Column::new("本次开票（元）"),
        Column::new("收货单"),
        Column::new("件数").right(),
        Column::new("未开票").right(),
    ];
    let now = asked.scope.now;
    let row = |one: Billable| {
        let name = format!("receipt.{}", one.id);
        let checked = asked.field(FORM, &name).1.is_some();
        let (label, kind) = (format!("{} 的收货单", one.purchase), if one.returned { "退货" } else { "收货" });
        let part_name = part_field(one.id);
        let (part, part_wrong) = part(asked, &part_name, String::new());
        let part_label = format!("{label} 本次开票金额");
        view! {
            <tr>
                <td><input class="checkbox" type="checkbox" name=name value="on" checked=checked aria-label=label/></td>
                <td class="tabular">{one.purchase}</td>
                <EntryCell name=part_name label=part_label kind=Entry::Decimal value=part error=part_wrong placeholder="全部"/>
                <td>{format!("{kind} {} {}", text::moment(one.at, now, text::zone("")), one.note)}</td>
                <td class="tabular text-end">{one.pieces}</td>
                <td class="tabular text-end">{one.value_fen.to_string()}</td>
            </tr>
        }
    };
    let rows = waiting.into_iter().map(row).collect_view();
    let receipts_wrong = wrong(asked, "receipts");
    let (from, id) = (format!("{PATH}?enter={}", supplier.id), supplier.id.to_string());
    view! {
        <Card title=title>
            <Form action="/rpc/hq/enter_invoice">
                <Hidden name="from" value=from/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                <Hidden name="supplier" value=id/>
                <div class="grid gap-x-4 sm:grid-cols-3">
                    <Field name="number" label="发票号" value=number.0 error=number.1 maxlength=40/>
                    <Field name="dated" kind="date" label="开票日期" value=dated.0 error=dated.1/>
                    <Field name="amount" label="价税合计（元）" inputmode="decimal" value=amount.0 error=amount.1 hint="红字发票前加 -"/>
                    <Select name="tax_percent" label="税率" items=rates value=tax.0 error=tax.1/>
                </div>
                {receipts_wrong}
                <DataTable caption="等待开票的收货单" columns=columns>{rows}</DataTable>
                <div class="mt-4 max-w-2xl">
                    <Field name="difference_note" label="差异原因" required=false maxlength=200 value=difference.0 error=difference.1
                        hint="发票金额与收货不一致时必须写明"/>
                    <Button>"登记"</Button>
                </div>
            </Form>
        </Card>
    }
    .into_any()
}

fn owed_view(owed: Vec<Payables>) -> AnyView {
    if owed.is_empty() {
        return view! { <Section title="应付账龄"><p class="text-base-content/70">"没有应付。"</p></Section> }
            .into_any();
    }
    let columns = [
        "供应商",
        "未付清发票",
        "其中已付",
        "未付",
        "其中逾期",
        "未到期",
        "逾期 1–30 天",
        "逾期 31–60 天",
        "逾期 60 天以上",
        "已收未开票",
    ];
    let columns = columns.iter().enumerate();
    let columns =
        columns.map(|(at, title)| if at == 0 { Column::new(*title) } else { Column::new(*title).right() }).collect();
    let row = |one: Payables| {
        let ageing = one.ageing;
        let cells = [
            one.invoiced_fen,
            one.paid_fen,
            ageing.total(),
            ageing.overdue(),
            ageing.not_due_fen,
            ageing.to_30_fen,
            ageing.to_60_fen,
            ageing.beyond_fen,
            one.not_invoiced_fen,
        ];
        let cells =
            cells.map(|amount: Fen| view! { <td class="tabular text-end">{amount.to_string()}</td> }).collect_view();
        view! { <tr><td class="font-medium">{one.supplier}</td>{cells}</tr> }
    };
    let rows = owed.into_iter().map(row).collect_view();
    view! { <Section title="应付账龄"><DataTable caption="应付账龄" columns=columns>{rows}</DataTable></Section> }
        .into_any()
}

fn states(ask: &ListInvoices) -> impl IntoView + use<> {
    let of = |state| address(PATH, &ListInvoices { state, after: None, ..ask.clone() }.pairs());
    let mut chips = vec![Chip::new("全部", of(None)).active(ask.state.is_none())];
    let chip = |&state: &InvoiceState| Chip::new(state.label(), of(Some(state))).active(ask.state == Some(state));
    chips.extend(InvoiceState::ALL.iter().map(chip));
    view! { <Chips label="状态" chips=chips/> }
}

fn results(ask: &ListInvoices, found: Listed<InvoiceCard>) -> AnyView {
    if found.items.is_empty() {
        return view! { <EmptyState glyph=Glyph::Receipt title="没有发票" text="收货后，在上面选择供应商登记发票。">""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("发票号"),
        Column::new("供应商"),
        Column::new("开票日期"),
        Column::new("到期"),
        Column::new("收货").right(),
        Column::new("发票").right(),
        Column::new("已付").right(),
        Column::new("未付").right(),
        Column::new("状态"),
    ];
    let row = |card: InvoiceCard| {
        let badge = badge(&card);
        view! {
            <tr>
                <td class="whitespace-nowrap"><a class="link font-medium" href=path_of(card.id)>{card.number}</a></td>
                <td>{card.supplier}</td>
                <td class="tabular whitespace-nowrap">{card.dated.to_string()}</td>
                <td class="tabular whitespace-nowrap">{card.due_on.to_string()}</td>
                <td class="tabular text-end">{card.received_fen.to_string()}</td>
                <td class="tabular text-end">{card.amount_fen.to_string()}</td>
                <td class="tabular text-end">{card.paid_fen.to_string()}</td>
                <td class="tabular text-end">{card.rest_fen.to_string()}</td>
                <td class="whitespace-nowrap">{badge}</td>
            </tr>
        }
    };
    let rows = found.items.into_iter().map(row).collect_view();
    let pager = found.next.map(|after| {
        let mut pairs = ask.pairs();
        pairs.push(("after", after));
        view! { <Pager next=address(PATH, &pairs)/> }
    });
    view! { <DataTable caption="发票" columns=columns>{rows}</DataTable> {pager} }.into_any()
}

fn badge(card: &InvoiceCard) -> AnyView {
    let (tone, text) = match (card.state, card.overdue_days) {
        (InvoiceState::Paid, _) => (Tone::Success, card.state.label().to_owned()),
        (InvoiceState::TakenBack, _) => (Tone::Plain, card.state.label().to_owned()),
        (InvoiceState::Open, 0) => (Tone::Warn, card.state.label().to_owned()),
        (InvoiceState::Open, days) => (Tone::Error, format!("逾期 {days} 天")),
    };
    let differs = (card.amount_fen != card.received_fen).then(|| view! { <Badge tone=Tone::Info>"有差异"</Badge> });
    let in_part = card.state == InvoiceState::Open && card.paid_fen != Fen::ZERO;
    let part = if card.amount_fen < Fen::ZERO { "部分退款" } else { "部分付款" };
    let in_part = in_part.then(|| view! { <Badge tone=Tone::Info>{part}</Badge> });
    view! { <span class="inline-flex gap-1.5"><Badge tone=tone>{text}</Badge>{in_part}{differs}</span> }.into_any()
}

/// An invoice's page.
pub async fn invoice(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let found = purchasing::invoice(&asked.scope, asked.id("invoice", "这张发票")?).await?;
    let title = format!("发票 {}", found.card.number);
    Ok(Page::new(title.clone(), move || {
        let is_open = found.card.state == InvoiceState::Open;
        // One of nothing that is said to be paid has no payment to take back first.
        let of_nothing = found.card.state == InvoiceState::Paid && found.card.amount_fen == Fen::ZERO;
        let pay = is_open.then(|| paying(&asked, &found));
        let back = (is_open || of_nothing).then(|| taking_back(&asked, &found));
        let (about, receipts) = (about(&found, asked.scope.now), receipts(&found, asked.scope.now));
        let payments = payments(&asked, &found);
        let body = view! {
            {said(&asked, FORM)}
            <div class="grid grid-cols-1 gap-4 xl:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] xl:items-start">
                <div class="grid grid-cols-1 gap-4"><Card title="对应的收货与退货">{receipts}</Card>{payments}{pay}{back}</div>
                <Card title="三单核对">{about}</Card>
            </div>
        };
        frame.screen(Tab::Purchasing, title, PATH, ().into_any(), body.into_any())
    }))
}

fn about(found: &InvoiceView, now: DateTime<Utc>) -> AnyView {
    let (card, badge) = (found.card.clone(), badge(&found.card));
    let difference = Fen(card.amount_fen.0 - card.received_fen.0);
    let differs = (difference != Fen::ZERO).then(|| {
        let text = format!("{difference}（{}）", found.difference_note);
        view! { <Fact label="差异">{text}</Fact> }
    });
    let tax = found.tax_percent.zip(found.tax_fen).map(|(percent, tax)| {
        let text = format!("{percent}%，含税额 {tax}");
        view! { <Fact label="税率"><span class="tabular">{text}</span></Fact> }
    });
    let paid = found.paid_on.map(|day| {
        let by = found.paid_by.clone().unwrap_or_default();
        let text = format!("{day} · {} · {by}", found.reference.clone().unwrap_or_default());
        view! { <Fact label="付清">{text}</Fact> }
    });
    let back = found.taken_back_at.map(|at| {
        let by = found.taken_back_by.clone().unwrap_or_default();
        let why = found.taken_back_reason.clone().unwrap_or_default();
        let text = format!("{} · {by} · {why}", text::moment(at, now, text::zone("")));
        view! { <Fact label="作废">{text}</Fact> }
    });
    let ordered = found.ordered_fen.to_string();
    let entered = format!("{} {}", found.entered_by, text::moment(found.entered_at, now, text::zone("")));
    view! {
        <Facts>
            <Fact label="状态">{badge}</Fact>
            <Fact label="供应商">{card.supplier}</Fact>
            <Fact label="订购"><span class="tabular">{ordered}</span></Fact>
            <Fact label="收货"><span class="tabular">{card.received_fen.to_string()}</span></Fact>
            <Fact label="发票"><span class="tabular">{card.amount_fen.to_string()}</span></Fact>
            <Fact label="已付"><span class="tabular">{card.paid_fen.to_string()}</span></Fact>
            <Fact label="未付"><span class="tabular">{card.rest_fen.to_string()}</span></Fact>
            {tax}
            {differs}
            <Fact label="开票日期">{card.dated.to_string()}</Fact>
            <Fact label="到期">{card.due_on.to_string()}</Fact>
            <Fact label="登记">{entered}</Fact>
            {paid}
            {back}
        </Facts>
    }
    .into_any()
}

fn receipts(found: &InvoiceView, now: DateTime<Utc>) -> AnyView {
    let row = |one: &Billable| {
        let kind = if one.returned { "退货" } else { "收货" };
        view! {
            <li class="flex flex-wrap gap-x-3 py-1.5 text-sm">
                <span class="tabular w-24 shrink-0 text-base-content/70">{text::moment(one.at, now, text::zone(""))}</span>
                <span>{format!("{} {kind} {} 件", one.purchase, one.pieces)}</span>
                <span class="min-w-0 flex-1 break-words text-base-content/70">{one.note.clone()}</span>
                <span class="tabular">{one.value_fen.to_string()}</span>
            </li>
        }
    };
    view! { <ol>{found.receipts.iter().map(row).collect_view()}</ol> }.into_any()
}

fn taking_back(asked: &Asked, found: &InvoiceView) -> AnyView {
    if found.card.paid_fen != Fen::ZERO {
        let why = "已有付款的发票不能作废：付款登记错了请先在上面撤销，否则请登记供应商的红字发票。";
        return view! { <Card title="登记错了？"><p class="text-sm text-base-content/70">{why}</p></Card> }.into_any();
    }
    let (reason, reason_wrong) = part(asked, "reason", String::new());
    let id = found.card.id;
    view! {
        <Card title="登记错了？">
            <p class="mb-3 text-sm text-base-content/70">"作废后这张发票不再计入应付，对应的收货单重新等待开票；记录会保留。"</p>
            <Form action="/rpc/hq/take_back_invoice">
                <Hidden name="from" value=path_of(id)/>
                <Hidden name="id" value=id.to_string()/>
                <Field name="reason" label="作废原因" value=reason error=reason_wrong maxlength=200/>
                <Button tone=Tone::Error>"作废这张发票"</Button>
            </Form>
        </Card>
    }
    .into_any()
}
