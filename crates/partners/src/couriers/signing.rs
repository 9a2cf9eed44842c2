//! `sign`: base64 of the hexadecimal MD5 of `{body}&{dev_id}&{dev_key}`.
//!
//! MD5 is the platform's choice; nothing else of ours uses it. A forger would need the key all the same: no way is
//! known to make a tag of it without, as the secret stands at the end of what is hashed and the body is JSON.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest as _, Md5};

/// The signature of these bytes.
pub fn sign(body: &[u8], dev_id: i64, dev_key: &str) -> String {
    let mut hash = Md5::new();
    hash.update(body);
    hash.update(format!("&{dev_id}&{dev_key}"));
    let digits: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    STANDARD.encode(digits)
}

/// Whether the bytes were signed with this key.
pub fn verify(body: &[u8], dev_id: i64, dev_key: &str, signature: &str) -> bool {
    verify_slices_are_equal(sign(body, dev_id, dev_key).as_bytes(), signature.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out with coreutils: `printf '%s' '{"a":1}&123&abc' | md5sum | cut -c-32 | tr -d '\n' | base64 -w0`.
    #[test]
    fn a_body_is_signed_as_the_platform_shows() {
        assert_eq!(sign(br#"{"a":1}"#, 123, "abc"), "MmZhZDFkMWNlNTEwMGNjOWUzN2RiOWM1NmMwYmNlYzE=");
    }

    #[test]
    fn what_was_changed_or_signed_by_another_is_not_believed() {
        let signature = sign(b"{}", 123, "abc");
        assert!(verify(b"{}", 123, "abc", &signature));
        assert!(!verify(b"{ }", 123, "abc", &signature));
        assert!(!verify(b"{}", 124, "abc", &signature));
        assert!(!verify(b"{}", 123, "abd", &signature));
        assert!(!verify(b"{}", 123, "abc", ""));
    }
}
