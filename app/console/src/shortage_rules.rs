//! What the server does where nobody solves a shortage of a store in time: a part of the page of shortages.

use commerce::stock::shortage_rules as use_cases;
use domain::{
    Fault, Fields, StoreId,
    shortage_rules::{ShortageAct, ShortageRule, ShortageRules, StoreShortageRule},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Button, Card, Field, Form, Hidden, Select, SelectItem, Tone};

use crate::{frame::news, shortages::PATH};

/// The part of the page that its forms speak to.
const FORM: &str = "shortage-rule";

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

fn own(stores: Vec<StoreShortageRule>, mine: &[(StoreId, String)]) -> impl IntoView + use<> {
    let row = |one: StoreShortageRule| {
        let label = format!("{}恢复总部规则", one.store_name);
        let end = mine.iter().any(|(id, _)| *id == one.store_id).then(|| {
            view! {
                <Form action=EndShortageRule::PATH>
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
    view! { <ul class="mb-4 divide-y divide-base-300" aria-label="门店自己的规则">{rows}</ul> }
}

fn form(asked: &Asked, rules: &ShortageRules, mine: &[(StoreId, String)]) -> impl IntoView + use<> {
    let ((act_wrong, act), (hours_wrong, hours)) = (asked.field(FORM, "act"), asked.field(FORM, "wait_hours"));
    let store = asked.field(FORM, "store").1.unwrap_or_default();
    // With one store the form begins from what holds there.
    let held = match mine {
        [(only, _)] => rules.stores.iter().find(|one| one.store_id == *only).map_or(rules.house, |one| one.rule),
        _ => rules.house,
    };
    let acts = ShortageAct::ALL.iter().map(|act| SelectItem::new(act.code(), act.label())).collect();
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
                    <Select name="act" label="仍缺货时" items=acts value=act.unwrap_or_else(|| held.act.code().into())
                        error=act_wrong.unwrap_or_default() hint="自提订单不会改由其他门店。"/>
                    <Field name="wait_hours" label="给人多少小时" inputmode="numeric"
                        value=hours.unwrap_or_else(|| held.wait_hours.to_string()) error=hours_wrong.unwrap_or_default()
                        hint="1 到 336 小时。"/>
                </div>
                <Button>"保存规则"</Button>
            </Form>
        </details>
    }
}
