//! WeChat log-in: who somebody is at WeChat, from a code that WeChat gave their program or browser.
//!
//! - here: the client [`WeChatLogIn`]
//! - `apps`: who we are, from one JSON file
//!
//! A mini-program gets its code from `wx.login()`. A browser is sent to [`WeChatLogIn::sign_in_url`]
//! and comes back to the `redirect_uri` with `code` and `state`; without `code` where the person
//! refused. A code is for one app, good once and for five minutes. Sources:
//! <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html>,
//! <https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken>,
//! <https://developers.weixin.qq.com/doc/oplatform/Website_App/WeChat_Login/Wechat_Login.html>.

mod apps;
#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;

pub use apps::{App, AppKind, Apps, Misconfigured};

/// A person waits for the answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// WeChat's answers have a few hundred bytes.
const MOST_REPLY_BYTES: usize = 16 * 1024;
/// Codes have 32 characters today; what is much longer is none.
const MOST_CODE_BYTES: usize = 512;
/// Open ids and union ids have 28 characters today.
const MOST_ID_BYTES: usize = 128;
/// So much of a refusal's text is kept for the log.
const MOST_MESSAGE_CHARS: usize = 200;

/// What WeChat answers in `errcode`, where the client or a stand-in tells them apart.
pub mod errcode {
    /// Too busy; ask again later.
    pub const BUSY: i64 = -1;
    /// `grant_type` is not `authorization_code`.
    pub const BAD_GRANT_TYPE: i64 = 40_002;
    /// No such app.
    pub const BAD_APP_ID: i64 = 40_013;
    /// Not a code, or not this app's.
    pub const BAD_CODE: i64 = 40_029;
    /// Not this app's secret.
    pub const BAD_SECRET: i64 = 40_125;
    /// The code has been used before.
    pub const USED_CODE: i64 = 40_163;
    /// No `appid`.
    pub const NO_APP_ID: i64 = 41_002;
    /// No `secret`.
    pub const NO_SECRET: i64 = 41_004;
    /// No code.
    pub const NO_CODE: i64 = 41_008;
    /// The code was not exchanged within five minutes.
    pub const EXPIRED_CODE: i64 = 42_003;
    /// Too many exchanges in this minute.
    pub const TOO_OFTEN: i64 = 45_011;
}

/// The browser a page is shown in, which decides the app that people log in through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browser {
    /// WeChat's own, where the person is known already and only agrees.
    WeChat,
    /// Any other, which shows a QR code for WeChat to scan.
    Other,
}

impl Browser {
    /// The app for this browser.
    pub fn app(self) -> AppKind {
        match self {
            Self::WeChat => AppKind::OfficialAccount,
            Self::Other => AppKind::Website,
        }
    }
}

/// Who somebody is. The session key and the access token are not kept: nothing here needs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Through which of our apps.
    pub app: AppKind,
    /// The id of that app. An open id means something only together with it.
    pub app_id: String,
    /// The person, as this app knows them. Paying in WeChat needs the open id of the paying app.
    pub open_id: String,
    /// The person, the same in all apps of one account of the open platform.
    pub union_id: Option<String>,
}

/// Why it is not known who somebody is. Never carries a secret or a code.
#[derive(Debug, thiserror::Error)]
pub enum LogInFailure {
    /// The code is none, is another app's, has been used or is too old: the person begins again.
    #[error("the code is not good, or no longer (errcode {errcode})")]
    BadCode {
        /// What WeChat answered.
        errcode: i64,
    },
    /// WeChat has too much to do, or we ask too often: later, with a new code.
    #[error("WeChat is busy (errcode {errcode})")]
    Busy {
        /// What WeChat answered.
        errcode: i64,
    },
    /// WeChat understood and said no, for instance because our secret has been changed.
    #[error("WeChat refused with {errcode}: {message}")]
    Refused {
        /// What WeChat answered.
        errcode: i64,
        /// For the log.
        message: String,
    },
    /// The page was seen in WeChat's snapshot mode (快照页), in which everybody is made up. The person
    /// leaves it by 使用完整服务 and begins again.
    #[error("the page was seen in snapshot mode, and the person is made up")]
    Snapshot,
    /// No answer in time, or a broken WeChat. The code may have been used up.
    #[error("WeChat cannot be reached: {0}")]
    Unreachable(String),
    /// An answer that is not understood. The code may have been used up.
    #[error("WeChat's answer is malformed: {0}")]
    Malformed(&'static str),
    /// We have no such app.
    #[error("there is no app {0:?} to log in through")]
    NotOffered(AppKind),
}

/// Asks WeChat who somebody is. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WeChatLogIn {
    apps: Apps,
    api: Url,
    open: Url,
    client: reqwest::Client,
}

/// What both exchanges answer, as `text/plain`. `session_key` and the tokens are not even read.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
    openid: Option<String>,
    unionid: Option<String>,
    #[serde(default)]
    is_snapshotuser: i64,
}

impl WeChatLogIn {
    /// A client for these apps.
    ///
    /// Faults: no app, an app without id or secret, an address that is none or (beside a stand-in's)
    /// not https; nothing is sent yet.
    pub fn new(apps: Apps) -> Result<Self, Misconfigured> {
        let present: Vec<_> = AppKind::ALL.into_iter().filter_map(|kind| Some((kind, apps.of(kind)?))).collect();
        if present.is_empty() {
            return Err(Misconfigured::NoApp);
        }
        let lacking = present.iter().find(|(_, app)| app.app_id.trim().is_empty() || app.secret.trim().is_empty());
        if let Some((kind, _)) = lacking {
            return Err(Misconfigured::Incomplete(*kind));
        }
        let (api, open) = (address(&apps.api_url, apps.sample)?, address(&apps.open_url, apps.sample)?);
        let client = crate::http_client(&apps.api_url, TIMEOUT);
        let client = client.map_err(|error| Misconfigured::Address(error.without_url().to_string()))?;
        Ok(Self { apps, api, open, client })
    }

    /// Whether a stand-in made the apps.
    pub fn is_sample(&self) -> bool {
        self.apps.sample
    }

    /// Whether there is an app of this kind.
    pub fn offers(&self, kind: AppKind) -> bool {
        self.apps.of(kind).is_some()
    }

    /// Where browsers are sent to log in, for a content security policy.
    pub fn sign_in_origin(&self) -> String {
        self.open.origin().ascii_serialization()
    }

    /// Where to send a browser, which comes back to `redirect_uri`; `None` without an app for it.
    ///
    /// `redirect_uri` must be on the domain that the app names at WeChat. `state` comes back unchanged:
    /// at most 128 letters and digits, unguessable and bound to the browser, so that nobody can have
    /// another logged in as themselves.
    pub fn sign_in_url(&self, browser: Browser, redirect_uri: &str, state: &str) -> Option<String> {
        let app = self.apps.of(browser.app())?;
        let (path, scope): (&[&str], _) = match browser {
            // `snsapi_base` would ask nobody, but would not name the union id either.
            Browser::WeChat => (&["connect", "oauth2", "authorize"], "snsapi_userinfo"),
            Browser::Other => (&["connect", "qrconnect"], "snsapi_login"),
        };
        let mut url = below(&self.open, path);
        // WeChat matches the parameters by a pattern: another order of them is refused.
        url.query_pairs_mut()
            .append_pair("appid", &app.app_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", scope)
            .append_pair("state", state);
        url.set_fragment(Some("wechat_redirect"));
        Some(url.into())
    }

    /// Who is at a mini-program, from the code that `wx.login()` gave it.
    pub async fn mini_program(&self, code: &str) -> Result<Identity, LogInFailure> {
        self.exchange(AppKind::MiniProgram, &["sns", "jscode2session"], "js_code", code).await
    }

    /// Who is at a browser, from the code it came back with.
    pub async fn web(&self, browser: Browser, code: &str) -> Result<Identity, LogInFailure> {
        self.exchange(browser.app(), &["sns", "oauth2", "access_token"], "code", code).await
    }

    async fn exchange(
        &self,
        kind: AppKind,
        path: &[&str],
        parameter: &str,
        code: &str,
    ) -> Result<Identity, LogInFailure> {
        let app = self.apps.of(kind).ok_or(LogInFailure::NotOffered(kind))?;
        if code.is_empty() || code.len() > MOST_CODE_BYTES {
            return Err(LogInFailure::BadCode { errcode: errcode::NO_CODE });
        }
        let mut url = below(&self.api, path);
        url.query_pairs_mut()
            .append_pair("appid", &app.app_id)
            .append_pair("secret", &app.secret)
            .append_pair(parameter, code)
            .append_pair("grant_type", "authorization_code");
        let body = self.get(url).await?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| LogInFailure::Malformed("not the JSON"))?;
        identity(kind, app, answer)
    }

    /// The body of a 2xx.
    async fn get(&self, url: Url) -> Result<Vec<u8>, LogInFailure> {
        let mut reply = self.client.get(url).send().await.map_err(unreachable)?;
        if !reply.status().is_success() {
            return Err(LogInFailure::Unreachable(format!("it answered {}", reply.status())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > MOST_REPLY_BYTES {
                return Err(LogInFailure::Malformed("too long"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

fn identity(kind: AppKind, app: &App, answer: Answer) -> Result<Identity, LogInFailure> {
    match answer.errcode {
        0 => {}
        errcode @ (errcode::BAD_CODE | errcode::USED_CODE | errcode::NO_CODE | errcode::EXPIRED_CODE) => {
            return Err(LogInFailure::BadCode { errcode });
        }
        errcode @ (errcode::BUSY | errcode::TOO_OFTEN) => return Err(LogInFailure::Busy { errcode }),
        errcode => {
            // A text of others: should it repeat what it was sent, the secret is not handed on.
            let message = answer.errmsg.replace(&app.secret, "…");
            let message = message.chars().filter(|letter| !letter.is_control()).take(MOST_MESSAGE_CHARS).collect();
            return Err(LogInFailure::Refused { errcode, message });
        }
    }
    if answer.is_snapshotuser != 0 {
        return Err(LogInFailure::Snapshot);
    }
    let open_id = answer.openid.filter(|id| is_id(id)).ok_or(LogInFailure::Malformed("no open id"))?;
    let union_id = answer.unionid.filter(|id| !id.is_empty());
    if union_id.as_ref().is_some_and(|id| !is_id(id)) {
        return Err(LogInFailure::Malformed("the union id is none"));
    }
    Ok(Identity { app: kind, app_id: app.app_id.clone(), open_id, union_id })
}

fn is_id(text: &str) -> bool {
    (1..=MOST_ID_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn address(text: &str, may_be_plain: bool) -> Result<Url, Misconfigured> {
    let url = Url::parse(text).map_err(|error| Misconfigured::Address(format!("{text}: {error}")))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if may_be_plain => Ok(url),
        _ => Err(Misconfigured::Address(format!("{text} is not https"))),
    }
}

fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// The address holds the secret, so it is taken out; the innermost error says what happened.
fn unreachable(error: reqwest::Error) -> LogInFailure {
    let error = error.without_url();
    LogInFailure::Unreachable(if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        crate::innermost(&error)
    })
}
