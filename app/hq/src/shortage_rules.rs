//! What the server does where nobody solves a shortage in time: a part of the page of shortages.

use commerce::stock::shortage_rules as use_cases;
use domain::{
    Fault, Fields, StoreId,
    shortage_rules::{ShortageAct, ShortageRule, ShortageRules, StoreShortageRule},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Button, Card, Field, Form, Hidden, Select, SelectItem, Tone};

use crate::{
    frame::{LOG_IN, said},
    shortages::PATH,
};

/// The part of the page that its forms speak to.
const FORM: &str = "shortage-rule";

/// Says what is done at all stores that have no rule of their own.
#[server(prefix = "/rpc/hq", endpoint = "set_house_shortage_rule")]
pub async fn set_house_shortage_rule(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        use_cases::set(&scope, None, ShortageRule::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已保存；已有的缺货仍按原来的时间，到时按新规则处理"))
    })
    .await
}

/// Lets head office's rule hold at a store again.
#[server(prefix = "/rpc/hq", endpoint = "end_store_shortage_rule")]
pub async fn end_store_shortage_rule(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let store: StoreId = fields.text("store").parse().map_err(|_| Fault::NotFound("这家门店"))?;
        use_cases::remove(&scope, store).await?;
        Ok(Next::to(PATH).saying(FORM, "已恢复为总部的规则"))
    })
    .await
}

/// The rules; with a form for who `sets` that of all stores, and a way back for who `ends` stores' own.
pub fn section(asked: &Asked, rules: ShortageRules, sets: bool, ends: bool) -> AnyView {
    let told = said(asked, FORM);
    let means = format!("给人 {} 小时处理。{}", rules.house.wait_hours, rules.house.act.meaning());
    let form = sets.then(|| form(asked, rules.house));
    let own = own(rules.stores, ends);
    view! {
        <section class="mt-8 grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start" aria-label="到时怎么办">
            <Card title="到时怎么办">
                {told}
                <p class="mb-4 text-base-content/70">{means}</p>
                {form}
            </Card>
            <Card title="门店自己的规则">{own}</Card>
        </section>
    }
    .into_any()
}

fn form(asked: &Asked, rule: ShortageRule) -> impl IntoView + use<> {
    let ((act_wrong, act), (hours_wrong, hours)) = (asked.field(FORM, "act"), asked.field(FORM, "wait_hours"));
    let acts = ShortageAct::ALL.iter().map(|act| SelectItem::new(act.code(), act.label())).collect();
    view! {
        <Form action=SetHouseShortageRule::PATH>
            <Hidden name="from" value=PATH/>
            <Select name="act" label="仍缺货时" items=acts value=act.unwrap_or_else(|| rule.act.code().into())
                error=act_wrong.unwrap_or_default() hint="自提订单不会改由其他门店：顾客会到原来的门店取货。"/>
            <Field name="wait_hours" label="给人多少小时" inputmode="numeric" value=hours.unwrap_or_else(|| rule.wait_hours.to_string())
                error=hours_wrong.unwrap_or_default() hint="1 到 336 小时。"/>
            <Button>"保存规则"</Button>
        </Form>
    }
}

fn own(stores: Vec<StoreShortageRule>, ends: bool) -> AnyView {
    if stores.is_empty() {
        let text = "所有门店都按总部的规则。门店可以在门店端“缺货处理”里改成自己的。";
        return view! { <p class="text-base-content/70">{text}</p> }.into_any();
    }
    let row = |one: StoreShortageRule| {
        let label = format!("{}恢复总部规则", one.store_name);
        let end = ends.then(|| {
            view! {
                <Form action=EndStoreShortageRule::PATH>
                    <Hidden name="from" value=PATH/>
                    <Hidden name="store" value=one.store_id.to_string()/>
                    <Button tone=Tone::Plain label=label>"恢复总部规则"</Button>
                </Form>
            }
        });
        view! {
            <li class="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
                <span class="font-medium">{one.store_name}</span>
                <span class="text-base-content/70">{one.rule.text()}</span>
                <span class="ms-auto">{end}</span>
            </li>
        }
    };
    let rows = stores.into_iter().map(row).collect_view();
    view! { <ul class="divide-y divide-base-300">{rows}</ul> }.into_any()
}
