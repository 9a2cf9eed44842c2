//! WeChat Pay API v3: the merchant's side, and the parts of the gateway's side that a stand-in
//! needs.
//!
//! - here: the client [`WeChatPay`]
//! - `merchant`: who we are, from one JSON file
//! - [`signing`]: what is signed, with which key, in which header
//! - [`callback`]: callbacks verified and opened; sealed, for a stand-in
//! - [`wire`]: the JSON of both directions
//!
//! A stand-in of the gateway uses [`signing::Authorization`], [`signing::SigningKey`],
//! [`signing::CallbackHeaders::sign`], [`callback::NoticeBody::seal`] and [`wire`], so that the
//! protocol is written down once. Source: <https://pay.weixin.qq.com/doc/v3/merchant/4012062524>.

pub mod callback;
pub mod signing;
pub mod wire;

mod merchant;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Method, Url, header};
use serde::{Serialize, de::DeserializeOwned};

pub use callback::{Event, Notice, Refusal};
pub use merchant::{Merchant, Misconfigured, PlatformKey};
pub use signing::CallbackHeaders;
pub use wire::{Complaint, Refund, RefundState, TradeState, Transaction};

use callback::{ApiV3Key, PlatformKeys};
use signing::{Authorization, SigningKey, VerifyingKey};

/// Where, below the address given to [`WeChatPay::new`], the gateway's callbacks arrive.
pub const CALLBACK_PATH: &str = "/callbacks/wechat-pay";

/// How long one exchange with the gateway may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The gateway's answers have a few kilobytes.
const MOST_REPLY_BYTES: usize = 256 * 1024;

/// How the payer reaches the cashier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prepay {
    /// A mobile browser is sent to a page of the gateway.
    H5,
    /// A QR code on another screen.
    Native,
    /// The browser or a mini-program inside WeChat.
    Jsapi {
        /// The payer, as the app knows them.
        openid: String,
    },
    /// A native app.
    App,
}

impl Prepay {
    /// How long what the gateway answers can be opened. The same transaction may be asked for again
    /// after that.
    pub fn lives(&self) -> Duration {
        Duration::from_secs(if *self == Self::H5 { 5 * 60 } else { 2 * 60 * 60 })
    }
}

/// A transaction to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTransaction {
    /// Our number: 6 to 32 of `A-Z a-z 0-9 _ - | *`. The same again answers the same transaction.
    pub out_trade_no: String,
    /// What the payer reads, at most 127 characters.
    pub description: String,
    /// How much, fen.
    pub total_fen: i64,
    /// Until when it may be paid, RFC 3339.
    pub expires_at: String,
    /// The payer's address.
    pub payer_ip: String,
}

/// Where the payer pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrepayAnswer {
    /// Send the browser there within 5 minutes; `redirect_url` may be added to the query.
    H5 {
        /// The cashier's page.
        h5_url: String,
    },
    /// Show as a QR code within 2 hours.
    Native {
        /// The code's content.
        code_url: String,
    },
    /// Hand to `WeixinJSBridge` or `wx.requestPayment` within 2 hours.
    Jsapi(JsapiParameters),
    /// Hand to the app's SDK within 2 hours.
    App(AppParameters),
}

/// Signed parameters for `wx.requestPayment`, under the names it wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JsapiParameters {
    /// The app.
    pub app_id: String,
    /// Unix seconds.
    pub time_stamp: String,
    /// Random text.
    pub nonce_str: String,
    /// `prepay_id=…`.
    pub package: String,
    /// `RSA`.
    pub sign_type: &'static str,
    /// Base64, over the four above.
    pub pay_sign: String,
}

/// Signed parameters for the app's SDK, under the names it wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppParameters {
    /// The app.
    #[serde(rename = "appid")]
    pub app_id: String,
    /// The merchant.
    #[serde(rename = "partnerid")]
    pub partner_id: String,
    /// The bare prepay id.
    #[serde(rename = "prepayid")]
    pub prepay_id: String,
    /// `Sign=WXPay`.
    pub package: &'static str,
    /// Random text.
    #[serde(rename = "noncestr")]
    pub nonce_str: String,
    /// Unix seconds.
    pub timestamp: String,
    /// Base64, over app, time, nonce and prepay id.
    pub sign: String,
}

/// Money to be given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    /// Our number of the transaction.
    pub out_trade_no: String,
    /// Our number of the refund. A retry keeps it: a new one refunds twice.
    pub out_refund_no: String,
    /// How much goes back, fen.
    pub refund_fen: i64,
    /// What the transaction was about, fen.
    pub total_fen: i64,
    /// What the payer reads, at most 80 characters.
    pub reason: String,
}

/// Why the gateway did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It understood and said no. Asking the same again answers the same.
    #[error("the gateway refused with {status} {code}: {message}")]
    Refused {
        /// HTTP status, 4xx.
        status: u16,
        /// Stable code, for instance `ORDERPAID`.
        code: String,
        /// For a person.
        message: String,
    },
    /// No answer, an overloaded gateway (429) or a broken one (5xx). What was asked may have
    /// happened; the same request, with the same numbers, may be sent again.
    #[error("the gateway cannot be reached: {0}")]
    Unreachable(String),
    /// An answer, but not the gateway's. Nothing in it is believed, not even a refusal.
    #[error("the gateway's answer is not believed: {0}")]
    BadSignature(#[from] Refusal),
    /// An answer of the gateway that is not understood.
    #[error("the gateway's answer is malformed: {0}")]
    Malformed(String),
}

/// A client of the gateway, for one merchant.
pub struct WeChatPay {
    merchant: Merchant,
    key: SigningKey,
    platform_keys: PlatformKeys,
    api_v3_key: ApiV3Key,
    base: Url,
    notify_url: String,
    client: reqwest::Client,
}

impl WeChatPay {
    /// A client for this merchant; the gateway calls back at [`CALLBACK_PATH`] below
    /// `notify_base_url`.
    ///
    /// Faults: damaged keys or addresses; nothing is sent yet.
    pub fn new(merchant: Merchant, notify_base_url: &str) -> Result<Self, Misconfigured> {
        let key = SigningKey::from_pkcs8_pem(&merchant.merchant_key_pem)?;
        let platform_keys = merchant
            .platform_keys
            .iter()
            .map(|key| Ok((key.id.clone(), VerifyingKey::from_public_key_pem(&key.public_key_pem)?)))
            .collect::<Result<Vec<_>, Misconfigured>>()?;
        if platform_keys.is_empty() {
            return Err(Misconfigured::NoPlatformKey);
        }
        let api_v3_key = ApiV3Key::new(merchant.api_v3_key.as_bytes())?;
        let base = Url::parse(&merchant.base_url).map_err(|error| Misconfigured::Address(error.to_string()))?;
        if base.cannot_be_a_base() {
            return Err(Misconfigured::Address(merchant.base_url));
        }
        let client = crate::http_client(&merchant.base_url, TIMEOUT);
        let client = client.map_err(|error| Misconfigured::Address(error.to_string()))?;
        let notify_url = format!("{}{CALLBACK_PATH}", notify_base_url.trim_end_matches('/'));
        let platform_keys = PlatformKeys::new(platform_keys);
        Ok(Self { merchant, key, platform_keys, api_v3_key, base, notify_url, client })
    }

    /// The merchant's number, which every transaction must name.
    pub fn mch_id(&self) -> &str {
        &self.merchant.mch_id
    }

    /// The app, which every transaction must name.
    pub fn app_id(&self) -> &str {
        &self.merchant.app_id
    }

    /// Whether a stand-in made the keys.
    pub fn is_sample(&self) -> bool {
        self.merchant.sample
    }

    /// Where the gateway's cashier pages are, for a content security policy: those of WeChat Pay, or
    /// a stand-in's own.
    pub fn cashier_origin(&self) -> String {
        if self.merchant.sample { self.base.origin().ascii_serialization() } else { "https://wx.tenpay.com".to_owned() }
    }

    /// Asks for a transaction. The same number again answers the same transaction.
    ///
    /// Refusals worth a case: `ORDERPAID`, `ORDER_CLOSED`, `OUT_TRADE_NO_USED` (another amount).
    pub async fn prepay(&self, kind: Prepay, transaction: &NewTransaction) -> Result<PrepayAnswer, Failure> {
        let path = match &kind {
            Prepay::H5 => "h5",
            Prepay::Native => "native",
            Prepay::Jsapi { .. } => "jsapi",
            Prepay::App => "app",
        };
        let url = self.url(&["v3", "pay", "transactions", path]);
        let reply: wire::PrepayReply = self.exchange(Method::POST, url, Some(&self.ask(&kind, transaction))).await?;
        let missing = |field: &str| Failure::Malformed(format!("no {field} in the answer"));
        match kind {
            Prepay::H5 => Ok(PrepayAnswer::H5 { h5_url: reply.h5_url.ok_or_else(|| missing("h5_url"))? }),
            Prepay::Native => Ok(PrepayAnswer::Native { code_url: reply.code_url.ok_or_else(|| missing("code_url"))? }),
            Prepay::Jsapi { .. } => {
                Ok(PrepayAnswer::Jsapi(self.jsapi_parameters(&reply.prepay_id.ok_or_else(|| missing("prepay_id"))?)))
            }
            Prepay::App => {
                Ok(PrepayAnswer::App(self.app_parameters(reply.prepay_id.ok_or_else(|| missing("prepay_id"))?)))
            }
        }
    }

    /// Where a transaction stands. 404 where the gateway has never heard of it.
    pub async fn query(&self, out_trade_no: &str) -> Result<Transaction, Failure> {
        let mut url = self.url(&["v3", "pay", "transactions", "out-trade-no", out_trade_no]);
        url.query_pairs_mut().append_pair("mchid", self.mch_id());
        self.exchange(Method::GET, url, NOTHING).await
    }

    /// Closes an unpaid transaction, so that nobody can pay it any more.
    ///
    /// Refusals worth a case: `ORDERPAID`, `ORDER_CLOSED`, 404.
    pub async fn close(&self, out_trade_no: &str) -> Result<(), Failure> {
        let url = self.url(&["v3", "pay", "transactions", "out-trade-no", out_trade_no, "close"]);
        let request = wire::CloseRequest { mchid: self.mch_id().to_owned() };
        self.send(Method::POST, url, Some(&request)).await.map(|_| ())
    }

    /// Gives money back. The same refund number again answers the same refund.
    pub async fn refund(&self, refund: &NewRefund) -> Result<Refund, Failure> {
        let request = wire::RefundRequest {
            out_trade_no: refund.out_trade_no.clone(),
            out_refund_no: refund.out_refund_no.clone(),
            reason: (!refund.reason.is_empty()).then(|| refund.reason.clone()),
            notify_url: Some(self.notify_url.clone()),
            amount: wire::RefundAsked { refund: refund.refund_fen, total: refund.total_fen, currency: "CNY".into() },
        };
        self.exchange(Method::POST, self.url(&["v3", "refund", "domestic", "refunds"]), Some(&request)).await
    }

    /// Where a refund stands. 404 where the gateway has never heard of it.
    pub async fn query_refund(&self, out_refund_no: &str) -> Result<Refund, Failure> {
        self.exchange(Method::GET, self.url(&["v3", "refund", "domestic", "refunds", out_refund_no]), NOTHING).await
    }

    /// Verifies and opens a callback: `body` is the raw bytes, `now_unix_s` this server's clock.
    ///
    /// The caller stores the notice and answers 204, or answers 4xx with [`Complaint::fail`]; then
    /// it compares merchant, app, number, amount and currency with what was asked.
    pub fn open_callback(&self, headers: &CallbackHeaders, body: &[u8], now_unix_s: i64) -> Result<Notice, Refusal> {
        callback::open(&self.platform_keys, &self.api_v3_key, headers, body, now_unix_s)
    }

    fn ask(&self, kind: &Prepay, transaction: &NewTransaction) -> wire::PrepayRequest {
        let payer = match kind {
            Prepay::Jsapi { openid } => Some(wire::Payer { openid: openid.clone() }),
            _ => None,
        };
        let h5_info = (*kind == Prepay::H5).then(|| wire::H5Info { kind: "Wap".into() });
        wire::PrepayRequest {
            appid: self.app_id().to_owned(),
            mchid: self.mch_id().to_owned(),
            description: transaction.description.clone(),
            out_trade_no: transaction.out_trade_no.clone(),
            time_expire: Some(transaction.expires_at.clone()),
            notify_url: self.notify_url.clone(),
            amount: wire::Asked { total: transaction.total_fen, currency: "CNY".into() },
            payer,
            scene_info: Some(wire::SceneInfo { payer_client_ip: transaction.payer_ip.clone(), h5_info }),
        }
    }

    fn jsapi_parameters(&self, prepay_id: &str) -> JsapiParameters {
        let (time_stamp, nonce_str) = (now_unix_s().to_string(), signing::new_nonce());
        let package = format!("prepay_id={prepay_id}");
        let text = signing::client_text(self.app_id(), &time_stamp, &nonce_str, &package);
        let pay_sign = self.key.sign(&text);
        JsapiParameters { app_id: self.app_id().to_owned(), time_stamp, nonce_str, package, sign_type: "RSA", pay_sign }
    }

    fn app_parameters(&self, prepay_id: String) -> AppParameters {
        let (timestamp, nonce_str) = (now_unix_s().to_string(), signing::new_nonce());
        let sign = self.key.sign(&signing::client_text(self.app_id(), &timestamp, &nonce_str, &prepay_id));
        AppParameters {
            app_id: self.app_id().to_owned(),
            partner_id: self.mch_id().to_owned(),
            prepay_id,
            package: "Sign=WXPay",
            nonce_str,
            timestamp,
            sign,
        }
    }

    /// An address at the gateway; segments are escaped, so a number cannot leave its place.
    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        request: Option<&impl Serialize>,
    ) -> Result<T, Failure> {
        let body = self.send(method, url, request).await?;
        serde_json::from_slice(&body).map_err(|error| Failure::Malformed(error.to_string()))
    }

    /// Signs and sends a request; answers the verified body of a 2xx.
    async fn send(&self, method: Method, url: Url, request: Option<&impl Serialize>) -> Result<Vec<u8>, Failure> {
        let malformed = |error: serde_json::Error| Failure::Malformed(error.to_string());
        let body = request.map(serde_json::to_vec).transpose().map_err(malformed)?.unwrap_or_default();
        let authorization = self.authorization(&method, &url, &body);
        let mut asked = self
            .client
            .request(method, url)
            .header(header::AUTHORIZATION, authorization.to_string())
            .header(header::ACCEPT, "application/json");
        if let Some(key) = self.merchant.platform_keys.first() {
            // Tells the gateway which of its keys we can verify.
            asked = asked.header(signing::SERIAL, &key.id);
        }
        if !body.is_empty() {
            asked = asked.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        let reply = asked.send().await.map_err(|error| Failure::Unreachable(error.to_string()))?;
        self.believe(reply).await
    }

    fn authorization(&self, method: &Method, url: &Url, body: &[u8]) -> Authorization {
        let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let (timestamp, nonce_str) = (now_unix_s().to_string(), signing::new_nonce());
        let text = signing::request_text(method.as_str(), &target, &timestamp, &nonce_str, body);
        Authorization {
            mchid: self.mch_id().to_owned(),
            serial_no: self.merchant.merchant_serial.clone(),
            signature: self.key.sign(&text),
            nonce_str,
            timestamp,
        }
    }

    /// Verifies a reply before anything in it counts: an unsigned "no such transaction" could
    /// otherwise make us give up one that was paid.
    async fn believe(&self, mut reply: reqwest::Response) -> Result<Vec<u8>, Failure> {
        let status = reply.status();
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(Failure::Unreachable(format!("it answered {status}")));
        }
        let headers = CallbackHeaders::from(reply.headers());
        let mut body = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(|error| Failure::Unreachable(error.to_string()))? {
            if body.len() + chunk.len() > MOST_REPLY_BYTES {
                return Err(Failure::Malformed("the answer is too long".into()));
            }
            body.extend_from_slice(&chunk);
        }
        self.platform_keys.verify(&headers, &body, now_unix_s())?;
        if status.is_success() {
            return Ok(body);
        }
        let complaint: Complaint =
            serde_json::from_slice(&body).map_err(|error| Failure::Malformed(format!("{status}: {error}")))?;
        Err(Failure::Refused { status: status.as_u16(), code: complaint.code, message: complaint.message })
    }
}

/// The body of a request without one.
const NOTHING: Option<&()> = None;

fn now_unix_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed())
}
