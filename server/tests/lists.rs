//! Lists that come in as a file, over the staff's pages, without script: what a scanner found, what a delivery note says,
//! what a store asks for, what head office moves, what comes in without an order, what was lost, and thresholds.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{
    STORE, TEA, Town,
    browser::{Browser, Form, Page},
    program::Program,
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
async fn a_search_within_a_form_loses_nothing_that_was_typed_or_pasted() {
    let town = Town::start().await;
    let (mut manager, mut office) = (town.head_office("manager").await, town.head_office("hq").await);
    let (hq, medium, warehouse) = (town.staff("hq").await, sku(&town, 0).await, Uuid::now_v7());
    let depot = json!({ "code": "CK-SH", "name": "上海中心仓", "region": "310000", "address": "青浦区 1 号" });
    hq.put(&format!("/hq/warehouses/{warehouse}"), depot).await.done();
    let lines = json!([{ "sku_id": medium, "quantity": 30 }]);
    let came = json!({ "id": Uuid::now_v7(), "location_id": warehouse, "lines": lines });
    hq.post("/console/receipts", came).await.done();
    let source = warehouse.to_string();
    // More than an address has room for, and in letters that would take nine signs each there.
    let line = format!("{MEDIUM},1,珍珠奶茶\n");
    let table = line.repeat((90 << 10) / line.len());
    for (browser, new, action) in [
        (&mut manager, "/console/transfers/new", "/rpc/console/request_transfer"),
        (&mut office, "/hq/transfers/new", "/rpc/hq/request_transfer"),
    ] {
        let page = browser.open(&format!("{new}?source={source}")).await;
        let find = page.attribute("button[formaction$='/find']", "formaction").unwrap();
        let pieces = format!("pieces.{medium}");
        let form = page.form(action).with("q", MEDIUM).with("reason", "周末 & 备货").with(&pieces, "3");
        let fields = |form: &Form| -> Vec<(String, String)> {
            form.fields.iter().filter(|(name, _)| name != "file").cloned().collect()
        };
        for pasted in [table.as_str(), "NO-1,4"] {
            let sent = fields(&form.clone().with("table", pasted));
            let sent: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let page = browser.upload_all(&find, &sent, &[]).await;
            let found = page.form(action);
            assert_eq!(found.value("table").unwrap().trim(), pasted.trim());
            assert_eq!((found.value("q"), found.value("source")), (Some(MEDIUM), Some(source.as_str())));
            assert_eq!((found.value(&pieces), found.value("reason").map(str::trim)), (Some("3"), Some("周末 & 备货")));
            assert!(page.url.query().unwrap().contains("q=qh-zhenzhu"), "{}", page.url);
        }
        // What is too long is told beside its field, and the rest stays.
        let long = fields(&form.clone().with("table", &"x".repeat((100 << 10) + 1)));
        let long: Vec<_> = long.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let page = browser.upload_all(&find, &long, &[]).await;
        assert!(page.html.contains("粘贴的内容超过 100 KB，请上传文件"), "{}", page.html);
        assert_eq!(page.form(action).value(&pieces), Some("3"));
        let sent = fields(&form);
        let sent: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let page = browser.upload(&find, &sent, ("清单.csv", b"a,1")).await;
        assert!(page.html.contains("请重新选择"), "{}", page.html);
    }
    town.check_books().await;
}

#[tokio::test]
async fn a_search_keeps_two_hundred_lines_also_of_whoever_has_to_log_in_again_first() {
    let town = Town::start().await;
    let (mut manager, hq) = (town.head_office("manager").await, town.staff("hq").await);
    let (medium, source) = (sku(&town, 0).await, Uuid::now_v7());
    let depot = json!({ "code": "CK-SH", "name": "上海中心仓", "region": "310000", "address": "青浦区 1 号" });
    hq.put(&format!("/hq/warehouses/{source}"), depot).await.done();
    let lines = json!([{ "sku_id": medium, "quantity": 30 }]);
    let came = json!({ "id": Uuid::now_v7(), "location_id": source, "lines": lines });
    hq.post("/console/receipts", came).await.done();
    let (action, pieces) = ("/rpc/console/request_transfer", format!("pieces.{medium}"));
    let page = manager.open(&format!("/console/transfers/new?source={source}")).await;
    let find = page.attribute("button[formaction$='/find']", "formaction").unwrap();
    let mut form = page.form(action).with("q", MEDIUM).with("reason", "周末备货").with(&pieces, "3");
    form.fields.retain(|(name, _)| name != "file");
    form.fields.extend((0..199).map(|_| (format!("pieces.{}", Uuid::now_v7()), "1".to_owned())));
    let sent: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let typed = |page: &Page| {
        let found = page.form(action);
        let value = |name: &str| found.value(name).map(|value| value.trim().to_owned());
        [value("q"), value("reason"), value(&pieces)]
    };
    let all = [MEDIUM, "周末备货", "3"].map(|value| Some(value.to_owned()));

    let page = manager.upload_all(&find, &sent, &[]).await;
    assert!(page.url.as_str().len() < 2 << 10, "{}", page.url);
    assert_eq!(typed(&page), all);

    // The session has ended meanwhile.
    let session = std::mem::take(&mut manager.cookies);
    let page = manager.upload_all(&find, &sent, &[]).await;
    assert_eq!(page.url.path(), "/console/login");
    let to = page.form("/console/log_in").value("to").unwrap().to_owned();
    manager.cookies = session;
    assert_eq!(typed(&manager.open(&to).await), all);
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
    assert_eq!(neither.html.matches("请选择文件，或粘贴表格").count(), 1, "{}", neither.html);
    assert!(neither.html.contains("表格没有录入"), "{}", neither.html);
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

/// How many pieces of a variant the books of the place have.
async fn on_hand(who: &Program, place: &str, code: &str) -> i64 {
    let stock = who.get(&format!("/console/stock/{place}?q={code}")).await.done();
    stock["items"][0]["on_hand"].as_i64().unwrap()
}

#[tokio::test]
async fn a_list_of_losses_fills_in_a_form_of_which_the_store_books_by_itself_only_what_is_small() {
    let town = Town::start().await;
    let (mut manager, api) = (town.head_office("manager").await, town.staff("manager").await);
    let store = town.visitor().store(STORE).await["id"].as_str().unwrap().to_owned();
    let before = (on_hand(&api, &store, MEDIUM).await, on_hand(&api, &store, LARGE).await);
    let (page, list) = ("/console/losses/many", "/console/losses/many/list");
    let form = manager.open(page).await.form("/list");
    let template = String::from_utf8(manager.download(&format!("{page}/template/csv")).await).unwrap();
    assert!(template.contains("SKU,商品,件数,类型,原因,批次号"), "{template}");

    let header = "SKU,件数,类型,原因";
    let too_many = before.0 + 1;
    for (rows, told) in [
        (format!("{MEDIUM},2,破损,打翻\n{LARGE},1,丢了,不见"), "第 3 行：类型请填写：破损、过期"),
        (format!("{MEDIUM},2,破损,\n{LARGE},0,破损,打翻"), "第 2 行：请写明原因"),
        (format!("{MEDIUM},2,破损,打翻\nNO-1,1,破损,打翻"), "第 3 行：没有找到：不是这里的商品"),
        (format!("{MEDIUM},{too_many},破损,打翻"), "第 2 行：账面只有"),
    ] {
        let page = sends(&mut manager, &form, list, &format!("{header}\n{rows}\n")).await;
        assert!(page.html.contains(told), "{told}: {}", page.html);
        assert!(page.html.contains("整个表格都没有录入"), "{}", page.html);
        page.form("/list");
    }

    // Rows of the same add up, others do not; nothing is reported before somebody says so.
    let rows = format!("{MEDIUM},20,过期,到期\n{LARGE},2,破损,打翻\n{MEDIUM},5,过期,到期\n{MEDIUM},1,破损,打翻");
    let page = sends(&mut manager, &form, list, &format!("{header}\n{rows}\n")).await;
    assert!(page.html.contains("已填入 3 份报损、共 28 件，还没有提交"), "{}", page.html);
    let filled = page.form("/rpc/console/report_losses");
    let pieces =
        |form: &Form| ["quantity.0", "quantity.1", "quantity.2"].map(|name| form.value(name).unwrap().to_owned());
    assert_eq!(pieces(&filled), ["25", "2", "1"]);
    assert_eq!((filled.value("kind.0"), filled.value("reason.1")), (Some("expired"), Some("打翻")));
    let page = manager.send(&filled.clone().with("quantity.0", "0")).await;
    assert!(page.html.contains("请填写 1 到 100,000 件"), "{}", page.html);
    assert_eq!(pieces(&page.form("/rpc/console/report_losses")), ["0", "2", "1"], "what was typed is kept");
    let more = before.1 + 1;
    let page = manager.send(&filled.clone().with("quantity.1", &more.to_string())).await;
    assert!(page.html.contains("账面只有"), "{}", page.html);
    assert_eq!((on_hand(&api, &store, MEDIUM).await, on_hand(&api, &store, LARGE).await), before, "all or none");
    // Another file takes the place of what was filled in.
    let other = sends(&mut manager, &filled, list, &format!("{LARGE},1,破损,打翻")).await;
    assert_eq!(other.form("/rpc/console/report_losses").value("sku.1"), None);

    // A line without pieces is not reported; 25 pieces are for somebody above the store. Sent again it is the same.
    let meant = filled.with("quantity.2", "");
    for _ in 0..2 {
        let done = manager.send(&meant).await;
        assert!(done.html.contains("1 份报损已入账，库存已减少；另外 1 份等待审批"), "{}", done.html);
        let now = (on_hand(&api, &store, MEDIUM).await, on_hand(&api, &store, LARGE).await);
        assert_eq!(now, (before.0, before.1 - 2));
    }
    town.check_books().await;
}

#[tokio::test]
async fn a_file_names_what_comes_in_without_an_order_with_batches_and_at_a_warehouse_what_it_cost() {
    let town = Town::start().await;
    let (mut manager, mut office) = (town.head_office("manager").await, town.head_office("hq").await);
    let hq = town.staff("hq").await;
    let store = town.visitor().store(STORE).await["id"].as_str().unwrap().to_owned();
    let (medium, large, warehouse) = (sku(&town, 0).await, sku(&town, 1).await, Uuid::now_v7());
    hq.put(&format!("/hq/products/{TEA}/keeping"), json!({ "keeps_batches": true })).await.done();
    let depot = json!({ "code": "CK-SH", "name": "上海中心仓", "region": "310000", "address": "青浦区 1 号" });
    hq.put(&format!("/hq/warehouses/{warehouse}"), depot).await.done();
    let before = on_hand(&hq, &store, MEDIUM).await;

    let (path, list) = ("/console/receipts", "/console/receipts/list");
    let form = manager.open(path).await.form("/rpc/console/receive_goods");
    let page = sends(&mut manager, &form, list, &format!("{MEDIUM},3\nNO-1,1")).await;
    assert!(page.html.contains("第 2 行：没有这个 SKU 编码或条码"), "{}", page.html);
    let two = format!("{MEDIUM},3,B-1,2099-01-31\n{MEDIUM},3,B-2,2099-01-31");
    let page = sends(&mut manager, &form, list, &two).await;
    assert!(page.html.contains("第 2 行：同一件商品有几个批次"), "{}", page.html);
    let header = "SKU,件数,批次号,到期日,进价(元)";
    let rows = format!("{MEDIUM},3,B-1,2099-01-31,5\n{MEDIUM},2,B-1,2099-01-31,5\n{LARGE},,,,");
    let page = sends(&mut manager, &form, list, &format!("{header}\n{rows}")).await;
    assert!(page.html.contains("已填入 1 种商品、共 5 件；2 行的进价没有填入"), "{}", page.html);
    let filled = page.form("/rpc/console/receive_goods");
    let of = |name: &str, sku: &str| format!("{name}.{sku}");
    let read = ["pieces", "batch", "expires"].map(|name| filled.value(&of(name, &medium)).unwrap().to_owned());
    assert_eq!(read, ["5", "B-1", "2099-01-31"]);
    assert_eq!(on_hand(&hq, &store, MEDIUM).await, before, "nothing comes in before somebody says so");
    let done = manager.send(&filled).await;
    assert!(done.html.contains("已收货 5 件"), "{}", done.html);
    assert_eq!(on_hand(&hq, &store, MEDIUM).await, before + 5);

    // A warehouse that has nothing yet; who sees costs says what the goods cost.
    let path = format!("/hq/warehouses/{warehouse}/stock");
    let form = office.open(&path).await.form("/rpc/console/receive_goods");
    let dear = format!("{header}\n{LARGE},10,B-2,2099-01-31,很贵");
    let page = sends(&mut office, &form, &format!("{path}/list"), &dear).await;
    assert!(page.html.contains("第 2 行：进价须是 0 到 99,999.99 元"), "{}", page.html);
    let rows = format!("{header}\n{LARGE},10,B-2,2099-01-31,¥3.5\n{MEDIUM},0,,,");
    let page = sends(&mut office, &form, &format!("{path}/list"), &rows).await;
    let filled = page.form("/rpc/console/receive_goods");
    assert_eq!((filled.value(&of("price", &large)), filled.value(&of("pieces", &medium))), (Some("3.50"), None));
    let done = office.send(&filled).await;
    assert!(done.html.contains("已收货 10 件"), "{}", done.html);
    let stock = hq.get(&format!("/console/stock/{warehouse}?q={LARGE}")).await.done();
    assert_eq!((&stock["items"][0]["on_hand"], &stock["items"][0]["cost_milli_fen"]), (&json!(10), &json!(350_000)));
    for (browser, path, priced) in [(&mut manager, "/console/receipts", false), (&mut office, path.as_str(), true)] {
        let template = String::from_utf8(browser.download(&format!("{path}/template/csv")).await).unwrap();
        assert!(template.contains("SKU,商品,件数,批次号,到期日"), "{template}");
        assert_eq!(template.contains("进价"), priced, "{template}");
    }
    town.check_books().await;
}

#[tokio::test]
async fn a_table_of_thresholds_says_what_it_would_change_and_changes_it_once_somebody_says_so() {
    let town = Town::start().await;
    let (mut manager, mut office) = (town.head_office("manager").await, town.head_office("hq").await);
    let hq = town.staff("hq").await;
    let rules = async || hq.get("/console/alert-rules").await.done().as_array().unwrap().clone();
    let before = rules().await;
    let (path, list) = ("/hq/alerts/many", "/hq/alerts/many/list");
    let form = office.open(path).await.form("/list");
    let header = "门店或仓库编号,SKU,分类编码,库存不足(件),滞销(天)";
    for (rows, told) in [
        (format!(",{MEDIUM},,很少,"), "第 2 行：「库存不足(件)」须是 0 到 100000 的整数"),
        (format!(",{MEDIUM},,3,\n,,,3,"), "第 3 行：请填写 SKU 或分类编码"),
        (format!(",{MEDIUM},,3,\n,NO-1,,3,"), "第 3 行：没有这个 SKU 编码或条码"),
        (format!(",{MEDIUM},,3,\n,,NO-1,3,"), "第 3 行：没有这个分类编码"),
        (format!("NO-1,{MEDIUM},,3,"), "第 2 行：没有这个门店或仓库"),
        (format!(",{MEDIUM},,3,\n,{MEDIUM},,4,"), "第 3 行：「库存不足」与第 2 行说的是同一项"),
        (format!(",{MEDIUM},,,"), "没有读到提醒设置"),
    ] {
        let page = sends(&mut office, &form, list, &format!("{header}\n{rows}\n")).await;
        assert!(page.html.contains(told), "{told}: {}", page.html);
    }

    // What is set so already is left out; the rest is shown beside what is set now.
    let capital = MEDIUM.to_uppercase();
    let rows = format!(",{capital},,10,不提醒\n,,全部,5,60\n{STORE},{MEDIUM},,12,");
    let page = sends(&mut office, &form, list, &format!("{header}\n{rows}\n")).await;
    assert!(page.html.contains("这个表格会改 3 项提醒设置，还没有保存"), "{}", page.html);
    assert!(page.html.contains("可售 ≤ 10 件时提醒") && page.html.contains("没有单独设置"), "{}", page.html);
    assert_eq!(rules().await, before);
    let done = office.send(&page.form("/rpc/console/set_alert_rules")).await;
    assert!(done.html.contains("已保存 3 项"), "{}", done.html);
    assert_eq!(rules().await.len(), before.len() + 3);

    // As it goes out it comes in again, and a threshold that is out of bounds by now is refused with all others.
    let whole = String::from_utf8(office.download(&format!("{path}/template/csv")).await).unwrap();
    let again = sends(&mut office, &form, list, &whole).await;
    assert!(again.html.contains("和现在的相同，没有要改的"), "{whole} {}", again.html);
    let page = sends(&mut office, &form, list, &format!("{header}\n,{MEDIUM},,11,30\n")).await;
    let late = page.form("/rpc/console/set_alert_rules").with("threshold.1", "999");
    let refused = office.send(&late).await;
    assert!(refused.html.contains("请填写 1 到 365"), "{}", refused.html);
    assert_eq!(rules().await.len(), before.len() + 3);

    // A store's people see and set their own.
    let (path, list) = ("/console/alerts/many", "/console/alerts/many/list");
    let form = manager.open(path).await.form("/list");
    let own = String::from_utf8(manager.download(&format!("{path}/template/csv")).await).unwrap();
    assert!(own.contains(&format!("{STORE},{MEDIUM},,")) && own.lines().count() == 2, "{own}");
    let foreign = sends(&mut manager, &form, list, &format!("{header}\nQH-SH-002,{MEDIUM},,3,\n")).await;
    assert!(foreign.html.contains("第 2 行：没有这个门店或仓库，或它不归您管"), "{}", foreign.html);
    let page = sends(&mut manager, &form, list, &format!("{header}\n{STORE},{MEDIUM},,13,\n,{LARGE},,7,\n")).await;
    assert!(page.html.contains("可售 ≤ 12 件时提醒") && page.html.contains("可售 ≤ 13 件时提醒"), "{}", page.html);
    let done = manager.send(&page.form("/rpc/console/set_alert_rules")).await;
    assert!(done.html.contains("已保存 2 项"), "{}", done.html);
    let store = town.visitor().store(STORE).await["id"].clone();
    let set = rules().await.into_iter().filter(|rule| rule["location_id"] == store && rule["kind"] == "low");
    let mut set: Vec<i64> = set.filter_map(|rule| rule["threshold"].as_i64()).collect();
    set.sort_unstable();
    assert_eq!(set, [7, 13]);
    town.check_books().await;
}
