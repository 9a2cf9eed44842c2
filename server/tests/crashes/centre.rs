//! What head office does with several orders, and refunds that it has tried again.

use commerce::Deed;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    AFTER_A_MINUTE, SOON, around,
    mortal::Mortal,
    support::{STORE, TEA, Town, until},
};

/// One thing is done with several orders.
pub const BATCHES: [Deed; 2] = [Deed::StartOrderBatch, Deed::WorkOrderBatch];
/// A refund is tried again.
pub const RETRYING: [Deed; 1] = [Deed::RetryRefund];

#[tokio::test]
async fn a_batch_that_was_cut_off_is_done_with_each_order_once() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let buyer = mortal.town.member("13800000559").await;
    let office = mortal.town.staff("hq").await;
    let goods = buyer.goods(STORE, TEA).await;
    for point in BATCHES.into_iter().flat_map(around) {
        let mut orders = Vec::new();
        for _ in 0..2 {
            let order = buyer.place(&goods, 1).await;
            mortal.town.pay(&buyer, &order).await;
            orders.push(order);
        }
        let id = Uuid::now_v7();
        let draft = json!({ "id": id, "act": "call_off", "orders": orders, "reason": "门店停业" });
        let drafted = office.post("/hq/order-batches", draft).await.done();
        assert_eq!((&drafted["total"], &drafted["refused"]), (&json!(2), &json!(0)), "{drafted}");
        mortal.until_it_ends_at(point).await;
        mortal.twice(&office, Method::POST, &format!("/hq/order-batches/{id}/start"), &json!({})).await;
        for order in &orders {
            mortal.comes_to(&buyer, order, "cancelled", AFTER_A_MINUTE).await;
        }
        until("the batch is over", AFTER_A_MINUTE, async || {
            let batch = mortal.ask(&office, Method::GET, &format!("/hq/order-batches/{id}"), None).await.done();
            (&batch["state"], &batch["done"]) == (&json!("ended"), &json!(2))
        })
        .await;
        assert_eq!(mortal.point, None, "the server did not end there");
        until("the money is back", SOON, async || {
            let mut back = true;
            for order in &orders {
                let seen = buyer.order(order).await;
                back &= seen["refunded_fen"] == seen["paid_fen"];
            }
            back
        })
        .await;
        mortal.town.check_books().await;
    }
}

#[tokio::test]
async fn a_refund_whose_retry_was_cut_off_is_tried_again_under_its_number() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let buyer = mortal.town.member("13800000560").await;
    let [manager, office] = [mortal.town.staff("manager").await, mortal.town.staff("hq").await];
    let goods = buyer.goods(STORE, TEA).await;
    for point in RETRYING.into_iter().flat_map(around) {
        let order = buyer.place(&goods, 1).await;
        mortal.town.pay(&buyer, &order).await;
        mortal.town.control_gateway(json!({ "next_refund": "ABNORMAL" })).await;
        let path = format!("/console/orders/{order}/reject");
        manager.post(&path, json!({ "reason": "原料用完" })).await.done();
        let failed = async |tries: i64| -> Option<Value> {
            let open = office.get("/hq/refunds").await.done();
            let open = open["items"].as_array().unwrap().iter().find(|one| one["order_id"] == json!(order)).cloned();
            open.filter(|one| one["state"] == "abnormal" && one["tries"].as_i64() >= Some(tries))
        };
        until("the gateway has failed", SOON, async || failed(1).await.is_some()).await;
        let before = failed(1).await.unwrap();
        mortal.until_it_ends_at(point).await;
        let path = format!("/hq/refunds/{}/retry", before["id"].as_str().unwrap());
        mortal.twice(&office, Method::POST, &path, &json!({})).await;
        assert_eq!(mortal.point, None, "the server did not end there");
        until("it was asked again", SOON, async || failed(2).await.is_some()).await;
        assert_eq!(failed(2).await.unwrap()["out_refund_no"], before["out_refund_no"]);
        mortal.town.check_books().await;
    }
}
