//! The gateway's keys and the merchant's: made on the first start, kept afterwards.

use std::path::Path;

use anyhow::Context as _;
use partners::wechat_pay::{
    Merchant, PlatformKey,
    callback::ApiV3Key,
    signing::{SigningKey, VerifyingKey, new_nonce},
};
use rsa::{
    RsaPrivateKey,
    pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding},
    rand_core::OsRng,
};
use serde::{Deserialize, Serialize};

use crate::secret_file::write_secret;

/// What the merchant's server reads.
const MERCHANT: &str = "merchant.json";
/// What only this process reads.
const PLATFORM: &str = "platform.json";
const RSA_BITS: usize = 2048;

/// Everything that is signed, verified and sealed with.
pub struct Keys {
    /// As the merchant sees it.
    pub merchant: Merchant,
    /// Verifies the merchant's requests.
    pub merchant_key: VerifyingKey,
    /// Signs replies and callbacks.
    pub platform_key: SigningKey,
    /// The id of `platform_key`.
    pub platform_id: String,
    /// Seals callbacks.
    pub api_v3_key: ApiV3Key,
}

/// The gateway's own half.
#[derive(Serialize, Deserialize)]
struct Platform {
    id: String,
    private_key_pem: String,
}

impl Keys {
    /// Reads the keys in this folder or makes them; `base_url` is where this process is now.
    pub fn open(data: &Path, base_url: &str) -> anyhow::Result<Self> {
        let path = data.join(MERCHANT);
        // The merchant's file is written last, so where it is, everything is.
        let mut merchant = if path.exists() { Merchant::from_file(&path)? } else { make(data)? };
        if merchant.base_url != base_url {
            base_url.clone_into(&mut merchant.base_url);
            write_secret(&path, &serde_json::to_vec_pretty(&merchant)?)?;
        }
        let platform = std::fs::read(data.join(PLATFORM)).with_context(|| {
            format!("{PLATFORM} is missing beside {MERCHANT}; remove {MERCHANT} to have both made again")
        })?;
        let platform: Platform = serde_json::from_slice(&platform)?;
        Ok(Self {
            merchant_key: SigningKey::from_pkcs8_pem(&merchant.merchant_key_pem)?.verifying_key(),
            platform_key: SigningKey::from_pkcs8_pem(&platform.private_key_pem)?,
            platform_id: platform.id,
            api_v3_key: ApiV3Key::new(merchant.api_v3_key.as_bytes())?,
            merchant,
        })
    }
}

/// Makes both halves. The merchant's file is written by the caller, with the address in it.
fn make(data: &Path) -> anyhow::Result<Merchant> {
    let id = format!("PUB_KEY_ID_{}", new_nonce());
    let platform = RsaPrivateKey::new(&mut OsRng, RSA_BITS)?;
    let merchant = RsaPrivateKey::new(&mut OsRng, RSA_BITS)?;
    let private_key_pem = platform.to_pkcs8_pem(LineEnding::LF)?.to_string();
    let secret = serde_json::to_vec_pretty(&Platform { id: id.clone(), private_key_pem })?;
    write_secret(&data.join(PLATFORM), &secret)?;
    Ok(Merchant {
        mch_id: "1900000001".into(),
        app_id: "wx5a9db00000000001".into(),
        merchant_serial: new_nonce(),
        merchant_key_pem: merchant.to_pkcs8_pem(LineEnding::LF)?.to_string(),
        platform_keys: vec![PlatformKey {
            id,
            public_key_pem: platform.to_public_key().to_public_key_pem(LineEnding::LF)?,
        }],
        // 32 hexadecimal digits are 32 bytes, which is what the key must have.
        api_v3_key: new_nonce(),
        base_url: String::new(),
        sample: true,
    })
}
