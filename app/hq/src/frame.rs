//! The screen around every page of head office, and what several pages say the same way.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use commerce::{
    Scope, after_sales, approvals, counts, losses, orders, payments, purchasing, staff, stock::shortages, transfers,
};
use domain::{
    Fault,
    approvals::ProposalState,
    hours::Slot,
    orders::OrderState,
    staff::{Permission, StaffView},
    text,
};
use leptos::prelude::*;
use rpc::Asked;
use ui::{
    Button, Form, Glyph, Hidden, LinkButton, NavLink, Pager, RailScreen, Sheet, SheetButton, Size, Tone, TopBar,
    live::LivePage,
};
use uuid::Uuid;
pub use views::{address, said};

use crate::shortages as shortages_page;

/// Where the console's form logs a person of staff out; the faces do not know each other's code.
const LOG_OUT: &str = "/rpc/console/log_out";
/// Where one logs in.
pub const LOG_IN: &str = "/console/login";
/// One's own account.
const ACCOUNT: &str = "/console/account";

/// Which link of the rail is lit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Wall,
    Orders,
    Refunds,
    AfterSales,
    Stores,
    Products,
    Proposals,
    Shortages,
    Stock,
    Supply,
    Freight,
    Purchasing,
    Imports,
    Partners,
    Staff,
    Audit,
}

/// What the screen needs of a request.
#[derive(Clone)]
pub struct Frame {
    me: StaffView,
    freight: bool,
    imports: bool,
    partners: bool,
    staff: bool,
    staff_everywhere: bool,
    roles: bool,
    merchants: Vec<Uuid>,
    audit: bool,
    /// How many orders their stores have long not accepted, for who manages orders.
    late: i64,
    /// How many refunds the gateway refused or leaves hanging, for who looks after them.
    refunds: Option<i64>,
    /// How many proposals wait, for who decides on them.
    proposals: Option<i64>,
    /// How many appeals wait, for who sees orders; a number only for who decides on them.
    appeals: Option<i64>,
    /// How many cases of too little are open, for who fulfils orders or manages them.
    shortages: Option<i64>,
    /// How many counts and losses wait, for who counts or decides.
    stock: Option<i64>,
    /// How many transfers wait, for who has to do with goods.
    transfers: Option<i64>,
    /// Where their pages about buying begin, for who buys, pays or sees costs.
    purchasing: Option<&'static str>,
    /// How many orders to suppliers wait for their agreement.
    purchases: i64,
}

impl Frame {
    /// Reads it, for those whom these pages are for: nobody of staff is sent to log in, anyone
    /// without the permission turned away.
    pub async fn of(scope: &Scope) -> Result<Self, Fault> {
        scope.reach(Permission::UseHq)?;
        let decides = scope.may(Permission::DecideProposals) || scope.may(Permission::ProposeChanges);
        let proposals = if decides { Some(approvals::waiting(scope).await?) } else { None };
        let refunds =
            if scope.may(Permission::RefundOrders) { Some(payments::stuck::waiting(scope).await?) } else { None };
        let appeals = match (scope.may(Permission::ReadOrders), scope.may(Permission::ArbitrateReturns)) {
            (true, true) => Some(after_sales::counts(scope).await?.appeals),
            (true, false) => Some(0),
            (false, _) => None,
        };
        let serves = scope.may(Permission::FulfilOrders) || scope.may(Permission::ManageOrders);
        let shortages = if serves { Some(shortages::open(scope).await?) } else { None };
        let works = scope.may(Permission::CountStock) || scope.may(Permission::DecideProposals);
        let stock = if works { Some(counts::waiting(scope).await? + losses::waiting(scope).await?) } else { None };
        let goods = [Permission::MoveStock, Permission::ReceiveGoods, Permission::DecideProposals];
        let goods = goods.into_iter().any(|permission| scope.may(permission)) || scope.may(Permission::ManageSupply);
        let transfers = if goods { Some(transfers::waiting(scope).await?) } else { None };
        let everywhere = |permission| scope.staff_everywhere(permission).is_ok();
        let buying = [
            (everywhere(Permission::ManagePurchasing), "/hq/purchases"),
            (everywhere(Permission::PaySuppliers), "/hq/invoices"),
            (scope.may(Permission::SeeCosts), "/hq/costs"),
        ];
        let buying = buying.into_iter().find(|(may, _)| *may).map(|(_, href)| href);
        Ok(Self {
            me: staff::me(scope)?,
            freight: everywhere(Permission::ManageFreight),
            imports: everywhere(Permission::ManageImports),
            partners: everywhere(Permission::ManagePartners),
            staff: scope.may(Permission::ManageStaff),
            staff_everywhere: everywhere(Permission::ManageStaff),
            roles: everywhere(Permission::ManageRoles),
            merchants: staff::merchant_papers::owned(scope)?,
            audit: scope.may(Permission::ReadAudit),
            late: orders::escalated(scope).await?,
            refunds,
            proposals,
            appeals,
            shortages,
            stock,
            transfers,
            purchasing: buying,
            purchases: purchasing::waiting(scope).await?,
        })
    }

    /// Whether whoever asks may import.
    pub fn imports(&self) -> bool {
        self.imports
    }

    /// Whether whoever asks manages the staff of every store.
    pub fn staff_everywhere(&self) -> bool {
        self.staff_everywhere
    }

    /// Whether whoever asks has to do with proposals.
    pub fn proposals(&self) -> bool {
        self.proposals.is_some()
    }

    /// Whether whoever asks may make roles, groups of stores and merchants.
    pub fn roles(&self) -> bool {
        self.roles
    }

    /// The merchants whose owner whoever asks is.
    pub fn merchants(&self) -> &[Uuid] {
        &self.merchants
    }

    /// Whether whoever asks may read the log.
    pub fn audit(&self) -> bool {
        self.audit
    }

    /// A page under `title`, with a way back unless `back` is empty; `beside` stands right of the title, on a phone below it.
    pub fn screen(self, lit: Tab, title: String, back: &'static str, beside: AnyView, body: AnyView) -> impl IntoView {
        let link = |label: &str, href: &str, glyph, at| NavLink::new(label, href, glyph).active(lit == at);
        let late = if self.late > 0 { self.late.to_string() } else { String::new() };
        let mut links = vec![
            link("实时大屏", "/hq", Glyph::Chart, Tab::Wall),
            link("订单", "/hq/orders", Glyph::Receipt, Tab::Orders).badge(late),
        ];
        if let Some(waiting) = self.refunds {
            let badge = if waiting > 0 { waiting.to_string() } else { String::new() };
            links.push(link("异常退款", "/hq/refunds", Glyph::Wallet, Tab::Refunds).badge(badge));
        }
        if let Some(waiting) = self.appeals {
            let badge = if waiting > 0 { waiting.to_string() } else { String::new() };
            links.push(link("售后", "/hq/after-sales", Glyph::Wallet, Tab::AfterSales).badge(badge));
        }
        if let Some(open) = self.shortages {
            let badge = if open > 0 { open.to_string() } else { String::new() };
            links.push(link("缺货", shortages_page::PATH, Glyph::Bell, Tab::Shortages).badge(badge));
        }
        links.extend([
            link("门店", "/hq/stores", Glyph::Shop, Tab::Stores),
            link("商品", "/hq/products", Glyph::Grid, Tab::Products),
        ]);
        if let Some(waiting) = self.proposals {
            let badge = if waiting > 0 { waiting.to_string() } else { String::new() };
            links.push(link("审批", "/hq/proposals", Glyph::Check, Tab::Proposals).badge(badge));
        }
        if let Some(waiting) = self.stock {
            let badge = if waiting > 0 { waiting.to_string() } else { String::new() };
            links.push(link("盘点与库存", "/hq/counts", Glyph::Box, Tab::Stock).badge(badge));
        }
        if let Some(waiting) = self.transfers {
            let badge = if waiting > 0 { waiting.to_string() } else { String::new() };
            links.push(link("供货调拨", "/hq/transfers", Glyph::Truck, Tab::Supply).badge(badge));
        }
        if self.freight {
            links.push(link("运费与快递", "/hq/freight", Glyph::Truck, Tab::Freight));
        }
        if let Some(href) = self.purchasing {
            let badge = if self.purchases > 0 { self.purchases.to_string() } else { String::new() };
            links.push(link("采购与成本", href, Glyph::Cart, Tab::Purchasing).badge(badge));
        }
        if self.imports {
            links.push(link("批量导入", "/hq/imports", Glyph::Edit, Tab::Imports));
        }
        if self.partners {
            links.push(link("开放接口", "/hq/keys", Glyph::Settings, Tab::Partners));
        }
        if self.staff {
            links.push(link("员工权限", "/hq/staff", Glyph::Users, Tab::Staff));
        }
        if self.audit {
            links.push(link("操作日志", "/hq/audit", Glyph::Clock, Tab::Audit));
        }
        links.push(NavLink::new("门店端", "/console", Glyph::Bell));
        // The foot of the rail is seen on wide screens only; the way out must not be.
        let top = view! {
            <TopBar title=title back=back>
                <div class="top-bar-own">{beside}</div>
                <div class="shrink-0 py-1.5 whitespace-nowrap lg:hidden"><LogOut/></div>
            </TopBar>
        };
        let foot = view! { <Person me=self.me/> };
        view! { <RailScreen brand="总部后台" links=links foot=foot.into_any() top=top.into_any()>{body}</RailScreen> }
    }
}

#[component]
fn Person(me: StaffView) -> impl IntoView {
    view! {
        <p class="font-semibold">{me.name}</p>
        <p class="mb-2 text-sm text-base-content/70">{me.roles.join("、")}</p>
        <p class="mb-2"><a class="link text-sm" href=ACCOUNT>"账号与安全"</a></p>
        <LogOut/>
    }
}

#[component]
fn LogOut() -> impl IntoView {
    view! {
        <Form action=LOG_OUT>
            <Hidden name="from" value="/hq"/>
            <Button tone=Tone::Plain size=Size::Small>"退出登录"</Button>
        </Form>
    }
}

/// A fault whose complaints stand beside the fields of one part of a page, which are named as [`domain::Fields::of`] reads
/// them.
pub fn beside(fault: Fault, part: impl Display) -> Fault {
    match fault {
        Fault::Invalid(complaints) => {
            let named = complaints.into_iter().map(|mut one| {
                one.field = format!("{}.{part}", one.field);
                one
            });
            Fault::Invalid(named.collect())
        }
        other => other,
    }
}

/// Has the page shown anew when something happens at the stores that whoever looks may see. Without script it is as it
/// was when it was made.
pub fn live(asked: &Asked) -> impl IntoView + use<> {
    view! { <LivePage events=format!("/console/events?since={}", asked.scope.now.timestamp_millis())/> }
}

/// Links to the whole list at `path`, as these filters have it, as files. A phone's bar has room for one.
pub fn files(path: &str, filters: &[(&'static str, String)]) -> impl IntoView + use<> {
    let file = |kind: &str| address(&format!("{path}/all/{kind}"), filters);
    view! {
        <span class="max-sm:hidden"><LinkButton href=file("csv") file=true>"导出 CSV"</LinkButton></span>
        <LinkButton href=file("xlsx") file=true><span class="sm:hidden">"导出 "</span>"XLSX"</LinkButton>
    }
}

/// Some codes of stores, as a row of a table has room for them: `2 家：QH-SH-001、QH-SH-002`.
pub fn stores_text(codes: &[String]) -> String {
    let shown: Vec<&str> = codes.iter().take(8).map(String::as_str).collect();
    let rest = if codes.len() > shown.len() { " …" } else { "" };
    let colon = if codes.is_empty() { "" } else { "：" };
    format!("{} 家{colon}{}{rest}", codes.len(), shown.join("、"))
}

/// Asks once more before the thing of this id is removed by the form at `action`; `means` says what that does.
pub fn remove(action: &'static str, list: &'static str, id: String, title: String, means: &'static str) -> AnyView {
    let target = format!("remove-{id}");
    view! {
        <SheetButton target=target.clone()>"删除"</SheetButton>
        <Sheet id=target title=title>
            <p class="mb-4 whitespace-normal">{means}</p>
            <Form action=action>
                <Hidden name="from" value=list/>
                <Hidden name="id" value=id/>
                <Button tone=Tone::Error>"删除"</Button>
            </Form>
        </Sheet>
    }
    .into_any()
}

/// The address of a list with these filters, after its first `skip` entries.
pub fn after(path: &str, mut filters: Vec<(&'static str, String)>, skip: i64) -> String {
    filters.push(("skip", if skip > 0 { skip.to_string() } else { String::new() }));
    address(path, &filters)
}

/// The way through a list of `total` entries with so many on each page, where it has more than one.
pub fn pager(skip: i64, page: i64, total: i64, from: impl Fn(i64) -> String) -> Option<AnyView> {
    let previous = if skip > 0 { from(skip - page) } else { String::new() };
    let next = if skip + page < total { from(skip + page) } else { String::new() };
    let (at, of) = pages(skip, page, total);
    (of > 1).then(|| view! { <Pager previous=previous next=next note=format!("第 {at} 页，共 {of} 页")/> }.into_any())
}

/// Which page begins after `skip` entries, and how many pages there are.
fn pages(skip: i64, page: i64, total: i64) -> (i64, i64) {
    (skip / page + 1, (total + page - 1) / page)
}

/// The colour of a proposal's state.
pub fn tone_of_proposal(state: ProposalState) -> Tone {
    match state {
        ProposalState::Submitted => Tone::Warn,
        ProposalState::Approved => Tone::Success,
        ProposalState::Rejected => Tone::Error,
        ProposalState::Draft | ProposalState::Withdrawn | ProposalState::Expired => Tone::Plain,
    }
}

/// The colour of an order's state: green where money stays, red where a store turned it down.
pub fn tone_of(state: OrderState) -> Tone {
    match state {
        OrderState::Paid => Tone::Warn,
        OrderState::Accepted | OrderState::Dispatched => Tone::Info,
        OrderState::Ready | OrderState::Completed => Tone::Success,
        OrderState::Rejected => Tone::Error,
        OrderState::Placed | OrderState::Cancelled | OrderState::Expired => Tone::Plain,
    }
}

/// `今天 12:30–12:45`.
pub fn slot_text(slot: Slot, now: DateTime<Utc>) -> String {
    let zone = text::zone("");
    format!("{}–{}", text::moment(slot.start, now, zone), slot.end.with_timezone(&zone).format("%H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_may_be_short_but_is_counted() {
        assert_eq!(pages(0, 50, 50), (1, 1));
        assert_eq!(pages(50, 50, 51), (2, 2));
        assert_eq!(pages(0, 50, 0), (1, 0));
    }
}
