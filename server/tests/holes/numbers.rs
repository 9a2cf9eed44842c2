//! The number on an order's slip tells nothing of other orders, and opens none.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use crate::support::{STORE, TEA, Town};

/// Orders placed one after the other.
const ORDERS: usize = 12;
/// Numbers nearer to each other than this would look like a sequence; by chance two of these are in 1 of 75,000 runs.
const NEAR: u64 = 1_000;

#[tokio::test]
async fn an_orders_number_tells_nothing_of_the_next_and_opens_nothing() {
    let town = Town::start().await;
    let buyer = town.member("13800000073").await;
    let goods = buyer.goods(STORE, TEA).await;
    let (mut numbers, mut code, mut id) = (Vec::new(), String::new(), String::new());
    for at in 0..ORDERS {
        id = buyer.place(&goods, 1).await;
        if at + 1 < ORDERS {
            buyer.post(&format!("/orders/{id}/cancel"), json!({})).await.done();
        } else {
            town.pay(&buyer, &id).await;
            code = buyer.order(&id).await["pickup_code"].as_str().unwrap().to_owned();
        }
        numbers.push(buyer.order(&id).await["number"].as_str().unwrap().to_owned());
    }

    let days: BTreeSet<&str> = numbers.iter().map(|number| &number[..6]).collect();
    // Midnight may pass.
    assert!(days.len() <= 2, "{numbers:?}");
    let rest: Vec<u64> = numbers.iter().map(|number| number[6..].parse().unwrap()).collect();
    assert!(numbers.iter().all(|number| number.len() == 16), "{numbers:?}");
    assert!(!rest.is_sorted() && !rest.is_sorted_by(|one, next| one > next), "a sequence: {numbers:?}");
    for (at, one) in rest.iter().enumerate() {
        for other in &rest[at + 1..] {
            assert!(one.abs_diff(*other) > NEAR, "{one} and {other} lie near each other: {numbers:?}");
        }
    }
    for place in 6..16 {
        let digits: BTreeSet<u8> = numbers.iter().map(|number| number.as_bytes()[place]).collect();
        assert!(digits.len() > 1, "digit {place} never changes: {numbers:?}");
    }

    // Whoever knows or guesses one finds nothing by it.
    let number = &numbers[ORDERS - 1];
    let (other, visitor) = (town.member("13800000074").await, town.visitor());
    for guess in [number, &code] {
        other.get(&format!("/orders/{guess}")).await.refused(404, "not_found");
        let found = other.get(&format!("/orders?q={guess}")).await.done();
        assert_eq!(found["items"], json!([]), "{guess}");
        assert_eq!(visitor.get(&format!("/orders?q={guess}")).await.status, 401);
        for path in [format!("/orders/{guess}"), format!("/orders?q={guess}"), format!("/s/{STORE}?q={guess}")] {
            let cookie = format!("mendian={}", other.token());
            let page = town.raw(Method::GET, &path).header("cookie", cookie).send().await.unwrap();
            let (status, text) = (page.status(), page.text().await.unwrap());
            assert!(!text.contains(&id), "{path} leads to another's order: {status} {text}");
            assert!(status == 404 || !path.starts_with("/orders/"), "{path}: {status}");
        }
    }
    // A clerk finds it at its own store, and one of another store does not.
    let clerk = town.staff("clerk").await;
    let cookie = format!("mendian-staff={}", clerk.token());
    let page = town.raw(Method::GET, &format!("/console/orders?q={number}")).header("cookie", cookie);
    assert!(page.send().await.unwrap().text().await.unwrap().contains(&id), "the search itself works");
    town.check_books().await;
}
