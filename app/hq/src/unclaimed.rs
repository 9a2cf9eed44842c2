//! What becomes of orders that are ready and that nobody fetches.

use commerce::orders;
use domain::{Fault, Fields, order_centre::UnclaimedRule};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Button, Card, Field, Form, Hidden};

use crate::frame::{Frame, LOG_IN, Tab, said};

/// The page.
pub(crate) const PATH: &str = "/hq/unclaimed";
/// The part of the page that its form speaks to.
const FORM: &str = "unclaimed";

/// Sets after how many days such an order is called off.
#[server(prefix = "/rpc/hq", endpoint = "set_unclaimed_rule")]
pub async fn set_unclaimed_rule(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        orders::set_unclaimed_rule(&scope, UnclaimedRule::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已保存；已经逾期的订单从现在起重新计算天数，顾客会看到最后期限"))
    })
    .await
}

/// The page.
pub async fn unclaimed(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let rule = orders::unclaimed_rule(&asked.scope).await?;
    Ok(Page::new("逾期未取", move || {
        let (wrong, typed) = asked.field(FORM, "days");
        let days = typed.unwrap_or_else(|| rule.days.to_string());
        let form = view! {
            <Form action=SetUnclaimedRule::PATH>
                <Hidden name="from" value=PATH/>
                <Field name="days" label="多少天后自动取消并退款" inputmode="numeric" value=days error=wrong.unwrap_or_default()
                    hint="从取货时段结束、备货完成和设置规则三者中最晚的时间算起；0 表示不自动取消，最多 90 天。"/>
                <Button>"保存规则"</Button>
            </Form>
        };
        let body = view! {
            {said(&asked, FORM)}
            <div class="max-w-xl">
                <Card title="现在的规则">
                    <p class="mb-4 text-base-content/70">{rule.text()}"顾客在订单页上会看到最后期限；取消后商品回到库存，款项原路退回。"</p>
                    {form}
                </Card>
            </div>
        };
        frame.screen(Tab::Orders, "逾期未取".into(), "/hq/orders", ().into_any(), body.into_any())
    }))
}
