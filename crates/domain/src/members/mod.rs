//! Members (B1, P8).
//!
//! - here: numbers, and a member as they see themselves
//! - `log_in`: the ways in
//! - `account`: what members change about themselves, two accounts that become one, one that goes

mod account;
mod log_in;

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Complaint, MemberId};

pub use account::{
    AccountView, AskOwnCode, ChangePhone, CodeFor, EraseAccount, LeavingView, MergeOffer, PhoneChanged, Proof,
    SetPassword, WeChatAccount, WeChatApp,
};
pub use log_in::{AskCode, CodeSent, LinkWeChat, LogIn, LogInWithPassword, LogInWithWeChat, ProgramKind, WeChatLinked};

/// A mobile number of mainland China: 11 digits beginning 13 to 19.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^1[3-9][0-9]{9}$", example = "13800138000"))]
pub struct Phone(String);

impl Phone {
    /// The 11 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Phone {
    type Err = Complaint;
    /// Takes the number as people type it: spaces, hyphens and a leading +86 are fine.
    fn from_str(text: &str) -> Result<Self, Complaint> {
        let digits: String = text.chars().filter(|sign| !sign.is_whitespace() && *sign != '-').collect();
        let digits = digits.strip_prefix("+86").unwrap_or(&digits).to_owned();
        let fits = digits.len() == 11
            && digits.bytes().all(|sign| sign.is_ascii_digit())
            && digits.starts_with('1')
            && matches!(digits.as_bytes()[1], b'3'..=b'9');
        if fits { Ok(Self(digits)) } else { Err(Complaint::new("phone", "请输入 11 位手机号")) }
    }
}

impl TryFrom<String> for Phone {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|complaint: Complaint| complaint.message)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

/// A member as they see themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct MemberView {
    /// Their identity.
    pub id: MemberId,
    /// Their own number.
    pub phone: Phone,
    /// What they are called.
    pub name: String,
    /// Since when.
    pub joined_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_read_as_people_type_it() {
        assert_eq!("+86 138-0013-8000".parse::<Phone>().unwrap().as_str(), "13800138000");
        for bad in ["", "1380013800", "23800138000", "12800138000", "138001380000", "1380013800x"] {
            assert!(bad.parse::<Phone>().is_err(), "{bad}");
        }
    }
}
