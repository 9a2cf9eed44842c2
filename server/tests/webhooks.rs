//! Webhooks over HTTP: head office sets them up, a partner's program hears what happens to orders.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{
    TEA, Town,
    browser::{Browser, Page},
    party::{Party, sandbox},
    until,
};

const SOON: Duration = Duration::from_secs(15);

/// A partner's program, a process of its own that checks signatures with the specification's library.
struct Partner {
    party: Party,
    http: reqwest::Client,
}

impl Partner {
    fn start() -> Self {
        Self { party: sandbox(&["hooks"]), http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    fn url(&self) -> String {
        format!("{}/hooks", self.party.url)
    }

    async fn control(&self, orders: Value) {
        let url = format!("{}/control", self.party.url);
        assert_eq!(self.http.post(url).json(&orders).send().await.unwrap().status(), 200, "{orders}");
    }

    async fn all(&self) -> Value {
        self.http.get(format!("{}/messages", self.party.url)).send().await.unwrap().json().await.unwrap()
    }

    /// What came, newest first.
    async fn heard(&self) -> Vec<Value> {
        self.all().await["messages"].as_array().unwrap().clone()
    }

    async fn until_heard(&self, number: usize) -> Vec<Value> {
        until(&format!("{number} messages"), SOON, async || self.heard().await.len() >= number).await;
        self.heard().await
    }
}

/// A webhook set up through its page; answers its own page.
async fn set_up(hq: &mut Browser, url: &str, fields: &[(&str, &str)]) -> Page {
    let page = hq.open("/hq/webhooks/new").await;
    let form = page.form("/rpc/hq/save_webhook").with("name", "配送平台").with("url", url);
    let page = hq.send(&fields.iter().fold(form, |form, (name, value)| form.with(name, value))).await;
    assert!(page.url.path().starts_with("/hq/webhooks/") && !page.url.path().ends_with("/new"), "{}", page.html);
    page
}

fn secret_on(page: &Page) -> String {
    page.attribute("input[name=secret]", "value").unwrap()
}

/// Its page as it is now.
async fn again(hq: &mut Browser, page: &Page) -> Page {
    hq.open(page.url.path()).await
}

#[tokio::test]
async fn a_partner_hears_signed_what_happens_at_its_stores_and_no_more() {
    let town = Town::start().await;
    let partner = Partner::start();
    let mut hq = town.head_office("hq").await;
    let fields = [("of.placed", "on"), ("of.paid", "on"), ("stores", "QH-SH-001")];
    let page = set_up(&mut hq, &partner.url(), &fields).await;
    partner.control(json!({ "secret": secret_on(&page) })).await;

    let buyer = town.member("13800138000").await;
    let mut orders = Vec::new();
    for store in ["QH-SH-002", "QH-SH-001"] {
        let goods = buyer.goods(store, TEA).await;
        let order = buyer.place(&goods, 1).await;
        town.pay(&buyer, &order).await;
        orders.push(order);
    }
    let staff = town.staff("manager").await;
    staff.post(&format!("/console/orders/{}/accept", orders[1]), json!({})).await;
    partner.until_heard(2).await;
    // Time for what must not come.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut heard = partner.heard().await;
    heard.sort_by_key(|message| message["body"]["timestamp"].as_str().unwrap().to_owned());
    let kinds: Vec<_> = heard.iter().map(|message| message["body"]["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["order.placed", "order.paid"], "{heard:?}");
    for message in &heard {
        assert_eq!(message["verified"], true, "{message}");
        assert_eq!(message["body"]["data"]["order_id"], orders[1].as_str(), "{message}");
        assert!(message["body"]["data"]["store_id"].is_string(), "{message}");
    }
    assert_ne!(heard[0]["id"], heard[1]["id"]);

    let log = again(&mut hq, &page).await;
    assert!(log.html.contains("HTTP 204") && log.html.contains("order.paid"), "{}", log.html);

    // A new secret signs beside the old one, so the partner need not change at the same moment.
    let renewed = hq.send(&log.form("/rpc/hq/renew_webhook_secret")).await;
    assert_ne!(secret_on(&renewed), secret_on(&page));
    hq.send(&renewed.form("/rpc/hq/test_webhook")).await;
    assert_eq!(partner.until_heard(3).await[0]["verified"], true, "signed with the old secret");
    partner.control(json!({ "secret": secret_on(&renewed) })).await;
    hq.send(&renewed.form("/rpc/hq/test_webhook")).await;
    assert_eq!(partner.until_heard(4).await[0]["verified"], true, "signed with the new one");
    town.check_books().await;
}

#[tokio::test]
async fn what_fails_is_tried_again_under_its_id_and_can_be_sent_again() {
    let mut town = Town::start().await;
    let partner = Partner::start();
    let mut hq = town.head_office("hq").await;
    let page = set_up(&mut hq, &partner.url(), &[("of.paid", "on")]).await;

    partner.control(json!({ "fail_next": 1 })).await;
    hq.send(&page.form("/rpc/hq/test_webhook")).await;
    partner.until_heard(1).await;
    until("the failure is noted", SOON, async || again(&mut hq, &page).await.html.contains("HTTP 500")).await;
    let failing = again(&mut hq, &page).await;
    assert!(failing.html.contains("发送失败，重试中") && failing.html.contains("says no"), "{}", failing.html);
    let heard = partner.until_heard(2).await;
    assert_eq!(heard[0]["id"], heard[1]["id"], "the same message");
    until("it does well again", SOON, async || again(&mut hq, &page).await.html.contains("HTTP 204")).await;

    // A redirect is no address that somebody has looked at.
    partner.control(json!({ "status": 302 })).await;
    hq.send(&page.form("/rpc/hq/test_webhook")).await;
    partner.until_heard(3).await;
    until("the redirect is noted", SOON, async || again(&mut hq, &page).await.html.contains("HTTP 302")).await;
    assert_eq!(partner.all().await["led_astray"], 0);

    // What waits survives a server that is killed.
    partner.control(json!({ "status": 0 })).await;
    town.kill_server();
    town.start_server().await;
    let waiting = partner.until_heard(4).await;
    assert_eq!(waiting[0]["id"], waiting[1]["id"], "the redirected message");

    partner.control(json!({ "status": 410 })).await;
    let page = again(&mut hq, &page).await;
    hq.send(&page.form("/rpc/hq/test_webhook")).await;
    until("it is paused", SOON, async || again(&mut hq, &page).await.html.contains("对方已停收")).await;
    let stopped = again(&mut hq, &page).await;
    for (state, in_it) in [("failed", true), ("delivered", false), ("waiting", false), ("", true)] {
        let log = hq.open(&format!("{}?state={state}", page.url.path())).await;
        assert_eq!(log.html.contains("HTTP 410"), in_it, "{state}");
    }
    let lost = partner.heard().await[0]["id"].clone();
    partner.control(json!({ "status": 0 })).await;
    let resumed = hq.send(&stopped.form("/rpc/hq/resume_webhook")).await;
    assert!(resumed.html.contains("重发全部未送达"), "{}", resumed.html);
    let all = resumed.form("/rpc/hq/replay_webhook");
    assert_eq!(all.value("message"), None, "the first form sends all of them again");
    hq.send(&all).await;
    let heard = partner.until_heard(6).await;
    assert_eq!((&heard[0]["id"], &heard[0]["answered"]), (&lost, &json!(204)));
}

#[tokio::test]
async fn one_receiver_that_is_slow_holds_up_no_other() {
    let town = Town::start().await;
    let (slow, quick) = (Partner::start(), Partner::start());
    slow.control(json!({ "delay_ms": 15_000 })).await;
    let mut hq = town.head_office("hq").await;
    let mut pages = Vec::new();
    for partner in [&slow, &quick] {
        pages.push(set_up(&mut hq, &partner.url(), &[("of.paid", "on")]).await);
    }
    for _ in 0..3 {
        hq.send(&pages[0].form("/rpc/hq/test_webhook")).await;
    }
    slow.until_heard(1).await;
    hq.send(&pages[1].form("/rpc/hq/test_webhook")).await;
    until("the quick one hears", Duration::from_secs(5), async || !quick.heard().await.is_empty()).await;
}

#[tokio::test]
async fn an_address_that_leads_inside_is_refused_when_set_up_or_when_called() {
    let town = Town::start().await;
    let mut hq = town.head_office("hq").await;
    let page = hq.open("/hq/webhooks/new").await;
    let form = page.form("/rpc/hq/save_webhook").with("name", "配送平台").with("of.paid", "on");
    for (url, reason) in [
        ("https://169.254.169.254/latest/meta-data", "内网地址"),
        ("https://[::1]/", "内网地址"),
        ("https://2130706434/", "内网地址"),
        ("https://10.0.0.8:5432/", "内网地址"),
        ("http://partner.example/hooks", "必须是 https"),
        ("file:///etc/passwd", "完整的网址"),
        ("gopher://partner.example/", "完整的网址"),
        ("https://user:pass@partner.example/", "完整的网址"),
    ] {
        let told = hq.send(&form.clone().with("url", url)).await;
        assert!(told.html.contains(reason), "{url}: {}", told.html);
        assert_eq!(told.attribute("input[name=url]", "value").as_deref(), Some(url), "what was typed is kept");
    }
    // A name tells where it leads only when it is called, and may tell another thing each time.
    let page = set_up(&mut hq, "https://localhost:5432/", &[("of.paid", "on")]).await;
    hq.send(&page.form("/rpc/hq/test_webhook")).await;
    until("it is refused", SOON, async || again(&mut hq, &page).await.html.contains("地址不是公网")).await;
}

#[tokio::test]
async fn only_who_may_manage_partners_everywhere_sees_and_sets_up() {
    let town = Town::start().await;
    let mut hq = town.head_office("hq").await;
    let page = set_up(&mut hq, "https://partner.example/hooks", &[("of.paid", "on")]).await;
    let secret = secret_on(&page);
    for account in ["shanghai", "clerk"] {
        let mut browser = town.head_office(account).await;
        let edit = format!("{}/edit", page.url.path());
        for path in ["/hq/webhooks", "/hq/webhooks/new", page.url.path(), &edit] {
            let told = browser.open(path).await;
            assert_eq!(told.status, 403, "{account} {path}");
            assert!(!told.html.contains(&secret));
        }
        for action in ["pause_webhook", "remove_webhook", "renew_webhook_secret", "test_webhook"] {
            browser.send(&page.form(&format!("/rpc/hq/{action}"))).await;
        }
    }
    let still = again(&mut hq, &page).await;
    assert_eq!(secret_on(&still), secret);
    assert!(still.html.contains("正常") && still.html.contains("没有消息"), "{}", still.html);
    assert!(!town.keeps(&secret[6..]), "the log or the audit tells the secret as receivers know it");
}
