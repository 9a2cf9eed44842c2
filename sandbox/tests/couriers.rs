//! Riders on call, driven by the client the server uses, misbehaviour included.

#![allow(clippy::unwrap_used, reason = "in a test, the panic is the report")]

mod party;

use std::path::PathBuf;

use partners::{
    couriers::{Account, Errand, Event, Failure, Place, Refusal, Riders, Status, signing, wire::NUMBER_TAKEN},
    wechat_pay::signing::new_nonce,
};
use party::{Party, client};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

struct Scene {
    party: Party,
    account: Account,
    riders: Riders,
}

impl Scene {
    fn new() -> Self {
        let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(new_nonce());
        let party = Party::start(&["couriers", "--data", data.to_str().unwrap()]);
        let account = Account::from_file(&data.join("account.json")).unwrap();
        Self { party, riders: Riders::new(account.clone()).unwrap(), account }
    }

    async fn post(&self, path: &str, body: Value) -> StatusCode {
        client().post(format!("{}{path}", self.party.url)).json(&body).send().await.unwrap().status()
    }

    async fn happen(&self, number: &str, status: Status, repeat: u32) {
        let body = json!({ "number": number, "status": status.number(), "repeat": repeat });
        assert_eq!(self.post("/sandbox/happen", body).await, StatusCode::NO_CONTENT);
    }
}

fn errand(number: &str, grams: i64) -> Errand {
    let place = |name: &str| Place {
        name: name.into(),
        phone: "13800000001".into(),
        address: "南京西路 1 号".into(),
        lng: "121.470000".into(),
        lat: "31.230000".into(),
    };
    Errand {
        number: number.into(),
        from: place("店"),
        to: place("收件人"),
        city: "上海市".into(),
        goods: "饮品".into(),
        pieces: 2,
        grams,
        worth_fen: 3_000,
        remark: String::new(),
    }
}

#[tokio::test]
async fn a_rider_is_quoted_called_once_under_our_number_looked_for_and_sent_away() {
    let scene = Scene::new();
    assert!(scene.account.sample);
    let price = scene.riders.quote(&errand("a", 6_500)).await.unwrap();
    assert_eq!((price.fee_fen, price.minutes), (1_000, Some(45)));
    assert_eq!(scene.riders.look("a").await.unwrap(), None, "asking what it costs calls nobody");
    let (theirs, fee) = scene.riders.call(&errand("a", 6_500)).await.unwrap();
    assert!(!theirs.is_empty() && fee == 1_000);
    let again = scene.riders.call(&errand("a", 6_500)).await.unwrap_err();
    assert!(matches!(again, Failure::Refused { code: NUMBER_TAKEN, .. }), "{again:?}");
    assert_eq!(scene.riders.look("a").await.unwrap(), Some(Vec::new()));
    scene.happen("a", Status::Accepted, 0).await;
    let feed = scene.riders.look("a").await.unwrap().unwrap();
    assert_eq!((feed.len(), feed[0].status()), (1, Some(Status::Accepted)));
    scene.riders.cancel("a", "顾客取消").await.unwrap();
    scene.riders.cancel("a", "顾客取消").await.unwrap();
    assert_eq!(scene.riders.look("a").await.unwrap().unwrap().len(), 2, "sent away once");
    scene.riders.call(&errand("b", 100)).await.unwrap();
    scene.happen("b", Status::PickedUp, 0).await;
    assert!(matches!(scene.riders.cancel("b", "x").await, Err(Failure::Refused { .. })), "who has the goods stays");
    assert!(matches!(scene.riders.cancel("none", "x").await, Err(Failure::Refused { .. })));
}

#[tokio::test]
async fn a_platform_that_fails_refuses_or_is_slow_is_told_apart() {
    let scene = Scene::new();
    scene.post("/control", json!({ "fail_next": 1 })).await;
    assert!(matches!(scene.riders.call(&errand("a", 1)).await, Err(Failure::Unreachable(_))));
    scene.post("/control", json!({ "refuse_next": 1 })).await;
    assert!(matches!(scene.riders.call(&errand("a", 1)).await, Err(Failure::Refused { .. })));
    scene.post("/control", json!({ "delay_ms": 6_000 })).await;
    assert!(matches!(scene.riders.call(&errand("a", 1)).await, Err(Failure::Unreachable(_))));
    scene.post("/control", json!({ "delay_ms": 0 })).await;
    assert!(scene.riders.look("a").await.unwrap().is_some(), "it was done all the same, and looking tells");
    let other = Riders::new(Account { dev_key: "wrong".into(), ..scene.account.clone() }).unwrap();
    assert!(matches!(other.quote(&errand("a", 1)).await, Err(Failure::Refused { code: 1_003, .. })));
}

#[tokio::test]
async fn callbacks_come_signed_repeated_and_in_the_wrong_order_when_told_to() {
    let scene = Scene::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/callbacks/couriers", listener.local_addr().unwrap());
    scene.post("/control", json!({ "callback_url": url })).await;
    let riders = scene.riders.clone();
    let heard = tokio::spawn(async move {
        let mut heard: Vec<Event> = Vec::new();
        while heard.len() < 4 {
            let (sign, body) = take(&listener, heard.len() != 1).await;
            assert_eq!(riders.open_callback(&sign, b"{}"), Err(Refusal::BadSignature));
            heard.push(riders.open_callback(&sign, &body).unwrap());
        }
        heard
    });
    scene.riders.call(&errand("a", 1)).await.unwrap();
    // The second is not taken at first, so it comes once more.
    scene.happen("a", Status::Accepted, 1).await;
    scene.post("/control", json!({ "hold_callbacks": true })).await;
    scene.happen("a", Status::PickedUp, 0).await;
    scene.happen("a", Status::Delivered, 0).await;
    let release = scene.post("/control", json!({ "release": true }));
    let (heard, _) =
        tokio::join!(heard, async { tokio::time::timeout(std::time::Duration::from_secs(5), release).await.ok() });
    let heard = heard.unwrap();
    assert_eq!(heard[0].id(), heard[1].id(), "a repetition has the same id");
    let statuses: Vec<_> = heard[2..].iter().map(|event| event.status()).collect();
    assert_eq!(statuses[0], Some(Status::Accepted), "what was not taken comes again");
    assert_eq!(statuses[1], Some(Status::Delivered), "the newest first");
    scene.post("/control", json!({ "drop_callbacks": true })).await;
    scene.happen("a", Status::Exception, 0).await;
    let fake = serde_json::to_vec(&json!({ "order_status": 17 })).unwrap();
    let sign = signing::sign(&fake, scene.account.dev_id, &scene.account.dev_key);
    assert!(matches!(scene.riders.open_callback(&sign, &fake), Err(Refusal::Malformed(_))));
}

/// Takes one request, or lets it fail; answers its signature and its body.
async fn take(listener: &TcpListener, good: bool) -> (String, Vec<u8>) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    let (head, length) = loop {
        let mut part = [0; 4_096];
        let read = stream.read(&mut part).await.unwrap();
        bytes.extend_from_slice(&part[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        break (head, end + 4 + length.unwrap_or(0usize));
    };
    while bytes.len() < length {
        let mut part = [0; 4_096];
        let read = stream.read(&mut part).await.unwrap();
        bytes.extend_from_slice(&part[..read]);
    }
    let answer = if good { r#"{"error_code":0,"error_msg":"success"}"# } else { r#"{"error_code":1}"# };
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{answer}",
        answer.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    let body = length - (head.len() + 4);
    let url = reqwest::Url::parse(&format!("http://x{}", head.split(' ').nth(1).unwrap())).unwrap();
    let sign = url.query_pairs().find(|(name, _)| name == "sign").map(|(_, value)| value.into_owned());
    (sign.unwrap_or_default(), bytes[bytes.len() - body..].to_vec())
}
