//! The JSON and the forms of both directions: what we use of them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// `returnCode` of a subscription that is taken.
pub const TAKEN: &str = "200";
/// `returnCode` of one that is there already.
pub const TAKEN_BEFORE: &str = "501";
/// `returnCode` of a question about a parcel of which nothing is known yet.
pub const NOTHING_YET: &str = "500";

/// Where a parcel is, by the basic `state` codes; an advanced code such as 301 says its basic one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// 0 在途.
    OnTheWay,
    /// 1 揽收.
    Collected,
    /// 2 疑难.
    Trouble,
    /// 3 签收.
    Signed,
    /// 4 退签: who sent it has it again.
    ReturnSigned,
    /// 5 派件.
    Delivering,
    /// 6 退回.
    Returning,
    /// 14 拒签.
    Refused,
}

impl Status {
    /// Every one, with its code.
    pub const ALL: [(Self, i64); 8] = [
        (Self::OnTheWay, 0),
        (Self::Collected, 1),
        (Self::Trouble, 2),
        (Self::Signed, 3),
        (Self::ReturnSigned, 4),
        (Self::Delivering, 5),
        (Self::Returning, 6),
        (Self::Refused, 14),
    ];

    /// Reads a code. 7 转投, 8 清关 and what later versions bring is on its way.
    pub fn of(code: &str) -> Option<Self> {
        let code: i64 = code.trim().parse().ok().filter(|code| (0..10_000).contains(code))?;
        let basic = if code >= 100 { code / 100 } else { code };
        let found = Self::ALL.into_iter().find(|(_, number)| *number == basic);
        Some(found.map_or(Self::OnTheWay, |(status, _)| status))
    }

    /// Its basic code.
    pub fn code(self) -> i64 {
        Self::ALL.into_iter().find(|(status, _)| *status == self).map_or(0, |(_, code)| code)
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// What, for people.
    pub context: String,
    /// When, in Beijing: `2026-11-23 16:33:19`.
    pub time: String,
}

/// All that is known of a parcel's way, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// See [`Status`].
    #[serde(default, deserialize_with = "text_or_number")]
    pub state: String,
    /// The platform's code of the carrier.
    #[serde(default)]
    pub com: String,
    /// The carrier's number.
    #[serde(default)]
    pub nu: String,
    /// The way.
    #[serde(default)]
    pub data: Vec<Scan>,
}

impl Way {
    /// Where the parcel is; nothing where the platform knows of no scan.
    pub fn status(&self) -> Option<Status> {
        if self.data.is_empty() { None } else { Status::of(&self.state) }
    }
}

/// A callback's `param`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Push {
    /// `polling`, `shutdown` once it is over, `abort` where nothing comes for long, `updateall`.
    pub status: String,
    /// Why it was given up.
    #[serde(default)]
    pub message: String,
    /// What we said the carrier was, where the platform knew better.
    #[serde(default)]
    pub com_old: String,
    /// The whole way, again each time.
    #[serde(default)]
    pub last_result: Option<Way>,
}

impl Push {
    /// Whether the platform has stopped looking without an end.
    pub fn is_given_up(&self) -> bool {
        self.status == "abort"
    }

    /// The carrier's code as we said it.
    pub fn company<'a>(&'a self, way: &'a Way) -> &'a str {
        if self.com_old.is_empty() { &way.com } else { &self.com_old }
    }
}

/// The `param` of a subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscribe {
    pub company: String,
    pub number: String,
    pub key: String,
    pub parameters: Parameters,
}

/// Where a subscription's callbacks go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    pub callbackurl: String,
    pub salt: String,
    /// Somebody's number at either end; 顺丰 and 中通 tell nothing without.
    #[serde(default)]
    pub phone: String,
}

/// The `param` of a question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ask {
    pub com: String,
    pub num: String,
    #[serde(default)]
    pub phone: String,
}

/// What a subscription is answered with, and a callback too.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    pub result: bool,
    #[serde(deserialize_with = "text_or_number")]
    pub return_code: String,
    #[serde(default)]
    pub message: String,
}

/// A body of `application/x-www-form-urlencoded`.
pub fn form(fields: &[(&str, &str)]) -> String {
    // An address's query is written in just this way.
    let Ok(mut url) = reqwest::Url::parse("http://form.invalid/") else { return String::new() };
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

/// A field of such a body.
pub fn field(body: &str, name: &str) -> Option<String> {
    let mut url = reqwest::Url::parse("http://form.invalid/").ok()?;
    url.set_query(Some(body));
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The platform writes its codes now as text, now as numbers.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Either;
    impl de::Visitor<'_> for Either {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text or a number")
        }
        fn visit_str<E>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
        fn visit_u64<E>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }
        fn visit_i64<E>(self, number: i64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }
    deserializer.deserialize_any(Either)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_from_its_basic_and_its_advanced_code() {
        for (code, status) in [
            ("0", Status::OnTheWay),
            ("3", Status::Signed),
            ("301", Status::Signed),
            ("14", Status::Refused),
            ("1401", Status::Refused),
            ("6", Status::Returning),
            ("7", Status::OnTheWay),
        ] {
            assert_eq!(Status::of(code), Some(status), "{code}");
        }
        assert_eq!((Status::of("-1"), Status::of("x"), Status::of("99999")), (None, None, None));
    }

    #[test]
    fn a_form_is_read_as_it_was_written() {
        let body = form(&[("param", r#"{"a":"1+1 & 2","b":"签收"}"#), ("sign", "AB")]);
        assert_eq!(field(&body, "param").as_deref(), Some(r#"{"a":"1+1 & 2","b":"签收"}"#));
        assert_eq!((field(&body, "sign").as_deref(), field(&body, "no")), (Some("AB"), None));
    }
}
