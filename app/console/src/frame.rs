//! The screen around every page of the console.

use commerce::Scope;
use domain::{Fault, staff::Permission};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::Asked;
use ui::{Button, Form, Glyph, Hidden, NavLink, Notice, RailScreen, Size, Tone};

use crate::{account, log_in::StaffLogOut};

/// Which link is lit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lit {
    Board,
    Orders,
    Photos,
}

/// A page of the console for the person who asks.
pub fn framed(scope: &Scope, lit: Lit, body: AnyView) -> Result<impl IntoView + use<>, Fault> {
    let person = scope.staff()?;
    let mut links = vec![
        NavLink::new("订单看板", "/console", Glyph::Bell).active(lit == Lit::Board),
        NavLink::new("全部订单", "/console/orders", Glyph::List).active(lit == Lit::Orders),
    ];
    if scope.may(Permission::EditStores) {
        links.push(NavLink::new("门店照片", "/console/photos", Glyph::Shop).active(lit == Lit::Photos));
    }
    if scope.may(Permission::UseHq) {
        links.push(NavLink::new("总部后台", "/hq", Glyph::Chart));
    }
    let name = person.name.clone();
    let foot = view! {
        <p class="mb-2 text-sm font-medium">{name}</p>
        <p class="mb-2"><a class="link text-sm" href=account::PATH>"账号与安全"</a></p>
        <Form action=StaffLogOut::PATH>
            <Hidden name="from" value="/console/login"/>
            <Button tone=Tone::Plain size=Size::Small block=true>"退出登录"</Button>
        </Form>
    };
    let foot = foot.into_any();
    Ok(view! { <RailScreen brand="门店端" links=links foot=foot>{body}</RailScreen> })
}

/// What happened with the form of this name, where anything did.
pub fn news(asked: &Asked, form: &str) -> Option<AnyView> {
    let flash = asked.flash_of(form)?;
    let tone = if flash.good { Tone::Success } else { Tone::Error };
    let message = flash.message.clone();
    Some(view! { <Notice tone=tone>{message}</Notice> }.into_any())
}
