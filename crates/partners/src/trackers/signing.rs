//! `sign`: the MD5 of some texts one after the other, as 32 capital hexadecimal digits.
//!
//! A question is signed over `{param}{key}{customer}`, a callback over `{param}{salt}`. MD5 is the platform's choice; as
//! with the courier's, no way is known to make such a tag without the secret that stands at the end of JSON.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use md5::{Digest as _, Md5};

/// The signature of these texts, one after the other.
pub fn sign(parts: &[&str]) -> String {
    let mut hash = Md5::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Whether a callback was signed with this salt.
pub fn verify(param: &str, salt: &str, signature: &str) -> bool {
    let given = signature.to_ascii_uppercase();
    verify_slices_are_equal(sign(&[param, salt]).as_bytes(), given.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out with coreutils: `printf '%s' '{"com":"ems"}keycustomer' | md5sum`.
    #[test]
    fn a_question_is_signed_as_the_platform_says() {
        assert_eq!(sign(&[r#"{"com":"ems"}"#, "key", "customer"]), "C24B998461CFC998D92C8EB63C57B923");
    }

    #[test]
    fn what_was_changed_or_signed_by_another_is_not_believed() {
        let signature = sign(&["{}", "salt"]);
        assert!(verify("{}", "salt", &signature) && verify("{}", "salt", &signature.to_lowercase()));
        assert!(!verify("{ }", "salt", &signature));
        assert!(!verify("{}", "salz", &signature));
        assert!(!verify("{}", "salt", ""));
    }
}
