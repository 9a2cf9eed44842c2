//! Lists as files, over HTTP: everybody has the rows of their list, and no spreadsheet runs what somebody typed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{STORE, TEA, Town, browser::Browser, program::Goods, until};
use uuid::Uuid;

/// What a shopper writes that a spreadsheet would run.
const FORMULA: &str = "=1+1|cmd";
const MEDIUM: &str = "qh-zhenzhu-naicha-m";

/// Every list that has files beside it, with how its table begins. `{batch}` is a batch's.
const HEAD_OFFICE: [(&str, &str); 7] = [
    ("/hq/after-sales/all", "订单号,类型,状态,门店"),
    ("/hq/refunds/all", "订单号,门店,状态,退款(元)"),
    ("/hq/shortages/all", "门店或仓库,商品,缺"),
    ("/hq/alerts/all", "门店或仓库,SKU,商品,提醒"),
    ("/hq/stock-models/all", "SKU,商品,门店,方式"),
    ("/hq/purchase-limits/all", "SKU,商品,每人最多"),
    ("/hq/order-batches/{batch}/lines", "订单号,门店,订单状态,处理,结果"),
];
const CONSOLE: [(&str, &str); 3] = [
    ("/console/after-sales/all", "订单号,类型,状态,门店"),
    ("/console/shortages/all", "门店或仓库,商品,缺"),
    ("/console/alerts/all", "门店或仓库,SKU,商品,提醒"),
];

async fn csv(browser: &mut Browser, address: &str) -> String {
    String::from_utf8(browser.download(address).await).unwrap()
}

/// An order that was handed over and of which its shopper complains; answers its number.
async fn complained_of(town: &Town, goods: &Goods) -> String {
    let (buyer, manager) = (town.member("13800000061").await, town.staff("manager").await);
    let order = buyer.place(goods, 1).await;
    town.pay(&buyer, &order).await;
    manager.post(&format!("/console/orders/{order}/accept"), json!({})).await.done();
    let seen = buyer.order(&order).await;
    manager.post("/console/redemptions", json!({ "code": seen["pickup_code"] })).await.done();
    let body = json!({ "id": Uuid::now_v7(), "order_id": order, "kind": "refund_only", "reason": "other",
                       "lines": [{ "line": 1, "quantity": 1 }], "note": FORMULA, "expected_refund_fen": seen["total_fen"] });
    buyer.post("/after-sales", body).await.done();
    seen["number"].as_str().unwrap().to_owned()
}

/// A case of too little at the manager's store: one is sold, and then none is left. Answers the order's id.
async fn short(town: &Town, goods: &Goods) -> String {
    let (buyer, manager) = (town.member("13800000062").await, town.staff("manager").await);
    let order = buyer.place(goods, 1).await;
    town.pay(&buyer, &order).await;
    let left = town.visitor().available(goods, TEA).await;
    let id = Uuid::now_v7();
    let what = json!({ "kind": "adjustment", "sku_id": goods.sku_id, "difference": -left - 1 });
    let proposal = json!({ "id": id, "store_id": goods.store_id, "what": what, "reason": "盘亏" });
    manager.post("/proposals", proposal).await.done();
    let decided = json!({ "approve": true });
    town.staff("hq").await.post(&format!("/proposals/{id}/decision"), decided).await.done();
    order
}

/// A refund that the gateway could not pay out; answers its order's number.
async fn abnormal(town: &Town, goods: &Goods) -> String {
    let (buyer, manager) = (town.member("13800000063").await, town.staff("manager").await);
    let order = buyer.place(goods, 1).await;
    town.pay(&buyer, &order).await;
    town.control_gateway(json!({ "next_refund": "ABNORMAL" })).await;
    manager.post(&format!("/console/orders/{order}/reject"), json!({ "reason": "缺货" })).await.done();
    let hq = town.staff("hq").await;
    until("the refund is abnormal", Duration::from_secs(20), async || {
        !hq.get("/hq/refunds").await.done()["items"].as_array().unwrap().is_empty()
    })
    .await;
    buyer.order(&order).await["number"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_list_is_a_file_with_its_own_rows_and_nothing_in_it_runs() {
    let town = Town::start().await;
    let (mut hq, mut manager) = (town.head_office("hq").await, town.head_office("manager").await);
    let (mut clerk, mut merchant) = (town.head_office("clerk").await, town.head_office("merchant").await);
    let office = town.staff("hq").await;
    let goods = town.visitor().goods(STORE, TEA).await;
    let number = complained_of(&town, &goods).await;
    let refunded = abnormal(&town, &goods).await;
    let order = short(&town, &goods).await;
    let batch = Uuid::now_v7();
    let noted = json!({ "id": batch, "act": "annotate", "orders": [order], "reason": "批量备注" });
    office.post("/hq/order-batches", noted).await.done();
    let limit = json!({ "sku": MEDIUM, "most": 2, "days": 30 });
    office.put("/console/purchase-limits", limit).await.done();
    let model = json!({ "sku": MEDIUM, "model": "pool", "kept_back": 3 });
    office.put("/console/stock-models", model).await.done();

    for (path, header) in HEAD_OFFICE {
        let path = path.replace("{batch}", &batch.to_string());
        let text = csv(&mut hq, &format!("{path}/csv")).await;
        assert!(text.trim_start_matches('\u{feff}').starts_with(header), "{path}: {text}");
        assert!(hq.download(&format!("{path}/xlsx")).await.starts_with(b"PK"), "{path}");
        assert_eq!(clerk.open(&format!("{path}/csv")).await.status, 403, "{path}: a clerk has no head office");
        assert_eq!(hq.open(&format!("{path}/pdf")).await.status, 404, "{path}");
    }
    for (path, header) in CONSOLE {
        let text = csv(&mut manager, &format!("{path}/csv")).await;
        assert!(text.trim_start_matches('\u{feff}').starts_with(header), "{path}: {text}");
        assert_eq!(text.lines().count() > 1, path != "/console/alerts/all", "{path}: {text}");
        assert!(manager.download(&format!("{path}/xlsx")).await.starts_with(b"PK"), "{path}");
        // The merchant's stores are others: their people have the list, and nothing of this store is in it.
        let others = csv(&mut merchant, &format!("{path}/csv")).await;
        assert_eq!(others.lines().count(), 1, "{path}: {others}");
        let visitor = town.browser().open(&format!("{path}/csv")).await;
        assert_eq!(visitor.url.path(), "/console/login", "{path}");
    }
    let others = csv(&mut merchant, "/hq/after-sales/all/csv").await;
    assert!(!others.contains(&number), "{others}");
    let foreign = merchant.open(&format!("/hq/order-batches/{batch}/lines/csv")).await.status;
    assert!(matches!(foreign, 403 | 404), "{foreign}");

    // What a shopper typed is a text, and a list's filters are its file's.
    let claims = csv(&mut hq, "/hq/after-sales/all/csv").await;
    assert!(claims.contains(&number) && claims.contains(&format!("'{FORMULA}")), "{claims}");
    assert!(!csv(&mut hq, "/hq/after-sales/all/csv?tab=done").await.contains(&number));
    assert!(csv(&mut hq, "/hq/stock-models/all/csv").await.contains(&format!("{MEDIUM},")));
    assert!(csv(&mut hq, "/hq/purchase-limits/all/csv").await.contains("每人 30 天内限购 2 件"));
    let outcomes = csv(&mut hq, &format!("/hq/order-batches/{batch}/lines/csv")).await;
    assert!(outcomes.contains("写备注,待处理"), "{outcomes}");
    let refunds = csv(&mut hq, "/hq/refunds/all/csv").await;
    assert!(refunds.contains(&refunded) && refunds.contains("退款异常"), "{refunds}");
    assert!(!csv(&mut hq, "/hq/refunds/all/csv?settled=on").await.contains(&refunded));
    let cases: Value = office.get("/shortages").await.done();
    let short = cases["items"][0]["short"].to_string();
    assert!(csv(&mut hq, "/hq/shortages/all/csv").await.contains(&format!(",{short},")), "{cases}");

    // The buttons lead to the files.
    for (page, file) in [
        ("/hq/after-sales?tab=appeals", "/hq/after-sales/all/csv?tab=appeals"),
        ("/hq/refunds", "/hq/refunds/all/xlsx"),
        ("/hq/shortages?solved=1", "/hq/shortages/all/csv?solved=1"),
        ("/hq/alerts?kind=low", "/hq/alerts/all/csv?kind=low"),
        ("/hq/stock-models", "/hq/purchase-limits/all/csv"),
    ] {
        assert!(hq.open(page).await.links_to(file), "{page}");
    }
    assert!(manager.open("/console/after-sales").await.links_to("/console/after-sales/all/csv?tab=waiting"));
    assert!(manager.open("/console/shortages").await.links_to("/console/shortages/all/xlsx"));
    town.check_books().await;
}
