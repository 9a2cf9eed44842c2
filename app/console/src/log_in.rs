//! Logging in to the console and to head office's pages.

use commerce::{
    sessions,
    staff::{self, LoggedIn},
};
use domain::{
    Fault, Fields,
    staff::{StaffLogIn as StaffLogInCommand, StaffView},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{
    Asked, Next, Page, back_path, cookie_sent,
    cookies::{self, Bearer},
};
use ui::{Button, Card, Field, Form, Hidden, Main, Notice, Size, Tone};

use crate::{account, code};

/// Logs in and goes on to where the person wanted to, or to the face that is theirs.
#[server(prefix = "/rpc/console", endpoint = "log_in")]
pub async fn staff_log_in(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("log_in", "/console/login", fields, async |scope, fields| {
        let device = cookie_sent(&cookies::device_name(Bearer::Staff, &scope.house().settings.public_url));
        let command = StaffLogInCommand { device, ..StaffLogInCommand::from_fields(&fields)? };
        let LoggedIn { token, device, person } = staff::log_in(&scope, command).await?;
        let session = cookies::session(&scope, Bearer::Staff, &token);
        if person.awaits_code {
            let to = urlencoding::encode(fields.text("to")).into_owned();
            return Ok(Next::to(format!("{}?to={to}", code::PATH)).with_cookie(session));
        }
        let next = Next::to(landing(&person, fields.given("to"))).with_cookie(session);
        Ok(next.with_cookie(cookies::device(&scope, Bearer::Staff, &device)))
    })
    .await
}

/// Where somebody who has logged in goes on: to what must be done first, to where they wanted to, or to the face
/// that is theirs.
pub fn landing(person: &StaffView, wanted: Option<&str>) -> String {
    let home = if person.uses_hq { "/hq" } else { "/console" };
    let wanted = wanted.map_or(home, back_path);
    // Where one logs in is no wish, nor is no page at all.
    let is_wish = wanted != "/" && !wanted.starts_with(code::PATH) && !wanted.starts_with("/console/login");
    let wanted = if is_wish { wanted } else { home };
    let first = person.must_change_password || person.must_set_up_second_step;
    if first { account::PATH.to_owned() } else { wanted.to_owned() }
}

/// Ends the session.
#[server(prefix = "/rpc/console", endpoint = "log_out")]
pub async fn staff_log_out(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("log_in", "/console/login", fields, async |scope, _| {
        sessions::end(&scope).await?;
        Ok(Next::to("/console/login").with_cookie(cookies::gone(&scope, Bearer::Staff)))
    })
    .await
}

pub async fn log_in(asked: Asked) -> Result<Page, Fault> {
    Ok(Page::new("员工登录", move || view! { <LogInCard asked=asked/> }))
}

#[component]
fn LogInCard(asked: Asked) -> impl IntoView {
    let (account_error, account) = asked.field("log_in", "account");
    let (password_error, _) = asked.field("log_in", "password");
    let flash = asked.flash_of("log_in").filter(|flash| flash.complaints.is_empty());
    let notice = flash.map(|flash| flash.message.clone());
    let to = asked.query.text("to").to_owned();
    view! {
        <Main narrow=true>
            <Card class="mt-12">
                <h1 class="text-2xl font-bold">"员工登录"</h1>
                <p class="mb-5 mt-1 text-sm text-base-content/70">"门店端与总部后台共用账号"</p>
                {notice.map(|message| view! { <Notice tone=Tone::Error>{message}</Notice> })}
                <Form action=StaffLogIn::PATH>
                    <Hidden name="from" value=asked.here/>
                    <Hidden name="to" value=to/>
                    <Field name="account" label="账号" autocomplete="username" required=true autofocus=true
                        value=account.unwrap_or_default() error=account_error.unwrap_or_default()/>
                    <Field name="password" label="密码" kind="password" autocomplete="current-password" required=true
                        error=password_error.unwrap_or_default()/>
                    <Button block=true size=Size::Large>"登录"</Button>
                </Form>
            </Card>
        </Main>
    }
}
