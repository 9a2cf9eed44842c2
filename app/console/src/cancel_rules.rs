//! Until when shoppers call orders of these stores off by themselves: head office's rules, and the stores' own.

use commerce::{orders, stores};
use domain::{
    Fault, Fields, StoreId,
    cancelling::{SetCancelRule as Set, StoreCancelRule},
    staff::Permission,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Breadcrumbs, Card};
use views::{
    Ending,
    cancel_rules::{self as shown, FORM},
};

use crate::frame::{Frame, Lit, news};

/// The page.
pub const PATH: &str = "/console/cancel-rules";

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
        let house = shown::house(&rules.house);
        let own = own(&rules.stores, &mine);
        let form = (!mine.is_empty()).then(|| shown::form(&asked, SetCancelRule::PATH, PATH, &mine));
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

fn own(stores: &[StoreCancelRule], mine: &[(StoreId, String)]) -> AnyView {
    if stores.is_empty() {
        return view! { <p class="mb-4 text-base-content/70">"门店都按总部的规则。"</p> }.into_any();
    }
    let ending = Ending { action: EndCancelRules::PATH, from: PATH };
    let list = shown::own(stores, ending, |store| mine.iter().any(|(id, _)| *id == store));
    view! { <div class="mb-4">{list}</div> }.into_any()
}
