//! Where members and staff are logged in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
