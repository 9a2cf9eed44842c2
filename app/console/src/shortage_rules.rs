//! What the server does where nobody solves a shortage of a store in time: a part of the page of shortages.

use commerce::stock::shortage_rules as use_cases;
use domain::{
    Fault, Fields, StoreId,
    shortage_rules::{ShortageRule, ShortageRules, StoreShortageRule},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Button, Card, Form, Hidden, Select, SelectItem};
use views::{
    Ending,
    shortage_rules::{self as shown, FORM},
};

use crate::{frame::news, shortages::PATH};

fn store_of(fields: &Fields) -> Result<StoreId, Fault> {
    fields.text("store").parse().map_err(|_| Fault::NotFound("这家门店"))
}

/// Says what is done at a store, in place of head office's rule.
#[server(prefix = "/rpc/console", endpoint = "set_shortage_rule")]
pub async fn set_shortage_rule(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        use_cases::set(&scope, Some(store_of(&fields)?), ShortageRule::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已保存；已有的缺货仍按原来的时间，到时按新规则处理"))
    })
    .await
}

/// Lets head office's rule hold at a store again.
#[server(prefix = "/rpc/console", endpoint = "end_shortage_rule")]
pub async fn end_shortage_rule(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        use_cases::remove(&scope, store_of(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已恢复为总部的规则"))
    })
    .await
}

/// What holds at the stores of whoever looks, and a form for those of which they turn orders down (`mine`).
pub fn section(asked: &Asked, rules: ShortageRules, mine: Vec<(StoreId, String)>) -> AnyView {
    let told = news(asked, FORM);
    let means = format!("总部规则：给人 {} 小时处理。{}", rules.house.wait_hours, rules.house.act.meaning());
    let form = (!mine.is_empty()).then(|| form(asked, &rules, &mine));
    let own = (!rules.stores.is_empty()).then(|| own(rules.stores, &mine));
    view! {
        <section class="mt-6" aria-label="到时怎么办">
            <Card title="到时怎么办">
                {told}
                <p class="mb-4 text-base-content/70">{means}</p>
                {own}
                {form}
            </Card>
        </section>
    }
    .into_any()
}

fn own(stores: Vec<StoreShortageRule>, mine: &[(StoreId, String)]) -> AnyView {
    let ending = Ending { action: EndShortageRule::PATH, from: PATH };
    let list =
        shown::own(stores, Some("门店自己的规则"), ending, |store| mine.iter().any(|(id, _)| *id == store));
    view! { <div class="mb-4">{list}</div> }.into_any()
}

fn form(asked: &Asked, rules: &ShortageRules, mine: &[(StoreId, String)]) -> impl IntoView + use<> {
    let store = asked.field(FORM, "store").1.unwrap_or_default();
    // With one store the form begins from what holds there.
    let held = match mine {
        [(only, _)] => rules.stores.iter().find(|one| one.store_id == *only).map_or(rules.house, |one| one.rule),
        _ => rules.house,
    };
    let fields = shown::fields(asked, held, "自提订单不会改由其他门店。");
    let stores = mine.iter().map(|(id, name)| SelectItem::new(id.to_string(), name.clone())).collect();
    // What was refused is seen with what is wrong beside its field.
    let refused = asked.flash_of(FORM).is_some_and(|flash| !flash.good);
    view! {
        <details open=refused>
            <summary class="cursor-pointer font-medium">"设置门店自己的规则"</summary>
            <Form action=SetShortageRule::PATH class="mt-4">
                <Hidden name="from" value=PATH/>
                <div class="grid gap-x-4 sm:grid-cols-3">
                    <Select name="store" label="门店" items=stores value=store/>
                    {fields}
                </div>
                <Button>"保存规则"</Button>
            </Form>
        </details>
    }
}
