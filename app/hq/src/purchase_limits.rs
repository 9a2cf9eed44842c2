//! How many pieces of a variant one member may buy 限购: a part of the page about how stock is shared.

use commerce::stock::purchase_limits as use_cases;
use domain::{
    Fault, Fields,
    purchase_limits::{PurchaseLimitRule, SetPurchaseLimit as Wanted},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Button, Column, DataTable, Field, Form, Hidden, Tone};

use crate::{
    frame::{LOG_IN, files, said},
    stock_models::PATH,
};

/// The part of the page that its forms speak to.
const FORM: &str = "purchase-limit";

/// Limits what one member may buy of a variant.
#[server(prefix = "/rpc/hq", endpoint = "set_purchase_limit")]
pub async fn set_purchase_limit(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        use_cases::set(&scope, Wanted::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已保存，立即生效；之前买的也计算在内"))
    })
    .await
}

/// Takes a limit back.
#[server(prefix = "/rpc/hq", endpoint = "remove_purchase_limit")]
pub async fn remove_purchase_limit(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let sku = fields.text("sku_id").parse().map_err(|_| Fault::NotFound("这条限购"))?;
        use_cases::remove(&scope, sku).await?;
        Ok(Next::to(PATH).saying(FORM, "已取消限购"))
    })
    .await
}

/// The limits, and the form where whoever asks may set them.
pub fn section(asked: &Asked, rules: Vec<PurchaseLimitRule>, sets: bool) -> AnyView {
    let columns = ["商品", "限购", "操作"].map(Column::new).to_vec();
    let none = rules.is_empty().then(|| {
        view! { <p class="text-sm text-base-content/70">"没有限购的商品。热门商品可以限制每人件数，并缩短付款时间。"</p> }
    });
    let table = (!rules.is_empty()).then(|| {
        let rows = rules.into_iter().map(|rule| row(rule, sets)).collect_view();
        view! { <DataTable caption="限购" columns=columns>{rows}</DataTable> }
    });
    let form = sets.then(|| form(asked));
    let told = said(asked, FORM);
    view! {
        <section class="mt-8" aria-labelledby="purchase-limits">
            <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                <h2 id="purchase-limits" class="text-lg font-bold">"限购"</h2>
                <div class="flex gap-3">{files("/hq/purchase-limits", &[])}</div>
            </div>
            {told}
            {none}
            {table}
            {form}
        </section>
    }
    .into_any()
}

fn row(rule: PurchaseLimitRule, sets: bool) -> impl IntoView {
    let meaning = rule.meaning();
    let label = format!("取消 {} 的限购", rule.name);
    let remove = sets.then(|| {
        view! {
            <Form action=RemovePurchaseLimit::PATH>
                <Hidden name="from" value=PATH/>
                <Hidden name="sku_id" value=rule.sku_id.to_string()/>
                <Button tone=Tone::Plain label=label>"取消"</Button>
            </Form>
        }
    });
    view! {
        <tr>
            <td class="min-w-40"><span class="font-medium">{rule.name}</span>
                <span class="block text-sm text-base-content/70">{rule.sku}</span></td>
            <td class="min-w-40">{meaning}</td>
            <td>{remove}</td>
        </tr>
    }
}

fn form(asked: &Asked) -> impl IntoView + use<> {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((sku_wrong, sku), (most_wrong, most)) = (part("sku"), part("most"));
    let ((days_wrong, days), (pay_wrong, pay)) = (part("days"), part("pay_minutes"));
    // What was refused is seen with what is wrong beside its field.
    let refused = asked.flash_of(FORM).is_some_and(|flash| !flash.good);
    view! {
        <details class="panel mt-4 p-4" open=refused>
            <summary class="cursor-pointer font-medium">"设置限购"</summary>
            <Form action=SetPurchaseLimit::PATH class="mt-4">
                <Hidden name="from" value=PATH/>
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <Field name="sku" label="商品编码" value=sku error=sku_wrong maxlength=64/>
                    <Field name="most" label="每人最多几件" inputmode="numeric" value=most error=most_wrong
                        hint="所有门店合计；未付款、已付款、已完成的订单都算，取消的、过期的和门店拒绝的不算。"/>
                    <Field name="days" label="多少天内" inputmode="numeric" value=days error=days_wrong required=false
                        hint="留空则一直累计。"/>
                    <Field name="pay_minutes" label="付款时限（分钟）" inputmode="numeric" value=pay error=pay_wrong required=false
                        hint="含这件商品的订单多久内付款；留空或比平时更长，按平时的时限。"/>
                </div>
                <Button>"保存"</Button>
            </Form>
        </details>
    }
}
