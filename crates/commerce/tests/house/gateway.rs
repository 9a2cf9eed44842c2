//! What the gateway says, made by hand: the notices that `partners` hands over once it has
//! verified them. No gateway runs, so whatever asks it fails as in an outage, but where a test has one
//! of its own (`stand_in`).

use std::{fs, path::Path};

use partners::wechat_pay::{
    Event, Merchant, Notice, PlatformKey, Refund, RefundState, TradeState, Transaction, WeChatPay,
    wire::{Paid, Refunded},
};
use rsa::{
    RsaPrivateKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding},
    rand_core::OsRng,
};
use uuid::Uuid;

pub const MERCHANT: &str = "1900000001";
pub const APP: &str = "wx5a9db00000000001";

/// The id of the only key of the gateway.
pub const KEY_ID: &str = "PUB_KEY_ID_1";

/// A client whose gateway is out of reach: nothing listens at that address.
pub fn wechat_pay() -> WeChatPay {
    wechat_pay_at("http://127.0.0.1:9")
}

/// A client of the gateway at this address.
pub fn wechat_pay_at(base_url: &str) -> WeChatPay {
    let key = key();
    let merchant = Merchant {
        mch_id: MERCHANT.into(),
        app_id: APP.into(),
        merchant_serial: "1".into(),
        merchant_key_pem: key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string(),
        platform_keys: vec![PlatformKey {
            id: KEY_ID.into(),
            public_key_pem: key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap(),
        }],
        api_v3_key: "0123456789abcdef0123456789abcdef".into(),
        base_url: base_url.into(),
        sample: true,
    };
    WeChatPay::new(merchant, "http://127.0.0.1:3000").unwrap()
}

/// Any key will do, and making one takes a second: the first test to need it leaves it in the
/// build's own folder for the others.
pub fn key() -> RsaPrivateKey {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commerce-tests.pem");
    if let Some(key) = fs::read_to_string(&kept).ok().and_then(|pem| RsaPrivateKey::from_pkcs8_pem(&pem).ok()) {
        return key;
    }
    let key = RsaPrivateKey::new(&mut OsRng, 2048).unwrap();
    // Renamed into place, so that a test beside this one never reads half a key.
    let draft = kept.with_extension(Uuid::new_v4().to_string());
    fs::write(&draft, key.to_pkcs8_pem(LineEnding::LF).unwrap()).unwrap();
    fs::rename(&draft, &kept).unwrap();
    key
}

/// A transaction that was paid in full.
pub fn paid(out_trade_no: &str, total_fen: i64) -> Transaction {
    Transaction {
        mchid: MERCHANT.into(),
        appid: Some(APP.into()),
        out_trade_no: out_trade_no.into(),
        transaction_id: Some(format!("42{out_trade_no}")),
        trade_type: Some("MWEB".into()),
        trade_state: TradeState::Success,
        trade_state_desc: None,
        bank_type: None,
        success_time: None,
        payer: None,
        amount: Some(Paid {
            total: total_fen,
            payer_total: Some(total_fen),
            currency: Some("CNY".into()),
            payer_currency: Some("CNY".into()),
        }),
    }
}

/// A refund that came to this end.
pub fn refund(out_refund_no: &str, refund_fen: i64, status: RefundState) -> Refund {
    Refund {
        mchid: Some(MERCHANT.into()),
        refund_id: format!("50{out_refund_no}"),
        out_refund_no: out_refund_no.into(),
        transaction_id: "42".into(),
        out_trade_no: "1".into(),
        status,
        success_time: None,
        user_received_account: None,
        amount: Refunded {
            total: refund_fen,
            refund: refund_fen,
            payer_total: None,
            payer_refund: None,
            currency: None,
        },
    }
}

/// A notice with an id of its own.
pub fn notice(event: Event) -> Notice {
    let event_type = match event {
        Event::Transaction(_) => "TRANSACTION.SUCCESS",
        Event::Refund(_) => "REFUND.SUCCESS",
    };
    Notice { id: Uuid::new_v4().to_string(), event_type: event_type.into(), event }
}
