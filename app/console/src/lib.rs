//! The console 门店端: what a store's people see. One file for each page, its server functions first.

pub mod islands;

#[cfg(feature = "ssr")]
mod account;
#[cfg(feature = "ssr")]
mod after_sales;
#[cfg(feature = "ssr")]
mod alert_list;
#[cfg(feature = "ssr")]
mod alerts;
#[cfg(feature = "ssr")]
mod arrivals;
#[cfg(feature = "ssr")]
mod batch_list;
#[cfg(feature = "ssr")]
mod batches;
#[cfg(feature = "ssr")]
mod board;
#[cfg(feature = "ssr")]
mod cancel_rules;
#[cfg(feature = "ssr")]
mod cancelling;
#[cfg(feature = "ssr")]
mod claim;
#[cfg(feature = "ssr")]
mod code;
#[cfg(feature = "ssr")]
mod count;
#[cfg(feature = "ssr")]
mod count_lines;
#[cfg(feature = "ssr")]
mod count_list;
#[cfg(feature = "ssr")]
mod counts;
#[cfg(feature = "ssr")]
mod delivery;
#[cfg(feature = "ssr")]
mod documents;
#[cfg(feature = "ssr")]
mod frame;
#[cfg(feature = "ssr")]
mod log_in;
#[cfg(feature = "ssr")]
mod loss;
#[cfg(feature = "ssr")]
mod loss_list;
#[cfg(feature = "ssr")]
mod losses;
#[cfg(feature = "ssr")]
mod movements;
#[cfg(feature = "ssr")]
mod opening;
#[cfg(feature = "ssr")]
mod orders;
#[cfg(feature = "ssr")]
mod photos;
#[cfg(feature = "ssr")]
mod pick;
#[cfg(feature = "ssr")]
mod picking;
#[cfg(feature = "ssr")]
mod proposals;
#[cfg(feature = "ssr")]
mod propose;
#[cfg(feature = "ssr")]
mod purchases;
#[cfg(feature = "ssr")]
mod quotas;
#[cfg(feature = "ssr")]
mod receipt;
#[cfg(feature = "ssr")]
mod request;
#[cfg(feature = "ssr")]
mod return_address;
#[cfg(feature = "ssr")]
mod returns;
#[cfg(feature = "ssr")]
mod ride;
#[cfg(feature = "ssr")]
mod set_apart;
#[cfg(feature = "ssr")]
mod shared;
#[cfg(feature = "ssr")]
mod shipment;
#[cfg(feature = "ssr")]
mod shortage_rules;
#[cfg(feature = "ssr")]
mod shortages;
#[cfg(feature = "ssr")]
mod stock;
#[cfg(feature = "ssr")]
mod store_form;
#[cfg(feature = "ssr")]
mod till;
#[cfg(feature = "ssr")]
mod till_sales;
#[cfg(feature = "ssr")]
mod transfer;
#[cfg(feature = "ssr")]
mod transfers;

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
        account, after_sales, alert_list, alerts, arrivals, batch_list, batches, board, cancel_rules, cancelling,
        claim, code, count, count_list, counts, delivery, log_in, loss, loss_list, losses, movements, opening, orders,
        photos, pick, picking, proposals, propose, purchases, quotas, receipt, request, return_address, returns, ride,
        set_apart, shared, shipment, shortage_rules, shortages, stock, till, till_sales, transfer, transfers,
    };

    /// The console among the faces.
    pub const FACE: Face = Face {
        log_in: "/console/login",
        home: "/console",
        account: "/console/account",
        theme: Theme::System,
        program: "staff",
    };

    /// The console's pages.
    pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
        Router::new()
            .route("/console", page(FACE, board::board))
            .route("/console/login", page(FACE, log_in::log_in))
            .route("/console/code", page(FACE, code::code))
            .route("/console/account", page(FACE, account::account))
            .route("/console/proposals", page(FACE, proposals::proposals))
            .route("/console/proposals/new", page(FACE, propose::new))
            .route("/console/proposals/{proposal}", page(FACE, proposals::proposal))
            .route("/console/cancel-rules", page(FACE, cancel_rules::cancel_rules))
            .route("/console/orders", page(FACE, orders::orders))
            .route("/console/orders/{order}", page(FACE, orders::order))
            .route("/console/orders/{order}/after-sales", page(FACE, claim::claim))
            .route("/console/orders/{order}/shipment", page(FACE, shipment::shipment))
            .route("/console/orders/{order}/receipt", page(FACE, receipt::receipt))
            .route("/console/orders/{order}/picking", page(FACE, picking::picking))
            .route("/console/orders/{order}/pick", page(FACE, pick::pick))
            .route("/console/purchases", page(FACE, purchases::list))
            .route("/console/purchases/{purchase}", page(FACE, purchases::purchase))
            .route("/console/set-apart", page(FACE, set_apart::set_apart))
            .route("/console/transfers", page(FACE, transfers::list))
            .route("/console/transfers/new", page(FACE, request::new))
            .route("/console/transfers/{transfer}", page(FACE, transfer::transfer))
            .route("/console/transfers/{transfer}/pick", page(FACE, transfer::pick))
            .route("/console/receipts", page(FACE, request::receipts))
            .route("/console/stock", page(FACE, stock::page))
            .route("/console/movements", page(FACE, movements::movements))
            .route("/console/batches", page(FACE, batch_list::batches))
            .route("/console/till", page(FACE, till::till))
            .route("/console/till/sales", page(FACE, till_sales::sales))
            .route("/console/opening", page(FACE, opening::opening))
            .route("/console/delivery", page(FACE, delivery::delivery))
            .route("/console/photos", page(FACE, photos::photos))
            .route("/console/shortages", page(FACE, shortages::shortages))
            .route("/console/shortages/{shortage}", page(FACE, shortages::shortage))
            .route("/console/after-sales", page(FACE, after_sales::list))
            .route("/console/after-sales/{request}", page(FACE, after_sales::one))
            .route("/console/returns", page(FACE, returns::returns))
            .route("/console/counts", page(FACE, counts::counts))
            .route("/console/counts/new", page(FACE, counts::new))
            .route("/console/counts/{count}", page(FACE, count::count))
            .route("/console/losses", page(FACE, losses::losses))
            .route("/console/losses/new", page(FACE, losses::new))
            .route("/console/losses/many", page(FACE, loss_list::many))
            .route("/console/losses/{loss}", page(FACE, loss::loss))
            .route("/console/alerts", page(FACE, alerts::alerts))
            .route("/console/alerts/many", page(FACE, alert_list::many))
    }

    /// Makes the forms' addresses known to the server.
    pub fn register() {
        register_explicit::<log_in::StaffLogIn>();
        register_explicit::<log_in::StaffLogOut>();
        register_explicit::<account::ChangePassword>();
        register_explicit::<code::EnterCode>();
        register_explicit::<account::BeginSecondStep>();
        register_explicit::<account::ConfirmSecondStep>();
        register_explicit::<account::TurnOffSecondStep>();
        register_explicit::<account::EndSession>();
        register_explicit::<account::EndOtherSessions>();
        register_explicit::<board::AcceptOrder>();
        register_explicit::<board::PrepareOrder>();
        register_explicit::<board::RejectOrder>();
        register_explicit::<board::RedeemCode>();
        register_explicit::<pick::ScanPiece>();
        register_explicit::<pick::TickLine>();
        register_explicit::<shipment::ShipParcel>();
        register_explicit::<shipment::TakeBackParcel>();
        register_explicit::<shipment::EndUnsent>();
        register_explicit::<shipment::CallRider>();
        register_explicit::<shipment::CancelRider>();
        register_explicit::<ride::DispatchOrder>();
        register_explicit::<ride::DeliverOrder>();
        register_explicit::<ride::OrderUndelivered>();
        register_explicit::<opening::SaveOpening>();
        register_explicit::<opening::SetStoreState>();
        register_explicit::<delivery::SaveDelivery>();
        register_explicit::<propose::Propose>();
        register_explicit::<proposals::SubmitProposal>();
        register_explicit::<proposals::WithdrawProposal>();
        register_explicit::<proposals::DecideProposal>();
        register_explicit::<transfers::RequestTransfer>();
        register_explicit::<transfers::WithdrawTransfer>();
        register_explicit::<transfers::DecideTransfer>();
        register_explicit::<transfers::CancelTransfer>();
        register_explicit::<transfers::ShipTransfer>();
        register_explicit::<transfers::ReceiveTransfer>();
        register_explicit::<transfers::ReceiveRestOfTransfer>();
        register_explicit::<transfers::SettleTransfer>();
        register_explicit::<transfers::ReceiveGoods>();
        register_explicit::<purchases::ReceivePurchase>();
        register_explicit::<purchases::ReturnPurchase>();
        register_explicit::<set_apart::EndSetApart>();
        register_explicit::<set_apart::CreditHandOver>();
        register_explicit::<photos::MovePhoto>();
        register_explicit::<photos::RemovePhoto>();
        register_explicit::<photos::RestorePhoto>();
        register_explicit::<shortages::LetShortageWait>();
        register_explicit::<cancelling::AnswerCancel>();
        register_explicit::<cancel_rules::SetCancelRule>();
        register_explicit::<cancel_rules::EndCancelRules>();
        register_explicit::<shortage_rules::SetShortageRule>();
        register_explicit::<shortage_rules::EndShortageRule>();
        register_explicit::<after_sales::DecideAfterSales>();
        register_explicit::<returns::ReceiveReturn>();
        register_explicit::<returns::TurnAwayReturn>();
        register_explicit::<arrivals::TakeInPosted>();
        register_explicit::<arrivals::RefusePosted>();
        register_explicit::<return_address::SaveReturnAddress>();
        register_explicit::<claim::RequestForShopper>();
        register_explicit::<counts::OpenCount>();
        register_explicit::<count::EnterCount>();
        register_explicit::<count::UndoCountEntry>();
        register_explicit::<count_list::UndoCountList>();
        register_explicit::<count::RecountLine>();
        register_explicit::<count::SubmitCount>();
        register_explicit::<count::CancelCount>();
        register_explicit::<count::DecideCount>();
        register_explicit::<loss::WithdrawLoss>();
        register_explicit::<loss::DecideLoss>();
        register_explicit::<loss_list::ReportLosses>();
        register_explicit::<alert_list::SetAlertRules>();
        register_explicit::<alerts::SeeAlert>();
        register_explicit::<alerts::SeeAllAlerts>();
        register_explicit::<alerts::SetAlertRule>();
        register_explicit::<alerts::RemoveAlertRule>();
        register_explicit::<shared::SetStockModel>();
        register_explicit::<shared::RemoveStockModel>();
        register_explicit::<shared::ShareOutStock>();
        register_explicit::<quotas::SetChannelQuota>();
        register_explicit::<quotas::RemoveChannelQuota>();
        register_explicit::<batches::RegisterBatch>();
        register_explicit::<till::SellAtCounter>();
        register_explicit::<till_sales::TakeBackCounterSale>();
    }
}
