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

#[tokio::test]
async fn a_mini_program_logs_in_once_a_number_was_shown() {
    let town = Town::start().await;
    let visitor = town.visitor();
    let wechat = async |person: &str| {
        let body = json!({ "app": "mini_program", "code": town.mini_program_code(person).await });
        visitor.post("/auth/wechat-sessions", body).await.done()
    };
    let came = wechat("小美").await;
    assert_eq!(came["session"], Value::Null);
    let phone = "13800000026";
    visitor.post("/auth/codes", json!({ "phone": phone })).await.done();
    let code = town.code_sent_to(phone).await;
    let body = json!({ "phone": phone, "code": code, "arrival": "0".repeat(64) });
    visitor.post("/auth/sessions", body).await.refused(422, "invalid");
    let body = json!({ "phone": phone, "code": code, "arrival": came["arrival"] });
    let member = visitor.post("/auth/sessions", body).await.done()["member"].clone();
    let again = wechat("小美").await;
    assert_eq!(again["session"]["member"], member);
    assert_eq!(wechat("小丽").await["session"], Value::Null);
    for (bad, code) in [("website", 422), ("nothing", 422)] {
        let body = json!({ "app": bad, "code": "x" });
        visitor.post("/auth/wechat-sessions", body).await.refused(code, "invalid");
    }
    let used = json!({ "app": "mini_program", "code": "no such code" });
    visitor.post("/auth/wechat-sessions", used).await.refused(409, "wechat_code");

    // What it orders is its own channel's, and what it cannot have is a problem in JSON.
    let program = town.program(again["session"]["token"].as_str().unwrap());
    let goods = program.goods("QH-SH-001", TEA).await;
    let order = program.place(&goods, 1).await;
    let hq = town.staff("hq").await;
    for (channel, listed) in [("mini_program", true), ("api", false), ("shop", false)] {
        let found = hq.get(&format!("/hq/orders?limit=100&channel={channel}")).await.done();
        let found = found["items"].as_array().unwrap().iter().any(|card| card["id"] == order.as_str());
        assert_eq!(found, listed, "{channel}");
    }
    program.get("/nowhere").await.refused(404, "not_found");

    // Taken off with a proof, it is nobody's again.
    assert_eq!(program.get("/me/account").await.done()["wechat"].as_array().unwrap().len(), 1);
    let no_proof = program.attempt(Method::DELETE, "/me/wechat", Some(&json!({}))).await.unwrap();
    no_proof.refused(422, "invalid");
    program.post("/me/codes", json!({ "for": "account" })).await.done();
    let proof = json!({ "old_code": town.code_sent_to(phone).await });
    program.attempt(Method::DELETE, "/me/wechat", Some(&proof)).await.unwrap().done();
    assert_eq!(wechat("小美").await["session"], Value::Null);
    town.check_books().await;
}

/// Answers as somebody at WeChat's page, whose form posts to the page's own address.
async fn agree(browser: &mut Browser, page: &Page, person: &str) -> Page {
    assert!(page.html.contains("沙箱微信"), "{} {}", page.url, page.html);
    browser.send(&page.form("").with("person", person)).await
}

#[tokio::test]
async fn a_browser_logs_in_through_wechat_and_links_it_only_for_itself() {
    let town = Town::start().await;
    let (mut browser, phone) = (town.browser(), "13800000027");
    let page = browser.open("/login?to=/orders").await;
    let page = browser.send(&page.form("/log_in_with_wechat")).await;
    let at_wechat = page.url.clone();
    let page = agree(&mut browser, &page, "老王").await;
    assert!(page.url.path() == "/login" && page.html.contains("微信已确认"), "{} {}", page.url, page.html);
    let page = browser.send(&page.form("/ask_code").with("phone", phone)).await;
    let page = browser.send(&page.form("/log_in").with("code", &town.code_sent_to(phone).await)).await;
    assert_eq!(page.url.path(), "/orders", "{}", page.html);
    assert!(!browser.cookies.contains_key("mendian-wechat"));

    // Another browser of the same person comes in at once.
    let mut second = town.browser();
    let page = second.open("/login").await;
    let page = second.send(&page.form("/log_in_with_wechat")).await;
    let page = agree(&mut second, &page, "老王").await;
    assert_eq!(page.url.path(), "/me", "{}", page.html);

    // A state is good once, and for the browser it was given to.
    let state = at_wechat.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let mut thief = town.browser();
    let page = thief.open("/login").await;
    let page = thief.send(&page.form("/log_in_with_wechat")).await;
    let fresh = page.url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    for (who, state) in [(&mut thief, &state), (&mut second, &fresh)] {
        let page = who.open(&format!("/login/wechat?code=x&state={state}")).await;
        assert!(page.html.contains("这次微信登录已失效"), "{} {}", page.url, page.html);
    }
    // Whoever refuses is told what else there is.
    let page = thief.open(&format!("/login/wechat?state={fresh}")).await;
    assert!(page.html.contains("您取消了微信登录"), "{}", page.html);
    for nonsense in ["/login/wechat", "/login/wechat?code=&state=", "/login/wechat?state=%00"] {
        assert_eq!(thief.open(nonsense).await.url.path(), "/login", "{nonsense}");
    }
    town.check_books().await;
}

#[tokio::test]
async fn a_member_links_wechat_with_a_proof_and_merges_what_it_opened_before() {
    let town = Town::start().await;
    let (old, phone) = ("13800000028", "13800000029");
    // WeChat opens another account already.
    let visitor = town.visitor();
    let body = json!({ "app": "mini_program", "code": town.mini_program_code("阿珍").await });
    let arrival = visitor.post("/auth/wechat-sessions", body).await.done()["arrival"].clone();
    visitor.post("/auth/codes", json!({ "phone": old })).await.done();
    let body = json!({ "phone": old, "code": town.code_sent_to(old).await, "arrival": arrival });
    visitor.post("/auth/sessions", body).await.done();

    let mut browser = town.browser();
    log_in(&town, &mut browser, phone).await;
    let page = browser.open("/me/wechat").await;
    let page = browser.send(&page.form("/link_wechat").with("old_code", "000000")).await;
    assert!(page.url.path() == "/me/wechat" && page.html.contains("验证码"), "{}", page.html);
    let page = browser.send(&page.form("/ask_own_code")).await;
    let form = page.form("/link_wechat").with("old_code", &town.code_sent_to(phone).await);
    let page = browser.send(&form).await;
    let page = agree(&mut browser, &page, "阿珍").await;
    assert!(page.url.path().starts_with("/me/merge/"), "{} {}", page.url, page.html);
    let page = browser.send(&page.form("/merge_accounts")).await;
    assert!(page.html.contains("两个账号已合并"), "{}", page.html);
    let page = browser.open("/me/account").await;
    assert!(page.html.contains("已绑定") && page.html.contains("138****0029"), "{}", page.html);
    let body = json!({ "app": "mini_program", "code": town.mini_program_code("阿珍").await });
    let session = visitor.post("/auth/wechat-sessions", body).await.done();
    assert_eq!(session["session"]["member"]["phone"], phone);
    // A member cannot get a state without a proof.
    let page = browser.open("/login").await;
    let page = browser.send(&page.form("/log_in_with_wechat")).await;
    assert!(page.html.contains("您已登录"), "{}", page.html);
    town.check_books().await;
}
