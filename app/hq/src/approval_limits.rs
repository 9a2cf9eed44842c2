//! From which pieces and amounts on somebody else must agree: to counts, losses, what is scrapped, and orders to suppliers.

use chrono::{DateTime, Utc};
use commerce::approvals;
use domain::{
    Fault, Fields, LocationId,
    approval_limits::{ApprovalLimits, HouseLimits, PlaceLimits},
    counts::DecideAlone,
    staff::Permission,
    text,
    transfers::{Location, LocationKind},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Button, Card, Fact, Facts, Field, Form, Hidden, Select, SelectItem, Tone};

use crate::frame::{Frame, LOG_IN, Tab, said};

/// The page.
pub(crate) const PATH: &str = "/hq/approval-limits";
/// The part of the page that the form of all places speaks to.
const FORM: &str = "approval-limits";
/// The part of the page that the forms of single places speak to.
const PLACE: &str = "place-approval-limits";

fn place_of(fields: &Fields) -> Result<LocationId, Fault> {
    fields.text("place").parse().map_err(|_| Fault::NotFound("这个门店或仓库"))
}

/// Says up to where nobody else needs to agree, at all places that have no limits of their own.
#[server(prefix = "/rpc/hq", endpoint = "set_approval_limits")]
pub async fn set_approval_limits(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        approvals::set_limits(&scope, HouseLimits::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已保存，之后提交的按新限额；已在等审批的不变"))
    })
    .await
}

/// Says up to where one store or warehouse decides itself.
#[server(prefix = "/rpc/hq", endpoint = "set_place_approval_limits")]
pub async fn set_place_approval_limits(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(PLACE, LOG_IN, fields, async |scope, fields| {
        approvals::set_limits_at(&scope, place_of(&fields)?, DecideAlone::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(PLACE, "已保存，那里之后提交的按新限额"))
    })
    .await
}

/// Lets head office's word hold at a store or warehouse again.
#[server(prefix = "/rpc/hq", endpoint = "end_place_approval_limits")]
pub async fn end_place_approval_limits(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(PLACE, LOG_IN, fields, async |scope, fields| {
        approvals::remove_limits_at(&scope, place_of(&fields)?).await?;
        Ok(Next::to(PATH).saying(PLACE, "已恢复为统一限额"))
    })
    .await
}

/// The page.
pub async fn approval_limits(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let limits = approvals::limits(&asked.scope).await?;
    let sets = asked.scope.staff_everywhere(Permission::ManageRoles).is_ok();
    let places = if sets { approvals::limit_places(&asked.scope).await? } else { Vec::new() };
    Ok(Page::new("审批限额", move || {
        let now = asked.scope.now;
        let facts = facts(&limits, now);
        let form = sets.then(|| form(&asked, limits.house));
        let own = own(&limits, sets, now);
        let place_form = sets.then(|| place_form(&asked, limits.house.alone(), places));
        let (told, told_of_place) = (said(&asked, FORM), said(&asked, PLACE));
        let body = view! {
            {told}
            {told_of_place}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <Card title="现在的限额">
                    <p class="mb-2 text-base-content/70">
                        "不超过限额的，门店、仓库或提交人自己就能定；超过任何一项，就要等另一位有审批权的同事。填 0 表示都要审批。修改只影响之后提交的，已在等审批的不变。"
                    </p>
                    {facts}
                    {form}
                </Card>
                <Card title="门店和仓库单独的限额">{own}{place_form}</Card>
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
                <Field name="pieces" label="门店和仓库自己定：最多多少件" inputmode="numeric" value=pieces error=pieces_wrong
                    hint="盘点的盘盈和盘亏相加，不互相抵消。"/>
                <Field name="value" label="门店和仓库自己定：最多多少元" inputmode="decimal" value=value error=value_wrong
                    hint="按售价计算。"/>
                <Field name="purchase" label="采购单：多少元以内提交即通过" inputmode="decimal" value=purchase error=purchase_wrong
                    hint="超过的，不能由填写或提交的人自己通过。"/>
            </div>
            <Button>"保存限额"</Button>
        </Form>
    }
    .into_any()
}

/// The places with limits of their own, stores and warehouses apart.
fn own(limits: &ApprovalLimits, sets: bool, now: DateTime<Utc>) -> AnyView {
    let kinds = [("门店", &limits.stores), ("仓库", &limits.warehouses)];
    let of_kind = |(label, places): (&'static str, &Vec<PlaceLimits>)| {
        if places.is_empty() {
            let none = format!("所有{label}都按统一限额。");
            return view! { <p class="mb-4 text-base-content/70">{none}</p> }.into_any();
        }
        let rows = places.iter().map(|one| row(one, sets, now)).collect_view();
        view! {
            <h3 class="text-sm font-semibold">{label}</h3>
            <ul class="mb-4 divide-y divide-base-300" aria-label=label>{rows}</ul>
        }
        .into_any()
    };
    kinds.into_iter().map(of_kind).collect_view().into_any()
}

fn row(one: &PlaceLimits, sets: bool, now: DateTime<Utc>) -> impl IntoView + use<> {
    let label = format!("{}恢复统一限额", one.location_name);
    let id = one.location_id.to_string();
    let end = sets.then(|| {
        view! {
            <Form action=EndPlaceApprovalLimits::PATH>
                <Hidden name="from" value=PATH/>
                <Hidden name="place" value=id/>
                <Button tone=Tone::Plain label=label>"恢复统一限额"</Button>
            </Form>
        }
    });
    let (name, text, set) = (one.location_name.clone(), one.alone.text(), since(&one.set_by, one.set_at, now));
    view! {
        <li class="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
            <span class="font-medium">{name}</span>
            <span class="tabular">{text}</span>
            <span class="text-sm text-base-content/70">{set}</span>
            <span class="ms-auto">{end}</span>
        </li>
    }
}

fn place_form(asked: &Asked, alone: DecideAlone, places: Vec<Location>) -> AnyView {
    let (_, place) = field(asked, PLACE, "place", String::new());
    let (pieces_wrong, pieces) = field(asked, PLACE, "pieces", alone.pieces.to_string());
    let (value_wrong, value) = field(asked, PLACE, "value", alone.value_fen.in_yuan());
    let item = |one: Location| {
        let label = match one.kind {
            LocationKind::Store => one.name,
            LocationKind::Warehouse => format!("仓库 · {}", one.name),
        };
        SelectItem::new(one.id.to_string(), label)
    };
    let items = places.into_iter().map(item).collect();
    view! {
        <Form action=SetPlaceApprovalLimits::PATH>
            <Hidden name="from" value=PATH/>
            <div class="grid gap-x-4 sm:grid-cols-3">
                <Select name="place" label="门店或仓库" items=items value=place/>
                <Field name="pieces" id="place-pieces" label="最多多少件" inputmode="numeric" value=pieces error=pieces_wrong/>
                <Field name="value" id="place-value" label="最多多少元" inputmode="decimal" value=value error=value_wrong
                    hint="按售价计算。"/>
            </div>
            <Button tone=Tone::Plain>"保存单独的限额"</Button>
        </Form>
    }
    .into_any()
}
