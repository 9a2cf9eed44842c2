//! Until when shoppers call paid orders off by themselves, for each way, and whether they may ask afterwards.

use commerce::orders;
use domain::{
    Fault, Fields, StoreId,
    cancelling::{SetCancelRule, StoreCancelRule},
    staff::Permission,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::Card;
use views::{
    Ending,
    cancel_rules::{self as shown, FORM},
};

use crate::frame::{Frame, LOG_IN, Tab, said};

/// The page.
pub(crate) const PATH: &str = "/hq/cancel-rules";

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
        let house = shown::house(&rules.house);
        let form = shown::form(&asked, SetHouseCancelRule::PATH, PATH, &[]);
        let own = own(&rules.stores, ends);
        let told = said(&asked, FORM);
        let body = view! {
            {told}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <Card title="现在的规则">
                    <p class="mb-2 text-base-content/70">
                        "门店还没有接单的订单，顾客随时可以自行取消。申请取消时订单继续，门店同意后全部原路退款（含运费）；30 分钟没有答复的，会在这里的订单列表里提醒总部。"
                    </p>
                    <div class="mb-4">{house}</div>
                    {form}
                </Card>
                <Card title="门店自己的规则">{own}</Card>
            </div>
        };
        frame.screen(Tab::Orders, "取消规则".into(), "/hq/orders", ().into_any(), body.into_any())
    }))
}

fn own(stores: &[StoreCancelRule], ends: bool) -> AnyView {
    if stores.is_empty() {
        let text = "所有门店都按总部的规则。门店可以在门店端「全部订单 → 取消规则」里改成自己的。";
        return view! { <p class="text-base-content/70">{text}</p> }.into_any();
    }
    shown::own(stores, Ending { action: EndStoreCancelRules::PATH, from: PATH }, |_| ends)
}
