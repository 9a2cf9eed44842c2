//! One's own account, for the people of all faces: the password, and where one is logged in.

use chrono::{DateTime, Utc};
use commerce::staff;
use domain::{
    Fault, Fields,
    staff::{ChangePassword as ChangePasswordCommand, SessionView, StaffView},
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{
    Asked, Next, Page,
    cookies::{self, Bearer},
};
use ui::{Badge, Button, Card, Field, Form, Hidden, LinkButton, Main, Notice, Size, Tone};

/// This page.
pub const PATH: &str = "/console/account";
const LOG_IN: &str = "/console/login";
/// The part of the page that its forms speak to.
const FORM: &str = "account";

/// Replaces one's own password; the browser gets the new session, all others end.
#[server(prefix = "/rpc/console", endpoint = "change_password")]
pub async fn change_password(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let token = staff::change_password(&scope, ChangePasswordCommand::from_fields(&fields)?).await?;
        let next = Next::to(PATH).with_cookie(cookies::session(&scope, Bearer::Staff, &token));
        Ok(next.saying(FORM, "密码已修改，其他设备上的登录都已退出"))
    })
    .await
}

/// Ends one of one's own sessions.
#[server(prefix = "/rpc/console", endpoint = "end_session")]
pub async fn end_session(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这个登录"))?;
        staff::end_session(&scope, id).await?;
        Ok(Next::to(PATH).saying(FORM, "已退出那台设备"))
    })
    .await
}

/// Ends all of one's own sessions but this one.
#[server(prefix = "/rpc/console", endpoint = "end_other_sessions")]
pub async fn end_other_sessions(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, _| {
        staff::end_other_sessions(&scope).await?;
        Ok(Next::to(PATH).saying(FORM, "其他设备都已退出"))
    })
    .await
}

/// The account's page.
pub async fn account(asked: Asked) -> Result<Page, Fault> {
    let me = staff::me(&asked.scope)?;
    let sessions = staff::my_sessions(&asked.scope).await?;
    Ok(Page::new("账号与安全", move || {
        let flash = asked.flash_of(FORM).cloned().unwrap_or_default();
        let said = (!flash.message.is_empty() && flash.complaints.is_empty()).then(|| {
            let tone = if flash.good { Tone::Success } else { Tone::Error };
            let message = flash.message.clone();
            view! { <Notice tone=tone>{message}</Notice> }
        });
        let must = me.must_change_password;
        let warned =
            must.then(|| view! { <Notice tone=Tone::Warn>"这是别人为您设的初始密码，请先改成只有您知道的。"</Notice> });
        let password = password(&asked);
        let where_else = (!must).then(|| devices(sessions, asked.scope.now));
        let head = head(&me);
        view! {
            <Main narrow=true>
                {head}
                {said}
                {warned}
                {password}
                {where_else}
            </Main>
        }
    }))
}

fn head(me: &StaffView) -> impl IntoView + use<> {
    let home = if me.uses_hq { "/hq" } else { "/console" };
    let on = (!me.must_change_password).then(|| view! { <LinkButton href=home>"返回"</LinkButton> });
    let (name, roles) = (me.name.clone(), me.roles.join("、"));
    view! {
        <div class="mt-8 mb-4 flex items-center justify-between gap-3">
            <div>
                <h1 class="text-2xl font-bold">"账号与安全"</h1>
                <p class="text-sm text-base-content/70">{name} " " {roles}</p>
            </div>
            {on}
        </div>
    }
}

fn password(asked: &Asked) -> impl IntoView + use<> {
    let flash = asked.flash_of(FORM).cloned().unwrap_or_default();
    let [old_wrong, new_wrong, again_wrong] = ["old_password", "password", "password_again"]
        .map(|field| flash.complaint(field).unwrap_or_default().to_owned());
    view! {
        <Card title="修改密码">
            <Form action=ChangePassword::PATH>
                <Hidden name="from" value=PATH/>
                <Field name="old_password" label="现在的密码" kind="password" autocomplete="current-password"
                    error=old_wrong/>
                <Field name="password" label="新密码" kind="password" autocomplete="new-password" error=new_wrong
                    hint="至少 8 位，可以是几个不相关的词或一句话；不必有大写或符号。"/>
                <Field name="password_again" label="再输一次" kind="password" autocomplete="new-password"
                    error=again_wrong/>
                <Button>"保存"</Button>
            </Form>
        </Card>
    }
}

fn devices(sessions: Vec<SessionView>, now: DateTime<Utc>) -> impl IntoView {
    let others = sessions.iter().any(|session| !session.is_this);
    let items = sessions.into_iter().map(|session| device(session, now)).collect_view();
    let all = others.then(|| {
        view! {
            <Form action=EndOtherSessions::PATH>
                <Hidden name="from" value=PATH/>
                <Button tone=Tone::Error>"退出其他所有设备"</Button>
            </Form>
        }
    });
    view! {
        <Card title="登录中的设备" class="mt-4 mb-8">
            <ul class="divide-y divide-base-300">{items}</ul>
            <p class="mt-2 mb-3 text-sm text-base-content/70">"看到不认识的设备，请退出它并修改密码。"</p>
            {all}
        </Card>
    }
}

fn device(session: SessionView, now: DateTime<Utc>) -> impl IntoView {
    let moment = |at: DateTime<Utc>| text::moment(at, now, text::zone(""));
    let name = session.device();
    let note = format!("{} · {} 登录 · {} 使用", session.address, moment(session.began_at), moment(session.seen_at));
    let end = if session.is_this {
        view! { <Badge tone=Tone::Success>"本机"</Badge> }.into_any()
    } else {
        view! {
            <Form action=EndSession::PATH class="shrink-0">
                <Hidden name="from" value=PATH/>
                <Hidden name="id" value=session.id.to_string()/>
                <Button size=Size::Small tone=Tone::Plain>"退出"</Button>
            </Form>
        }
        .into_any()
    };
    view! {
        <li class="flex items-center justify-between gap-3 py-2.5">
            <div class="min-w-0">
                <p class="font-medium">{name}</p>
                <p class="tabular text-sm break-words text-base-content/70">{note}</p>
            </div>
            {end}
        </li>
    }
}
