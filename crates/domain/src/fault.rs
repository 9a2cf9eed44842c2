//! What can go wrong, as one type for every face.
//!
//! A fault has a stable code for programs, a message for a person, and where needed a hidden half
//! that reaches only the log. HTTP statuses are chosen by the adapters, in the very last step.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is wrong with one field of what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Complaint {
    /// The field as the form or the JSON body names it.
    pub field: String,
    /// What is wrong and what to do, for a person.
    pub message: String,
}

impl Complaint {
    /// A complaint about `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// Why a use case did not happen. Where one is returned, nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What was sent breaks a rule; one complaint per field.
    Invalid(Vec<Complaint>),
    /// Nobody is logged in, or no longer.
    Unauthenticated,
    /// Logged in, but this person's grants do not reach so far.
    Forbidden,
    /// A program asks for what stays with people, whatever its key may do; to programs the same as [`Fault::Forbidden`].
    PeopleOnly,
    /// It does not exist, or the caller may not know that it does.
    NotFound(&'static str),
    /// It is possible in general, but not as things are now.
    Conflict {
        /// Stable, for programs: `already_redeemed`, `store_closed` …
        code: &'static str,
        /// What happened and what to do, for a person.
        message: String,
    },
    /// There is too little left; one complaint per item that lacks.
    SoldOut(Vec<Complaint>),
    /// Asked too often; worth another try after so many seconds.
    TooMany {
        /// Seconds until another try can succeed.
        retry_after_s: u32,
    },
    /// A party this use case needs (gateway, SMS, database) does not answer just now.
    Upstream {
        /// What is out of reach, for a person: `支付通道`.
        who: &'static str,
        /// For the log alone.
        hidden: String,
    },
    /// A mistake of ours; the text is for the log alone.
    Internal(String),
}

impl Fault {
    /// A fault about a single field.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Complaint::new(field, message)])
    }

    /// A conflict with a stable code.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict { code, message: message.into() }
    }

    /// The same about a numbered line of a form: its complaints stand beside that line's fields, `quantity.3`.
    pub fn in_line(self, line: usize) -> Self {
        let Self::Invalid(complaints) = self else { return self };
        let beside = |one: Complaint| Complaint { field: format!("{}.{line}", one.field), ..one };
        Self::Invalid(complaints.into_iter().map(beside).collect())
    }

    /// The stable code that programs may rely on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden | Self::PeopleOnly => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::Conflict { code, .. } => code,
            Self::SoldOut(_) => "sold_out",
            Self::TooMany { .. } => "too_many",
            Self::Upstream { .. } => "upstream",
            Self::Internal(_) => "internal",
        }
    }

    /// What a person is told: what happened and what to do.
    pub fn message(&self) -> String {
        match self {
            Self::Invalid(complaints) => match complaints.as_slice() {
                [only] => only.message.clone(),
                _ => "有几处需要修改，请看各栏的提示".into(),
            },
            Self::Unauthenticated => "请先登录".into(),
            Self::Forbidden => "您没有这项权限，请联系管理员".into(),
            Self::PeopleOnly => "这一步只能由员工登录后操作，接口密钥不能代替".into(),
            Self::NotFound(what) => format!("没有找到{what}"),
            Self::Conflict { message, .. } => message.clone(),
            Self::SoldOut(complaints) => match complaints.as_slice() {
                [] => "库存不足".into(),
                some => some.iter().map(|one| one.message.as_str()).collect::<Vec<_>>().join(";"),
            },
            Self::TooMany { retry_after_s } => format!("操作太频繁，请 {retry_after_s} 秒后再试"),
            Self::Upstream { who, .. } => format!("{who}暂时没有响应，请稍后再试；您的内容没有丢失"),
            Self::Internal(_) => "系统出了点问题，我们已记录，请稍后再试".into(),
        }
    }

    /// The complaints that belong beside a field.
    pub fn complaints(&self) -> &[Complaint] {
        match self {
            Self::Invalid(complaints) | Self::SoldOut(complaints) => complaints,
            _ => &[],
        }
    }

    /// What only the log may say.
    pub fn hidden(&self) -> Option<&str> {
        match self {
            Self::Upstream { hidden, .. } | Self::Internal(hidden) => Some(hidden),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message())
    }
}

impl std::error::Error for Fault {}

impl From<Complaint> for Fault {
    fn from(complaint: Complaint) -> Self {
        Self::Invalid(vec![complaint])
    }
}
