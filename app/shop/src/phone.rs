//! 更换手机号: a code to the number to come, and what shows that it is the member.

use commerce::members;
use domain::{
    Fault, Fields,
    members::{AccountView, AskOwnCode, ChangePhone as ChangePhoneCommand, CodeFor, Phone},
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page, back_path};
use ui::{Button, Card, Field, Form, Hidden, Size};

use crate::{
    account::{self, ask_code, kept_phone, proof},
    frame::{Frame, Tab, news},
};

/// This page.
const PATH: &str = "/me/phone";
/// The part of the page that its forms speak to.
const FORM: &str = "phone";

/// Sends a code to the number to come.
#[server(prefix = "/rpc/shop", endpoint = "ask_phone_code")]
pub async fn ask_phone_code(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let mut read = fields.read();
        let phone: Option<Phone> = read.value("phone");
        let phone = read.finish(|| phone)?;
        let news = format!("验证码已发送到 {}，5 分钟内有效", text::masked_phone(phone.as_str()));
        members::ask_own_code(&scope, AskOwnCode { purpose: CodeFor::Phone, phone: Some(phone) }).await?;
        Ok(Next::to(back_path(fields.text("from")).to_owned()).saying(FORM, news).keeping(fields))
    })
    .await
}

/// Changes the number; where it is another account's, leads on to what merging them would mean.
#[server(prefix = "/rpc/shop", endpoint = "change_phone")]
pub async fn change_phone(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let changed = members::change_phone(&scope, ChangePhoneCommand::from_fields(&fields)?).await?;
        Ok(match changed.merge {
            Some(offer) => Next::to(format!("/me/merge/{}", offer.id)),
            None => Next::to(account::PATH).saying("account", "手机号已更换，其他设备上的登录都已退出"),
        })
    })
    .await
}

pub async fn phone(asked: Asked) -> Result<Page, Fault> {
    let account = members::account(&asked.scope).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("更换手机号", move || {
        let now = text::masked_phone(account.member.phone.as_str());
        // A number that is none has no code to wait for.
        let wrong = asked.field(FORM, "phone").0;
        let part = match kept_phone(&asked).filter(|_| wrong.is_none()) {
            Some(phone) => codes(&asked, &account, phone).into_any(),
            None => number(&asked).into_any(),
        };
        let body = view! {
            <div class="mx-auto mt-3 max-w-md">
                <Card>
                    <p class="mb-4 text-sm text-base-content/70">{format!("现在的手机号 {now}。更换后用新号码登录，订单都还在。")}</p>
                    {part}
                </Card>
            </div>
        };
        frame.titled(Tab::Me, "更换手机号", account::PATH, body.into_any())
    }))
}

fn number(asked: &Asked) -> impl IntoView + use<> {
    let (error, typed) = asked.field(FORM, "phone");
    let said = news(asked, FORM).filter(|_| error.is_none());
    let here = asked.here.clone();
    view! {
        {said}
        <Form action=AskPhoneCode::PATH>
            <Hidden name="from" value=here/>
            <Field name="phone" label="新手机号" kind="tel" inputmode="numeric" autocomplete="off" placeholder="11 位手机号"
                value=typed.unwrap_or_default() error=error.unwrap_or_default()/>
            <Button block=true size=Size::Large>"获取验证码"</Button>
        </Form>
    }
}

fn codes(asked: &Asked, account: &AccountView, phone: String) -> impl IntoView + use<> {
    let error = asked.field(FORM, "code").0.unwrap_or_default();
    let said = asked.flash_of(FORM).filter(|flash| flash.complaints.is_empty()).and_then(|_| news(asked, FORM));
    let (ask, proof) = (ask_code(asked, account, CodeFor::Account), proof(asked, account, FORM));
    let label = format!("发送到 {} 的验证码", text::masked_phone(&phone));
    let (again, here, here_again) = (phone.clone(), asked.here.clone(), asked.here.clone());
    view! {
        {said}
        {ask}
        <Form action=ChangePhone::PATH>
            <Hidden name="from" value=here/>
            <Hidden name="phone" value=phone/>
            <Field name="code" label=label inputmode="numeric" autocomplete="off" placeholder="6 位数字" maxlength=6 error=error/>
            {proof}
            <Button block=true size=Size::Large>"更换"</Button>
        </Form>
        <Form action=AskPhoneCode::PATH class="mt-3">
            <Hidden name="from" value=here_again/>
            <Hidden name="phone" value=again/>
            <Button tone=ui::Tone::Plain block=true>"重新发送到新号码"</Button>
        </Form>
        <p class="mt-3 text-center"><a class="link touch inline-flex items-center text-sm" href=PATH>"换一个号码"</a></p>
    }
}
