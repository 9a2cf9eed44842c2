//! 账号与安全: one's ways in.

use commerce::members::{self, wechat};
use domain::{
    Fault, Fields,
    members::{AccountView, AskOwnCode as AskOwnCodeCommand, CodeFor, Proof, SetPassword as SetPasswordCommand},
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Button, Card, Field, Form, Hidden, LinkButton, Notice, Tone};

use crate::{
    frame::{Frame, Tab, news},
    log_in::entered,
};

/// This page.
pub const PATH: &str = "/me/account";
/// The part of the page that its forms speak to.
const FORM: &str = "account";
/// Where codes to one's own number are told of.
pub const CODE: &str = "own-code";

/// Sends a code to one's own number.
#[server(prefix = "/rpc/shop", endpoint = "ask_own_code")]
pub async fn ask_own_code(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(CODE, "/login", fields, async |scope, fields| {
        let purpose = CodeFor::from_code(fields.text("for")).filter(|purpose| *purpose != CodeFor::Phone);
        let purpose = purpose.ok_or(Fault::NotFound("这种验证码"))?;
        members::ask_own_code(&scope, AskOwnCodeCommand { purpose, phone: None }).await?;
        let back = rpc::back_path(fields.text("from")).to_owned();
        Ok(Next::to(back).saying(CODE, "验证码已发送，5 分钟内有效").keeping(fields))
    })
    .await
}

/// Chooses a password, or another one.
#[server(prefix = "/rpc/shop", endpoint = "set_password")]
pub async fn set_password(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let done = members::set_password(&scope, SetPasswordCommand::from_fields(&fields)?).await?;
        Ok(entered(&scope, Next::to(PATH).saying(FORM, "密码已设置，其他设备上的登录都已退出"), &done))
    })
    .await
}

/// Gives the password up.
#[server(prefix = "/rpc/shop", endpoint = "remove_password")]
pub async fn remove_password(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let done = members::remove_password(&scope, &Proof::from_fields(&fields)?).await?;
        Ok(entered(&scope, Next::to(PATH).saying(FORM, "密码已取消，以后用短信验证码登录"), &done))
    })
    .await
}

pub async fn account(asked: Asked) -> Result<Page, Fault> {
    let account = members::account(&asked.scope).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("账号与安全", move || {
        let said = asked.flash_of(FORM).filter(|flash| flash.complaints.is_empty()).and_then(|_| news(&asked, FORM));
        let number = text::masked_phone(account.member.phone.as_str());
        let password = password(&asked, &account);
        let linked = if account.wechat.is_empty() { "未绑定" } else { "已绑定" };
        // What is linked can be taken off even where no new one can be linked.
        let offers = wechat::is_offered(&asked.scope) || !account.wechat.is_empty();
        let wechat = offers.then(|| {
            view! {
                <Card title="微信">
                    <div class="flex items-center justify-between gap-3">
                        <span class="font-medium">{linked}</span>
                        <LinkButton href="/me/wechat">"管理"</LinkButton>
                    </div>
                </Card>
            }
        });
        let body = view! {
            <div class="mx-auto mt-3 grid max-w-xl gap-4">
                {said}
                <Card title="手机号">
                    <div class="flex items-center justify-between gap-3">
                        <span class="tabular font-medium">{number}</span>
                        <LinkButton href="/me/phone">"更换"</LinkButton>
                    </div>
                </Card>
                {wechat}
                {password}
            </div>
        };
        frame.titled(Tab::Me, "账号与安全", "/me", body.into_any())
    }))
}

fn password(asked: &Asked, account: &AccountView) -> impl IntoView + use<> {
    let [wrong, again_wrong] =
        ["password", "password_again"].map(|field| asked.field(FORM, field).0.unwrap_or_default());
    let (has, here) = (account.has_password, asked.here.clone());
    let title = if has { "修改登录密码" } else { "设置登录密码" };
    let ask = ask_code(asked, account, CodeFor::Account);
    let proof = proof(asked, account, FORM);
    let remove = has.then(|| {
        view! {
            <p class="mt-2 text-sm text-base-content/70">
                "不想再用密码？填好上面的验证（新密码留空）后点这里，以后只用短信验证码登录。"
            </p>
        }
    });
    // The button that gives the password up posts the same proof elsewhere, whatever is typed as a new password.
    let give_up = has.then(|| {
        view! {
            <button type="submit" class="btn btn-quiet" formaction=RemovePassword::PATH formnovalidate=true>
                "取消密码登录"
            </button>
        }
    });
    view! {
        <Card title=title>
            <p class="mb-3 text-sm text-base-content/70">"设置后可以用手机号和密码登录，短信验证码照常可用。"</p>
            {ask}
            <Form action=SetPassword::PATH>
                <Hidden name="from" value=here/>
                {proof}
                <Field name="password" label="新密码" kind="password" autocomplete="new-password" error=wrong
                    hint="至少 8 位，可以是几个不相关的词或一句话；不必有大写或符号。"/>
                <Field name="password_again" label="再输一次" kind="password" autocomplete="new-password" error=again_wrong/>
                <div class="flex flex-wrap gap-3">
                    <Button>"保存"</Button>
                    {give_up}
                </div>
                {remove}
            </Form>
        </Card>
    }
}

/// Whether the page proves by code: where there is no password, or somebody forgot theirs.
fn by_code(asked: &Asked, account: &AccountView) -> bool {
    !account.has_password || asked.query.text("by") == "code"
}

/// The field that shows that it is the member, and how to get what it wants.
pub fn proof(asked: &Asked, account: &AccountView, form: &str) -> AnyView {
    let error = |field: &str| asked.field(form, field).0.unwrap_or_default();
    if by_code(asked, account) {
        let label = format!("发送到 {} 的验证码", text::masked_phone(account.member.phone.as_str()));
        return view! {
            <Field name="old_code" label=label inputmode="numeric" autocomplete="one-time-code" placeholder="6 位数字"
                maxlength=6 error=error("old_code")/>
        }
        .into_any();
    }
    let path = asked.here.split('?').next().unwrap_or(PATH).to_owned();
    view! {
        <Field name="old_password" label="现在的密码" kind="password" autocomplete="current-password"
            error=error("old_password")/>
        <p class="-mt-2 mb-3 text-sm"><a class="link" href=format!("{path}?by=code")>"忘了密码？用短信验证"</a></p>
    }
    .into_any()
}

/// Sends the code that a [`proof`] by code or an erasure wants; what was typed as a number stays.
pub fn ask_code(asked: &Asked, account: &AccountView, purpose: CodeFor) -> Option<AnyView> {
    if purpose == CodeFor::Account && !by_code(asked, account) {
        return None;
    }
    let said = asked.flash_of(CODE).map(|flash| {
        let (tone, message) = (if flash.good { Tone::Success } else { Tone::Error }, flash.message.clone());
        view! { <Notice tone=tone>{message}</Notice> }
    });
    let label = format!("发送验证码到 {}", text::masked_phone(account.member.phone.as_str()));
    let here = asked.here.clone();
    let kept = kept_phone(asked).map(|phone| view! { <Hidden name="phone" value=phone/> });
    Some(
        view! {
            {said}
            <Form action=AskOwnCode::PATH class="mb-4">
                <Hidden name="from" value=here/>
                <Hidden name="for" value=purpose.code()/>
                {kept}
                <Button tone=Tone::Plain>{label}</Button>
            </Form>
        }
        .into_any(),
    )
}

/// The number that somebody typed before they asked for a code.
pub fn kept_phone(asked: &Asked) -> Option<String> {
    let typed = asked.flash.as_ref()?.typed.given("phone")?;
    Some(typed.to_owned())
}
