//! One's own password, for the people of all faces.

use commerce::staff;
use domain::{Fault, Fields, staff::ChangePassword as ChangePasswordCommand};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{
    Asked, Next, Page,
    cookies::{self, Bearer},
};
use ui::{Button, Card, Field, Form, Hidden, LinkButton, Main, Notice, Size, Tone};

/// This page.
pub const PATH: &str = "/console/password";
/// The part of the page that its form speaks to.
const FORM: &str = "password";

/// Replaces one's own password; the browser gets the new session, all others end.
#[server(prefix = "/rpc/console", endpoint = "change_password")]
pub async fn change_password(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let token = staff::change_password(&scope, ChangePasswordCommand::from_fields(&fields)?).await?;
        let next = Next::to(PATH).with_cookie(cookies::session(&scope, Bearer::Staff, &token));
        Ok(next.saying(FORM, "密码已修改，其他设备上的登录都已退出"))
    })
    .await
}

pub async fn password(asked: Asked) -> Result<Page, Fault> {
    let me = staff::me(&asked.scope)?;
    Ok(Page::new("修改密码", move || {
        let home = if me.uses_hq { "/hq" } else { "/console" };
        let flash = asked.flash_of(FORM).cloned().unwrap_or_default();
        let [old_wrong, new_wrong, again_wrong] = ["old_password", "password", "password_again"]
            .map(|field| flash.complaint(field).unwrap_or_default().to_owned());
        let must = me.must_change_password.then(|| {
            view! { <Notice tone=Tone::Warn>"这是别人为您设的初始密码，请先改成只有您知道的。"</Notice> }
        });
        let said = (!flash.message.is_empty() && flash.complaints.is_empty()).then(|| {
            let tone = if flash.good { Tone::Success } else { Tone::Error };
            let message = flash.message.clone();
            view! { <Notice tone=tone>{message}</Notice> }
        });
        let on = (!me.must_change_password).then(|| view! { <LinkButton href=home>"返回"</LinkButton> });
        view! {
            <Main narrow=true>
                <Card class="mt-12">
                    <h1 class="mb-4 text-2xl font-bold">"修改密码"</h1>
                    {must}
                    {said}
                    <Form action=ChangePassword::PATH>
                        <Hidden name="from" value=PATH/>
                        <Field name="old_password" label="现在的密码" kind="password" autocomplete="current-password"
                            error=old_wrong/>
                        <Field name="password" label="新密码" kind="password" autocomplete="new-password" error=new_wrong
                            hint="至少 8 位，可以是几个不相关的词或一句话；不必有大写或符号。"/>
                        <Field name="password_again" label="再输一次" kind="password" autocomplete="new-password"
                            error=again_wrong/>
                        <div class="flex flex-wrap gap-2">
                            <Button size=Size::Large>"保存"</Button>
                            {on}
                        </div>
                    </Form>
                </Card>
            </Main>
        }
    }))
}
