//! The JSON of API v3, in both directions: what the merchant sends, what the gateway answers.
//!
//! Amounts are fen. Times are RFC 3339 texts in the gateway's zone. Fields that nobody here needs
//! are left out; unknown ones are ignored, as the gateway adds to its answers over time.

use serde::{Deserialize, Serialize};

/// Asks for a transaction; `POST /v3/pay/transactions/{h5,native,jsapi,app}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrepayRequest {
    /// The merchant's app.
    pub appid: String,
    /// The merchant.
    pub mchid: String,
    /// What the payer reads, at most 127 characters.
    pub description: String,
    /// The merchant's number, 6 to 32 of `A-Z a-z 0-9 _ - | *`.
    pub out_trade_no: String,
    /// Until when it may be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_expire: Option<String>,
    /// Where callbacks go.
    pub notify_url: String,
    /// How much.
    pub amount: Asked,
    /// Who pays; only JSAPI, and there required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<Payer>,
    /// Where the payer sits; required for H5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene_info: Option<SceneInfo>,
}

/// An asked amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Fen.
    pub total: i64,
    /// Always `CNY`.
    pub currency: String,
}

/// A payer, as one app knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payer {
    /// Their identity within the app.
    pub openid: String,
}

/// Where a payer sits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SceneInfo {
    /// The payer's address.
    pub payer_client_ip: String,
    /// Only H5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub h5_info: Option<H5Info>,
}

/// The kind of page an H5 payment comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct H5Info {
    /// `Wap`, `iOS` or `Android`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// The answer to a [`PrepayRequest`]: one of the fields, by the kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrepayReply {
    /// JSAPI and app; lives 2 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepay_id: Option<String>,
    /// H5; lives 5 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub h5_url: Option<String>,
    /// Native: the content of a QR code; lives 2 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_url: Option<String>,
}

/// Closes a transaction; `POST /v3/pay/transactions/out-trade-no/{no}/close`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseRequest {
    /// The merchant.
    pub mchid: String,
}

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TradeState {
    /// Paid.
    Success,
    /// Paid, and given back in part or whole.
    Refund,
    /// Not paid yet.
    NotPay,
    /// Closed unpaid.
    Closed,
    /// Revoked (only payment codes).
    Revoked,
    /// The payer is entering the password (only payment codes).
    UserPaying,
    /// Failed (only payment codes).
    PayError,
    /// A state this code does not know.
    #[serde(other)]
    Unknown,
}

/// A transaction, as a query answers it and a `TRANSACTION.SUCCESS` callback tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The merchant; to be compared with our own.
    pub mchid: String,
    /// The app; to be compared with our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// The merchant's number.
    pub out_trade_no: String,
    /// The gateway's number, once paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    /// `JSAPI`, `NATIVE`, `APP`, `MWEB` (H5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_type: Option<String>,
    /// Where it stands.
    pub trade_state: TradeState,
    /// The same for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_state_desc: Option<String>,
    /// The bank or purse it was paid from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_type: Option<String>,
    /// When it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_time: Option<String>,
    /// Who paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<Payer>,
    /// How much; always there once paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Paid>,
}

/// The amount of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// What was asked, fen.
    pub total: i64,
    /// What the payer gave, fen: less where the gateway gave a discount of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_total: Option<i64>,
    /// `CNY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The payer's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_currency: Option<String>,
}

/// Asks for a refund; `POST /v3/refund/domestic/refunds`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    /// The merchant's number of the transaction.
    pub out_trade_no: String,
    /// The merchant's number of the refund: a retry keeps it, a new one refunds twice.
    pub out_refund_no: String,
    /// What the payer reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where callbacks go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify_url: Option<String>,
    /// How much.
    pub amount: RefundAsked,
}

/// The amount of an asked refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundAsked {
    /// To be given back, fen.
    pub refund: i64,
    /// What the transaction was about, fen.
    pub total: i64,
    /// `CNY`.
    pub currency: String,
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RefundState {
    /// The money is back.
    Success,
    /// Given up; the money stays.
    Closed,
    /// On its way.
    Processing,
    /// The payer's account cannot take it: a person must act in the gateway's console.
    Abnormal,
}

/// A refund, as a request or query answers it and a `REFUND.…` callback tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The merchant; only in callbacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mchid: Option<String>,
    /// The gateway's number.
    pub refund_id: String,
    /// The merchant's number.
    pub out_refund_no: String,
    /// The gateway's number of the transaction.
    pub transaction_id: String,
    /// The merchant's number of the transaction.
    pub out_trade_no: String,
    /// Where it stands. Callbacks call it `refund_status`.
    #[serde(alias = "refund_status")]
    pub status: RefundState,
    /// When the money was back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_time: Option<String>,
    /// Where the money went, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_received_account: Option<String>,
    /// How much.
    pub amount: Refunded,
}

/// The amount of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refunded {
    /// What the transaction was about, fen.
    pub total: i64,
    /// Given back, fen.
    pub refund: i64,
    /// What the payer had given, fen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_total: Option<i64>,
    /// What the payer gets, fen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_refund: Option<i64>,
    /// `CNY`; not in callbacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// What a refusal of either side looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// Stable, for programs: `PARAM_ERROR`, `ORDERPAID`, …
    pub code: String,
    /// For a person.
    #[serde(default)]
    pub message: String,
}

impl Complaint {
    /// How a callback is refused: with a 4xx or 5xx and this body, so that the gateway repeats it.
    pub fn fail(message: impl Into<String>) -> Self {
        Self { code: "FAIL".into(), message: message.into() }
    }
}
