//! One thing done with several orders (D8): what would happen, how far it is, and what became of each.

use chrono::{DateTime, Utc};
use commerce::orders::batches;
use domain::{
    Fault, Fields, OrderBatchId,
    order_batches::{BatchAct, BatchCard, BatchLine, BatchState, BatchView, DraftBatch, Outcome},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{Badge, Button, Column, DataTable, EmptyState, Form, Glyph, Hidden, LinkButton, Stat, Tone};

use crate::{
    dispatch::{self, TOGETHER},
    frame::{Frame, LOG_IN, Tab, said, tone_of},
};

/// One's own batches.
pub const PATH: &str = "/hq/order-batches";
/// The part of a batch's page that its form speaks to.
const FORM: &str = "order-batch";

/// Puts orders together.
#[server(prefix = "/rpc/hq", endpoint = "draft_order_batch")]
pub async fn draft_order_batch(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(TOGETHER, LOG_IN, fields, async |scope, fields| {
        let batch = batches::draft(&scope, &DraftBatch::from_fields(&fields)?).await?;
        Ok(Next::to(format!("{PATH}/{}", batch.card.id)))
    })
    .await
}

/// Starts a batch.
#[server(prefix = "/rpc/hq", endpoint = "start_order_batch")]
pub async fn start_order_batch(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id: OrderBatchId = fields.text("id").parse().map_err(|_| Fault::NotFound("这批订单"))?;
        batches::start(&scope, id).await?;
        Ok(Next::to(format!("{PATH}/{id}")))
    })
    .await
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let found = batches::list(&asked.scope).await?;
    Ok(Page::new("批量处理记录", move || {
        let body = if found.is_empty() {
            view! {
                <EmptyState glyph=Glyph::Receipt title="还没有批量处理过订单" text="在订单列表里勾选订单，选择要做什么，就会在这里留下记录。">
                    <LinkButton href=dispatch::PATH>"查看订单"</LinkButton>
                </EmptyState>
            }
            .into_any()
        } else {
            cards(found, asked.scope.now)
        };
        frame.screen(Tab::Orders, "批量处理记录".into(), dispatch::PATH, ().into_any(), body)
    }))
}

fn cards(found: Vec<BatchCard>, now: DateTime<Utc>) -> AnyView {
    let columns = vec![
        Column::new("时间"),
        Column::new("处理"),
        Column::new("说明"),
        Column::new("状态"),
        Column::new("订单").right(),
        Column::new("已完成").right(),
        Column::new("不能处理").right(),
    ];
    let row = |card: BatchCard| {
        let href = format!("{PATH}/{}", card.id);
        view! {
            <tr>
                <td class="tabular whitespace-nowrap"><a class="link" href=href>{text::moment(card.drafted_at, now, text::zone(""))}</a></td>
                <td class="whitespace-nowrap">{card.act.label()}</td>
                <td class="min-w-40">{card.reason}</td>
                <td class="whitespace-nowrap"><Badge tone=tone_of_batch(card.state)>{card.state.label()}</Badge></td>
                <td class="tabular text-end">{card.total}</td>
                <td class="tabular text-end">{card.done}</td>
                <td class="tabular text-end">{card.refused}</td>
            </tr>
        }
    };
    let rows = found.into_iter().map(row).collect_view();
    view! { <DataTable caption="批量处理记录" columns=columns>{rows}</DataTable> }.into_any()
}

fn tone_of_batch(state: BatchState) -> Tone {
    match state {
        BatchState::Draft => Tone::Warn,
        BatchState::Running => Tone::Info,
        BatchState::Ended => Tone::Success,
    }
}

/// A batch's page. While the server is at it the page is asked for again by itself.
pub async fn one(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let batch = batches::show(&asked.scope, asked.id("batch", "这批订单")?).await?;
    let title = format!("批量{}", batch.card.act.label());
    Ok(Page::new(title.clone(), move || {
        let state = batch.card.state;
        let file = |kind: &str| format!("{PATH}/{}/lines/{kind}", batch.card.id);
        let (csv, xlsx) = (file("csv"), file("xlsx"));
        let beside = view! {
            <Badge tone=tone_of_batch(state)>{state.label()}</Badge>
            <LinkButton href=csv file=true>"导出 CSV"</LinkButton>
            <LinkButton href=xlsx file=true>"XLSX"</LinkButton>
        };
        let refresh = (state == BatchState::Running).then(|| view! { <meta http-equiv="refresh" content="2"/> });
        let card = batch.card.clone();
        let body = view! {
            {refresh}
            {said(&asked, FORM)}
            {counts(&card)}
            {about(&card)}
            {next(&card)}
            {lines(batch)}
        };
        frame.screen(Tab::Orders, title, PATH, beside.into_any(), body.into_any())
    }))
}

fn counts(card: &BatchCard) -> impl IntoView + use<> {
    let (total, done, refused) = (card.total, card.done, card.refused);
    let left = total - refused - done;
    let (label, refused_label) =
        if card.state == BatchState::Draft { ("可以处理", "不能处理") } else { ("待处理", "未处理") };
    view! {
        <div class="mb-4 grid grid-cols-2 gap-4 lg:grid-cols-4">
            <Stat label="订单" value=total.to_string()/>
            <Stat label=label value=left.to_string()/>
            <Stat label="已完成" value=done.to_string()/>
            <Stat label=refused_label value=refused.to_string()/>
        </div>
    }
}

fn about(card: &BatchCard) -> impl IntoView + use<> {
    let to = match (card.act, &card.store_name) {
        (BatchAct::Reroute, Some(store)) => format!("改派到 {store}。"),
        (BatchAct::Reroute, None) => "每一笔按发货规则改派到能备齐的门店。".to_owned(),
        _ => String::new(),
    };
    let word = if card.act == BatchAct::Annotate { "备注" } else { "原因" };
    let text = format!("{to}{word}：{}", card.reason);
    view! { <p class="mb-4 whitespace-pre-line">{text}</p> }
}

/// What is to be done next, or how far it is.
fn next(card: &BatchCard) -> AnyView {
    let left = card.total - card.refused - card.done;
    match card.state {
        BatchState::Draft if left == 0 => {
            view! { <p class="mb-4 text-base-content/70">"没有一笔可以处理，请看每一笔的原因。"</p> }.into_any()
        }
        BatchState::Draft => start(card, left),
        BatchState::Running => {
            let (over, total) = (card.total - left, card.total);
            view! {
                <div class="panel mb-4 p-5">
                    <progress class="progress progress-primary w-full" value=over.to_string() max=total.to_string() aria-label="进度"></progress>
                    <p class="tabular mt-2" role="status">{format!("已处理 {over} / {total} 笔")}</p>
                    <p class="mt-1 text-sm text-base-content/70">"可以离开这一页，处理会继续；页面每 2 秒更新一次。"</p>
                </div>
            }
            .into_any()
        }
        BatchState::Ended => ().into_any(),
    }
}

fn start(card: &BatchCard, left: i64) -> AnyView {
    let (tone, means) = match card.act {
        BatchAct::Annotate => (Tone::Primary, "备注只有员工能看到。"),
        BatchAct::Reroute => (Tone::Primary, "顾客会看到原因；库存以处理那一刻为准，先处理的先占用。"),
        BatchAct::CallOff => (Tone::Error, "已付的款项原路退回，库存释放，不能撤销。顾客会看到原因。"),
        BatchAct::Refund => (Tone::Error, "剩余商品的款项原路退回，商品不退回，不能撤销。顾客会看到原因。"),
    };
    let label = format!("确认{} {left} 笔", card.act.label());
    let (id, from) = (card.id.to_string(), format!("{PATH}/{}", card.id));
    view! {
        <div class="panel mb-4 p-5">
            <p class="mb-3">"还没有改动任何订单。"{means}"每一笔单独处理，一笔失败不影响其他。"</p>
            <Form action="/rpc/hq/start_order_batch">
                <Hidden name="from" value=from/>
                <Hidden name="id" value=id/>
                <Button tone=tone>{label}</Button>
            </Form>
        </div>
    }
    .into_any()
}

fn lines(batch: BatchView) -> impl IntoView {
    let reroutes = batch.card.act == BatchAct::Reroute;
    let draft = batch.card.state == BatchState::Draft;
    let mut columns = vec![
        Column::new("订单号"),
        Column::new("门店"),
        Column::new("订单状态"),
        Column::new("结果"),
        Column::new("说明"),
    ];
    if reroutes {
        columns.insert(3, Column::new(if draft { "预计改派到" } else { "改派到" }));
    }
    let rows = batch.lines.into_iter().map(|line| row(line, reroutes, draft)).collect_view();
    view! { <DataTable caption="订单" columns=columns>{rows}</DataTable> }
}

fn row(line: BatchLine, reroutes: bool, draft: bool) -> impl IntoView {
    let (tone, label) = match (line.outcome, draft, line.problem.is_some()) {
        (Outcome::Done, ..) => (Tone::Success, "已完成"),
        (Outcome::Refused, ..) => (Tone::Error, "未处理"),
        (Outcome::Waiting, true, true) => (Tone::Error, "不能处理"),
        (Outcome::Waiting, true, false) => (Tone::Info, "可以处理"),
        (Outcome::Waiting, false, _) => (Tone::Plain, "待处理"),
    };
    let to = reroutes.then(|| view! { <td class="min-w-40">{line.to_store.unwrap_or_default()}</td> });
    view! {
        <tr>
            <td><a class="link tabular font-medium" href=dispatch::path_of(line.order_id)>{line.number}</a></td>
            <td class="min-w-40">{line.store_name}</td>
            <td class="whitespace-nowrap"><Badge tone=tone_of(line.state)>{line.state.label()}</Badge></td>
            {to}
            <td class="whitespace-nowrap"><Badge tone=tone>{label}</Badge></td>
            <td class="min-w-56">{line.problem.unwrap_or_default()}</td>
        </tr>
    }
}
