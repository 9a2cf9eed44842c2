//! Logging in: a number, then the code that was sent to it; or a number and its password. All on one page.

use commerce::{
    Scope,
    members::{self, LoggedIn, wechat},
    sessions,
};
use domain::{
    Fault, Fields,
    members::{AskCode as AskCodeCommand, LogIn as LogInCommand, LogInWithPassword as LogInWithPasswordCommand},
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{
    Asked, Next, Page, back_path, cookie_sent,
    cookies::{self, Bearer},
};
use ui::{Button, Card, Field, Form, Hidden, Notice, Size, Tone};

use crate::frame::{Frame, Tab};

/// Sends a code.
#[server(prefix = "/rpc/shop", endpoint = "ask_code")]
pub async fn ask_code(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("phone", "/login", fields, async |scope, fields| {
        let ask = AskCodeCommand::from_fields(&fields)?;
        let news = format!("验证码已发送到 {},5 分钟内有效", text::masked_phone(ask.phone.as_str()));
        members::ask_code(&scope, ask).await?;
        Ok(Next::to(back_path(fields.text("from")).to_owned()).saying("code", news).keeping(fields))
    })
    .await
}

/// Logs in and goes on to where the shopper wanted to.
#[server(prefix = "/rpc/shop", endpoint = "log_in")]
pub async fn log_in_with_code(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("code", "/login", fields, async |scope, fields| {
        let (device, arrival) = (device_sent(&scope), arrival_sent(&scope));
        let command = LogInCommand { device, arrival, ..LogInCommand::from_fields(&fields)? };
        let done = members::log_in(&scope, command).await?;
        Ok(entered(&scope, Next::to(wanted(&fields)), &done).with_cookie(cookies::no_arrival(&scope)))
    })
    .await
}

pub use LogInWithCode as LogIn;

/// Logs in with a password and goes on to where the shopper wanted to.
#[server(prefix = "/rpc/shop", endpoint = "log_in_with_password")]
pub async fn log_in_with_password(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("password", "/login", fields, async |scope, fields| {
        let command =
            LogInWithPasswordCommand { device: device_sent(&scope), ..LogInWithPasswordCommand::from_fields(&fields)? };
        let done = members::log_in_with_password(&scope, command).await?;
        Ok(entered(&scope, Next::to(wanted(&fields)), &done))
    })
    .await
}

/// Sends the browser to WeChat. What comes back is bound to its session, so a visitor gets one.
#[server(prefix = "/rpc/shop", endpoint = "log_in_with_wechat")]
pub async fn log_in_with_wechat(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("phone", "/login", fields, async |scope, fields| {
        let to = wanted(&fields);
        if scope.has_session() {
            return Ok(Next::to(wechat::sign_in(&scope, &to).await?));
        }
        let (token, scope) = sessions::welcome(&scope).await?;
        let url = wechat::sign_in(&scope, &to).await?;
        Ok(Next::to(url).with_cookie(cookies::session(&scope, Bearer::Shopper, &token)))
    })
    .await
}

/// Logs in by number alone, and forgets whom WeChat named.
#[server(prefix = "/rpc/shop", endpoint = "forget_wechat")]
pub async fn forget_wechat(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("phone", "/login", fields, async |scope, fields| {
        Ok(Next::to(back_path(fields.text("from")).to_owned()).with_cookie(cookies::no_arrival(&scope)))
    })
    .await
}

/// Whom WeChat named a moment ago.
fn arrival_sent(scope: &Scope) -> Option<String> {
    cookie_sent(&cookies::arrival_name(&scope.house().settings.public_url)).filter(|token| !token.is_empty())
}

/// Where a shopper wanted to before they had to log in.
fn wanted(fields: &Fields) -> String {
    back_path(fields.given("to").unwrap_or("/me")).to_owned()
}

/// The device's token that this browser was given at its last log-in.
fn device_sent(scope: &Scope) -> Option<String> {
    cookie_sent(&cookies::device_name(Bearer::Shopper, &scope.house().settings.public_url))
}

/// Goes on as the member who has just logged in.
pub fn entered(scope: &Scope, next: Next, done: &LoggedIn) -> Next {
    next.with_cookie(cookies::session(scope, Bearer::Shopper, &done.token)).with_cookie(cookies::device(
        scope,
        Bearer::Shopper,
        &done.device,
    ))
}

/// Ends the session.
#[server(prefix = "/rpc/shop", endpoint = "log_out")]
pub async fn log_out(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("me", "/login", fields, async |scope, _| {
        sessions::end(&scope).await?;
        Ok(Next::to("/").with_cookie(cookies::gone(&scope, Bearer::Shopper)))
    })
    .await
}

pub async fn log_in(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked).await;
    Ok(Page::new("登录", move || {
        let body = view! { <LogInCard asked=asked/> };
        frame.titled(Tab::Me, "登录", "/", body.into_any())
    }))
}

#[component]
fn LogInCard(asked: Asked) -> impl IntoView {
    let to = back_path(asked.query.given("to").unwrap_or("/me")).to_owned();
    let phone = asked.field("code", "phone").1;
    let by_password = asked.query.text("way") == "password";
    let (title, note) = if by_password {
        ("密码登录", "在“我的 · 账号与安全”里设置过密码的会员可用。")
    } else {
        ("手机号登录", "未注册的手机号验证后自动成为会员。")
    };
    let other_way = other_way(&to, by_password);
    let arrival_name = cookies::arrival_name(&asked.scope.house().settings.public_url);
    let named = asked.cookies.get(&arrival_name).is_some_and(|token| !token.is_empty());
    let wechat = with_wechat(&asked, &to, named);
    let part = match phone {
        Some(phone) => view! { <CodeForm asked=asked to=to phone=phone/> }.into_any(),
        None if by_password => view! { <PasswordForm asked=asked to=to/> }.into_any(),
        None => view! { <PhoneForm asked=asked/> }.into_any(),
    };
    view! {
        <div class="mx-auto mt-6 max-w-md">
            <Card>
                <h2 class="text-xl font-bold">{title}</h2>
                <p class="mt-1 text-sm text-base-content/70">{note}</p>
                <div class="mt-4">{part}</div>
                {other_way}
                {wechat}
            </Card>
        </div>
    }
}

/// The way in through WeChat; where it has named somebody already, only the number is missing.
fn with_wechat(asked: &Asked, to: &str, named: bool) -> Option<AnyView> {
    let (here, to) = (asked.here.clone(), to.to_owned());
    if named {
        let said = view! {
            <Notice tone=Tone::Info>"微信已确认，验证手机号后自动绑定，下次用微信直接登录。"</Notice>
            <Form action=ForgetWechat::PATH>
                <Hidden name="from" value=here/>
                <Button tone=Tone::Plain block=true>"不绑定微信"</Button>
            </Form>
        };
        return Some(view! { <div class="mt-4 border-t border-base-300 pt-4">{said}</div> }.into_any());
    }
    let offered = wechat::is_offered(&asked.scope).then(|| {
        view! {
            <div class="mt-4 border-t border-base-300 pt-4">
                <Form action=LogInWithWechat::PATH>
                    <Hidden name="from" value=here/>
                    <Hidden name="to" value=to/>
                    <Button tone=Tone::Plain block=true size=Size::Large>"微信登录"</Button>
                </Form>
            </div>
        }
    });
    offered.map(IntoAny::into_any)
}

/// The way in that the page does not show.
fn other_way(to: &str, by_password: bool) -> impl IntoView + use<> {
    let to = urlencoding::encode(to).into_owned();
    let (href, label) = if by_password {
        (format!("/login?to={to}"), "用短信验证码登录")
    } else {
        (format!("/login?way=password&to={to}"), "用密码登录")
    };
    view! { <p class="mt-3 text-center"><a class="link touch inline-flex items-center text-sm" href=href>{label}</a></p> }
}

#[component]
fn PasswordForm(asked: Asked, to: String) -> impl IntoView {
    let (phone_error, typed) = asked.field("password", "phone");
    let (error, _) = asked.field("password", "password");
    let message =
        asked.flash_of("password").filter(|flash| flash.complaints.is_empty()).map(|flash| flash.message.clone());
    view! {
        <Form action=LogInWithPassword::PATH class="grid gap-4">
            {message.map(|message| view! { <Notice tone=Tone::Error>{message}</Notice> })}
            <Hidden name="from" value=asked.here/>
            <Hidden name="to" value=to/>
            <Field name="phone" label="手机号" kind="tel" inputmode="numeric" autocomplete="username" placeholder="11 位手机号"
                required=true autofocus=true value=typed.unwrap_or_default() error=phone_error.unwrap_or_default()/>
            <Field name="password" label="密码" kind="password" autocomplete="current-password" required=true
                error=error.unwrap_or_default()/>
            <Button block=true size=Size::Large>"登录"</Button>
        </Form>
    }
}

#[component]
fn PhoneForm(asked: Asked) -> impl IntoView {
    let (error, typed) = asked.field("phone", "phone");
    let message = crate::frame::news(&asked, "phone").filter(|_| error.is_none());
    view! {
        <Form action=AskCode::PATH class="grid gap-4">
            {message}
            <Hidden name="from" value=asked.here.clone()/>
            <Field name="phone" label="手机号" kind="tel" inputmode="numeric" autocomplete="tel-national" placeholder="11 位手机号"
                required=true autofocus=true value=typed.unwrap_or_default() error=error.unwrap_or_default()/>
            <Button block=true size=Size::Large>"获取验证码"</Button>
        </Form>
    }
}

#[component]
fn CodeForm(asked: Asked, to: String, phone: String) -> impl IntoView {
    let (error, _) = asked.field("code", "code");
    let flash = asked.flash_of("code").filter(|_| error.is_none());
    let notice = flash.map(|flash| (if flash.good { Tone::Success } else { Tone::Error }, flash.message.clone()));
    let label = format!("发送到 {} 的验证码", text::masked_phone(&phone));
    let (here, again, other) = (asked.here.clone(), asked.here.clone(), asked.here);
    let to_phone = phone.clone();
    view! {
        <Form action=LogIn::PATH class="grid gap-4">
            {notice.map(|(tone, message)| view! { <Notice tone=tone>{message}</Notice> })}
            <Hidden name="from" value=here/>
            <Hidden name="to" value=to/>
            <Hidden name="phone" value=to_phone/>
            <Field name="code" label=label inputmode="numeric"
                autocomplete="one-time-code" placeholder="6 位数字" maxlength=6 required=true autofocus=true
                error=error.unwrap_or_default()/>
            <Button block=true size=Size::Large>"登录"</Button>
        </Form>
        <Form action=AskCode::PATH class="mt-3">
            <Hidden name="from" value=again/>
            <Hidden name="phone" value=phone/>
            <Button tone=Tone::Plain block=true>"重新获取验证码"</Button>
        </Form>
        <p class="mt-3 text-center"><a class="link touch inline-flex items-center text-sm" href=other>"换一个手机号"</a></p>
    }
}
