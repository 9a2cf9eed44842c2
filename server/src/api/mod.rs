//! The JSON API, `/api/v1`. Each handler is an adapter of about three lines over one use case, and
//! stands once for both the router and the OpenAPI document.

mod addresses;
mod after_sales;
mod alerts;
mod approvals;
mod auth;
mod batches;
mod cancelling;
mod cart;
mod channel_quotas;
mod checkouts;
mod conditional;
mod console;
mod counter_sales;
mod counts;
mod deliveries;
mod docs;
mod document;
mod express;
mod freight;
mod holds;
mod hq;
mod losses;
mod me;
mod order_centre;
mod orders;
mod paging;
mod photos;
pub mod problem;
mod purchase_limits;
mod purchasing;
mod refunds;
mod set_apart;
mod shortages;
mod staff;
mod stock_lists;
mod stock_models;
mod stores;
mod structure;
mod supply;
mod transfers;

use std::sync::LazyLock;

use axum::{Json, Router, extract::Request, response::Response, routing::get};
use rpc::Page;
use serde_json::Value;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::site::Site;

/// What the document says beside its routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Mendian 门店",
        description = "The whole journey in JSON: stores near a place, their goods, the cart, placing, paying, \
                       the store's side, head office's figures. Amounts are in fen. Times are RFC 3339. Errors \
                       are `application/problem+json` with a stable `code`. Lists are read on with `after`.",
    ),
    modifiers(&Bearer),
    tags(
        (name = "auth", description = "Logging in"),
        (name = "me", description = "A member's own account"),
        (name = "stores", description = "Stores and their goods"),
        (name = "cart", description = "The cart and its quote"),
        (name = "holds", description = "Goods held before they are ordered"),
        (name = "orders", description = "A member's orders"),
        (name = "checkouts", description = "Orders at several stores that one payment pays"),
        (name = "after-sales", description = "What shoppers ask for after the sale"),
        (name = "console", description = "A store's side"),
        (name = "hq", description = "Head office"),
        (name = "centre", description = "What head office does with orders of its stores"),
        (name = "approvals", description = "What stores propose and those above them decide"),
        (name = "shortages", description = "What is promised and not there"),
        (name = "counts", description = "Counting what is there"),
        (name = "counter_sales", description = "What is sold at the counter, by tills and people"),
        (name = "losses", description = "What is broken, expired, stolen or given away"),
        (name = "alerts", description = "What a store should know of its stock"),
        (name = "batches", description = "Batches and their last day"),
        (name = "stock_models", description = "How pieces are shared between the shop and the counter"),
        (name = "channel_quotas", description = "How many pieces one channel sells at a store"),
        (name = "purchase_limits", description = "How many pieces one member may buy"),
        (name = "transfers", description = "Goods between stores and warehouses"),
        (name = "supply", description = "Warehouses and what head office sends out of them"),
        (name = "express", description = "Parcels, riders, and what is told of both"),
        (name = "freight", description = "What sending goods costs, and which stores send them"),
        (name = "purchasing", description = "Buying goods, what they cost, what is owed"),
        (name = "set_apart", description = "What shoppers brought back for suppliers"),
        (name = "staff", description = "Accounts, roles, groups of stores, merchants, departments"),
    )
)]
struct Api;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("bearer", scheme);
    }
}

fn both() -> OpenApiRouter<Site> {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(auth::ask_code))
        .routes(routes!(auth::log_in, auth::log_out, auth::sessions))
        .routes(routes!(auth::staff_log_in))
        .routes(routes!(auth::end_session))
        .routes(routes!(auth::enter_code))
        .routes(routes!(staff::second_step, staff::begin_second_step, staff::confirm_second_step))
        .routes(routes!(staff::remove_second_step))
        .routes(routes!(auth::log_in_with_password))
        .routes(routes!(auth::log_in_with_wechat))
        .routes(routes!(auth::me, me::erase))
        .routes(routes!(me::account))
        .routes(routes!(me::ask_own_code))
        .routes(routes!(me::set_password, me::remove_password))
        .routes(routes!(me::change_phone))
        .routes(routes!(me::link_wechat, me::unlink_wechat))
        .routes(routes!(me::merge_offer, me::merge))
        .routes(routes!(me::export))
        .routes(routes!(me::leaving))
        .routes(routes!(addresses::addresses, addresses::save_address))
        .routes(routes!(addresses::remove_address))
        .routes(routes!(addresses::address_regions))
        .routes(routes!(stores::find))
        .routes(routes!(stores::places))
        .routes(routes!(stores::show))
        .routes(routes!(stores::categories))
        .routes(routes!(stores::browse))
        .routes(routes!(stores::product))
        .routes(routes!(stores::nearby))
        .routes(routes!(cart::show))
        .routes(routes!(cart::set_line, cart::remove_line))
        .routes(routes!(cart::set_apart))
        .routes(routes!(cart::quote))
        .routes(routes!(cart::hand_over))
        .routes(routes!(holds::take, holds::mine))
        .routes(routes!(holds::release))
        .routes(routes!(orders::place, orders::mine))
        .routes(routes!(orders::show))
        .routes(routes!(orders::cancel))
        .routes(routes!(cancelling::ask_cancel))
        .routes(routes!(cancelling::withdraw_cancel))
        .routes(routes!(orders::pay))
        .routes(routes!(checkouts::place))
        .routes(routes!(checkouts::show))
        .routes(routes!(checkouts::pay))
        .routes(routes!(after_sales::options))
        .routes(routes!(after_sales::quote))
        .routes(routes!(after_sales::request, after_sales::mine))
        .routes(routes!(after_sales::show))
        .routes(routes!(after_sales::appeal))
        .routes(routes!(after_sales::withdraw))
        .routes(routes!(after_sales::post_back))
        .routes(routes!(after_sales::add_proof))
        .routes(routes!(after_sales::list, after_sales::request_for_shopper))
        .routes(routes!(after_sales::counts))
        .routes(routes!(after_sales::show_for_staff))
        .routes(routes!(after_sales::add_store_proof))
        .routes(routes!(after_sales::decide))
        .routes(routes!(after_sales::arrive))
        .routes(routes!(after_sales::refuse_arrived))
        .routes(routes!(after_sales::return_address, after_sales::set_return_address))
        .routes(routes!(after_sales::find))
        .routes(routes!(after_sales::receive))
        .routes(routes!(after_sales::turn_away))
        .routes(routes!(after_sales::arbitrate))
        .routes(routes!(after_sales::terms, after_sales::set_terms))
        .routes(routes!(after_sales::reset_terms))
        .routes(routes!(console::board))
        .routes(routes!(console::show))
        .routes(routes!(console::accept))
        .routes(routes!(console::picking, console::set_picked))
        .routes(routes!(console::prepare))
        .routes(routes!(console::reject))
        .routes(routes!(cancelling::answer_cancel))
        .routes(routes!(console::redeem))
        .routes(routes!(deliveries::dispatch))
        .routes(routes!(deliveries::deliver))
        .routes(routes!(deliveries::undelivered))
        .routes(routes!(deliveries::fulfilment, deliveries::set_fulfilment))
        .routes(routes!(deliveries::opening, deliveries::set_opening))
        .routes(routes!(deliveries::riders))
        .routes(routes!(photos::photos, photos::add_photo, photos::arrange_photos))
        .routes(routes!(photos::remove_photo))
        .routes(routes!(photos::restore_photo))
        .routes(routes!(hq::sales_today))
        .routes(routes!(hq::orders))
        .routes(routes!(order_centre::call_off))
        .routes(routes!(order_centre::call_off_all))
        .routes(routes!(order_centre::reroute))
        .routes(routes!(order_centre::reroute_choices))
        .routes(routes!(order_centre::notes, order_centre::annotate))
        .routes(routes!(order_centre::refundable, order_centre::refund))
        .routes(routes!(order_centre::batches, order_centre::draft_batch))
        .routes(routes!(order_centre::batch))
        .routes(routes!(order_centre::start_batch))
        .routes(routes!(cancelling::cancel_rules, cancelling::set_cancel_rule))
        .routes(routes!(cancelling::set_store_cancel_rule, cancelling::remove_cancel_rules))
        .routes(routes!(order_centre::unclaimed_rule, order_centre::set_unclaimed_rule))
        .routes(routes!(refunds::list))
        .routes(routes!(refunds::retry))
        .routes(routes!(refunds::settle))
        .routes(routes!(hq::stores))
        .routes(routes!(hq::audit))
        .routes(routes!(approvals::list, approvals::propose))
        .routes(routes!(approvals::waiting))
        .routes(routes!(approvals::subjects))
        .routes(routes!(approvals::show))
        .routes(routes!(approvals::submit))
        .routes(routes!(approvals::withdraw))
        .routes(routes!(approvals::decide))
        .routes(routes!(approvals::delegations, approvals::delegate))
        .routes(routes!(approvals::take_back))
        .routes(routes!(approvals::limits, approvals::set_limits))
        .routes(routes!(approvals::set_limits_at, approvals::remove_limits_at))
        .routes(routes!(shortages::list))
        .routes(routes!(shortages::show))
        .routes(routes!(shortages::let_wait))
        .routes(routes!(shortages::rules, shortages::set_rule))
        .routes(routes!(shortages::set_store_rule, shortages::end_store_rule))
        .routes(routes!(counts::places))
        .routes(routes!(counts::list, counts::open))
        .routes(routes!(counts::show))
        .routes(routes!(counts::lines))
        .routes(routes!(counts::enter))
        .routes(routes!(counts::undo))
        .routes(routes!(counts::enter_list))
        .routes(routes!(counts::undo_list))
        .routes(routes!(counts::recount))
        .routes(routes!(counts::submit))
        .routes(routes!(counts::cancel))
        .routes(routes!(counts::decide))
        .routes(routes!(losses::list, losses::report))
        .routes(routes!(losses::figures))
        .routes(routes!(losses::show))
        .routes(routes!(losses::add_photo))
        .routes(routes!(losses::withdraw))
        .routes(routes!(losses::decide))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::see))
        .routes(routes!(alerts::rules, alerts::set_rule))
        .routes(routes!(alerts::remove_rule))
        .routes(routes!(batches::list, batches::register))
        .routes(routes!(stock_models::list, stock_models::set))
        .routes(routes!(stock_models::remove))
        .routes(routes!(purchase_limits::list, purchase_limits::set))
        .routes(routes!(purchase_limits::remove))
        .routes(routes!(channel_quotas::list, channel_quotas::set))
        .routes(routes!(channel_quotas::remove))
        .routes(routes!(stock_models::show, stock_models::share_out))
        .routes(routes!(counter_sales::list, counter_sales::sell))
        .routes(routes!(counter_sales::show))
        .routes(routes!(counter_sales::take_back))
        .routes(routes!(transfers::list, transfers::request))
        .routes(routes!(transfers::show))
        .routes(routes!(transfers::withdraw))
        .routes(routes!(transfers::decide))
        .routes(routes!(transfers::cancel))
        .routes(routes!(transfers::ship))
        .routes(routes!(transfers::receive))
        .routes(routes!(transfers::receive_rest))
        .routes(routes!(transfers::settle))
        .routes(routes!(transfers::stock))
        .routes(routes!(transfers::elsewhere))
        .routes(routes!(transfers::receipts))
        .routes(routes!(transfers::take_in))
        .routes(routes!(express::mine))
        .routes(routes!(express::confirm))
        .routes(routes!(express::show))
        .routes(routes!(express::ship))
        .routes(routes!(express::take_back))
        .routes(routes!(express::end_unsent))
        .routes(routes!(express::quote_ride))
        .routes(routes!(express::call_rider))
        .routes(routes!(express::cancel_ride))
        .routes(routes!(hq::product))
        .routes(routes!(hq::set_weights))
        .routes(routes!(hq::keep_batches))
        .routes(routes!(freight::templates))
        .routes(routes!(freight::save, freight::remove))
        .routes(routes!(freight::stores, freight::set_stores))
        .routes(routes!(freight::delivery_priorities, freight::set_delivery_priority))
        .routes(routes!(freight::rule, freight::set_rule))
        .routes(routes!(freight::find))
        .routes(routes!(supply::warehouses))
        .routes(routes!(supply::save_warehouse))
        .routes(routes!(supply::close_warehouse))
        .routes(routes!(supply::reopen_warehouse))
        .routes(routes!(supply::prices, supply::set_price))
        .routes(routes!(supply::allocate))
        .routes(routes!(supply::propose_allocation))
        .routes(routes!(supply::allocation))
        .routes(routes!(purchasing::suppliers))
        .routes(routes!(purchasing::save_supplier))
        .routes(routes!(purchasing::supplier_prices, purchasing::set_supplier_prices))
        .routes(routes!(purchasing::purchases))
        .routes(routes!(purchasing::purchase))
        .routes(routes!(purchasing::draft))
        .routes(routes!(purchasing::submit))
        .routes(routes!(purchasing::decide))
        .routes(routes!(purchasing::cancel))
        .routes(routes!(purchasing::close))
        .routes(routes!(purchasing::receive))
        .routes(routes!(purchasing::send_back))
        .routes(routes!(set_apart::list))
        .routes(routes!(set_apart::hand_over))
        .routes(routes!(set_apart::scrap))
        .routes(routes!(set_apart::credit))
        .routes(routes!(purchasing::billable))
        .routes(routes!(purchasing::invoices, purchasing::enter_invoice))
        .routes(routes!(purchasing::invoice))
        .routes(routes!(purchasing::pay_invoice))
        .routes(routes!(purchasing::pay_part))
        .routes(routes!(purchasing::take_back_payment))
        .routes(routes!(purchasing::take_back_invoice))
        .routes(routes!(purchasing::payables))
        .routes(routes!(purchasing::shortfalls, purchasing::order_proposed))
        .routes(routes!(purchasing::order_shortfalls))
        .routes(routes!(purchasing::proposals))
        .routes(routes!(purchasing::costs))
        .routes(routes!(stock_lists::margins))
        .routes(routes!(stock_lists::balances))
        .routes(routes!(stock_lists::movements))
        .routes(routes!(stock_lists::all_batches))
        .routes(routes!(purchasing::cost_history))
        .routes(routes!(staff::list, staff::hire))
        .routes(routes!(staff::show))
        .routes(routes!(staff::give))
        .routes(routes!(staff::take_back))
        .routes(routes!(staff::suspend))
        .routes(routes!(staff::restore))
        .routes(routes!(staff::reset_password))
        .routes(routes!(staff::sessions_of, staff::log_out_everywhere))
        .routes(routes!(staff::choices))
        .routes(routes!(staff::roles))
        .routes(routes!(staff::save_role, staff::remove_role))
        .routes(routes!(staff::store_groups))
        .routes(routes!(staff::save_store_group, staff::remove_store_group))
        .routes(routes!(structure::merchants))
        .routes(routes!(structure::save_merchant, structure::remove_merchant))
        .routes(routes!(structure::papers, structure::add_paper))
        .routes(routes!(structure::remove_paper))
        .routes(routes!(structure::paper_file))
        .routes(routes!(structure::departments))
        .routes(routes!(structure::save_department, structure::remove_department))
        .routes(routes!(structure::assign_department))
        .routes(routes!(staff::change_password))
}

/// The routes under /api/v1, the document among them.
pub fn routes() -> Router<Site> {
    let (router, _) = both().split_for_parts();
    router.route("/openapi.json", get(|| async { Json(&*DOCUMENT) })).layer(axum::middleware::from_fn(conditional::tag))
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

/// The OpenAPI 3.1 document.
pub fn document() -> Value {
    let mut document = both().split_for_parts().1;
    document.servers = Some(vec![utoipa::openapi::Server::new("/api/v1")]);
    document::complete(serde_json::to_value(document).unwrap_or_default())
}

/// The document as a page that can be read, /api/docs.
pub async fn read_docs(asked: Request) -> Response {
    let page = Page::new("接口文档", || docs::page(&DOCUMENT)).described("Mendian 门店的 JSON API：接口、示例与错误。");
    rpc::show(app::face_of("/"), &asked, page)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A change of the public API is a visible diff: `mendian openapi > server/src/api/openapi.json`.
    #[test]
    fn the_document_is_the_one_under_version_control() {
        let now = serde_json::to_string_pretty(&document()).unwrap();
        let kept = include_str!("openapi.json");
        assert!(
            now.trim() == kept.trim(),
            "the API changed; look at it, then: mendian openapi > server/src/api/openapi.json"
        );
    }
}
