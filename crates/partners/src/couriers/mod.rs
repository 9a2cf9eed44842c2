//! Riders on call: the open platform of 顺丰同城 (SF Intra-city), version 17 of its protocol.
//!
//! - here: the client [`Riders`]
//! - `account`: who we are there, from one JSON file
//! - [`signing`]: how requests and callbacks are signed
//! - [`wire`]: the JSON of both directions
//!
//! A request is a POST of JSON to `{base}/open/api/external/{name}?sign=…`; every answer has `error_code`, 0 for
//! success. A job is named by our own number, `shop_order_id`, which is taken once: asking again under a number that
//! is known is refused, and [`Riders::look`] tells what became of it. What happens to a job comes as callbacks, signed
//! in the same way, maybe late, twice or never. A stand-in uses [`signing`] and [`wire`] from the other side. Source:
//! <https://openic.sf-express.com/#/apidoc>.

pub mod signing;
pub mod wire;

mod account;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, de::DeserializeOwned};

pub use account::{Account, Misconfigured};
pub use wire::{Event, Feed, Place, Status};

use signing::sign;
use wire::{Answered, Called, Cancel, Job, Look, Looked, Quoted};

/// Where, below the address that people reach us at, callbacks arrive; it is registered at the platform.
pub const CALLBACK_PATH: &str = "/callbacks/couriers";

/// Somebody at a counter waits for the answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Answers have a few kilobytes.
const MOST_ANSWER_BYTES: usize = 256 * 1024;
/// Ours, as the protocol names no other: `lbs_type` 2 is the system of maps published in China.
const VERSION: i64 = 17;

/// Calls riders. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Riders {
    client: reqwest::Client,
    account: Account,
}

/// What a rider is to bring, from where to where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Our number.
    pub number: String,
    /// From where.
    pub from: Place,
    /// To where.
    pub to: Place,
    /// The city's name, as the platform knows it: `上海市`.
    pub city: String,
    /// What is brought, for the rider.
    pub goods: String,
    /// How many pieces.
    pub pieces: i64,
    /// How heavy, in grams.
    pub grams: i64,
    /// What it is worth, in fen.
    pub worth_fen: i64,
    /// What the rider should know.
    pub remark: String,
}

/// What a rider would cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// In fen.
    pub fee_fen: i64,
    /// Within how many minutes they promise to be there, where they do.
    pub minutes: Option<i64>,
}

/// Why a rider could not be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No answer in time: it may or may not have been done.
    #[error("the courier did not answer: {0}")]
    Unreachable(String),
    /// The courier says no; nothing was done.
    #[error("the courier refused with {code}: {message}")]
    Refused {
        /// Its `error_code`.
        code: i64,
        /// For a person.
        message: String,
    },
    /// It answered something else than the protocol says; it may or may not have been done.
    #[error("the courier's answer is not understood: {0}")]
    NotUnderstood(String),
}

/// Why something that claims to come from the courier is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not signed with our key, or changed on its way.
    #[error("the signature is wrong")]
    BadSignature,
    /// Signed, but not what a callback looks like.
    #[error("the callback is malformed: {0}")]
    Malformed(String),
}

impl Riders {
    /// A client for this account.
    ///
    /// Faults: `Misconfigured` for an address that is none, or over which a signature could be read on the way.
    pub fn new(account: Account) -> Result<Self, Misconfigured> {
        account.check()?;
        let client = crate::http_client(&account.base_url, TIMEOUT);
        let client = client.map_err(|error| Misconfigured::Address(error.to_string()))?;
        Ok(Self { client, account })
    }

    /// What a rider would cost now. Nothing is called.
    pub async fn quote(&self, errand: &Errand) -> Result<Price, Failure> {
        let job = self.job(errand);
        let quoted: Quoted = self.ask("precreateorder", &job).await?;
        Ok(Price { fee_fen: quoted.fee_fen(), minutes: quoted.promise_delivery_time })
    }

    /// Calls a rider under our number; answers the platform's. Where it fails as `Unreachable` or `NotUnderstood`,
    /// [`Self::look`] tells whether one was called.
    pub async fn call(&self, errand: &Errand) -> Result<(String, i64), Failure> {
        let called: Called = self.ask("createorder", &self.job(errand)).await?;
        Ok((called.sf_order_id, called.total_price))
    }

    /// Sends the rider away again.
    pub async fn cancel(&self, number: &str, reason: &str) -> Result<(), Failure> {
        let Account { dev_id, shop_id, .. } = &self.account;
        let cancel = Cancel {
            dev_id: *dev_id,
            order_id: number.to_owned(),
            order_type: wire::BY_OUR_NUMBER,
            shop_id: shop_id.clone(),
            shop_type: wire::OUR_OWN,
            cancel_reason: reason.to_owned(),
            push_time: now_unix_s(),
        };
        self.ask::<_, serde_json::Value>("cancelorder", &cancel).await.map(drop)
    }

    /// What became of a job so far, oldest first; `None` where the platform does not know our number.
    pub async fn look(&self, number: &str) -> Result<Option<Vec<Feed>>, Failure> {
        let Account { dev_id, shop_id, .. } = &self.account;
        let look = Look {
            dev_id: *dev_id,
            order_id: number.to_owned(),
            order_type: wire::BY_OUR_NUMBER,
            shop_id: shop_id.clone(),
            shop_type: wire::OUR_OWN,
            push_time: now_unix_s(),
        };
        match self.ask::<_, Looked>("listorderfeed", &look).await {
            Ok(looked) => Ok(Some(looked.feed)),
            Err(Failure::Refused { code: wire::UNKNOWN_ORDER, .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Verifies a callback over its raw bytes, then reads it.
    pub fn open_callback(&self, signature: &str, body: &[u8]) -> Result<Event, Refusal> {
        let Account { dev_id, dev_key, .. } = &self.account;
        if !signing::verify(body, *dev_id, dev_key, signature) {
            return Err(Refusal::BadSignature);
        }
        let event: Event = serde_json::from_slice(body).map_err(|error| Refusal::Malformed(error.to_string()))?;
        event.status().ok_or_else(|| Refusal::Malformed(format!("the status {}", event.order_status)))?;
        Ok(event)
    }

    fn job(&self, errand: &Errand) -> Job {
        let Account { dev_id, shop_id, source, .. } = &self.account;
        Job::new(*dev_id, shop_id, source, VERSION, now_unix_s(), errand)
    }

    async fn ask<Q: Serialize, A: DeserializeOwned>(&self, name: &str, question: &Q) -> Result<A, Failure> {
        let Account { base_url, dev_id, dev_key, .. } = &self.account;
        let body = serde_json::to_vec(question).map_err(|error| Failure::NotUnderstood(error.to_string()))?;
        let signature = sign(&body, *dev_id, dev_key);
        let url = format!("{}/open/api/external/{name}", base_url.trim_end_matches('/'));
        let request = self.client.post(url).query(&[("sign", signature)]).body(body);
        let sent = request.header(reqwest::header::CONTENT_TYPE, "application/json;charset=UTF-8").send().await;
        // The error's own words name the address, which holds a signature.
        let answer = sent.map_err(|error| Failure::Unreachable(crate::innermost(&error.without_url())))?;
        if !answer.status().is_success() {
            return Err(Failure::Unreachable(format!("status {}", answer.status().as_u16())));
        }
        let bytes =
            answer.bytes().await.map_err(|error| Failure::Unreachable(crate::innermost(&error.without_url())))?;
        if bytes.len() > MOST_ANSWER_BYTES {
            return Err(Failure::NotUnderstood("a very long answer".into()));
        }
        let answered: Answered =
            serde_json::from_slice(&bytes).map_err(|error| Failure::NotUnderstood(error.to_string()))?;
        if answered.error_code != 0 {
            return Err(Failure::Refused { code: answered.error_code, message: answered.error_msg });
        }
        serde_json::from_value(answered.result).map_err(|error| Failure::NotUnderstood(error.to_string()))
    }
}

/// Every message says when it was made.
fn now_unix_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or_default()
}
