//! Everything that uses the pieces of one variant, at the same moment, at two servers (K1, K2).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use support::{
    STORE, TEA, Town,
    beside::Beside,
    program::{Answer, Goods, Program},
};
use tokio::sync::Barrier;
use uuid::Uuid;

/// The code of the tea's first variant.
const CODE: &str = "qh-zhenzhu-naicha-m";
const WORKERS: usize = 64;

/// A request that is ready to be sent.
#[derive(Clone)]
struct Ready {
    who: Program,
    method: Method,
    path: String,
    body: Value,
}

impl Ready {
    async fn send(&self) -> Answer {
        self.who.attempt(self.method.clone(), &self.path, Some(&self.body)).await.unwrap()
    }
}

/// What is to meet, and who makes it ready.
struct Race<'a> {
    town: &'a Town,
    beside: &'a Beside,
    office: &'a Program,
    manager: &'a Program,
    goods: &'a Goods,
    warehouse: String,
    ready: Vec<Ready>,
}

impl Race<'_> {
    /// Every second request goes to the other server.
    fn put(&mut self, who: &Program, method: Method, path: String, body: Value) {
        let who = if self.ready.len().is_multiple_of(2) { who.clone() } else { self.beside.program(who) };
        self.ready.push(Ready { who, method, path, body });
    }

    fn post(&mut self, who: &Program, path: String, body: Value) {
        self.put(who, Method::POST, path, body);
    }

    fn lines(&self, quantity: i64) -> Value {
        json!([{ "sku_id": self.goods.sku_id, "quantity": quantity }])
    }

    /// Members who order, hold, and call off; and one whose orders are handed over.
    async fn shop(&mut self) {
        let store = self.goods.store_id.clone();
        for number in 0..12 {
            let buyer = self.town.member(&format!("138000071{number:02}")).await;
            if number < 4 {
                let order = buyer.place(self.goods, 1).await;
                self.post(&buyer, format!("/orders/{order}/cancel"), json!({}));
                let order = buyer.place(self.goods, 1).await;
                self.town.pay(&buyer, &order).await;
                self.manager.post(&format!("/console/orders/{order}/accept"), json!({})).await.done();
                let code = buyer.order(&order).await["pickup_code"].clone();
                self.post(self.manager, "/console/redemptions".into(), json!({ "code": code }));
            }
            buyer.put("/cart/lines", self.goods.line(json!(1))).await.done();
            let order = buyer.order_for_cart(&store).await;
            self.post(&buyer, "/orders".into(), order);
            let hold = json!({
                "id": Uuid::now_v7(), "store_id": store, "sku_id": self.goods.sku_id, "quantity": 1,
            });
            self.post(&buyer, "/holds".into(), hold);
        }
    }

    /// A transfer that somebody agreed to.
    async fn agreed(&self, from: &str, to: &str) -> String {
        let id = Uuid::now_v7().to_string();
        let request = json!({ "id": id, "from_id": from, "to_id": to, "lines": self.lines(2), "reason": "周末活动" });
        self.office.post("/console/transfers", request).await.done();
        let yes = json!({ "approve": true, "lines": [], "note": "" });
        self.office.post(&format!("/console/transfers/{id}/decision"), yes).await.done();
        id
    }

    /// Goods that leave the store, come to it from the warehouse, and from outside.
    async fn carry(&mut self) {
        let (store, warehouse, office) = (self.goods.store_id.clone(), self.warehouse.clone(), self.office);
        let ship = json!({ "lines": [], "note": "" });
        for _ in 0..8 {
            let id = self.agreed(&store, &warehouse).await;
            self.post(office, format!("/console/transfers/{id}/ship"), ship.clone());
        }
        for _ in 0..5 {
            let id = self.agreed(&warehouse, &store).await;
            office.post(&format!("/console/transfers/{id}/ship"), ship.clone()).await.done();
            self.post(office, format!("/console/transfers/{id}/receive"), json!({ "lines": [], "reason": "" }));
            let receipt = json!({ "id": Uuid::now_v7(), "location_id": store, "lines": self.lines(2), "note": "" });
            self.post(office, "/console/receipts".into(), receipt);
        }
    }

    /// A count and a proposal that are agreed to, losses that are booked at once, pieces that are parted.
    async fn keep(&mut self, clerk: &Program) {
        let (store, sku, manager) = (self.goods.store_id.clone(), self.goods.sku_id.clone(), self.manager);
        let yes = json!({ "approve": true, "note": "" });
        let count = Uuid::now_v7();
        let selection = json!({ "kind": "partial", "categories": [], "skus": [CODE] });
        let begin = json!({ "id": count, "location_id": store, "selection": selection, "blind": false, "note": "" });
        clerk.post("/console/counts", begin).await.done();
        let entry = json!({ "id": Uuid::now_v7(), "code": CODE, "pieces": 190 });
        clerk.post(&format!("/console/counts/{count}/entries"), entry).await.done();
        clerk.post(&format!("/console/counts/{count}/submit"), json!({})).await.done();
        self.post(manager, format!("/console/counts/{count}/decision"), yes.clone());
        let proposal = Uuid::now_v7();
        let what = json!({ "kind": "adjustment", "sku_id": sku, "difference": -2 });
        let proposed = json!({ "id": proposal, "store_id": store, "what": what, "reason": "破损", "draft": false });
        manager.post("/proposals", proposed).await.done();
        self.post(self.office, format!("/proposals/{proposal}/decision"), yes);
        for kept_back in 0..3 {
            let said = json!({ "sku": CODE, "store_id": store, "model": "pool", "kept_back": kept_back });
            self.put(manager, Method::PUT, "/console/stock-models".into(), said);
        }
        while self.ready.len() < WORKERS {
            let loss = json!({
                "id": Uuid::now_v7(), "location_id": store, "sku_id": sku, "quantity": 1, "kind": "broken",
                "reason": "打翻",
            });
            self.post(manager, "/console/losses".into(), loss);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_uses_one_variant_at_once_at_two_servers_everybody_is_answered_and_the_books_balance() {
    let town = Town::start().await;
    let beside = town.another_server().await;
    let [office, manager, clerk] = [town.staff("hq").await, town.staff("manager").await, town.staff("clerk").await];
    let goods = office.goods(STORE, TEA).await;
    let warehouse = Uuid::now_v7().to_string();
    let depot = json!({ "code": "CK-1", "name": "上海仓", "region": "310000", "address": "一号" });
    office.put(&format!("/hq/warehouses/{warehouse}"), depot).await.done();
    let (office, manager, goods, ready) = (&office, &manager, &goods, Vec::new());
    let mut race = Race { town: &town, beside: &beside, office, manager, goods, warehouse, ready };
    let stock = json!([{ "sku_id": goods.sku_id, "quantity": 20 }]);
    let receipt = json!({ "id": Uuid::now_v7(), "location_id": race.warehouse, "lines": stock, "note": "" });
    office.post("/console/receipts", receipt).await.done();
    race.shop().await;
    race.carry().await;
    race.keep(&clerk).await;

    let (ready, start) = (race.ready, Arc::new(Barrier::new(WORKERS)));
    assert_eq!(ready.len(), WORKERS);
    let workers = ready.iter().cloned().map(|request| {
        let start = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            request.send().await
        })
    });
    let answers: Vec<Answer> = join_all(workers).await.into_iter().map(Result::unwrap).collect();
    for (request, answer) in ready.iter().zip(&answers) {
        assert!(answer.status < 500, "{}: {} {}", request.path, answer.status, answer.body);
    }
    let done = answers.iter().filter(|answer| answer.status < 300).count();
    assert!(done >= 55, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    town.check_books().await;
    // And whoever asks again is answered the same, but for a code that was used.
    for (request, answer) in ready.iter().zip(&answers) {
        let again = request.send().await;
        let used = again.body["code"] == "already_redeemed";
        assert!(used || answer.status >= 300 || again.status == answer.status, "{}: {}", request.path, again.body);
    }
    town.check_books().await;
}
