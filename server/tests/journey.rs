//! The whole journey through the real processes: as a program, and as a browser without script.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{
    STORE, TEA, Town,
    browser::{Browser, Page},
    program::{Goods, Program, times},
    until,
};

/// How long what happens by itself (callback, inbox, refund) may take on a busy machine.
const SOON: Duration = Duration::from_secs(15);

/// An order that was placed and paid.
async fn paid_order(town: &Town, member: &Program, goods: &Goods, quantity: i64) -> Value {
    let order = member.place(goods, quantity).await;
    let payment = member.start_payment(&order).await;
    town.pay_at_gateway(&payment.out_trade_no, json!({})).await;
    member.order_in(&order, "paid", SOON).await
}

fn id_of(order: &Value) -> &str {
    order["id"].as_str().unwrap()
}

fn lists(orders: &Value, id: &str) -> bool {
    orders.as_array().unwrap().iter().any(|order| order["id"] == id)
}

#[tokio::test]
async fn a_program_does_the_whole_journey() {
    let town = Town::start().await;
    let visitor = town.visitor();

    // From a place to the nearest store, its goods, and one product with its options.
    let places = visitor.get("/places?q=人民广场").await.done();
    let point = &places[0]["point"];
    let near = format!("/stores?near={},{}&limit=5", point["latitude"], point["longitude"]);
    let stores = visitor.get(&near).await.done();
    assert_eq!(stores[0]["code"], STORE);
    let metres: Vec<_> = stores.as_array().unwrap().iter().map(|store| store["distance_m"].as_f64().unwrap()).collect();
    assert!(metres.len() == 5 && metres.is_sorted(), "{metres:?}");
    let store_id = stores[0]["id"].as_str().unwrap();
    let list = visitor.get(&format!("/stores/{store_id}/products?limit=100")).await.done();
    assert!(list["items"].as_array().unwrap().iter().any(|product| product["code"] == TEA));
    let goods = visitor.goods(STORE, TEA).await;
    assert!(!goods.options.is_empty());

    let member = town.member("13800000001").await;
    member.put("/cart/lines", goods.line(json!(3))).await.done();
    let order = member.order_for_cart(store_id).await;
    let total = goods.price_fen * 3;
    assert_eq!(order["expected_total_fen"], total);
    let id = id_of(&order).to_owned();
    place_twice(&member, &order).await;
    assert_eq!(visitor.available(&goods, TEA).await, goods.available - 3);

    pay(&town, &member, &id, total).await;
    let paid = member.order(&id).await;
    assert_eq!(times(&paid, "pay"), 1);
    fulfil(&town, &paid).await;
    assert_eq!(member.order(&id).await["state"], "completed");
    // What was issued is gone, and nothing is held any more.
    assert_eq!(visitor.available(&goods, TEA).await, goods.available - 3);

    let sales = town.staff("hq").await.get("/hq/sales/today").await.done();
    let (today, best) = (&sales["today"], &sales["by_store"][0]);
    assert_eq!((&today["orders"], &today["sales_fen"], &today["pieces"]), (&json!(1), &json!(total), &json!(3)));
    assert_eq!((&best["store_id"], &best["sales_fen"]), (&json!(store_id), &json!(total)));
    town.check_books().await;
}

/// The same request twice is one order; another one under its id is refused.
async fn place_twice(member: &Program, order: &Value) {
    let first = member.post("/orders", order.clone()).await.done();
    let again = member.post("/orders", order.clone()).await.done();
    assert_eq!(first, again);
    let mut other = order.clone();
    other["note"] = json!("多放吸管");
    member.post("/orders", other).await.refused(409, "key_reused");
    assert_eq!(member.get("/orders").await.done()["items"].as_array().unwrap().len(), 1);
}

async fn pay(town: &Town, member: &Program, order: &str, total_fen: i64) {
    let payment = member.start_payment(order).await;
    let again = member.post(&format!("/orders/{order}/payments"), payment.body.clone()).await.done();
    assert_eq!(again["url"], payment.url, "the same request leads to the same cashier");
    assert!(payment.url.starts_with(&town.gateway.url));
    assert_eq!(member.order(order).await["pickup_code"], Value::Null, "no code before the payment");
    town.pay_at_gateway(&payment.out_trade_no, json!({})).await;
    let paid = member.order_in(order, "paid", SOON).await;
    assert_eq!(paid["paid_fen"], total_fen);
    let code = paid["pickup_code"].as_str().unwrap();
    assert!(code.len() == 8 && code.bytes().all(|digit| digit.is_ascii_digit()), "{code}");
}

/// A clerk takes the order through to the counter, and can hand it over only once.
async fn fulfil(town: &Town, order: &Value) {
    let (id, code) = (id_of(order), order["pickup_code"].as_str().unwrap());
    let clerk = town.staff("clerk").await;
    let board = clerk.get("/console/board").await.done();
    assert!(lists(&board, id) && !board.to_string().contains(code), "{board}");
    let shown = clerk.get(&format!("/console/orders/{id}")).await.done();
    assert_eq!((&shown["state"], &shown["pickup_code"]), (&json!("paid"), &Value::Null));

    let redeem = json!({ "code": code });
    clerk.post("/console/redemptions", redeem.clone()).await.refused(409, "not_accepted");
    clerk.post(&format!("/console/orders/{id}/reject"), json!({ "reason": "缺料" })).await.refused(403, "forbidden");
    for (step, state) in [("accept", "accepted"), ("prepare", "ready")] {
        clerk.post(&format!("/console/orders/{id}/{step}"), json!({})).await.done();
        assert_eq!(clerk.get(&format!("/console/orders/{id}")).await.done()["state"], state);
    }
    assert_eq!(clerk.post("/console/redemptions", redeem.clone()).await.done()["order_id"], id);
    let problem = clerk.post("/console/redemptions", redeem).await.refused(409, "already_redeemed");
    assert!(problem["detail"].as_str().unwrap().contains("店员小王"), "it says who: {problem}");
    assert!(!lists(&clerk.get("/console/board").await.done(), id));
}

#[tokio::test]
async fn a_rejected_order_is_refunded_and_a_regional_manager_sees_only_their_region() {
    let town = Town::start().await;
    let member = town.member("13800000002").await;
    let (here, elsewhere) = (member.goods(STORE, TEA).await, member.goods("QH-HZ-001", TEA).await);
    let ours = paid_order(&town, &member, &here, 2).await;
    let theirs = paid_order(&town, &member, &elsewhere, 1).await;

    let region = town.staff("shanghai").await;
    let orders = region.get("/hq/orders").await.done();
    assert!(lists(&orders["items"], id_of(&ours)) && !lists(&orders["items"], id_of(&theirs)), "{orders}");
    let all = town.staff("hq").await.get("/hq/orders").await.done();
    assert!(lists(&all["items"], id_of(&ours)) && lists(&all["items"], id_of(&theirs)));
    let stores = region.get("/hq/stores?limit=200").await.done();
    let codes: Vec<_> =
        stores["items"].as_array().unwrap().iter().map(|store| store["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&STORE) && codes.iter().all(|code| code.contains("-SH-")), "{codes:?}");
    assert_eq!(region.get("/hq/sales/today").await.done()["today"]["sales_fen"], ours["total_fen"]);
    region.get(&format!("/console/orders/{}", id_of(&theirs))).await.refused(404, "not_found");
    // A store's manager neither sees nor rejects another store's order.
    let manager = town.staff("manager").await;
    let reason = json!({ "reason": "珍珠用完了" });
    let reject = |order: &Value| format!("/console/orders/{}/reject", id_of(order));
    manager.post(&reject(&theirs), reason.clone()).await.refused(404, "not_found");

    manager.post(&reject(&ours), json!({ "reason": " " })).await.refused(422, "invalid");
    manager.post(&reject(&ours), reason.clone()).await.done();
    manager.post(&reject(&ours), reason).await.done();
    until("the money is back", SOON, async || member.order(id_of(&ours)).await["refunded_fen"] == ours["total_fen"])
        .await;
    let ours = member.order(id_of(&ours)).await;
    assert_eq!((&ours["state"], times(&ours, "reject"), &ours["pickup_code"]), (&json!("rejected"), 1, &Value::Null));
    assert!(ours.to_string().contains("珍珠用完了"), "the shopper is told why");
    let amount = ours["total_fen"].as_i64().unwrap();
    let refunded = format!("已退 ¥{}.{:02}", amount / 100, amount % 100);
    assert!(town.gateway_page().await.contains(&refunded), "the gateway knows of no refund of {amount}");
    assert_eq!(member.available(&here, TEA).await, here.available, "rejected pieces can be sold again");
    town.check_books().await;
}

/// A line in the cart of a visitor, who got a session with it.
async fn line_in_cart(browser: &mut Browser) -> Page {
    let product = browser.open(&format!("/s/{STORE}/p/{TEA}")).await;
    let form = product.form("/shop/set_line").with("quantity", "2").with("extra.pearl", "1");
    let cart = browser.send(&form).await;
    assert_eq!((cart.status, cart.url.path()), (200, "/cart"));
    cart
}

#[tokio::test]
async fn a_shopper_without_script_does_the_whole_journey() {
    let town = Town::start().await;
    let mut browser = town.browser();

    assert!(browser.open("/").await.links_to("/stores"), "who is new is led to the stores");
    let finder = browser.open("/stores").await;
    let finder = browser.send(&finder.form("/shop/choose_place").with("place", "人民广场")).await;
    assert_eq!(finder.url.path(), "/stores");
    let home = browser.open("/").await;
    assert!(home.links_to(&format!("/s/{STORE}")), "the nearest store is offered");
    let store = browser.open(&format!("/s/{STORE}")).await;
    assert!(store.links_to(&format!("/s/{STORE}/p/{TEA}")), "the menu leads to the product");
    let cart = line_in_cart(&mut browser).await;
    assert!(cart.html.contains("珍珠奶茶"));

    // Checkout asks who it is, and goes on from there.
    let store_id = town.visitor().store(STORE).await["id"].as_str().unwrap().to_owned();
    let checkout = format!("/checkout/{store_id}");
    assert!(cart.links_to(&checkout), "the cart leads to checkout");
    let log_in = browser.open(&checkout).await;
    assert_eq!(log_in.url.path(), "/login");
    let phone = "13800000003";
    let code_page = browser.send(&log_in.form("/shop/ask_code").with("phone", phone)).await;
    let wrong = browser.send(&code_page.form("/shop/log_in").with("code", "12345")).await;
    assert_eq!(wrong.text("#field-code-error").as_deref(), Some("验证码是 6 位数字"));
    let code = town.code_sent_to(phone).await;
    let page = browser.send(&wrong.form("/shop/log_in").with("code", &code)).await;
    assert_eq!(page.url.path(), checkout, "the visitor's cart came along");

    // Placed twice, as by an impatient double click, it is one order.
    let form = page.form("/shop/place_order").with("note", "放门口");
    let order = browser.send(&form).await;
    assert!(order.url.path().starts_with("/orders/"), "{}", order.url);
    assert_eq!(browser.send(&form).await.url, order.url);

    let back = pay_at_cashier(&mut browser, &order).await;
    assert_eq!(back.url.path(), order.url.path());
    until("the order's page shows the code", SOON, async || code_on(&browser.open(order.url.path()).await).is_some())
        .await;
    let code = code_on(&browser.open(order.url.path()).await).unwrap();
    let clerk = town.staff("clerk").await;
    let id = order.url.path().trim_start_matches("/orders/");
    clerk.post(&format!("/console/orders/{id}/accept"), json!({})).await.done();
    clerk.post("/console/redemptions", json!({ "code": code })).await.done();
    let done = browser.open(order.url.path()).await;
    assert!(done.html.contains("已取货") && code_on(&done).is_none());
    let mine = browser.open("/orders").await;
    assert!(mine.links_to(order.url.path()));
    town.check_books().await;
}

/// From the order's page through the gateway's cashier and back.
async fn pay_at_cashier(browser: &mut Browser, order: &Page) -> Page {
    let cashier = browser.send(&order.form("/shop/start_payment")).await;
    assert_ne!(cashier.url.origin(), order.url.origin(), "the cashier is the gateway's");
    browser.send(&cashier.form("").with("action", "pay")).await
}

/// The pickup code as a person reads it: two groups of four digits.
fn code_on(page: &Page) -> Option<String> {
    let digits: String = page.text("p.tracking-widest")?.split_whitespace().collect();
    (digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_digit())).then_some(digits)
}

#[tokio::test]
async fn a_form_that_fails_keeps_what_was_typed_and_one_from_another_site_changes_nothing() {
    let town = Town::start().await;
    let mut browser = town.browser();
    let address = format!("/s/{STORE}/p/{TEA}");
    let product = browser.open(&address).await;
    for typed in ["0", "-1", "1.5", "100000"] {
        let form = product.form("/shop/set_line").with("quantity", typed).with("option.sugar", "s5");
        let page = browser.send(&form).await;
        assert_eq!((page.status, page.url.path()), (200, address.as_str()), "{typed} comes back to its page");
        let error = page.text("#field-quantity-error");
        assert_eq!(error.as_deref(), Some("数量须是 1 到 999 的整数"), "{typed}");
        assert_eq!(page.attribute("#field-quantity", "aria-invalid").as_deref(), Some("true"));
        let again = page.form("/shop/set_line");
        assert_eq!((again.value("quantity"), again.value("option.sugar")), (Some(typed), Some("s5")));
        // The message was for once: the page itself is as it was.
        assert_eq!(browser.open(&address).await.text("#field-quantity-error"), None);
    }
    assert!(browser.open("/cart").await.html.contains("购物车还是空的"), "nothing was put into the cart");

    line_in_cart(&mut browser).await;
    let cart = browser.open("/cart").await;
    let remove = cart.form("/shop/remove_line");
    let elsewhere = [
        vec![("sec-fetch-site", "cross-site".to_owned())],
        vec![("sec-fetch-site", "same-site".to_owned()), ("origin", town.url.clone())],
        vec![("origin", "https://evil.example".to_owned())],
        vec![],
    ];
    for sender in elsewhere {
        browser.sender = sender;
        let page = browser.send(&remove).await;
        assert_eq!(page.status, 403, "{:?}", browser.sender);
    }
    assert!(browser.open("/cart").await.html.contains("珍珠奶茶"), "the line is still there");
    // A browser too old for Sec-Fetch-Site is believed by its Origin.
    browser.sender = vec![("origin", town.url.clone())];
    assert!(browser.send(&remove).await.html.contains("购物车还是空的"));
}

/// Opens the event stream at `path` with a cookie and waits until it says all of `words`.
async fn hears(town: &Town, path: &str, cookie: String, words: &[&str]) -> bool {
    let opened = town.raw(reqwest::Method::GET, path).header(reqwest::header::COOKIE, cookie).send().await;
    let mut stream = opened.unwrap();
    assert_eq!(stream.status(), 200);
    let listening = async {
        let mut heard = String::new();
        while !words.iter().all(|word| heard.contains(word)) {
            heard.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()));
        }
    };
    tokio::time::timeout(Duration::from_secs(2), listening).await.is_ok()
}

#[tokio::test]
async fn a_page_is_told_what_happened_between_its_making_and_its_listening() {
    let town = Town::start().await;
    let member = town.member("13800000031").await;
    let made = chrono::Utc::now().timestamp_millis();
    let goods = member.goods(STORE, TEA).await;
    let order = paid_order(&town, &member, &goods, 1).await;
    let id = id_of(&order);
    let own = |since: i64| format!("/orders/{id}/events?since={since}");
    let cookie = format!("mendian={}", member.token());
    until("the relay to send", SOON, async || hears(&town, &own(made), cookie.clone(), &["event: new", id]).await)
        .await;

    let later = chrono::Utc::now().timestamp_millis() + 1;
    assert!(!hears(&town, &own(later), cookie.clone(), &["event: new"]).await, "a page is told what it shows already");
    assert!(hears(&town, &own(made - 3_600_000), cookie, &["look_again"]).await);

    let staff = |token: &str| format!("mendian-staff={token}");
    let clerk = town.staff("clerk").await;
    let board = format!("/console/events?since={made}");
    assert!(hears(&town, &board, staff(clerk.token()), &["event: new", id]).await);

    let stranger = town.member("13800000032").await;
    let asked = town.raw(reqwest::Method::GET, &own(made));
    let asked = asked.header(reqwest::header::COOKIE, format!("mendian={}", stranger.token())).send().await.unwrap();
    assert_eq!(asked.status(), 404);
}
