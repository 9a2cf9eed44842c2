//! Head office's pages 总部后台: today's figures, the orders and the stores within a person's reach.

#[cfg(feature = "ssr")]
mod after_sales;
#[cfg(feature = "ssr")]
mod after_sales_terms;
#[cfg(feature = "ssr")]
mod alert_list;
#[cfg(feature = "ssr")]
mod alerts;
#[cfg(feature = "ssr")]
mod allocation_formula;
#[cfg(feature = "ssr")]
mod allocations;
#[cfg(feature = "ssr")]
mod approval_limits;
#[cfg(feature = "ssr")]
mod audit;
#[cfg(feature = "ssr")]
mod batches;
#[cfg(feature = "ssr")]
mod cancel_rules;
#[cfg(feature = "ssr")]
mod channel_quotas;
#[cfg(feature = "ssr")]
mod costs;
#[cfg(feature = "ssr")]
mod counts;
#[cfg(feature = "ssr")]
mod departments;
#[cfg(feature = "ssr")]
mod dispatch;
#[cfg(feature = "ssr")]
mod frame;
#[cfg(feature = "ssr")]
mod freight;
#[cfg(feature = "ssr")]
mod grant;
#[cfg(feature = "ssr")]
mod groups;
#[cfg(feature = "ssr")]
mod import;
#[cfg(feature = "ssr")]
mod imports;
#[cfg(feature = "ssr")]
mod invoice_payments;
#[cfg(feature = "ssr")]
mod invoices;
pub mod islands;
#[cfg(feature = "ssr")]
mod keys;
#[cfg(feature = "ssr")]
mod losses;
#[cfg(feature = "ssr")]
mod margins;
#[cfg(feature = "ssr")]
mod merchants;
#[cfg(feature = "ssr")]
mod new_transfer;
#[cfg(feature = "ssr")]
mod order;
#[cfg(feature = "ssr")]
mod order_batches;
#[cfg(feature = "ssr")]
mod order_parts;
#[cfg(feature = "ssr")]
mod orders;
#[cfg(feature = "ssr")]
mod papers;
#[cfg(feature = "ssr")]
mod person;
#[cfg(feature = "ssr")]
mod products;
#[cfg(feature = "ssr")]
mod proposals;
#[cfg(feature = "ssr")]
mod purchase;
#[cfg(feature = "ssr")]
mod purchase_limits;
#[cfg(feature = "ssr")]
mod purchases;
#[cfg(feature = "ssr")]
mod refunds;
#[cfg(feature = "ssr")]
mod replenishment;
#[cfg(feature = "ssr")]
mod roles;
#[cfg(feature = "ssr")]
mod rulebook;
#[cfg(feature = "ssr")]
mod shortage_rules;
#[cfg(feature = "ssr")]
mod shortages;
#[cfg(feature = "ssr")]
mod shortfalls;
#[cfg(feature = "ssr")]
mod staff;
#[cfg(feature = "ssr")]
mod stock;
#[cfg(feature = "ssr")]
mod stock_models;
#[cfg(feature = "ssr")]
mod stores;
#[cfg(feature = "ssr")]
mod suppliers;
#[cfg(feature = "ssr")]
mod transfers;
#[cfg(feature = "ssr")]
mod unclaimed;
#[cfg(feature = "ssr")]
mod wall;
#[cfg(feature = "ssr")]
mod warehouses;
#[cfg(feature = "ssr")]
mod webhook;
#[cfg(feature = "ssr")]
mod webhooks;
#[cfg(feature = "ssr")]
mod weights;

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
        after_sales, after_sales_terms, alert_list, alerts, allocation_formula, allocations, approval_limits, audit,
        batches, cancel_rules, channel_quotas, costs, counts, departments, dispatch, freight, groups, import, imports,
        invoice_payments, invoices, keys, losses, margins, merchants, new_transfer, order, order_batches, orders,
        papers, person, products, proposals, purchase, purchase_limits, purchases, refunds, replenishment, roles,
        shortage_rules, shortages, shortfalls, staff, stock, stock_models, stores, suppliers, transfers, unclaimed,
        wall, warehouses, webhook, webhooks, weights,
    };

    /// Head office among the faces; its people log in where the stores' people do.
    pub const FACE: Face = Face {
        log_in: "/console/login",
        home: "/hq",
        account: "/console/account",
        theme: Theme::System,
        program: "staff",
    };

    /// Head office's pages.
    pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
        Router::new()
            .route("/hq", page(FACE, wall::wall))
            .route("/hq/orders", page(FACE, orders::orders))
            .route("/hq/orders/{order}", page(FACE, order::order))
            .route("/hq/order-batches", page(FACE, order_batches::list))
            .route("/hq/order-batches/{batch}", page(FACE, order_batches::one))
            .route("/hq/refunds", page(FACE, refunds::list))
            .route("/hq/after-sales", page(FACE, after_sales::list))
            .route("/hq/after-sales/terms", page(FACE, after_sales_terms::terms))
            .route("/hq/after-sales/{request}", page(FACE, after_sales::one))
            .route("/hq/stores", page(FACE, stores::stores))
            .route("/hq/products", page(FACE, products::products))
            .route("/hq/products/{product}", page(FACE, weights::product))
            .route("/hq/proposals", page(FACE, proposals::proposals))
            .route("/hq/proposals/{proposal}", page(FACE, proposals::proposal))
            .route("/hq/approval-limits", page(FACE, approval_limits::approval_limits))
            .route("/hq/counts", page(FACE, counts::counts))
            .route("/hq/losses", page(FACE, losses::losses))
            .route("/hq/cancel-rules", page(FACE, cancel_rules::cancel_rules))
            .route("/hq/unclaimed", page(FACE, unclaimed::unclaimed))
            .route("/hq/shortages", page(FACE, shortages::list))
            .route("/hq/shortages/{shortage}", page(FACE, shortages::one))
            .route("/hq/alerts", page(FACE, alerts::alerts))
            .route("/hq/alerts/many", page(FACE, alert_list::many))
            .route("/hq/stock", page(FACE, stock::balances))
            .route("/hq/movements", page(FACE, stock::movements))
            .route("/hq/batches", page(FACE, batches::list))
            .route("/hq/batches/{location}/{sku}", page(FACE, batches::one))
            .route("/hq/stock-models", page(FACE, stock_models::stock_models))
            .route("/hq/transfers", page(FACE, transfers::list))
            .route("/hq/transfers/new", page(FACE, new_transfer::new))
            .route("/hq/transfers/{transfer}", page(FACE, transfers::transfer))
            .route("/hq/warehouses", page(FACE, warehouses::list))
            .route("/hq/warehouses/{warehouse}", page(FACE, warehouses::warehouse))
            .route("/hq/warehouses/{warehouse}/stock", page(FACE, warehouses::stock))
            .route("/hq/allocations/new", page(FACE, allocations::new))
            .route("/hq/allocations/formula", page(FACE, allocation_formula::page))
            .route("/hq/allocations/{allocation}", page(FACE, allocations::allocation))
            .route("/hq/supply-prices", page(FACE, allocations::prices))
            .route("/hq/freight", page(FACE, freight::list))
            .route("/hq/freight/{template}", page(FACE, freight::template))
            .route("/hq/margins", page(FACE, margins::list))
            .route("/hq/purchases", page(FACE, purchases::list))
            .route("/hq/purchases/{purchase}", page(FACE, purchase::purchase))
            .route("/hq/purchases/{purchase}/print", page(FACE, purchase::print))
            .route("/hq/replenishment", page(FACE, replenishment::proposals))
            .route("/hq/suppliers", page(FACE, suppliers::list))
            .route("/hq/suppliers/{supplier}", page(FACE, suppliers::supplier))
            .route("/hq/invoices", page(FACE, invoices::list))
            .route("/hq/invoices/{invoice}", page(FACE, invoices::invoice))
            .route("/hq/costs", page(FACE, costs::list))
            .route("/hq/costs/{location}/{sku}", page(FACE, costs::history))
            .route("/hq/imports", page(FACE, imports::imports))
            .route("/hq/imports/new", page(FACE, imports::new_import))
            .route("/hq/imports/{import}", page(FACE, import::import))
            .route("/hq/keys", page(FACE, keys::keys))
            .route("/hq/keys/new", page(FACE, keys::new_key))
            .route("/hq/webhooks", page(FACE, webhooks::webhooks))
            .route("/hq/webhooks/new", page(FACE, webhooks::new_webhook))
            .route("/hq/webhooks/{webhook}", page(FACE, webhook::webhook))
            .route("/hq/webhooks/{webhook}/edit", page(FACE, webhooks::edit_webhook))
            .route("/hq/staff", page(FACE, staff::list))
            .route("/hq/staff/new", page(FACE, staff::new))
            .route("/hq/staff/{person}", page(FACE, person::person))
            .route("/hq/roles", page(FACE, roles::roles))
            .route("/hq/roles/{role}", page(FACE, roles::role))
            .route("/hq/groups", page(FACE, groups::groups))
            .route("/hq/groups/{group}", page(FACE, groups::group))
            .route("/hq/merchants", page(FACE, merchants::merchants))
            .route("/hq/merchants/{merchant}", page(FACE, merchants::merchant))
            .route("/hq/departments", page(FACE, departments::departments))
            .route("/hq/departments/{department}", page(FACE, departments::department))
            .route("/hq/audit", page(FACE, audit::log))
    }

    /// Makes the forms' addresses known to the server.
    pub fn register() {
        register_explicit::<dispatch::RerouteOrder>();
        register_explicit::<dispatch::CallOffOrder>();
        register_explicit::<order_batches::DraftOrderBatch>();
        register_explicit::<order_batches::StartOrderBatch>();
        register_explicit::<dispatch::RefundOrder>();
        register_explicit::<refunds::RetryRefund>();
        register_explicit::<refunds::SettleRefund>();
        register_explicit::<dispatch::AnnotateOrder>();
        register_explicit::<import::ConfirmImport>();
        register_explicit::<import::CancelImport>();
        register_explicit::<import::ChooseImportColumns>();
        register_explicit::<keys::CreateKey>();
        register_explicit::<keys::RevokeKey>();
        register_explicit::<webhooks::SaveWebhook>();
        register_explicit::<webhook::PauseWebhook>();
        register_explicit::<webhook::ResumeWebhook>();
        register_explicit::<webhook::RenewWebhookSecret>();
        register_explicit::<webhook::RemoveWebhook>();
        register_explicit::<webhook::TestWebhook>();
        register_explicit::<webhook::ReplayWebhook>();
        register_explicit::<staff::HireStaff>();
        register_explicit::<person::GiveGrant>();
        register_explicit::<person::TakeBackGrant>();
        register_explicit::<person::AssignDepartment>();
        register_explicit::<person::SuspendStaff>();
        register_explicit::<person::RestoreStaff>();
        register_explicit::<person::ResetStaffPassword>();
        register_explicit::<person::LogOutEverywhere>();
        register_explicit::<person::RemoveSecondStep>();
        register_explicit::<roles::SaveRole>();
        register_explicit::<roles::RemoveRole>();
        register_explicit::<groups::SaveStoreGroup>();
        register_explicit::<groups::RemoveStoreGroup>();
        register_explicit::<merchants::SaveMerchant>();
        register_explicit::<merchants::RemoveMerchant>();
        register_explicit::<papers::RemovePaper>();
        register_explicit::<departments::SaveDepartment>();
        register_explicit::<departments::RemoveDepartment>();
        register_explicit::<after_sales::ArbitrateAfterSales>();
        register_explicit::<after_sales_terms::SetAfterSalesTerms>();
        register_explicit::<after_sales_terms::ResetAfterSalesTerms>();
        register_explicit::<warehouses::SaveWarehouse>();
        register_explicit::<warehouses::CloseWarehouse>();
        register_explicit::<warehouses::ReopenWarehouse>();
        register_explicit::<new_transfer::RequestTransfer>();
        register_explicit::<allocations::AllocateStock>();
        register_explicit::<allocations::SetSupplyPrice>();
        register_explicit::<weights::SetWeights>();
        register_explicit::<weights::KeepBatches>();
        register_explicit::<freight::SaveFreight>();
        register_explicit::<freight::RemoveFreight>();
        register_explicit::<freight::SetExpressStores>();
        register_explicit::<freight::SetRouting>();
        register_explicit::<freight::SetDeliveryPriority>();
        register_explicit::<suppliers::SaveSupplier>();
        register_explicit::<suppliers::SetSupplierPrices>();
        register_explicit::<purchases::DraftPurchase>();
        register_explicit::<purchases::SubmitPurchase>();
        register_explicit::<purchases::DecidePurchase>();
        register_explicit::<purchases::CancelPurchase>();
        register_explicit::<purchases::ClosePurchase>();
        register_explicit::<replenishment::OrderProposed>();
        register_explicit::<shortfalls::OrderShortfalls>();
        register_explicit::<invoices::EnterInvoice>();
        register_explicit::<invoice_payments::PayInvoice>();
        register_explicit::<invoice_payments::TakeBackSupplierPayment>();
        register_explicit::<invoices::TakeBackInvoice>();
        register_explicit::<proposals::DecideProposal>();
        register_explicit::<proposals::Delegate>();
        register_explicit::<proposals::EndDelegation>();
        register_explicit::<approval_limits::SetApprovalLimits>();
        register_explicit::<approval_limits::SetPlaceApprovalLimits>();
        register_explicit::<approval_limits::EndPlaceApprovalLimits>();
        register_explicit::<alerts::SetAlertRule>();
        register_explicit::<alerts::RemoveAlertRule>();
        register_explicit::<shortages::RerouteShortOrder>();
        register_explicit::<shortages::LetCaseWait>();
        register_explicit::<unclaimed::SetUnclaimedRule>();
        register_explicit::<cancel_rules::SetHouseCancelRule>();
        register_explicit::<cancel_rules::EndStoreCancelRules>();
        register_explicit::<shortage_rules::SetHouseShortageRule>();
        register_explicit::<shortage_rules::EndStoreShortageRule>();
        register_explicit::<stock_models::SetStockModel>();
        register_explicit::<stock_models::RemoveStockModel>();
        register_explicit::<channel_quotas::SetChannelQuota>();
        register_explicit::<channel_quotas::RemoveChannelQuota>();
        register_explicit::<purchase_limits::SetPurchaseLimit>();
        register_explicit::<purchase_limits::RemovePurchaseLimit>();
    }
}
