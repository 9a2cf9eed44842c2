//! Stand-ins for parties outside, each its own process, that speak the real protocols: for
//! development, demonstrations, tests and load. Their `/control` makes them misbehave.

mod couriers;
mod faults;
mod hooks;
mod page;
mod secret_file;
mod sms;
mod trackers;
mod wechat_log_in;
mod wechat_pay;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tokio::{net::TcpListener, signal::unix};

#[derive(Parser)]
#[command(version, about = "Stand-ins for outside parties; each is a process of its own")]
struct Arguments {
    #[command(subcommand)]
    party: Party,
}

#[derive(Subcommand)]
enum Party {
    /// Takes short messages and shows them on an inbox page
    ///
    /// POST /messages {"phone","text"} takes a message; GET / shows the inbox; GET /messages?phone=
    /// lists as JSON, newest first; POST /control {"fail_next": 2} or {"delay_ms": 500} misbehaves.
    /// Messages are kept in memory, the last 500.
    Sms {
        /// Where to listen; port 0 takes a free one, printed on the first line
        #[arg(long, default_value = "127.0.0.1:3901")]
        listen: SocketAddr,
    },
    /// A partner's program that takes webhooks and shows them
    ///
    /// POST /hooks takes a message; GET / shows those that came, GET /messages lists them as JSON, newest
    /// first; POST /control {"secret": "whsec_…"} has signatures checked, {"status": 410}, {"fail_next": 2}
    /// or {"delay_ms": 500} misbehaves. Messages are kept in memory, the last 500.
    Hooks {
        /// Where to listen; port 0 takes a free one, printed on the first line
        #[arg(long, default_value = "127.0.0.1:3903")]
        listen: SocketAddr,
    },
    /// A WeChat Pay API v3 gateway with a cashier page
    ///
    /// Makes its keys on the first start and writes merchant.json, which the server reads. GET /
    /// lists transactions; POST /sandbox/pay {"out_trade_no"} pays one without the page; POST
    /// /control {"fail_next", "delay_ms", "drop_notices", "next_refund"} misbehaves.
    WechatPay(wechat_pay::Options),
    /// WeChat's log-in, for mini-programs and browsers
    ///
    /// Makes its apps on the first start and writes apps.json, which the server reads. GET / lists who
    /// logged in; POST /sandbox/code {"person","app":"mini_program"} stands in for wx.login(); POST
    /// /control {"fail_next", "delay_ms", "busy_next", "garble_next", "snapshot_next",
    /// "without_union_id"} misbehaves. Codes are kept in memory.
    WechatLogIn(wechat_log_in::Options),
    /// Riders on call, by the protocol of 顺丰同城, with a page of their jobs
    ///
    /// Makes an account on the first start and writes account.json, which the server reads. GET / shows
    /// the jobs with buttons for what riders do, GET /jobs lists them as JSON; POST /sandbox/happen
    /// {"number", "status", "repeat"} presses one; POST /control {"fail_next", "delay_ms", "refuse_next",
    /// "drop_callbacks", "hold_callbacks", "release", "callback_url"} misbehaves. Jobs are kept in
    /// memory, the last 500.
    Couriers(couriers::Options),
    /// Where parcels are, by the protocol of 快递100, with a page of them
    ///
    /// Makes an account on the first start and writes account.json, which the server reads. GET / shows
    /// the parcels with buttons for what carriers do, GET /parcels lists them as JSON; POST /sandbox/happen
    /// {"number", "state", "repeat"} presses one; POST /control {"fail_next", "delay_ms", "refuse_next",
    /// "forge_next", "drop_callbacks", "hold_callbacks", "release"} misbehaves. Parcels are kept in memory,
    /// the last 500.
    Trackers(trackers::Options),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().party {
        Party::Sms { listen } => {
            let listener = bind(listen).await?;
            say_ready("sms", listener.local_addr()?);
            until_told_to_end(async { Ok(axum::serve(listener, sms::router()).await?) }).await
        }
        Party::Hooks { listen } => {
            let listener = bind(listen).await?;
            say_ready("hooks", listener.local_addr()?);
            until_told_to_end(async { Ok(axum::serve(listener, hooks::router()).await?) }).await
        }
        Party::WechatPay(options) => {
            let listener = bind(options.listen).await?;
            let address = listener.local_addr()?;
            let gateway = wechat_pay::Gateway::open(&options, address)?;
            let router = wechat_pay::start(&gateway);
            say_ready("wechat-pay", address);
            let ended = until_told_to_end(async { Ok(axum::serve(listener, router).await?) }).await;
            gateway.save()?;
            ended
        }
        Party::WechatLogIn(options) => {
            let listener = bind(options.listen).await?;
            let address = listener.local_addr()?;
            let router = wechat_log_in::router(&wechat_log_in::WeChat::open(&options, address)?);
            say_ready("wechat-log-in", address);
            until_told_to_end(async { Ok(axum::serve(listener, router).await?) }).await
        }
        Party::Couriers(options) => {
            let listener = bind(options.listen).await?;
            let address = listener.local_addr()?;
            let router = couriers::router(&couriers::Platform::open(&options, address)?);
            say_ready("couriers", address);
            until_told_to_end(async { Ok(axum::serve(listener, router).await?) }).await
        }
        Party::Trackers(options) => {
            let listener = bind(options.listen).await?;
            let address = listener.local_addr()?;
            let router = trackers::router(&trackers::Platform::open(&options, address)?);
            say_ready("trackers", address);
            until_told_to_end(async { Ok(axum::serve(listener, router).await?) }).await
        }
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// "Every address" is nobody's: this machine reaches itself over the loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Prints the address as the first line, once everything is there: scripts wait for it.
#[expect(clippy::print_stdout, reason = "the line is how whoever started this process learns the port")]
fn say_ready(party: &str, address: SocketAddr) {
    println!("sandbox {party} listens on http://{address}");
}

/// Ends at once on Ctrl-C or SIGTERM: nobody waits for a stand-in.
async fn until_told_to_end(serve: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let mut terminate = unix::signal(unix::SignalKind::terminate())?;
    tokio::select! {
        ended = serve => ended,
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}
