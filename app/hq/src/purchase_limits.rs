//! How many pieces of a variant one member may buy 限购: a part of the page about how stock is shared.

use commerce::stock::purchase_limits as use_cases;
use domain::{
    Fault, Fields,
    purchase_limits::{PurchaseLimitRule, SetPurchaseLimit as Wanted},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::Field;

use crate::{
    frame::LOG_IN,
    rulebook::{Part, take_back, variant},
    stock_models::PATH,
};

const FORM: &str = "purchase-limit";
const PART: Part = Part {
    form: FORM,
    title: "限购",
    files: "/hq/purchase-limits",
    columns: &["商品", "限购", "操作"],
    none: "没有限购的商品。热门商品可以限制每人件数，并缩短付款时间。",
};

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
    let rows = rules.into_iter().map(|rule| row(rule, sets).into_any()).collect();
    PART.section(asked, rows, sets.then(|| form(asked)))
}

fn row(rule: PurchaseLimitRule, sets: bool) -> impl IntoView {
    let meaning = rule.meaning();
    let label = format!("取消 {} 的限购", rule.name);
    let remove = sets.then(|| take_back(RemovePurchaseLimit::PATH, ("sku_id", rule.sku_id.to_string()), label));
    view! {
        <tr>
            {variant(rule.name, rule.sku)}
            <td class="min-w-40">{meaning}</td>
            <td>{remove}</td>
        </tr>
    }
}

fn form(asked: &Asked) -> AnyView {
    let field = |name| PART.field(asked, name);
    let ((sku_wrong, sku), (most_wrong, most)) = (field("sku"), field("most"));
    let ((days_wrong, days), (pay_wrong, pay)) = (field("days"), field("pay_minutes"));
    let fields = view! {
        <div class="grid gap-x-4 sm:grid-cols-2">
            <Field name="sku" label="商品编码" value=sku error=sku_wrong maxlength=64/>
            <Field name="most" label="每人最多几件" inputmode="numeric" value=most error=most_wrong
                hint="所有门店合计；未付款、已付款、已完成的订单都算，取消的、过期的和门店拒绝的不算。"/>
            <Field name="days" label="多少天内" inputmode="numeric" value=days error=days_wrong required=false
                hint="留空则一直累计。"/>
            <Field name="pay_minutes" label="付款时限（分钟）" inputmode="numeric" value=pay error=pay_wrong required=false
                hint="含这件商品的订单多久内付款；留空或比平时更长，按平时的时限。"/>
        </div>
    };
    PART.form(asked, SetPurchaseLimit::PATH, fields.into_any())
}
