//! Who is outside: gateways and services of other parties, and the protocols they speak.
//!
//! Each party is a module. Nothing here knows what is sold, who buys or what an order is; the
//! stand-ins of the `sandbox` use the same protocol code from the other side.

pub mod couriers;
pub mod guarded;
pub mod sms;
pub mod trackers;
pub mod webhooks;
pub mod wechat_log_in;
pub mod wechat_pay;

use std::{net::IpAddr, time::Duration};

/// Whether an address leads to this very machine, as those of stand-ins do: as it is written, in whatever notation,
/// or as its name resolves now. A name that cannot be resolved leads nowhere yet.
pub async fn leads_here(address: &str) -> bool {
    // Resolving may take as long as the network pleases.
    const PATIENCE: Duration = Duration::from_secs(3);
    let Ok(url) = reqwest::Url::parse(address) else { return false };
    if is_written_here(&url) {
        return true;
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, 0))).await;
    found.is_ok_and(|found| found.is_ok_and(|mut found| found.any(|address| is_here(address.ip()))))
}

/// The notations of an IPv4 address, `127.1` or `0x7f000001`, are one after parsing: WHATWG URL, 3.5.
fn is_written_here(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).trim_end_matches('.');
    host.parse().map_or_else(|_| host == "localhost" || host.ends_with(".localhost"), is_here)
}

/// The unspecified address reaches whatever listens on this machine.
fn is_here(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    ip.is_loopback() || ip.is_unspecified()
}

/// A client for one party: it never follows redirects, since a signature covers one address, and
/// passes by any proxy when the party is a stand-in on this very machine.
fn http_client(base_url: &str, timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    let is_here = reqwest::Url::parse(base_url).is_ok_and(|url| is_written_here(&url));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_machine_is_known_in_every_notation() {
        for host in [
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "127.8.8.8",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "%31%32%37.0.0.1",
            "１２７。０。０。１",
            "0.0.0.0",
            "0",
            "localhost",
            "LocalHost.",
            "sms.localhost",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "user:word@127.0.0.1",
        ] {
            assert!(leads_here(&format!("http://{host}:3901/sms")).await, "{host}");
        }
        for host in
            ["10.0.0.8", "128.0.0.1", "223.5.5.5", "[2606:4700::1111]", "127.0.0.1.invalid", "localhost.invalid"]
        {
            assert!(!leads_here(&format!("http://{host}:3901/sms")).await, "{host}");
        }
        assert!(!leads_here("no address").await);
    }
}
