//! Who we are at the gateway: one JSON file.

use std::{fmt, fs, path::Path};

use serde::{Deserialize, Serialize};

use super::signing::BadKey;

/// A merchant's configuration. Holds secrets: `Debug` leaves them out.
#[derive(Clone, Serialize, Deserialize)]
pub struct Merchant {
    /// The merchant's number.
    pub mch_id: String,
    /// The app that payments belong to.
    pub app_id: String,
    /// The serial of the certificate of `merchant_key_pem`.
    pub merchant_serial: String,
    /// Signs requests: a PKCS#8 PEM. Secret.
    pub merchant_key_pem: String,
    /// Verify replies and callbacks. Old and new stand side by side while the gateway rotates them.
    pub platform_keys: Vec<PlatformKey>,
    /// Opens callbacks: 32 characters. Secret.
    pub api_v3_key: String,
    /// Where the gateway is, for instance `https://api.mch.weixin.qq.com`.
    pub base_url: String,
    /// Whether a stand-in made these keys. A server in production refuses them.
    #[serde(default)]
    pub sample: bool,
}

/// One of the gateway's public keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformKey {
    /// A certificate's serial, or `PUB_KEY_ID_…`.
    pub id: String,
    /// `BEGIN PUBLIC KEY`.
    pub public_key_pem: String,
}

/// A configuration that cannot be used. Carries no secret.
#[derive(Debug, thiserror::Error)]
pub enum Misconfigured {
    /// The file cannot be read.
    #[error("the merchant's file cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file is not the JSON of a [`Merchant`].
    #[error("the merchant's file is not understood at line {line}")]
    NotUnderstood {
        /// Counted from 1.
        line: usize,
    },
    /// One of the keys is damaged.
    #[error("{0}")]
    Key(#[from] BadKey),
    /// There is no key to verify the gateway with.
    #[error("the merchant's file names no key of the gateway")]
    NoPlatformKey,
    /// An address is none.
    #[error("not a usable address: {0}")]
    Address(String),
}

impl Merchant {
    /// Reads the file.
    pub fn from_file(path: &Path) -> Result<Self, Misconfigured> {
        let text = fs::read(path)?;
        // The parser's own message may quote what it met, and that may be a secret.
        serde_json::from_slice(&text).map_err(|error| Misconfigured::NotUnderstood { line: error.line() })
    }
}

impl fmt::Debug for Merchant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merchant")
            .field("mch_id", &self.mch_id)
            .field("app_id", &self.app_id)
            .field("merchant_serial", &self.merchant_serial)
            .field("base_url", &self.base_url)
            .field("sample", &self.sample)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merchants_debug_text_holds_no_secret() {
        let merchant = Merchant {
            mch_id: "1900000109".into(),
            app_id: "wx8888888888888888".into(),
            merchant_serial: "7D3E".into(),
            merchant_key_pem: "secret-one".into(),
            platform_keys: Vec::new(),
            api_v3_key: "secret-two".into(),
            base_url: "https://api.mch.weixin.qq.com".into(),
            sample: false,
        };
        let text = format!("{merchant:?}");
        assert!(text.contains("1900000109") && !text.contains("secret"), "{text}");
    }
}
