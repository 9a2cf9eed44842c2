//! Roles: those that are there from the first day, and the customer's own.

use commerce::staff::own_roles;
use domain::{
    Fault, Fields,
    staff::{self as wanted, Permission, RoleKey, RoleView},
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, CheckBox, Column, DataTable, Field, Form, Hidden, LinkButton, Section, Sheet, SheetButton, Tone,
};
use uuid::Uuid;

use crate::{
    approval_limits,
    frame::{Frame, LOG_IN, Tab, address, files, said},
    staff::kinds,
};

const LIST: &str = "/hq/roles";
/// The part of the page that its forms speak to.
const FORM: &str = "role";

/// Makes a role or changes it.
#[server(prefix = "/rpc/hq", endpoint = "save_role")]
pub async fn save_role(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这个角色"))?;
        own_roles::save(&scope, id, wanted::SaveRole::from_fields(&fields)?).await?;
        Ok(Next::to(LIST).saying(FORM, "已保存，拥有这个角色的人立即按新的权限"))
    })
    .await
}

/// Removes a role.
#[server(prefix = "/rpc/hq", endpoint = "remove_role")]
pub async fn remove_role(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这个角色"))?;
        own_roles::remove(&scope, id).await?;
        Ok(Next::to(LIST).saying(FORM, "已删除"))
    })
    .await
}

fn path_of(id: Uuid) -> String {
    format!("{LIST}/{id}")
}

/// The list's page.
pub async fn roles(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let found = own_roles::list(&asked.scope).await?;
    Ok(Page::new("角色", move || {
        let makes = frame.roles();
        let new = path_of(Uuid::now_v7());
        // Who makes roles also says from where on others must agree.
        let limits = makes.then(|| view! { <LinkButton href=approval_limits::PATH>"审批限额"</LinkButton> });
        let beside = view! { {limits} {files(LIST, &[])} {makes.then(|| view! { <LinkButton href=new tone=Tone::Primary>"新建角色"</LinkButton> })} };
        let columns = ["角色", "能做什么", "授权数", "操作"].map(Column::new).to_vec();
        let rows = found.into_iter().map(|role| row(role, makes)).collect_view();
        let body = view! {
            {kinds(&frame, LIST)}
            {said(&asked, FORM)}
            <DataTable caption="角色" columns=columns>{rows}</DataTable>
        };
        frame.screen(Tab::Staff, "员工与权限".into(), "", beside.into_any(), body.into_any())
    }))
}

fn row(role: RoleView, makes: bool) -> impl IntoView {
    let permissions = role.permissions.iter().map(|one| one.label()).collect::<Vec<_>>().join("、");
    let people = address("/hq/staff", &[("role", role.key.to_string())]);
    let own = match role.key {
        RoleKey::Own(id) if makes => Some(acts(id, &role.name, role.grants)),
        _ => None,
    };
    view! {
        <tr>
            <td class="whitespace-nowrap">
                <span class="me-2 font-medium">{role.name}</span>
                {role.built_in.then(|| view! { <Badge>"内置"</Badge> })}
            </td>
            <td class="min-w-64">{permissions}</td>
            <td class="tabular"><a class="link" href=people>{role.grants}</a></td>
            <td>{own}</td>
        </tr>
    }
}

fn acts(id: Uuid, name: &str, grants: i64) -> impl IntoView + use<> {
    let target = format!("remove-{id}");
    let remove = (grants == 0).then(|| {
        view! {
            <SheetButton target=target.clone()>"删除"</SheetButton>
            <Sheet id=target title=format!("删除角色「{name}」？")>
                <p class="mb-4 whitespace-normal">"没有人在使用它；删除后不能恢复，可以重新建立。"</p>
                <Form action="/rpc/hq/remove_role">
                    <Hidden name="from" value=LIST/>
                    <Hidden name="id" value=id.to_string()/>
                    <Button tone=Tone::Error>"删除"</Button>
                </Form>
            </Sheet>
        }
    });
    view! { <div class="flex gap-2"><LinkButton href=path_of(id)>"修改"</LinkButton>{remove}</div> }
}

/// The page on which a role is made or changed; an id that nobody has is a new role's.
pub async fn role(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    asked.scope.staff_everywhere(Permission::ManageRoles)?;
    let id: Uuid = asked.id("role", "这个角色")?;
    let found = own_roles::list(&asked.scope).await?.into_iter().find(|role| role.key == RoleKey::Own(id));
    let title = if found.is_some() { "修改角色" } else { "新建角色" };
    Ok(Page::new(title, move || {
        let flash = asked.flash_of(FORM).cloned().unwrap_or_default();
        let [name_wrong, may_wrong] =
            ["name", "may"].map(|field| flash.complaint(field).unwrap_or_default().to_owned());
        let typed = !flash.typed.0.is_empty();
        let name = if typed {
            flash.typed.text("name").to_owned()
        } else {
            found.as_ref().map(|role| role.name.clone()).unwrap_or_default()
        };
        let has = |one: Permission| {
            if typed {
                flash.typed.given(&format!("may.{}", one.code())).is_some()
            } else {
                found.as_ref().is_some_and(|role| role.permissions.contains(&one))
            }
        };
        let boxes = Permission::ALL
            .iter()
            .map(|one| {
                let note = if one.needs_everywhere() { "（只在全部门店范围内有效）" } else { "" };
                let label = format!("{}{note}", one.label());
                view! { <CheckBox name=format!("may.{}", one.code()) label=label checked=has(*one)/> }
            })
            .collect_view();
        let body = view! {
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:items-start">
                <div class="panel p-5">
                    <Form action="/rpc/hq/save_role">
                        <Hidden name="from" value=path_of(id)/>
                        <Hidden name="id" value=id.to_string()/>
                        <Field name="name" label="名称" value=name error=name_wrong placeholder="如：巡店员"/>
                        <fieldset class="mb-4">
                            <legend class="mb-1 text-sm font-semibold">"能做什么"</legend>
                            <div class="grid gap-2 sm:grid-cols-2">{boxes}</div>
                            {(!may_wrong.is_empty()).then(|| view! { <p class="mt-1 text-sm font-medium text-error">{may_wrong}</p> })}
                        </fieldset>
                        <Button>"保存"</Button>
                    </Form>
                </div>
                <Section title="角色怎么用">
                    <p class="mb-3">"角色只说能做什么；在哪些门店能做，在授权给员工时选择。"</p>
                    <p>"修改角色会立即改变所有拥有它的人。"</p>
                </Section>
            </div>
        };
        frame.screen(Tab::Staff, title.into(), LIST, ().into_any(), body.into_any())
    }))
}
