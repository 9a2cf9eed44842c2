//! 售后: what shoppers ask for after the sale, and one of their requests.

use chrono::{DateTime, Utc};
use commerce::after_sales as use_cases;
use domain::{
    AfterSalesId, Fault, Fen, Fields,
    after_sales::{
        AfterSalesAct, AfterSalesCard, AfterSalesCounts, AfterSalesLine, AfterSalesState, AfterSalesStep,
        AfterSalesTab, AfterSalesView, DecideAfterSales as DecideCommand, ListAfterSales, MissingLine, NOTE_MOST,
    },
    page::Page as Listed,
    staff::Permission,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Breadcrumbs, Card, Chip, Chips, Column, DataTable, EmptyState, Fact, Facts, Field, Form, Glyph, Hidden,
    LinkButton, Notice, Pager, Picture, TextArea, Tone,
};
use views::store_proofs;

use crate::{
    arrivals,
    frame::{Frame, Lit, files, live, news},
    returns::{self, Finder},
};

/// The list.
pub const PATH: &str = "/console/after-sales";
/// The part of the page that its forms speak to.
pub const FORM: &str = "after_sales";
const LOG_IN: &str = "/console/login";
/// How many requests a page of the list has.
const PAGE: usize = 30;
/// They are taken where the goods are.
const PROOFS: store_proofs::Look = store_proofs::Look {
    list: "grid grid-cols-2 gap-3",
    item: "",
    form: "",
    note_hint: "例如：罐底凹陷，已开封。",
    choosing: "可以一次选多张，手机上可以直接拍照",
};

/// Agrees to a request, or turns it down.
#[server(prefix = "/rpc/console", endpoint = "decide_after_sales")]
pub async fn decide_after_sales(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id: AfterSalesId = fields.text("id").parse().map_err(|_| Fault::NotFound("这张售后单"))?;
        let decision = DecideCommand::from_fields(&fields)?;
        let said = if decision.agree {
            "已同意，顾客会看到下一步"
        } else {
            "已拒绝，顾客会看到原因，可以申请总部仲裁"
        };
        use_cases::decide(&scope, id, decision).await?;
        Ok(Next::to(format!("{PATH}/{id}")).saying(FORM, said))
    })
    .await
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let mut ask = ListAfterSales { most: PAGE, ..ListAfterSales::from_fields(&asked.query) };
    let tab = ask.tab.unwrap_or(AfterSalesTab::Waiting);
    ask.tab = Some(tab);
    let found = use_cases::list(&asked.scope, &ask).await?;
    let counts = use_cases::counts(&asked.scope).await?;
    let receives = asked.scope.may(Permission::FulfilOrders);
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("售后", move || {
        let finder = receives.then(|| view! { <Finder asked=asked.clone()/> });
        let body = view! {
            <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"售后"</h1>
                {files(PATH, &ask.pairs())}
            </div>
            {live(&asked)}
            {news(&asked, FORM)}
            {finder}
            <div class="mb-3">{tabs(tab, ask.posted, counts)}</div>
            {results(tab, ask.posted, found, asked.scope.now)}
        };
        frame.screen(Lit::AfterSales, body.into_any())
    }))
}

fn tabs(now: AfterSalesTab, posted: bool, counts: AfterSalesCounts) -> impl IntoView {
    let chip = |&tab: &AfterSalesTab| {
        let many = match tab {
            AfterSalesTab::Waiting => counts.waiting,
            AfterSalesTab::Coming => counts.coming,
            AfterSalesTab::Appeals => counts.appeals,
            AfterSalesTab::Done => 0,
        };
        let chip = Chip::new(tab.label(), format!("{PATH}?tab={}", tab.code())).active(tab == now && !posted);
        chip.count(if many > 0 { many.to_string() } else { String::new() })
    };
    let mut chips: Vec<Chip> = AfterSalesTab::ALL.iter().map(chip).collect();
    let sent = Chip::new("寄回中", format!("{PATH}?tab=coming&posted=1")).active(posted);
    chips.insert(2, sent.count(if counts.posted > 0 { counts.posted.to_string() } else { String::new() }));
    view! { <Chips label="售后进度" chips=chips/> }
}

fn results(tab: AfterSalesTab, posted: bool, found: Listed<AfterSalesCard>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        let (title, text) = match tab {
            _ if posted => (
                "没有寄回中的商品",
                "顾客寄出退回的商品并填写单号后，会出现在这里；要收寄件，请先在配送设置里填写退货地址。",
            ),
            AfterSalesTab::Waiting => {
                ("没有等待处理的售后", "顾客申请后会出现在这里，左侧菜单显示数量；3 天内未处理会转总部。")
            }
            AfterSalesTab::Coming => ("没有待退回的商品", "同意退货或换货后，等顾客带商品到店，用上面的售后码收货。"),
            AfterSalesTab::Appeals => ("没有仲裁中的售后", "顾客不同意门店的处理时，由总部仲裁。"),
            AfterSalesTab::Done => ("还没有已结束的售后", "处理完的售后会列在这里。"),
        };
        return view! { <EmptyState glyph=Glyph::Receipt title=title text=text/> }.into_any();
    }
    let columns = vec![
        Column::new("售后"),
        Column::new("状态"),
        Column::new("原因"),
        Column::new("退款").right(),
        Column::new("门店"),
        Column::new("申请时间"),
    ];
    let rows = found.items.into_iter().map(|card| row(card, now)).collect_view();
    let next = found
        .next
        .map(|after| format!("{PATH}?tab={}{}&after={after}", tab.code(), if posted { "&posted=1" } else { "" }));
    view! {
        <DataTable caption="售后" columns=columns>{rows}</DataTable>
        {next.map(|next| view! { <Pager next=next/> })}
    }
    .into_any()
}

fn row(card: AfterSalesCard, now: DateTime<Utc>) -> impl IntoView {
    let words = card.words();
    view! {
        <tr>
            <td class="min-w-44">
                <a class="link font-medium" href=format!("{PATH}/{}", card.id)>{card.summary}</a>
                <span class="block text-sm text-base-content/70">{format!("{} · 订单 {}", card.kind.label(), card.order_number)}</span>
            </td>
            <td><Badge tone=tone_of(card.state)>{words}</Badge></td>
            <td class="whitespace-nowrap">{card.reason.label()}</td>
            <td class="tabular text-end">{card.refund_fen.to_string()}</td>
            <td class="min-w-28">{card.store_name}</td>
            <td class="tabular whitespace-nowrap">{text::moment(card.requested_at, now, text::zone(""))}</td>
        </tr>
    }
}

fn tone_of(state: AfterSalesState) -> Tone {
    use AfterSalesState::*;
    match state {
        Requested | Appealed => Tone::Warn,
        Agreed | Received => Tone::Info,
        Refunded | Exchanged => Tone::Success,
        Refused | Dismissed => Tone::Error,
        Withdrawn | Expired => Tone::Plain,
    }
}

/// One request's page.
pub async fn one(asked: Asked) -> Result<Page, Fault> {
    let request = use_cases::show_for_staff(&asked.scope, asked.id("request", "这张售后单")?).await?;
    let frame = Frame::of(&asked.scope).await?;
    let title = format!("{} · {}", request.card.kind.label(), request.card.summary);
    Ok(Page::new(title.clone(), move || {
        let crumbs = vec![("售后".to_owned(), PATH.to_owned()), (request.card.summary.clone(), String::new())];
        let now = asked.scope.now;
        let store_proofs = store_proofs::part(&asked, &request, PROOFS);
        let store_proofs = store_proofs.map(|part| view! { <Card title=store_proofs::TITLE>{part}</Card> });
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">{title}</h1>
            {news(&asked, FORM)}
            {news(&asked, returns::FORM)}
            {news(&asked, store_proofs::FORM)}
            {live(&asked)}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <div class="grid grid-cols-1 gap-4">
                    {about(&request, now)}
                    {proofs(&request)}
                    {store_proofs}
                </div>
                <div class="grid grid-cols-1 gap-4">
                    {arrivals::part(&asked, &request)}
                    {acts(&asked, &request)}
                    {goods(&request.lines)}
                    {missing(&request.missing)}
                    {past(&request.steps, now)}
                </div>
            </div>
        };
        frame.screen(Lit::AfterSales, body.into_any())
    }))
}

fn about(request: &AfterSalesView, now: DateTime<Utc>) -> impl IntoView + use<> {
    let card = request.card.clone();
    let words = card.words();
    let beside =
        card.beside_words().map(|words| view! { <span class="ms-2 text-sm text-base-content/70">{words}</span> });
    let due = card.due_at.map(|at| {
        let label = if card.state == AfterSalesState::Agreed { "退回期限" } else { "处理期限" };
        view! { <Fact label=label>{text::moment(at, now, text::zone(""))}</Fact> }
    });
    let note = (!card.note.is_empty()).then(|| view! { <Fact label="顾客说明">{card.note.clone()}</Fact> });
    let appeal = request.appeal.clone();
    let appeal = (!appeal.is_empty()).then(|| view! { <Fact label="仲裁理由">{appeal}</Fact> });
    let received = request.received_at_store.clone().map(|name| view! { <Fact label="收货门店">{name}</Fact> });
    let posted = request.posted.as_ref().map(|posted| {
        let said = format!("{}（{}）", posted.text(), text::moment(posted.posted_at, now, text::zone("")));
        view! { <Fact label="顾客寄回"><span class="break-all">{said}</span></Fact> }
    });
    let to = request.posted.as_ref().and_then(|posted| posted.send_to.as_ref()).map(|to| {
        let said = format!("{} {}，{}", to.name, to.phone, to.address);
        view! { <Fact label="换货寄到"><span class="break-words">{said}</span></Fact> }
    });
    let sent = request.posted.as_ref().and_then(|posted| posted.sent.as_ref()).map(|sent| {
        let said = format!("{}（{}）", sent.text(), text::moment(sent.sent_at, now, text::zone("")));
        view! { <Fact label="换货快递"><span class="break-all">{said}</span></Fact> }
    });
    let money = request.refund_words().map(|far| view! { <Fact label="退款进度">{far}</Fact> });
    view! {
        <Card title="申请">
            <Facts>
                <Fact label="状态"><Badge tone=tone_of(card.state)>{words}</Badge></Fact>
                <Fact label="类型">{card.kind.label()}</Fact>
                <Fact label="退款"><span class="tabular text-lg font-bold">{card.refund_fen.to_string()}</span>{beside}</Fact>
                <Fact label="原因">{card.reason.label()}</Fact>
                {note}
                {appeal}
                <Fact label="订单"><a class="link tabular" href=format!("/console/orders/{}", card.order_id)>{card.order_number.clone()}</a></Fact>
                <Fact label="售出门店">{card.store_name.clone()}</Fact>
                <Fact label="手机尾号">{card.phone_tail.clone()}</Fact>
                {posted}
                {to}
                {sent}
                {received}
                {money}
                {due}
            </Facts>
        </Card>
    }
}

fn proofs(request: &AfterSalesView) -> Option<AnyView> {
    if request.proofs.is_empty() {
        return None;
    }
    let shown = request.proofs.iter().enumerate().map(|(at, photo)| {
        let (large, small) = (format!("{PATH}{}", photo.large.url), photo.small.clone());
        let src = format!("{PATH}{}", small.url);
        view! {
            <li>
                <a href=large>
                    <Picture src=src alt=format!("顾客的第 {} 张照片", at + 1) width=small.width height=small.height class="aspect-square rounded-box"/>
                </a>
            </li>
        }
    });
    let shown = shown.collect_view();
    Some(view! { <Card title="顾客的照片"><ul class="grid grid-cols-3 gap-3">{shown}</ul></Card> }.into_any())
}

/// What whoever looks can do.
fn acts(asked: &Asked, request: &AfterSalesView) -> Option<AnyView> {
    let agrees = request.acts.contains(&AfterSalesAct::Agree);
    let coming = request.card.state == AfterSalesState::Agreed;
    if request.acts.contains(&AfterSalesAct::Uphold) {
        let href = format!("/hq/after-sales/{}", request.card.id);
        return Some(view! { <Card title="仲裁"><p class="mb-3 text-sm">"门店已不能处理，由总部决定。"</p><LinkButton href=href>"到总部后台仲裁"</LinkButton></Card> }.into_any());
    }
    let posted = coming && request.posted.is_some();
    // What was sent is turned away where it is counted.
    if posted && request.acts.contains(&AfterSalesAct::TurnAway) {
        return None;
    }
    if !request.acts.contains(&AfterSalesAct::Refuse) {
        return (coming && !posted)
            .then(|| view! { <Notice>"等顾客带商品到店，在售后列表上用售后码收货。"</Notice> }.into_any());
    }
    let (note_wrong, note) = asked.field(FORM, "note");
    let consequence = match (agrees, request.card.kind.brings_goods()) {
        (true, false) => format!("同意后 {} 立即原路退回，商品不退回。", request.card.refund_fen),
        (true, true) => "同意后顾客得到售后码，14 天内可以带商品到任意一家门店。".to_owned(),
        (false, _) if posted => "商品由顾客寄回，等门店收货。商品与申请不符时可以拒绝。".to_owned(),
        (false, _) => "顾客会带商品到店：在售后列表上用售后码收货。商品与申请不符时可以拒绝。".to_owned(),
    };
    let (id, from) = (request.card.id.to_string(), asked.here.clone());
    let freight = agrees.then(|| freight_field(asked, FORM, request)).flatten();
    let agree = agrees
        .then(|| view! { <button type="submit" name="verdict" value="agree" class="btn btn-primary">"同意"</button> });
    Some(
        view! {
            <Card title="处理">
                <p class="mb-3 text-sm">{consequence}</p>
                <Form action=DecideAfterSales::PATH>
                    <Hidden name="from" value=from/>
                    <Hidden name="id" value=id/>
                    <TextArea name="note" label="意见" value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()
                        maxlength=NOTE_MOST as u32 hint="拒绝时必填，顾客会看到。"/>
                    {freight}
                    <div class="flex gap-3">
                        {agree}
                        <button type="submit" name="verdict" value="refuse" class="btn btn-outline btn-error">"拒绝"</button>
                    </div>
                </Form>
            </Card>
        }
        .into_any(),
    )
}

/// A field for what of the order's way goes back too; nothing where nothing of it is left.
fn freight_field(asked: &Asked, form: &str, request: &AfterSalesView) -> Option<AnyView> {
    let (left, share) = (request.freight_left_fen, request.freight_share_fen);
    let (wrong, typed) = asked.field(form, "freight_fen");
    let hint = format!("同意时一并退，按商品分摊是 {share}，最多 {left}；不退留空。因门店责任全部退款时应一并退回。");
    (left > Fen::ZERO).then(|| {
        view! {
            <Field name="freight_fen" label="退运费（元）" inputmode="decimal" required=false value=typed.unwrap_or_default()
                error=wrong.unwrap_or_default() hint=hint/>
        }
        .into_any()
    })
}

/// The goods of a request, as lists of the console show them.
pub fn goods(lines: &[AfterSalesLine]) -> impl IntoView + use<> {
    let item = |line: &AfterSalesLine| {
        let choice = [line.spec.clone(), line.options_text.clone()];
        let choice = choice.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
        let to = line
            .exchange_spec
            .clone()
            .map(|spec| if spec.is_empty() { "换同款".to_owned() } else { format!("换成 {spec}") });
        let to = to.map(|to| view! { <span class="block text-sm font-medium">{to}</span> });
        let condition = line.came_words().map(|came| view! { <Badge>{came}</Badge> });
        view! {
            <li class="flex justify-between gap-3 py-2">
                <span class="min-w-0">
                    <span class="font-medium">{line.name.clone()}</span>
                    <span class="block text-sm text-base-content/70">{choice}</span>
                    {to}
                    {condition}
                </span>
                <span class="tabular shrink-0 text-end">
                    <span class="block font-bold">{format!("×{}", line.quantity)}</span>
                    <span class="text-sm text-base-content/70">{format!("退 {}", line.refund_fen)}</span>
                </span>
            </li>
        }
    };
    let items = lines.iter().map(item).collect_view();
    view! { <Card title="商品"><ul class="divide-y divide-base-200">{items}</ul></Card> }
}

/// What was asked back and did not come.
fn missing(lines: &[MissingLine]) -> Option<AnyView> {
    if lines.is_empty() {
        return None;
    }
    let item = |line: &MissingLine| {
        view! { <li class="py-1">{format!("{} {} ×{}", line.name, line.spec, line.quantity)}</li> }
    };
    let items = lines.iter().map(item).collect_view();
    Some(view! { <Card title="没有收到，已退出这张售后单"><ul>{items}</ul></Card> }.into_any())
}

fn past(steps: &[AfterSalesStep], now: DateTime<Utc>) -> impl IntoView + use<> {
    let item = |step: &AfterSalesStep| {
        let what = match step.note.as_str() {
            "" => step.act.label().to_owned(),
            note => format!("{}（{note}）", step.act.label()),
        };
        view! {
            <li class="flex gap-3 py-1.5 text-sm">
                <span class="tabular w-24 shrink-0 text-base-content/70">{text::moment(step.at, now, text::zone(""))}</span>
                <span class="min-w-0 break-words">{what}</span>
                <span class="ms-auto shrink-0 text-base-content/70">{step.by.clone()}</span>
            </li>
        }
    };
    let items = steps.iter().rev().map(item).collect_view();
    view! { <Card title="记录"><ol>{items}</ol></Card> }
}
