//! Who we are at WeChat: one JSON file.

use std::{fmt, fs, path::Path};

use serde::{Deserialize, Serialize};

/// Our apps at WeChat. Where all are bound to one account of its open platform (微信开放平台), a person
/// has one union id in all of them; without it, nobody can tell that two open ids are the same person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apps {
    /// Where codes are exchanged.
    #[serde(default = "api_url")]
    pub api_url: String,
    /// Where browsers are sent to log in.
    #[serde(default = "open_url")]
    pub open_url: String,
    /// The mini-program (小程序).
    pub mini_program: Option<App>,
    /// The official account (公众号), for pages in WeChat's own browser.
    pub official_account: Option<App>,
    /// The website (网站应用), for pages in any other browser.
    pub website: Option<App>,
    /// Whether a stand-in made these. A server in production refuses them.
    #[serde(default)]
    pub sample: bool,
}

/// One app. `Debug` leaves its secret out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Its public id, `wx…`.
    pub app_id: String,
    /// Its AppSecret. Secret.
    pub secret: String,
}

/// The kinds of apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppKind {
    /// 小程序.
    MiniProgram,
    /// 公众号.
    OfficialAccount,
    /// 网站应用.
    Website,
}

/// A configuration that cannot be used. Carries no secret.
#[derive(Debug, thiserror::Error)]
pub enum Misconfigured {
    /// The file cannot be read.
    #[error("the file of WeChat's apps cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file is not the JSON of [`Apps`].
    #[error("the file of WeChat's apps is not understood at line {line}")]
    NotUnderstood {
        /// Counted from 1.
        line: usize,
    },
    /// There is nothing to log in with.
    #[error("the file of WeChat's apps names none")]
    NoApp,
    /// An app without its id or secret.
    #[error("the app {0:?} lacks its id or secret")]
    Incomplete(AppKind),
    /// An address is none, or one over which secrets could be read on the way.
    #[error("not a usable address: {0}")]
    Address(String),
}

impl Apps {
    /// Reads the file.
    pub fn from_file(path: &Path) -> Result<Self, Misconfigured> {
        let text = fs::read(path)?;
        // The parser's own message may quote what it met, and that may be a secret.
        serde_json::from_slice(&text).map_err(|error| Misconfigured::NotUnderstood { line: error.line() })
    }

    /// The app of this kind, where we have it.
    pub fn of(&self, kind: AppKind) -> Option<&App> {
        match kind {
            AppKind::MiniProgram => self.mini_program.as_ref(),
            AppKind::OfficialAccount => self.official_account.as_ref(),
            AppKind::Website => self.website.as_ref(),
        }
    }
}

impl AppKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::MiniProgram, Self::OfficialAccount, Self::Website];
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

fn api_url() -> String {
    "https://api.weixin.qq.com".to_owned()
}

fn open_url() -> String {
    "https://open.weixin.qq.com".to_owned()
}
