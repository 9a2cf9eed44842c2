//! Who we are at the platform: one JSON file.

use std::{fmt, fs, path::Path};

use serde::{Deserialize, Serialize};

/// Our account. `Debug` leaves its secrets out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Where the platform is.
    #[serde(default = "base_url")]
    pub base_url: String,
    /// Our number there, 公司编号.
    pub customer: String,
    /// What questions are signed with, 授权 key. Secret.
    pub key: String,
    /// What callbacks are signed with; we choose it. Secret.
    pub salt: String,
    /// Whether a stand-in made it. A server in production refuses that.
    #[serde(default)]
    pub sample: bool,
}

/// An account that cannot be used. Carries no secret.
#[derive(Debug, thiserror::Error)]
pub enum Misconfigured {
    /// The file cannot be read.
    #[error("the trackers' file cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file is not the JSON of [`Account`].
    #[error("the trackers' file is not understood at line {line}")]
    NotUnderstood {
        /// Counted from 1.
        line: usize,
    },
    /// A part without which nothing can be signed is missing.
    #[error("the trackers' file lacks customer, key or salt (8 characters or more)")]
    Incomplete,
    /// An address is none, or one over which the key could be read on the way.
    #[error("not a usable address: {0}")]
    Address(String),
}

impl Account {
    /// Reads the file.
    pub fn from_file(path: &Path) -> Result<Self, Misconfigured> {
        let text = fs::read(path)?;
        // The parser's own message may quote what it met, and that may be a secret.
        serde_json::from_slice(&text).map_err(|error| Misconfigured::NotUnderstood { line: error.line() })
    }

    pub(super) fn check(&self) -> Result<(), Misconfigured> {
        if [&self.customer, &self.key].iter().any(|part| part.trim().is_empty()) || self.salt.trim().len() < 8 {
            return Err(Misconfigured::Incomplete);
        }
        let url = reqwest::Url::parse(&self.base_url).map_err(|error| Misconfigured::Address(error.to_string()))?;
        let safe = url.scheme() == "https" || (url.scheme() == "http" && crate::is_written_here(&url));
        if safe { Ok(()) } else { Err(Misconfigured::Address("it must be https, or on this machine".into())) }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("base_url", &self.base_url)
            .field("customer", &self.customer)
            .finish_non_exhaustive()
    }
}

fn base_url() -> String {
    "https://poll.kuaidi100.com".to_owned()
}
