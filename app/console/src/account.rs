//! One's own account, for the people of all faces: the password, and where one is logged in.

use chrono::{DateTime, Utc};
use commerce::{
    sessions,
    staff::{self, second_step},
};
use domain::{
    Fault, Fields,
    sessions::SessionView,
    staff::{ChangePassword as ChangePasswordCommand, EnterCode, SecondStepSetUp, SecondStepView, StaffView},
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{
    Asked, Next, Page,
    cookies::{self, Bearer},
};
use ui::{Badge, Button, Card, Field, Form, Hidden, LinkButton, Main, Notice, QrCode, Size, Tone};

/// This page.
pub const PATH: &str = "/console/account";
const LOG_IN: &str = "/console/login";
/// The part of the page that its forms speak to.
const FORM: &str = "account";
/// The part of the page that the second step's forms speak to.
const STEP: &str = "second-step";

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

/// Begins to set the second step up.
#[server(prefix = "/rpc/console", endpoint = "begin_second_step")]
pub async fn begin_second_step(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(STEP, LOG_IN, fields, async |scope, _| {
        second_step::begin(&scope).await?;
        Ok(Next::to(format!("{PATH}#{STEP}")))
    })
    .await
}

/// Turns the second step on with a first code.
#[server(prefix = "/rpc/console", endpoint = "confirm_second_step")]
pub async fn confirm_second_step(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(STEP, LOG_IN, fields, async |scope, fields| {
        second_step::confirm(&scope, EnterCode::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "两步验证已开启，下次登录会问验证码；其他设备都已退出"))
    })
    .await
}

/// Gives the second step up.
#[server(prefix = "/rpc/console", endpoint = "turn_off_second_step")]
pub async fn turn_off_second_step(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(STEP, LOG_IN, fields, async |scope, fields| {
        let password = fields.0.get("password").cloned().unwrap_or_default();
        second_step::turn_off(&scope, password).await?;
        Ok(Next::to(PATH).saying(FORM, "两步验证已关闭"))
    })
    .await
}

/// Ends one of one's own sessions.
#[server(prefix = "/rpc/console", endpoint = "end_session")]
pub async fn end_session(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这个登录"))?;
        sessions::end_one(&scope, id).await?;
        Ok(Next::to(PATH).saying(FORM, "已退出那台设备"))
    })
    .await
}

/// Ends all of one's own sessions but this one.
#[server(prefix = "/rpc/console", endpoint = "end_other_sessions")]
pub async fn end_other_sessions(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, _| {
        sessions::end_others(&scope).await?;
        Ok(Next::to(PATH).saying(FORM, "其他设备都已退出"))
    })
    .await
}

/// The account's page.
pub async fn account(asked: Asked) -> Result<Page, Fault> {
    let me = staff::me(&asked.scope)?;
    let sessions = sessions::mine(&asked.scope).await?;
    let step = second_step::mine(&asked.scope).await?;
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
        let needed = me.must_set_up_second_step.then(
            || view! { <Notice tone=Tone::Warn>"总部账号必须使用两步验证：请先在下面设置，之后就可以使用。"</Notice> },
        );
        let password = password(&asked);
        let step = (!must).then(|| second_step_card(&asked, step));
        let where_else = (!must).then(|| devices(sessions, asked.scope.now));
        let head = head(&me);
        view! {
            <Main narrow=true>
                {head}
                {said}
                {warned}
                {needed}
                {password}
                {step}
                {where_else}
            </Main>
        }
    }))
}

fn head(me: &StaffView) -> impl IntoView + use<> {
    let home = if me.uses_hq { "/hq" } else { "/console" };
    let first = me.must_change_password || me.must_set_up_second_step;
    let on = (!first).then(|| view! { <LinkButton href=home>"返回"</LinkButton> });
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

fn second_step_card(asked: &Asked, step: SecondStepView) -> impl IntoView + use<> {
    let flash = asked.flash_of(STEP).cloned().unwrap_or_default();
    let [code_wrong, password_wrong] =
        ["code", "password"].map(|field| flash.complaint(field).unwrap_or_default().to_owned());
    let said = (!flash.message.is_empty() && flash.complaints.is_empty())
        .then(|| view! { <Notice tone=Tone::Error>{flash.message.clone()}</Notice> });
    let inside = match (step.since, step.set_up) {
        (Some(since), _) => on(asked.scope.now, since, step.is_required, password_wrong).into_any(),
        (None, Some(set_up)) => setting_up(set_up, code_wrong).into_any(),
        (None, None) => view! {
            <p class="mb-3">"登录时除了密码，再输一次手机验证器上的 6 位数字：密码泄露了，别人也进不来。"</p>
            <Form action=BeginSecondStep::PATH>
                <Hidden name="from" value=PATH/>
                <Button>"开始设置"</Button>
            </Form>
        }
        .into_any(),
    };
    view! {
        <div id=STEP class="mt-4">
            <Card title="两步验证">{said} {inside}</Card>
        </div>
    }
}

fn setting_up(set_up: SecondStepSetUp, code_wrong: String) -> impl IntoView {
    view! {
        <ol class="mb-3 list-decimal ps-5">
            <li>"在手机上打开验证器（如微软、谷歌验证器或密码管理软件），扫描二维码。"</li>
            <li>"输入它显示的 6 位数字。"</li>
        </ol>
        <div class="mb-3 flex flex-wrap items-center gap-4">
            <QrCode text=set_up.url label="两步验证的二维码"/>
            <p class="min-w-0 text-sm text-base-content/70">
                "不能扫码时手动输入密钥："
                <code class="mt-1 block text-base break-words text-base-content">{set_up.secret}</code>
            </p>
        </div>
        <Form action=ConfirmSecondStep::PATH>
            <Hidden name="from" value=PATH/>
            <Field name="code" label="验证码" inputmode="numeric" autocomplete="one-time-code" maxlength=7 error=code_wrong/>
            <Button>"开启"</Button>
        </Form>
    }
}

fn on(now: DateTime<Utc>, since: DateTime<Utc>, is_required: bool, password_wrong: String) -> impl IntoView {
    let since = text::moment(since, now, text::zone(""));
    let off = (!is_required).then(|| {
        view! {
            <Form action=TurnOffSecondStep::PATH>
                <Hidden name="from" value=PATH/>
                <Field name="password" label="要关闭，请输入密码" kind="password" autocomplete="current-password" error=password_wrong
                    id="field-off-password"/>
                <Button tone=Tone::Plain>"关闭两步验证"</Button>
            </Form>
        }
    });
    view! {
        <p class="mb-3 flex items-center gap-2"><Badge tone=Tone::Success>"已开启"</Badge> {since} "起"</p>
        {off}
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
