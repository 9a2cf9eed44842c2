//! Departments of head office 部门: where people work, which allows nothing by itself.

use commerce::staff::office_departments;
use domain::{
    Fault, Fields,
    staff::{self as wanted, Department, Permission},
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{Button, Column, DataTable, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Tone};
use uuid::Uuid;

use crate::{
    frame::{Frame, LOG_IN, Tab, address, files, remove, said},
    staff::{LIST as STAFF, kinds},
};

const LIST: &str = "/hq/departments";
/// The part of the page that its forms speak to.
const FORM: &str = "department";

/// Makes a department, or renames it.
#[server(prefix = "/rpc/hq", endpoint = "save_department")]
pub async fn save_department(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这个部门"))?;
        office_departments::save(&scope, id, wanted::SaveDepartment::from_fields(&fields)?).await?;
        Ok(Next::to(LIST).saying(FORM, "已保存"))
    })
    .await
}

/// Removes a department.
#[server(prefix = "/rpc/hq", endpoint = "remove_department")]
pub async fn remove_department(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这个部门"))?;
        office_departments::remove(&scope, id).await?;
        Ok(Next::to(LIST).saying(FORM, "已删除"))
    })
    .await
}

fn path_of(id: Uuid) -> String {
    format!("{LIST}/{id}")
}

/// The list's page.
pub async fn departments(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let found = office_departments::list(&asked.scope).await?;
    Ok(Page::new("部门", move || {
        let new = path_of(Uuid::now_v7());
        let beside =
            view! { {files(LIST, &[])} <LinkButton href=new.clone() tone=Tone::Primary>"新建部门"</LinkButton> };
        let body = view! {
            {kinds(&frame, LIST)}
            {said(&asked, FORM)}
            {results(found, new)}
        };
        frame.screen(Tab::Staff, "员工与权限".into(), "", beside.into_any(), body.into_any())
    }))
}

fn results(found: Vec<Department>, new: String) -> AnyView {
    if found.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Users title="还没有部门" text="总部的部门在这里建，新建员工时选择；能做什么仍由授权决定。">
                <LinkButton href=new tone=Tone::Primary>"新建部门"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let columns = ["部门", "人数", "操作"].map(Column::new).to_vec();
    let rows = found.into_iter().map(row).collect_view();
    view! { <DataTable caption="部门" columns=columns>{rows}</DataTable> }.into_any()
}

fn row(department: Department) -> impl IntoView {
    let people = department.people.unwrap_or_default();
    let (title, id) = (format!("删除部门「{}」？", department.name), department.id.to_string());
    let who = address(STAFF, &[("department", id.as_str())]);
    let remove = (people == 0).then(|| remove("/rpc/hq/remove_department", LIST, id, title, "这个部门里没有人。"));
    view! {
        <tr>
            <td class="font-medium whitespace-nowrap">{department.name.clone()}</td>
            <td class="tabular">
                <a class="link" href=who>{format!("{people} 人")}<span class="sr-only">{format!("：{}", department.name)}</span></a>
            </td>
            <td><div class="flex gap-2"><LinkButton href=path_of(department.id)>"改名"</LinkButton>{remove}</div></td>
        </tr>
    }
}

/// The page on which a department is named; an id that nobody has is a new one's.
pub async fn department(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    asked.scope.staff_everywhere(Permission::ManageStaff)?;
    let id: Uuid = asked.id("department", "这个部门")?;
    let found = office_departments::list(&asked.scope).await?.into_iter().find(|one| one.id == id);
    let title = if found.is_some() { "部门改名" } else { "新建部门" };
    Ok(Page::new(title, move || {
        let flash = asked.flash_of(FORM).cloned().unwrap_or_default();
        let wrong = flash.complaint("name").unwrap_or_default().to_owned();
        let name = match &found {
            Some(department) if flash.typed.0.is_empty() => department.name.clone(),
            _ => flash.typed.text("name").to_owned(),
        };
        let body = view! {
            <div class="panel max-w-xl p-5">
                <Form action="/rpc/hq/save_department">
                    <Hidden name="from" value=path_of(id)/>
                    <Hidden name="id" value=id.to_string()/>
                    <Field name="name" label="名称" value=name error=wrong placeholder="如：营运部"/>
                    <Button>"保存"</Button>
                </Form>
            </div>
        };
        frame.screen(Tab::Staff, title.into(), LIST, ().into_any(), body.into_any())
    }))
}
