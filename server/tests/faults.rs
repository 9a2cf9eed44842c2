//! What goes wrong outside: killed processes, a gateway that repeats, fails or is silent, and
//! everybody wanting the last piece. Nothing is lost, nothing happens twice.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::join_all;
use nix::sys::signal::{Signal, kill};
use reqwest::{Method, header};
use serde_json::{Value, json};
use support::{
    STORE, TEA, Town,
    program::{Goods, Program, times},
    until,
};
use tokio::sync::Barrier;
use uuid::Uuid;

const SOON: Duration = Duration::from_secs(15);
/// A store in another city.
const ELSEWHERE: &str = "QH-HZ-001";

#[tokio::test(flavor = "multi_thread")]
async fn of_64_buyers_of_the_last_10_pieces_10_get_one_and_54_are_told() {
    const BUYERS: usize = 64;
    const LEFT: i64 = 10;
    let town = Town::start().await;
    let first = town.member("13800000020").await;
    let goods = first.goods(STORE, TEA).await;
    first.place(&goods, goods.available - LEFT).await;

    let phones = (0..BUYERS).map(|buyer| format!("139000000{buyer:02}"));
    let buyers: Vec<_> = phones
        .map(async |phone| {
            let buyer = town.member(&phone).await;
            buyer.put("/cart/lines", goods.line(json!(1))).await.done();
            let order = buyer.order_for_cart(&goods.store_id).await;
            (buyer, order)
        })
        .collect();
    let buyers = join_all(buyers).await;
    let start = Arc::new(Barrier::new(BUYERS));
    let placing = buyers.into_iter().map(|(buyer, order)| {
        let start = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            buyer.post("/orders", order).await
        })
    });
    let answers = join_all(placing.collect::<Vec<_>>()).await;
    let mut placed = 0;
    for answer in answers {
        let answer = answer.unwrap();
        if answer.status == 200 {
            placed += 1;
        } else {
            let problem = answer.refused(409, "sold_out");
            assert!(problem["detail"].as_str().unwrap().contains("已售罄"), "{problem}");
        }
    }
    assert_eq!(placed, LEFT);
    assert_eq!(first.available(&goods, TEA).await, 0);
    town.check_books().await;
}

#[tokio::test]
async fn an_order_paid_while_the_server_is_down_is_paid_exactly_once() {
    let mut town = Town::start().await;
    let member = town.member("13800000021").await;
    let goods = member.goods(STORE, TEA).await;
    let (told, untold) = (member.place(&goods, 1).await, member.place(&goods, 2).await);
    let (told_payment, untold_payment) = (member.start_payment(&told).await, member.start_payment(&untold).await);
    let begun = Instant::now();
    // One callback comes while nobody listens, and is repeated; the other never comes.
    town.pay_at_gateway(&told_payment.out_trade_no, json!({ "delay_s": 1 })).await;
    town.pay_at_gateway(&untold_payment.out_trade_no, json!({ "silent": true })).await;
    town.kill_server();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(town.health().await, None);
    town.start_server().await;

    let told = member.order_in(&told, "paid", SOON).await;
    assert_eq!((times(&told, "pay"), &told["paid_fen"]), (1, &told["total_fen"]));
    // Nobody tells of the other; the server asks by itself 30 s after the payment began.
    let untold = member.order_in(&untold, "paid", Duration::from_secs(60)).await;
    assert!(begun.elapsed() > Duration::from_secs(25), "who told?");
    assert_eq!((times(&untold, "pay"), &untold["paid_fen"]), (1, &untold["total_fen"]));
    town.check_books().await;
}

#[tokio::test]
async fn one_payment_of_two_orders_is_found_by_asking_and_goes_back_for_one_alone() {
    let town = Town::start().await;
    let member = town.member("13800000023").await;
    let goods = [member.goods(STORE, TEA).await, member.goods(ELSEWHERE, TEA).await];
    let (checkout, orders) = member.place_together(&goods).await;
    let payment = Uuid::now_v7();
    let path = format!("/checkouts/{checkout}/payments");
    member.post(&path, json!({ "id": payment, "cashier": "h5" })).await.done();
    town.pay_at_gateway(&payment.simple().to_string(), json!({ "silent": true })).await;
    for order in &orders {
        let paid = member.order_in(order, "paid", Duration::from_secs(50)).await;
        assert_eq!((times(&paid, "pay"), &paid["paid_fen"]), (1, &paid["total_fen"]));
    }
    member.post(&format!("/orders/{}/cancel", orders[1]), json!({})).await;
    until("the share is back", SOON, async || {
        let seen = member.order(&orders[1]).await;
        seen["refunded_fen"] == seen["total_fen"]
    })
    .await;
    assert_eq!(member.order(&orders[0]).await["refunded_fen"], 0);
    town.check_books().await;
}

/// What a load of requests was answered.
#[derive(Default)]
struct Seen(Mutex<BTreeMap<String, usize>>);

impl Seen {
    fn note(&self, what: String) {
        *self.0.lock().unwrap().entry(what).or_default() += 1;
    }

    fn count(&self, what: &str) -> usize {
        self.0.lock().unwrap().get(what).copied().unwrap_or(0)
    }

    /// What is neither a success nor the named refusals.
    fn odd(&self) -> Vec<String> {
        let expected = ["200", "204", "503 upstream", "409 too_many_unpaid", "page 200", "page 503"];
        self.0.lock().unwrap().keys().filter(|what| !expected.contains(&what.as_str())).cloned().collect()
    }
}

/// Reads, fills the cart, orders and calls off, again and again.
async fn shop_on(member: Program, goods: Goods, seen: Arc<Seen>, ending: Arc<AtomicBool>) {
    let note = |answer: &support::program::Answer| {
        let code = answer.body["code"].as_str().filter(|_| answer.status >= 400);
        seen.note(code.map_or(answer.status.to_string(), |code| format!("{} {code}", answer.status)));
        answer.status < 300
    };
    while !ending.load(Ordering::Relaxed) {
        note(&member.get(&format!("/stores/{}/products", goods.store_id)).await);
        let filled = member.put("/cart/lines", goods.line(json!(1))).await;
        let quote = member.get(&format!("/cart/quotes/{}", goods.store_id)).await;
        if !note(&filled) || !note(&quote) || quote.body["lines"].as_array().unwrap().is_empty() {
            continue;
        }
        let id = Uuid::now_v7();
        let order = json!({
            "id": id, "store_id": goods.store_id, "slot": quote.body["slots"][0]["start"],
            "expected_total_fen": quote.body["total_fen"],
        });
        if note(&member.post("/orders", order).await) {
            note(&member.post(&format!("/orders/{id}/cancel"), json!({})).await);
        }
    }
}

/// Opens pages, and sees to it that one that fails says so in words.
async fn look_on(town: &Town, seen: Arc<Seen>, ending: Arc<AtomicBool>) {
    let mut browser = town.browser();
    while !ending.load(Ordering::Relaxed) {
        let page = browser.open(&format!("/s/{STORE}")).await;
        if page.status == 503 {
            assert!(page.html.contains("数据库暂时没有响应，请稍后再试"), "{}", page.html);
            assert!(page.html.contains(page.headers["x-request-id"].to_str().unwrap()));
        }
        seen.note(format!("page {}", page.status));
    }
}

/// Kills whatever PostgreSQL there is, again and again; answers how often.
async fn kill_postgres_for(town: &Town, long: Duration) -> usize {
    let (begun, mut kills) = (Instant::now(), 0);
    while begun.elapsed() < long {
        // One found may have ended by itself meanwhile.
        kills += town.postgres().filter(|postgres| kill(*postgres, Signal::SIGKILL).is_ok()).iter().count();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    kills
}

#[tokio::test(flavor = "multi_thread")]
async fn while_postgres_is_killed_again_and_again_answers_are_503_and_then_all_is_well_by_itself() {
    /// Longer than a request waits for a connection, so that some must be refused.
    const OUTAGE: Duration = Duration::from_secs(8);
    let town = Town::start().await;
    let goods = town.visitor().goods(STORE, TEA).await;
    let (seen, ending) = (Arc::new(Seen::default()), Arc::new(AtomicBool::new(false)));
    let mut shopping = Vec::new();
    for member in 0..8 {
        let member = town.member(&format!("1370000000{member}")).await;
        shopping.push(tokio::spawn(shop_on(member, goods.clone(), seen.clone(), ending.clone())));
    }
    let killing = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (kills, health) = tokio::join!(kill_postgres_for(&town, OUTAGE), async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            town.health().await
        });
        assert!(kills > 1, "PostgreSQL was not started again");
        assert_eq!(health, Some(503));
        let visitor = town.visitor();
        until("everything is answered again", Duration::from_secs(15), async || {
            town.health().await == Some(200) && visitor.get("/stores").await.status == 200
        })
        .await;
        // It stays so, for whoever shops meanwhile.
        let before = seen.count("200");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(seen.count("200") > before, "nobody is served");
        ending.store(true, Ordering::Relaxed);
    };
    tokio::join!(killing, look_on(&town, seen.clone(), ending.clone()));
    for done in join_all(shopping).await {
        done.unwrap();
    }
    assert!(seen.count("503 upstream") > 0 && seen.count("page 503") > 0, "{:?}", seen.0);
    assert_eq!(seen.odd(), Vec::<String>::new(), "{:?}", seen.0);
    town.check_books().await;
}

#[tokio::test]
async fn told_to_end_the_server_ends_its_streams_and_its_postgres_within_three_seconds() {
    let mut town = Town::start().await;
    let clerk = town.staff("clerk").await;
    let member = town.member("13800000022").await;
    let goods = member.goods(STORE, TEA).await;
    let order = member.place(&goods, 1).await;
    let board = town.raw(Method::GET, "/console/events");
    let cookie = format!("mendian-staff={}", clerk.token());
    let mut board = board.header(header::COOKIE, cookie).send().await.unwrap();
    let own = town.raw(Method::GET, &format!("/orders/{order}/events"));
    let own = own.header(header::COOKIE, format!("mendian={}", member.token())).send().await.unwrap();
    for stream in [&board, &own] {
        assert_eq!(stream.status(), 200);
        assert_eq!(stream.headers()[header::CONTENT_TYPE], "text/event-stream");
    }
    let payment = member.start_payment(&order).await;
    town.pay_at_gateway(&payment.out_trade_no, json!({})).await;
    let rings = async {
        let mut heard = String::new();
        while !(heard.contains("event: new") && heard.contains(&order)) {
            heard.push_str(&String::from_utf8_lossy(&board.chunk().await.unwrap().unwrap()));
        }
    };
    tokio::time::timeout(SOON, rings).await.expect("the board does not ring for a paid order");
    assert!(!town.processes_in_data().is_empty());

    let took = town.terminate_server().await;
    assert!(took < Duration::from_secs(3), "it took {took:?}");
    assert_eq!(town.processes_in_data(), Vec::<String>::new());
    let rest = async { while matches!(board.chunk().await, Ok(Some(_))) {} };
    tokio::time::timeout(Duration::from_secs(1), rest).await.expect("the stream is still open");
    // What was true before is true after.
    town.start_server().await;
    assert_eq!(member.order_in(&order, "paid", SOON).await["id"], order.as_str());
    town.check_books().await;
}

#[tokio::test]
async fn a_gateway_that_fails_repeats_or_refuses_is_borne_with() {
    let town = Town::start().await;
    let member = town.member("13800000023").await;
    let goods = member.goods(STORE, TEA).await;
    let order = member.place(&goods, 1).await;

    // It fails twice: the same request is refused, refused, and then leads to the cashier.
    town.control_gateway(json!({ "fail_next": 2 })).await;
    let (id, path) = (Uuid::now_v7(), format!("/orders/{order}/payments"));
    let pay = json!({ "id": id, "cashier": "h5" });
    for _ in 0..2 {
        let problem = member.post(&path, pay.clone()).await.refused(503, "upstream");
        assert!(problem["detail"].as_str().unwrap().contains("支付通道"), "{problem}");
        assert_eq!(member.order(&order).await["state"], "placed");
    }
    let url = member.post(&path, pay.clone()).await.done()["url"].clone();
    assert_eq!(member.post(&path, pay).await.done()["url"], url);

    // It tells four times: the order is paid once.
    town.pay_at_gateway(&id.simple().to_string(), json!({ "repeat": 3 })).await;
    member.order_in(&order, "paid", SOON).await;
    until("every callback is delivered", SOON, async || town.gateway_page().await.contains("待发通知 0 条")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let paid = member.order(&order).await;
    assert_eq!((times(&paid, "pay"), &paid["paid_fen"]), (1, &paid["total_fen"]));
    member.post(&path, json!({ "id": Uuid::now_v7(), "cashier": "h5" })).await.refused(409, "not_payable");

    pay_twice(&town, &member, &goods).await;
    town.check_books().await;
}

/// Two payments of one order, both paid: one is kept, the other goes back by itself.
async fn pay_twice(town: &Town, member: &Program, goods: &Goods) {
    let order = member.place(goods, 1).await;
    let (first, second) = (member.start_payment(&order).await, member.start_payment(&order).await);
    town.pay_at_gateway(&first.out_trade_no, json!({})).await;
    town.pay_at_gateway(&second.out_trade_no, json!({})).await;
    until("the second payment is back", SOON, async || {
        let order = member.order(&order).await;
        let (paid, refunded) = (order["paid_fen"].as_i64().unwrap(), order["refunded_fen"].as_i64().unwrap());
        refunded > 0 && paid == 2 * refunded
    })
    .await;
    let order: Value = member.order(&order).await;
    assert_eq!((&order["state"], times(&order, "pay")), (&json!("paid"), 1));
    assert_eq!(order["refunded_fen"], order["total_fen"]);
}
