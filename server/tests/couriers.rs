//! A courier's rider brings an order: the real server, and a courier that repeats, turns round and loses what it tells.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use chrono::Utc;
use partners::couriers::{Account, Event, Status, signing};
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
    courier: Party,
    account: Account,
    buyer: Program,
    manager: Program,
}

impl Scene {
    async fn start() -> Self {
        let mut town = Town::start().await;
        let data = town.folder().join("couriers");
        let url = format!("{}/callbacks/couriers", town.url);
        let courier = sandbox(&["couriers", "--data", data.to_str().unwrap(), "--callback-url", &url]);
        let file = data.join("account.json");
        town.terminate_server().await;
        town.start_server_with(&[("MENDIAN_COURIERS", file.to_str().unwrap())]).await;
        let (buyer, manager) = (town.member("13800000091").await, town.staff("manager").await);
        let store = manager.store(STORE).await["id"].as_str().unwrap().to_owned();
        let delivery = json!({
            "on": true, "range": { "kind": "radius", "metres": 5_000 },
            "bands": [{ "up_to_m": 5_000, "fee_fen": 500 }], "light_grams": 5_000, "per_kilo_fen": 100, "minimum_fen": 0,
            "minutes": 30, "windows": [{ "from": "00:00", "until": "23:59", "capacity": 100 }],
        });
        let settings = json!({ "delivery": delivery });
        manager.put(&format!("/console/stores/{store}/fulfilment"), settings).await.done();
        Self { account: Account::from_file(&file).unwrap(), town, courier, buyer, manager }
    }

    /// An accepted order that is to be brought.
    async fn accepted(&self) -> String {
        let address = Uuid::now_v7();
        let home = json!({ "id": address, "name": "小林", "phone": "13800000091", "region_code": "310100",
                           "detail": "人民大道 1 号", "point": { "latitude": 31.2304, "longitude": 121.4737 } });
        self.buyer.post("/me/addresses", home).await.done();
        let goods = self.buyer.goods(STORE, TEA).await;
        self.buyer.put("/cart/lines", goods.line(1.into())).await.done();
        let wish = format!("/cart/quotes/{}?fulfilment=delivery&address_id={address}", goods.store_id);
        let quote = self.buyer.get(&wish).await.done();
        let order = json!({ "id": Uuid::now_v7(), "store_id": goods.store_id, "slot": quote["slots"][0]["start"],
                            "expected_total_fen": quote["total_fen"], "fulfilment": "delivery", "address_id": address });
        let order = self.buyer.post("/orders", order).await.done()["id"].as_str().unwrap().to_owned();
        self.town.pay(&self.buyer, &order).await;
        self.manager.post(&format!("/console/orders/{order}/accept"), Value::Null).await.done();
        order
    }

    async fn call(&self, order: &str) -> String {
        let ride = Uuid::now_v7().to_string();
        let body = json!({ "id": ride });
        self.manager.post(&format!("/console/orders/{order}/rides"), body).await.done();
        ride
    }

    async fn control(&self, orders: Value) {
        self.at_courier("/control", orders).await;
    }

    async fn happen(&self, ride: &str, status: Status, repeat: u32) {
        let body = json!({ "number": ride, "status": status.number(), "repeat": repeat });
        self.at_courier("/sandbox/happen", body).await;
    }

    async fn at_courier(&self, path: &str, body: Value) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.post(format!("{}{path}", self.courier.url)).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path} {}", answer.status());
    }

    async fn ride_in(&self, order: &str, state: &str) {
        let path = format!("/console/orders/{order}/shipment");
        let what = format!("the ride is {state}");
        until(&what, SOON, async || self.manager.get(&path).await.done()["rides"][0]["state"] == state).await;
    }
}

#[tokio::test]
async fn a_courier_that_repeats_turns_round_and_loses_what_it_tells_brings_each_order_once() {
    let scene = Scene::start().await;
    let order = scene.accepted().await;
    let quote = scene.manager.get(&format!("/console/orders/{order}/ride-quote")).await.done();
    assert_eq!(quote["fee_fen"], 600);
    scene.control(json!({ "refuse_next": 1 })).await;
    let body = json!({ "id": Uuid::now_v7() });
    scene.manager.post(&format!("/console/orders/{order}/rides"), body).await.refused(409, "rider_refused");
    let ride = scene.call(&order).await;
    scene.happen(&ride, Status::Accepted, 3).await;
    scene.ride_in(&order, "accepted").await;
    // The newest comes first, everything else after it.
    scene.control(json!({ "hold_callbacks": true })).await;
    scene.happen(&ride, Status::AtPickup, 0).await;
    scene.happen(&ride, Status::PickedUp, 0).await;
    scene.happen(&ride, Status::Delivered, 0).await;
    scene.control(json!({ "release": true })).await;
    let done = scene.buyer.order_in(&order, "completed", SOON).await;
    scene.ride_in(&order, "delivered").await;
    assert_eq!(support::program::times(&done, "dispatch"), 1);
    assert_eq!(support::program::times(&done, "deliver"), 1);
    let seen = scene.buyer.get(&format!("/orders/{order}/shipment")).await.done();
    assert_eq!(seen["steps"].as_array().unwrap().len(), 4, "{seen}");

    // Every callback of another is lost: it is looked for after half a minute, twice within three at most.
    let lost = scene.accepted().await;
    let ride = scene.call(&lost).await;
    scene.control(json!({ "drop_callbacks": true })).await;
    scene.happen(&ride, Status::PickedUp, 0).await;
    scene.buyer.order_in(&lost, "dispatched", Duration::from_secs(60)).await;
    scene.town.check_books().await;
}

#[tokio::test]
async fn a_courier_that_does_not_sign_is_not_believed() {
    let scene = Scene::start().await;
    let order = scene.accepted().await;
    let ride = scene.call(&order).await;
    let Account { dev_id, dev_key, .. } = &scene.account;
    let event = |number: &str| Event {
        sf_order_id: "x".into(),
        shop_order_id: number.into(),
        url_index: "order_complete".into(),
        order_status: Status::Delivered.number(),
        status_desc: "已送达".into(),
        operator_name: String::new(),
        operator_phone: String::new(),
        push_time: Utc::now().timestamp(),
    };
    let send = async |body: Vec<u8>, sign: &str| {
        let request = scene.town.raw(Method::POST, "/callbacks/couriers").query(&[("sign", sign)]).body(body);
        request.send().await.unwrap().status().as_u16()
    };
    let body = serde_json::to_vec(&event(&ride)).unwrap();
    for wrong in
        [String::new(), "x".into(), signing::sign(b"{}", *dev_id, dev_key), signing::sign(&body, *dev_id, "guess")]
    {
        assert_eq!(send(body.clone(), &wrong).await, 401, "{wrong}");
    }
    // Signed, but about nothing of ours, or no callback at all: taken, so that it does not come for ever.
    for body in [
        serde_json::to_vec(&event("not-a-ride")).unwrap(),
        serde_json::to_vec(&event(&Uuid::nil().to_string())).unwrap(),
        b"[]".to_vec(),
    ] {
        let sign = signing::sign(&body, *dev_id, dev_key);
        assert_eq!(send(body, &sign).await, 200);
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(scene.buyer.order(&order).await["state"], "accepted");
    let sign = signing::sign(&body, *dev_id, dev_key);
    assert_eq!(send(body, &sign).await, 200, "it was the signature that mattered");
    scene.buyer.order_in(&order, "completed", SOON).await;
    scene.town.check_books().await;
}
