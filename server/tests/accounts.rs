//! A member's own account, as a browser without script and as a program: a password, another number, two accounts
//! that become one, everything as a file, going.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{
    STORE, TEA, Town,
    browser::{Browser, Page},
};

const PASSWORD: &str = "雨后 的 茶园 很安静";

/// Logs a browser in with a code.
async fn log_in(town: &Town, browser: &mut Browser, phone: &str) -> Page {
    let page = browser.open("/login").await;
    let page = browser.send(&page.form("/ask_code").with("phone", phone)).await;
    let code = town.code_sent_to(phone).await;
    browser.send(&page.form("/log_in").with("code", &code)).await
}

#[tokio::test]
async fn a_shopper_sets_a_password_and_logs_in_with_it() {
    let town = Town::start().await;
    let (mut browser, phone) = (town.browser(), "13800000021");
    let page = log_in(&town, &mut browser, phone).await;
    assert!(page.links_to("/me/account"), "{}", page.html);
    let page = browser.open("/me/account").await;
    // Each mistake stands beside its field, and no secret is shown again.
    let form = page.form("/set_password").with("password", PASSWORD).with("password_again", "anders");
    let page = browser.send(&form).await;
    assert!(page.html.contains("两次输入不一样") && page.html.contains("请输入验证码"), "{}", page.html);
    assert!(!page.html.contains(PASSWORD));
    let page = browser.send(&page.form("/ask_own_code")).await;
    assert!(page.html.contains("验证码已发送"), "{}", page.html);
    let code = town.code_sent_to(phone).await;
    let form = page.form("/set_password").with("password", PASSWORD).with("password_again", PASSWORD);
    let page = browser.send(&form.with("old_code", &code)).await;
    assert!(page.html.contains("密码已设置") && page.html.contains("修改登录密码"), "{}", page.html);
    assert!(!town.keeps(PASSWORD));

    let mut other = town.browser();
    let page = other.open("/login?to=/orders").await;
    assert!(page.links_to("/login?way=password&to=%2Forders"), "{}", page.html);
    let page = other.open("/login?way=password&to=/orders").await;
    let form = page.form("/log_in_with_password").with("phone", phone);
    let page = other.send(&form.clone().with("password", "falsch falsch")).await;
    assert!(page.html.contains("手机号或密码不对"), "{}", page.html);
    assert_eq!(page.form("/log_in_with_password").value("phone"), Some(phone), "what was typed is still there");
    let page = other.send(&form.with("password", PASSWORD)).await;
    assert_eq!((page.status, page.url.path()), (200, "/orders"));
    assert!(other.cookies.contains_key("mendian-known"), "{:?}", other.cookies);

    let visitor = town.visitor();
    let body = json!({ "phone": phone, "password": PASSWORD });
    let session = visitor.post("/auth/password-sessions", body).await.done();
    let member = town.program(session["token"].as_str().unwrap());
    assert_eq!(member.get("/me/account").await.done()["has_password"], true);
    let refused = |body: Value| {
        let visitor = visitor.clone();
        async move { visitor.post("/auth/password-sessions", body).await.refused(422, "invalid") }
    };
    let wrong = refused(json!({ "phone": phone, "password": "x" })).await;
    let unknown = refused(json!({ "phone": "13799999999", "password": "x" })).await;
    assert_eq!(wrong["complaints"], unknown["complaints"]);
    refused(json!({ "phone": "1", "password": PASSWORD })).await;
    refused(json!({ "phone": phone, "password": "长".repeat(600) })).await;
    refused(json!({ "phone": phone })).await;
    let proof = json!({ "old_password": PASSWORD });
    let removed = member.attempt(Method::DELETE, "/me/password", Some(&proof)).await.unwrap().done();
    assert_eq!(member.get("/me").await.status, 401, "every session of before has ended");
    let member = town.program(removed["token"].as_str().unwrap());
    assert_eq!(member.get("/me/account").await.done()["has_password"], false);
    town.check_books().await;
}

#[tokio::test]
async fn a_number_that_is_another_account_merges_the_two_after_saying_what_moves() {
    let town = Town::start().await;
    let (old, new) = ("13800000022", "13800000023");
    let other = town.member(new).await;
    let goods = other.goods(STORE, TEA).await;
    let order = other.place(&goods, 1).await;
    town.pay(&other, &order).await;
    let mut browser = town.browser();
    log_in(&town, &mut browser, old).await;
    let page = browser.open("/me/phone").await;
    let page = browser.send(&page.form("/ask_phone_code").with("phone", "123")).await;
    assert!(page.html.contains("请输入 11 位手机号"), "{}", page.html);
    let page = browser.send(&page.form("/ask_phone_code").with("phone", new)).await;
    let page = browser.send(&page.form("/ask_own_code")).await;
    assert_eq!(page.form("/change_phone").value("phone"), Some(new), "the number typed is still there: {}", page.html);
    let form = page.form("/change_phone").with("code", &town.code_sent_to(new).await);
    let page = browser.send(&form.clone().with("old_code", "000000")).await;
    assert!(page.html.contains("验证码不对"), "{}", page.html);
    let page = browser.send(&form.with("old_code", &town.code_sent_to(old).await)).await;
    assert!(page.url.path().starts_with("/me/merge/") && page.html.contains("1 个（1 个未完成）"), "{}", page.html);
    assert_eq!(other.get("/me").await.status, 200, "nothing has happened yet");
    let confirm = page.form("/merge_accounts");
    // Somebody else cannot confirm it.
    let mut stranger = town.browser();
    log_in(&town, &mut stranger, "13800000024").await;
    assert_eq!(stranger.open(page.url.path()).await.status, 404);
    stranger.send(&confirm).await;
    assert_eq!(other.get("/me").await.status, 200);
    let page = browser.send(&confirm).await;
    assert!(page.html.contains("两个账号已合并") && page.links_to(&format!("/orders/{order}")), "{}", page.html);
    assert_eq!(other.get("/me").await.status, 401);
    let page = browser.send(&confirm).await;
    assert!(page.html.contains("两个账号已合并"), "sent twice it is done once: {}", page.html);
    town.check_books().await;
}

#[tokio::test]
async fn a_shopper_takes_everything_home_and_goes() {
    let town = Town::start().await;
    let (mut browser, phone) = (town.browser(), "13800000025");
    log_in(&town, &mut browser, phone).await;
    let member = town.program(&browser.cookies["mendian"].clone());
    let goods = member.goods(STORE, TEA).await;
    let order = member.place(&goods, 1).await;
    let file: Value = serde_json::from_slice(&browser.download("/me/export.json").await).unwrap();
    assert_eq!((&file["会员"]["手机号"], file["订单"].as_array().unwrap().len()), (&json!(phone), 1));
    let page = town.browser().open("/me/export.json").await;
    assert_eq!(page.url.path(), "/login");

    let page = browser.open("/me/data").await;
    assert!(page.html.contains("还有 1 个订单没有完成") && page.links_to("/orders"), "{}", page.html);
    let body = json!({ "code": "000000" });
    member.attempt(Method::DELETE, "/me", Some(&body)).await.unwrap().refused(409, "orders_open");
    assert_eq!(member.get("/me/leaving").await.done()["open_orders"], 1);
    member.post(&format!("/orders/{order}/cancel"), json!({})).await.done();

    let page = browser.open("/me/data").await;
    let page = browser.send(&page.form("/ask_own_code")).await;
    let code = town.code_sent_to(phone).await;
    let page = browser.send(&page.form("/erase_account").with("code", &code)).await;
    assert!(page.html.contains("请先勾选"), "{}", page.html);
    let page = browser.send(&page.form("/erase_account").with("code", &code).with("understood", "on")).await;
    assert!(page.url.path() == "/login" && page.html.contains("账号已注销"), "{}", page.html);
    assert!(!browser.cookies.contains_key("mendian"));
    assert_eq!(member.get("/me").await.status, 401);
    let orders = town.staff("hq").await.get("/hq/orders").await.done();
    assert_eq!(orders["items"][0]["phone_tail"], "已注销会员");
    // Whoever has the number begins anew.
    let anew = town.member(phone).await;
    assert_eq!(anew.get("/orders").await.done()["items"], json!([]));
    for bad in
        [json!({ "for": "nothing" }), json!({ "for": "phone" }), json!({ "for": "phone", "phone": phone }), json!({})]
    {
        anew.post("/me/codes", bad).await.refused(422, "invalid");
    }
    let visitor = town.visitor();
    visitor.post("/me/codes", json!({ "for": "erase" })).await.refused(401, "unauthenticated");
    town.check_books().await;
}
