//! One account: what the person may do and see, and the grants that comes from.

use chrono::{DateTime, Utc};
use commerce::staff;
use domain::{
    Fault, Fields, StaffId,
    approvals::Delegation,
    sessions::SessionView,
    staff::{self as wanted, Department, GrantChoices, GrantView, StaffCard},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Card, Column, DataTable, EmptyState, Fact, Facts, Field, Form, Glyph, Hidden, LinkButton, Notice,
    Section, Select, Sheet, SheetButton, Size, Tone,
};

use crate::{
    frame::{Frame, LOG_IN, Tab, address, said},
    grant::grant_fields,
    staff::{LIST, department_items, path_of},
};

/// The part of the page that its news and most forms speak to.
const FORM: &str = "person";
/// The part that gives a role.
const GRANT: &str = "grant";

fn who(fields: &Fields) -> Result<StaffId, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这位员工"))
}

/// Gives a role.
#[server(prefix = "/rpc/hq", endpoint = "give_grant")]
pub async fn give_grant(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(GRANT, LOG_IN, fields, async |scope, fields| {
        let id = who(&fields)?;
        staff::give(&scope, id, wanted::GiveGrant::from_fields(&fields)?).await?;
        Ok(Next::to(path_of(id.0)).saying(FORM, "已授权；本人重新登录后生效"))
    })
    .await
}

/// Takes a grant back.
#[server(prefix = "/rpc/hq", endpoint = "take_back_grant")]
pub async fn take_back_grant(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = who(&fields)?;
        let grant = fields.text("grant").parse().map_err(|_| Fault::NotFound("这项授权"))?;
        staff::take_back(&scope, id, grant).await?;
        Ok(Next::to(path_of(id.0)).saying(FORM, "已收回，立即生效"))
    })
    .await
}

/// Puts a person into a department, or into none.
#[server(prefix = "/rpc/hq", endpoint = "assign_department")]
pub async fn assign_department(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = who(&fields)?;
        staff::office_departments::assign(&scope, id, wanted::AssignDepartment::from_fields(&fields)?).await?;
        Ok(Next::to(path_of(id.0)).saying(FORM, "部门已调整"))
    })
    .await
}

/// Keeps a person from logging in.
#[server(prefix = "/rpc/hq", endpoint = "suspend_staff")]
pub async fn suspend_staff(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = who(&fields)?;
        staff::suspend(&scope, id).await?;
        Ok(Next::to(path_of(id.0)).saying(FORM, "已停用，本人已在所有设备上退出"))
    })
    .await
}

/// Lets a person log in again.
#[server(prefix = "/rpc/hq", endpoint = "restore_staff")]
pub async fn restore_staff(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = who(&fields)?;
        staff::restore(&scope, id).await?;
        Ok(Next::to(path_of(id.0)).saying(FORM, "已恢复，可以登录"))
    })
    .await
}

/// Gives a person a new first password.
#[server(prefix = "/rpc/hq", endpoint = "reset_staff_password")]
pub async fn reset_staff_password(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = who(&fields)?;
        let password = fields.0.get("password").cloned().unwrap_or_default();
        staff::reset_password(&scope, id, password).await?;
        Ok(Next::to(path_of(id.0)).saying(FORM, "密码已重置，本人已在所有设备上退出，下次登录须修改"))
    })
    .await
}

/// Takes the second step away from somebody who has lost the app.
#[server(prefix = "/rpc/hq", endpoint = "remove_second_step")]
pub async fn remove_second_step(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = who(&fields)?;
        staff::second_step::remove(&scope, id).await?;
        Ok(Next::to(path_of(id.0)).saying(FORM, "已解除两步验证，本人已在所有设备上退出；请提醒其登录后重新设置"))
    })
    .await
}

/// Logs a person out everywhere.
#[server(prefix = "/rpc/hq", endpoint = "log_out_everywhere")]
pub async fn log_out_everywhere(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = who(&fields)?;
        staff::log_out_everywhere(&scope, id).await?;
        Ok(Next::to(path_of(id.0)).saying(FORM, "已在所有设备上退出"))
    })
    .await
}

/// The account's page.
pub async fn person(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let card = staff::show(&asked.scope, asked.id("person", "这位员工")?).await?;
    let sessions = staff::sessions_of(&asked.scope, card.entry.id).await?;
    let choices = if card.may_change { Some(staff::choices(&asked.scope).await?) } else { None };
    Ok(Page::new(card.entry.name.clone(), move || {
        let now = asked.scope.now;
        let (tone, state) = if card.entry.active { (Tone::Success, "可登录") } else { (Tone::Plain, "已停用") };
        let audit = address("/hq/audit", &[("staff", card.entry.id.to_string())]);
        let beside = view! {
            <Badge tone=tone>{state}</Badge>
            {frame.audit().then(|| view! { <LinkButton href=audit>"操作日志"</LinkButton> })}
        };
        let (name, grants, rights) = (card.entry.name.clone(), grants(&card, now), rights(&card));
        let lent = lent(&card);
        let devices = devices(&card, sessions, now);
        let give = choices.as_ref().map(|choices| give(&asked, &card, choices));
        let about = about(&card, choices, now);
        let body = view! {
            {said(&asked, FORM)}
            {notice(&card)}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-3 lg:items-start">
                <div class="-mt-6 min-w-0 lg:col-span-2">
                    <Section title="授权">{grants} {lent}</Section>
                    <Section title="能做什么、在哪里、凭什么">{rights}</Section>
                </div>
                <div class="grid gap-4">
                    {about}
                    {devices}
                    {give}
                </div>
            </div>
        };
        frame.screen(Tab::Staff, name, LIST, beside.into_any(), body.into_any())
    }))
}

fn notice(card: &StaffCard) -> Option<AnyView> {
    let text = if !card.may_change {
        "这个账号是您自己，或拥有您没有的权限，所以只能查看。"
    } else if card.must_change_password {
        "初始密码还没有修改：本人修改之前，这个账号什么也做不了。"
    } else {
        return None;
    };
    Some(view! { <Notice>{text}</Notice> }.into_any())
}

fn until_text(grant: &GrantView) -> String {
    grant.ends_at.map_or("长期".into(), |end| format!("至 {}", text::day_before(end)))
}

fn place_text(grant: &GrantView) -> String {
    match grant.stores {
        Some(stores) if stores != 1 => format!("{}（{stores} 家）", grant.place_name),
        _ => grant.place_name.clone(),
    }
}

fn grants(card: &StaffCard, now: DateTime<Utc>) -> AnyView {
    if card.grants.is_empty() {
        return view! { <EmptyState glyph=Glyph::Users title="还没有授权" text="没有授权的账号可以登录，但看不到任何门店。"/> }.into_any();
    }
    let columns = ["角色", "范围", "期限", "授权人", "操作"].map(Column::new).to_vec();
    let rows = card.grants.iter().map(|grant| {
        let given = text::moment(grant.given_at, now, text::zone(""));
        let by = grant.given_by.clone().unwrap_or_else(|| "系统".into());
        view! {
            <tr>
                <td class="font-medium whitespace-nowrap">{grant.role.clone()}</td>
                <td class="min-w-28">{place_text(grant)}</td>
                <td class="tabular whitespace-nowrap">{until_text(grant)}</td>
                <td class="tabular whitespace-nowrap">{format!("{by} · {given}")}</td>
                <td>{card.may_change.then(|| take_back(card, grant))}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! { <DataTable caption="授权" columns=columns>{rows}</DataTable> }.into_any()
}

/// Decisions that are lent for some days, beside what was given.
fn lent(card: &StaffCard) -> Option<AnyView> {
    let line = |one: &Delegation| {
        let text = format!("{} 代 {} 审批门店申请，到 {}", one.to, one.from, text::day_before(one.ends_at));
        view! { <li class="py-2">{text}</li> }
    };
    let lines = card.delegations.iter().map(line).collect_view();
    (!card.delegations.is_empty()).then(|| view! { <ul class="panel mt-3 px-4">{lines}</ul> }.into_any())
}

fn take_back(card: &StaffCard, grant: &GrantView) -> impl IntoView + use<> {
    let target = format!("back-{}", grant.id);
    let title = format!("收回「{} · {}」？", grant.role, grant.place_name);
    let means = format!("{} 会在所有设备上退出；重新登录后，不再有这项授权给的权限。", card.entry.name);
    let (from, id, grant) = (path_of(card.entry.id.0), card.entry.id.to_string(), grant.id.to_string());
    view! {
        <SheetButton target=target.clone()>"收回"</SheetButton>
        <Sheet id=target title=title>
            <p class="mb-4 whitespace-normal">{means}</p>
            <Form action="/rpc/hq/take_back_grant">
                <Hidden name="from" value=from/>
                <Hidden name="id" value=id/>
                <Hidden name="grant" value=grant/>
                <Button tone=Tone::Error>"收回"</Button>
            </Form>
        </Sheet>
    }
}

fn rights(card: &StaffCard) -> impl IntoView + use<> {
    let columns = ["权限", "有没有", "来自哪项授权"].map(Column::new).to_vec();
    let rows = card.rights.iter().map(|right| {
        let (tone, has) = match (right.grants.is_empty(), right.works) {
            (true, _) => (Tone::Plain, "没有"),
            (false, true) => (Tone::Success, "有"),
            (false, false) => (Tone::Warn, "须全部门店"),
        };
        let of = |id| card.grants.iter().find(|grant| grant.id == id);
        let from: Vec<String> = right
            .grants
            .iter()
            .filter_map(|id| of(*id))
            .map(|grant| format!("{} · {} · {}", grant.role, place_text(grant), until_text(grant)))
            .collect();
        view! {
            <tr>
                <td class="font-medium whitespace-nowrap">{right.permission.label()}</td>
                <td class="whitespace-nowrap"><Badge tone=tone>{has}</Badge></td>
                <td class="min-w-48">{from.join("；")}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! { <DataTable caption="权限" columns=columns>{rows}</DataTable> }
}

fn about(card: &StaffCard, choices: Option<GrantChoices>, now: DateTime<Utc>) -> impl IntoView + use<> {
    let entry = card.entry.clone();
    let seen = entry.last_log_in_at.map_or("从未".into(), |at| text::moment(at, now, text::zone("")));
    let department = if entry.department.is_empty() { "—".to_owned() } else { entry.department };
    let second_step = card.second_step;
    let acts = choices.map(|choices| acts(card, choices.departments));
    view! {
        <Card title="账号">
            <Facts>
                <Fact label="账号">{entry.account}</Fact>
                <Fact label="部门">{department}</Fact>
                <Fact label="最近登录">{seen}</Fact>
                <Fact label="两步验证">{if second_step { "已开启" } else { "没有" }}</Fact>
            </Facts>
            {acts}
        </Card>
    }
}

fn acts(card: &StaffCard, departments: Vec<Department>) -> impl IntoView + use<> {
    let (id, name, from) = (card.entry.id.to_string(), card.entry.name.clone(), path_of(card.entry.id.0));
    let moving = move_to(card, departments);
    let lost = card.second_step.then(|| lose(&id, &name, &from));
    let turn = if card.entry.active { suspend(&id, &name, &from) } else { restore(&id, &from) };
    view! {
        <div class="mt-3 flex flex-wrap gap-2">
            {moving}
            <SheetButton target="reset">"重置密码"</SheetButton>
            <Sheet id="reset" title=format!("重置「{name}」的密码")>
                <Form action="/rpc/hq/reset_staff_password">
                    <Hidden name="from" value=from/>
                    <Hidden name="id" value=id/>
                    <Field name="password" label="新的初始密码" kind="password" autocomplete="new-password"
                        hint="至少 8 位；本人会在所有设备上退出，下次登录须修改。"/>
                    <Button>"重置"</Button>
                </Form>
            </Sheet>
            {turn}
            {lost}
        </div>
    }
}

fn move_to(card: &StaffCard, departments: Vec<Department>) -> AnyView {
    let (id, from) = (card.entry.id.to_string(), path_of(card.entry.id.0));
    let title = format!("「{}」在总部哪个部门", card.entry.name);
    let at = card.entry.department_id.map(|id| id.to_string()).unwrap_or_default();
    let items = department_items("不属于总部部门", departments);
    view! {
        <SheetButton target="department">"调整部门"</SheetButton>
        <Sheet id="department" title=title>
            <p class="mb-4">"部门只说明在哪里工作，不带来任何权限。"</p>
            <Form action="/rpc/hq/assign_department">
                <Hidden name="from" value=from/>
                <Hidden name="id" value=id/>
                <Select name="department" label="部门" items=items value=at/>
                <Button>"保存"</Button>
            </Form>
        </Sheet>
    }
    .into_any()
}

fn lose(id: &str, name: &str, from: &str) -> AnyView {
    let (id, from, title) = (id.to_owned(), from.to_owned(), format!("解除「{name}」的两步验证？"));
    view! {
        <SheetButton target="lost">"解除两步验证"</SheetButton>
        <Sheet id="lost" title=title>
            <p class="mb-4">"手机丢失或更换时使用。请先确认是本人；之后只凭密码就能登录，直到重新设置。"</p>
            <Form action="/rpc/hq/remove_second_step">
                <Hidden name="from" value=from/>
                <Hidden name="id" value=id/>
                <Button tone=Tone::Error>"解除"</Button>
            </Form>
        </Sheet>
    }
    .into_any()
}

fn suspend(id: &str, name: &str, from: &str) -> AnyView {
    let (id, from, title) = (id.to_owned(), from.to_owned(), format!("停用「{name}」？"));
    view! {
        <SheetButton target="suspend">"停用"</SheetButton>
        <Sheet id="suspend" title=title>
            <p class="mb-4">"立即在所有设备上退出，不能再登录；授权保留，恢复后照旧。"</p>
            <Form action="/rpc/hq/suspend_staff">
                <Hidden name="from" value=from/>
                <Hidden name="id" value=id/>
                <Button tone=Tone::Error>"停用"</Button>
            </Form>
        </Sheet>
    }
    .into_any()
}

fn restore(id: &str, from: &str) -> AnyView {
    let (id, from) = (id.to_owned(), from.to_owned());
    view! {
        <Form action="/rpc/hq/restore_staff">
            <Hidden name="from" value=from/>
            <Hidden name="id" value=id/>
            <Button size=Size::Small tone=Tone::Plain>"恢复"</Button>
        </Form>
    }
    .into_any()
}

fn devices(card: &StaffCard, sessions: Vec<SessionView>, now: DateTime<Utc>) -> impl IntoView + use<> {
    let (from, id) = (path_of(card.entry.id.0), card.entry.id.to_string());
    let end = (card.may_change && !sessions.is_empty()).then(|| {
        view! {
            <Form action="/rpc/hq/log_out_everywhere" class="mt-3">
                <Hidden name="from" value=from/>
                <Hidden name="id" value=id/>
                <Button size=Size::Small tone=Tone::Plain>"在所有设备上退出"</Button>
            </Form>
        }
    });
    let none = sessions.is_empty().then(|| view! { <p class="text-sm text-base-content/70">"现在没有登录。"</p> });
    let items = sessions.into_iter().map(|session| {
        let seen = text::moment(session.seen_at, now, text::zone(""));
        let (name, note) = (session.device(), format!("{} · {seen} 使用", session.address));
        view! {
            <li class="py-2">
                <p class="font-medium">{name}</p>
                <p class="tabular text-sm text-base-content/70">{note}</p>
            </li>
        }
    });
    let items = items.collect_view();
    view! {
        <Card title="登录中的设备">
            {none}
            <ul class="divide-y divide-base-300">{items}</ul>
            {end}
        </Card>
    }
}

fn give(asked: &Asked, card: &StaffCard, choices: &GrantChoices) -> impl IntoView + use<> {
    let (path, id) = (path_of(card.entry.id.0), card.entry.id.to_string());
    let (said, fields) = (said(asked, GRANT), grant_fields(asked, GRANT, choices));
    view! {
        <Card title="再给一项授权">
            <Form action="/rpc/hq/give_grant">
                <Hidden name="from" value=path/>
                <Hidden name="id" value=id/>
                {said}
                {fields}
                <Button>"授权"</Button>
            </Form>
        </Card>
    }
}
