//! Callbacks: verified over the raw bytes, then decrypted, and nothing believed before.
//!
//! Source: WeChat Pay's documents "支付成功回调通知", "退款结果回调通知", "证书和回调报文解密".

use std::collections::HashMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::{
    signing::{self, BadKey, CallbackHeaders, VerifyingKey},
    wire::{Refund, RefundState, TradeState, Transaction},
};

/// A clock difference of this much or more, in either direction, is refused: it bounds how long a
/// recorded message can be played again.
pub const CLOCK_DIFFERENCE_S: i64 = 300;

/// The only algorithm of a callback's resource.
const ALGORITHM: &str = "AEAD_AES_256_GCM";

/// Why something that claims to come from the gateway is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A header of the signature is absent.
    #[error("the header {0} is missing")]
    MissingHeader(&'static str),
    /// Signed too long ago, or in the future, or at no time at all.
    #[error("the clocks differ too much")]
    Clock,
    /// Signed with a key we do not have.
    #[error("no key of the gateway has the id {0:?}")]
    UnknownSerial(String),
    /// Not signed by the gateway, or changed on its way.
    #[error("the signature is wrong")]
    BadSignature,
    /// Signed, but not sealed with our APIv3 key.
    #[error("the resource cannot be decrypted")]
    Undecryptable,
    /// Signed, but not what a callback looks like.
    #[error("the callback is malformed: {0}")]
    Malformed(String),
}

/// The gateway's public keys, by id.
pub struct PlatformKeys(HashMap<String, VerifyingKey>);

impl PlatformKeys {
    /// Keys with their ids: serials of certificates, or `PUB_KEY_ID_…`.
    pub fn new(keys: impl IntoIterator<Item = (String, VerifyingKey)>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// Whether a reply or callback was signed by the gateway, just now, over exactly these bytes.
    ///
    /// The probes the gateway sends on purpose, whose signatures begin with
    /// `WECHATPAY/SIGNTEST/`, are wrong signatures and need no case of their own.
    pub fn verify(&self, headers: &CallbackHeaders, body: &[u8], now_unix_s: i64) -> Result<(), Refusal> {
        let there = |value: &'_ Option<String>, name| value.clone().ok_or(Refusal::MissingHeader(name));
        let timestamp = there(&headers.timestamp, "Wechatpay-Timestamp")?;
        let nonce = there(&headers.nonce, "Wechatpay-Nonce")?;
        let signature = there(&headers.signature, "Wechatpay-Signature")?;
        let serial = there(&headers.serial, "Wechatpay-Serial")?;
        let signed_at: i64 = timestamp.parse().map_err(|_| Refusal::Clock)?;
        if signed_at.abs_diff(now_unix_s) >= CLOCK_DIFFERENCE_S.unsigned_abs() {
            return Err(Refusal::Clock);
        }
        let key = self.0.get(&serial).ok_or(Refusal::UnknownSerial(serial))?;
        let text = signing::reply_text(&timestamp, &nonce, body);
        if key.verify(&text, &signature) { Ok(()) } else { Err(Refusal::BadSignature) }
    }
}

/// The key that callbacks are sealed with: 32 bytes that merchant and gateway share.
pub struct ApiV3Key(LessSafeKey);

impl ApiV3Key {
    /// The key of these 32 bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, BadKey> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| BadKey("APIv3 key of 32 bytes"))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Decrypts base64; the last 16 bytes are the tag. `None` where anything does not fit.
    pub fn open(&self, nonce: &str, associated_data: &str, ciphertext: &str) -> Option<Vec<u8>> {
        let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).ok()?;
        let mut bytes = STANDARD.decode(ciphertext).ok()?;
        let plain = self.0.open_in_place(nonce, Aad::from(associated_data.as_bytes()), &mut bytes).ok()?;
        Some(plain.to_vec())
    }

    /// Encrypts, as the gateway does. The nonce has 12 bytes and is used once; `None` for another
    /// length.
    pub fn seal(&self, nonce: &str, associated_data: &str, plain: &[u8]) -> Option<String> {
        let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).ok()?;
        let mut bytes = plain.to_vec();
        self.0.seal_in_place_append_tag(nonce, Aad::from(associated_data.as_bytes()), &mut bytes).ok()?;
        Some(STANDARD.encode(bytes))
    }
}

/// A verified callback. Stored as JSON until somebody acts on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The gateway's id: a repeated callback has the same one.
    pub id: String,
    /// `TRANSACTION.SUCCESS`, `REFUND.SUCCESS`, `REFUND.ABNORMAL`, `REFUND.CLOSED`.
    pub event_type: String,
    /// What has happened.
    pub event: Event,
}

/// What a callback tells. Still to be compared with what we asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Somebody paid.
    Transaction(Transaction),
    /// A refund came to its end.
    Refund(Refund),
}

/// A callback's body, as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeBody {
    /// See [`Notice::id`].
    pub id: String,
    /// When it was made, RFC 3339.
    pub create_time: String,
    /// Always `encrypt-resource`.
    pub resource_type: String,
    /// See [`Notice::event_type`].
    pub event_type: String,
    /// For a person.
    pub summary: String,
    /// The sealed content.
    pub resource: Resource,
}

/// The sealed content of a callback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// `transaction` or `refund`.
    pub original_type: String,
    /// Always `AEAD_AES_256_GCM`.
    pub algorithm: String,
    /// Base64.
    pub ciphertext: String,
    /// May be empty or absent.
    #[serde(default)]
    pub associated_data: String,
    /// 12 bytes.
    pub nonce: String,
}

impl NoticeBody {
    /// Seals an event, as the gateway does. `create_time` is RFC 3339.
    pub fn seal(key: &ApiV3Key, id: &str, create_time: &str, event: &Event) -> Result<Self, Refusal> {
        let malformed = |error: serde_json::Error| Refusal::Malformed(error.to_string());
        let (original_type, event_type, summary, content) = match event {
            Event::Transaction(transaction) => {
                ("transaction", "TRANSACTION.SUCCESS", "支付成功", serde_json::to_value(transaction))
            }
            Event::Refund(refund) => {
                let (event_type, summary) = match refund.status {
                    RefundState::Success => ("REFUND.SUCCESS", "退款成功"),
                    RefundState::Abnormal => ("REFUND.ABNORMAL", "退款异常"),
                    RefundState::Closed => ("REFUND.CLOSED", "退款关闭"),
                    RefundState::Processing => {
                        return Err(Refusal::Malformed("a refund under way has no event".into()));
                    }
                };
                ("refund", event_type, summary, serde_json::to_value(refund))
            }
        };
        let mut content = content.map_err(malformed)?;
        // A callback names a refund's state otherwise than an answer does.
        if let Some(object) = content.as_object_mut()
            && let Some(status) = object.remove("status")
        {
            object.insert("refund_status".into(), status);
        }
        let nonce = signing::new_nonce()[..12].to_owned();
        let plain = serde_json::to_vec(&content).map_err(malformed)?;
        let ciphertext = key.seal(&nonce, original_type, &plain).ok_or(Refusal::Undecryptable)?;
        Ok(Self {
            id: id.to_owned(),
            create_time: create_time.to_owned(),
            resource_type: "encrypt-resource".into(),
            event_type: event_type.to_owned(),
            summary: summary.to_owned(),
            resource: Resource {
                original_type: original_type.to_owned(),
                algorithm: ALGORITHM.to_owned(),
                ciphertext,
                associated_data: original_type.to_owned(),
                nonce,
            },
        })
    }

    /// Decrypts and reads the event. Only for bodies whose signature was verified.
    pub fn open(self, key: &ApiV3Key) -> Result<Notice, Refusal> {
        let malformed = |error: serde_json::Error| Refusal::Malformed(error.to_string());
        let Resource { algorithm, ciphertext, associated_data, nonce, .. } = &self.resource;
        if algorithm != ALGORITHM {
            return Err(Refusal::Malformed(format!("the algorithm {algorithm:?}")));
        }
        let plain = key.open(nonce, associated_data, ciphertext).ok_or(Refusal::Undecryptable)?;
        let event = match self.event_type.as_str() {
            "TRANSACTION.SUCCESS" => Event::Transaction(complete(serde_json::from_slice(&plain).map_err(malformed)?)?),
            "REFUND.SUCCESS" | "REFUND.ABNORMAL" | "REFUND.CLOSED" => {
                Event::Refund(serde_json::from_slice(&plain).map_err(malformed)?)
            }
            other => return Err(Refusal::Malformed(format!("the event {other:?}"))),
        };
        Ok(Notice { id: self.id, event_type: self.event_type, event })
    }
}

/// A paid transaction has what a query of an unpaid one may lack.
fn complete(transaction: Transaction) -> Result<Transaction, Refusal> {
    let missing = |field: &str| Err(Refusal::Malformed(format!("a paid transaction without {field}")));
    if transaction.trade_state != TradeState::Success {
        return missing("its state");
    }
    if transaction.appid.is_none() {
        return missing("appid");
    }
    if transaction.transaction_id.is_none() {
        return missing("transaction_id");
    }
    if transaction.amount.is_none() {
        return missing("amount");
    }
    Ok(transaction)
}

/// Verifies, then decrypts. See [`super::WeChatPay::open_callback`].
pub(super) fn open(
    keys: &PlatformKeys,
    api_v3_key: &ApiV3Key,
    headers: &CallbackHeaders,
    body: &[u8],
    now_unix_s: i64,
) -> Result<Notice, Refusal> {
    keys.verify(headers, body, now_unix_s)?;
    let body: NoticeBody = serde_json::from_slice(body).map_err(|error| Refusal::Malformed(error.to_string()))?;
    body.open(api_v3_key)
}

#[cfg(test)]
mod tests;
