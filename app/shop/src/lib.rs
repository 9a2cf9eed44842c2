//! The shop 商城: what shoppers see. One file for each page, its server functions first.

pub mod islands;

#[cfg(feature = "ssr")]
mod account;
#[cfg(feature = "ssr")]
mod addresses;
#[cfg(feature = "ssr")]
mod after_sales;
#[cfg(feature = "ssr")]
mod apart;
#[cfg(feature = "ssr")]
mod cancelling;
#[cfg(feature = "ssr")]
mod cart;
#[cfg(feature = "ssr")]
mod checkout;
#[cfg(feature = "ssr")]
mod choices;
#[cfg(feature = "ssr")]
mod claim;
#[cfg(feature = "ssr")]
mod data;
#[cfg(feature = "ssr")]
mod finder;
#[cfg(feature = "ssr")]
mod frame;
#[cfg(feature = "ssr")]
mod goods;
#[cfg(feature = "ssr")]
mod home;
#[cfg(feature = "ssr")]
mod log_in;
#[cfg(feature = "ssr")]
mod me;
#[cfg(feature = "ssr")]
mod merge;
#[cfg(feature = "ssr")]
mod order;
#[cfg(feature = "ssr")]
mod phone;
#[cfg(feature = "ssr")]
mod post_back;
#[cfg(feature = "ssr")]
mod product;
#[cfg(feature = "ssr")]
mod sending;
#[cfg(feature = "ssr")]
mod shipment;
#[cfg(feature = "ssr")]
mod store;
#[cfg(feature = "ssr")]
mod together;
#[cfg(feature = "ssr")]
mod wechat;

#[cfg(feature = "ssr")]
pub use routes::{FACE, register, routes};

#[cfg(feature = "ssr")]
mod routes {
    //! Which address shows which page.

    use axum::Router;
    use leptos::server_fn::axum::register_explicit;
    use rpc::{Face, page};
    use ui::Theme;

    use crate::{
        account, addresses, after_sales, apart, cancelling, cart, checkout, choices, claim, data, finder, home, log_in,
        me, merge, order, phone, post_back, product, shipment, store, together, wechat,
    };

    /// The shop among the faces.
    pub const FACE: Face =
        Face { log_in: "/login", home: "/", account: "/login", theme: Theme::Light, program: "shop" };

    /// The shop's pages.
    pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
        Router::new()
            .route("/", page(FACE, home::home))
            .route("/stores", page(FACE, finder::finder))
            .route("/s/{store}", page(FACE, store::store))
            .route("/s/{store}/p/{product}", page(FACE, product::product))
            .route("/cart", page(FACE, cart::cart))
            .route("/checkout", page(FACE, together::together))
            .route("/checkout/{store}", page(FACE, checkout::checkout))
            .route("/orders", page(FACE, me::orders))
            .route("/orders/{order}", page(FACE, order::order))
            .route("/orders/{order}/after-sales", page(FACE, claim::claim))
            .route("/after-sales", page(FACE, after_sales::list))
            .route("/after-sales/{request}", page(FACE, after_sales::one))
            .route("/me", page(FACE, me::me))
            .route("/me/account", page(FACE, account::account))
            .route("/me/addresses", page(FACE, addresses::list))
            .route("/me/addresses/new", page(FACE, addresses::new))
            .route("/me/addresses/{address}", page(FACE, addresses::one))
            .route("/me/phone", page(FACE, phone::phone))
            .route("/me/wechat", page(FACE, wechat::wechat))
            .route("/me/merge/{merge}", page(FACE, merge::merge))
            .route("/me/data", page(FACE, data::data))
            .route("/login", page(FACE, log_in::log_in))
    }

    /// Makes the forms' addresses known to the server.
    pub fn register() {
        register_explicit::<finder::ChoosePlace>();
        register_explicit::<product::SetLine>();
        register_explicit::<cart::RemoveLine>();
        register_explicit::<apart::SetApart>();
        register_explicit::<checkout::PlaceOrder>();
        register_explicit::<addresses::SaveAddress>();
        register_explicit::<addresses::RemoveAddress>();
        register_explicit::<addresses::LocateAddress>();
        register_explicit::<together::PlaceCheckout>();
        register_explicit::<choices::ChooseWay>();
        register_explicit::<choices::HandOver>();
        register_explicit::<order::StartPayment>();
        register_explicit::<order::StartCheckoutPayment>();
        register_explicit::<cancelling::CancelOrder>();
        register_explicit::<cancelling::AskCancel>();
        register_explicit::<cancelling::WithdrawCancel>();
        register_explicit::<shipment::ConfirmReceipt>();
        register_explicit::<claim::RequestAfterSales>();
        register_explicit::<after_sales::AppealAfterSales>();
        register_explicit::<after_sales::WithdrawAfterSales>();
        register_explicit::<post_back::PostReturn>();
        register_explicit::<log_in::AskCode>();
        register_explicit::<log_in::LogIn>();
        register_explicit::<log_in::LogInWithPassword>();
        register_explicit::<log_in::LogOut>();
        register_explicit::<account::AskOwnCode>();
        register_explicit::<account::SetPassword>();
        register_explicit::<account::RemovePassword>();
        register_explicit::<log_in::LogInWithWechat>();
        register_explicit::<log_in::ForgetWechat>();
        register_explicit::<wechat::LinkWechat>();
        register_explicit::<wechat::UnlinkWechat>();
        register_explicit::<phone::AskPhoneCode>();
        register_explicit::<phone::ChangePhone>();
        register_explicit::<merge::MergeAccounts>();
        register_explicit::<data::EraseAccount>();
        register_explicit::<me::EndSession>();
        register_explicit::<me::EndOtherSessions>();
    }
}
