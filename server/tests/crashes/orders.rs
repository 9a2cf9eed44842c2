//! Orders, payments, refunds.

use commerce::{Deed, FaultPoint};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    AFTER_A_MINUTE, ELSEWHERE, SOON, around,
    mortal::Mortal,
    support::{
        STORE, TEA, Town,
        program::{Goods, Program},
        until,
    },
};

/// What is paid back without the gateway.
pub const SETTLING: [Deed; 1] = [Deed::SettleRefund];

/// A shopper, a store's manager and head office, who ask until they are answered.
struct Life<'a> {
    mortal: &'a mut Mortal,
    buyer: &'a Program,
    manager: &'a Program,
    office: &'a Program,
    /// Another store of the brand.
    elsewhere: &'a str,
    goods: &'a Goods,
}

impl Life<'_> {
    /// Asks for something, and once more, which is answered in the same way.
    async fn post(&mut self, who: &Program, path: String, body: Value) -> Value {
        let answer = self.mortal.ask(who, Method::POST, &path, Some(&body)).await;
        assert!(answer.status < 300, "{path}: {} {}", answer.status, answer.body);
        let again = self.mortal.ask(who, Method::POST, &path, Some(&body)).await;
        assert_eq!((again.status, &again.body), (answer.status, &answer.body), "{path}");
        answer.body
    }

    /// Places an order for one piece; answers its id.
    async fn place(&mut self) -> String {
        let line = self.goods.line(json!(1));
        self.mortal.ask(self.buyer, Method::PUT, "/cart/lines", Some(&line)).await.done();
        let order = self.buyer.order_for_cart(&self.goods.store_id).await;
        self.post(self.buyer, "/orders".into(), order).await["id"].as_str().unwrap().to_owned()
    }

    /// Pays an order; answers its code.
    async fn pay(&mut self, order: &str) -> String {
        let id = Uuid::now_v7();
        self.post(self.buyer, format!("/orders/{order}/payments"), json!({ "id": id, "cashier": "h5" })).await;
        self.mortal.town.pay_at_gateway(&id.simple().to_string(), json!({})).await;
        let paid = self.mortal.comes_to(self.buyer, order, "paid", SOON).await;
        paid["pickup_code"].as_str().unwrap().to_owned()
    }

    async fn step(&mut self, order: &str, act: &str, body: Value) {
        self.post(self.manager, format!("/console/orders/{order}/{act}"), body).await;
    }

    async fn centre(&mut self, order: &str, act: &str, body: Value) {
        self.post(self.office, format!("/hq/orders/{order}/{act}"), body).await;
    }

    /// Places an order for one piece that is brought to the buyer's address; answers its id.
    async fn place_to_be_brought(&mut self) -> String {
        let line = self.goods.line(json!(1));
        self.mortal.ask(self.buyer, Method::PUT, "/cart/lines", Some(&line)).await.done();
        let addresses = self.mortal.ask(self.buyer, Method::GET, "/me/addresses", None).await.done();
        let address = addresses[0]["id"].as_str().unwrap();
        let path = format!("/cart/quotes/{}?fulfilment=delivery&address_id={address}", self.goods.store_id);
        let quote = self.mortal.ask(self.buyer, Method::GET, &path, None).await.done();
        let order = json!({
            "id": Uuid::now_v7(), "store_id": self.goods.store_id, "fulfilment": "delivery", "address_id": address,
            "slot": quote["slots"][0]["start"], "expected_total_fen": quote["total_fen"],
        });
        self.post(self.buyer, "/orders".into(), order).await["id"].as_str().unwrap().to_owned()
    }

    /// An order leaves with a rider, comes back, leaves again and arrives.
    async fn bring(&mut self) {
        let order = self.place_to_be_brought().await;
        let code = self.pay(&order).await;
        self.step(&order, "accept", json!({})).await;
        let path = |act: &str| format!("/console/deliveries/{order}{act}");
        let rider = json!({ "rider_name": "小李", "rider_phone": "13900139000" });
        self.post(self.manager, path(""), rider.clone()).await;
        self.post(self.manager, path("/return"), json!({ "reason": "无人接听" })).await;
        self.post(self.manager, path(""), rider).await;
        self.post(self.manager, path("/arrival"), json!({ "code": code })).await;
        self.mortal.comes_to(self.buyer, &order, "completed", SOON).await;
    }

    /// One order that is handed over, one that is brought, one that is called off, one that is turned down, one that
    /// head office gives to another store and calls off there.
    async fn live(&mut self) {
        let hold = json!({
            "id": Uuid::now_v7(), "store_id": self.goods.store_id, "sku_id": self.goods.sku_id, "quantity": 1,
        });
        self.post(self.buyer, "/holds".into(), hold).await;
        let order = self.place().await;
        let code = self.pay(&order).await;
        self.step(&order, "accept", json!({})).await;
        self.step(&order, "prepare", json!({})).await;
        // A code that was used says so: it is no repeat.
        let (path, body) = ("/console/redemptions", json!({ "code": code }));
        let redeemed = self.mortal.ask(self.manager, Method::POST, path, Some(&body)).await;
        assert!(redeemed.status == 200 || redeemed.body["code"] == "already_redeemed", "{}", redeemed.body);
        self.mortal.comes_to(self.buyer, &order, "completed", SOON).await;
        self.bring().await;
        let order = self.place().await;
        self.post(self.buyer, format!("/orders/{order}/cancel"), json!({})).await;
        self.mortal.comes_to(self.buyer, &order, "cancelled", SOON).await;
        let order = self.place().await;
        self.pay(&order).await;
        self.step(&order, "reject", json!({ "reason": "原料用完" })).await;
        self.mortal.comes_to(self.buyer, &order, "rejected", SOON).await;
        let order = self.place().await;
        self.pay(&order).await;
        let (there, reason) = (self.elsewhere, "缺货");
        self.centre(&order, "reroute", json!({ "store_id": there, "reason": reason })).await;
        self.centre(&order, "call-off", json!({ "reason": reason })).await;
        self.mortal.comes_to(self.buyer, &order, "cancelled", SOON).await;
    }
}

/// The store brings things to everybody near, and the buyer lives there.
async fn offer_delivery(manager: &Program, buyer: &Program, store: &str) {
    let delivery = json!({
        "on": true, "range": { "kind": "radius", "metres": 5000 }, "bands": [{ "up_to_m": 5000, "fee_fen": 300 }],
        "light_grams": 0, "per_kilo_fen": 0, "minimum_fen": 0, "free_from_fen": null, "minutes": 0,
        "windows": [{ "from": "00:00", "until": "23:59", "capacity": 1000 }],
    });
    manager.put(&format!("/console/stores/{store}/fulfilment"), json!({ "delivery": delivery })).await.done();
    let address = json!({
        "id": Uuid::now_v7(), "name": "小林", "phone": "13800000555", "region_code": "310100", "detail": "人民大道 1 号",
        "point": { "latitude": 31.2304, "longitude": 121.4737 },
    });
    buyer.post("/me/addresses", address).await.done();
}

/// Whether a request meets this place at once: what the others do is taken again after a minute.
fn is_met_at_once(point: FaultPoint) -> bool {
    use FaultPoint::*;
    !matches!(point, ExpiryWritten | ExpiryCommitted | RefundAnswered | RefundBooked)
        && !crate::documents::BUYING.contains(&point)
}

#[tokio::test]
async fn wherever_a_server_is_killed_asking_again_ends_as_if_it_had_not_been() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let buyer = mortal.town.member("13800000555").await;
    let manager = mortal.town.staff("manager").await;
    let office = mortal.town.staff("hq").await;
    let goods = buyer.goods(STORE, TEA).await;
    let elsewhere = buyer.goods(ELSEWHERE, TEA).await.store_id;
    offer_delivery(&manager, &buyer, &goods.store_id).await;
    let points = FaultPoint::ALL.into_iter().filter(|point| is_met_at_once(*point));
    for (sold, point) in (1..).zip(points) {
        mortal.until_it_ends_at(point).await;
        let (mortal_now, there) = (&mut mortal, elsewhere.as_str());
        let mut life = Life {
            mortal: mortal_now,
            buyer: &buyer,
            manager: &manager,
            office: &office,
            elsewhere: there,
            goods: &goods,
        };
        life.live().await;
        assert_eq!(mortal.point, None, "the server did not end there");
        assert_eq!(buyer.available(&goods, TEA).await, goods.available - 2 * sold, "{point:?}");
        mortal.town.check_books().await;
    }
}

#[tokio::test]
async fn wherever_a_server_is_killed_the_orders_of_a_checkout_are_placed_and_paid_together_and_once() {
    use FaultPoint::*;
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let buyer = mortal.town.member("13800000558").await;
    let goods = [buyer.goods(STORE, TEA).await, buyer.goods(ELSEWHERE, TEA).await];
    let points =
        [OrderWritten, OrderCommitted, AttemptStored, CashierMade, NoticeStored, NoticeActedOn, NoticeCommitted];
    for point in points {
        mortal.until_it_ends_at(point).await;
        let mut orders = Vec::new();
        for goods in &goods {
            mortal.ask(&buyer, Method::PUT, "/cart/lines", Some(&goods.line(json!(1)))).await.done();
            orders.push(buyer.order_for_cart(&goods.store_id).await);
        }
        let checkout = Uuid::now_v7();
        let body = json!({ "id": checkout, "orders": orders });
        let placed = mortal.ask(&buyer, Method::POST, "/checkouts", Some(&body)).await.done();
        assert_eq!(mortal.ask(&buyer, Method::POST, "/checkouts", Some(&body)).await.done(), placed, "{point:?}");
        let payment = Uuid::now_v7();
        let (path, body) = (format!("/checkouts/{checkout}/payments"), json!({ "id": payment, "cashier": "h5" }));
        let started = mortal.ask(&buyer, Method::POST, &path, Some(&body)).await.done();
        assert_eq!(started["amount_fen"], placed["total_fen"]);
        mortal.town.pay_at_gateway(&payment.simple().to_string(), json!({})).await;
        for order in &orders {
            let paid = mortal.comes_to(&buyer, order["id"].as_str().unwrap(), "paid", SOON).await;
            assert_eq!((&paid["paid_fen"], &paid["refunded_fen"]), (&order["expected_total_fen"], &json!(0)));
        }
        assert_eq!(mortal.point, None, "the server did not end there");
        mortal.town.check_books().await;
    }
    assert_eq!(buyer.available(&goods[0], TEA).await, goods[0].available - points.len() as i64);
}

#[tokio::test]
async fn an_order_whose_expiry_was_cut_off_expires_once() {
    let mut mortal = Mortal { town: Town::start_with(&[("MENDIAN_PAY_MINUTES", "1")]).await, point: None };
    let buyer = mortal.town.member("13800000556").await;
    let goods = buyer.goods(STORE, TEA).await;
    let order = buyer.place(&goods, 1).await;
    for point in [FaultPoint::ExpiryWritten, FaultPoint::ExpiryCommitted] {
        mortal.until_it_ends_at(point).await;
        until("the server ends", AFTER_A_MINUTE, async || mortal.town.health().await.is_none()).await;
    }
    mortal.comes_to(&buyer, &order, "expired", SOON).await;
    assert_eq!(buyer.available(&goods, TEA).await, goods.available);
    mortal.town.check_books().await;
}

#[tokio::test]
async fn a_refund_that_was_cut_off_goes_out_once() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let buyer = mortal.town.member("13800000557").await;
    let manager = mortal.town.staff("manager").await;
    let goods = buyer.goods(STORE, TEA).await;
    let mut orders = Vec::new();
    for point in [FaultPoint::RefundAnswered, FaultPoint::RefundBooked] {
        let order = buyer.place(&goods, 1).await;
        mortal.town.pay(&buyer, &order).await;
        mortal.until_it_ends_at(point).await;
        let path = format!("/console/orders/{order}/reject");
        mortal.ask(&manager, Method::POST, &path, Some(&json!({ "reason": "原料用完" }))).await.done();
        until("the server ends", SOON, async || mortal.town.health().await.is_none()).await;
        let seen = mortal.ask(&buyer, Method::GET, &format!("/orders/{order}"), None).await.done();
        assert_eq!((mortal.point, &seen["state"]), (None, &json!("rejected")));
        orders.push(order);
    }
    for order in orders {
        until("the money is back", AFTER_A_MINUTE, async || {
            let seen = buyer.order(&order).await;
            seen["refunded_fen"] == seen["paid_fen"]
        })
        .await;
    }
    mortal.town.check_books().await;
}

#[tokio::test]
async fn a_refund_that_was_being_settled_by_other_means_is_so_once() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let buyer = mortal.town.member("13800000558").await;
    let [manager, office] = [mortal.town.staff("manager").await, mortal.town.staff("hq").await];
    let goods = buyer.goods(STORE, TEA).await;
    for point in SETTLING.into_iter().flat_map(around) {
        let order = buyer.place(&goods, 1).await;
        mortal.town.pay(&buyer, &order).await;
        mortal.town.control_gateway(json!({ "next_refund": "ABNORMAL" })).await;
        let path = format!("/console/orders/{order}/reject");
        mortal.ask(&manager, Method::POST, &path, Some(&json!({ "reason": "原料用完" }))).await.done();
        let of_order = async || {
            let open = office.get("/hq/refunds").await.done();
            let open = open["items"].as_array().unwrap().iter().find(|one| one["order_id"] == json!(order)).cloned();
            open.filter(|one| one["state"] == "abnormal")
        };
        until("the gateway has failed", SOON, async || of_order().await.is_some()).await;
        let id = of_order().await.unwrap()["id"].as_str().unwrap().to_owned();
        mortal.until_it_ends_at(point).await;
        let settled = json!({ "reason": "银行转账", "proof": "20261126000123" });
        mortal.twice(&office, Method::POST, &format!("/hq/refunds/{id}/settlement"), &settled).await;
        assert_eq!(mortal.point, None, "the server did not end there");
        let seen = buyer.order(&order).await;
        assert_eq!(seen["refunded_fen"], seen["paid_fen"]);
        mortal.town.check_books().await;
    }
}
