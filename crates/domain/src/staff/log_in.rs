//! Logging in, and oneself.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
}

/// Where somebody is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SessionView {
    /// By what it is ended.
    pub id: Uuid,
    /// What the browser or program called itself; empty where it did not.
    pub agent: String,
    /// The address it logged in from.
    pub address: String,
    /// Since when.
    pub began_at: DateTime<Utc>,
    /// When it was last used, to some minutes.
    pub seen_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

impl SessionView {
    /// The device, for people: `Chrome · Windows`.
    pub fn device(&self) -> String {
        let find = |names: &[(&'static str, &'static str)]| {
            names.iter().find(|(mark, _)| self.agent.contains(mark)).map(|(_, name)| *name)
        };
        // The order matters: browsers call themselves what others are called, too.
        let browser = find(&[
            ("MicroMessenger", "微信"),
            ("Edg/", "Edge"),
            ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
        ]);
        let system = find(&[
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Android", "Android"),
            ("Windows", "Windows"),
            ("Mac OS X", "Mac"),
            ("Linux", "Linux"),
        ]);
        match (browser, system) {
            (Some(browser), Some(system)) => format!("{browser} · {system}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => "程序".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_as_people_know_it() {
        let named = |agent: &str| {
            let (id, at) = (Uuid::nil(), DateTime::UNIX_EPOCH);
            let view = SessionView {
                id,
                agent: agent.into(),
                address: String::new(),
                began_at: at,
                seen_at: at,
                is_this: false,
            };
            view.device()
        };
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0";
        assert_eq!(named(edge), "Edge · Windows");
        let wechat = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.50";
        assert_eq!(named(wechat), "微信 · iPhone");
        assert_eq!(named("curl/8.5.0"), "程序");
    }
}
