//! One import: what would happen, how far it is, what came of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use commerce::imports::sent;
use domain::{
    Fault, Fields,
    import::{ImportCounts, ImportState, ImportView, RowNote},
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{Badge, Button, Column, DataTable, Form, Hidden, LinkButton, Notice, Section, Select, SelectItem, Stat, Tone};
use uuid::Uuid;

use crate::{
    frame::{Frame, LOG_IN, Tab, said},
    imports::tone_of,
    islands::Progress,
};

/// The part of the page that its forms speak to.
const FORM: &str = "import";

fn id_of(fields: &Fields) -> Result<Uuid, Fault> {
    fields.text("import").parse().map_err(|_| Fault::NotFound("这次导入"))
}

fn page_of(id: Uuid) -> Next {
    Next::to(format!("/hq/imports/{id}"))
}

/// Lets an import be done.
#[server(prefix = "/rpc/hq", endpoint = "confirm_import")]
pub async fn confirm_import(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        sent::confirm(&scope, id).await?;
        Ok(page_of(id))
    })
    .await
}

/// Stops an import.
#[server(prefix = "/rpc/hq", endpoint = "cancel_import")]
pub async fn cancel_import(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        sent::cancel(&scope, id).await?;
        Ok(page_of(id).saying(FORM, "已取消，没有改动任何数据"))
    })
    .await
}

/// Says which column is what.
#[server(prefix = "/rpc/hq", endpoint = "choose_import_columns")]
pub async fn choose_import_columns(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        let columns = fields
            .0
            .iter()
            .filter_map(|(name, column)| Some((name.strip_prefix("column_")?.to_owned(), column.clone())));
        sent::choose_columns(&scope, id, columns.collect()).await?;
        Ok(page_of(id))
    })
    .await
}

/// The page of one import.
pub async fn import(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let import = sent::show(&asked.scope, asked.id("import", "这次导入")?).await?;
    Ok(Page::new(import.file_name.clone(), move || {
        let beside = view! { <Badge tone=tone_of(import.state)>{import.state.label()}</Badge> };
        let (title, state) = (import.file_name.clone(), import.state);
        let body = view! {
            {said(&asked, FORM)}
            {match state {
                ImportState::Reading | ImportState::Importing => running(&import, asked.scope.now).into_any(),
                ImportState::Ready => preview(import).into_any(),
                ImportState::Done | ImportState::Cancelled | ImportState::Broken => result(&import).into_any(),
            }}
        };
        frame.screen(Tab::Imports, title, "/hq/imports", beside.into_any(), body.into_any())
    }))
}

fn act(action: &'static str, import: &ImportView, tone: Tone, label: String) -> impl IntoView + use<> {
    let id = import.id.to_string();
    view! {
        <Form action=action>
            <Hidden name="import" value=id.clone()/>
            <Hidden name="from" value=format!("/hq/imports/{id}")/>
            <Button tone=tone>{label}</Button>
        </Form>
    }
}

fn cancel(import: &ImportView) -> impl IntoView + use<> {
    act("/rpc/hq/cancel_import", import, Tone::Plain, "取消导入".into())
}

/// How far it is. Without script the page is asked for again while the server is at it.
fn running(import: &ImportView, now: DateTime<Utc>) -> impl IntoView + use<> {
    let doing = if import.state == ImportState::Reading { "正在读取并核对" } else { "正在写入" };
    let (progress, events) = (import.progress(), format!("/hq/imports/{}/events", import.id));
    view! {
        <noscript><meta http-equiv="refresh" content="2"/></noscript>
        <div class="panel p-5">
            <p class="mb-3 text-lg font-semibold">{doing}</p>
            <Progress events=events done=progress.done total=progress.total text=progress.text(now)/>
            {cancel(import)}
            <p class="mt-3 text-sm text-base-content/70">"可以离开这一页，导入会继续。中途取消则全部不生效。"</p>
        </div>
    }
}

fn counts(import: &ImportView) -> impl IntoView + use<> {
    let counts = import.counts;
    view! {
        <div class="mb-4 grid grid-cols-2 gap-4 lg:grid-cols-4">
            <Stat label="新增" value=counts.inserted.to_string()/>
            <Stat label="更新" value=counts.updated.to_string()/>
            <Stat label="不变" value=counts.unchanged.to_string()/>
            <Stat label="有问题，不导入" value=counts.rejected.to_string()/>
        </div>
    }
}

/// What would happen, before anything does.
fn preview(import: ImportView) -> impl IntoView {
    let refusal = import.report.refusal.clone();
    let rows = import.counts.total;
    let confirm =
        (rows > 0).then(|| act("/rpc/hq/confirm_import", &import, Tone::Primary, format!("确认导入 {rows} 行")));
    let advice = if rows > 0 {
        let ImportCounts { inserted, updated, unchanged, .. } = import.counts;
        format!(
            "还没有改动任何数据。确认后将新增 {inserted} 行、更新 {updated} 行，{unchanged} 行不变；全部写入，或全部不写入。"
        )
    } else {
        "没有可以导入的行；请对应列名，或修改文件后重新上传。".to_owned()
    };
    let is_refused = refusal.is_some();
    view! {
        {refusal.map(|reason| view! { <Notice tone=Tone::Warn>{reason}</Notice> })}
        {(!is_refused).then(|| counts(&import))}
        {moves(&import)}
        <div class="panel mb-4 flex flex-wrap items-center justify-between gap-4 p-4">
            <p class="min-w-0">{advice}</p>
            <div class="flex gap-2">{cancel(&import)}{confirm}</div>
        </div>
        {notes(&import)}
        {mapping(&import)}
        {first_rows(&import)}
    }
}

/// A store with another region is another's to run: said before it is so.
fn moves(import: &ImportView) -> impl IntoView + use<> {
    let moved = import.counts.moved;
    let text = format!(
        "其中 {moved} 行会把门店移到其他区域：那个区域的负责人随即可以管理它，原区域的不再可以。只有总部管理员可以确认这份表。"
    );
    (moved > 0).then(|| view! { <Notice tone=Tone::Warn>{text}</Notice> })
}

/// Which column is what: a guess that can be changed.
fn mapping(import: &ImportView) -> impl IntoView + use<> {
    let header = &import.report.header;
    let selects = import.kind.fields().into_iter().map(|(ours, label, needed)| {
        let mut items = vec![SelectItem::new("", "（不导入）")];
        let columns: std::collections::BTreeSet<_> = header.iter().map(|column| column.trim()).collect();
        items.extend(
            columns.into_iter().filter(|column| !column.is_empty()).map(|column| SelectItem::new(column, column)),
        );
        let chosen = import.report.columns.get(ours).cloned().unwrap_or_default();
        let label = if needed { format!("{label}（必需）") } else { label.to_owned() };
        view! { <Select name=format!("column_{ours}") label=label items=items value=chosen/> }
    });
    let selects = selects.collect_view();
    let (id, read_as) = (import.id.to_string(), format!("读作：{}", in_chinese(&import.report.read_as)));
    view! {
        <Section title="列的对应">
            <p class="mb-3 text-sm text-base-content/70">{read_as}</p>
            <Form action="/rpc/hq/choose_import_columns">
                <Hidden name="import" value=id.clone()/>
                <Hidden name="from" value=format!("/hq/imports/{id}")/>
                <div class="grid gap-x-4 sm:grid-cols-2 lg:grid-cols-4">{selects}</div>
                <Button tone=Tone::Plain>"按此重新核对"</Button>
            </Form>
        </Section>
    }
}

/// How the file was read, in head office's words.
fn in_chinese(read_as: &str) -> String {
    read_as
        .replace(", separated by ", "，分隔符 ")
        .replace("'\\t'", "制表符")
        .replace("a workbook, sheet ", "工作簿，工作表 ")
}

fn first_rows(import: &ImportView) -> impl IntoView + use<> {
    let wrong = wrong_lines(&import.report.notes);
    let mut columns = vec![Column::new("行")];
    columns.extend(import.report.header.iter().map(|name| Column::new(name.clone())));
    let rows = import.report.first.iter().map(|(line, cells)| {
        let class = if wrong.contains_key(line) { "bg-error/10" } else { "" };
        let cells = cells.iter().map(|cell| view! { <td class="max-w-64 truncate">{cell.clone()}</td> });
        view! { <tr class=class><td class="tabular">{*line}</td>{cells.collect_view()}</tr> }
    });
    let (title, rows) = (format!("前 {} 行", import.report.first.len()), rows.collect_view());
    view! { <Section title=title><DataTable caption="前几行" columns=columns>{rows}</DataTable></Section> }
}

fn wrong_lines(notes: &[RowNote]) -> BTreeMap<u64, ()> {
    notes.iter().filter(|note| !note.is_warning).map(|note| (note.line, ())).collect()
}

/// What is wrong with which row.
fn notes(import: &ImportView) -> Option<impl IntoView + use<>> {
    let (shown, total) = (import.report.notes.len(), import.report.notes_total);
    let columns = ["行", "列", "问题"].map(Column::new).to_vec();
    let rows = import.report.notes.iter().map(|note| {
        let (tone, word) = if note.is_warning { (Tone::Warn, "提醒") } else { (Tone::Error, "不导入") };
        view! {
            <tr>
                <td class="tabular">{note.line}</td>
                <td class="whitespace-nowrap">{if note.column.is_empty() { "整行".to_owned() } else { note.column.clone() }}</td>
                <td><Badge tone=tone>{word}</Badge>" "{note.reason.clone()}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let title = if shown < total {
        format!("问题与提醒（前 {shown} 条，共 {total} 条）")
    } else {
        format!("问题与提醒（{total} 条）")
    };
    let rejects = (import.counts.rejected > 0).then(|| {
        let href = format!("/hq/imports/{}/rejects.csv", import.id);
        view! {
            <p class="mt-3"><LinkButton href=href>"下载有问题的行（CSV）"</LinkButton>
            <span class="ms-3 text-sm text-base-content/70">"改好后可以直接再次上传；最后一列“问题”会被忽略。"</span></p>
        }
    });
    (total > 0).then(|| {
        view! {
            <Section title=title>
                <DataTable caption="问题与提醒" columns=columns>{rows}</DataTable>
                {rejects}
            </Section>
        }
    })
}

fn result(import: &ImportView) -> impl IntoView + use<> {
    let refusal = import.report.refusal.clone();
    let (tone, message) = match import.state {
        ImportState::Done => (Tone::Success, format!("已导入 {} 行。", import.counts.done)),
        ImportState::Cancelled => (Tone::Info, "这次导入已取消，没有改动任何数据。".to_owned()),
        _ => (Tone::Error, refusal.unwrap_or_else(|| "文件无法导入；没有改动任何数据。".to_owned())),
    };
    let took = import.began_at.zip(import.ended_at).filter(|_| import.state == ImportState::Done);
    let took =
        took.map(|(began, ended)| format!(" 用时 {:.1} 秒。", (ended - began).num_milliseconds() as f64 / 1_000.0));
    let is_done = import.state == ImportState::Done;
    view! {
        <Notice tone=tone>{message}{took}</Notice>
        {is_done.then(|| counts(import))}
        {is_done.then(|| notes(import))}
        <LinkButton href="/hq/imports/new" tone=Tone::Primary>"再导入一个文件"</LinkButton>
    }
}
