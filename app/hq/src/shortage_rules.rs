//! What the server does where nobody solves a shortage in time: a part of the page of shortages.

use commerce::stock::shortage_rules as use_cases;
use domain::{
    Fault, Fields, StoreId,
    shortage_rules::{ShortageRule, ShortageRules, StoreShortageRule},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Button, Card, Form, Hidden};
use views::{
    Ending,
    shortage_rules::{self as shown, FORM},
};

use crate::{
    frame::{LOG_IN, said},
    shortages::PATH,
};

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
    let fields = shown::fields(asked, rule, "自提订单不会改由其他门店：顾客会到原来的门店取货。");
    view! {
        <Form action=SetHouseShortageRule::PATH>
            <Hidden name="from" value=PATH/>
            {fields}
            <Button>"保存规则"</Button>
        </Form>
    }
}

fn own(stores: Vec<StoreShortageRule>, ends: bool) -> AnyView {
    if stores.is_empty() {
        let text = "所有门店都按总部的规则。门店可以在门店端“缺货处理”里改成自己的。";
        return view! { <p class="text-base-content/70">{text}</p> }.into_any();
    }
    shown::own(stores, None, Ending { action: EndStoreShortageRule::PATH, from: PATH }, |_| ends)
}
