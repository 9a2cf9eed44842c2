//! The rules a callback must pass, each broken once.

#![allow(clippy::unwrap_used, reason = "in a test, the panic is the report")]

use std::sync::LazyLock;

use rsa::{
    RsaPrivateKey,
    pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding},
    rand_core::OsRng,
};

use super::*;
use crate::wechat_pay::{
    signing::SigningKey,
    wire::{Paid, Refunded},
};

const NOW: i64 = 1_700_000_000;
const SERIAL: &str = "PUB_KEY_ID_0001";
const API_V3_KEY: &[u8] = b"a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb";

/// Keys are slow to make, so one test process makes one pair.
static KEYS: LazyLock<(SigningKey, VerifyingKey)> = LazyLock::new(|| {
    let key = RsaPrivateKey::new(&mut OsRng, 2048).unwrap();
    let private = key.to_pkcs8_pem(LineEnding::LF).unwrap();
    let public = key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
    (SigningKey::from_pkcs8_pem(&private).unwrap(), VerifyingKey::from_public_key_pem(&public).unwrap())
});

fn api_v3_key() -> ApiV3Key {
    ApiV3Key::new(API_V3_KEY).unwrap()
}

fn platform_keys() -> PlatformKeys {
    PlatformKeys::new([(SERIAL.to_owned(), KEYS.1.clone())])
}

fn transaction() -> Transaction {
    Transaction {
        mchid: "1900000109".into(),
        appid: Some("wx8888888888888888".into()),
        out_trade_no: "order-0001".into(),
        transaction_id: Some("4200000000202311150000000001".into()),
        trade_type: Some("MWEB".into()),
        trade_state: TradeState::Success,
        trade_state_desc: Some("支付成功".into()),
        bank_type: Some("OTHERS".into()),
        success_time: Some("2023-11-15T06:13:20+08:00".into()),
        payer: None,
        amount: Some(Paid { total: 1280, payer_total: Some(1280), currency: Some("CNY".into()), payer_currency: None }),
    }
}

fn refund() -> Refund {
    Refund {
        mchid: Some("1900000109".into()),
        refund_id: "5030000000".into(),
        out_refund_no: "refund-0001".into(),
        transaction_id: "4200000000202311150000000001".into(),
        out_trade_no: "order-0001".into(),
        status: RefundState::Abnormal,
        success_time: None,
        user_received_account: Some("招商银行信用卡0403".into()),
        amount: Refunded { total: 1280, refund: 300, payer_total: Some(1280), payer_refund: Some(300), currency: None },
    }
}

fn sealed(event: &Event) -> Vec<u8> {
    let body = NoticeBody::seal(&api_v3_key(), "notice-1", "2023-11-15T06:13:20+08:00", event).unwrap();
    serde_json::to_vec(&body).unwrap()
}

fn signed(body: &[u8]) -> CallbackHeaders {
    CallbackHeaders::sign(&KEYS.0, SERIAL, body, NOW)
}

fn opened(headers: &CallbackHeaders, body: &[u8], now_unix_s: i64) -> Result<Notice, Refusal> {
    open(&platform_keys(), &api_v3_key(), headers, body, now_unix_s)
}

#[test]
fn the_documented_vector_opens_and_nothing_beside_it() {
    let (key, ciphertext) = (api_v3_key(), "ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=");
    assert_eq!(key.open("uluk4a9R25RW", "associatedData", ciphertext).as_deref(), Some(&b"message"[..]));
    assert_eq!(key.open("uluk4a9R25RW", "associatedDatA", ciphertext), None);
    assert_eq!(key.open("uluk4a9R25RW", "", ciphertext), None);
    assert_eq!(key.open("uluk4a9R25Rw", "associatedData", ciphertext), None);
    assert_eq!(key.open("uluk4a9R25R", "associatedData", ciphertext), None);
    assert_eq!(key.seal("uluk4a9R25RW", "associatedData", b"message").as_deref(), Some(ciphertext));
    assert!(ApiV3Key::new(&API_V3_KEY[1..]).is_err());
}

#[test]
fn a_signed_and_sealed_transaction_is_opened() {
    let body = sealed(&Event::Transaction(transaction()));
    let notice = opened(&signed(&body), &body, NOW + 299).unwrap();
    assert_eq!((notice.id.as_str(), notice.event_type.as_str()), ("notice-1", "TRANSACTION.SUCCESS"));
    assert_eq!(notice.event, Event::Transaction(transaction()));
    let stored = serde_json::to_string(&notice).unwrap();
    assert_eq!(serde_json::from_str::<Notice>(&stored).unwrap(), notice);
}

#[test]
fn a_refunds_state_travels_under_its_other_name() {
    let body = sealed(&Event::Refund(refund()));
    let notice = opened(&signed(&body), &body, NOW).unwrap();
    assert_eq!((notice.event_type.as_str(), notice.event), ("REFUND.ABNORMAL", Event::Refund(refund())));
    let body: NoticeBody = serde_json::from_slice(&body).unwrap();
    let plain = api_v3_key().open(&body.resource.nonce, "refund", &body.resource.ciphertext).unwrap();
    let plain: serde_json::Value = serde_json::from_slice(&plain).unwrap();
    assert_eq!(plain.get("refund_status").and_then(|status| status.as_str()), Some("ABNORMAL"));
    assert_eq!(plain.get("status"), None);
}

#[test]
fn a_clock_difference_of_five_minutes_is_refused_in_both_directions() {
    let body = sealed(&Event::Transaction(transaction()));
    for now in [NOW + 300, NOW - 300, i64::MIN, i64::MAX] {
        assert_eq!(opened(&signed(&body), &body, now), Err(Refusal::Clock));
    }
    let headers = CallbackHeaders { timestamp: Some("soon".into()), ..signed(&body) };
    assert_eq!(opened(&headers, &body, NOW), Err(Refusal::Clock));
}

#[test]
fn any_missing_header_is_refused() {
    let body = sealed(&Event::Transaction(transaction()));
    let whole = signed(&body);
    for without in [
        CallbackHeaders { timestamp: None, ..whole.clone() },
        CallbackHeaders { nonce: None, ..whole.clone() },
        CallbackHeaders { signature: None, ..whole.clone() },
        CallbackHeaders { serial: None, ..whole.clone() },
    ] {
        assert!(matches!(opened(&without, &body, NOW), Err(Refusal::MissingHeader(_))), "{without:?}");
    }
}

#[test]
fn an_unknown_serial_is_refused() {
    let body = sealed(&Event::Transaction(transaction()));
    let headers = CallbackHeaders { serial: Some("PUB_KEY_ID_0002".into()), ..signed(&body) };
    assert_eq!(opened(&headers, &body, NOW), Err(Refusal::UnknownSerial("PUB_KEY_ID_0002".into())));
}

#[test]
fn a_changed_body_time_or_nonce_is_refused_before_anything_is_decrypted() {
    let body = sealed(&Event::Transaction(transaction()));
    let headers = signed(&body);
    let longer = [&body[..], b" "].concat();
    assert_eq!(opened(&headers, &longer, NOW), Err(Refusal::BadSignature));
    assert_eq!(opened(&headers, b"not even json", NOW), Err(Refusal::BadSignature));
    let later = CallbackHeaders { timestamp: Some((NOW + 1).to_string()), ..headers.clone() };
    assert_eq!(opened(&later, &body, NOW), Err(Refusal::BadSignature));
    let other = CallbackHeaders { nonce: Some("another".into()), ..headers };
    assert_eq!(opened(&other, &body, NOW), Err(Refusal::BadSignature));
}

#[test]
fn a_probe_with_a_deliberately_wrong_signature_is_refused_like_any() {
    let body = sealed(&Event::Transaction(transaction()));
    let probe = "WECHATPAY/SIGNTEST/".to_owned() + &"A".repeat(344 - 19);
    for signature in ["WECHATPAY/SIGNTEST/abc=", &probe] {
        let headers = CallbackHeaders { signature: Some(signature.to_owned()), ..signed(&body) };
        assert_eq!(opened(&headers, &body, NOW), Err(Refusal::BadSignature));
    }
}

#[test]
fn a_resource_sealed_with_another_key_is_refused() {
    let other = ApiV3Key::new(&[b'x'; 32]).unwrap();
    let body = NoticeBody::seal(&other, "notice-1", "", &Event::Transaction(transaction())).unwrap();
    let body = serde_json::to_vec(&body).unwrap();
    assert_eq!(opened(&signed(&body), &body, NOW), Err(Refusal::Undecryptable));
}

#[test]
fn a_transaction_without_its_amount_number_or_app_is_refused() {
    for event in [
        Transaction { amount: None, ..transaction() },
        Transaction { transaction_id: None, ..transaction() },
        Transaction { appid: None, ..transaction() },
        Transaction { trade_state: TradeState::NotPay, ..transaction() },
    ] {
        let body = sealed(&Event::Transaction(event));
        assert!(matches!(opened(&signed(&body), &body, NOW), Err(Refusal::Malformed(_))));
    }
}

#[test]
fn a_body_without_one_of_its_fields_is_refused() {
    let whole: serde_json::Value = serde_json::from_slice(&sealed(&Event::Transaction(transaction()))).unwrap();
    for field in ["id", "create_time", "resource_type", "event_type", "summary", "resource"] {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(field);
        let body = serde_json::to_vec(&body).unwrap();
        assert!(matches!(opened(&signed(&body), &body, NOW), Err(Refusal::Malformed(_))), "{field}");
    }
}
