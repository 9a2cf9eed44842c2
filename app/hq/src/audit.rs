//! Who changed what, searchable by person, object and time.

use chrono::{DateTime, Utc};
use commerce::{audit, stores};
use domain::{
    Fault, Fields, StoreId,
    audit::{Act, AuditEntry, ListAudit, ObjectKind},
    page::Page as Listed,
    staff::Permission,
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Column, DataTable, EmptyState, Field, Glyph, LinkButton, Pager, Select, SelectItem};

use crate::frame::{Frame, Tab, address, files};

const PATH: &str = "/hq/audit";
/// How many changes a page of the list has.
const PAGE: usize = 50;

/// What the address asks for.
struct Filter(ListAudit);

impl Filter {
    fn of(asked: &Asked) -> Result<Self, Fault> {
        Ok(Self(ListAudit { most: PAGE, ..ListAudit::from_fields(&asked.query)? }))
    }

    fn is_set(&self) -> bool {
        self.0 != ListAudit { most: PAGE, ..ListAudit::default() }
    }

    fn from(&self, after: &str) -> String {
        let mut pairs = self.0.pairs();
        pairs.push(("after", after.to_owned()));
        address(PATH, &pairs)
    }
}

/// The log's page.
pub async fn log(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let filter = Filter::of(&asked)?;
    let found = audit::list(&asked.scope, &filter.0).await?;
    let stores = stores::mine(&asked.scope, Permission::ReadAudit).await?;
    Ok(Page::new("操作日志", move || {
        let beside = view! { {files(PATH, &filter.0.pairs())} };
        let body = view! {
            {filters(&filter, stores)}
            {results(&filter, found, asked.scope.now)}
        };
        frame.screen(Tab::Audit, "操作日志".into(), "", beside.into_any(), body.into_any())
    }))
}

fn filters(filter: &Filter, stores: Vec<(StoreId, String)>) -> impl IntoView + use<> {
    let all = |label: &str| vec![SelectItem::new("", label)];
    let mut acts = all("全部操作");
    acts.extend(Act::ALL.iter().map(|act| SelectItem::new(act.code(), act.label())));
    let mut objects = all("全部对象");
    objects.extend(ObjectKind::ALL.iter().map(|kind| SelectItem::new(kind.code(), kind.label())));
    let mut store_items = all("全部门店");
    store_items.extend(stores.into_iter().map(|(id, name)| SelectItem::new(id.to_string(), name)));
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let staff = filter.0.staff.map(|id| view! { <input type="hidden" name="staff" value=id.to_string()/> });
    let reset = filter.is_set().then(|| view! { <LinkButton href=PATH>"清除"</LinkButton> });
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
            {staff}
            <Field name="q" kind="search" label="搜索" placeholder="姓名、账号、单号或请求编号" maxlength=Fields::WORDS_MOST as u32 required=false
                value=filter.0.words.clone()/>
            <Select name="act" label="操作" items=acts value=filter.0.act.map_or("", Act::code)/>
            <Select name="object" label="对象" items=objects value=filter.0.object.map_or("", ObjectKind::code)/>
            <Select name="store" label="门店" items=store_items value=filter.0.store.map(|id| id.to_string()).unwrap_or_default()/>
            <Field name="from" kind="date" label="从" required=false value=day(filter.0.from)/>
            <Field name="to" kind="date" label="到" required=false value=day(filter.0.to)/>
            <div class="mb-4 flex gap-2"><button type="submit" class="btn btn-primary">"筛选"</button>{reset}</div>
        </form>
    }
}

fn results(filter: &Filter, found: Listed<AuditEntry>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        let (title, text) = if filter.is_set() {
            ("没有符合条件的记录", "换个关键词，或放宽时间与操作。")
        } else {
            ("还没有记录", "员工和合作方程序做的每一次更改，都会连同前后的值记在这里。")
        };
        let back = filter.is_set().then(|| view! { <LinkButton href=PATH>"查看全部记录"</LinkButton> });
        return view! { <EmptyState glyph=Glyph::List title=title text=text>{back}</EmptyState> }.into_any();
    }
    let columns = ["时间", "谁", "做了什么", "对象", "门店", "变化", "来源"].map(Column::new).to_vec();
    let rows = found.items.into_iter().map(|entry| row(entry, now)).collect_view();
    let next = found.next.map(|after| filter.from(&after)).unwrap_or_default();
    let first = filter.0.after.is_some().then(|| filter.from(""));
    view! {
        <DataTable caption="操作日志" columns=columns>{rows}</DataTable>
        <div class="mt-3 flex flex-wrap items-center justify-between gap-3">
            {first.map(|href| view! { <LinkButton href=href>"回到最新"</LinkButton> })}
            {(!next.is_empty()).then(|| view! { <Pager next=next/> })}
        </div>
    }
    .into_any()
}

fn row(entry: AuditEntry, now: DateTime<Utc>) -> impl IntoView {
    let object = match &entry.object_name {
        Some(name) => format!("{} {name}", entry.object_label()),
        None => entry.object_label().to_owned(),
    };
    let object = match entry.object.as_str() {
        "order" => view! { <a class="link" href=format!("/hq/orders/{}", entry.object_id)>{object}</a> }.into_any(),
        "proposal" => {
            view! { <a class="link" href=format!("/hq/proposals/{}", entry.object_id)>{object}</a> }.into_any()
        }
        "staff" => view! { <a class="link" href=format!("/hq/staff/{}", entry.object_id)>{object}</a> }.into_any(),
        _ => object.into_any(),
    };
    let changes = entry.changes().into_iter().map(|(field, before, after)| {
        let text = match (before.as_str(), after.as_str()) {
            ("", after) => after.to_owned(),
            (before, "") => format!("{before} → 无"),
            (before, after) => format!("{before} → {after}"),
        };
        view! { <li><span class="text-base-content/70">{field_label(&field)}"："</span>{text}</li> }
    });
    let reason = (!entry.reason.is_empty()).then(|| view! { <p>"原因：" {entry.reason.clone()}</p> });
    view! {
        <tr>
            <td class="tabular whitespace-nowrap">{text::moment(entry.at, now, text::zone(""))}</td>
            <td class="whitespace-nowrap">
                <span class="font-medium">{entry.who.clone()}</span>
                <span class="block text-sm text-base-content/70">{entry.account.clone().unwrap_or_default()}</span>
            </td>
            <td class="whitespace-nowrap">{entry.act_label().to_owned()}</td>
            <td class="min-w-32">{object}</td>
            <td class="min-w-28">{entry.store.clone().unwrap_or_default()}</td>
            <td class="min-w-48"><ul class="text-sm break-all">{changes.collect_view()}</ul>{reason}</td>
            <td class="text-sm whitespace-nowrap text-base-content/70">
                {entry.address.clone()}
                <span class="block" title=entry.request_id.clone()>{entry.request_id.chars().take(8).collect::<String>()}"…"</span>
            </td>
        </tr>
    }
}

/// A field of what was changed, for people; others stand as they are.
fn field_label(field: &str) -> &str {
    match field {
        "state" => "状态",
        "value" => "数值",
        "in_place_of" => "代谁审批",
        "name" => "名称",
        "account" => "账号",
        "department" => "部门",
        "active" => "可登录",
        "role" | "role_id" => "角色",
        "place" | "everywhere" => "范围",
        "region" => "区域",
        "group" => "门店组",
        "store" | "stores" => "门店",
        "warehouses" => "仓库",
        "until" | "ends_at" => "期限",
        "permissions" => "权限",
        "code" => "编号",
        "phones" => "手机号数",
        "per_minute" => "每分钟",
        "kind" => "内容",
        "rows" => "行数",
        "url" => "地址",
        "states" => "消息",
        other => other,
    }
}
