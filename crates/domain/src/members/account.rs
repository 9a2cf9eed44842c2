//! What members change about themselves.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    MemberView, Phone,
    log_in::{CODE_WANTED, is_code},
};
use crate::{Fault, Fields, MemberId, fields::Reading, staff::password_length, stores::words};

/// What a code is asked for. It serves nothing else, and nobody but the member who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum CodeFor {
    /// To the member's own number: to change the password or the number.
    Account,
    /// To another number, which shall become the member's.
    Phone,
    /// To the member's own number: to erase the account.
    Erase,
}

words!(CodeFor: Account = "account" / "修改账号信息", Phone = "phone" / "更换手机号", Erase = "erase" / "注销账号");

/// A member who is logged in asks for a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AskOwnCode {
    /// What for.
    #[serde(rename = "for")]
    pub purpose: CodeFor,
    /// The number that shall become the member's, for `phone` alone.
    #[serde(default)]
    pub phone: Option<Phone>,
}

/// What shows that it is the member and not somebody who found their telephone open: one of the two.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Proof {
    /// The password of now.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 512))]
    pub old_password: Option<String>,
    /// A code that was asked for with `account`.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 6))]
    pub old_code: Option<String>,
}

impl Proof {
    /// Reads it from a form: `old_password` or `old_code`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let proof = Self::read(fields, &mut read);
        read.finish(|| Some(proof))
    }

    fn read(fields: &Fields, read: &mut Reading<'_>) -> Self {
        let old_password = fields.0.get("old_password").filter(|password| !password.is_empty()).cloned();
        let old_code = fields.given("old_code").map(str::to_owned);
        match &old_code {
            Some(code) if !is_code(code) => read.complain("old_code", CODE_WANTED),
            None if old_password.is_none() => read.complain("old_code", "请输入验证码，或用现在的密码验证"),
            _ => {}
        }
        Self { old_password, old_code }
    }
}

/// Chooses a password, or another one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetPassword {
    /// The one to come.
    #[cfg_attr(feature = "api", schema(min_length = 8, max_length = 512))]
    pub password: String,
    /// What shows that it is the member.
    pub proof: Proof,
}

impl SetPassword {
    /// Reads the command from a form: `password`, the same again as `password_again`, and what
    /// [`Proof::from_fields`] reads.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        // Passwords are taken as typed: spaces at their ends belong to them.
        let [password, again] =
            ["password", "password_again"].map(|name| fields.0.get(name).cloned().unwrap_or_default());
        if let Some(complaint) = password_length(&password) {
            read.complain("password", &complaint.message);
        }
        if again != password {
            read.complain("password_again", "两次输入不一样");
        }
        let proof = Proof::read(fields, &mut read);
        read.finish(|| Some(Self { password, proof }))
    }
}

/// Changes one's number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ChangePhone {
    /// The number to come.
    pub phone: Phone,
    /// The code that was asked for with `phone`, and went to it.
    #[cfg_attr(feature = "api", schema(pattern = "^[0-9]{6}$"))]
    pub code: String,
    /// What shows that it is the member.
    pub proof: Proof,
}

impl ChangePhone {
    /// Reads the command from a form: `phone`, `code`, and what [`Proof::from_fields`] reads.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let phone = read.value("phone");
        let code = fields.text("code").to_owned();
        if !is_code(&code) {
            read.complain("code", CODE_WANTED);
        }
        let proof = Proof::read(fields, &mut read);
        read.finish(|| Some(Self { phone: phone?, code, proof }))
    }
}

/// Erases one's account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct EraseAccount {
    /// The code that was asked for with `erase`.
    #[cfg_attr(feature = "api", schema(pattern = "^[0-9]{6}$"))]
    pub code: String,
}

impl EraseAccount {
    /// Reads the command from a form: `code`, and `understood`, a box that must be ticked.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let code = fields.text("code").to_owned();
        if !is_code(&code) {
            read.complain("code", CODE_WANTED);
        }
        if fields.given("understood").is_none() {
            read.complain("understood", "请先勾选，确认您已了解注销的后果");
        }
        read.finish(|| Some(Self { code }))
    }
}

/// How somebody came in at WeChat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum WeChatApp {
    MiniProgram,
    OfficialAccount,
    Website,
}

words!(WeChatApp:
    MiniProgram = "mini_program" / "小程序", OfficialAccount = "official_account" / "公众号", Website = "website" / "网站");

/// A WeChat account that opens a member's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct WeChatAccount {
    /// Through what it came.
    pub app: WeChatApp,
    /// Since when.
    pub linked_at: DateTime<Utc>,
}

/// A member's ways in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AccountView {
    /// Who it is.
    pub member: MemberView,
    /// Whether a password opens it, beside codes by SMS.
    pub has_password: bool,
    /// The WeChat accounts that open it, the oldest first.
    pub wechat: Vec<WeChatAccount>,
}

/// What came of a change of number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PhoneChanged {
    /// The member as they are now.
    pub member: MemberView,
    /// Where the number is another account's: nothing has changed yet, and the two can become one.
    pub merge: Option<MergeOffer>,
}

/// Two accounts that are the same person's, before they become one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct MergeOffer {
    /// With this it is confirmed.
    pub id: Uuid,
    /// The account that goes, by its number with the middle hidden.
    pub phone: String,
    /// Since when that is a member.
    pub joined_at: DateTime<Utc>,
    /// Its orders, which come over.
    pub orders: i64,
    /// Those of them that are still open.
    pub open_orders: i64,
    /// Kinds of goods in its cart, which come over as far as there is room.
    pub cart_lines: i64,
    /// Goods that it holds, which come over.
    pub holds: i64,
    /// WeChat accounts, which open the kept account then.
    pub wechat: i64,
    /// Whether its number becomes that of the kept account, whose own then goes.
    pub takes_phone: bool,
    /// Until when it can be confirmed.
    pub expires_at: DateTime<Utc>,
}

/// What stands in the way of erasing an account, and what will stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct LeavingView {
    /// Whose account.
    pub member: MemberId,
    /// Orders that are not finished: they stand in the way.
    pub open_orders: i64,
    /// Requests after the sale that are not decided: they stand in the way.
    pub open_after_sales: i64,
    /// Refunds that are under way: they stand in the way.
    pub refunds: i64,
    /// All orders. They stay, without the person.
    pub orders: i64,
}
