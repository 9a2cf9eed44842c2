//! Joined third parties 商户, which grants can reach.

use commerce::staff::{joined_merchants, merchant_papers};
use domain::{
    Fault, Fields,
    staff::{self as wanted, Merchant, MerchantPaper, Role},
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Column, DataTable, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Section, TextArea, Tone,
};
use uuid::Uuid;

use crate::{
    frame::{Frame, LOG_IN, Tab, address, files, remove, said, stores_text},
    papers,
    staff::kinds,
};

const LIST: &str = "/hq/merchants";
/// The part of the page that its forms speak to.
const FORM: &str = "merchant";

/// Takes a merchant in, or changes what it is and which stores are its.
#[server(prefix = "/rpc/hq", endpoint = "save_merchant")]
pub async fn save_merchant(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这个商户"))?;
        joined_merchants::save(&scope, id, wanted::SaveMerchant::from_fields(&fields)?).await?;
        Ok(Next::to(LIST).saying(FORM, "已保存，商户的人立即看到现在的门店"))
    })
    .await
}

/// Removes a merchant.
#[server(prefix = "/rpc/hq", endpoint = "remove_merchant")]
pub async fn remove_merchant(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这个商户"))?;
        joined_merchants::remove(&scope, id).await?;
        Ok(Next::to(LIST).saying(FORM, "已删除"))
    })
    .await
}

/// The address of one merchant.
pub fn path_of(id: Uuid) -> String {
    format!("{LIST}/{id}")
}

/// The list's page.
pub async fn merchants(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let found = joined_merchants::list(&asked.scope).await?;
    Ok(Page::new("商户", move || {
        let makes = frame.roles();
        let new = path_of(Uuid::now_v7());
        let beside = view! { {files(LIST, &[])} {makes.then(|| view! { <LinkButton href=new.clone() tone=Tone::Primary>"新建商户"</LinkButton> })} };
        let body = view! {
            {kinds(&frame, LIST)}
            {said(&asked, FORM)}
            {results(found, makes, new)}
        };
        frame.screen(Tab::Staff, "员工与权限".into(), "", beside.into_any(), body.into_any())
    }))
}

fn results(found: Vec<Merchant>, makes: bool, new: String) -> AnyView {
    if found.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Shop title="还没有商户" text="入驻的第三方在这里登记，再给商户负责人开账号：只看到、只管理自己的门店。">
                {makes.then(|| view! { <LinkButton href=new tone=Tone::Primary>"新建商户"</LinkButton> })}
            </EmptyState>
        }
        .into_any();
    }
    let columns = ["编号", "商户", "门店", "授权数", "操作"].map(Column::new).to_vec();
    let rows = found.into_iter().map(|merchant| row(merchant, makes)).collect_view();
    view! { <DataTable caption="商户" columns=columns>{rows}</DataTable> }.into_any()
}

fn row(merchant: Merchant, makes: bool) -> impl IntoView {
    let removable = makes && merchant.grants == 0 && merchant.stores.is_empty();
    let title = format!("删除商户「{}」？", merchant.name);
    let means = "它没有门店，也没有授权用到它。";
    let remove = removable.then(|| remove("/rpc/hq/remove_merchant", LIST, merchant.id.to_string(), title, means));
    let due = (merchant.papers_due > 0).then(|| {
        let text = format!("{} 份证照到期或即将到期", merchant.papers_due);
        view! { <Badge tone=Tone::Warn>{text}</Badge> }
    });
    let change = makes.then(|| view! { <LinkButton href=path_of(merchant.id)>"修改"</LinkButton> });
    view! {
        <tr>
            <td class="tabular whitespace-nowrap">{merchant.code}</td>
            <td class="font-medium whitespace-nowrap">{merchant.name}" "{due}</td>
            <td class="min-w-64">{stores_text(&merchant.stores)}</td>
            <td class="tabular">{merchant.grants}</td>
            <td><div class="flex gap-2">{change}{remove}</div></td>
        </tr>
    }
}

/// The page of one merchant; an id that nobody has is a new one's. Its owner sees its papers alone.
pub async fn merchant(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let id: Uuid = asked.id("merchant", "这个商户")?;
    if !frame.roles() {
        let papers = merchant_papers::list(&asked.scope, id).await?;
        return Ok(own(asked, frame, id, papers));
    }
    let found = joined_merchants::list(&asked.scope).await?.into_iter().find(|merchant| merchant.id == id);
    let papers = if found.is_some() { Some(merchant_papers::list(&asked.scope, id).await?) } else { None };
    let title = if found.is_some() { "修改商户" } else { "新建商户" };
    Ok(Page::new(title, move || {
        // Whose people are hired from here begin as its owners, at the merchant.
        let hire = [("role", Role::MerchantOwner.code()), ("place", "merchant"), ("merchant", &id.to_string())];
        let hire = address("/hq/staff/new", &hire);
        let beside = found.is_some().then(|| view! { <LinkButton href=hire>"新建商户员工"</LinkButton> });
        let body = view! {
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:items-start">
                <div class="panel p-5">{form(&asked, id, found.as_ref())}</div>
                <Section title="商户怎么用">
                    <p class="mb-3">"只有经营方式为「入驻」的门店可以归入商户，一家门店最多属于一个商户。"</p>
                    <p class="mb-3">"授权给商户的员工，随时只看到商户当时的门店：订单、报表、导出、日志都是。"</p>
                    <p>"商户负责人可以自己给本商户的门店建店员账号。"</p>
                </Section>
            </div>
            {papers.map(|papers| papers::section(&asked, id, papers, true))}
        };
        frame.screen(Tab::Staff, title.into(), LIST, beside.into_any(), body.into_any())
    }))
}

/// The page of a merchant for its owner.
fn own(asked: Asked, frame: Frame, id: Uuid, papers: Vec<MerchantPaper>) -> Page {
    Page::new("商户证照", move || {
        let body = view! {
            {kinds(&frame, &path_of(id))}
            {papers::section(&asked, id, papers, false)}
        };
        frame.screen(Tab::Staff, "员工与权限".into(), "", ().into_any(), body.into_any())
    })
}

fn form(asked: &Asked, id: Uuid, found: Option<&Merchant>) -> impl IntoView + use<> {
    let flash = asked.flash_of(FORM).cloned().unwrap_or_default();
    let [code_wrong, name_wrong, stores_wrong] =
        ["code", "name", "stores"].map(|field| flash.complaint(field).unwrap_or_default().to_owned());
    let [code, name, stores] = match found {
        Some(one) if flash.typed.0.is_empty() => [one.code.clone(), one.name.clone(), one.stores.join("\n")],
        _ => ["code", "name", "stores"].map(|field| flash.typed.text(field).to_owned()),
    };
    let unseen = said(asked, FORM).filter(|_| flash.complaints.is_empty());
    view! {
        {unseen}
        <Form action="/rpc/hq/save_merchant">
            <Hidden name="from" value=path_of(id)/>
            <Hidden name="id" value=id.to_string()/>
            <div class="grid gap-x-4 sm:grid-cols-2">
                <Field name="code" label="商户编号" value=code error=code_wrong placeholder="如：TONGAN" hint="大写字母、数字，可含 -"/>
                <Field name="name" label="名称" value=name error=name_wrong/>
            </div>
            <TextArea name="stores" label="门店编号" value=stores error=stores_wrong rows=8
                hint="用逗号或换行分开；可以先不填，开店后再加。"/>
            <Button>"保存"</Button>
        </Form>
    }
}
