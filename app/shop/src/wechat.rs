//! 微信: linking a WeChat account to one's own, and taking it off.

use chrono::{DateTime, Utc};
use commerce::members::{self, wechat};
use domain::{
    Fault, Fields,
    members::{AccountView, CodeFor, Proof},
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Button, Card, Fact, Facts, Form, Hidden};

use crate::{
    account::{self, ask_code, proof},
    frame::{Frame, Tab, news},
};

/// This page.
const PATH: &str = "/me/wechat";
/// The part of the page that its forms speak to.
const FORM: &str = "wechat";

/// Sends the browser to WeChat, to come back and be linked.
#[server(prefix = "/rpc/shop", endpoint = "link_wechat")]
pub async fn link_wechat(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        scope.member()?;
        Ok(Next::to(wechat::begin_link(&scope, &Proof::from_fields(&fields)?).await?))
    })
    .await
}

/// Takes every WeChat account off.
#[server(prefix = "/rpc/shop", endpoint = "unlink_wechat")]
pub async fn unlink_wechat(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        scope.member()?;
        wechat::unlink(&scope, &Proof::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "微信已解除绑定，以后用手机号登录"))
    })
    .await
}

pub async fn wechat(asked: Asked) -> Result<Page, Fault> {
    let account = members::account(&asked.scope).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("微信", move || {
        let said = asked.flash_of(FORM).filter(|flash| flash.complaints.is_empty()).and_then(|_| news(&asked, FORM));
        let linked = linked(&account, asked.scope.now);
        let form = form(&asked, &account);
        let body = view! {
            <div class="mx-auto mt-3 max-w-md">
                {said}
                <Card title="微信登录">{linked} {form}</Card>
            </div>
        };
        frame.titled(Tab::Me, "微信", account::PATH, body.into_any())
    }))
}

fn linked(account: &AccountView, now: DateTime<Utc>) -> AnyView {
    if account.wechat.is_empty() {
        return view! { <p class="mb-3 text-sm text-base-content/70">"绑定后可以用微信直接登录，手机号照常可用。"</p> }
            .into_any();
    }
    let facts = account.wechat.iter().map(|one| {
        let since = format!("{} 绑定", text::moment(one.linked_at, now, text::zone("")));
        view! { <Fact label=one.app.label()>{since}</Fact> }
    });
    let facts = facts.collect_view();
    view! { <Facts class="mb-3">{facts}</Facts> }.into_any()
}

fn form(asked: &Asked, account: &AccountView) -> Option<AnyView> {
    let (offered, has) = (wechat::is_offered(&asked.scope), !account.wechat.is_empty());
    if !offered && !has {
        return None;
    }
    let (ask, proof, here) =
        (ask_code(asked, account, CodeFor::Account), proof(asked, account, FORM), asked.here.clone());
    let link = offered.then(|| view! { <Button>{if has { "绑定另一个微信" } else { "绑定微信" }}</Button> });
    let unlink = has.then(|| view! { <Button tone=ui::Tone::Plain formaction=UnlinkWechat::PATH>"解除绑定"</Button> });
    Some(
        view! {
            {ask}
            <Form action=LinkWechat::PATH>
                <Hidden name="from" value=here/>
                {proof}
                <div class="flex flex-wrap gap-3">{link} {unlink}</div>
            </Form>
        }
        .into_any(),
    )
}
