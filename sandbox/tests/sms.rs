//! The carrier of short messages, driven by the sender the server uses.

#![allow(clippy::unwrap_used, reason = "in a test, the panic is the report")]

mod party;

use partners::sms::{SmsFailure, SmsSender};
use party::{Party, client};
use serde_json::{Value, json};

async fn messages(party: &Party, query: &str) -> Vec<Value> {
    client().get(format!("{}/messages{query}", party.url)).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_sent_message_stands_in_the_inbox_newest_first_and_can_be_found_by_its_number() {
    let party = Party::start(&["sms"]);
    let sender = SmsSender::new(&party.url).unwrap();
    sender.send("13800000001", "验证码 111111").await.unwrap();
    sender.send("13800000002", "验证码 222222").await.unwrap();
    sender.send("13800000001", "<b>333333</b>").await.unwrap();
    assert_eq!(messages(&party, "").await.len(), 3);
    let found = messages(&party, "?phone=13800000001").await;
    let texts: Vec<_> = found.iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["<b>333333</b>", "验证码 111111"]);
    let page = client().get(&party.url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("222222") && !page.contains("<b>"), "{page}");
}

#[tokio::test]
async fn only_the_last_500_messages_are_kept() {
    let party = Party::start(&["sms"]);
    let sender = SmsSender::new(&party.url).unwrap();
    for number in 0..503 {
        sender.send("13800000001", &number.to_string()).await.unwrap();
    }
    let kept = messages(&party, "").await;
    assert_eq!((kept.len(), kept[0]["text"].as_str(), kept[499]["text"].as_str()), (500, Some("502"), Some("3")));
}

#[tokio::test]
async fn it_fails_on_command_as_often_as_told() {
    let party = Party::start(&["sms"]);
    let sender = SmsSender::new(&party.url).unwrap();
    client().post(format!("{}/control", party.url)).json(&json!({"fail_next": 1})).send().await.unwrap();
    assert!(matches!(sender.send("1", "a").await, Err(SmsFailure::Refused { status: 500 })));
    sender.send("1", "b").await.unwrap();
    assert_eq!(messages(&party, "").await.len(), 1);
}

#[tokio::test]
async fn a_sender_gives_up_after_three_seconds() {
    let party = Party::start(&["sms"]);
    let sender = SmsSender::new(&party.url).unwrap();
    client().post(format!("{}/control", party.url)).json(&json!({"delay_ms": 20_000})).send().await.unwrap();
    assert!(matches!(sender.send("1", "a").await, Err(SmsFailure::Unreachable(_))));
}
