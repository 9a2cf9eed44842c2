//! Who we are at the platform: one JSON file.

use std::{fmt, fs, path::Path};

use serde::{Deserialize, Serialize};

/// Our account. `Debug` leaves its key out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Where the platform is.
    #[serde(default = "base_url")]
    pub base_url: String,
    /// The developer's id, 开发者 ID.
    pub dev_id: i64,
    /// The developer's key, 开发者密钥. Secret.
    pub dev_key: String,
    /// The shop that pays for the riders, as we name it there.
    pub shop_id: String,
    /// What riders read as where the job comes from; 12 characters at most.
    pub source: String,
    /// Whether a stand-in made it. A server in production refuses that.
    #[serde(default)]
    pub sample: bool,
}

/// An account that cannot be used. Carries no secret.
#[derive(Debug, thiserror::Error)]
pub enum Misconfigured {
    /// The file cannot be read.
    #[error("the courier's file cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file is not the JSON of [`Account`].
    #[error("the courier's file is not understood at line {line}")]
    NotUnderstood {
        /// Counted from 1.
        line: usize,
    },
    /// The key or the shop is missing.
    #[error("the courier's file lacks dev_key or shop_id")]
    Incomplete,
    /// An address is none, or one over which signatures could be read on the way.
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
        if self.dev_key.trim().is_empty() || self.shop_id.trim().is_empty() {
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
            .field("dev_id", &self.dev_id)
            .finish_non_exhaustive()
    }
}

fn base_url() -> String {
    "https://openic.sf-express.com".to_owned()
}
