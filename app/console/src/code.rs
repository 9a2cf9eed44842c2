//! The second step of a log-in.

use commerce::staff::{LoggedIn, second_step};
use domain::{Fault, Fields, staff::EnterCode as EnterCodeCommand};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{
    Asked, Next, Page, back_path, cookie_sent,
    cookies::{self, Bearer},
};
use ui::{Button, Card, Field, Form, Hidden, LinkButton, Main, Notice, Size, Tone};

use crate::log_in::landing;

/// This page.
pub const PATH: &str = "/console/code";
const LOG_IN: &str = "/console/login";
const FORM: &str = "code";

/// Takes the code and goes on to where the person wanted to.
#[server(prefix = "/rpc/console", endpoint = "enter_code")]
pub async fn enter_code(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let device = cookie_sent(&cookies::device_name(Bearer::Staff, &scope.house().settings.public_url));
        let command = EnterCodeCommand::from_fields(&fields)?;
        let LoggedIn { token, device, person } = second_step::enter(&scope, command, device.as_deref()).await?;
        let next = Next::to(landing(&person, fields.given("to")));
        let next = next.with_cookie(cookies::session(&scope, Bearer::Staff, &token));
        Ok(next.with_cookie(cookies::device(&scope, Bearer::Staff, &device)))
    })
    .await
}

/// The page that asks for the code.
///
/// Faults: `Unauthenticated` where no log-in has got so far.
pub async fn code(asked: Asked) -> Result<Page, Fault> {
    if !asked.scope.awaits_code() {
        return Err(Fault::Unauthenticated);
    }
    Ok(Page::new("两步验证", move || {
        let (code_wrong, _) = asked.field(FORM, "code");
        let flash = asked.flash_of(FORM).filter(|flash| flash.complaints.is_empty());
        let notice = flash.map(|flash| flash.message.clone());
        let to = back_path(asked.query.text("to")).to_owned();
        view! {
            <Main narrow=true>
                <Card class="mt-12">
                    <h1 class="text-2xl font-bold">"两步验证"</h1>
                    <p class="mb-5 mt-1 text-sm text-base-content/70">"密码正确。请输入手机验证器上的 6 位数字，10 分钟内有效。"</p>
                    {notice.map(|message| view! { <Notice tone=Tone::Error>{message}</Notice> })}
                    <Form action=EnterCode::PATH>
                        <Hidden name="from" value=asked.here/>
                        <Hidden name="to" value=to/>
                        <Field name="code" label="验证码" inputmode="numeric" autocomplete="one-time-code" maxlength=7 autofocus=true
                            error=code_wrong.unwrap_or_default()/>
                        <Button block=true size=Size::Large>"继续"</Button>
                    </Form>
                    <p class="mt-4 text-sm text-base-content/70">"手机丢了？请管理员在员工页面解除两步验证。"</p>
                    <LinkButton href=LOG_IN>"换一个账号"</LinkButton>
                </Card>
            </Main>
        }
    }))
}
