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
/// What a store's people have as files of its work, with how each begins, and what tells the store's own rows.
const OF_STORES: [(&str, &str, &str); 10] = [
    ("/console/orders/all", "订单号,状态,门店", "{number}"),
    ("/console/stock/all", "门店或仓库编号,门店或仓库,SKU", STORE),
    ("/console/movements/all", "时间,门店或仓库编号,门店或仓库", STORE),
    ("/console/batches/all", "门店或仓库编号,门店或仓库,SKU,商品,批次", "B-2099"),
    ("/console/counts/all", "地点,范围,盲盘", "晚班盘点"),
    ("/console/losses/all", "地点,商品,编码", "'=1+1|cmd"),
    ("/console/transfers/all", "单号,状态,从,到", "周末备货"),
    ("/console/purchases/all", "单号,状态,供应商", "江南食品"),
    ("/console/proposals/all", "门店,商品,种类", "周末调价"),
    ("/console/till/sales/all", "单号,门店,SKU", "GT"),
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

/// A loss, a count, a sale at the counter, a price that is proposed, goods that are asked for and goods that are ordered,
/// all at the manager's store, and last of what is left some of a batch.
async fn work(town: &Town, goods: &Goods) {
    let (manager, hq) = (town.staff("manager").await, town.staff("hq").await);
    let (store, sku) = (&goods.store_id, &goods.sku_id);
    let lost = json!({ "id": Uuid::now_v7(), "location_id": store, "sku_id": sku, "quantity": 1, "kind": "broken",
                       "reason": FORMULA });
    manager.post("/console/losses", lost).await.done();
    let selection = json!({ "kind": "partial", "skus": [MEDIUM] });
    let count = json!({ "id": Uuid::now_v7(), "location_id": store, "selection": selection, "blind": true,
                        "note": "晚班盘点" });
    manager.post("/console/counts", count).await.done();
    let sold = json!({ "id": Uuid::now_v7(), "lines": [{ "code": MEDIUM, "pieces": 1 }] });
    manager.post(&format!("/console/stores/{store}/counter-sales"), sold).await.done();
    let what = json!({ "kind": "price", "sku_id": sku, "price_fen": goods.price_fen + 100 });
    let proposal = json!({ "id": Uuid::now_v7(), "store_id": store, "what": what, "reason": "周末调价" });
    manager.post("/proposals", proposal).await.done();

    let [warehouse, supplier, purchase] = [(); 3].map(|()| Uuid::now_v7());
    let depot = json!({ "code": "CK-9", "name": "青浦仓", "region": "310000", "address": "青浦区 1 号" });
    hq.put(&format!("/hq/warehouses/{warehouse}"), depot).await.done();
    let wanted = json!({ "id": Uuid::now_v7(), "from_id": warehouse, "to_id": store, "reason": "周末备货",
                         "lines": [{ "sku_id": sku, "quantity": 2 }] });
    manager.post("/console/transfers", wanted).await.done();
    let known = json!({ "code": "JN-1", "name": "江南食品", "terms_days": 30, "lead_days": 3 });
    hq.put(&format!("/hq/suppliers/{supplier}"), known).await.done();
    let lines = json!([{ "sku_id": sku, "quantity": 10, "price_fen": 300 }]);
    let order = json!({ "supplier_id": supplier, "location_id": store, "lines": lines });
    hq.put(&format!("/hq/purchases/{purchase}"), order).await.done();
    hq.post(&format!("/hq/purchases/{purchase}/submit"), json!({})).await.done();

    let batch = json!({ "code": "B-2099", "expires_on": "2099-01-01", "quantity": 2 });
    manager.put(&format!("/console/stock-places/{store}/skus/{sku}/batches"), batch).await.done();
}

#[tokio::test]
async fn a_stores_people_have_its_work_as_files_and_nobody_elses() {
    let town = Town::start().await;
    let goods = town.visitor().goods(STORE, TEA).await;
    let number = complained_of(&town, &goods).await;
    work(&town, &goods).await;
    let (mut hq, mut manager) = (town.head_office("hq").await, town.head_office("manager").await);
    let (mut clerk, mut merchant) = (town.head_office("clerk").await, town.head_office("merchant").await);
    for (path, header, own) in OF_STORES {
        let own = own.replace("{number}", &number);
        let text = csv(&mut manager, &format!("{path}/csv")).await;
        assert!(text.trim_start_matches('\u{feff}').starts_with(header), "{path}: {text}");
        assert!(text.contains(&own), "{path} without {own}: {text}");
        assert!(manager.download(&format!("{path}/xlsx")).await.starts_with(b"PK"), "{path}");
        assert_eq!(manager.open(&format!("{path}/pdf")).await.status, 404, "{path}");
        let others = csv(&mut merchant, &format!("{path}/csv")).await;
        assert!(!others.contains(&own), "{path}: {others}");
        let visitor = town.browser().open(&format!("{path}/csv")).await;
        assert_eq!(visitor.url.path(), "/console/login", "{path}");
        // Who neither proposes nor decides has no such list, and a clerk has no head office.
        let status = if path.contains("proposals") { 403 } else { 200 };
        assert_eq!(clerk.open(&format!("{path}/csv")).await.status, status, "{path}");
        if !path.contains("till") {
            let above = path.replace("/console/", "/hq/");
            assert_eq!(clerk.open(&format!("{above}/csv")).await.status, 403, "{above}");
            assert!(csv(&mut hq, &format!("{above}/csv")).await.contains(&own), "{above}");
        }
    }

    // What goods cost is told to those alone who see costs there, and of a phone no more than on the page.
    let bought = csv(&mut manager, "/console/purchases/all/csv").await;
    assert!(bought.contains(",10,0,0,,"), "{bought}");
    let bought = csv(&mut hq, "/hq/purchases/all/csv").await;
    assert!(bought.contains(",10,0,0,3.00,"), "{bought}");
    let orders = csv(&mut manager, "/console/orders/all/csv").await;
    assert!(orders.contains("138****0061") && !orders.contains("13800000061"), "{orders}");
    town.check_books().await;
}

#[tokio::test]
async fn a_consoles_file_has_the_filters_of_its_page() {
    let town = Town::start().await;
    let goods = town.visitor().goods(STORE, TEA).await;
    let number = complained_of(&town, &goods).await;
    work(&town, &goods).await;
    let (store, mut manager) = (&goods.store_id, town.head_office("manager").await);
    for (page, file) in [
        ("/console/orders?state=completed&q=1", "/console/orders/all/csv?state=completed&q=1".to_owned()),
        ("/console/stock", format!("/console/stock/all/csv?location={store}")),
        ("/console/stock", format!("/console/movements?location={store}")),
        ("/console/stock", format!("/console/batches?location={store}")),
        ("/console/batches?days=30", "/console/batches/all/csv?days=30".to_owned()),
        (
            "/console/movements?cause=loss&from=2026-01-02&to=2026-02-01",
            "/console/movements/all/csv?from=2026-01-02&to=2026-02-01&cause=loss".to_owned(),
        ),
        ("/console/counts?state=open", "/console/counts/all/csv?state=open".to_owned()),
        ("/console/losses?waiting=1", "/console/losses/all/xlsx?waiting=1".to_owned()),
        ("/console/transfers?tab=asked", "/console/transfers/all/csv?tab=asked".to_owned()),
        ("/console/purchases?state=closed", "/console/purchases/all/csv?state=closed".to_owned()),
        ("/console/proposals?state=submitted", "/console/proposals/all/csv?state=submitted".to_owned()),
        ("/console/till/sales", format!("/console/till/sales/all/csv?store={store}")),
        (
            "/console/till/sales?from=2026-01-02&to=2026-02-01",
            format!("/console/till/sales/all/csv?store={store}&from=2026-01-02&to=2026-02-01"),
        ),
    ] {
        assert!(manager.open(page).await.links_to(&file), "{page} without {file}");
    }
    let waiting = town.head_office("hq").await.open("/hq/proposals?waiting=1").await;
    assert!(waiting.links_to("/hq/proposals/all/csv?waiting=1"));
    for (file, row) in [
        ("/console/orders/all/csv?state=expired", number.as_str()),
        ("/console/orders/all/csv?from=2020-01-01&to=2020-01-31", number.as_str()),
        ("/console/batches/all/csv?days=7", "B-2099"),
        ("/console/movements/all/csv?from=2020-01-01&to=2020-01-31", STORE),
        ("/console/stock/all/csv?q=NO-SUCH", STORE),
        ("/console/counts/all/csv?state=cancelled", "晚班盘点"),
        ("/console/transfers/all/csv?tab=to_send", "周末备货"),
        ("/console/purchases/all/csv?state=closed", "江南食品"),
        ("/console/proposals/all/csv?state=rejected", "周末调价"),
        ("/console/till/sales/all/csv?from=2020-01-01&to=2020-01-31", "GT0"),
    ] {
        let text = csv(&mut manager, file).await;
        assert!(!text.contains(row), "{file}: {text}");
    }

    // The lists themselves, by day and by batch; days that stand the wrong way round are told beside their field.
    for list in ["/console/orders", "/console/till/sales"] {
        let turned = manager.open(&format!("{list}?from=2026-11-27&to=2026-11-26")).await;
        assert!(turned.html.contains("结束日期早于开始日期"), "{list}: {}", turned.html);
    }
    assert!(!manager.open("/console/orders?from=2020-01-01&to=2020-01-31").await.html.contains(&number));
    assert!(manager.open("/console/orders").await.html.contains(&number));
    assert!(manager.open("/console/batches").await.html.contains("B-2099"));
    let moved = manager.open("/console/movements").await;
    assert!(moved.html.contains("GT000") && !moved.html.contains("成本金额"), "{}", moved.html);
    // Whoever has one place leaves another by a link, and is not held there by what they do not see.
    let all = "全部门店与仓库";
    assert!(!manager.open(&format!("/console/movements?location={store}")).await.html.contains(all));
    assert!(manager.open(&format!("/console/movements?location={}", Uuid::now_v7())).await.html.contains(all));
    // What was added to a file stands after what was in it before.
    let moved = csv(&mut manager, "/console/movements/all/csv").await;
    assert!(moved.lines().next().unwrap().ends_with(",单据,经手人,单据类型"), "{moved}");
    town.check_books().await;
}
