//! Short messages.
//!
//! The protocol is the smallest there is, and that of the sandbox's stand-in: `POST
//! {endpoint}/messages` with `{"phone": "…", "text": "…"}`, answered by any 2xx. Carriers each
//! have a protocol of their own, with signed templates; each will be an adapter beside this one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A code is worthless to somebody who has waited longer, and the page behind it waits too.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Sends short messages through one endpoint. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SmsSender {
    client: reqwest::Client,
    messages_url: String,
}

/// One message, as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The number, as the endpoint wants it.
    pub phone: String,
    /// What the person reads.
    pub text: String,
}

/// Why a message was not sent. Never carries the text, which may be a code.
#[derive(Debug, thiserror::Error)]
pub enum SmsFailure {
    /// The endpoint's address cannot be used.
    #[error("the SMS endpoint is not usable: {0}")]
    Misconfigured(String),
    /// No answer in time; the message may or may not arrive.
    #[error("the SMS endpoint did not answer: {0}")]
    Unreachable(String),
    /// The endpoint answered, but not with success.
    #[error("the SMS endpoint answered {status}")]
    Refused {
        /// Its HTTP status.
        status: u16,
    },
}

impl SmsSender {
    /// A sender for the endpoint at this address, for instance `http://127.0.0.1:3901`.
    ///
    /// Faults: `Misconfigured` for an address that is none.
    pub fn new(endpoint_url: &str) -> Result<Self, SmsFailure> {
        let misconfigured = |error: &dyn std::fmt::Display| SmsFailure::Misconfigured(error.to_string());
        let endpoint = reqwest::Url::parse(endpoint_url).map_err(|error| misconfigured(&error))?;
        let client = crate::http_client(endpoint_url, TIMEOUT).map_err(|error| misconfigured(&error))?;
        Ok(Self { client, messages_url: format!("{}/messages", endpoint.as_str().trim_end_matches('/')) })
    }

    /// Sends one message and waits, at most 3 seconds, until the endpoint has taken it.
    pub async fn send(&self, phone: &str, text: &str) -> Result<(), SmsFailure> {
        let message = Message { phone: phone.to_owned(), text: text.to_owned() };
        let sent = self.client.post(&self.messages_url).json(&message).send().await;
        let answer = sent.map_err(|error| SmsFailure::Unreachable(error.to_string()))?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(SmsFailure::Refused { status: answer.status().as_u16() })
        }
    }
}
