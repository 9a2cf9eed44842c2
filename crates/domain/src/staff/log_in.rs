//! Logging in, and oneself.

use serde::{Deserialize, Serialize};

use crate::{Fault, Fields, StaffId};

/// Logs a member of staff in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StaffLogIn {
    /// The account's name.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 64))]
    pub account: String,
    /// The password.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 512))]
    pub password: String,
}

impl StaffLogIn {
    /// Reads the command from a form.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let account = read.text("account", 64);
        if fields.given("account").is_none() {
            read.complain("account", "请输入账号");
        }
        // A password is taken as typed: spaces at its ends belong to it.
        let password = fields.0.get("password").cloned().unwrap_or_default();
        if password.is_empty() || password.len() > 512 {
            read.complain("password", "请输入密码");
        }
        read.finish(|| Some(Self { account: account?, password }))
    }
}

/// A member of staff as they see themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StaffView {
    /// Their identity.
    pub id: StaffId,
    /// What they are called.
    pub name: String,
    /// Their roles, for people.
    pub roles: Vec<String>,
    /// Whether head office's pages are theirs.
    pub uses_hq: bool,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
}
