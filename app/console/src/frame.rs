//! The screen around every page of the console.

use commerce::{Scope, after_sales, alerts, approvals, counts, losses, stock::shortages, transfers};
use domain::{Fault, staff::Permission};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::Asked;
use ui::{Button, Form, Glyph, Hidden, LinkButton, NavLink, RailScreen, Size, Tone, live::LivePage};
pub use views::{address, said as news};

use crate::{account, log_in::StaffLogOut, opening};

/// Which link is lit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lit {
    Board,
    Orders,
    Proposals,
    Counts,
    Losses,
    Alerts,
    Transfers,
    Purchases,
    SetApart,
    Stock,
    Till,
    Photos,
    Opening,
    Delivery,
    Shortages,
    AfterSales,
}

/// What the screen needs of a request.
#[derive(Clone)]
pub struct Frame {
    name: String,
    hq: bool,
    photos: bool,
    /// Whether they sell at a counter.
    sells: bool,
    /// How many proposals wait, for who proposes or decides.
    proposals: Option<i64>,
    /// How many cases of too little are open, for who fulfils orders or manages them.
    shortages: Option<i64>,
    /// How many requests after the sale wait, for who sees orders.
    after_sales: Option<i64>,
    /// How many counts, losses and alerts wait, for who counts or decides.
    stock: Option<[i64; 3]>,
    /// How many transfers wait, for who has to do with goods.
    transfers: Option<i64>,
}

impl Frame {
    /// Reads it, for staff; nobody else is shown these pages.
    pub async fn of(scope: &Scope) -> Result<Self, Fault> {
        let person = scope.staff()?;
        let concerned = scope.may(Permission::DecideProposals) || scope.may(Permission::ProposeChanges);
        let proposals = if concerned { Some(approvals::waiting(scope).await?) } else { None };
        let sells = scope.may(Permission::FulfilOrders);
        let serves = sells || scope.may(Permission::ManageOrders);
        let shortages = if serves { Some(shortages::open(scope).await?) } else { None };
        let sees = scope.may(Permission::ReadOrders);
        let after_sales = if sees { Some(after_sales::counts(scope).await?.waiting) } else { None };
        let (hq, photos) = (scope.may(Permission::UseHq), scope.may(Permission::EditStores));
        let works = scope.may(Permission::CountStock) || scope.may(Permission::DecideProposals);
        let stock = match works {
            true => Some([counts::waiting(scope).await?, losses::waiting(scope).await?, alerts::unread(scope).await?]),
            false => None,
        };
        let goods = [Permission::MoveStock, Permission::ReceiveGoods, Permission::DecideProposals];
        let goods = goods.into_iter().any(|permission| scope.may(permission)) || scope.may(Permission::ManageSupply);
        let transfers = if goods { Some(transfers::waiting(scope).await?) } else { None };
        Ok(Self { name: person.name.clone(), hq, photos, sells, proposals, shortages, after_sales, stock, transfers })
    }

    /// A page of the console.
    pub fn screen(self, lit: Lit, body: AnyView) -> impl IntoView + use<> {
        let mut links = vec![
            NavLink::new("订单看板", "/console", Glyph::Bell).active(lit == Lit::Board),
            NavLink::new("全部订单", "/console/orders", Glyph::List).active(lit == Lit::Orders),
        ];
        let badge = |waiting: i64| match waiting {
            ..1 => String::new(),
            100.. => "99+".to_owned(),
            some => some.to_string(),
        };
        if let Some(waiting) = self.after_sales {
            let link = NavLink::new("售后", "/console/after-sales", Glyph::Receipt);
            links.push(link.active(lit == Lit::AfterSales).badge(badge(waiting)));
        }
        if let Some(open) = self.shortages {
            let link = NavLink::new("缺货处理", "/console/shortages", Glyph::Alert);
            links.push(link.active(lit == Lit::Shortages).badge(badge(open)));
        }
        if let Some(waiting) = self.proposals {
            let link = NavLink::new("申请审批", "/console/proposals", Glyph::Check);
            links.push(link.active(lit == Lit::Proposals).badge(badge(waiting)));
        }
        if self.sells {
            links.push(NavLink::new("柜台销售", "/console/till", Glyph::Cart).active(lit == Lit::Till));
        }
        if let Some([counts, losses, alerts]) = self.stock {
            let link = |label, href, glyph, at| NavLink::new(label, href, glyph).active(lit == at);
            links.push(link("盘点", "/console/counts", Glyph::Box, Lit::Counts).badge(badge(counts)));
            links.push(link("报损", "/console/losses", Glyph::Minus, Lit::Losses).badge(badge(losses)));
            links.push(link("库存提醒", "/console/alerts", Glyph::Clock, Lit::Alerts).badge(badge(alerts)));
        }
        if let Some(waiting) = self.transfers {
            let link = NavLink::new("要货调拨", "/console/transfers", Glyph::Truck);
            links.push(link.active(lit == Lit::Transfers).badge(badge(waiting)));
            links.push(NavLink::new("采购到货", "/console/purchases", Glyph::Receipt).active(lit == Lit::Purchases));
            links.push(NavLink::new("待退供应商", "/console/set-apart", Glyph::Box).active(lit == Lit::SetApart));
            links.push(NavLink::new("库存", "/console/stock", Glyph::Box).active(lit == Lit::Stock));
        }
        if self.photos {
            links.push(NavLink::new("营业设置", opening::PATH, Glyph::Clock).active(lit == Lit::Opening));
            links.push(NavLink::new("配送设置", "/console/delivery", Glyph::Truck).active(lit == Lit::Delivery));
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

/// Links to the whole list at `path`, as these filters have it, as files.
pub fn files<T: AsRef<str>>(path: &str, filters: &[(&'static str, T)]) -> impl IntoView + use<T> {
    let file = |kind: &str| address(&format!("{path}/all/{kind}"), filters);
    view! {
        <div class="flex gap-2">
            <LinkButton href=file("csv") file=true size=Size::Small>"导出 CSV"</LinkButton>
            <LinkButton href=file("xlsx") file=true size=Size::Small>"XLSX"</LinkButton>
        </div>
    }
}

/// Has the page shown anew when something happens at the stores that whoever looks may see. Without script it is as it
/// was when it was made.
pub fn live(asked: &Asked) -> impl IntoView + use<> {
    view! { <LivePage events=format!("/console/events?since={}", asked.scope.now.timestamp_millis())/> }
}
