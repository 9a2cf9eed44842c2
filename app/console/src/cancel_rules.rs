//! Until when shoppers call orders of these stores off by themselves: head office's rules, and the stores' own.

use commerce::{orders, stores};
use domain::{
    Fault, Fields, StoreId,
    cancelling::{CancelRules, CancelUntil, SetCancelRule as Set, StoreCancelRule},
    fulfilment::Fulfilment,
    staff::Permission,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Breadcrumbs, Button, Card, Field, Form, Hidden, Select, SelectItem, Tone};

use crate::frame::{Frame, Lit, news};

/// The page.
pub const PATH: &str = "/console/cancel-rules";
/// The part of the page that its forms speak to.
const FORM: &str = "cancel-rule";

fn store_of(fields: &Fields) -> Result<StoreId, Fault> {
    fields.text("store").parse().map_err(|_| Fault::NotFound("这家门店"))
}

/// Says what holds of one way at a store, in place of head office's rule.
#[server(prefix = "/rpc/console", endpoint = "set_cancel_rule")]
pub async fn set_cancel_rule(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        orders::set_cancel_rule(&scope, Some(store_of(&fields)?), Set::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已保存，现有订单也按新规则"))
    })
    .await
}

/// Lets head office's rules hold at a store again.
#[server(prefix = "/rpc/console", endpoint = "end_cancel_rules")]
pub async fn end_cancel_rules(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        orders::remove_cancel_rules(&scope, store_of(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已恢复为总部的规则"))
    })
    .await
}

/// The page.
pub async fn cancel_rules(asked: Asked) -> Result<Page, Fault> {
    let rules = orders::cancel_rules(&asked.scope).await?;
    let turns_down = asked.scope.may(Permission::RejectOrders);
    let mine = if turns_down { stores::mine(&asked.scope, Permission::RejectOrders).await? } else { Vec::new() };
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("取消规则", move || {
        let crumbs =
            vec![("全部订单".to_owned(), "/console/orders".to_owned()), ("取消规则".to_owned(), String::new())];
        let house = house(&rules);
        let own = own(&rules.stores, &mine);
        let form = (!mine.is_empty()).then(|| form(&asked, &mine));
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">"取消规则"</h1>
            {news(&asked, FORM)}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <Card title="总部的规则">
                    <p class="mb-2 text-base-content/70">"门店还没有接单的订单，顾客随时可以自行取消。"</p>
                    {house}
                </Card>
                <Card title="门店自己的规则">{own}{form}</Card>
            </div>
        };
        frame.screen(Lit::Orders, body.into_any())
    }))
}

fn house(rules: &CancelRules) -> AnyView {
    let row = |one: &Set| {
        let (way, text) = (one.fulfilment.label(), one.rule.text());
        view! { <li class="flex flex-wrap gap-x-3 py-2"><span class="font-medium">{way}</span><span>{text}</span></li> }
    };
    let rows = rules.house.iter().map(row).collect_view();
    view! { <ul class="divide-y divide-base-200">{rows}</ul> }.into_any()
}

fn own(stores: &[StoreCancelRule], mine: &[(StoreId, String)]) -> AnyView {
    if stores.is_empty() {
        return view! { <p class="mb-4 text-base-content/70">"门店都按总部的规则。"</p> }.into_any();
    }
    let mut last = None;
    let row = |one: &StoreCancelRule| {
        let first = last.replace(one.store_id) != Some(one.store_id);
        let label = format!("{}恢复总部规则", one.store_name);
        let id = one.store_id.to_string();
        let end = (first && mine.iter().any(|(id, _)| *id == one.store_id)).then(|| {
            view! {
                <Form action=EndCancelRules::PATH>
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
    view! { <ul class="mb-4 divide-y divide-base-200">{rows}</ul> }.into_any()
}

fn form(asked: &Asked, mine: &[(StoreId, String)]) -> AnyView {
    let field = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let [store, way, until, minutes, may_ask] = ["store", "fulfilment", "until", "minutes", "may_ask"].map(field);
    let stores = mine.iter().map(|(id, name)| SelectItem::new(id.to_string(), name.clone())).collect();
    let ways = Fulfilment::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())).collect();
    let untils = CancelUntil::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())).collect();
    let asks = vec![SelectItem::new("yes", "可以向门店申请取消"), SelectItem::new("no", "不能取消")];
    view! {
        <Form action=SetCancelRule::PATH>
            <Hidden name="from" value=PATH/>
            <div class="grid gap-x-4 sm:grid-cols-2">
                <Select name="store" label="门店" items=stores value=store.1 error=store.0/>
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
