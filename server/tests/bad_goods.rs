//! What cannot be done with goods says why, beside its field, and changes nothing (K1–K5, D2–D4).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{
    STORE, TEA, Town,
    program::{Answer, Goods, Program},
};
use uuid::Uuid;

/// Another store of the same brand, and goods that can be exchanged.
const ELSEWHERE: &str = "QH-HZ-001";
const TIN: &str = "qh-mingqian-longjing";
/// The code of the tea's first variant.
const CODE: &str = "qh-zhenzhu-naicha-m";

/// A refusal with these words beside this field.
#[track_caller]
fn beside(answer: Answer, (status, code): (u16, &str), field: &str, words: &str) {
    let problem = answer.refused(status, code);
    let complaints = problem["complaints"].as_array().unwrap();
    let beside = complaints.iter().find(|one| one["field"] == field);
    let message = beside.unwrap_or_else(|| panic!("nothing beside {field}: {problem}"))["message"].as_str().unwrap();
    assert!(message.contains(words), "{message}");
}

/// A refusal that tells these words.
#[track_caller]
fn told(answer: Answer, (status, code): (u16, &str), words: &[&str]) {
    let problem = answer.refused(status, code);
    let detail = problem["detail"].as_str().unwrap();
    assert!(words.iter().all(|word| detail.contains(word)), "{detail}");
}

async fn on_hand(who: &Program, place: &str) -> i64 {
    let stock = who.get(&format!("/console/stock/{place}?q={CODE}")).await.done();
    stock["items"][0]["on_hand"].as_i64().unwrap()
}

/// An order for one of these goods that was paid; answers its id and code.
async fn paid(town: &Town, buyer: &Program, goods: &Goods) -> [String; 2] {
    let order = buyer.place(goods, 1).await;
    town.pay(buyer, &order).await;
    let code = buyer.order(&order).await["pickup_code"].as_str().unwrap().to_owned();
    [order, code]
}

#[tokio::test]
async fn no_more_is_received_or_sent_than_there_is_and_nothing_twice() {
    let town = Town::start().await;
    let [office, manager] = [town.staff("hq").await, town.staff("manager").await];
    let goods = office.goods(STORE, TEA).await;
    let (store, sku, field) = (&goods.store_id, &goods.sku_id, format!("pieces.{}", goods.sku_id));
    let [warehouse, supplier] = [(); 2].map(|()| Uuid::now_v7().to_string());
    let known = json!({ "code": "JN-1", "name": "江南食品", "terms_days": 30, "lead_days": 7 });
    let depot = json!({ "code": "CK-1", "name": "上海仓", "region": "310000", "address": "一号" });
    office.put(&format!("/hq/suppliers/{supplier}"), known).await.done();
    office.put(&format!("/hq/warehouses/{warehouse}"), depot).await.done();
    let before = on_hand(&office, store).await;
    let lines = |quantity: i64| json!([{ "sku_id": sku, "quantity": quantity }]);

    // More than was ordered.
    let purchase = Uuid::now_v7();
    let bought = json!([{ "sku_id": sku, "quantity": 2, "price_fen": 300 }]);
    let order = json!({ "supplier_id": supplier, "location_id": warehouse, "lines": bought });
    office.put(&format!("/hq/purchases/{purchase}"), order).await.done();
    office.post(&format!("/hq/purchases/{purchase}/submit"), json!({})).await.done();
    let arrive = async |quantity: i64| {
        let receipt = json!({ "id": Uuid::now_v7(), "lines": lines(quantity) });
        office.post(&format!("/console/purchases/{purchase}/receipts"), receipt).await
    };
    beside(arrive(3).await, (422, "invalid"), &field, "还差 2 件未到，不能多收");
    arrive(2).await.done();

    // More than is there, and the same transfer twice.
    let transfer = Uuid::now_v7();
    let request =
        json!({ "id": transfer, "from_id": warehouse, "to_id": store, "lines": lines(5), "reason": "周末活动" });
    manager.post("/console/transfers", request).await.done();
    let step = async |who: &Program, step: &str, body: Value| {
        who.post(&format!("/console/transfers/{transfer}/{step}"), body).await
    };
    step(&office, "decision", json!({ "approve": true, "lines": [], "note": "" })).await.done();
    let ship = |quantity: i64| json!({ "lines": lines(quantity), "note": "" });
    beside(step(&office, "ship", ship(6)).await, (422, "invalid"), &field, "只同意了 5 件");
    beside(step(&office, "ship", ship(5)).await, (409, "sold_out"), &field, "只有 2 件可发");
    assert_eq!(on_hand(&office, &warehouse).await, 2);
    step(&office, "ship", ship(2)).await.done();
    let receive = |quantity: i64| json!({ "lines": lines(quantity), "reason": "破损" });
    beside(step(&manager, "receive", receive(3)).await, (422, "invalid"), &field, "只发了 2 件");
    step(&manager, "receive", receive(2)).await.done();
    step(&manager, "receive", receive(2)).await.done();
    told(step(&manager, "receive", receive(1)).await, (409, "received_already"), &["已经收过货"]);
    assert_eq!((on_hand(&office, store).await, on_hand(&office, &warehouse).await), (before + 2, 0));

    // The same goods in two counts.
    let clerk = town.staff("clerk").await;
    let count = || {
        let selection = json!({ "kind": "partial", "categories": [], "skus": [CODE] });
        json!({ "id": Uuid::now_v7(), "location_id": store, "selection": selection, "blind": false, "note": "" })
    };
    clerk.post("/console/counts", count()).await.done();
    told(manager.post("/console/counts", count()).await, (409, "counted_elsewhere"), &["小王", "珍珠奶茶"]);
    let counts = manager.get("/console/counts").await.done();
    assert_eq!(counts["items"].as_array().unwrap().len(), 1, "{counts}");
    town.check_books().await;
}

#[tokio::test]
async fn a_code_opens_nothing_at_another_store_nor_twice() {
    let town = Town::start().await;
    let [buyer, clerk] = [town.member("13800000081").await, town.staff("clerk").await];
    let [here, there] = [buyer.goods(STORE, TEA).await, buyer.goods(ELSEWHERE, TEA).await];
    let [order, code] = paid(&town, &buyer, &there).await;
    let redeem = async |code: &str| clerk.post("/console/redemptions", json!({ "code": code })).await;
    told(redeem(&code).await, (404, "not_found"), &["走错门店"]);
    assert_eq!(buyer.order(&order).await["state"], "paid");
    assert_eq!(buyer.available(&there, TEA).await, there.available - 1);

    let [order, code] = paid(&town, &buyer, &here).await;
    clerk.post(&format!("/console/orders/{order}/accept"), json!({})).await.done();
    redeem(&code).await.done();
    told(redeem(&code).await, (409, "already_redeemed"), &["小王", "今天"]);
    assert_eq!(buyer.available(&here, TEA).await, here.available - 1);
    town.check_books().await;
}

#[tokio::test]
async fn nothing_goes_back_beyond_the_rest_nor_in_exchange_for_what_is_sold_out() {
    let town = Town::start().await;
    let [buyer, manager, office] =
        [town.member("13800000082").await, town.staff("manager").await, town.staff("hq").await];
    let small = buyer.goods(STORE, TIN).await;
    let product = buyer.get(&format!("/stores/{}/products/{TIN}", small.store_id)).await.done();
    let of_large = &product["skus"][1];
    let sku_id = of_large["id"].as_str().unwrap().to_owned();
    let large = Goods { sku_id, price_fen: of_large["price_fen"].as_i64().unwrap(), ..small.clone() };
    let [order, code] = paid(&town, &buyer, &large).await;
    manager.post(&format!("/console/orders/{order}/accept"), json!({})).await.done();
    manager.post("/console/redemptions", json!({ "code": code })).await.done();
    let ask = |kind: &str, line: Value, fen: i64| {
        json!({
            "id": Uuid::now_v7(), "order_id": order, "kind": kind, "lines": [line], "reason": "unwanted", "note": "",
            "expected_refund_fen": fen,
        })
    };
    let two = ask("return", json!({ "line": 1, "quantity": 2 }), 2 * large.price_fen);
    beside(buyer.post("/after-sales", two).await, (422, "invalid"), "line.1", "最多还可以申请 1 件");
    let more = ask("return", json!({ "line": 1, "quantity": 1 }), large.price_fen + 1);
    told(buyer.post("/after-sales", more).await, (409, "amount_changed"), &["应退金额有变化"]);

    // Agreed to, and then the store has none of the others left.
    let swap = json!({ "line": 1, "quantity": 1, "exchange_for": small.sku_id });
    let request = ask("exchange", swap, large.price_fen - small.price_fen);
    let path = format!("/after-sales/{}", request["id"].as_str().unwrap());
    buyer.post("/after-sales", request).await.done();
    manager.post(&format!("/console{path}/decision"), json!({ "agree": true, "note": "" })).await.done();
    let lost = Uuid::now_v7();
    let loss = json!({
        "id": lost, "location_id": small.store_id, "sku_id": small.sku_id, "quantity": small.available,
        "kind": "broken", "reason": "货架倒了",
    });
    manager.post("/console/losses", loss).await.done();
    let yes = json!({ "approve": true, "note": "" });
    office.post(&format!("/console/losses/{lost}/decision"), yes).await.done();
    let code = buyer.get(&path).await.done()["code"].clone();
    let lines = json!([{ "line": 1, "condition": "restock" }]);
    let brought = json!({ "code": code, "store_id": small.store_id, "lines": lines });
    let field = format!("sku.{}", small.sku_id);
    let answer = manager.post("/console/returns", brought).await;
    beside(answer, (409, "sold_out"), &field, "可动用的只有 0 件");
    assert_eq!(buyer.get(&path).await.done()["state"], "agreed");
    assert_eq!(buyer.order(&order).await["refunded_fen"], 0);
    town.check_books().await;
}

#[tokio::test]
async fn nothing_is_brought_beyond_every_range() {
    let town = Town::start().await;
    let [buyer, manager] = [town.member("13800000083").await, town.staff("manager").await];
    let goods = buyer.goods(STORE, TEA).await;
    let delivery = json!({
        "on": true, "range": { "kind": "radius", "metres": 3000 }, "bands": [{ "up_to_m": 3000, "fee_fen": 300 }],
        "light_grams": 0, "per_kilo_fen": 0, "minimum_fen": 0, "free_from_fen": null, "minutes": 0,
        "windows": [{ "from": "00:00", "until": "23:59", "capacity": 1000 }],
    });
    let path = format!("/console/stores/{}/fulfilment", goods.store_id);
    manager.put(&path, json!({ "delivery": delivery })).await.done();
    let address = Uuid::now_v7();
    let far = json!({
        "id": address, "name": "小林", "phone": "13800000083", "region_code": "310100", "detail": "崇明岛 1 号",
        "point": { "latitude": 31.62, "longitude": 121.40 },
    });
    buyer.post("/me/addresses", far).await.done();
    buyer.put("/cart/lines", goods.line(json!(1))).await.done();
    let mut order = buyer.order_for_cart(&goods.store_id).await;
    (order["fulfilment"], order["address_id"]) = (json!("delivery"), json!(address));
    told(buyer.post("/orders", order).await, (409, "cannot_bring"), &["超出配送范围"]);
    assert_eq!(buyer.get("/orders").await.done()["items"], json!([]));
    assert_eq!(buyer.get("/cart").await.done()["quotes"].as_array().unwrap().len(), 1, "nothing is lost");
    assert_eq!(buyer.available(&goods, TEA).await, goods.available);
    town.check_books().await;
}
