//! 售后: what shoppers ask for at all stores, and what head office arbitrates.

use chrono::{DateTime, Utc};
use commerce::{after_sales as use_cases, stores};
use domain::{
    AfterSalesId, Fault, Fen, Fields, StoreId,
    after_sales::{
        AfterSalesAct, AfterSalesCard, AfterSalesCounts, AfterSalesKind, AfterSalesLine, AfterSalesState,
        AfterSalesStep, AfterSalesTab, AfterSalesView, DecideAfterSales, ListAfterSales, NOTE_MOST,
    },
    page::Page as Listed,
    staff::Permission,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Card, Chip, Chips, Column, DataTable, EmptyState, Fact, Facts, Field, Form, Glyph, Hidden, LinkButton,
    Pager, Picture, Section, Select, SelectItem, TextArea, Tone,
};
use views::store_proofs;

use crate::frame::{Frame, LOG_IN, Tab, address, files, live, said};

pub const PATH: &str = "/hq/after-sales";
/// The part of the page that its forms speak to.
const FORM: &str = "after_sales";
/// How many requests a page of the list has.
const PAGE: usize = 50;
/// They come from a desk.
const PROOFS: store_proofs::Look = store_proofs::Look {
    list: "flex flex-wrap gap-3",
    item: "w-36",
    form: "panel max-w-xl p-4",
    note_hint: "",
    choosing: "可以一次选多张",
};

/// Decides for good.
#[server(prefix = "/rpc/hq", endpoint = "arbitrate_after_sales")]
pub async fn arbitrate_after_sales(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id: AfterSalesId = fields.text("id").parse().map_err(|_| Fault::NotFound("这张售后单"))?;
        let decision = DecideAfterSales::from_fields(&fields)?;
        let told = if decision.agree { "已支持顾客的申请" } else { "已维持拒绝，顾客会看到意见" };
        use_cases::arbitrate(&scope, id, decision).await?;
        Ok(Next::to(format!("{PATH}/{id}")).saying(FORM, told))
    })
    .await
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let ask = ListAfterSales { most: PAGE, ..ListAfterSales::from_fields(&asked.query) };
    let found = use_cases::list(&asked.scope, &ask).await?;
    let counts = use_cases::counts(&asked.scope).await?;
    let stores = stores::mine(&asked.scope, Permission::ReadOrders).await?;
    Ok(Page::new("售后", move || {
        let body = view! {
            {said(&asked, FORM)}
            {live(&asked)}
            <div class="mb-3">{tabs(&ask, counts)}</div>
            {filters(&ask, stores)}
            {results(&ask, found, asked.scope.now)}
        };
        let terms = asked.scope.staff_everywhere(Permission::ArbitrateReturns).is_ok();
        let terms = terms.then(|| view! { <LinkButton href="/hq/after-sales/terms">"售后期限"</LinkButton> });
        let beside = view! { {files(PATH, &ask.pairs())} {terms} };
        frame.screen(Tab::AfterSales, "售后".into(), "", beside.into_any(), body.into_any())
    }))
}

fn at(ask: &ListAfterSales, tab: Option<AfterSalesTab>, after: &str) -> String {
    let mut pairs = ListAfterSales { tab, ..ask.clone() }.pairs();
    pairs.push(("after", after.to_owned()));
    address(PATH, &pairs)
}

fn tabs(ask: &ListAfterSales, counts: AfterSalesCounts) -> impl IntoView + use<> {
    let mut chips = vec![Chip::new("全部", at(ask, None, "")).active(ask.tab.is_none())];
    chips.extend(AfterSalesTab::ALL.iter().map(|&tab| {
        let many = match tab {
            AfterSalesTab::Waiting => counts.waiting,
            AfterSalesTab::Coming => counts.coming,
            AfterSalesTab::Appeals => counts.appeals,
            AfterSalesTab::Done => 0,
        };
        let chip = Chip::new(tab.label(), at(ask, Some(tab), "")).active(ask.tab == Some(tab));
        chip.count(if many > 0 { many.to_string() } else { String::new() })
    }));
    view! { <Chips label="售后进度" chips=chips/> }
}

fn filters(ask: &ListAfterSales, stores: Vec<(StoreId, String)>) -> impl IntoView + use<> {
    let mut store_items = vec![SelectItem::new("", "全部门店")];
    store_items.extend(stores.into_iter().map(|(id, name)| SelectItem::new(id.to_string(), name)));
    let mut kind_items = vec![SelectItem::new("", "全部类型")];
    kind_items.extend(AfterSalesKind::ALL.iter().map(|kind| SelectItem::new(kind.code(), kind.label())));
    let (store, kind) = (ask.store.map(|id| id.to_string()), ask.kind.map(AfterSalesKind::code));
    let tab = ask.tab.map(|tab| view! { <Hidden name="tab" value=tab.code()/> });
    let is_set = ask.store.is_some() || ask.kind.is_some() || !ask.words.is_empty();
    let reset = is_set.then(|| view! { <LinkButton href=PATH>"清除"</LinkButton> });
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-[1fr_1fr_1fr_auto] lg:items-end">
            {tab}
            <Select name="store" label="门店" items=store_items value=store.unwrap_or_default()/>
            <Select name="kind" label="类型" items=kind_items value=kind.unwrap_or_default()/>
            <Field name="q" kind="search" label="搜索" placeholder="订单号" maxlength=Fields::WORDS_MOST as u32 required=false value=ask.words.clone()/>
            <div class="mb-4 flex gap-2"><button type="submit" class="btn btn-primary">"筛选"</button>{reset}</div>
        </form>
    }
}

fn results(ask: &ListAfterSales, found: Listed<AfterSalesCard>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        let (title, text) = match ask.tab {
            Some(AfterSalesTab::Appeals) => {
                ("没有等待仲裁的售后", "顾客不同意门店的处理，或门店 3 天没有处理时，会出现在这里。")
            }
            _ => ("没有符合条件的售后", "换一个门店或类型，或核对订单号。"),
        };
        return view! { <EmptyState glyph=Glyph::Receipt title=title text=text><LinkButton href=PATH>"查看全部售后"</LinkButton></EmptyState> }
            .into_any();
    }
    let columns = vec![
        Column::new("商品"),
        Column::new("类型"),
        Column::new("状态"),
        Column::new("门店"),
        Column::new("原因"),
        Column::new("退款").right(),
        Column::new("订单号"),
        Column::new("申请时间"),
    ];
    let rows = found.items.into_iter().map(|card| row(card, now)).collect_view();
    let next = found.next.map(|after| at(ask, ask.tab, &after));
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
            <td class="min-w-40"><a class="link font-medium" href=format!("{PATH}/{}", card.id)>{card.summary}</a></td>
            <td class="whitespace-nowrap">{card.kind.label()}</td>
            <td class="whitespace-nowrap"><Badge tone=tone_of(card.state)>{words}</Badge></td>
            <td class="min-w-40">{card.store_name}</td>
            <td class="whitespace-nowrap">{card.reason.label()}</td>
            <td class="tabular text-end">{card.refund_fen.to_string()}</td>
            <td><a class="link tabular" href=format!("/hq/orders/{}", card.order_id)>{card.order_number}</a></td>
            <td class="tabular whitespace-nowrap">{text::moment(card.requested_at, now, text::zone(""))}</td>
        </tr>
    }
}

/// The colour of a request's state.
pub fn tone_of(state: AfterSalesState) -> Tone {
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
    let frame = Frame::of(&asked.scope).await?;
    let request = use_cases::show_for_staff(&asked.scope, asked.id("request", "这张售后单")?).await?;
    let title = format!("{} · {}", request.card.kind.label(), request.card.summary);
    Ok(Page::new(title.clone(), move || {
        let now = asked.scope.now;
        let words = request.card.words();
        let beside = view! { <Badge tone=tone_of(request.card.state)>{words}</Badge> };
        let lines = lines(&request.lines).into_any();
        let steps = steps(&request.steps, now).into_any();
        let missing = request.missing.iter().map(|line| {
            let goods = format!("{} {} ×{}", line.name, line.spec, line.quantity);
            view! { <p class="mt-2 text-sm text-base-content/70">{format!("没有收到、已退出这张售后单：{goods}（{}）", line.refund_fen)}</p> }
        });
        let missing = missing.collect_view();
        let store_proofs = store_proofs::part(&asked, &request, PROOFS);
        let store_proofs = store_proofs.map(|part| view! { <Section title=store_proofs::TITLE>{part}</Section> });
        let body = view! {
            {said(&asked, FORM)}
            {said(&asked, store_proofs::FORM)}
            {live(&asked)}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-3 lg:items-start">
                <div class="-mt-6 lg:col-span-2">
                    <Section title="商品">{lines}{missing}</Section>
                    {proofs(&request)}
                    {store_proofs}
                    <Section title="记录">{steps}</Section>
                </div>
                <div class="grid gap-4">
                    {verdict(&asked, &request)}
                    {about(&request)}
                </div>
            </div>
        };
        frame.screen(Tab::AfterSales, title, PATH, beside.into_any(), body.into_any())
    }))
}

fn verdict(asked: &Asked, request: &AfterSalesView) -> Option<AnyView> {
    if !request.acts.contains(&AfterSalesAct::Uphold) {
        return None;
    }
    let (wrong, note) = asked.field(FORM, "note");
    let (id, from) = (request.card.id.to_string(), asked.here.clone());
    let (left, share) = (request.freight_left_fen, request.freight_share_fen);
    let freight = (left > Fen::ZERO).then(|| {
        let (wrong, typed) = asked.field(FORM, "freight_fen");
        let hint = format!("支持时一并退，按商品分摊是 {share}，最多 {left}；不退留空。");
        view! {
            <Field name="freight_fen" label="退运费（元）" inputmode="decimal" required=false value=typed.unwrap_or_default()
                error=wrong.unwrap_or_default() hint=hint/>
        }
    });
    let consequence = consequence(request);
    Some(
        view! {
            <Card title="仲裁">
                <p class="mb-3 text-sm">{format!("{consequence}仲裁后不能再改。")}</p>
                <Form action=ArbitrateAfterSales::PATH>
                    <Hidden name="from" value=from/>
                    <Hidden name="id" value=id/>
                    <TextArea name="note" label="意见" value=note.unwrap_or_default() error=wrong.unwrap_or_default()
                        maxlength=NOTE_MOST as u32 hint="维持拒绝时必填，顾客和门店会看到。"/>
                    {freight}
                    <div class="flex flex-wrap gap-3">
                        <button type="submit" name="verdict" value="agree" class="btn btn-primary">"支持顾客"</button>
                        <button type="submit" name="verdict" value="refuse" class="btn btn-outline btn-error">"维持拒绝"</button>
                    </div>
                </Form>
            </Card>
        }
        .into_any(),
    )
}

/// What becomes of a request that head office agrees to.
fn consequence(request: &AfterSalesView) -> String {
    match &request.posted {
        Some(posted) if posted.arrived_at.is_some() && posted.send_to.is_some() => format!(
            "顾客寄回的商品（{}）已到店，换的商品要寄给顾客，门店还没有寄出。支持后门店可以继续寄出，14 天后仍未寄出会再转来；确认无法换货时，驳回后可在订单页直接退款。",
            posted.text()
        ),
        Some(posted) => format!(
            "顾客已寄回（{}）。支持后门店可以继续收货，14 天后仍未收货会再转来；确认商品已收到但无法入账时，驳回后可在订单页直接退款。",
            posted.text()
        ),
        None if request.card.kind.brings_goods() => {
            "支持后顾客得到售后码，14 天内可以带商品到任意一家门店。".to_owned()
        }
        None => format!("支持后 {} 立即原路退回。", request.card.refund_fen),
    }
}

fn about(request: &AfterSalesView) -> impl IntoView + use<> {
    let card = request.card.clone();
    let beside =
        card.beside_words().map(|words| view! { <span class="ms-2 text-sm text-base-content/70">{words}</span> });
    let fact =
        |label: &'static str, words: String| (!words.is_empty()).then(|| view! { <Fact label=label>{words}</Fact> });
    let posted = fact("顾客寄回", request.posted.as_ref().map(|posted| posted.text()).unwrap_or_default());
    let to = request.posted.as_ref().and_then(|posted| posted.send_to.as_ref());
    let to = to.map(|to| format!("{} {}，{}", to.name, to.phone, to.address));
    let to = fact("换货寄到", to.unwrap_or_default());
    let sent = request.posted.as_ref().and_then(|posted| posted.sent.as_ref());
    let sent = fact("换货快递", sent.map(|sent| sent.text()).unwrap_or_default());
    let received = fact("收货门店", request.received_at_store.clone().unwrap_or_default());
    let money = fact("退款进度", request.refund_words().unwrap_or_default());
    let (note, appeal) = (fact("顾客说明", card.note.clone()), fact("仲裁理由", request.appeal.clone()));
    view! {
        <Card title="申请">
            <Facts>
                <Fact label="退款"><span class="tabular text-lg font-bold">{card.refund_fen.to_string()}</span>{beside}</Fact>
                <Fact label="原因">{card.reason.label()}</Fact>
                {note}
                {appeal}
                <Fact label="订单"><a class="link tabular" href=format!("/hq/orders/{}", card.order_id)>{card.order_number.clone()}</a></Fact>
                <Fact label="售出门店">{card.store_name.clone()}</Fact>
                <Fact label="手机尾号">{card.phone_tail.clone()}</Fact>
                {posted}
                {to}
                {sent}
                {received}
                {money}
            </Facts>
        </Card>
    }
}

fn lines(lines: &[AfterSalesLine]) -> impl IntoView + use<> {
    let row = |line: &AfterSalesLine| {
        let choice = [line.spec.clone(), line.options_text.clone()];
        let choice = choice.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
        let to = line.exchange_spec.clone().map(|spec| if spec.is_empty() { "同款".to_owned() } else { spec });
        let condition = line.came_words();
        view! {
            <tr>
                <td class="font-medium">{line.name.clone()}</td>
                <td class="text-base-content/70">{choice}</td>
                <td class="tabular text-end">{line.quantity.get()}</td>
                <td class="tabular text-end">{line.paid_fen.to_string()}</td>
                <td class="tabular text-end font-semibold">{line.refund_fen.to_string()}</td>
                <td>{to}</td>
                <td>{condition}</td>
            </tr>
        }
    };
    let rows = lines.iter().map(row).collect_view();
    let columns = vec![
        Column::new("商品"),
        Column::new("规格"),
        Column::new("件数").right(),
        Column::new("实付").right(),
        Column::new("退款").right(),
        Column::new("换成"),
        Column::new("收货状况"),
    ];
    view! { <DataTable caption="商品" columns=columns>{rows}</DataTable> }
}

/// Only staff of the stores concerned may see them, so they are shown by the address of staff.
fn proofs(request: &AfterSalesView) -> Option<AnyView> {
    if request.proofs.is_empty() {
        return None;
    }
    let shown = request.proofs.iter().enumerate().map(|(at, photo)| {
        let address = |url: &str| format!("/console/after-sales{url}");
        let (large, small) = (address(&photo.large.url), photo.small.clone());
        let src = address(&small.url);
        view! {
            <li class="w-36">
                <a href=large>
                    <Picture src=src alt=format!("顾客的第 {} 张照片", at + 1) width=small.width height=small.height class="aspect-square rounded-box"/>
                </a>
            </li>
        }
    });
    let shown = shown.collect_view();
    Some(view! { <Section title="顾客的照片"><ul class="flex flex-wrap gap-3">{shown}</ul></Section> }.into_any())
}

fn steps(steps: &[AfterSalesStep], now: DateTime<Utc>) -> impl IntoView + use<> {
    let row = |step: &AfterSalesStep| {
        let state = step.state;
        view! {
            <tr>
                <td class="tabular whitespace-nowrap">{text::moment(step.at, now, text::zone(""))}</td>
                <td>{step.act.label()}</td>
                <td><Badge tone=tone_of(state)>{state.label()}</Badge></td>
                <td class="whitespace-nowrap">{step.by.clone()}</td>
                <td>{step.note.clone()}</td>
            </tr>
        }
    };
    let rows = steps.iter().map(row).collect_view();
    let columns = ["时间", "发生了什么", "状态", "操作人", "说明"].map(Column::new).to_vec();
    view! { <DataTable caption="记录" columns=columns>{rows}</DataTable> }
}
