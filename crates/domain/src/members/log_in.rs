//! Logging in: with a code by SMS, with a password, with WeChat.

use serde::{Deserialize, Serialize};

use super::{MergeOffer, Phone, WeChatApp};
use crate::{Fault, Fields, orders::Channel, staff::PASSWORD_MOST};

/// Asks for a code by SMS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AskCode {
    /// To which number.
    pub phone: Phone,
}

impl AskCode {
    /// Reads the command from a form.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let phone = read.value("phone");
        read.finish(|| Some(Self { phone: phone? }))
    }
}

/// What kind of program logs somebody in, where what they order is told apart from any program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum ProgramKind {
    MiniProgram,
}

impl ProgramKind {
    /// Over what the orders of its sessions come.
    pub fn channel(self) -> Channel {
        match self {
            Self::MiniProgram => Channel::MiniProgram,
        }
    }

    /// The kind of program that asks over this channel, where it is told apart.
    pub fn of(channel: Channel) -> Option<Self> {
        (channel == Channel::MiniProgram).then_some(Self::MiniProgram)
    }
}

/// Logs in with the code that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct LogIn {
    /// The number the code went to.
    pub phone: Phone,
    /// The 6 digits.
    #[cfg_attr(feature = "api", schema(pattern = "^[0-9]{6}$"))]
    pub code: String,
    /// What a log-in with WeChat answered as `arrival`: whoever WeChat named is linked to this member.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 64))]
    pub arrival: Option<String>,
    /// What the last log-in on this device answered as `device`.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 64))]
    pub device: Option<String>,
    /// What kind of program asks, for as long as the session lasts. Where WeChat named somebody to a mini-program, it
    /// is one without saying so.
    #[serde(default)]
    pub app: Option<ProgramKind>,
}

impl LogIn {
    /// Reads the command from a form.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let phone = read.value("phone");
        let code = fields.text("code").to_owned();
        if !is_code(&code) {
            read.complain("code", CODE_WANTED);
        }
        read.finish(|| Some(Self { phone: phone?, code, arrival: None, device: None, app: None }))
    }
}

/// What is said where something else was typed.
pub(super) const CODE_WANTED: &str = "验证码是 6 位数字";

/// Whether a code by SMS can look so.
pub(super) fn is_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|sign| sign.is_ascii_digit())
}

/// Logs in with the password that the member chose.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct LogInWithPassword {
    /// The member's number.
    pub phone: Phone,
    /// The password.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 512))]
    pub password: String,
    /// What the last log-in on this device answered as `device`: tries on devices that are known are counted
    /// apart from those of strangers.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 64))]
    pub device: Option<String>,
    /// What kind of program asks, for as long as the session lasts.
    #[serde(default)]
    pub app: Option<ProgramKind>,
}

impl LogInWithPassword {
    /// Reads the command from a form: `phone` and `password`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let phone = read.value("phone");
        // A password is taken as typed: spaces at its ends belong to it.
        let password = fields.0.get("password").cloned().unwrap_or_default();
        if password.is_empty() || password.len() > PASSWORD_MOST {
            read.complain("password", "请输入密码");
        }
        read.finish(|| Some(Self { phone: phone?, password, device: None, app: None }))
    }
}

/// How long a code can be used, and when another may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CodeSent {
    /// Seconds until the code is of no use.
    pub valid_s: u32,
    /// Seconds until another may be asked for.
    pub again_after_s: u32,
}

/// Logs in with what WeChat gave a program.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct LogInWithWeChat {
    /// Which app the code is for. Programs have only `mini_program`; browsers come back to our own page.
    pub app: WeChatApp,
    /// What `wx.login()` answered. It is good once.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 512))]
    pub code: String,
    /// What the last log-in on this device answered as `device`.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 64))]
    pub device: Option<String>,
}

/// Links a WeChat account from a mini-program.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct LinkWeChat {
    /// What `wx.login()` answered.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 512))]
    pub code: String,
    /// What shows that it is the member.
    pub proof: super::Proof,
}

/// What came of linking a WeChat account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct WeChatLinked {
    /// Where it opens another account: nothing has changed yet, and the two can become one.
    pub merge: Option<MergeOffer>,
}
