//! Keys of partners' programs over HTTP: head office gives them, programs use them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use reqwest::Method;
use serde_json::json;
use support::{STORE, TEA, Town, browser::Browser};
use uuid::Uuid;

/// A key set up and made through the pages; answers it and its row's address.
async fn key(hq: &mut Browser, fields: &[(&str, &str)]) -> String {
    let page = hq.open("/hq/keys/new").await;
    let form = fields.iter().fold(page.form("/rpc/hq/create_key"), |form, (name, value)| form.with(name, value));
    let list = hq.send(&form).await;
    assert!(list.html.contains("下载密钥"), "{}", list.html);
    let file = list.attribute("form[action$='/file']", "action").unwrap();
    let made = hq.send(&list.form(&file)).await;
    let key = made.html.trim().to_owned();
    assert!(key.starts_with("mk_") && key.len() == 67, "{key}");
    key
}

#[tokio::test]
async fn a_key_does_what_it_may_where_it_may_and_is_kept_nowhere() {
    let town = Town::start().await;
    let mut hq = town.head_office("hq").await;
    let key = key(
        &mut hq,
        &[("name", "配送平台"), ("may.read_orders", "on"), ("may.fulfil_orders", "on"), ("stores", "QH-SH-001")],
    )
    .await;
    let program = town.program(&key);

    let buyer = town.member("13800138000").await;
    let [near, far] = ["QH-SH-001", "QH-SH-002"];
    let mut orders = Vec::new();
    for code in [near, far] {
        let goods = buyer.goods(code, TEA).await;
        let order = buyer.place(&goods, 1).await;
        town.pay(&buyer, &order).await;
        orders.push(order);
    }
    let listed = program.get("/hq/orders").await.done();
    let numbers = listed["items"].as_array().unwrap();
    assert!(numbers.iter().any(|card| card["id"] == orders[0].as_str()), "its store's orders are seen");
    assert!(numbers.iter().all(|card| card["id"] != orders[1].as_str()), "another store's are not");
    let path = |order: &str, act: &str| format!("/console/orders/{order}/{act}");
    program.post(&path(&orders[1], "accept"), json!({})).await.refused(404, "not_found");
    program.post(&path(&orders[0], "accept"), json!({})).await;
    let seen = buyer.order(&orders[0]).await;
    assert_eq!(seen["state"], "accepted", "{seen}");
    assert!(seen.to_string().contains("合作方 配送平台"), "the order says who: {seen}");

    program.get("/hq/sales/today").await.refused(403, "forbidden");
    program.post(&path(&orders[0], "reject"), json!({ "reason": "售罄" })).await.refused(403, "forbidden");
    program.get("/me").await.refused(401, "unauthenticated");
    let page = town.raw(Method::GET, "/hq").bearer_auth(&key).send().await.unwrap();
    let away = page.headers().get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
    assert!(away.starts_with("/console/login"), "a key opens no page: {} {away}", page.status());

    assert!(town.keeps(&key[..9]), "the beginning of the key is kept, to tell it by");
    assert!(!town.keeps(&key[3..]), "the key is kept somewhere");
}

#[tokio::test]
async fn a_key_counts_and_reports_losses_at_its_store_and_leaves_deciding_to_people() {
    let town = Town::start().await;
    let mut hq = town.head_office("hq").await;
    let counting = key(&mut hq, &[("name", "仓储系统"), ("may.count_stock", "on"), ("stores", STORE)]).await;
    let receiving = key(&mut hq, &[("name", "物流"), ("may.receive_goods", "on"), ("stores", STORE)]).await;
    let (program, other) = (town.program(&counting), town.program(&receiving));
    let [here, far] = [town.visitor().goods(STORE, TEA).await, town.visitor().goods("QH-SH-002", TEA).await];
    let name = "合作方 仓储系统";

    let begin = |id: Uuid, place: &str| {
        let one = json!({ "kind": "cycle", "by": "longest_uncounted", "lines": 1 });
        json!({ "id": id, "location_id": place, "selection": one })
    };
    let count = Uuid::now_v7();
    let path = format!("/console/counts/{count}");
    other.post("/console/counts", begin(count, &here.store_id)).await.refused(403, "forbidden");
    program.post("/console/counts", begin(count, &far.store_id)).await.refused(404, "not_found");
    program.post("/console/counts", begin(count, &here.store_id)).await.done();
    let lines = program.get(&format!("{path}/lines")).await.done();
    let entry = json!({ "id": Uuid::now_v7(), "code": lines["items"][0]["code"], "pieces": 1 });
    assert_eq!(program.post(&format!("{path}/entries"), entry).await.done()["counted"], 1);
    program.post(&format!("{path}/submit"), json!({})).await.done();
    let seen = program.get(&path).await.done();
    assert_eq!((&seen["state"], &seen["opened_by"]), (&json!("submitted"), &json!(name)), "{seen}");
    assert_eq!((&seen["entries"][0]["by"], &seen["steps"][1]["by"]), (&json!(name), &json!(name)), "{seen}");
    program.post(&format!("{path}/decision"), json!({ "approve": true })).await.refused(403, "forbidden");
    let page = hq.open("/hq/audit").await;
    assert!(page.html.contains(name), "the log says who: {}", page.html);

    let loss = Uuid::now_v7();
    let lost = |place: &str| {
        json!({ "id": loss, "location_id": place, "sku_id": here.sku_id, "quantity": 1,
                "kind": "broken", "reason": "压坏" })
    };
    other.post("/console/losses", lost(&here.store_id)).await.refused(403, "forbidden");
    program.post("/console/losses", lost(&far.store_id)).await.refused(404, "not_found");
    assert_eq!(program.post("/console/losses", lost(&here.store_id)).await.done()["state"], "reported");
    let path = format!("/console/losses/{loss}");
    assert_eq!(program.get(&path).await.done()["reported_by"], name);
    program.post(&format!("{path}/decision"), json!({ "approve": true })).await.refused(403, "forbidden");
    let photo = town.raw(Method::POST, &format!("/api/v1{path}/photos")).bearer_auth(&counting);
    photo.body(support::photo(64, 48, 40)).send().await.unwrap().error_for_status().unwrap();
    program.post(&format!("{path}/withdraw"), json!({})).await.done();

    let stock = program.get("/hq/stock").await.done();
    let lying = stock["items"].as_array().unwrap();
    assert!(!lying.is_empty() && lying.iter().all(|one| one["location"]["id"] == here.store_id.as_str()), "{stock}");
    for path in ["/hq/movements", "/hq/batches", "/console/alerts", "/console/alert-rules", "/console/stock-places"] {
        program.get(path).await.done();
        other.get(path).await.refused(403, "forbidden");
    }
    program.post(&format!("/console/alerts/{}/seen", Uuid::now_v7()), json!({})).await.refused(403, "forbidden");
    town.check_books().await;
}

#[tokio::test]
async fn a_key_given_a_warehouse_on_the_page_takes_goods_in_there_and_nowhere_else() {
    let town = Town::start().await;
    let (mut hq, office) = (town.head_office("hq").await, town.staff("hq").await);
    let [depot, other] = [Uuid::now_v7(), Uuid::now_v7()];
    for (id, code, name) in [(depot, "CK-8", "东仓"), (other, "CK-9", "西仓")] {
        let made = json!({ "code": code, "name": name, "region": "310000", "address": "一号" });
        office.put(&format!("/hq/warehouses/{id}"), made).await.done();
    }
    let page = hq.open("/hq/keys/new").await;
    let form = page.form("/rpc/hq/create_key").with("name", "仓储").with("may.receive_goods", "on");
    let again = hq.send(&form.with("warehouses", "CK-8，CK-0")).await;
    assert!(again.html.contains("没有这些仓库：CK-0") && again.html.contains("CK-8，CK-0"), "{}", again.html);

    let fields = [("name", "仓储"), ("may.receive_goods", "on"), ("warehouses", "CK-8")];
    let program = town.program(&key(&mut hq, &fields).await);
    let listed = hq.open("/hq/keys").await;
    assert!(listed.html.contains("东仓") && !listed.html.contains("西仓"), "{}", listed.html);
    let goods = town.visitor().goods(STORE, TEA).await;
    let receipt = |place: &str| {
        let lines = json!([{ "sku_id": goods.sku_id, "quantity": 5 }]);
        json!({ "id": Uuid::now_v7(), "location_id": place, "lines": lines, "note": "送货单 3" })
    };
    program.post("/console/receipts", receipt(&depot.to_string())).await.done();
    program.post("/console/receipts", receipt(&other.to_string())).await.refused(404, "not_found");
    program.post("/console/receipts", receipt(&goods.store_id)).await.refused(404, "not_found");
    let came = program.get(&format!("/console/stock/{depot}/receipts")).await.done();
    assert!(came.to_string().contains("送货单 3"), "{came}");
    program.get(&format!("/console/stock/{other}/receipts")).await.refused(404, "not_found");
    town.check_books().await;
}

#[tokio::test]
async fn a_key_that_was_replaced_ended_or_is_out_of_time_is_nobodys() {
    let town = Town::start().await;
    let mut hq = town.head_office("hq").await;
    let first = key(&mut hq, &[("name", "旧系统"), ("may.read_stores", "on")]).await;
    town.program(&first).get("/hq/stores").await.done();

    let list = hq.open("/hq/keys").await;
    let file = list.attribute("form[action$='/file']", "action").unwrap();
    let second = hq.send(&list.form(&file)).await.html.trim().to_owned();
    town.program(&first).get("/hq/stores").await.refused(401, "unauthenticated");
    town.program(&second).get("/hq/stores").await.done();

    let list = hq.open("/hq/keys").await;
    let list = hq.send(&list.form("/rpc/hq/revoke_key")).await;
    assert!(list.html.contains("已停用"), "{}", list.html);
    town.program(&second).get("/hq/stores").await.refused(401, "unauthenticated");

    let page = hq.open("/hq/keys/new").await;
    let form =
        page.form("/rpc/hq/create_key").with("name", "过期").with("may.read_stores", "on").with("until", "2020-01-01");
    let again = hq.send(&form).await;
    assert!(again.html.contains("这一天已经过去") && again.html.contains("过期"), "{}", again.html);
}

#[tokio::test]
async fn a_key_past_its_limit_is_told_when_to_come_again() {
    let town = Town::start().await;
    let mut hq = town.head_office("hq").await;
    let key = key(&mut hq, &[("name", "慢"), ("may.read_stores", "on"), ("per_minute", "3")]).await;
    let program = town.program(&key);
    let mut answers = Vec::new();
    for _ in 0..8 {
        // Eight within one window or on both sides of its end: more than three of them are refused.
        answers.push(program.get("/stores?limit=1").await.status);
    }
    let refused = answers.iter().filter(|status| **status == 429).count();
    assert!((2..=5).contains(&refused), "{answers:?}");
}

#[tokio::test]
async fn only_who_may_give_keys_everywhere_sees_and_gives_them() {
    let town = Town::start().await;
    for account in ["shanghai", "clerk"] {
        let mut browser = town.head_office(account).await;
        for path in ["/hq/keys", "/hq/keys/new"] {
            assert_eq!(browser.open(path).await.status, 403, "{account} {path}");
        }
    }
}
