//! Webhooks: what happened here is told to programs of others, as Standard Webhooks 1.0 says it.
//!
//! A message is a POST of JSON with three headers. `webhook-id` names the message, the same for every
//! try; `webhook-timestamp` is the moment of the try, in Unix seconds; `webhook-signature` holds, for
//! each secret in use, `v1,` and the base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`, with spaces
//! between. Any 2xx takes the message, 410 asks for no more of them. Source:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Response, header};

use crate::guarded::{Guarded, Refused, was_refused};

/// How long a receiver may take to answer; the specification asks for 15 to 30 seconds.
pub const TIMEOUT: Duration = Duration::from_secs(20);
/// How much of an answer is kept, for whoever looks for the fault, in bytes.
const ANSWER_KEPT: usize = 500;

/// How a message is signed: random bytes, 32 of them where they are made here.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A secret of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// As receivers are given it: `whsec_` and base64.
    pub fn text(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    fn sign(&self, id: &str, timestamp: u64, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    }
}

/// What a receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// How its body begins.
    pub text: String,
}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The address must not be called.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Nothing came in time.
    #[error("no answer within {} s", TIMEOUT.as_secs())]
    TooSlow,
    /// There was no connection: nobody listens, the name is unknown, the certificate is bad.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// It ended within the exchange.
    #[error("cut off: {0}")]
    CutOff(String),
}

/// Brings messages to receivers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Courier(Guarded);

impl Courier {
    /// A courier; for `inside` see [`Guarded::new`].
    pub fn new(inside: &[String]) -> Result<Self, reqwest::Error> {
        Ok(Self(Guarded::new(inside, TIMEOUT)?))
    }

    /// Whether an address can be a receiver's, as far as can be told without calling it.
    pub fn check(&self, address: &str) -> Result<(), Refused> {
        self.0.check(address).map(drop)
    }

    /// Brings one message, signed with every one of the secrets.
    pub async fn deliver(&self, address: &str, secrets: &[Secret], id: &str, body: String) -> Result<Answer, Failure> {
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let signatures: Vec<String> = secrets.iter().map(|secret| secret.sign(id, timestamp, &body)).collect();
        let request = self.0.post(address)?;
        let sent = request
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signatures.join(" "))
            .body(body)
            .send()
            .await;
        let answered = sent.map_err(failure_of)?;
        let status = answered.status().as_u16();
        Ok(Answer { status, text: beginning(answered).await })
    }
}

fn failure_of(error: reqwest::Error) -> Failure {
    let said = crate::innermost(&error);
    match () {
        () if was_refused(&error) => Failure::Refused(Refused::NotPublic),
        () if error.is_timeout() => Failure::TooSlow,
        () if error.is_connect() => Failure::Unreachable(said),
        () => Failure::CutOff(said),
    }
}

/// How the body begins. One that breaks off or does not end costs nothing: the status has decided.
async fn beginning(mut answered: Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = answered.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= ANSWER_KEPT {
            break;
        }
    }
    bytes.truncate(ANSWER_KEPT);
    String::from_utf8_lossy(&bytes).replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, `sign` in its reference libraries.
    #[test]
    fn a_message_is_signed_as_the_specification_shows() {
        let secret = Secret(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        assert_eq!(secret.text(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
