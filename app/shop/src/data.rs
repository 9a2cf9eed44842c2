//! 个人信息: everything about oneself as a file; and how to go.

use commerce::members;
use domain::{
    Fault, Fields,
    members::{AccountView, CodeFor, EraseAccount as EraseAccountCommand, LeavingView},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{
    Asked, Next, Page,
    cookies::{self, Bearer},
};
use ui::{Button, Card, CheckBox, Field, Form, Hidden, LinkButton, Notice, Tone};

use crate::{
    account::ask_code,
    frame::{Frame, Tab},
};

/// The part of the page that its form speaks to.
const FORM: &str = "leave";

/// Erases one's account.
#[server(prefix = "/rpc/shop", endpoint = "erase_account")]
pub async fn erase_account(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        members::erase(&scope, EraseAccountCommand::from_fields(&fields)?).await?;
        let next = Next::to("/login").saying("phone", "账号已注销。感谢您曾经光临，欢迎随时再来。");
        Ok(next.with_cookie(cookies::gone(&scope, Bearer::Shopper)))
    })
    .await
}

pub async fn data(asked: Asked) -> Result<Page, Fault> {
    let account = members::account(&asked.scope).await?;
    let leaving = members::leaving(&asked.scope).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("个人信息与注销", move || {
        let leave = leave(&asked, &account, leaving);
        let body = view! {
            <div class="mx-auto mt-3 grid max-w-xl gap-4">
                <Card title="导出个人信息">
                    <p class="mb-3 text-sm text-base-content/70">
                        "一份文件，包含我们保存的关于您的全部信息：资料、订单、购物车、登录的设备等。"
                    </p>
                    <LinkButton href="/me/export.json">"下载"</LinkButton>
                </Card>
                {leave}
            </div>
        };
        frame.titled(Tab::Me, "个人信息与注销", "/me", body.into_any())
    }))
}

fn leave(asked: &Asked, account: &AccountView, leaving: LeavingView) -> impl IntoView + use<> {
    let inside = match hindrance(leaving) {
        Some(hindrance) => hindrance,
        None => form(asked, account).into_any(),
    };
    let kept = (leaving.orders > 0).then(|| {
        let text = format!("{} 个订单的金额与商品按法律要求保留，但不再与您有关，您也不能再查看。", leaving.orders);
        view! { <li>{text}</li> }
    });
    view! {
        <Card title="注销账号">
            <ul class="mb-3 list-disc ps-5 text-sm">
                <li>"手机号、昵称、密码、微信绑定、购物车和订单备注会被删除，所有设备退出登录。"</li>
                {kept}
                <li>"注销后不能恢复。以后用同一个手机号登录，会是一个新账号。"</li>
            </ul>
            {inside}
        </Card>
    }
}

/// What stands in the way, and the next step.
fn hindrance(leaving: LeavingView) -> Option<AnyView> {
    let (text, href) = if leaving.open_orders > 0 {
        (format!("还有 {} 个订单没有完成，请先取货或取消。", leaving.open_orders), "/orders")
    } else if leaving.open_after_sales > 0 {
        (format!("还有 {} 张售后单没有完成，请先撤销或等待结果。", leaving.open_after_sales), "/after-sales")
    } else if leaving.refunds > 0 {
        (format!("还有 {} 笔退款没有到账，请等到账后再来。", leaving.refunds), "/orders?show=closed")
    } else {
        return None;
    };
    Some(
        view! {
            <Notice tone=Tone::Warn>{text}</Notice>
            <LinkButton href=href>"查看订单"</LinkButton>
        }
        .into_any(),
    )
}

fn form(asked: &Asked, account: &AccountView) -> impl IntoView + use<> {
    let error = asked.field(FORM, "code").0.unwrap_or_default();
    let said = asked.flash_of(FORM).and_then(|flash| {
        let message = match flash.complaint("understood") {
            Some(complaint) => complaint.to_owned(),
            None if flash.complaints.is_empty() => flash.message.clone(),
            None => return None,
        };
        Some(view! { <Notice tone=Tone::Error>{message}</Notice> })
    });
    let (ask, here) = (ask_code(asked, account, CodeFor::Erase), asked.here.clone());
    view! {
        {ask}
        {said}
        <Form action=EraseAccount::PATH>
            <Hidden name="from" value=here/>
            <Field name="code" label="短信验证码" inputmode="numeric" autocomplete="one-time-code" placeholder="6 位数字"
                maxlength=6 error=error/>
            <CheckBox name="understood" label="我已了解，注销后不能恢复"/>
            <div class="mt-3"><Button tone=Tone::Error>"注销账号"</Button></div>
        </Form>
    }
}
