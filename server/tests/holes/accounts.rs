//! Nobody is told whether an account, a number or an object is there: by no word, no header and no time.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{STORE, TEA, Town, browser::Page, program::Answer};

const PASSWORD: &str = "雨后 的 茶园 很安静";
/// Log-ins of each kind that one attempt measures.
const MEASURED: usize = 40;
/// A machine that does other things may tear two medians apart; a difference that is there stays.
const ATTEMPTS: usize = 3;

/// An answer without what differs from request to request.
fn told(answer: Answer) -> (u16, Value, BTreeMap<String, String>) {
    let mut body = answer.body;
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    let changing = ["x-request-id", "date", "content-security-policy"];
    let headers = answer.headers.iter().filter(|(name, _)| !changing.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (answer.status, body, headers.collect())
}

async fn try_log_in(town: &Town, account: &str, password: &str) -> Answer {
    let body = json!({ "account": account, "password": password });
    town.visitor().post("/auth/staff-sessions", body).await
}

/// The page after a log-in that failed, without what was typed and the ids of this answer.
async fn page_after(town: &Town, account: &str) -> (Page, String) {
    let mut browser = town.browser();
    let form = browser.open("/console/login").await.form("/console/log_in");
    let page = browser.send(&form.with("account", account).with("password", "falsch-falsch")).await;
    assert!(browser.cookies.is_empty(), "a failed log-in leaves {:?}", browser.cookies);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    let nonce = policy.split_once("'nonce-").unwrap().1.split('\'').next().unwrap();
    let html = page.html.replace(nonce, "").replace(account, "");
    (page, html)
}

#[tokio::test]
async fn an_unknown_a_suspended_and_a_known_account_are_answered_alike() {
    let town = Town::start().await;
    let hq = town.staff("hq").await;
    let id = Uuid::now_v7();
    let grant = json!({ "role": "clerk", "place": { "kind": "stores", "codes": [STORE] } });
    let hire = json!({ "id": id, "account": "left", "name": "走了的人", "password": PASSWORD, "grant": grant });
    hq.post("/hq/staff", hire).await.done();
    hq.post(&format!("/hq/staff/{id}/suspend"), json!({})).await.done();

    let known = told(try_log_in(&town, "clerk", "falsch-falsch").await);
    assert_eq!(known.0, 422, "{known:?}");
    for (account, password) in [("nobody", "falsch-falsch"), ("left", "falsch-falsch"), ("left", PASSWORD)] {
        assert_eq!(told(try_log_in(&town, account, password).await), known, "{account}");
    }
    let (page, known) = page_after(&town, "clerk").await;
    assert!(page.html.contains("账号或密码不对"), "{}", page.html);
    for account in ["nobody", "left"] {
        assert_eq!(page_after(&town, account).await.1, known, "{account}");
    }
    town.check_books().await;
}

#[tokio::test]
async fn a_number_that_is_no_members_is_answered_like_one_that_is() {
    let town = Town::start().await;
    let (known, unknown) = ("13800000075", "13800000076");
    town.member(known).await;
    let asked = async |phone: &str| told(town.visitor().post("/auth/codes", json!({ "phone": phone })).await);
    let tried = async |phone: &str| {
        told(town.visitor().post("/auth/sessions", json!({ "phone": phone, "code": "000000" })).await)
    };
    let first = asked(known).await;
    assert_eq!((first.0, &asked(unknown).await), (200, &first));
    // Within the minute. How long that still is counts from the first, which came a moment earlier for the one.
    let [mut known_again, mut unknown_again] = [asked(known).await, asked(unknown).await];
    for (status, fields, headers) in [&mut known_again, &mut unknown_again] {
        assert_eq!(*status, 429, "{fields}");
        headers.remove("retry-after");
        headers.remove("content-length");
        fields.as_object_mut().unwrap().retain(|name, _| name != "detail" && name != "retry_after_s");
    }
    assert_eq!(known_again, unknown_again);
    assert_eq!(tried(known).await, tried(unknown).await);
    town.check_books().await;
}

#[tokio::test]
async fn anothers_object_is_answered_like_one_that_never_was() {
    let town = Town::start().await;
    let (one, other) = (town.member("13800000077").await, town.member("13800000078").await);
    let goods = one.goods("QH-HZ-001", TEA).await;
    let order = one.place(&goods, 1).await;
    let (manager, region, hq) = (town.staff("manager").await, town.staff("shanghai").await, town.staff("hq").await);
    let far = Uuid::now_v7();
    let grant = json!({ "role": "clerk", "place": { "kind": "stores", "codes": ["QH-HZ-001"] } });
    let hire = json!({ "id": far, "account": "far", "name": "远方", "password": PASSWORD, "grant": grant });
    hq.post("/hq/staff", hire).await.done();
    let session = one.get("/auth/sessions").await.done()[0]["id"].as_str().unwrap().to_owned();

    let far = far.to_string();
    let payment = json!({ "id": Uuid::now_v7(), "cashier": "h5" });
    let cases = [
        (&other, Method::GET, "/orders/{}", None, &order),
        (&other, Method::POST, "/orders/{}/cancel", Some(json!({})), &order),
        (&other, Method::POST, "/orders/{}/payments", Some(payment), &order),
        (&other, Method::DELETE, "/auth/sessions/{}", None, &session),
        (&manager, Method::GET, "/console/orders/{}", None, &order),
        (&manager, Method::POST, "/console/orders/{}/accept", Some(json!({})), &order),
        (&manager, Method::POST, "/console/orders/{}/reject", Some(json!({ "reason": "没有了" })), &order),
        (&region, Method::GET, "/hq/staff/{}", None, &far),
        (&region, Method::POST, "/hq/staff/{}/suspend", Some(json!({})), &far),
        (&region, Method::GET, "/hq/staff/{}/sessions", None, &far),
        (&region, Method::PUT, "/hq/staff/{}/password", Some(json!({ "password": PASSWORD })), &far),
    ];
    for (who, method, path, body, id) in cases {
        let ask =
            async |id: &str| told(who.attempt(method.clone(), &path.replace("{}", id), body.as_ref()).await.unwrap());
        let theirs = ask(id).await;
        // To end a session that is not there is done at once.
        let expected = if method == Method::DELETE { 204 } else { 404 };
        assert_eq!(theirs.0, expected, "{path}: {theirs:?}");
        assert_eq!(ask(&Uuid::now_v7().to_string()).await, theirs, "{path}");
    }
    assert_eq!(one.order(&order).await["state"], "placed", "another's session and order are as they were");
    town.check_books().await;
}

/// Argon2 takes most of either time; without it for unknown accounts the medians would be far apart.
#[tokio::test]
async fn an_unknown_account_takes_as_long_as_a_known_one() {
    let town = Town::start().await;
    let time = async |account: &str| {
        let begun = Instant::now();
        let answer = try_log_in(&town, account, "falsch-falsch").await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        begun.elapsed()
    };
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let mut seen = Vec::new();
    for _ in 0..ATTEMPTS {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for at in 0..MEASURED {
            // Now the one first, now the other.
            if at % 2 == 0 {
                known.push(time("clerk").await);
                unknown.push(time("nobody").await);
            } else {
                unknown.push(time("nobody").await);
                known.push(time("clerk").await);
            }
        }
        let (known, unknown) = (median(known), median(unknown));
        if known.abs_diff(unknown) < known.min(unknown) / 3 {
            return;
        }
        seen.push((known, unknown));
    }
    panic!("known and unknown accounts differ in time each time: {seen:?}");
}
