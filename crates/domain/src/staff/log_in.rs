//! Logging in, and oneself.

use chrono::{DateTime, Utc};
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
    /// What the last log-in on this device answered as `device`: tries on devices that are known are counted
    /// apart from those of strangers.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 64))]
    pub device: Option<String>,
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
        read.finish(|| Some(Self { account: account?, password, device: None }))
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
    /// Whether a second step must be set up before anything else.
    pub must_set_up_second_step: bool,
    /// Whether the second step of the log-in is still to come: until then the session opens nothing.
    pub awaits_code: bool,
}

/// A code of an app: six digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct EnterCode {
    /// As the app shows it.
    #[cfg_attr(feature = "api", schema(min_length = 6, max_length = 7, pattern = "^[0-9]{3} ?[0-9]{3}$"))]
    pub code: String,
}

impl EnterCode {
    /// Reads the command from a form: `code`, with or without the space that apps show.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let command = Self { code: fields.text("code").to_owned() };
        command.digits().map(|_| command.clone())
    }

    /// The six digits alone.
    ///
    /// Faults: `Invalid` beside `code`.
    pub fn digits(&self) -> Result<String, Fault> {
        let digits: String = self.code.chars().filter(|sign| !sign.is_whitespace()).collect();
        let fits = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit());
        if fits { Ok(digits) } else { Err(Fault::invalid("code", "请输入验证器上的 6 位数字")) }
    }
}

/// A second step that is being set up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SecondStepSetUp {
    /// For the app's camera: `otpauth://totp/…`.
    pub url: String,
    /// For who types it: base 32, in groups of four.
    pub secret: String,
}

/// How somebody stands with the second step.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SecondStepView {
    /// Since when a code is asked for.
    pub since: Option<DateTime<Utc>>,
    /// What is to be taken into the app, while it is being set up.
    pub set_up: Option<SecondStepSetUp>,
    /// Whether it cannot be given up.
    pub is_required: bool,
}
