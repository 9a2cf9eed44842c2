//! Lists of goods that come in as a file, over the staff's pages, without script: what a scanner found, what a
//! delivery note says, what a store asks for, what head office moves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{
    STORE, TEA, Town,
    browser::{Browser, Form, Page},
};
use uuid::Uuid;

const MEDIUM: &str = "qh-zhenzhu-naicha-m";
const LARGE: &str = "qh-zhenzhu-naicha-l";

/// Sends a page's form with this list, by its button that fills in or its own address.
async fn sends(browser: &mut Browser, form: &Form, to: &str, list: &str) -> Page {
    let fields: Vec<(&str, &str)> = form
        .fields
        .iter()
        .filter(|(name, _)| name != "file")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.upload(to, &fields, ("清单.csv", list.as_bytes())).await
}

#[tokio::test]
async fn a_scanners_file_goes_into_a_count_whole_or_not_at_all_and_once() {
    let town = Town::start().await;
    let mut manager = town.head_office("manager").await;
    let api = town.staff("manager").await;
    let store = town.visitor().store(STORE).await["id"].clone();
    let count = Uuid::now_v7();
    let selection = json!({ "kind": "partial", "skus": [MEDIUM] });
    let open = json!({ "id": count, "location_id": store, "selection": selection, "blind": true });
    api.post("/console/counts", open).await.done();
    let path = format!("/console/counts/{count}");
    let counted = async || {
        let lines = api.get(&format!("/console/counts/{count}/lines")).await.done()["items"].clone();
        let of = |code: &str| {
            let line = lines.as_array().unwrap().iter().find(|line| line["code"] == code).cloned();
            line.map_or(Value::Null, |line| line["counted"].clone())
        };
        (of(MEDIUM), of(LARGE))
    };

    // One line that is wrong: nothing of the file counts, and what is wrong stands beside its line.
    let form = manager.open(&path).await.form("/list");
    let wrong = format!("编码,件数\n{MEDIUM},5\nNO-SUCH,1\n{LARGE},很多\n");
    let page = sends(&mut manager, &form, &format!("{path}/list"), &wrong).await;
    assert!(page.html.contains("第 4 行：件数须是 0 到 100,000 的整数"), "{}", page.html);
    let wrong = format!("编码,件数\n{MEDIUM},5\nNO-SUCH,1\n");
    let page = sends(&mut manager, &form, &format!("{path}/list"), &wrong).await;
    assert!(page.html.contains("整个表格都没有录入"), "{}", page.html);
    assert!(page.html.contains("第 3 行：没有找到：不是这里的商品"), "{}", page.html);
    assert_eq!(counted().await, (Value::Null, Value::Null));

    // A line for each scan; of a blind count nobody is told what the books say.
    let scans = format!("{MEDIUM}\n{LARGE}\n{MEDIUM}\n");
    let page = sends(&mut manager, &form, &format!("{path}/list"), &scans).await;
    assert!(page.html.contains("已录入 2 种商品、共 3 件"), "{}", page.html);
    assert!(!page.html.contains("账面"), "{}", page.html);
    assert_eq!(counted().await, (json!(2), json!(1)));

    // The same form sent again adds nothing; another list under its key is none; a new one adds up.
    sends(&mut manager, &form, &format!("{path}/list"), &scans).await;
    assert_eq!(counted().await, (json!(2), json!(1)));
    let other = sends(&mut manager, &form, &format!("{path}/list"), MEDIUM).await;
    assert!(other.html.contains("这个页面已经录过另一笔"), "{}", other.html);
    let form = page.form("/list");
    let pasted = form.clone().with("table", &format!("SKU\t件数\n{MEDIUM}\t4"));
    let fields: Vec<(&str, &str)> = pasted.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let page = manager.upload_all(&format!("{path}/list"), &fields, &[]).await;
    assert!(page.html.contains("已录入 1 种商品、共 4 件"), "{}", page.html);
    assert_eq!(counted().await, (json!(6), json!(1)));

    // What came with a file goes with it.
    let form = page.form("/rpc/console/undo_count_list");
    let page = manager.send(&form).await;
    assert!(page.html.contains("已撤销整个表格"), "{}", page.html);
    assert_eq!(counted().await, (json!(2), json!(1)));

    // The template names the count's goods without a number, so sending it as it is says nothing.
    let template = manager.download(&format!("{path}/template/csv")).await;
    let text = String::from_utf8(template.clone()).unwrap();
    assert!(text.contains(MEDIUM) && text.contains("SKU,商品,件数"), "{text}");
    let empty = sends(&mut manager, &page.form("/list"), &format!("{path}/list"), &text).await;
    assert!(empty.html.contains("没有读到商品"), "{}", empty.html);
    town.check_books().await;
}

#[tokio::test]
async fn what_another_count_has_is_told_beside_its_line() {
    let town = Town::start().await;
    let api = town.staff("manager").await;
    let store = town.visitor().store(STORE).await["id"].clone();
    let [one, other] = [(); 2].map(|()| Uuid::now_v7());
    for (count, sku) in [(one, MEDIUM), (other, LARGE)] {
        let selection = json!({ "kind": "partial", "skus": [sku] });
        let open = json!({ "id": count, "location_id": store, "selection": selection });
        api.post("/console/counts", open).await.done();
    }
    let lines = json!([{ "code": LARGE, "pieces": 1 }, { "code": MEDIUM, "pieces": 2 }]);
    let list = json!({ "id": Uuid::now_v7(), "lines": lines });
    let refused = api.post(&format!("/console/counts/{other}/lists"), list).await.refused(422, "invalid");
    assert_eq!(refused["complaints"][0]["field"], "lines.1", "{refused}");
    // Goods of neither are taken in, by the API as by the page.
    let id = Uuid::now_v7();
    let list = json!({ "id": id, "lines": [{ "code": LARGE, "pieces": 7 }] });
    for _ in 0..2 {
        let entered = api.post(&format!("/console/counts/{other}/lists"), list.clone()).await.done();
        assert_eq!(entered, json!({ "goods": 1, "pieces": 7 }));
    }
    let seen = api.get(&format!("/console/counts/{other}")).await.done();
    assert_eq!((seen["entries"].as_array().unwrap().len(), &seen["entries"][0]["list_id"]), (1, &json!(id)));
    let undo = format!("/console/counts/{other}/lists/{id}");
    api.attempt(reqwest::Method::DELETE, &undo, None).await.unwrap().done();
    let seen = api.get(&format!("/console/counts/{other}")).await.done();
    assert_eq!(seen["entries"][0]["undone"], true);
    town.check_books().await;
}

/// An order to a supplier of 10 of the medium and 5 of the large tea for the demo's first store; answers its id.
async fn ordered(town: &Town) -> Uuid {
    let hq = town.staff("hq").await;
    let (supplier, purchase) = (Uuid::now_v7(), Uuid::now_v7());
    let known = json!({ "code": "JN-1", "name": "江南食品", "terms_days": 30, "lead_days": 3 });
    hq.put(&format!("/hq/suppliers/{supplier}"), known).await.done();
    let (store, medium) = (town.visitor().store(STORE).await["id"].clone(), sku(town, 0).await);
    let lines = json!([
        { "sku_id": medium, "quantity": 10, "price_fen": 300 },
        { "sku_id": sku(town, 1).await, "quantity": 5, "price_fen": 300 },
    ]);
    let order = json!({ "supplier_id": supplier, "location_id": store, "lines": lines });
    hq.put(&format!("/hq/purchases/{purchase}"), order).await.done();
    hq.post(&format!("/hq/purchases/{purchase}/submit"), json!({})).await.done();
    purchase
}

/// A size of the tea.
async fn sku(town: &Town, at: usize) -> String {
    let store = town.visitor().store(STORE).await["id"].as_str().unwrap().to_owned();
    let product = town.visitor().get(&format!("/stores/{store}/products/{TEA}")).await.done();
    product["skus"][at]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_delivery_notes_file_fills_in_a_receipt_that_somebody_then_confirms() {
    let town = Town::start().await;
    let purchase = ordered(&town).await;
    let (medium, large) = (format!("pieces.{}", sku(&town, 0).await), format!("pieces.{}", sku(&town, 1).await));
    let mut manager = town.head_office("manager").await;
    let path = format!("/console/purchases/{purchase}");
    let form = manager.open(&path).await.form("/rpc/console/receive_purchase");
    assert_eq!(form.value(&medium), Some("10"));

    // More than was ordered, and what was not: told beside their lines, and the numbers are as they were.
    let form = form.with("note", "送货单 7").with(&large, "4");
    let page = sends(&mut manager, &form, &format!("{path}/list"), &format!("{MEDIUM},6\nNO-1,1\n{MEDIUM},5")).await;
    assert!(page.html.contains("第 2 行：单据里没有这件商品"), "{}", page.html);
    assert!(page.html.contains("第 3 行：还差 10 件未到，不能多收"), "{}", page.html);
    let back = page.form("/rpc/console/receive_purchase");
    assert_eq!((back.value(&large), back.value("note")), (Some("4"), Some("送货单 7")), "what was typed is kept");

    // What the note does not name has not come. Nothing is booked before somebody says so.
    let page = sends(&mut manager, &back, &format!("{path}/list"), &format!("SKU,件数\n{MEDIUM},6\n")).await;
    assert!(page.html.contains("已填入 1 种商品、共 6 件"), "{}", page.html);
    let filled = page.form("/rpc/console/receive_purchase");
    assert_eq!((filled.value(&medium), filled.value(&large)), (Some("6"), Some("0")));
    assert_eq!(filled.value("note"), Some("送货单 7"));
    assert!(page.html.contains("还没有到货"), "{}", page.html);
    let done = manager.send(&filled).await;
    assert!(done.html.contains("已收货，可以销售了"), "{}", done.html);

    // The template has what is still to come, and is taken as it is.
    let template = String::from_utf8(manager.download(&format!("{path}/template/csv")).await).unwrap();
    assert!(template.contains(&format!("{MEDIUM},")) && template.contains(",4,,"), "{template}");
    let page =
        sends(&mut manager, &done.form("/rpc/console/receive_purchase"), &format!("{path}/list"), &template).await;
    assert!(page.html.contains("已填入 2 种商品、共 9 件"), "{}", page.html);
    let done = manager.send(&page.form("/rpc/console/receive_purchase")).await;
    assert!(done.html.contains("已收货"), "{}", done.html);
    let over = sends(&mut manager, &filled, &format!("{path}/list"), MEDIUM).await;
    assert!(over.html.contains("现在不能收货"), "{}", over.html);
    town.check_books().await;
}

#[tokio::test]
async fn a_file_names_what_a_store_asks_for_and_another_what_has_arrived() {
    let town = Town::start().await;
    let (mut manager, hq) = (town.head_office("manager").await, town.staff("hq").await);
    let (medium, large) = (sku(&town, 0).await, sku(&town, 1).await);
    let warehouse = Uuid::now_v7();
    let depot = json!({ "code": "CK-SH", "name": "上海中心仓", "region": "310000", "address": "青浦区 1 号" });
    hq.put(&format!("/hq/warehouses/{warehouse}"), depot).await.done();
    let lines = json!([{ "sku_id": medium, "quantity": 30 }, { "sku_id": large, "quantity": 30 }]);
    let came = json!({ "id": Uuid::now_v7(), "location_id": warehouse, "lines": lines });
    hq.post("/console/receipts", came).await.done();

    let new = "/console/transfers/new";
    let form = manager.open(&format!("{new}?source={warehouse}&q=没有的")).await.form("/rpc/console/request_transfer");
    let form = form.with("reason", "周末备货");
    let page = sends(&mut manager, &form, &format!("{new}/list"), &format!("{MEDIUM},3\nNO-1,4")).await;
    assert!(page.html.contains("第 2 行：没有这个 SKU 编码或条码"), "{}", page.html);
    let page = sends(&mut manager, &form, &format!("{new}/list"), &format!("{MEDIUM},3\n{LARGE},4\n{MEDIUM},5")).await;
    assert!(page.html.contains("已填入 2 种商品、共 12 件"), "{}", page.html);
    let filled = page.form("/rpc/console/request_transfer");
    let field = |sku: &str| format!("pieces.{sku}");
    assert_eq!((filled.value(&field(&medium)), filled.value(&field(&large))), (Some("8"), Some("4")));
    assert_eq!(
        (filled.value("reason"), filled.value("source")),
        (Some("周末备货"), Some(warehouse.to_string().as_str()))
    );
    let asked = manager.send(&filled).await;
    assert!(asked.html.contains("待同意"), "{}", asked.html);
    let path = asked.url.path().to_owned();
    let id = path.rsplit('/').next().unwrap();
    hq.post(&format!("/console/transfers/{id}/decision"), json!({ "approve": true })).await.done();
    let early = sends(&mut manager, &filled, &format!("{path}/list"), MEDIUM).await;
    assert!(early.html.contains("现在不能收货"), "{}", early.html);
    hq.post(&format!("/console/transfers/{id}/ship"), json!({})).await.done();

    let form = manager.open(&path).await.form("/rpc/console/receive_transfer");
    let page = sends(&mut manager, &form, &format!("{path}/list"), &format!("{MEDIUM},9")).await;
    assert!(page.html.contains("第 1 行：只发了 8 件，不能多收"), "{}", page.html);
    let template = String::from_utf8(manager.download(&format!("{path}/template/csv")).await).unwrap();
    let less = template.replace(",8", ",7");
    let page = sends(&mut manager, &form, &format!("{path}/list"), &less).await;
    let filled = page.form("/rpc/console/receive_transfer");
    assert_eq!((filled.value(&field(&medium)), filled.value(&field(&large))), (Some("7"), Some("4")));
    let done = manager.send(&filled.with("reason", "破损 1 件")).await;
    assert!(done.html.contains("差 1 件"), "{}", done.html);
    town.check_books().await;
}

#[tokio::test]
async fn a_file_names_what_head_office_moves_between_two_places() {
    let town = Town::start().await;
    let (mut office, hq) = (town.head_office("hq").await, town.staff("hq").await);
    let (medium, large) = (sku(&town, 0).await, sku(&town, 1).await);
    let [from, to] = [(); 2].map(|()| Uuid::now_v7());
    for (warehouse, code) in [(from, "CK-1"), (to, "CK-2")] {
        let depot = json!({ "code": code, "name": "并仓", "region": "310000", "address": "青浦区 1 号" });
        hq.put(&format!("/hq/warehouses/{warehouse}"), depot).await.done();
    }

    let new = "/hq/transfers/new";
    let form = office.open(&format!("{new}?source={from}&q=没有的")).await.form("/rpc/hq/request_transfer");
    let form = form.with("reason", "并仓");
    let page = sends(&mut office, &form, &format!("{new}/list"), &format!("{MEDIUM},3\nNO-1,4")).await;
    assert!(page.html.contains("第 2 行：没有这个 SKU 编码或条码"), "{}", page.html);
    let page = sends(&mut office, &form, &format!("{new}/list"), &format!("{MEDIUM},3\n{LARGE},4")).await;
    assert!(page.html.contains("已填入 2 种商品、共 7 件。请核对后点「提交调拨单」"), "{}", page.html);
    let filled = page.form("/rpc/hq/request_transfer");
    let field = |sku: &str| format!("pieces.{sku}");
    assert_eq!((filled.value(&field(&medium)), filled.value(&field(&large))), (Some("3"), Some("4")));

    // Nobody guesses where it goes; what was filled in is kept.
    let page = office.send(&filled).await;
    assert!(page.html.contains("请选择调到哪里"), "{}", page.html);
    let kept = page.form("/rpc/hq/request_transfer");
    assert_eq!((kept.value(&field(&large)), kept.value("reason")), (Some("4"), Some("并仓")));
    assert_eq!(kept.value("source"), Some(from.to_string().as_str()));
    let made = office.send(&kept.with("target", &to.to_string())).await;
    assert!(made.url.path().starts_with("/hq/transfers/") && made.html.contains("待发货方同意"), "{}", made.html);
    let agreed = office.send(&made.form("/rpc/console/decide_transfer").with("verdict", "approve")).await;
    assert!(agreed.html.contains("确认发货"), "{}", agreed.html);

    let template = String::from_utf8(office.download(&format!("{new}/template/csv")).await).unwrap();
    assert!(template.contains("SKU,商品,件数"), "{template}");
    town.check_books().await;
}

#[tokio::test]
async fn what_is_no_list_is_refused_in_words_and_nobody_sends_one_to_what_is_anothers() {
    let town = Town::start().await;
    let mut manager = town.head_office("manager").await;
    let purchase = ordered(&town).await;
    let path = format!("/console/purchases/{purchase}");
    let form = manager.open(&path).await.form("/rpc/console/receive_purchase");
    let fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let large = vec![b'1'; (4 << 20) + 1];
    let cases: [(&[u8], &str); 5] = [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "读不出表格"),
        (b"PK\x03\x04 broken", "读不出表格"),
        ("SKU,件数\n".as_bytes(), "没有读到商品"),
        ("货品代号,多少\n".as_bytes(), "请用「SKU」和「件数」"),
        (&large, "超过 4 MB"),
    ];
    for (content, told) in cases {
        let page = manager.upload(&format!("{path}/list"), &fields, ("清单.csv", content)).await;
        assert!(page.html.contains(told), "{told}: {} {}", page.status, page.html);
    }
    let neither = manager.upload_all(&format!("{path}/list"), &fields, &[]).await;
    assert!(neither.html.contains("请选择文件，或粘贴表格"), "{}", neither.html);
    let both = [&fields[..], &[("table", "a,1")]].concat();
    let page = manager.upload(&format!("{path}/list"), &both, ("清单.csv", b"a,1")).await;
    assert!(page.html.contains("请只选一种"), "{}", page.html);

    // A script in a list is a text, kept as it was typed.
    let typed = "</textarea><script>alert(1)</script> & more,1";
    let page = manager.upload_all(&format!("{path}/list"), &[("table", typed)], &[]).await;
    assert!(page.html.contains("第 1 行") && !page.html.contains("<script>alert(1)"), "{}", page.html);
    assert_eq!(page.form("/rpc/console/receive_purchase").value("table"), Some(typed));
    let mut merchant = town.head_office("merchant").await;
    let answered = merchant.upload(&format!("{path}/list"), &fields, ("清单.csv", b"a,1")).await;
    assert_eq!(answered.status, 404);
    let visitor = town.browser().upload(&format!("{path}/list"), &fields, ("清单.csv", b"a,1")).await;
    assert_eq!(visitor.url.path(), "/console/login");
}
