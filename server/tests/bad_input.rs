//! What is wrong, foreign or forged is refused with a named fault, and changes nothing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use chrono::Utc;
use partners::wechat_pay::{
    CallbackHeaders, Event, TradeState, Transaction,
    callback::{ApiV3Key, NoticeBody},
    signing::SigningKey,
};
use reqwest::{Method, header};
use serde_json::{Value, json};
use support::{STORE, TEA, Town};
use uuid::Uuid;

#[tokio::test]
async fn what_is_not_there_or_not_theirs_is_not_found_and_what_is_not_allowed_is_refused() {
    let town = Town::start().await;
    let (visitor, one, other) = (town.visitor(), town.member("13800000011").await, town.member("13800000012").await);
    let (goods, nobody) = (one.goods(STORE, TEA).await, Uuid::now_v7());

    let store = &goods.store_id;
    for path in [
        format!("/stores/{nobody}"),
        format!("/stores/{nobody}/products"),
        format!("/stores/{nobody}/products/{TEA}"),
        format!("/stores/{store}/products/no-such-tea"),
        "/no/such/address".to_owned(),
        "/stores/no-id".to_owned(),
    ] {
        visitor.get(&path).await.refused(404, "not_found");
    }
    one.get(&format!("/orders/{nobody}")).await.refused(404, "not_found");
    visitor.get("/stores?limit=many").await.refused(422, "invalid");

    // Another member's order is no more there than one that never was.
    let order = one.place(&goods, 1).await;
    other.get(&format!("/orders/{order}")).await.refused(404, "not_found");
    other.post(&format!("/orders/{order}/cancel"), json!({})).await.refused(404, "not_found");
    let payment = json!({ "id": Uuid::now_v7(), "cashier": "h5" });
    other.post(&format!("/orders/{order}/payments"), payment).await.refused(404, "not_found");
    assert_eq!(one.order(&order).await["state"], "placed");

    let clerk = town.staff("clerk").await;
    clerk.post("/console/redemptions", json!({ "code": "00000000" })).await.refused(404, "not_found");
    // Who makes an order ready need not say anything; what somebody says is read, or refused where it is not JSON.
    let prepare = format!("/api/v1/console/orders/{nobody}/prepare");
    let wrong = r#"{"packages":"two"}"#;
    for (kind, body, status) in [
        ("application/json", wrong, 422),
        ("text/plain", wrong, 415),
        ("application/x-www-form-urlencoded", "packages=2", 415),
        ("text/plain", "null", 415),
        ("application/json", "null", 404),
        ("application/json", "", 404),
        ("text/plain", "", 404),
    ] {
        let sent = town.raw(Method::POST, &prepare).bearer_auth(clerk.token()).header(header::CONTENT_TYPE, kind);
        let answer = sent.body(body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{kind}: {body}");
    }
    for path in ["/hq/sales/today", "/me", "/orders", "/cart", "/console/board"] {
        visitor.get(path).await.refused(401, "unauthenticated");
    }
    clerk.get("/hq/sales/today").await.refused(403, "forbidden");
    // A member's token opens no staff page, and a clerk's no head office.
    assert!(matches!(one.get("/console/board").await.status, 401 | 403));
    let cookie = |program: &support::program::Program| format!("mendian-staff={}", program.token());
    for (path, status) in [("/hq", 403), ("/hq/orders", 403), ("/console", 200)] {
        let page = town.raw(Method::GET, path).header(header::COOKIE, cookie(&clerk)).send().await.unwrap();
        assert_eq!(page.status(), status, "{path}");
    }
    let page = town.raw(Method::GET, "/console").header(header::COOKIE, cookie(&one)).send().await.unwrap();
    assert!(page.status().is_redirection(), "a member at the console must log in as staff: {}", page.status());

    let mut browser = town.browser();
    for path in ["/no/such/page".to_owned(), "/s/NO-SUCH".to_owned(), format!("/s/{STORE}/p/no-such-tea")] {
        let page = browser.open(&path).await;
        assert_eq!(page.status, 404, "{path}");
        let id = page.headers["x-request-id"].to_str().unwrap();
        assert!(page.html.contains(id), "{path} shows no request id to quote");
        assert!(page.links_to("/"), "{path} leads nowhere");
    }
    town.check_books().await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name_and_changes_nothing() {
    let town = Town::start().await;
    let member = town.member("13800000013").await;
    let goods = member.goods(STORE, TEA).await;
    member.put("/cart/lines", goods.line(json!(2))).await.done();
    let before = member.get("/cart").await.done();
    for quantity in
        [json!(0), json!(-1), json!(1.5), json!(1000), json!(i64::MAX), json!(1e300), json!("2"), Value::Null]
    {
        member.put("/cart/lines", goods.line(quantity)).await.refused(422, "invalid");
    }
    let mut unknown = goods.clone();
    unknown.options.push("gold".into());
    member.put("/cart/lines", unknown.line(json!(1))).await.refused(422, "invalid");
    unknown.options.clear();
    member.put("/cart/lines", unknown.line(json!(1))).await.refused(422, "invalid");
    unknown.sku_id = Uuid::now_v7().to_string();
    member.put("/cart/lines", unknown.line(json!(1))).await.refused(404, "not_found");

    let order = member.order_for_cart(&goods.store_id).await;
    let changed = |field: &str, value: Value| {
        let mut order = order.clone();
        order[field] = value;
        order
    };
    member.post("/orders", changed("expected_total_fen", json!(1))).await.refused(409, "price_changed");
    member.post("/orders", changed("slot", json!("2020-01-01T08:00:00Z"))).await.refused(422, "invalid");
    member.post("/orders", changed("note", json!("字".repeat(101)))).await.refused(422, "invalid");
    member.post("/orders", changed("store_id", json!("x"))).await.refused(422, "invalid");
    member.post("/orders", changed("store_id", json!(Uuid::now_v7()))).await.refused(404, "not_found");
    town.visitor().post("/auth/codes", json!({ "phone": "12345" })).await.refused(422, "invalid");
    assert_eq!(member.get("/cart").await.done(), before);
    assert_eq!(member.get("/orders").await.done()["items"], json!([]));

    let raw = |body: String| town.raw(Method::POST, "/api/v1/orders").bearer_auth(member.token()).body(body);
    let json = |body: String| raw(body).header(header::CONTENT_TYPE, "application/json");
    for body in ["", "{", "[]", "{\"id\":", "nonsense", "{\"id\":1}"] {
        let answer = json(body.to_owned()).send().await.unwrap();
        assert!(matches!(answer.status().as_u16(), 400 | 422), "{body}: {}", answer.status());
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json", "{body}");
    }
    let answer = raw(order.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 415, "JSON must say that it is JSON");
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "not_json");
    let large = changed("note", json!("x".repeat(128 * 1024)));
    assert_eq!(json(large.to_string()).send().await.unwrap().status(), 413);
    let form = town.raw(Method::POST, "/rpc/shop/ask_code").header("sec-fetch-site", "same-origin");
    let form = form.form(&[("phone", "1".repeat(128 * 1024))]);
    assert_eq!(form.send().await.unwrap().status(), 413);

    // After all this the right request still goes through.
    assert_eq!(member.post("/orders", order.clone()).await.done()["id"], order["id"]);
    town.check_books().await;
}

/// What the gateway signs and seals with, read from its own folder.
struct Gateway {
    signing: SigningKey,
    serial: String,
    sealing: ApiV3Key,
    merchant: Value,
}

impl Gateway {
    fn of(town: &Town) -> Self {
        let (platform, merchant) = (town.gateway_file("platform.json"), town.gateway_file("merchant.json"));
        Self {
            signing: SigningKey::from_pkcs8_pem(platform["private_key_pem"].as_str().unwrap()).unwrap(),
            serial: platform["id"].as_str().unwrap().to_owned(),
            sealing: ApiV3Key::new(merchant["api_v3_key"].as_str().unwrap().as_bytes()).unwrap(),
            merchant,
        }
    }

    /// The notice that a payment succeeded, with an amount that was never asked.
    fn notice(&self, out_trade_no: &str) -> Vec<u8> {
        let transaction = Transaction {
            mchid: self.merchant["mch_id"].as_str().unwrap().to_owned(),
            appid: self.merchant["app_id"].as_str().map(str::to_owned),
            out_trade_no: out_trade_no.to_owned(),
            transaction_id: Some("4200000000000000".into()),
            trade_type: None,
            trade_state: TradeState::Success,
            trade_state_desc: None,
            bank_type: None,
            success_time: None,
            payer: None,
            amount: serde_json::from_value(json!({ "total": 1, "currency": "CNY" })).unwrap(),
        };
        let (id, made_at) = (Uuid::new_v4().to_string(), Utc::now().to_rfc3339());
        let body = NoticeBody::seal(&self.sealing, &id, &made_at, &Event::Transaction(transaction)).unwrap();
        serde_json::to_vec(&body).unwrap()
    }

    fn sign(&self, body: &[u8], age_s: i64) -> CallbackHeaders {
        CallbackHeaders::sign(&self.signing, &self.serial, body, Utc::now().timestamp() - age_s)
    }
}

#[tokio::test]
async fn a_callback_that_is_not_signed_now_by_the_gateway_is_refused() {
    let town = Town::start().await;
    let member = town.member("13800000014").await;
    let goods = member.goods(STORE, TEA).await;
    let order = member.place(&goods, 1).await;
    let payment = member.start_payment(&order).await;
    let gateway = Gateway::of(&town);
    let body = gateway.notice(&payment.out_trade_no);
    let send = async |signed: &CallbackHeaders| {
        let request = town.raw(Method::POST, "/callbacks/wechat-pay").body(body.clone());
        let request = signed.present().fold(request, |request, (name, value)| request.header(name.as_str(), value));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or(Value::Null))
    };

    let good = gateway.sign(&body, 0);
    let unsigned = CallbackHeaders { timestamp: None, nonce: None, signature: None, serial: None };
    let signature = good.signature.clone().unwrap();
    let with_signature = |signature: String| CallbackHeaders { signature: Some(signature), ..good.clone() };
    let refused = [
        ("unsigned", unsigned),
        ("without its signature", CallbackHeaders { signature: None, ..good.clone() }),
        ("signed for another body", with_signature(gateway.sign(b"{}", 0).signature.unwrap())),
        ("a signature probe", with_signature(format!("WECHATPAY/SIGNTEST/{signature}"))),
        ("no base64", with_signature("###".into())),
        ("signed ten minutes ago", gateway.sign(&body, 600)),
        ("signed in ten minutes", gateway.sign(&body, -600)),
        (
            "with another time",
            CallbackHeaders { timestamp: Some(Utc::now().timestamp().saturating_sub(3).to_string()), ..good.clone() },
        ),
        ("with an unknown key", CallbackHeaders { serial: Some("PUB_KEY_ID_0".into()), ..good.clone() }),
    ];
    for (what, signed) in refused {
        let (status, said) = send(&signed).await;
        assert_eq!((status, &said["code"]), (401, &json!("FAIL")), "{what}: {said}");
    }
    // The same with its signature is taken, so it was the signature that mattered; but one fen is
    // not the price, so the order stays unpaid.
    assert_eq!(send(&good).await.0, 204);
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let order = member.order(&order).await;
    assert_eq!((&order["state"], &order["paid_fen"]), (&json!("placed"), &json!(0)));
    town.check_books().await;
}

#[tokio::test]
async fn answers_carry_the_headers_that_keep_a_page_and_its_session_safe() {
    let town = Town::start().await;
    let mut browser = town.browser();
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let page = browser.open("/").await;
        let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("cache-control"), "no-store");
        let policy = header("content-security-policy");
        let nonce = policy.split_once("'nonce-").and_then(|(_, rest)| rest.split('\'').next()).unwrap().to_owned();
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        let form_action = policy.split(';').find(|part| part.trim().starts_with("form-action")).unwrap();
        assert!(form_action.contains(&town.gateway.url), "forms may lead to the cashier: {form_action}");
        assert!(page.html.contains(&nonce), "the page's scripts bear no nonce");
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1], "a nonce is used once");

    let product = browser.open(&format!("/s/{STORE}/p/{TEA}")).await;
    browser.send(&product.form("/shop/set_line")).await;
    assert!(browser.cookies.contains_key("mendian"), "the first line makes a session: {:?}", browser.cookies_set);
    for cookie in &browser.cookies_set {
        assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
    }
    // A session's cookie is of no use on the API, so no other site's page can use it there.
    let api =
        town.raw(Method::GET, "/api/v1/cart").header(header::COOKIE, format!("mendian={}", browser.cookies["mendian"]));
    assert_eq!(api.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn an_answer_is_sent_again_only_when_it_has_changed() {
    let town = Town::start().await;
    let member = town.member("13800000061").await;
    let goods = member.goods(STORE, TEA).await;
    let path = format!("/api/v1/stores/{}/products/{TEA}", goods.store_id);
    let ask = async |known: &str| {
        let asked = town.raw(Method::GET, &path).header(header::IF_NONE_MATCH, known.to_owned()).send().await.unwrap();
        let tag = asked.headers()[header::ETAG].to_str().unwrap().to_owned();
        (asked.status().as_u16(), tag, asked.text().await.unwrap())
    };
    let (status, tag, body) = ask("W/\"another\"").await;
    assert_eq!(status, 200);
    assert!(body.contains(TEA));
    assert_eq!(ask(&tag).await, (304, tag.clone(), String::new()));
    // An order takes a piece: the stock is another, and so is the answer.
    member.place(&goods, 1).await;
    let (status, other, _) = ask(&tag).await;
    assert_eq!(status, 200);
    assert_ne!(other, tag);

    let docs = town.raw(Method::GET, "/api/docs").send().await.unwrap();
    assert_eq!(docs.status(), 200);
    let docs = docs.text().await.unwrap();
    assert!(docs.contains("id=\"orders_place\"") && docs.contains("price_changed"), "{docs}");
}
