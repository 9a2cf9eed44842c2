//! Until when shoppers call paid orders off by themselves, for each way, and whether they may ask afterwards.

use commerce::orders;
use domain::{
    Fault, Fields, StoreId,
    cancelling::{CancelUntil, SetCancelRule, StoreCancelRule},
    fulfilment::Fulfilment,
    staff::Permission,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Button, Card, Field, Form, Hidden, Select, SelectItem, Tone};

use crate::frame::{Frame, LOG_IN, Tab, said};

/// The page.
pub(crate) const PATH: &str = "/hq/cancel-rules";
/// The part of the page that its forms speak to.
const FORM: &str = "cancel-rule";

/// Says what holds of one way at all stores that have no rule of their own.
#[server(prefix = "/rpc/hq", endpoint = "set_house_cancel_rule")]
pub async fn set_house_cancel_rule(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        orders::set_cancel_rule(&scope, None, SetCancelRule::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已保存，现有订单也按新规则；门店自己的规则不变"))
    })
    .await
}

/// Lets head office's rules hold at a store again.
#[server(prefix = "/rpc/hq", endpoint = "end_store_cancel_rules")]
pub async fn end_store_cancel_rules(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let store: StoreId = fields.text("store").parse().map_err(|_| Fault::NotFound("这家门店"))?;
        orders::remove_cancel_rules(&scope, store).await?;
        Ok(Next::to(PATH).saying(FORM, "已恢复为总部的规则"))
    })
    .await
}

/// The page.
pub async fn cancel_rules(asked: Asked) -> Result<Page, Fault> {
    asked.scope.staff_everywhere(Permission::ManageOrders)?;
    let frame = Frame::of(&asked.scope).await?;
    let rules = orders::cancel_rules(&asked.scope).await?;
    let ends = asked.scope.may(Permission::RejectOrders);
    Ok(Page::new("取消规则", move || {
        let row = |one: &SetCancelRule| {
            let (way, text) = (one.fulfilment.label(), one.rule.text());
            view! {
                <li class="flex flex-wrap gap-x-3 py-2"><span class="font-medium">{way}</span><span>{text}</span></li>
            }
        };
        let house = rules.house.iter().map(row).collect_view();
        let form = form(&asked);
        let own = own(&rules.stores, ends);
        let told = said(&asked, FORM);
        let body = view! {
            {told}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <Card title="现在的规则">
                    <p class="mb-2 text-base-content/70">
                        "门店还没有接单的订单，顾客随时可以自行取消。申请取消时订单继续，门店同意后全部原路退款（含运费）；30 分钟没有答复的，会在这里的订单列表里提醒总部。"
                    </p>
                    <ul class="mb-4 divide-y divide-base-300">{house}</ul>
                    {form}
                </Card>
                <Card title="门店自己的规则">{own}</Card>
            </div>
        };
        frame.screen(Tab::Orders, "取消规则".into(), "/hq/orders", ().into_any(), body.into_any())
    }))
}

fn form(asked: &Asked) -> AnyView {
    let field = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let [way, until, minutes, may_ask] = ["fulfilment", "until", "minutes", "may_ask"].map(field);
    let ways = Fulfilment::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())).collect();
    let untils = CancelUntil::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())).collect();
    let asks = vec![SelectItem::new("yes", "可以向门店申请取消"), SelectItem::new("no", "不能取消")];
    view! {
        <Form action=SetHouseCancelRule::PATH>
            <Hidden name="from" value=PATH/>
            <div class="grid gap-x-4 sm:grid-cols-2">
                <Select name="fulfilment" label="方式" items=ways value=way.1 error=way.0/>
                <Select name="until" label="可自行取消到" items=untils value=until.1 error=until.0/>
                <Field name="minutes" label="付款后多少分钟" inputmode="numeric" required=false value=minutes.1 error=minutes.0
                    hint="只有选「付款后若干分钟内」才填，1 到 1440。"/>
                <Select name="may_ask" label="之后" items=asks value=may_ask.1 error=may_ask.0/>
            </div>
            <Button>"保存规则"</Button>
        </Form>
    }
    .into_any()
}

fn own(stores: &[StoreCancelRule], ends: bool) -> AnyView {
    if stores.is_empty() {
        let text = "所有门店都按总部的规则。门店可以在门店端「全部订单 → 取消规则」里改成自己的。";
        return view! { <p class="text-base-content/70">{text}</p> }.into_any();
    }
    let mut last = None;
    let row = |one: &StoreCancelRule| {
        let first = last.replace(one.store_id) != Some(one.store_id);
        let label = format!("{}恢复总部规则", one.store_name);
        let id = one.store_id.to_string();
        let end = (ends && first).then(|| {
            view! {
                <Form action=EndStoreCancelRules::PATH>
                    <Hidden name="from" value=PATH/>
                    <Hidden name="store" value=id/>
                    <Button tone=Tone::Plain label=label>"恢复总部规则"</Button>
                </Form>
            }
        });
        let (name, text) =
            (one.store_name.clone(), format!("{}：{}", one.says.fulfilment.label(), one.says.rule.text()));
        view! {
            <li class="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
                <span class="font-medium">{name}</span>
                <span class="text-base-content/70">{text}</span>
                <span class="ms-auto">{end}</span>
            </li>
        }
    };
    let rows = stores.iter().map(row).collect_view();
    view! { <ul class="divide-y divide-base-300">{rows}</ul> }.into_any()
}
