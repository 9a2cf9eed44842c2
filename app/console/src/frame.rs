//! The screen around every page of the console.

use commerce::{Scope, approvals, stock::shortages};
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
    Proposals,
    Photos,
    Shortages,
}

/// What the screen needs of a request.
#[derive(Clone)]
pub struct Frame {
    name: String,
    hq: bool,
    photos: bool,
    /// How many proposals wait, for who proposes or decides.
    proposals: Option<i64>,
    /// How many cases of too little are open, for who fulfils orders.
    shortages: Option<i64>,
}

impl Frame {
    /// Reads it, for staff; nobody else is shown these pages.
    pub async fn of(scope: &Scope) -> Result<Self, Fault> {
        let person = scope.staff()?;
        let concerned = scope.may(Permission::DecideProposals) || scope.may(Permission::ProposeChanges);
        let proposals = if concerned { Some(approvals::waiting(scope).await?) } else { None };
        let fulfils = scope.may(Permission::FulfilOrders);
        let shortages = if fulfils { Some(shortages::open(scope).await?) } else { None };
        let (hq, photos) = (scope.may(Permission::UseHq), scope.may(Permission::EditStores));
        Ok(Self { name: person.name.clone(), hq, photos, proposals, shortages })
    }

    /// A page of the console.
    pub fn screen(self, lit: Lit, body: AnyView) -> impl IntoView + use<> {
        let mut links = vec![
            NavLink::new("订单看板", "/console", Glyph::Bell).active(lit == Lit::Board),
            NavLink::new("全部订单", "/console/orders", Glyph::List).active(lit == Lit::Orders),
        ];
        let badge = |many: i64| if many > 0 { many.to_string() } else { String::new() };
        if let Some(open) = self.shortages {
            let link = NavLink::new("缺货处理", "/console/shortages", Glyph::Alert);
            links.push(link.active(lit == Lit::Shortages).badge(badge(open)));
        }
        if let Some(waiting) = self.proposals {
            let link = NavLink::new("申请审批", "/console/proposals", Glyph::Check);
            links.push(link.active(lit == Lit::Proposals).badge(badge(waiting)));
        }
        if self.photos {
            links.push(NavLink::new("门店照片", "/console/photos", Glyph::Shop).active(lit == Lit::Photos));
        }
        if self.hq {
            links.push(NavLink::new("总部后台", "/hq", Glyph::Chart));
        }
        let foot = view! {
            <p class="mb-2 text-sm font-medium">{self.name}</p>
            <p class="mb-2"><a class="link text-sm" href=account::PATH>"账号与安全"</a></p>
            <Form action=StaffLogOut::PATH>
                <Hidden name="from" value="/console/login"/>
                <Button tone=Tone::Plain size=Size::Small block=true>"退出登录"</Button>
            </Form>
        };
        view! { <RailScreen brand="门店端" links=links foot=foot.into_any()>{body}</RailScreen> }
    }
}

/// What happened with the form of this name, where anything did.
pub fn news(asked: &Asked, form: &str) -> Option<AnyView> {
    let flash = asked.flash_of(form)?;
    let tone = if flash.good { Tone::Success } else { Tone::Error };
    let message = flash.message.clone();
    Some(view! { <Notice tone=tone>{message}</Notice> }.into_any())
}
