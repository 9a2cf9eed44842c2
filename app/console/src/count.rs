//! One count: what is found is scanned or typed, handed in, and decided on. It is made for a phone in a storeroom.
//!
//! A scanner types the code and Enter, which sends the form. Where there is script, what was scanned is sent in the
//! background ([`ScanQueue`]) and the parts that bear `data-fresh` are shown anew; else the page comes back with the
//! field ready for the next.

use chrono::{DateTime, Utc};
use commerce::counts as use_cases;
use domain::{
    CountId, Fault, Fields,
    approvals::Decide,
    counts::{
        self as wanted, CountAct, CountEntry, CountState, CountStep, CountView, LinesShown, ListLines, Uncounted,
    },
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Breadcrumbs, Button, Card, Choice, ChoiceItem, Column, DataTable, Field, Form, Hidden, LinkButton, Notice,
    Sheet, SheetButton, Size, TextArea, Tone,
};
use uuid::Uuid;

use crate::{
    count_lines::{filters, line_list},
    count_list,
    counts::{FORM, PATH, off_text, path_of, progress, title_of, tone_of},
    frame::{Frame, Lit, news},
    islands::{CameraScan, ScanQueue},
};

const LOG_IN: &str = "/console/login";
/// The part of the page where what is found is entered.
const ENTRY: &str = "entry";
/// How many lines a page has.
const PAGE: usize = 30;

fn id_of(fields: &Fields) -> Result<CountId, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这次盘点"))
}

fn back(fields: &Fields, id: CountId) -> String {
    match fields.given("from") {
        Some(from) => rpc::back_path(from).to_owned(),
        None => path_of(id),
    }
}

/// Adds what was found.
#[server(prefix = "/rpc/console", endpoint = "enter_count")]
pub async fn enter_count(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(ENTRY, LOG_IN, fields, async |scope, fields| {
        let (id, entry) = (id_of(&fields)?, wanted::EnterCount::from_fields(&fields)?);
        let pieces = entry.pieces;
        let line = use_cases::enter(&scope, id, entry).await?;
        let apart = match line.apart {
            0 => String::new(),
            some => format!("；另有 {some} 件已出账待发，不要数"),
        };
        let said = format!("{}：+{pieces}，共 {} 件{apart}", line.name, line.counted.unwrap_or_default());
        Ok(Next::to(back(&fields, id)).saying(ENTRY, said))
    })
    .await
}

/// Takes an entry back.
#[server(prefix = "/rpc/console", endpoint = "undo_count_entry")]
pub async fn undo_count_entry(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(ENTRY, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        let entry = fields.text("entry").parse().map_err(|_| Fault::NotFound("这一笔"))?;
        use_cases::undo(&scope, id, entry).await?;
        Ok(Next::to(back(&fields, id)).saying(ENTRY, "已撤销这一笔"))
    })
    .await
}

/// Takes all entries of one of the goods back.
#[server(prefix = "/rpc/console", endpoint = "recount_line")]
pub async fn recount_line(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(ENTRY, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        let sku = fields.text("sku").parse().map_err(|_| Fault::NotFound("这件商品"))?;
        use_cases::recount(&scope, id, sku).await?;
        Ok(Next::to(back(&fields, id)).saying(ENTRY, "已清空这一项，请重新盘"))
    })
    .await
}

/// Hands a count in.
#[server(prefix = "/rpc/console", endpoint = "submit_count")]
pub async fn submit_count(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        use_cases::submit(&scope, id, wanted::SubmitCount::from_fields(&fields)).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已提交，确认之后才会改变库存"))
    })
    .await
}

/// Gives a count up.
#[server(prefix = "/rpc/console", endpoint = "cancel_count")]
pub async fn cancel_count(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        use_cases::cancel(&scope, id).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已取消，库存没有改变"))
    })
    .await
}

/// Agrees to a count or sends it back.
#[server(prefix = "/rpc/console", endpoint = "decide_count")]
pub async fn decide_count(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let (id, decision) = (id_of(&fields)?, Decide::from_fields(&fields)?);
        let said = if decision.approve { "已入账，库存已按差异调整" } else { "已退回重盘" };
        use_cases::decide(&scope, id, decision).await?;
        Ok(Next::to(path_of(id)).saying(FORM, said))
    })
    .await
}

/// The page.
pub async fn count(asked: Asked) -> Result<Page, Fault> {
    let id: CountId = asked.id("count", "这次盘点")?;
    let count = use_cases::show(&asked.scope, id).await?;
    let shown = asked.query.given("show").is_some();
    let mut ask = ListLines { most: PAGE, ..ListLines::from_fields(&asked.query) };
    if !shown && count.card.state != CountState::Open && count.shows_book {
        ask.show = LinesShown::Different;
    }
    let lines = use_cases::lines(&asked.scope, id, &ask).await?;
    let frame = Frame::of(&asked.scope).await?;
    let title = format!("{} · {}", title_of(&count.card), count.card.location_name);
    Ok(Page::new(title.clone(), move || {
        let crumbs = vec![("盘点".to_owned(), PATH.to_owned()), (title_of(&count.card), String::new())];
        let now = asked.scope.now;
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <div id="count-head" data-fresh>{head(&count, title)}</div>
            {news(&asked, FORM)}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-[24rem_1fr] lg:items-start">
                <div class="grid grid-cols-1 gap-4">
                    {entry(&asked, &count)}
                    {count_list::section(&asked, &count)}
                    {decision(&asked, &count)}
                    <div id="count-latest" data-fresh>{latest(&count, &asked.here, now)}</div>
                </div>
                <div class="min-w-0">
                    {filters(&count, &ask)}
                    <div id="count-lines" data-fresh>{line_list(&count, &ask, lines, &asked.here)}</div>
                    <div id="count-hand-in" data-fresh>{hand_in(&count)}</div>
                    {steps(&count.steps, now)}
                </div>
            </div>
        };
        frame.screen(Lit::Counts, body.into_any())
    }))
}

fn head(count: &CountView, title: String) -> impl IntoView + use<> {
    let card = &count.card;
    let off = off_text(card).map(|off| view! { <span class="tabular font-semibold">{off}</span> });
    let note = (!card.note.is_empty()).then(|| view! { <p class="mt-1 text-sm">{card.note.clone()}</p> });
    let (label, tone) = (card.state.label(), tone_of(card.state));
    let lines = |kind: &str| format!("{}/lines/{kind}", path_of(card.id));
    let files = (card.state != CountState::Open).then(|| {
        view! {
            <LinkButton href=lines("csv") file=true size=Size::Small>"导出 CSV"</LinkButton>
            <LinkButton href=lines("xlsx") file=true size=Size::Small>"XLSX"</LinkButton>
        }
    });
    view! {
        <div class="my-3">
            <div class="flex flex-wrap items-center gap-2">
                <h1 class="text-xl font-bold">{title}</h1>
                <Badge tone=tone>{label}</Badge>
                {files}
            </div>
            <p class="tabular mt-1 flex flex-wrap gap-x-3 text-base-content/70"><span>{card.number.clone()}</span> <span>{progress(card)}</span> {off}</p>
            {note}
        </div>
    }
}

/// The field into which a scanner types; below, how many, where it is not one.
fn entry(asked: &Asked, count: &CountView) -> Option<AnyView> {
    if !count.may_count {
        return None;
    }
    let part = |name: &str| {
        let (wrong, typed) = asked.field(ENTRY, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let flash = asked.flash_of(ENTRY);
    let good = flash.is_some_and(|flash| flash.good);
    let beside = flash.filter(|flash| !flash.good && flash.complaints.is_empty()).map(|flash| flash.message.clone());
    let ((code_wrong, code), (pieces_wrong, pieces)) =
        if good { Default::default() } else { (part("code"), part("pieces")) };
    let code_wrong = if code_wrong.is_empty() { beside.unwrap_or_default() } else { code_wrong };
    let said = good.then(|| news(asked, ENTRY));
    let (here, id) = (asked.here.clone(), count.card.id.to_string());
    let apart = (count.apart > 0).then(|| {
        let words = format!(
            "有 {} 件已出账、还放在店里：分包裹待发的，或退回待退款的。请不要数进去，明细里标了是哪些。",
            count.apart
        );
        view! { <div class="mt-3"><Notice tone=Tone::Warn>{words}</Notice></div> }
    });
    let form = view! {
        <section id=ENTRY class="panel p-4">
            {said}
            <Form action=EnterCount::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="id" value=id/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                <Field name="code" label="扫码，或输入商品编码、条码" autocomplete="off" value=code error=code_wrong autofocus=true maxlength=64/>
                <div class="flex items-end gap-3">
                    <div class="min-w-0 flex-1">
                        <Field name="pieces" label="件数" inputmode="numeric" placeholder="1" value=pieces error=pieces_wrong required=false autocomplete="off"/>
                    </div>
                    <div class="mb-4"><Button size=Size::Large>"录入"</Button></div>
                </div>
                <CameraScan reader=rpc::code_reader()/>
                <ScanQueue part=ENTRY.to_owned()/>
                <p class="text-sm text-base-content/70">"每次录入都是加上去的，几个人可以一起盘。已备好、等顾客来取的也要数。"</p>
            </Form>
            {apart}
        </section>
    };
    Some(form.into_any())
}

fn latest(count: &CountView, here: &str, now: DateTime<Utc>) -> Option<AnyView> {
    if count.entries.is_empty() || !matches!(count.card.state, CountState::Open) {
        return None;
    }
    let (may, id) = (count.may_count, count.card.id);
    let items = count.entries.iter().cloned().map(|one| latest_item(one, may, id, here.to_owned(), now)).collect_view();
    let undoing = may.then(|| count_list::undoing(&count.entries, id, here, now));
    Some(
        view! { <Card title="最近录入"><ul class="-my-2 divide-y divide-base-300">{items}</ul>{undoing}</Card> }
            .into_any(),
    )
}

fn latest_item(one: CountEntry, may: bool, id: CountId, here: String, now: DateTime<Utc>) -> impl IntoView {
    let told = format!("{} · {}", one.by, text::moment(one.at, now, text::zone("")));
    let name = if one.undone {
        view! { <del class="text-base-content/70">{format!("{} +{}（已撤销）", one.name, one.pieces)}</del> }.into_any()
    } else {
        view! { <span class="font-medium">{one.name} <span class="tabular">{format!(" +{}", one.pieces)}</span></span> }
            .into_any()
    };
    let undo = (may && !one.undone).then(|| {
        view! {
            <Form action=UndoCountEntry::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="id" value=id.to_string()/>
                <Hidden name="entry" value=one.id.to_string()/>
                <Button tone=Tone::Plain>"撤销"</Button>
            </Form>
        }
    });
    view! {
        <li class="flex items-center justify-between gap-3 py-2">
            <span class="min-w-0">{name} <span class="block text-sm text-base-content/70">{told}</span></span>
            {undo}
        </li>
    }
}

/// Handing in, where somebody counts, and giving up.
fn hand_in(count: &CountView) -> Option<AnyView> {
    let (id, left) = (count.card.id, count.card.lines - count.card.counted_lines);
    let here = path_of(id);
    let again = here.clone();
    let submit = count.may_count.then(|| {
        let choice = (left > 0).then(|| {
            let items = vec![
                ChoiceItem::new(Uncounted::Zero.code(), Uncounted::Zero.label()).text("确实一件都没有。"),
                ChoiceItem::new(Uncounted::LeaveOut.code(), Uncounted::LeaveOut.label())
                    .text("库存保持不变，下次再盘。"),
            ];
            view! { <Choice name="uncounted" legend=format!("还有 {left} 项没有盘，它们") items=items columns=2/> }
        });
        view! {
            <Form action=SubmitCount::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="id" value=id.to_string()/>
                {choice}
                <Button size=Size::Large>"提交盘点"</Button>
            </Form>
        }
    });
    let cancel = count.may_cancel.then(|| {
        view! {
            <SheetButton target="cancel-count">"取消盘点"</SheetButton>
            <Sheet id="cancel-count" title="取消这次盘点？">
                <p class="mb-4 whitespace-normal">"已录入的不再有用，库存不会改变；这些商品可以重新盘。"</p>
                <Form action=CancelCount::PATH>
                    <Hidden name="from" value=again/>
                    <Hidden name="id" value=id.to_string()/>
                    <Button tone=Tone::Error>"取消盘点"</Button>
                </Form>
            </Sheet>
        }
    });
    if submit.is_none() && cancel.is_none() {
        return None;
    }
    Some(view! { <section class="panel mt-4 grid gap-3 p-4 sm:flex sm:flex-wrap sm:items-end sm:justify-between">{submit} {cancel}</section> }.into_any())
}

fn decision(asked: &Asked, count: &CountView) -> Option<AnyView> {
    let card = &count.card;
    if card.state != CountState::Submitted {
        return None;
    }
    if !card.may_decide {
        let text = match (card.above, card.alone) {
            (true, Some(alone)) => {
                format!("差异{}，已交给上级确认；确认之后才会改变库存。", alone.exceeded(card.off, card.alone_own))
            }
            (true, None) => "差异较大，已交给上级确认；确认之后才会改变库存。".to_owned(),
            (false, _) => "等这里的负责人确认；确认之后才会改变库存。".to_owned(),
        };
        return Some(view! { <Notice>{text}</Notice> }.into_any());
    }
    let (from, id) = (path_of(card.id), card.id.to_string());
    let (note_wrong, note) = asked.field(FORM, "note");
    let off = off_text(card).unwrap_or_default();
    let form = view! {
        <Card title="确认差异">
            <p class="mb-3 tabular font-semibold">{off}</p>
            <p class="mb-3 text-sm text-base-content/70">"入账时只按差异调整：盘点之后卖出和到货的不受影响。"</p>
            <Form action=DecideCount::PATH>
                <Hidden name="from" value=from/>
                <Hidden name="id" value=id/>
                <TextArea name="note" label="意见" value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()
                    maxlength=200 rows=2 hint="退回时必填。"/>
                <div class="flex flex-wrap gap-3">
                    <button type="submit" name="verdict" value="approve" class="btn btn-primary">"确认入账"</button>
                    <button type="submit" name="verdict" value="reject" class="btn btn-outline btn-error">"退回重盘"</button>
                </div>
            </Form>
        </Card>
    };
    Some(form.into_any())
}

fn steps(steps: &[CountStep], now: DateTime<Utc>) -> impl IntoView + use<> {
    let columns = ["时间", "谁", "做了什么", "意见"].map(Column::new).to_vec();
    let rows = steps.iter().rev().map(move |step| {
        let by = match &step.in_place_of {
            Some(other) => format!("{}（代{other}）", step.by),
            None => step.by.clone(),
        };
        let act = match step.act {
            CountAct::Open => "开始盘点",
            other => other.label(),
        };
        view! {
            <tr>
                <td class="tabular whitespace-nowrap">{text::moment(step.at, now, text::zone(""))}</td>
                <td class="whitespace-nowrap">{by}</td>
                <td class="whitespace-nowrap">{act}</td>
                <td class="min-w-32">{step.note.clone()}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! { <h2 class="mt-6 mb-3 text-lg font-bold">"记录"</h2> <DataTable caption="记录" columns=columns>{rows}</DataTable> }
}
