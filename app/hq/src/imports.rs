//! Imports: those there were, and a new one.

use chrono::{DateTime, Utc};
use commerce::imports::sent;
use domain::{
    Fault,
    import::{ImportKind, ImportState, ImportView},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{
    Badge, Button, CheckBox, Column, DataTable, EmptyState, Form, Glyph, LinkButton, Notice, Section, Select,
    SelectItem, Tone,
};

use crate::frame::{Frame, Tab, files};

const LIST: &str = "/hq/imports";
/// Where a file is sent; it is larger than any form.
const UPLOAD: &str = LIST;
const NEW: &str = "/hq/imports/new";

/// The colour of an import's state.
pub fn tone_of(state: ImportState) -> Tone {
    match state {
        ImportState::Reading | ImportState::Importing => Tone::Info,
        ImportState::Ready => Tone::Warn,
        ImportState::Done => Tone::Success,
        ImportState::Broken => Tone::Error,
        ImportState::Cancelled => Tone::Plain,
    }
}

/// The list's page.
pub async fn imports(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let found = sent::list(&asked.scope).await?;
    Ok(Page::new("批量导入", move || {
        let beside = view! {
            {files(LIST, &[])}
            <LinkButton href=NEW tone=Tone::Primary>"导入文件"</LinkButton>
        };
        frame.screen(Tab::Imports, "批量导入".into(), "", beside.into_any(), results(found, asked.scope.now))
    }))
}

fn results(found: Vec<ImportView>, now: DateTime<Utc>) -> AnyView {
    if found.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Box title="还没有导入过" text="把门店、商品、供应商、采购或配货的表格传上来，先看会发生什么，再确认导入。">
                <LinkButton href=NEW tone=Tone::Primary>"导入文件"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let columns = vec![
        Column::new("文件"),
        Column::new("内容"),
        Column::new("状态"),
        Column::new("新增").right(),
        Column::new("更新").right(),
        Column::new("不变").right(),
        Column::new("有问题").right(),
        Column::new("谁"),
        Column::new("上传时间"),
    ];
    let rows = found.into_iter().map(|import| row(import, now)).collect_view();
    view! { <DataTable caption="批量导入" columns=columns>{rows}</DataTable> }.into_any()
}

fn row(import: ImportView, now: DateTime<Utc>) -> impl IntoView {
    let counts = import.counts;
    let number = |count: i32| view! { <td class="tabular text-end">{count}</td> };
    view! {
        <tr>
            <td class="min-w-48"><a class="link font-medium" href=format!("/hq/imports/{}", import.id)>{import.file_name}</a></td>
            <td class="whitespace-nowrap">{import.kind.label()}</td>
            <td class="whitespace-nowrap"><Badge tone=tone_of(import.state)>{import.state.label()}</Badge></td>
            {number(counts.inserted)}
            {number(counts.updated)}
            {number(counts.unchanged)}
            {number(counts.rejected)}
            <td class="whitespace-nowrap">{import.who}</td>
            <td class="tabular whitespace-nowrap">{text::moment(import.created_at, now, text::zone(""))}</td>
        </tr>
    }
}

/// The page on which a file is chosen.
pub async fn new_import(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let kinds = sent::kinds(&asked.scope)?;
    // A page about one kind leads here with it chosen.
    let chosen = ImportKind::from_code(asked.query.text("kind")).filter(|kind| kinds.contains(kind));
    Ok(Page::new("导入文件", move || {
        let wrong = asked.flash_of("import").map(|flash| flash.message.clone());
        let body = view! {
            {wrong.map(|message| view! { <Notice tone=Tone::Error>{message}</Notice> })}
            {upload(kinds, chosen)}
        };
        frame.screen(Tab::Imports, "导入文件".into(), UPLOAD, ().into_any(), body.into_any())
    }))
}

fn upload(kinds: Vec<ImportKind>, chosen: Option<ImportKind>) -> impl IntoView {
    let items = kinds.iter().map(|kind| SelectItem::new(kind.code(), kind.label())).collect();
    let value = chosen.map_or("", ImportKind::code);
    let columns = kinds.into_iter().map(columns_of).collect_view();
    let datums = vec![
        SelectItem::new("wgs84", "WGS-84（GPS、OpenStreetMap）"),
        SelectItem::new("gcj02", "GCJ-02（高德、腾讯地图）"),
        SelectItem::new("bd09", "BD-09（百度地图）"),
    ];
    view! {
        <div class="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:items-start">
            <div class="panel p-5">
                <Form action=UPLOAD files=true>
                    <Select name="kind" label="内容" items=items value=value/>
                    <div class="mb-4">
                        <label class="mb-1 block font-medium" for="file">"文件"</label>
                        <input class="file-input w-full" id="file" name="file" type="file" required=true
                            accept=".csv,.txt,.tsv,.xlsx,.xls,.ods"/>
                        <p class="mt-1 text-sm text-base-content/70">"CSV（任何常见编码与分隔符）、XLSX、XLS 或 ODS，最大 32 MB；第一行是列名。"</p>
                    </div>
                    <Select name="datum" label="门店的坐标系" items=datums hint="只用于门店；不确定时，从地图软件复制的坐标多为 GCJ-02。"/>
                    <div class="mb-4"><CheckBox name="list" label="商品：在品牌的所有门店上架，价格和期初库存同表格（门店已有的不变）"/></div>
                    <Button>"上传并预览"</Button>
                </Form>
            </div>
            <Section title="需要哪些列">
                {columns}
                <p class="text-sm text-base-content/70">"列名不同也没关系，下一步可以逐一对应；上传后先预览，确认前不会改动任何数据。"</p>
            </Section>
        </div>
    }
}

fn columns_of(kind: ImportKind) -> impl IntoView {
    let names = |needed: bool| {
        let fields = kind.fields().into_iter().filter(|(_, _, is_needed)| *is_needed == needed);
        fields.map(|(_, label, _)| label).collect::<Vec<_>>().join("、")
    };
    view! {
        <p class="mb-3">
            <span class="font-semibold">{kind.label()}"："</span>
            {names(true)}
            <span class="text-base-content/70">{format!("；可选 {}", names(false))}</span>
        </p>
    }
}
