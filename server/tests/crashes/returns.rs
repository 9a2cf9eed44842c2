//! Parcels, and goods that come back.

use chrono::Utc;
use commerce::{Deed, FaultPoint};
use domain::orders::OrderAct::{Deliver, Dispatch};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    AFTER_A_MINUTE, SOON, around,
    mortal::Mortal,
    support::{
        STORE, Town,
        program::{Goods, Program},
        until,
    },
};

/// What becomes of goods that somebody does not want.
pub const RETURNING: [Deed; 3] = [Deed::RequestReturn, Deed::DecideReturn, Deed::ReceiveReturn];
/// What becomes of goods that came back for their supplier.
pub const APART: [Deed; 3] = [Deed::HandOver, Deed::CreditHandOver, Deed::ScrapSetApart];
/// What is sold at the counter, and comes back.
pub const COUNTER: [Deed; 2] = [Deed::SellAtCounter, Deed::TakeBackCounterSale];
/// What becomes of goods that are not sent, or that their way brings back.
pub const ENDING: [Deed; 2] = [Deed::EndUnsent, Deed::TakeBackParcel];
/// Goods that can be sent, and come back.
const TIN: &str = "qh-mingqian-longjing";

/// Orders some of these goods and pays for them; answers the order's id and its code.
async fn paid(
    mortal: &mut Mortal,
    buyer: &Program,
    (goods, pieces): (&Goods, i64),
    address: Option<&str>,
) -> [String; 2] {
    mortal.ask(buyer, Method::PUT, "/cart/lines", Some(&goods.line(json!(pieces)))).await.done();
    let way = address.map(|address| format!("?fulfilment=express&address_id={address}")).unwrap_or_default();
    let path = format!("/cart/quotes/{}{way}", goods.store_id);
    let quote = mortal.ask(buyer, Method::GET, &path, None).await.done();
    let slot = quote["slots"][0]["start"].as_str().map_or_else(|| Utc::now().to_rfc3339(), str::to_owned);
    let (id, payment) = (Uuid::now_v7().to_string(), Uuid::now_v7());
    let order = json!({
        "id": id, "store_id": goods.store_id, "slot": slot, "expected_total_fen": quote["total_fen"],
        "fulfilment": if address.is_some() { "express" } else { "pickup" }, "address_id": address,
    });
    mortal.ask(buyer, Method::POST, "/orders", Some(&order)).await.done();
    let attempt = json!({ "id": payment, "cashier": "h5" });
    mortal.ask(buyer, Method::POST, &format!("/orders/{id}/payments"), Some(&attempt)).await.done();
    mortal.town.pay_at_gateway(&payment.simple().to_string(), json!({})).await;
    let paid = mortal.comes_to(buyer, &id, "paid", SOON).await;
    [id, paid["pickup_code"].as_str().unwrap().to_owned()]
}

#[tokio::test]
async fn what_was_being_brought_back_is_taken_once_and_its_money_goes_back_once() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let [buyer, manager] = [mortal.town.member("13800000561").await, mortal.town.staff("manager").await];
    let goods = buyer.goods(STORE, TIN).await;
    let mut orders = Vec::new();
    for point in RETURNING.into_iter().flat_map(around) {
        let [order, code] = paid(&mut mortal, &buyer, (&goods, 1), None).await;
        manager.post(&format!("/console/orders/{order}/accept"), json!({})).await.done();
        manager.post("/console/redemptions", json!({ "code": code })).await.done();
        mortal.until_it_ends_at(point).await;
        let request = Uuid::now_v7();
        let asked = json!({
            "id": request, "order_id": order, "kind": "return", "lines": [{ "line": 1, "quantity": 1 }],
            "reason": "unwanted", "note": "", "expected_refund_fen": goods.price_fen,
        });
        mortal.twice(&buyer, Method::POST, "/after-sales", &asked).await;
        let path = format!("/console/after-sales/{request}/decision");
        mortal.twice(&manager, Method::POST, &path, &json!({ "agree": true, "note": "" })).await;
        let seen = mortal.ask(&buyer, Method::GET, &format!("/after-sales/{request}"), None).await.done();
        let brought = json!({
            "code": seen["code"], "store_id": goods.store_id, "lines": [{ "line": 1, "condition": "restock" }],
        });
        mortal.twice(&manager, Method::POST, "/console/returns", &brought).await;
        assert_eq!(mortal.point, None, "the server did not end there");
        assert_eq!(buyer.available(&goods, TIN).await, goods.available, "{point:?}");
        mortal.town.check_books().await;
        orders.push(order);
    }
    for order in orders {
        until("the money is back", AFTER_A_MINUTE, async || {
            buyer.order(&order).await["refunded_fen"] == goods.price_fen
        })
        .await;
    }
    mortal.town.check_books().await;
}

#[tokio::test]
async fn what_lay_apart_for_its_supplier_is_handed_over_once_credited_once_and_scrapped_once() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let [buyer, manager] = [mortal.town.member("13800000564").await, mortal.town.staff("manager").await];
    let office = mortal.town.staff("hq").await;
    let (goods, supplier) = (buyer.goods(STORE, TIN).await, Uuid::now_v7());
    let known = json!({ "code": "JN-1", "name": "江南食品", "terms_days": 30, "lead_days": 7 });
    office.put(&format!("/hq/suppliers/{supplier}"), known).await.done();
    for (point, deed) in APART.into_iter().flat_map(|deed| around(deed).map(|point| (point, deed))) {
        let [order, code] = paid(&mut mortal, &buyer, (&goods, 1), None).await;
        manager.post(&format!("/console/orders/{order}/accept"), json!({})).await.done();
        manager.post("/console/redemptions", json!({ "code": code })).await.done();
        let request = Uuid::now_v7();
        let asked = json!({
            "id": request, "order_id": order, "kind": "return", "lines": [{ "line": 1, "quantity": 1 }],
            "reason": "unwanted", "note": "", "expected_refund_fen": goods.price_fen,
        });
        buyer.post("/after-sales", asked).await.done();
        let path = format!("/console/after-sales/{request}/decision");
        manager.post(&path, json!({ "agree": true, "note": "" })).await.done();
        let seen = buyer.get(&format!("/after-sales/{request}")).await.done();
        let brought = json!({
            "code": seen["code"], "store_id": goods.store_id, "lines": [{ "line": 1, "condition": "supplier" }],
        });
        manager.post("/console/returns", brought).await.done();
        mortal.until_it_ends_at(point).await;
        let lines = json!([{ "sku_id": goods.sku_id, "quantity": 1 }]);
        let (id, at) = (Uuid::now_v7(), &goods.store_id);
        let (path, ends) = match deed {
            Deed::ScrapSetApart => {
                ("scraps", json!({ "id": id, "location_id": at, "lines": lines, "reason": "供应商不收" }))
            }
            _ => ("hand-overs", json!({ "id": id, "location_id": at, "supplier_id": supplier, "lines": lines })),
        };
        mortal.twice(&manager, Method::POST, &format!("/console/set-apart/{path}"), &ends).await;
        if deed != Deed::ScrapSetApart {
            let credit = json!({ "amount_fen": 800, "credit_note": "TH-7" });
            mortal.twice(&office, Method::POST, &format!("/hq/set-apart/{id}/credit"), &credit).await;
        }
        assert_eq!(mortal.point, None, "the server did not end there");
        let left = manager.get("/console/set-apart").await.done();
        assert_eq!(left["lying"], json!([]), "{point:?}");
        mortal.town.check_books().await;
    }
}

#[tokio::test]
async fn what_was_being_sold_at_the_counter_is_sold_once_and_comes_back_once() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let [buyer, manager] = [mortal.town.member("13800000565").await, mortal.town.staff("manager").await];
    let goods = buyer.goods(STORE, TIN).await;
    for (at, point) in (1..).zip(COUNTER.into_iter().flat_map(around)) {
        mortal.until_it_ends_at(point).await;
        let (sale, back) = (Uuid::now_v7(), Uuid::now_v7());
        let sold = json!({ "id": sale, "lines": [{ "code": "qh-mingqian-longjing-50", "pieces": 2 }] });
        let path = format!("/console/stores/{}/counter-sales", goods.store_id);
        mortal.twice(&manager, Method::POST, &path, &sold).await;
        let taken = json!({ "id": back, "lines": [{ "sku_id": goods.sku_id, "quantity": 1 }], "why": "returned" });
        mortal.twice(&manager, Method::POST, &format!("/console/counter-sales/{sale}/returns"), &taken).await;
        assert_eq!(mortal.point, None, "the server did not end there");
        assert_eq!(buyer.available(&goods, TIN).await, goods.available - at, "{point:?}");
        mortal.town.check_books().await;
    }
}

/// The store sends everywhere, and the buyer lives somewhere; answers their address.
async fn offer_express(mortal: &Mortal, buyer: &Program) -> String {
    let office = mortal.town.staff("hq").await;
    let (template, address) = (Uuid::now_v7(), Uuid::now_v7().to_string());
    let rate = json!({ "first": 1, "first_fen": 800, "further": 1, "further_fen": 200, "free_from_fen": null });
    let terms = json!({ "name": "标准", "basis": "pieces", "areas": [], "elsewhere": rate, "default": true });
    office.put(&format!("/hq/freight-templates/{template}"), terms).await.done();
    let sends = json!({ "stores": [STORE], "sends": true, "template_id": template, "priority": 10 });
    office.put("/hq/express-stores", sends).await.done();
    let home = json!({
        "id": address, "name": "小林", "phone": "13800000560", "region_code": "310100", "detail": "人民大道 1 号",
        "point": { "latitude": 31.2304, "longitude": 121.4737 },
    });
    buyer.post("/me/addresses", home).await.done();
    address
}

#[tokio::test]
async fn a_parcel_that_was_being_sent_leaves_once_and_is_taken_once() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let manager = mortal.town.staff("manager").await;
    let buyer = mortal.town.member("13800000562").await;
    let goods = buyer.goods(STORE, TIN).await;
    let address = offer_express(&mortal, &buyer).await;
    let points = [Dispatch, Deliver].map(|act| [FaultPoint::StepWritten(act), FaultPoint::StepCommitted(act)]);
    for (sent, point) in (1..).zip(points.into_iter().flatten()) {
        let [order, _] = paid(&mut mortal, &buyer, (&goods, 1), Some(&address)).await;
        manager.post(&format!("/console/orders/{order}/accept"), json!({})).await.done();
        mortal.until_it_ends_at(point).await;
        let id = Uuid::now_v7();
        let parcel = json!({
            "id": id, "carrier": "shunfeng", "tracking_number": id.simple().to_string(), "lines": [],
        });
        mortal.twice(&manager, Method::POST, &format!("/console/orders/{order}/parcels"), &parcel).await;
        mortal.twice(&buyer, Method::POST, &format!("/orders/{order}/receipt"), &json!({})).await;
        assert_eq!(mortal.point, None, "the server did not end there");
        mortal.comes_to(&buyer, &order, "completed", SOON).await;
        assert_eq!(buyer.available(&goods, TIN).await, goods.available - sent, "{point:?}");
        mortal.town.check_books().await;
    }
}

#[tokio::test]
async fn what_was_being_ended_unsent_is_on_the_shelf_once_and_its_money_goes_back_once() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let manager = mortal.town.staff("manager").await;
    let buyer = mortal.town.member("13800000563").await;
    let goods = buyer.goods(STORE, TIN).await;
    let address = offer_express(&mortal, &buyer).await;
    let mut orders = Vec::new();
    for (sent, point) in (1..).zip(around(Deed::EndUnsent)) {
        let [order, _] = paid(&mut mortal, &buyer, (&goods, 2), Some(&address)).await;
        manager.post(&format!("/console/orders/{order}/accept"), json!({})).await.done();
        let (id, lines) = (Uuid::now_v7(), json!([{ "line": 1, "quantity": 1 }]));
        let parcel = json!({
            "id": id, "carrier": "shunfeng", "tracking_number": id.simple().to_string(), "lines": lines,
        });
        manager.post(&format!("/console/orders/{order}/parcels"), parcel).await.done();
        mortal.until_it_ends_at(point).await;
        let end = json!({ "id": Uuid::now_v7(), "lines": lines, "reason": "缺货", "fate": "shelve" });
        mortal.twice(&manager, Method::POST, &format!("/console/orders/{order}/unsent-ends"), &end).await;
        assert_eq!(mortal.point, None, "the server did not end there");
        assert_eq!(buyer.available(&goods, TIN).await, goods.available - sent, "{point:?}");
        mortal.town.check_books().await;
        orders.push(order);
    }
    for order in orders {
        until("the money is back", AFTER_A_MINUTE, async || {
            buyer.order(&order).await["refunded_fen"] == goods.price_fen
        })
        .await;
    }
    mortal.town.check_books().await;
}

#[tokio::test]
async fn a_parcel_that_came_back_is_on_the_shelf_once_and_its_money_goes_back_once() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let manager = mortal.town.staff("manager").await;
    let buyer = mortal.town.member("13800000565").await;
    let goods = buyer.goods(STORE, TIN).await;
    let address = offer_express(&mortal, &buyer).await;
    let mut orders = Vec::new();
    for point in around(Deed::TakeBackParcel) {
        let [order, _] = paid(&mut mortal, &buyer, (&goods, 2), Some(&address)).await;
        manager.post(&format!("/console/orders/{order}/accept"), json!({})).await.done();
        let id = Uuid::now_v7();
        let parcel = json!({
            "id": id, "carrier": "shunfeng", "tracking_number": id.simple().to_string(), "lines": [],
        });
        let path = format!("/console/orders/{order}/parcels");
        manager.post(&path, parcel).await.done();
        mortal.until_it_ends_at(point).await;
        let back = json!({ "afterwards": "refund", "reason": "收件人拒收", "spoilt": false });
        mortal.twice(&manager, Method::POST, &format!("{path}/{id}/return"), &back).await;
        assert_eq!(mortal.point, None, "the server did not end there");
        assert_eq!(buyer.available(&goods, TIN).await, goods.available, "{point:?}");
        mortal.town.check_books().await;
        orders.push(order);
    }
    for order in orders {
        let paid_fen = buyer.order(&order).await["total_fen"].clone();
        until("the money is back", AFTER_A_MINUTE, async || buyer.order(&order).await["refunded_fen"] == paid_fen)
            .await;
    }
    mortal.town.check_books().await;
}
