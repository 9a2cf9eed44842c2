//! What answers lead on to.

/// What an answer leads on to: an operation, those that take something out of its answer, and which of their
/// parameters stands where in it.
pub(super) type Link = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);
pub(super) const LINKS: &[Link] = &[
    (
        "stores_find",
        &["stores_show", "stores_categories", "stores_browse", "cart_quote"],
        &[("store_id", "$response.body#/0/id")],
    ),
    (
        "stores_browse",
        &["stores_product"],
        &[("store_id", "$request.path.store_id"), ("code", "$response.body#/items/0/code")],
    ),
    ("checkouts_place", &["checkouts_show", "checkouts_pay"], &[("checkout_id", "$response.body#/id")]),
    ("holds_take", &["holds_release"], &[("hold_id", "$response.body#/id")]),
    (
        "approvals_list",
        &["approvals_show", "approvals_submit", "approvals_withdraw", "approvals_decide"],
        &[("proposal_id", "$response.body#/items/0/id")],
    ),
    ("shortages_list", &["shortages_show", "shortages_let_wait"], &[("shortage_id", "$response.body#/items/0/id")]),
    (
        "transfers_list",
        &[
            "transfers_show",
            "transfers_withdraw",
            "transfers_decide",
            "transfers_cancel",
            "transfers_ship",
            "transfers_receive",
            "transfers_settle",
        ],
        &[("transfer_id", "$response.body#/items/0/id")],
    ),
    (
        "supply_warehouses",
        &["transfers_stock", "transfers_receipts", "supply_save_warehouse", "supply_reopen_warehouse"],
        &[("location_id", "$response.body#/0/id")],
    ),
    ("after-sales_terms", &["after-sales_reset_terms"], &[("category_id", "$response.body#/categories/0/category_id")]),
    ("stores_product", &["hq_product"], &[("code", "$request.path.code")]),
    ("hq_product", &["hq_set_weights"], &[("code", "$response.body#/code")]),
    ("freight_templates", &["freight_save", "freight_remove"], &[("template_id", "$response.body#/0/id")]),
    ("supply_allocate", &["supply_allocation"], &[("allocation_id", "$response.body#/id")]),
    (
        "purchasing_suppliers",
        &[
            "purchasing_save_supplier",
            "purchasing_supplier_prices",
            "purchasing_set_supplier_prices",
            "purchasing_billable",
        ],
        &[("supplier_id", "$response.body#/0/id")],
    ),
    (
        "purchasing_purchases",
        &[
            "purchasing_purchase",
            "purchasing_draft",
            "purchasing_submit",
            "purchasing_decide",
            "purchasing_cancel",
            "purchasing_close",
            "purchasing_receive",
            "purchasing_send_back",
        ],
        &[("purchase_id", "$response.body#/items/0/id")],
    ),
    (
        "purchasing_invoices",
        &["purchasing_invoice", "purchasing_pay_invoice"],
        &[("invoice_id", "$response.body#/items/0/id")],
    ),
    (
        "purchasing_costs",
        &["purchasing_cost_history"],
        &[("location_id", "$response.body#/items/0/location/id"), ("sku_id", "$response.body#/items/0/sku_id")],
    ),
    ("approvals_delegations", &["approvals_take_back"], &[("delegation_id", "$response.body#/0/id")]),
    (
        "staff_list",
        &["staff_show", "staff_give", "staff_suspend", "staff_restore", "staff_reset_password"],
        &[("staff_id", "$response.body#/items/0/id")],
    ),
    (
        "staff_show",
        &["staff_take_back"],
        &[("staff_id", "$request.path.staff_id"), ("grant_id", "$response.body#/grants/0/id")],
    ),
    (
        "staff_add_paper",
        &["staff_paper_file", "staff_remove_paper"],
        &[("merchant_id", "$request.path.merchant_id"), ("paper_id", "$response.body#/id")],
    ),
    ("me_addresses", &["me_remove_address"], &[("address_id", "$response.body#/0/id")]),
    ("orders_mine", &["after-sales_options"], &[("order_id", "$response.body#/items/0/id")]),
    (
        "after-sales_mine",
        &["after-sales_show", "after-sales_withdraw", "after-sales_appeal"],
        &[("after_sales_id", "$response.body#/items/0/id")],
    ),
    (
        "after-sales_list",
        &["after-sales_show_for_staff", "after-sales_decide", "after-sales_arbitrate"],
        &[("after_sales_id", "$response.body#/items/0/id")],
    ),
    ("console_add_photo", &["console_remove_photo", "console_restore_photo"], &[("photo_id", "$response.body#/id")]),
    (
        "counts_list",
        &["counts_show", "counts_lines", "counts_enter", "counts_submit", "counts_cancel", "counts_decide"],
        &[("count_id", "$response.body#/items/0/id")],
    ),
    (
        "losses_list",
        &["losses_show", "losses_add_photo", "losses_withdraw", "losses_decide"],
        &[("loss_id", "$response.body#/items/0/id")],
    ),
    ("alerts_list", &["alerts_see"], &[("alert_id", "$response.body#/items/0/id")]),
    ("alerts_set_rule", &["alerts_remove_rule"], &[("rule_id", "$response.body#/id")]),
    ("stock_models_set", &["stock_models_remove"], &[("model_id", "$response.body#/id")]),
    ("orders_place", &["orders_show", "orders_pay", "orders_cancel"], &[("order_id", "$response.body#/id")]),
    ("orders_mine", &["orders_show", "orders_pay", "orders_cancel"], &[("order_id", "$response.body#/items/0/id")]),
    ("refunds_list", &["refunds_retry", "refunds_settle"], &[("refund_id", "$response.body#/items/0/id")]),
    ("centre_batches", &["centre_batch", "centre_start_batch"], &[("batch_id", "$response.body#/0/id")]),
    (
        "hq_orders",
        &[
            "centre_call_off",
            "centre_reroute",
            "centre_reroute_choices",
            "centre_notes",
            "centre_annotate",
            "centre_refundable",
            "centre_refund",
        ],
        &[("order_id", "$response.body#/items/0/id")],
    ),
    (
        "console_board",
        &[
            "console_show",
            "console_accept",
            "console_prepare",
            "console_reject",
            "console_dispatch",
            "console_deliver",
            "console_undelivered",
        ],
        &[("order_id", "$response.body#/0/id")],
    ),
];
