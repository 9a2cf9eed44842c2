//! Pictures of what came back, which the store that sold or head office adds to a request.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::NOTE_MOST;
use crate::{Fault, files::Photo};

/// How many of them a request may have.
pub const STORE_PROOFS_MOST: usize = 6;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StoreProof {
    /// The picture, private to the shopper, once they see it, and the stores that the request concerns.
    #[serde(flatten)]
    pub photo: Photo,
    /// What whoever added it says of it, or empty.
    pub note: String,
    /// Who, for people: `员工 林姐`; `商家` to the shopper.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What is said of a picture, without space around it; it may be empty.
///
/// Faults: `Invalid` beside `note` where it is too long.
pub fn checked_proof_note(note: &str) -> Result<&str, Fault> {
    let note = note.trim();
    if note.chars().count() <= NOTE_MOST {
        Ok(note)
    } else {
        Err(Fault::invalid("note", format!("最多 {NOTE_MOST} 个字")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_needs_no_word_and_has_no_long_one() {
        assert_eq!(checked_proof_note("  "), Ok(""));
        assert_eq!(checked_proof_note(" 罐底凹陷 "), Ok("罐底凹陷"));
        assert_eq!(checked_proof_note(&"凹".repeat(NOTE_MOST)), Ok("凹".repeat(NOTE_MOST).as_str()));
        let fault = checked_proof_note(&"凹".repeat(NOTE_MOST + 1)).unwrap_err();
        assert_eq!(fault.complaints()[0].field, "note");
    }
}
