//! Where parcels are: the real server, and a platform that repeats, turns round, forges and loses what it tells.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use partners::trackers::{Account, Push, Scan, Status, Way, signing, wire::form};
use reqwest::Method;
use serde_json::{Value, json};
use support::{
    STORE, TEA, Town,
    party::{Party, sandbox},
    program::Program,
    until,
};
use uuid::Uuid;

const SOON: Duration = Duration::from_secs(15);

struct Scene {
    town: Town,
    platform: Party,
    account: Account,
    buyer: Program,
    manager: Program,
}

impl Scene {
    async fn start() -> Self {
        let mut town = Town::start().await;
        let data = town.folder().join("trackers");
        let platform = sandbox(&["trackers", "--data", data.to_str().unwrap()]);
        let file = data.join("account.json");
        town.terminate_server().await;
        let url = town.url.clone();
        town.start_server_with(&[("MENDIAN_TRACKERS", file.to_str().unwrap()), ("MENDIAN_PUBLIC_URL", &url)]).await;
        let (buyer, manager) = (town.member("13800000092").await, town.staff("manager").await);
        let hq = town.staff("hq").await;
        let rate = json!({ "first": 1, "first_fen": 800, "further": 1, "further_fen": 200 });
        let template = json!({ "name": "标准", "basis": "pieces", "elsewhere": rate });
        let path = format!("/hq/freight-templates/{}", Uuid::now_v7());
        hq.attempt(Method::PUT, &path, Some(&template)).await.unwrap().done();
        hq.put("/hq/express-stores", json!({ "stores": [STORE], "sends": true })).await.done();
        Self { account: Account::from_file(&file).unwrap(), town, platform, buyer, manager }
    }

    /// An order of one tea that was sent off under this number.
    async fn sent(&self, number: &str) -> String {
        let address = Uuid::now_v7();
        let home = json!({ "id": address, "name": "小林", "phone": "13800000092", "region_code": "330100",
                           "detail": "西湖大道 1 号" });
        self.buyer.post("/me/addresses", home).await.done();
        let goods = self.buyer.goods(STORE, TEA).await;
        self.buyer.put("/cart/lines", goods.line(1.into())).await.done();
        let wish = format!("/cart/quotes/{}?fulfilment=express&address_id={address}", goods.store_id);
        let quote = self.buyer.get(&wish).await.done();
        let order = json!({ "id": Uuid::now_v7(), "store_id": goods.store_id, "slot": quote["slots"][0]["start"],
                            "expected_total_fen": quote["total_fen"], "fulfilment": "express", "address_id": address });
        let order = self.buyer.post("/orders", order).await.done()["id"].as_str().unwrap().to_owned();
        self.town.pay(&self.buyer, &order).await;
        self.manager.post(&format!("/console/orders/{order}/accept"), Value::Null).await.done();
        let parcel = json!({ "id": Uuid::now_v7(), "carrier": "zhongtong", "tracking_number": number });
        self.manager.post(&format!("/console/orders/{order}/parcels"), parcel).await.done();
        order
    }

    async fn at_platform(&self, path: &str, body: Value) -> u16 {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        http.post(format!("{}{path}", self.platform.url)).json(&body).send().await.unwrap().status().as_u16()
    }

    async fn control(&self, orders: Value) {
        assert_eq!(self.at_platform("/control", orders).await, 200);
    }

    /// Presses a button, once the parcel is subscribed.
    async fn happen(&self, number: &str, status: Status, repeat: u32) {
        let body = json!({ "number": number, "state": status.code(), "repeat": repeat });
        until("the parcel is subscribed", SOON, async || {
            self.at_platform("/sandbox/happen", body.clone()).await == 204
        })
        .await;
    }

    async fn parcel(&self, order: &str) -> Value {
        self.buyer.get(&format!("/orders/{order}/shipment")).await.done()
    }

    async fn parcel_is(&self, order: &str, state: &str) {
        let what = format!("the parcel is {state}");
        until(&what, SOON, async || self.parcel(order).await["parcels"][0]["state"] == state).await;
    }
}

#[tokio::test]
async fn a_platform_that_repeats_turns_round_and_forges_tells_each_scan_once() {
    let scene = Scene::start().await;
    scene.control(json!({ "fail_next": 1 })).await;
    let order = scene.sent("ZT7000000001").await;
    scene.happen("ZT7000000001", Status::Collected, 3).await;
    scene.parcel_is(&order, "collected").await;
    // A callback signed by somebody else changes nothing; the next one tells all.
    scene.control(json!({ "forge_next": 1 })).await;
    scene.happen("ZT7000000001", Status::OnTheWay, 0).await;
    assert_eq!(scene.parcel(&order).await["parcels"][0]["state"], "collected");
    // The newest comes first, everything else after it.
    scene.control(json!({ "hold_callbacks": true })).await;
    scene.happen("ZT7000000001", Status::Delivering, 0).await;
    scene.happen("ZT7000000001", Status::Signed, 0).await;
    scene.control(json!({ "release": true })).await;
    scene.parcel_is(&order, "signed").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let seen = scene.parcel(&order).await;
    assert_eq!(seen["parcels"][0]["state"], "signed");
    assert_eq!(seen["steps"].as_array().unwrap().len(), 5, "sent off and four scans, each once: {seen}");
}

#[tokio::test]
async fn what_is_not_signed_with_our_salt_or_is_no_callback_changes_nothing() {
    let scene = Scene::start().await;
    let order = scene.sent("ZT7000000002").await;
    let way = |nu: &str| Way {
        state: "3".into(),
        com: "zhongtong".into(),
        nu: nu.into(),
        data: vec![Scan { context: "已签收".into(), time: "2026-01-01 08:00:00".into() }],
    };
    let push = |nu: &str| Push {
        status: "shutdown".into(),
        message: String::new(),
        com_old: String::new(),
        last_result: Some(way(nu)),
    };
    let send = async |param: &str, sign: &str| {
        let body = form(&[("sign", sign), ("param", param)]);
        let request = scene.town.raw(Method::POST, "/callbacks/trackers").body(body);
        request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap().status().as_u16()
    };
    let param = serde_json::to_string(&push("ZT7000000002")).unwrap();
    assert_eq!(send(&param, &signing::sign(&[&param, "guessed-salt"])).await, 401);
    assert_eq!(send(&param, "").await, 401);
    let signed = |param: &str| signing::sign(&[param, &scene.account.salt]);
    assert_eq!(send("not json", &signed("not json")).await, 200, "repeating it would not make it understood");
    let strange = serde_json::to_string(&push("ZT0000000000")).unwrap();
    assert_eq!(send(&strange, &signed(&strange)).await, 200, "nobody's parcel");
    assert_eq!(scene.parcel(&order).await["parcels"][0]["state"], "sent");
    assert_eq!(send(&param, &signed(&param)).await, 200);
    scene.parcel_is(&order, "signed").await;
}
