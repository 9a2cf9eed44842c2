//! From which pieces and amounts on somebody else must agree: to counts, losses, what is scrapped, and orders to suppliers.

use chrono::{DateTime, Utc};
use commerce::{approvals, stores};
use domain::{
    Fault, Fields, StoreId,
    approval_limits::{ApprovalLimits, HouseLimits, StoreLimits},
    counts::DecideAlone,
    staff::Permission,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Button, Card, Fact, Facts, Field, Form, Hidden, Select, SelectItem, Tone};

use crate::frame::{Frame, LOG_IN, Tab, said};

/// The page.
pub(crate) const PATH: &str = "/hq/approval-limits";
/// The part of the page that the form of all stores speaks to.
const FORM: &str = "approval-limits";
/// The part of the page that stores' forms speak to.
const STORE: &str = "store-approval-limits";

fn store_of(fields: &Fields) -> Result<StoreId, Fault> {
    fields.text("store").parse().map_err(|_| Fault::NotFound("这家门店"))
}

/// Says up to where nobody else needs to agree, at all stores that have no limits of their own.
#[server(prefix = "/rpc/hq", endpoint = "set_approval_limits")]
pub async fn set_approval_limits(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        approvals::set_limits(&scope, HouseLimits::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已保存，之后提交的按新限额；已在等审批的不变"))
    })
    .await
}

/// Says up to where one store decides itself.
#[server(prefix = "/rpc/hq", endpoint = "set_store_approval_limits")]
pub async fn set_store_approval_limits(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(STORE, LOG_IN, fields, async |scope, fields| {
        approvals::set_store_limits(&scope, store_of(&fields)?, DecideAlone::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(STORE, "已保存，这家门店之后提交的按新限额"))
    })
    .await
}

/// Lets head office's word hold at a store again.
#[server(prefix = "/rpc/hq", endpoint = "end_store_approval_limits")]
pub async fn end_store_approval_limits(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(STORE, LOG_IN, fields, async |scope, fields| {
        approvals::remove_store_limits(&scope, store_of(&fields)?).await?;
        Ok(Next::to(PATH).saying(STORE, "已恢复为统一限额"))
    })
    .await
}

/// The page.
pub async fn approval_limits(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let limits = approvals::limits(&asked.scope).await?;
    let sets = asked.scope.staff_everywhere(Permission::ManageRoles).is_ok();
    let stores = if sets { stores::mine(&asked.scope, Permission::ManageRoles).await? } else { Vec::new() };
    Ok(Page::new("审批限额", move || {
        let now = asked.scope.now;
        let facts = facts(&limits, now);
        let form = sets.then(|| form(&asked, limits.house));
        let own = own(&limits.stores, sets, now);
        let store_form = sets.then(|| store_form(&asked, limits.house.alone(), stores));
        let (told, told_of_store) = (said(&asked, FORM), said(&asked, STORE));
        let body = view! {
            {told}
            {told_of_store}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <Card title="现在的限额">
                    <p class="mb-2 text-base-content/70">
                        "不超过限额的，门店或提交人自己就能定；超过任何一项，就要等另一位有审批权的同事。填 0 表示都要审批。修改只影响之后提交的，已在等审批的不变。"
                    </p>
                    {facts}
                    {form}
                </Card>
                <Card title="门店自己的限额">{own}{store_form}</Card>
            </div>
        };
        // Who sets them need not have to do with proposals.
        let (lit, back) = if frame.proposals() { (Tab::Proposals, "/hq/proposals") } else { (Tab::Staff, "/hq/roles") };
        frame.screen(lit, "审批限额".into(), back, ().into_any(), body.into_any())
    }))
}

/// Who said so, and when: `周姐 · 今天 12:30`.
fn since(by: &str, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("{by} · {}", text::moment(at, now, text::zone("")))
}

fn facts(limits: &ApprovalLimits, now: DateTime<Utc>) -> AnyView {
    let set = match (&limits.set_by, limits.set_at) {
        (Some(by), Some(at)) => since(by, at, now),
        _ => "系统默认，还没有改过".to_owned(),
    };
    let (stock, purchase) = (limits.house.alone().text(), limits.house.purchase_fen.to_string());
    view! {
        <Facts class="mb-4">
            <Fact label="盘点差异、报损、报废待退商品"><span class="tabular">{stock}</span></Fact>
            <Fact label="采购单"><span class="tabular">{purchase}</span></Fact>
            <Fact label="设置">{set}</Fact>
        </Facts>
    }
    .into_any()
}

/// What is wrong with a field of a part of the page, and what stands in it: what was typed, or what holds.
fn field(asked: &Asked, part: &str, name: &str, holds: String) -> (String, String) {
    let (wrong, typed) = asked.field(part, name);
    (wrong.unwrap_or_default(), typed.unwrap_or(holds))
}

fn form(asked: &Asked, house: HouseLimits) -> AnyView {
    let (pieces_wrong, pieces) = field(asked, FORM, "pieces", house.pieces.to_string());
    let (value_wrong, value) = field(asked, FORM, "value", house.value_fen.in_yuan());
    let (purchase_wrong, purchase) = field(asked, FORM, "purchase", house.purchase_fen.in_yuan());
    view! {
        <Form action=SetApprovalLimits::PATH>
            <Hidden name="from" value=PATH/>
            <div class="grid gap-x-4 sm:grid-cols-2">
                <Field name="pieces" label="门店自己定：最多多少件" inputmode="numeric" value=pieces error=pieces_wrong
                    hint="盘点的盘盈和盘亏相加，不互相抵消。"/>
                <Field name="value" label="门店自己定：最多多少元" inputmode="decimal" value=value error=value_wrong
                    hint="按门店售价计算。"/>
                <Field name="purchase" label="采购单：多少元以内提交即通过" inputmode="decimal" value=purchase error=purchase_wrong
                    hint="超过的，不能由填写或提交的人自己通过。"/>
            </div>
            <Button>"保存限额"</Button>
        </Form>
    }
    .into_any()
}

fn own(stores: &[StoreLimits], sets: bool, now: DateTime<Utc>) -> AnyView {
    if stores.is_empty() {
        return view! { <p class="mb-4 text-base-content/70">"所有门店都按统一限额；仓库也是。"</p> }.into_any();
    }
    let row = |one: &StoreLimits| {
        let label = format!("{}恢复统一限额", one.store_name);
        let id = one.store_id.to_string();
        let end = sets.then(|| {
            view! {
                <Form action=EndStoreApprovalLimits::PATH>
                    <Hidden name="from" value=PATH/>
                    <Hidden name="store" value=id/>
                    <Button tone=Tone::Plain label=label>"恢复统一限额"</Button>
                </Form>
            }
        });
        let (name, text, set) = (one.store_name.clone(), one.alone.text(), since(&one.set_by, one.set_at, now));
        view! {
            <li class="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
                <span class="font-medium">{name}</span>
                <span class="tabular">{text}</span>
                <span class="text-sm text-base-content/70">{set}</span>
                <span class="ms-auto">{end}</span>
            </li>
        }
    };
    let rows = stores.iter().map(row).collect_view();
    view! { <ul class="mb-4 divide-y divide-base-300">{rows}</ul> }.into_any()
}

fn store_form(asked: &Asked, alone: DecideAlone, stores: Vec<(StoreId, String)>) -> AnyView {
    let (_, store) = field(asked, STORE, "store", String::new());
    let (pieces_wrong, pieces) = field(asked, STORE, "pieces", alone.pieces.to_string());
    let (value_wrong, value) = field(asked, STORE, "value", alone.value_fen.in_yuan());
    let items = stores.into_iter().map(|(id, name)| SelectItem::new(id.to_string(), name)).collect();
    view! {
        <Form action=SetStoreApprovalLimits::PATH>
            <Hidden name="from" value=PATH/>
            <div class="grid gap-x-4 sm:grid-cols-3">
                <Select name="store" label="门店" items=items value=store/>
                <Field name="pieces" id="store-pieces" label="最多多少件" inputmode="numeric" value=pieces error=pieces_wrong/>
                <Field name="value" id="store-value" label="最多多少元" inputmode="decimal" value=value error=value_wrong
                    hint="按门店售价计算。"/>
            </div>
            <Button tone=Tone::Plain>"保存这家门店的限额"</Button>
        </Form>
    }
    .into_any()
}
