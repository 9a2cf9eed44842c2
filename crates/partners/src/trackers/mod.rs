//! Where parcels are: the enterprise interface of 快递100 (Kuaidi100), which knows all carriers.
//!
//! - here: the client [`Trackers`]
//! - `account`: who we are there, from one JSON file
//! - [`signing`]: how questions and callbacks are signed
//! - [`wire`]: the forms and JSON of both directions
//!
//! A parcel is subscribed once, by a form to `{base}/poll`; what happens to it comes as callbacks, each with its whole
//! way, signed with the salt of the subscription. They may be late, come twice or in any order, or never: then
//! `{base}/poll/query.do` tells, asked now and then. A stand-in uses [`signing`] and [`wire`] from the other side.
//! Source: <https://api.kuaidi100.com/document>, 实时快递查询 and 快递信息推送服务.

pub mod signing;
pub mod wire;

mod account;

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

pub use account::{Account, Misconfigured};
pub use wire::{Push, Scan, Status, Way};

use signing::sign;
use wire::{Answered, Ask, Parameters, Subscribe};

/// Where, below the address that people reach us at, callbacks arrive.
pub const CALLBACK_PATH: &str = "/callbacks/trackers";

/// Nobody at a counter waits for these answers.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A way has some hundred steps at most.
const MOST_ANSWER_BYTES: usize = 1024 * 1024;

/// Asks where parcels are. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Trackers {
    client: reqwest::Client,
    account: Account,
}

/// Which parcel is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The platform's code of the carrier: `shunfeng`.
    pub company: String,
    /// The carrier's number.
    pub number: String,
    /// Somebody's number at either end, or its last four digits.
    pub phone: String,
}

/// Why nothing is known of a parcel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No answer in time.
    #[error("the trackers did not answer: {0}")]
    Unreachable(String),
    /// The platform says no.
    #[error("the trackers refused with {code}: {message}")]
    Refused {
        /// Its `returnCode`.
        code: String,
        /// For a person.
        message: String,
    },
    /// It answered something else than the protocol says.
    #[error("the trackers' answer is not understood: {0}")]
    NotUnderstood(String),
}

/// Why something that claims to come from the platform is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not signed with our salt, or changed on its way.
    #[error("the signature is wrong")]
    BadSignature,
    /// Signed, but not what a callback looks like.
    #[error("the callback is malformed: {0}")]
    Malformed(String),
}

impl Trackers {
    /// A client for this account.
    ///
    /// Faults: `Misconfigured` for an address that is none, or over which the key could be read on the way.
    pub fn new(account: Account) -> Result<Self, Misconfigured> {
        account.check()?;
        let client = crate::http_client(&account.base_url, TIMEOUT);
        let client = client.map_err(|error| Misconfigured::Address(error.to_string()))?;
        Ok(Self { client, account })
    }

    /// Has us told of a parcel, at `callback_url`. Doing it twice is doing it once.
    pub async fn subscribe(&self, parcel: &Parcel, callback_url: &str) -> Result<(), Failure> {
        let Account { key, salt, .. } = &self.account;
        let parameters =
            Parameters { callbackurl: callback_url.to_owned(), salt: salt.clone(), phone: parcel.phone.clone() };
        let Parcel { company, number, .. } = parcel.clone();
        let param = text(&Subscribe { company, number, key: key.clone(), parameters })?;
        let bytes = self.post("/poll", &[("schema", "json"), ("param", &param)]).await?;
        let answered: Answered = read(&bytes)?;
        match answered.return_code.as_str() {
            wire::TAKEN | wire::TAKEN_BEFORE => Ok(()),
            _ => Err(Failure::Refused { code: answered.return_code, message: answered.message }),
        }
    }

    /// A parcel's whole way; `None` where nothing is known of it yet.
    pub async fn look(&self, parcel: &Parcel) -> Result<Option<Way>, Failure> {
        let Account { customer, key, .. } = &self.account;
        let Parcel { company, number, phone } = parcel.clone();
        let param = text(&Ask { com: company, num: number, phone })?;
        let signature = sign(&[&param, key, customer]);
        let fields = [("customer", customer.as_str()), ("sign", &signature), ("param", &param)];
        let bytes = self.post("/poll/query.do", &fields).await?;
        // Only a refusal has a `returnCode`.
        match serde_json::from_slice::<Answered>(&bytes) {
            Ok(answered) if answered.return_code == wire::NOTHING_YET => Ok(None),
            Ok(answered) => Err(Failure::Refused { code: answered.return_code, message: answered.message }),
            Err(_) => read(&bytes).map(Some),
        }
    }

    /// Verifies a callback over its form, then reads it; with it comes its signature, which is another's for any other
    /// content.
    pub fn open_callback(&self, body: &[u8]) -> Result<(Push, String), Refusal> {
        let body = std::str::from_utf8(body).map_err(|_| Refusal::BadSignature)?;
        let (param, signature) =
            wire::field(body, "param").zip(wire::field(body, "sign")).ok_or(Refusal::BadSignature)?;
        if !signing::verify(&param, &self.account.salt, &signature) {
            return Err(Refusal::BadSignature);
        }
        let push = serde_json::from_str(&param).map_err(|error| Refusal::Malformed(error.to_string()))?;
        Ok((push, signature.to_ascii_uppercase()))
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Vec<u8>, Failure> {
        let url = format!("{}{path}", self.account.base_url.trim_end_matches('/'));
        let request = self.client.post(url).body(wire::form(fields));
        let sent = request.header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded").send().await;
        let silent = |error: reqwest::Error| Failure::Unreachable(crate::innermost(&error.without_url()));
        let answer = sent.map_err(silent)?;
        if !answer.status().is_success() {
            return Err(Failure::Unreachable(format!("status {}", answer.status().as_u16())));
        }
        let bytes = answer.bytes().await.map_err(silent)?;
        if bytes.len() > MOST_ANSWER_BYTES {
            return Err(Failure::NotUnderstood("a very long answer".into()));
        }
        Ok(bytes.to_vec())
    }
}

fn text<T: Serialize>(question: &T) -> Result<String, Failure> {
    serde_json::to_string(question).map_err(|error| Failure::NotUnderstood(error.to_string()))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|error| Failure::NotUnderstood(error.to_string()))
}
