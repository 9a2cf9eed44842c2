//! What the OpenAPI document says of all operations in the same way: their names, the faults they can
//! answer with, and examples. Handlers name only what is their own.
//!
//! `examples.json` holds real answers of the demo, by operation.

use domain::{Complaint, Fault};
use serde_json::{Map, Value, json};

use super::problem::{FILE_MOST, JSON_MOST, Problem};

const EXAMPLES: &str = include_str!("examples.json");
const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// Conflicts that an operation answers with 409: the operation, and each code with its message.
const CONFLICTS: &[(&str, &[(&str, &str)])] = &[
    ("cart_set_line", &[("sold_out", "仅剩 2 件"), ("cart_full", "购物车已满 100 种商品，请先结算或删除一些")]),
    ("cart_show", &[("goods_changing", "门店正在更新商品，请稍后再试")]),
    ("cart_quote", &[("goods_changing", "门店正在更新商品，请稍后再试")]),
    (
        "holds_take",
        &[
            ("sold_out", "已售罄"),
            ("store_closed", "青禾茶铺 人民广场店 暂停接单，暂不能下单"),
            ("too_many_holds", "您已占用 3 份商品，请先下单或放弃"),
            ("key_reused", "这个编号已经占用过其他商品，请换一个"),
            ("goods_changing", "门店正在更新商品，请稍后再试"),
        ],
    ),
    (
        "orders_place",
        &[
            ("price_changed", "价格有变化，现在合计 ¥15.00，请确认后再提交"),
            ("sold_out", "珍珠奶茶 已售罄"),
            ("store_closed", "青禾茶铺 人民广场店 暂停接单，暂不能下单"),
            ("cart_empty", "购物车里没有这家门店的商品"),
            ("cart_changed", "购物车刚刚有变化，请确认后再提交"),
            ("goods_changing", "门店正在更新商品，请稍后再试"),
            ("nothing_to_pay", "合计为零的订单暂不支持"),
            ("too_many_unpaid", "您有 5 个订单未付款，请先付款或取消"),
            ("key_reused", "这个页面已经提交过另一份订单，请刷新后再试"),
        ],
    ),
    (
        "orders_pay",
        &[
            ("not_payable", "订单已超时，不需要再付款"),
            ("too_many_tries", "这个订单的付款次数过多，请重新下单"),
            ("key_reused", "这个页面已经提交过另一笔付款，请刷新后再试"),
        ],
    ),
    ("auth_log_in", &[("wechat_taken", "这个微信刚刚绑定了另一个账号，请重新用微信登录")]),
    ("auth_log_in_with_wechat", &[WECHAT_CODE]),
    ("me_link_wechat", &[WECHAT_CODE]),
    ("me_merge", &[("merge_over", "这次合并已失效，请重新验证另一个账号")]),
    ("me_change_phone", &[("phone_taken", "这个手机号已经注册")]),
    (
        "me_erase",
        &[
            ("orders_open", "还有 1 个订单没有完成，请先取货或取消，再来注销"),
            ("after_sales_open", "还有 1 张售后单没有完成，请先撤销或等待结果，再来注销"),
            ("refunds_open", "还有 1 笔退款没有到账，请等到账后再来注销"),
        ],
    ),
    ("orders_cancel", &[("not_now", "订单制作中，不能再执行这一步")]),
    ("after-sales_quote", &[NOT_HANDED_OVER]),
    ("after-sales_request", ASKING),
    ("after-sales_request_for_shopper", ASKING),
    (
        "after-sales_appeal",
        &[
            ("not_now", "这张售后单已退款，不能再申请总部仲裁"),
            ("appeal_over", "拒绝后 7 天内可以申请仲裁，现在已过期"),
        ],
    ),
    ("after-sales_withdraw", &[("not_now", "这张售后单已退款，不能再撤销申请")]),
    (
        "after-sales_add_proof",
        &[("not_now", "这张售后单已结束，不能再添加照片"), ("proofs_full", "每张售后单最多 6 张照片")],
    ),
    ("after-sales_decide", &[("not_now", "这张售后单已撤销，不能再门店同意"), ABOVE_PAID]),
    (
        "after-sales_arbitrate",
        &[
            ("not_now", "这张售后单已退款，不能再总部支持申请"),
            ("own_decision", "这张售后单是您拒绝的，要由别人仲裁"),
            ABOVE_PAID,
        ],
    ),
    (
        "after-sales_receive",
        &[
            ("already_received", "这张售后单的商品已在 今天 12:30 由「青禾茶铺 人民广场店」收下，请勿重复收货"),
            ("return_expired", "这张售后单已过退回期限，请顾客重新申请"),
            ("sold_out", "连体衣 73 可动用的只有 0 件"),
            ("not_now", "这张售后单已撤销，不能再门店收到商品"),
            ABOVE_PAID,
        ],
    ),
    ("console_accept", &[("not_now", "订单已取消，不能再执行这一步")]),
    ("console_prepare", &[("not_now", "订单已取消，不能再执行这一步")]),
    ("console_reject", &[("not_now", "订单已完成，不能再执行这一步")]),
    ("console_redeem", &[("not_now", "订单已完成，不能再执行这一步")]),
    (
        "approvals_propose",
        &[
            ("proposal_open", "这件商品已有一份同类申请在等待审批，请先撤回或等待结果"),
            ("key_reused", "这个页面已经提交过另一份申请，请刷新后再试"),
        ],
    ),
    (
        "approvals_submit",
        &[
            ("not_now", "这份申请已撤回，不能再提交"),
            ("stale_proposal", "价格已变为 ¥13.00，请驳回，让门店按新价格重新申请"),
            ("proposal_open", "这件商品已有一份同类申请在等待审批，请先撤回或等待结果"),
        ],
    ),
    ("approvals_withdraw", &[("not_now", "这份申请已通过，不能再撤回")]),
    (
        "approvals_decide",
        &[
            ("own_proposal", "自己提交的申请要由别人审批"),
            ("not_now", "这份申请已撤回，不能再通过"),
            ("stale_proposal", "价格已变为 ¥13.00，请驳回，让门店按新价格重新申请"),
        ],
    ),
    ("transfers_request", &[KEY_OF_TRANSFER, CLOSED]),
    ("transfers_withdraw", &[NOT_NOW_OF_TRANSFER]),
    ("transfers_decide", &[NOT_NOW_OF_TRANSFER]),
    ("transfers_cancel", &[NOT_NOW_OF_TRANSFER]),
    (
        "transfers_ship",
        &[
            NOT_NOW_OF_TRANSFER,
            ("sold_out", "上海中心仓只有 12 件可发，其余的不在库或已卖出"),
            ("shipped_already", "这张调拨单已经按另外的数量发货，请刷新后查看"),
        ],
    ),
    ("transfers_receive", &[NOT_NOW_OF_TRANSFER, ("received_already", "这张调拨单已经按另外的数量收货，请刷新后查看")]),
    (
        "transfers_settle",
        &[
            NOT_NOW_OF_TRANSFER,
            ("nothing_missing", "这张调拨单没有差异，不需要处理"),
            ("settled_already", "差异已经处理过，请刷新后查看"),
        ],
    ),
    ("transfers_take_in", &[("key_reused", "这个页面已经提交过另一张收货单，请刷新后再试"), CLOSED]),
    ("supply_close_warehouse", &[("warehouse_in_use", "仓库里还有 12 件货、1 张未完成的调拨单，请先处理")]),
    ("supply_allocate", &[("key_reused", "这个页面已经提交过另一张分配表，请刷新后再试"), CLOSED]),
    ("approvals_delegate", &[("too_many_delegations", "最多委托 5 位同事，请先收回一项")]),
    ("centre_call_off", &[("not_now", "订单已完成，不能再执行这一步")]),
    (
        "centre_reroute",
        &[
            ("not_now", "订单已完成，不能再执行这一步"),
            ("store_closed", "南京西路店暂停接单，不能接这笔订单"),
            ("not_sold_there", "南京西路店没有上架这笔订单里的商品"),
        ],
    ),
    ("centre_annotate", &[("key_reused", "这个页面已经提交过另一条备注，请刷新后再试")]),
    ("shortages_let_wait", &[("shortage_over", "货已补足，这条缺货记录已经结束")]),
    ("console_add_photo", &[PHOTOS_FULL]),
    (
        "counts_open",
        &[
            (
                "counted_elsewhere",
                "「珍珠奶茶 · 中杯」正在另一次全盘里（林姐 11-26 10:10 开始，编号 1F7A10），请先完成或取消它",
            ),
            ("nothing_to_count", "这里没有可盘的商品，或都在别的盘点里"),
            ("code_ambiguous", "这个条码对应多个商品，请输入商品编码"),
            ("key_reused", "这个页面已经开始过另一次盘点，请刷新后再试"),
        ],
    ),
    (
        "counts_enter",
        &[
            ("not_now", "这次盘点待确认，不能再录入"),
            (
                "counted_elsewhere",
                "「珍珠奶茶 · 中杯」正在另一次全盘里（林姐 11-26 10:10 开始，编号 1F7A10），请先完成或取消它",
            ),
            ("code_ambiguous", "这个条码对应多个商品，请输入商品编码"),
            ("key_reused", "这个页面已经录过另一笔，请刷新后再试"),
        ],
    ),
    ("counts_undo", &[("not_now", "这次盘点待确认，不能再录入")]),
    ("counts_recount", &[("not_now", "这次盘点待确认，不能再录入")]),
    (
        "counts_submit",
        &[
            ("not_all_counted", "还有 1 项没有盘：珍珠奶茶 · 大杯。请继续盘点，或说明它们按 0 件计、不计入这次盘点"),
            ("nothing_counted", "一项都没有盘，不能提交；不盘了可以取消"),
            ("not_now", "这次盘点已取消，不能再提交"),
        ],
    ),
    ("counts_cancel", &[("not_now", "这次盘点已入账，不能再取消")]),
    (
        "counts_decide",
        &[("own_count", "差异较大，自己提交的盘点要由别人确认"), ("not_now", "这次盘点盘点中，不能再确认入账")],
    ),
    ("losses_report", &[("key_reused", "这个页面已经提交过另一份报损，请刷新后再试")]),
    (
        "losses_add_photo",
        &[("photos_full", "每份报损最多 6 张图片"), ("no_photos_here", "仓库的报损暂不支持图片，请在原因里写明")],
    ),
    ("losses_withdraw", &[("not_now", "这份报损已入账，不能再撤回")]),
    (
        "losses_decide",
        &[("own_loss", "金额或数量较大，自己提交的报损要由别人审批"), ("not_now", "这份报损已撤回，不能再通过")],
    ),
    ("console_arrange_photos", &[("photos_changed", "照片刚刚有变化，请看过现在的照片再调整")]),
    ("console_restore_photo", &[PHOTOS_FULL]),
    ("staff_hire", &[("key_reused", "这个页面已经提交过另一个账号，请刷新后再试")]),
    ("staff_give", &[YOURSELF]),
    ("staff_take_back", &[YOURSELF, LAST_ADMIN]),
    ("staff_suspend", &[YOURSELF, LAST_ADMIN]),
    ("staff_restore", &[YOURSELF]),
    ("staff_reset_password", &[YOURSELF]),
    ("staff_log_out_everywhere", &[YOURSELF]),
    ("staff_remove_second_step", &[YOURSELF]),
    ("auth_begin_second_step", &[("second_step_on", "两步验证已经开启")]),
    ("auth_confirm_second_step", &[("second_step_not_begun", "请先开始设置两步验证")]),
    ("staff_remove_role", &[("role_given", "还有 3 项授权使用这个角色，请先收回")]),
    ("staff_remove_store_group", &[("group_given", "还有 3 项授权使用这个门店组，请先收回")]),
    ("staff_save_merchant", &[("yourself", "您自己的授权用到这个商户，请让另一位管理员来修改")]),
    (
        "staff_remove_merchant",
        &[
            ("merchant_given", "还有 3 项授权使用这个商户，请先收回"),
            ("merchant_has_stores", "还有 2 家门店属于这个商户，请先移出"),
            ("merchant_has_papers", "这个商户还有 2 份证照，请先移除"),
        ],
    ),
    ("staff_add_paper", &[("papers_full", "每个商户最多 50 份证照，请先移除过期的")]),
    (
        "staff_remove_department",
        &[("department_has_people", "「营运部」还有 3 人（含已停用的），请先把他们调到别的部门")],
    ),
    ("staff_assign_department", &[YOURSELF]),
];

const NOT_HANDED_OVER: (&str, &str) = ("not_handed_over", "订单还没有取货：不想要了可以直接取消订单，款项原路退回");
const ABOVE_PAID: (&str, &str) = ("refund_above_paid", "退款合计会超过实付金额，请联系总部处理");
const ASKING: &[(&str, &str)] = &[
    NOT_HANDED_OVER,
    ("amount_changed", "应退金额有变化，现在是 ¥15.00，请确认后再提交"),
    ("too_many_requests", "这个订单的售后申请过多，请联系门店处理"),
    ("key_reused", "这个页面已经提交过另一份售后申请，请刷新后再试"),
];
const NOT_NOW_OF_TRANSFER: (&str, &str) = ("not_now", "这张调拨单已取消，不能再发货");
const KEY_OF_TRANSFER: (&str, &str) = ("key_reused", "这个页面已经提交过另一张调拨单，请刷新后再试");
const CLOSED: (&str, &str) = ("location_closed", "「上海中心仓」已关闭，不能调拨");
const PHOTOS_FULL: (&str, &str) = ("photos_full", "每家门店最多 12 张照片，请先移除一些");
const WECHAT_CODE: (&str, &str) = ("wechat_code", "这次微信登录已失效，请重新发起");
const YOURSELF: (&str, &str) = ("yourself", "不能修改自己的账号和权限，请让另一位管理员来做");
const LAST_ADMIN: (&str, &str) = ("last_admin", "这是最后一位总部管理员，请先任命另一位");
/// What somebody of staff must do before anything else.
const FIRST_OF_ALL: [(&str, &str); 2] = [
    ("password_must_change", "请先修改初始密码，之后就可以使用"),
    ("second_step_needed", "请先设置两步验证，之后就可以使用"),
];

/// Operations that are counted, and answer 429 where it is too often.
const COUNTED: [&str; 24] = [
    "after-sales_add_proof",
    "after-sales_find",
    "after-sales_receive",
    "auth_ask_code",
    "auth_log_in",
    "auth_log_in_with_password",
    "auth_log_in_with_wechat",
    "me_link_wechat",
    "me_unlink_wechat",
    "me_ask_own_code",
    "me_set_password",
    "me_remove_password",
    "me_change_phone",
    "me_export",
    "auth_staff_log_in",
    "auth_change_password",
    "auth_enter_code",
    "auth_confirm_second_step",
    "holds_take",
    "orders_place",
    "console_redeem",
    "console_add_photo",
    "losses_add_photo",
    "staff_add_paper",
];

/// What an answer leads on to: an operation, those that take something out of its answer, and which of their
/// parameters stands where in it.
type Link = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);
const LINKS: &[Link] = &[
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
    ("supply_allocate", &["supply_allocation"], &[("allocation_id", "$response.body#/id")]),
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
    ("orders_place", &["orders_show", "orders_pay", "orders_cancel"], &[("order_id", "$response.body#/id")]),
    ("orders_mine", &["orders_show", "orders_pay", "orders_cancel"], &[("order_id", "$response.body#/items/0/id")]),
    (
        "hq_orders",
        &["centre_call_off", "centre_reroute", "centre_reroute_choices", "centre_notes", "centre_annotate"],
        &[("order_id", "$response.body#/items/0/id")],
    ),
    (
        "console_board",
        &["console_show", "console_accept", "console_prepare", "console_reject"],
        &[("order_id", "$response.body#/0/id")],
    ),
];

/// Completes the document that the handlers' own words make.
pub fn complete(mut document: Value) -> Value {
    let examples: Value = serde_json::from_str(EXAMPLES).unwrap_or_default();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, operations) in paths {
        for method in METHODS {
            if let Some(operation) = operations.get_mut(method) {
                complete_operation(operation, path, &examples);
            }
        }
    }
    document
}

fn complete_operation(operation: &mut Value, path: &str, examples: &Value) {
    let name = format!("{}_{}", text(&operation["tags"][0]), text(&operation["operationId"]));
    operation["operationId"] = json!(name);
    let example = &examples[&name];
    if let Some(request) = example.get("request") {
        operation["requestBody"]["content"]["application/json"]["example"] = request.clone();
    }
    if let Some(answer) = example.get("answer") {
        operation["responses"]["200"]["content"]["application/json"]["example"] = answer.clone();
    }
    for (status, word) in [("200", "What was asked for."), ("204", "Done; there is nothing to answer.")] {
        if let Some(response) = operation["responses"].get_mut(status) {
            response["description"] = json!(word);
        }
    }
    for (_, targets, parameters) in LINKS.iter().filter(|(of, ..)| *of == name) {
        let parameters: Map<String, Value> =
            parameters.iter().map(|(parameter, at)| ((*parameter).to_owned(), json!(at))).collect();
        for target in *targets {
            operation["responses"]["200"]["links"][target] = json!({ "operationId": target, "parameters": parameters });
        }
    }
    let faults = faults_of(operation, &name, path);
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    responses.remove("default");
    for problem in faults {
        add_problem(responses, &problem);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Every way in which an operation can fail.
fn faults_of(operation: &Value, name: &str, path: &str) -> Vec<Problem> {
    let has = |field: &str, of: &str| operation[field].as_array().into_iter().flatten().any(|one| one["in"] == of);
    let body = operation.get("requestBody").is_some();
    let mut faults = Vec::new();
    let mut add = |when: bool, fault: Fault| {
        if when {
            faults.push(Problem::of(&fault, REQUEST));
        }
    };
    let complaint = || vec![Complaint::new(if body { "slot" } else { "after" }, "这个值不合要求，请检查后再试")];
    add(operation.get("security").is_some(), Fault::Unauthenticated);
    let of_staff = path.starts_with("/console") || path.starts_with("/hq");
    add(of_staff, Fault::Forbidden);
    for (code, message) in FIRST_OF_ALL {
        add(of_staff, Fault::conflict(code, message));
    }
    add(has("parameters", "path") || body, Fault::NotFound("这个订单"));
    for (code, message) in CONFLICTS.iter().filter(|(of, _)| *of == name).flat_map(|(_, conflicts)| *conflicts) {
        add(true, Fault::conflict(code, *message));
    }
    add(has("parameters", "query") || body, Fault::Invalid(complaint()));
    add(COUNTED.contains(&name), Fault::TooMany { retry_after_s: 60 });
    add(true, Fault::Internal(String::new()));
    add(true, Fault::Upstream { who: "数据库", hidden: String::new() });
    if body {
        let is_json = operation["requestBody"]["content"].get("application/json").is_some();
        faults.push(Problem::too_large(if is_json { JSON_MOST } else { FILE_MOST }, REQUEST));
    }
    faults
}

/// The request that all examples name.
const REQUEST: &str = "01a207ec124e77518b4b8ddd6ac09ad0";

/// Adds a problem to the answers, beside others of its status.
fn add_problem(responses: &mut Map<String, Value>, problem: &Problem) {
    let response = responses.entry(problem.status.to_string()).or_insert_with(|| {
        json!({
            "description": "",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
        })
    });
    let known = text(&response["description"]);
    let joint = if known.is_empty() { "" } else { ", " };
    response["description"] = json!(format!("{known}{joint}`{}`", problem.code));
    response["content"]["application/problem+json"]["examples"][&problem.code] = json!({ "value": problem });
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::document;
    use super::*;

    fn operations(document: &Value) -> Vec<(String, &Value)> {
        let paths = document["paths"].as_object().unwrap();
        let of = |(path, operations): (&String, &'_ Value)| -> Vec<(String, Value)> {
            METHODS
                .iter()
                .filter_map(|method| Some((format!("{method} {path}"), operations.get(*method)?.clone())))
                .collect()
        };
        let names: Vec<_> = paths.iter().flat_map(of).map(|(name, _)| name).collect();
        let values = paths.values().flat_map(|operations| METHODS.iter().filter_map(|method| operations.get(*method)));
        names.into_iter().zip(values).collect()
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document = document();
        let operations = operations(&document);
        let names: HashSet<_> = operations.iter().map(|(_, operation)| text(&operation["operationId"])).collect();
        assert_eq!(names.len(), operations.len());
    }

    #[test]
    fn a_link_leads_from_an_operation_to_another_that_takes_its_parameters() {
        let document = document();
        let operations = operations(&document);
        let named = |name: &str| operations.iter().find(|(_, operation)| operation["operationId"] == name).unwrap().1;
        for (from, targets, parameters) in LINKS {
            named(from);
            for (target, parameter) in
                targets.iter().flat_map(|target| parameters.iter().map(move |(of, _)| (target, of)))
            {
                let takes = named(target)["parameters"].as_array().unwrap();
                assert!(takes.iter().any(|one| one["name"] == *parameter), "{target} takes no {parameter}");
            }
        }
    }

    #[test]
    fn every_body_that_goes_in_or_out_has_an_example() {
        let document = document();
        for (name, operation) in operations(&document) {
            // A file has none: its bytes are no text.
            let json = |of: &Value| of["content"].get("application/json").cloned();
            let example = |of: &Value| json(of).is_none_or(|of| !of["example"].is_null());
            assert!(operation.get("requestBody").is_none_or(example), "{name}: no example of what is sent");
            let answer = operation["responses"].get("200");
            assert!(answer.is_none_or(example), "{name}: no example of the answer");
        }
    }

    #[test]
    fn an_example_has_everything_that_its_schema_requires() {
        let document = document();
        for (name, operation) in operations(&document) {
            let body = &operation["responses"]["200"]["content"]["application/json"];
            check(&document, &name, &body["schema"], &body["example"]);
            let sent = &operation["requestBody"]["content"]["application/json"];
            check(&document, &name, &sent["schema"], &sent["example"]);
        }
    }

    fn check(document: &Value, name: &str, schema: &Value, example: &Value) {
        let schema = match schema["$ref"].as_str() {
            Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => schema,
        };
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(example.get(text(required)).is_some(), "{name}: {required} is missing in {example}");
        }
        for (field, of) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = example.get(field).filter(|value| !value.is_null()) {
                check(document, name, of, value);
            }
        }
        for item in example.as_array().into_iter().flatten() {
            check(document, name, &schema["items"], item);
        }
    }

    #[test]
    fn every_conflict_that_is_told_belongs_to_an_operation() {
        let document = document();
        let operations = operations(&document);
        for name in CONFLICTS.iter().map(|(name, _)| *name).chain(COUNTED) {
            assert!(operations.iter().any(|(_, operation)| text(&operation["operationId"]) == name), "{name}");
        }
    }
}
