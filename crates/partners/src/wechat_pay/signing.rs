//! Signatures of API v3: which text is signed, with which key, and in which header it travels.
//!
//! Both sides stand here. The merchant signs requests and the client-side parameters; the gateway
//! signs its replies and callbacks. Source: WeChat Pay's documents "签名生成", "签名验证".

use std::fmt;

use aws_lc_rs::{
    rand::{SecureRandom as _, SystemRandom},
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::header::{HeaderMap, HeaderName};

/// The only scheme of the `Authorization` header that is spoken here.
const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";

/// When a reply or callback was signed, Unix seconds.
pub const TIMESTAMP: HeaderName = HeaderName::from_static("wechatpay-timestamp");
/// The random text that was signed with it.
pub const NONCE: HeaderName = HeaderName::from_static("wechatpay-nonce");
/// The signature, base64.
pub const SIGNATURE: HeaderName = HeaderName::from_static("wechatpay-signature");
/// Which of the gateway's keys signed: a certificate's serial, or `PUB_KEY_ID_…`.
pub const SERIAL: HeaderName = HeaderName::from_static("wechatpay-serial");

/// A key that cannot be read. Says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a readable {0}")]
pub struct BadKey(pub(super) &'static str);

/// An RSA private key, of the merchant or (in a stand-in) of the gateway.
pub struct SigningKey(RsaKeyPair);

impl SigningKey {
    /// Reads a PKCS#8 PEM (`BEGIN PRIVATE KEY`) of at least 2048 bits, as merchants download it.
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self, BadKey> {
        let der = pem_content(pem, "PRIVATE KEY").ok_or(BadKey("PKCS#8 private key"))?;
        RsaKeyPair::from_pkcs8(&der).map(Self).map_err(|_| BadKey("RSA private key of 2048 bits or more"))
    }

    /// SHA256-RSA over the text, base64.
    ///
    /// # Panics
    /// Only where the operating system has no random numbers, which blind the computation.
    pub fn sign(&self, text: &[u8]) -> String {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
            .expect("the buffer has the key's length and the system gives random numbers");
        STANDARD.encode(signature)
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.public_key().as_ref().to_vec())
    }
}

/// An RSA public key, kept as the PKCS#1 structure that the verifier wants.
#[derive(Clone)]
pub struct VerifyingKey(Vec<u8>);

impl VerifyingKey {
    /// Reads a PEM `BEGIN PUBLIC KEY`. Of a certificate, it is what `openssl x509 -pubkey -noout`
    /// prints.
    pub fn from_public_key_pem(pem: &str) -> Result<Self, BadKey> {
        let der = pem_content(pem, "PUBLIC KEY").ok_or(BadKey("public key"))?;
        rsa_public_key(&der).map(|key| Self(key.to_vec())).ok_or(BadKey("RSA public key"))
    }

    /// Whether this base64 signature over the text is by this key.
    pub fn verify(&self, text: &[u8], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0).verify(text, &signature).is_ok()
    }
}

/// What a request's signature covers. `target` is path and query exactly as they are sent.
pub fn request_text(method: &str, target: &str, timestamp: &str, nonce: &str, body: &[u8]) -> Vec<u8> {
    lines(&[method.as_bytes(), target.as_bytes(), timestamp.as_bytes(), nonce.as_bytes(), body])
}

/// What the signature of a reply or a callback covers; `body` is the raw bytes.
pub fn reply_text(timestamp: &str, nonce: &str, body: &[u8]) -> Vec<u8> {
    lines(&[timestamp.as_bytes(), nonce.as_bytes(), body])
}

/// What `paySign` of JSAPI and `sign` of an app cover: `package` is `prepay_id=…` for the one and
/// the bare prepay id for the other.
pub fn client_text(app_id: &str, timestamp: &str, nonce: &str, package: &str) -> Vec<u8> {
    lines(&[app_id.as_bytes(), timestamp.as_bytes(), nonce.as_bytes(), package.as_bytes()])
}

/// Every signed text is its parts, each with a line feed behind it, also the last.
fn lines(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| part.iter().chain(b"\n")).copied().collect()
}

/// A random text for one signature: 32 capital hexadecimal digits.
///
/// # Panics
/// Only where the operating system has no random numbers.
pub fn new_nonce() -> String {
    let mut bytes = [0_u8; 16];
    SystemRandom::new().fill(&mut bytes).expect("the system gives random numbers");
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The `Authorization` header of a request. `Display` writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// Who asks.
    pub mchid: String,
    /// Which of the merchant's certificates belongs to the key.
    pub serial_no: String,
    /// Random text.
    pub nonce_str: String,
    /// Unix seconds.
    pub timestamp: String,
    /// Base64, over [`request_text`].
    pub signature: String,
}

impl Authorization {
    /// Reads the header; `None` for another scheme or a missing part.
    pub fn parse(header: &str) -> Option<Self> {
        let parts = header.strip_prefix(SCHEME)?.trim_start();
        // Base64 holds neither commas nor quotes, so splitting is enough.
        let find = |name: &str| {
            parts.split(',').find_map(|part| {
                let (key, value) = part.trim().split_once('=')?;
                let value = value.strip_prefix('"')?.strip_suffix('"')?;
                (key == name).then(|| value.to_owned())
            })
        };
        Some(Self {
            mchid: find("mchid")?,
            serial_no: find("serial_no")?,
            nonce_str: find("nonce_str")?,
            timestamp: find("timestamp")?,
            signature: find("signature")?,
        })
    }
}

impl fmt::Display for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mchid, serial_no, nonce_str, timestamp, signature } = self;
        write!(
            f,
            "{SCHEME} mchid=\"{mchid}\",nonce_str=\"{nonce_str}\",timestamp=\"{timestamp}\",\
             serial_no=\"{serial_no}\",signature=\"{signature}\""
        )
    }
}

/// The four headers under which the gateway signs replies and callbacks. Any of them may be absent
/// in what somebody sends; whoever verifies refuses that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallbackHeaders {
    /// [`TIMESTAMP`].
    pub timestamp: Option<String>,
    /// [`NONCE`].
    pub nonce: Option<String>,
    /// [`SIGNATURE`].
    pub signature: Option<String>,
    /// [`SERIAL`].
    pub serial: Option<String>,
}

impl From<&HeaderMap> for CallbackHeaders {
    fn from(headers: &HeaderMap) -> Self {
        let find = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { timestamp: find(TIMESTAMP), nonce: find(NONCE), signature: find(SIGNATURE), serial: find(SERIAL) }
    }
}

impl CallbackHeaders {
    /// Signs a body as the gateway does, at this time (Unix seconds), under a fresh nonce.
    pub fn sign(key: &SigningKey, serial: &str, body: &[u8], now_unix_s: i64) -> Self {
        let (timestamp, nonce) = (now_unix_s.to_string(), new_nonce());
        let signature = key.sign(&reply_text(&timestamp, &nonce, body));
        Self {
            timestamp: Some(timestamp),
            nonce: Some(nonce),
            signature: Some(signature),
            serial: Some(serial.to_owned()),
        }
    }

    /// The headers that are there, by name.
    pub fn present(&self) -> impl Iterator<Item = (HeaderName, &str)> {
        [(TIMESTAMP, &self.timestamp), (NONCE, &self.nonce), (SIGNATURE, &self.signature), (SERIAL, &self.serial)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

/// The DER inside the PEM block of this label (RFC 7468).
fn pem_content(pem: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
    let (content, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let compact: String = content.split_whitespace().collect();
    STANDARD.decode(compact).ok()
}

/// The PKCS#1 key inside a SubjectPublicKeyInfo (RFC 5280, 4.1): `SEQUENCE { SEQUENCE { OBJECT
/// IDENTIFIER, NULL }, BIT STRING }`.
fn rsa_public_key(der: &[u8]) -> Option<&[u8]> {
    /// rsaEncryption, 1.2.840.113549.1.1.1, with its tag and length.
    const RSA_ENCRYPTION: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let (info, _) = element(der, 0x30)?;
    let (algorithm, rest) = element(info, 0x30)?;
    if !algorithm.starts_with(&RSA_ENCRYPTION) {
        return None;
    }
    let (bits, _) = element(rest, 0x03)?;
    // The first byte counts unused bits, of which a key has none.
    bits.strip_prefix(&[0])
}

/// Reads one DER element of this tag: its content, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = der.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    // A length below 128 is one byte; otherwise the low bits say how many bytes follow.
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) =
            rest.split_at_checked(usize::from(first & 0x7f)).filter(|(digits, _)| digits.len() <= 4)?;
        (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_text_ends_every_part_with_a_line_feed_also_an_empty_body() {
        let text = request_text("GET", "/v3/certificates", "1554208460", "593BEC0C930BF1AFEB40B4A08C8FB242", b"");
        assert_eq!(text, b"GET\n/v3/certificates\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n");
    }

    #[test]
    fn an_authorization_header_is_read_as_it_was_written() {
        let written = Authorization {
            mchid: "1900000109".into(),
            serial_no: "7D3E".into(),
            nonce_str: "ABC".into(),
            timestamp: "1554208460".into(),
            signature: "a+/b==".into(),
        };
        assert_eq!(Authorization::parse(&written.to_string()), Some(written.clone()));
        assert_eq!(Authorization::parse(&written.to_string().replace("serial_no", "serial")), None);
        assert_eq!(Authorization::parse("Bearer abc"), None);
    }

    #[test]
    fn a_damaged_key_is_refused_and_not_a_panic() {
        assert!(SigningKey::from_pkcs8_pem("").is_err());
        for der in [
            &[][..],
            &[0x30],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 0x02, 0x30, 0x7f],
            &[0x30, 0x85, 1, 1, 1, 1, 1],
        ] {
            let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(der));
            assert!(VerifyingKey::from_public_key_pem(&pem).is_err());
        }
    }
}
