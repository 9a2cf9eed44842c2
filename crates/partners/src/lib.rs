//! Who is outside: gateways and services of other parties, and the protocols they speak.
//!
//! Each party is a module. Nothing here knows what is sold, who buys or what an order is; the
//! stand-ins of the `sandbox` use the same protocol code from the other side.

pub mod guarded;
pub mod sms;
pub mod webhooks;
pub mod wechat_log_in;
pub mod wechat_pay;

use std::time::Duration;

/// A client for one party: it never follows redirects, since a signature covers one address, and
/// passes by any proxy when the party is a stand-in on this very machine.
fn http_client(base_url: &str, timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    let host = reqwest::Url::parse(base_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let is_here = host.is_some_and(|host| matches!(host.as_str(), "localhost" | "[::1]") || host.starts_with("127."));
    let builder = reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(Duration::from_secs(2))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("mendian/", env!("CARGO_PKG_VERSION")));
    if is_here { builder.no_proxy() } else { builder }.build()
}

/// What happened: the outermost error only names the address, which may hold a secret.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
