//! Groups of stores, which grants can reach.

use commerce::staff::store_groups;
use domain::{
    Fault, Fields,
    staff::{self as wanted, Permission, StoreGroup},
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{Button, Column, DataTable, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Section, TextArea, Tone};
use uuid::Uuid;

use crate::{
    frame::{Frame, LOG_IN, Tab, files, remove, said, stores_text},
    staff::kinds,
};

const LIST: &str = "/hq/groups";
/// The part of the page that its forms speak to.
const FORM: &str = "group";

/// Puts a group together, or anew.
#[server(prefix = "/rpc/hq", endpoint = "save_store_group")]
pub async fn save_store_group(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这个门店组"))?;
        store_groups::save(&scope, id, wanted::SaveStoreGroup::from_fields(&fields)?).await?;
        Ok(Next::to(LIST).saying(FORM, "已保存，用到它的授权立即按新的门店"))
    })
    .await
}

/// Removes a group.
#[server(prefix = "/rpc/hq", endpoint = "remove_store_group")]
pub async fn remove_store_group(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这个门店组"))?;
        store_groups::remove(&scope, id).await?;
        Ok(Next::to(LIST).saying(FORM, "已删除"))
    })
    .await
}

fn path_of(id: Uuid) -> String {
    format!("{LIST}/{id}")
}

/// The list's page.
pub async fn groups(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let found = store_groups::list(&asked.scope).await?;
    Ok(Page::new("门店组", move || {
        let makes = frame.roles();
        let new = path_of(Uuid::now_v7());
        let beside = view! { {files(LIST, &[])} {makes.then(|| view! { <LinkButton href=new.clone() tone=Tone::Primary>"新建门店组"</LinkButton> })} };
        let body = view! {
            {kinds(&frame, LIST)}
            {said(&asked, FORM)}
            {results(found, makes, new)}
        };
        frame.screen(Tab::Staff, "员工与权限".into(), "", beside.into_any(), body.into_any())
    }))
}

fn results(found: Vec<StoreGroup>, makes: bool, new: String) -> AnyView {
    if found.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Shop title="还没有门店组" text="把跨区域的门店归成一组，例如「试点店」「机场店」，授权时一次选中。">
                {makes.then(|| view! { <LinkButton href=new tone=Tone::Primary>"新建门店组"</LinkButton> })}
            </EmptyState>
        }
        .into_any();
    }
    let columns = ["门店组", "门店", "授权数", "操作"].map(Column::new).to_vec();
    let rows = found.into_iter().map(|group| row(group, makes)).collect_view();
    view! { <DataTable caption="门店组" columns=columns>{rows}</DataTable> }.into_any()
}

fn row(group: StoreGroup, makes: bool) -> impl IntoView {
    let stores = stores_text(&group.stores);
    let removable = makes && group.grants == 0;
    let title = format!("删除门店组「{}」？", group.name);
    let means = "门店本身不受影响；没有授权用到它。";
    let remove = removable.then(|| remove("/rpc/hq/remove_store_group", LIST, group.id.to_string(), title, means));
    let change = makes.then(|| view! { <LinkButton href=path_of(group.id)>"修改"</LinkButton> });
    view! {
        <tr>
            <td class="font-medium whitespace-nowrap">{group.name.clone()}</td>
            <td class="min-w-64">{stores}</td>
            <td class="tabular">{group.grants}</td>
            <td><div class="flex gap-2">{change}{remove}</div></td>
        </tr>
    }
}

/// The page on which a group is put together; an id that nobody has is a new group's.
pub async fn group(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    asked.scope.staff_everywhere(Permission::ManageRoles)?;
    let id: Uuid = asked.id("group", "这个门店组")?;
    let found = store_groups::list(&asked.scope).await?.into_iter().find(|group| group.id == id);
    let title = if found.is_some() { "修改门店组" } else { "新建门店组" };
    Ok(Page::new(title, move || {
        let flash = asked.flash_of(FORM).cloned().unwrap_or_default();
        let [name_wrong, stores_wrong] =
            ["name", "stores"].map(|field| flash.complaint(field).unwrap_or_default().to_owned());
        let (name, stores) = match &found {
            Some(group) if flash.typed.0.is_empty() => (group.name.clone(), group.stores.join("\n")),
            _ => (flash.typed.text("name").to_owned(), flash.typed.text("stores").to_owned()),
        };
        let body = view! {
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:items-start">
                <div class="panel p-5">
                    <Form action="/rpc/hq/save_store_group">
                        <Hidden name="from" value=path_of(id)/>
                        <Hidden name="id" value=id.to_string()/>
                        <Field name="name" label="名称" value=name error=name_wrong placeholder="如：试点店"/>
                        <TextArea name="stores" label="门店编号" value=stores error=stores_wrong rows=8 required=true
                            hint="用逗号或换行分开，可从门店列表导出后粘贴。"/>
                        <Button>"保存"</Button>
                    </Form>
                </div>
                <Section title="门店组怎么用">
                    <p class="mb-3">"一家门店可以在几个组里。"</p>
                    <p>"授权给一个组的员工，随时只看到组里当时的门店。"</p>
                </Section>
            </div>
        };
        frame.screen(Tab::Staff, title.into(), LIST, ().into_any(), body.into_any())
    }))
}
