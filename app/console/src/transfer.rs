//! One transfer: what goes where, what whoever looks can do with it, and the list to pick it by.

use chrono::{DateTime, Utc};
use commerce::{stock::batches, transfers};
use domain::{
    Fault, SkuId, text,
    transfers::{TransferAct, TransferLine, TransferView, field_of},
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{
    Breadcrumbs, Button, Card, Column, DataTable, EntryCell, EntryRow, Fact, Facts, Form, Hidden, LinkButton, Main,
    Sheet, SheetButton, TextArea, Tone,
};
use views::{
    fill_in,
    goods::whole,
    transfers::{differences, state, steps},
};

use crate::{
    frame::{Frame, Lit, news},
    picking::taken_first,
    transfers::{FORM, PATH, SETTLE, path_of},
};

/// The page.
pub async fn transfer(asked: Asked) -> Result<Page, Fault> {
    let transfer = transfers::show(&asked.scope, asked.id("transfer", "这张调拨单")?).await?;
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new(format!("调拨 {}", transfer.card.number), move || {
        let crumbs = vec![("要货调拨".to_owned(), PATH.to_owned()), (transfer.card.number.clone(), String::new())];
        let now = asked.scope.now;
        let (about, told) = (about(&transfer, now).into_any(), steps(&transfer.steps, now));
        let pick = transfer.acts.contains(&TransferAct::Ship).then(|| {
            let href = format!("{}/pick", path_of(transfer.card.id));
            view! { <LinkButton href=href>"打印拣货单"</LinkButton> }
        });
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <div class="my-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">{format!("{} → {}", transfer.card.from.name, transfer.card.to.name)}</h1>
                {pick}
            </div>
            {news(&asked, FORM)}
            {news(&asked, SETTLE)}
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
        frame.screen(Lit::Transfers, body.into_any())
    }))
}

fn about(transfer: &TransferView, now: DateTime<Utc>) -> impl IntoView + use<> {
    let card = transfer.card.clone();
    let badge = state(&card);
    let total = card
        .total_fen
        .map(|total| view! { <Fact label="供货金额"><span class="tabular">{total.to_string()}</span></Fact> });
    let reason = (!card.reason.is_empty()).then(|| view! { <Fact label="原因">{card.reason}</Fact> });
    view! {
        <Facts>
            <Fact label="单号"><span class="tabular">{card.number}</span></Fact>
            <Fact label="状态">{badge}</Fact>
            <Fact label="从">{format!("{}（{}）", card.from.name, card.from.kind.label())}</Fact>
            <Fact label="到">{format!("{}（{}）", card.to.name, card.to.kind.label())}</Fact>
            <Fact label="件数"><span class="tabular">{card.pieces}</span></Fact>
            {total}
            {reason}
            <Fact label="申请时间">{text::moment(card.created_at, now, text::zone(""))}</Fact>
        </Facts>
    }
}

/// What is filled in beside each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Nothing,
    Approved,
    Shipped,
    Received,
    /// How many have come by now, of what was missing before.
    Rest,
}

impl Ask {
    fn of(acts: &[TransferAct]) -> Self {
        let can = |act| acts.contains(&act);
        match () {
            () if can(TransferAct::Approve) => Self::Approved,
            () if can(TransferAct::Ship) => Self::Shipped,
            () if can(TransferAct::Receive) => Self::Received,
            () if can(TransferAct::ReceiveRest) => Self::Rest,
            () => Self::Nothing,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Approved => "同意",
            Self::Shipped => "实发",
            Self::Received => "实收",
            Self::Rest => "累计实收",
        }
    }

    /// What stands there before anybody types: all of it, or as many as there are.
    fn prefilled(self, line: &TransferLine) -> i64 {
        match self {
            Self::Approved => line.requested,
            Self::Shipped => line.approved.unwrap_or(0).min(line.available),
            Self::Received => line.shipped.unwrap_or(0),
            Self::Rest => line.received.unwrap_or(0),
            Self::Nothing => 0,
        }
    }
}

/// The goods, with the form of the next step where it is theirs who look.
fn goods(asked: &Asked, transfer: &TransferView) -> AnyView {
    let ask = Ask::of(&transfer.acts);
    let table = table(asked, transfer, ask);
    let (id, here) = (transfer.card.id.to_string(), asked.here.clone());
    let hidden = view! { <Hidden name="from" value=here.clone()/> <Hidden name="id" value=id.clone()/> }.into_any();
    let form = match next_step(asked, ask) {
        None => table,
        Some((action, rest)) => {
            let hint = "每行：编码或条码、实收件数。表格里没有的商品填 0，核对后再确认收货。";
            let by_file = (ask == Ask::Received).then(|| fill_in(asked, FORM, &path_of(transfer.card.id), hint));
            view! { <Form action=action>{hidden}{table}{rest}{by_file}</Form> }.into_any()
        }
    };
    let back = call_off(asked, transfer);
    let whole = whole(asked, FORM);
    view! { <Card title="商品">{whole}{form}{back}</Card> }.into_any()
}

/// The form that says what became of missing pieces, for the sender's side.
fn settling(asked: &Asked, transfer: &TransferView) -> Option<AnyView> {
    if !transfer.acts.contains(&TransferAct::Settle) {
        return None;
    }
    let table = differences(asked, SETTLE, &transfer.lines);
    let (id, here) = (transfer.card.id.to_string(), asked.here.clone());
    let (error, value) = asked.field(SETTLE, "note");
    let (error, value) = (error.unwrap_or_default(), value.unwrap_or_default());
    let whole = whole(asked, SETTLE);
    Some(
        view! {
            <Card title="差异去向">
                {whole}
                <Form action="/rpc/console/settle_transfer">
                    <Hidden name="from" value=here/>
                    <Hidden name="id" value=id/>
                    {table}
                    <div class="mt-4">
                        // Head office may have the receiver's form beside it, with a note of its own.
                        <TextArea name="note" id="settle-note" label="核实情况" value=value error=error rows=2 maxlength=200
                            required=true hint="例如「承运方确认丢失，已赔付」。还没弄清的不填，货后到可以补收。"/>
                    </div>
                    <Button>"处理差异"</Button>
                </Form>
            </Card>
        }
        .into_any(),
    )
}

/// Where the form of the next step leads, and what stands below its table.
fn next_step(asked: &Asked, ask: Ask) -> Option<(&'static str, AnyView)> {
    let (action, note, buttons) = match ask {
        Ask::Nothing => return None,
        Ask::Approved => (
            "/rpc/console/decide_transfer",
            note(asked, "note", "答复", "可以少给；拒绝时必须写明原因，对方会看到。"),
            view! {
                <button type="submit" name="verdict" value="approve" class="btn btn-primary">"同意"</button>
                <button type="submit" name="verdict" value="reject" class="btn btn-outline btn-error" formnovalidate=true>"拒绝"</button>
            }
            .into_any(),
        ),
        Ask::Shipped => (
            "/rpc/console/ship_transfer",
            note(asked, "note", "物流信息", "承运人、运单号，可以不填。"),
            view! { <Button>"确认发货"</Button> }.into_any(),
        ),
        Ask::Received => (
            "/rpc/console/receive_transfer",
            note(asked, "reason", "差异原因", "实收少于发货时填写，例如「破损 2 件」；数量一致可以不填。"),
            view! { <Button>"确认收货"</Button> }.into_any(),
        ),
        Ask::Rest => (
            "/rpc/console/receive_rest_of_transfer",
            note(asked, "note", "备注", "后到的货：填连同先到的一共实收多少件，没有到的不改。"),
            view! { <Button>"补收"</Button> }.into_any(),
        ),
    };
    Some((action, view! { {note}<div class="flex flex-wrap gap-3">{buttons}</div> }.into_any()))
}

fn note(asked: &Asked, name: &'static str, label: &'static str, hint: &'static str) -> AnyView {
    let (error, value) = asked.field(FORM, name);
    let (error, value) = (error.unwrap_or_default(), value.unwrap_or_default());
    view! { <div class="mt-4"><TextArea name=name label=label value=value error=error hint=hint rows=2 maxlength=200/></div> }.into_any()
}

/// The way back, for whoever asked and for whoever has agreed.
fn call_off(asked: &Asked, transfer: &TransferView) -> Option<AnyView> {
    let (id, here) = (transfer.card.id.to_string(), asked.here.clone());
    if transfer.acts.contains(&TransferAct::Withdraw) {
        return Some(
            view! {
                <Form action="/rpc/console/withdraw_transfer" class="mt-4">
                    <Hidden name="from" value=here/>
                    <Hidden name="id" value=id/>
                    <Button tone=Tone::Plain>"撤回要货"</Button>
                </Form>
            }
            .into_any(),
        );
    }
    transfer.acts.contains(&TransferAct::Cancel).then(|| {
        let title = format!("取消 {}？", transfer.card.number);
        view! {
            <div class="mt-4"><SheetButton target="cancel">"取消这张单"</SheetButton></div>
            <Sheet id="cancel" title=title>
                <p class="mb-3 whitespace-normal">"货品不动，对方会看到原因。"</p>
                <Form action="/rpc/console/cancel_transfer">
                    <Hidden name="from" value=here/>
                    <Hidden name="id" value=id/>
                    <TextArea name="note" id="cancel-note" label="原因" required=true maxlength=200 rows=2/>
                    <Button tone=Tone::Error>"取消这张单"</Button>
                </Form>
            </Sheet>
        }
        .into_any()
    })
}

fn table(asked: &Asked, transfer: &TransferView, ask: Ask) -> AnyView {
    let sends = matches!(ask, Ask::Approved | Ask::Shipped);
    let priced = transfer.card.total_fen.is_some();
    let (sent, come) = (
        transfer.lines.iter().any(|line| line.shipped.is_some()),
        transfer.lines.iter().any(|line| line.received.is_some()),
    );
    let mut columns = vec![Column::new("商品")];
    columns.extend((ask != Ask::Nothing).then(|| Column::new(ask.title())));
    columns.push(Column::new("要").right());
    let agreed = transfer.lines.iter().any(|line| line.approved.is_some());
    let optional =
        [(agreed, "同意"), (sent, "已发"), (come, "实收"), (come, "差异"), (priced, "供货价"), (sends, "可发")];
    columns.extend(optional.iter().filter(|(shown, _)| *shown).map(|(_, title)| Column::new(*title).right()));
    let row = |line: &TransferLine| {
        let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_else(|| "—".into());
        let parts = [("还差", line.on_the_way), ("丢失", line.lost), ("退回", line.returned)];
        let parts: Vec<String> =
            parts.iter().filter(|(_, pieces)| *pieces > 0).map(|(what, pieces)| format!("{what} {pieces}")).collect();
        let difference = if parts.is_empty() { "0".to_owned() } else { parts.join("，") };
        let figures = [
            (true, line.requested.to_string()),
            (agreed, number(line.approved)),
            (sent, number(line.shipped)),
            (come, number(line.received)),
            (come, difference),
            (priced, line.price_fen.map_or("—".into(), |price| price.to_string())),
            (sends, line.available.to_string()),
        ];
        let figures: Vec<String> = figures.into_iter().filter(|(shown, _)| *shown).map(|(_, text)| text).collect();
        let entry = (ask != Ask::Nothing).then(|| entry(asked, line, ask));
        view! { <EntryRow title=line.name.clone() detail=line.code.clone() figures=figures>{entry}</EntryRow> }
    };
    let rows = transfer.lines.iter().map(row).collect_view();
    view! { <DataTable caption="商品" columns=columns>{rows}</DataTable> }.into_any()
}

/// The cell in which something is filled in for one line.
fn entry(asked: &Asked, line: &TransferLine, ask: Ask) -> AnyView {
    if ask == Ask::Rest && line.on_the_way == 0 {
        return view! { <td>"—"</td> }.into_any();
    }
    let name = field_of(line.sku_id);
    let (error, typed) = asked.field(FORM, &name);
    let value = typed.unwrap_or_else(|| ask.prefilled(line).to_string());
    let label = format!("{} {}数量", line.name, ask.title());
    view! { <EntryCell name=name label=label value=value error=error.unwrap_or_default()/> }.into_any()
}

/// The list by which somebody takes the goods off the shelf, to print.
pub async fn pick(asked: Asked) -> Result<Page, Fault> {
    let transfer = transfers::show(&asked.scope, asked.id("transfer", "这张调拨单")?).await?;
    let skus: Vec<SkuId> = transfer.lines.iter().map(|line| line.sku_id).collect();
    let first = batches::first(&asked.scope, transfer.card.from.id, &skus).await?;
    Ok(Page::new(format!("拣货单 {}", transfer.card.number), move || {
        let card = transfer.card;
        let row = |line: TransferLine| {
            let pieces = line.pieces();
            let batch = first.iter().find(|batch| batch.sku_id == line.sku_id).map(taken_first);
            view! {
                <tr class="border-b">
                    <td class="py-2 text-2xl">"☐"</td>
                    <td class="py-2 pe-2">{line.name}<span class="block text-sm">{line.code}</span>{batch}</td>
                    <td class="tabular py-2 text-sm">{line.barcode.unwrap_or_default()}</td>
                    <td class="tabular py-2 text-end text-lg font-bold">{pieces}</td>
                </tr>
            }
        };
        let rows = transfer.lines.into_iter().map(row).collect_view();
        let back = path_of(card.id);
        view! {
            <Main class="mx-auto max-w-2xl bg-white p-4 text-black print:max-w-none print:p-0">
                <h1 class="text-xl font-bold">{format!("拣货单 {}", card.number)}</h1>
                <p class="mt-1">{format!("{} → {}", card.from.name, card.to.name)}</p>
                <p class="mt-1 text-sm">{card.reason}</p>
                <table class="mt-3 w-full text-start">
                    <thead>
                        <tr class="border-b-2 text-sm"><th class="text-start">"拣"</th><th class="text-start">"商品"</th>
                            <th class="text-start">"条码"</th><th class="text-end">"件数"</th></tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
                <p class="mt-2 text-end">{format!("共 {} 件", card.pieces)}</p>
                <p class="mt-6 flex justify-between text-sm"><span>"拣货人：＿＿＿＿＿＿"</span><span>"复核人：＿＿＿＿＿＿"</span></p>
                <p class="mt-6 text-center text-sm print:hidden">"按 Ctrl+P 或浏览器菜单打印 · " <a class="link" href=back>"回到调拨单"</a></p>
            </Main>
        }
    }))
}
