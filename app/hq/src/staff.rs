//! The people within somebody's authority, and a new account.

use chrono::{DateTime, Utc};
use commerce::staff;
use domain::{
    Fault, Fields,
    staff::{Department, Hire, ListStaff, Permission, RoleView, StaffEntry},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Chip, Chips, Column, DataTable, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Section, Select,
    SelectItem, Tone,
};
use uuid::Uuid;

use crate::{
    frame::{Frame, LOG_IN, Tab, after, files, pager, said},
    grant::grant_fields,
};

/// The list's address.
pub const LIST: &str = "/hq/staff";
const NEW: &str = "/hq/staff/new";
/// How many people a page of the list has.
const PAGE: i64 = 50;
/// The part of the page that its forms speak to.
const FORM: &str = "staff";

/// Makes an account.
#[server(prefix = "/rpc/hq", endpoint = "hire")]
pub async fn hire_staff(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let command = Hire::from_fields(&fields)?;
        let to = path_of(command.id.0);
        staff::hire(&scope, command).await?;
        Ok(Next::to(to).saying("person", "已建立。请把账号和初始密码当面或分开告诉本人，首次登录须修改密码"))
    })
    .await
}

/// The address of one account.
pub fn path_of(id: Uuid) -> String {
    format!("{LIST}/{id}")
}

/// What belongs to people and authority, as far as it is open to whoever asks; the one at `lit` is open.
pub fn kinds(frame: &Frame, lit: &str) -> impl IntoView + use<> {
    let everywhere = frame.staff_everywhere();
    let chips = [
        (true, "员工", LIST),
        (everywhere, "部门", "/hq/departments"),
        (true, "角色", "/hq/roles"),
        (everywhere || frame.roles(), "门店组", "/hq/groups"),
        (everywhere || frame.roles(), "商户", "/hq/merchants"),
    ];
    let chips = chips.into_iter().filter(|(open, ..)| *open);
    let chips = chips.map(|(_, label, href)| Chip::new(label, href).active(href == lit));
    // An owner has no list of merchants: their own papers are one step away.
    let own = frame.merchants().iter().filter(|_| !everywhere && !frame.roles()).enumerate().map(|(at, id)| {
        let label = if at == 0 { "商户证照".to_owned() } else { format!("商户证照 {}", at + 1) };
        let href = crate::merchants::path_of(*id);
        Chip::new(label, href.clone()).active(href == lit)
    });
    let chips = chips.chain(own).collect();
    view! { <div class="mb-4"><Chips label="员工与权限" chips=chips/></div> }
}

/// What the address asks for.
struct Filter(ListStaff);

impl Filter {
    fn of(asked: &Asked) -> Self {
        let skip = asked.query.text("skip").parse().unwrap_or(0).max(0);
        Self(ListStaff { most: PAGE, skip, ..ListStaff::from_fields(&asked.query) })
    }

    fn is_set(&self) -> bool {
        self.0 != ListStaff { most: PAGE, ..ListStaff::default() }
    }
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let filter = Filter::of(&asked);
    let (found, total) = staff::list(&asked.scope, &filter.0).await?;
    let roles = staff::own_roles::list(&asked.scope).await?;
    let departments = staff::office_departments::names(&asked.scope).await?;
    Ok(Page::new("员工", move || {
        let beside = view! {
            <p class="tabular hidden text-sm text-base-content/70 sm:block">{format!("共 {total} 人")}</p>
            {files(LIST, &filter.0.pairs())}
            <LinkButton href=NEW tone=Tone::Primary>"新建员工"</LinkButton>
        };
        let body = view! {
            {kinds(&frame, LIST)}
            {said(&asked, FORM)}
            {filters(&filter, roles, departments)}
            {results(&filter, found, total, asked.scope.now)}
        };
        frame.screen(Tab::Staff, "员工与权限".into(), "", beside.into_any(), body.into_any())
    }))
}

fn filters(filter: &Filter, roles: Vec<RoleView>, departments: Vec<Department>) -> impl IntoView + use<> {
    let mut role_items = vec![SelectItem::new("", "全部角色")];
    role_items.extend(roles.into_iter().map(|role| SelectItem::new(role.key.to_string(), role.name)));
    let departments = department_items("全部部门", departments);
    let department = filter.0.department.map(|id| id.to_string()).unwrap_or_default();
    let states = [("", "全部状态"), ("yes", "可登录"), ("no", "已停用")];
    let state_items = states.map(|(value, label)| SelectItem::new(value, label)).to_vec();
    let role = filter.0.role.map(|role| role.to_string()).unwrap_or_default();
    let state = filter.0.active.map_or("", |active| if active { "yes" } else { "no" });
    let reset = filter.is_set().then(|| view! { <LinkButton href=LIST>"清除"</LinkButton> });
    view! {
        <form method="get" action=LIST role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-[1fr_1fr_1fr_1fr_auto] lg:items-end">
            <Field name="q" kind="search" label="搜索" placeholder="姓名、账号或部门" maxlength=Fields::WORDS_MOST as u32 required=false
                value=filter.0.words.clone()/>
            <Select name="role" label="角色" items=role_items value=role/>
            <Select name="department" label="部门" items=departments value=department/>
            <Select name="active" label="状态" items=state_items value=state/>
            <div class="mb-4 flex gap-2"><button type="submit" class="btn btn-primary">"筛选"</button>{reset}</div>
        </form>
    }
}

/// The departments as a list to choose from, after what an empty choice means.
pub fn department_items(none: &str, departments: Vec<Department>) -> Vec<SelectItem> {
    let items = departments.into_iter().map(|one| SelectItem::new(one.id.to_string(), one.name));
    std::iter::once(SelectItem::new("", none)).chain(items).collect()
}

fn results(filter: &Filter, found: Vec<StaffEntry>, total: i64, now: DateTime<Utc>) -> AnyView {
    if found.is_empty() {
        return none(filter).into_any();
    }
    let columns = ["姓名", "账号", "部门", "角色与范围", "状态", "最近登录"].map(Column::new).to_vec();
    let rows = found.into_iter().map(|person| row(person, now)).collect_view();
    let pager = pager(filter.0.skip, PAGE, total, |skip| after(LIST, filter.0.pairs(), skip));
    view! {
        <DataTable caption="员工" columns=columns>{rows}</DataTable>
        {pager}
    }
    .into_any()
}

fn row(person: StaffEntry, now: DateTime<Utc>) -> impl IntoView {
    let seen = person.last_log_in_at.map_or("从未".into(), |at| text::moment(at, now, text::zone("")));
    let (tone, state) = if person.active { (Tone::Success, "可登录") } else { (Tone::Plain, "已停用") };
    let roles = if person.roles.is_empty() { "没有授权".to_owned() } else { person.roles.join("；") };
    view! {
        <tr>
            <td class="whitespace-nowrap"><a class="link font-medium" href=path_of(person.id.0)>{person.name}</a></td>
            <td class="whitespace-nowrap">{person.account}</td>
            <td class="whitespace-nowrap">{person.department}</td>
            <td class="min-w-56">{roles}</td>
            <td class="whitespace-nowrap"><Badge tone=tone>{state}</Badge></td>
            <td class="tabular whitespace-nowrap">{seen}</td>
        </tr>
    }
}

fn none(filter: &Filter) -> impl IntoView + use<> {
    if filter.is_set() {
        view! {
            <EmptyState glyph=Glyph::Search title="没有符合条件的员工" text="换个关键词，或放宽角色、部门与状态。">
                <LinkButton href=LIST>"查看全部员工"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <EmptyState glyph=Glyph::Users title="您的范围内还没有员工" text="给店长、店员和同事建账号：各有各的角色和门店范围，做过什么都有记录。">
                <LinkButton href=NEW tone=Tone::Primary>"新建员工"</LinkButton>
            </EmptyState>
        }
        .into_any()
    }
}

/// The page on which an account is made.
pub async fn new(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    asked.scope.reach(Permission::ManageStaff)?;
    let choices = staff::choices(&asked.scope).await?;
    Ok(Page::new("新建员工", move || {
        let flash = asked.flash_of(FORM).cloned().unwrap_or_default();
        let [name_wrong, department_wrong, account_wrong, password_wrong] =
            ["name", "department", "account", "password"]
                .map(|field| flash.complaint(field).unwrap_or_default().to_owned());
        let [name, department, account] =
            ["name", "department", "account"].map(|field| flash.typed.text(field).to_owned());
        let key = flash.typed.given("key").map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
        let unseen = said(&asked, FORM).filter(|_| flash.complaints.is_empty());
        let grant = grant_fields(&asked, FORM, &choices);
        let departments = department_items("不属于总部部门", choices.departments);
        let body = view! {
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:items-start">
                <div class="panel p-5">
                    {unseen}
                    <Form action="/rpc/hq/hire">
                        <Hidden name="from" value=NEW/>
                        <Hidden name="key" value=key/>
                        <div class="grid gap-x-4 sm:grid-cols-2">
                            <Field name="name" label="姓名" value=name error=name_wrong autocomplete="off"/>
                            <Select name="department" label="总部部门" items=departments value=department error=department_wrong/>
                            <Field name="account" label="账号" value=account error=account_wrong autocomplete="off"
                                hint="登录用：小写字母、数字，可含 . - _"/>
                            <Field name="password" label="初始密码" kind="password" error=password_wrong autocomplete="new-password"
                                hint="至少 8 位，可以是一句话；本人首次登录时须修改。"/>
                        </div>
                        {grant}
                        <Button>"建立账号"</Button>
                    </Form>
                </div>
                <Section title="授权的规矩">
                    <p class="mb-3">"您只能授予自己也有的权限，范围也不超过您自己的；门店的日常工作（接单、核销等）可以授予您管理的门店。"</p>
                    <p class="mb-3">"一个人可以有几项授权，例如在一家店是店长、在另一家是店员；每项都可以随时收回。"</p>
                    <p>"所有授权变化都记入操作日志。"</p>
                </Section>
            </div>
        };
        frame.screen(Tab::Staff, "新建员工".into(), LIST, ().into_any(), body.into_any())
    }))
}
