//! The cookies of this site: what they are called and how they are set.
//!
//! Session cookies are HttpOnly and SameSite=Lax. Over https they carry the `__Host-` prefix, so
//! that no subdomain can plant one.

use commerce::{
    DEVICE_DAYS, Scope,
    members::wechat,
    sessions::{MEMBER_DAYS, STAFF_HOURS, Token},
};

/// Whose session a cookie carries: one browser can be a shopper and a clerk at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// A visitor or member.
    Shopper,
    /// A person of staff.
    Staff,
}

fn is_https(public_url: &str) -> bool {
    public_url.starts_with("https://")
}

/// The name of a session's cookie.
pub fn name(bearer: Bearer, public_url: &str) -> String {
    let prefix = if is_https(public_url) { "__Host-" } else { "" };
    match bearer {
        Bearer::Shopper => format!("{prefix}mendian"),
        Bearer::Staff => format!("{prefix}mendian-staff"),
    }
}

fn set(scope: &Scope, name: &str, value: &str, max_age_s: i64) -> String {
    let secure = if is_https(&scope.house().settings.public_url) { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}")
}

/// Sets a session.
pub fn session(scope: &Scope, bearer: Bearer, token: &Token) -> String {
    let lasts_s = match bearer {
        Bearer::Shopper => MEMBER_DAYS * 86_400,
        Bearer::Staff => STAFF_HOURS * 3_600,
    };
    set(scope, &name(bearer, &scope.house().settings.public_url), token.secret(), lasts_s)
}

/// Takes a session away.
pub fn gone(scope: &Scope, bearer: Bearer) -> String {
    set(scope, &name(bearer, &scope.house().settings.public_url), "", 0)
}

/// The name of the cookie by which a device is known.
pub fn device_name(bearer: Bearer, public_url: &str) -> String {
    let prefix = if is_https(public_url) { "__Host-" } else { "" };
    match bearer {
        Bearer::Shopper => format!("{prefix}mendian-known"),
        Bearer::Staff => format!("{prefix}mendian-device"),
    }
}

/// Remembers the device on which somebody has logged in. It opens nothing.
pub fn device(scope: &Scope, bearer: Bearer, token: &str) -> String {
    set(scope, &device_name(bearer, &scope.house().settings.public_url), token, DEVICE_DAYS * 86_400)
}

/// The name of the cookie that says whom WeChat named, while their number is still to be shown.
pub fn arrival_name(public_url: &str) -> String {
    format!("{}mendian-wechat", if is_https(public_url) { "__Host-" } else { "" })
}

/// Keeps whom WeChat named. It is a cookie and no part of an address: a link that somebody else sends must not
/// link them.
pub fn arrival(scope: &Scope, token: &str) -> String {
    set(scope, &arrival_name(&scope.house().settings.public_url), token, wechat::MINUTES * 60)
}

/// Takes that away.
pub fn no_arrival(scope: &Scope) -> String {
    set(scope, &arrival_name(&scope.house().settings.public_url), "", 0)
}

/// Remembers a choice for a year: the store, the place. Percent-encoded, since it may be Chinese.
pub fn choice(scope: &Scope, name: &str, value: &str) -> String {
    set(scope, name, &urlencoding::encode(value), 365 * 86_400)
}
