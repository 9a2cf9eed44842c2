//! WeChat's log-in, with the rules of the real one.
//!
//! - here: the process's options and its state
//! - `apps`: made on the first start, kept afterwards
//! - `codes`: who a code is for and whether it is good; no I/O and no clock
//! - `api`: the `/sns` endpoints, where a server exchanges codes
//! - `door`: the pages on which people log in
//! - `control`: misbehaviour and shortcuts, for tests

mod api;
mod apps;
mod codes;
mod control;
mod door;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context as _;
use axum::{Router, extract::DefaultBodyLimit};
use partners::wechat_log_in::Apps;

use crate::{faults::Faults, reachable};
use codes::Codes;
use control::Tricks;

/// The options of `sandbox wechat-log-in`.
#[derive(clap::Args)]
pub struct Options {
    /// Where to listen; port 0 takes a free one, printed on the first line
    #[arg(long, default_value = "127.0.0.1:3904")]
    pub listen: SocketAddr,
    /// The folder for apps.json; made where missing
    #[arg(long)]
    data: PathBuf,
    /// The address browsers reach this process at, where it is not the one it listens on
    #[arg(long)]
    public_url: Option<String>,
    /// Hosts beside this machine's own names that people may be sent back to, separated by commas
    #[arg(long = "allow-host", value_delimiter = ',')]
    allowed_hosts: Vec<String>,
}

/// The running stand-in.
pub struct WeChat {
    apps: Apps,
    allowed_hosts: Vec<String>,
    codes: Mutex<Codes>,
    faults: Faults,
    tricks: Mutex<Tricks>,
}

impl WeChat {
    /// Opens the folder, with the apps of the last run or new ones.
    pub fn open(options: &Options, address: SocketAddr) -> anyhow::Result<Arc<Self>> {
        std::fs::create_dir_all(&options.data)
            .with_context(|| format!("cannot make the folder {}", options.data.display()))?;
        let own_url = format!("http://{}", reachable(address));
        let public_url = options.public_url.as_ref().unwrap_or(&own_url).trim_end_matches('/');
        Ok(Arc::new(Self {
            apps: apps::open(&options.data, &own_url, public_url)?,
            allowed_hosts: options.allowed_hosts.clone(),
            codes: Mutex::default(),
            faults: Faults::default(),
            tricks: Mutex::default(),
        }))
    }

    fn codes(&self) -> MutexGuard<'_, Codes> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tricks(&self) -> MutexGuard<'_, Tricks> {
        self.tricks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything this stand-in answers.
pub fn router(wechat: &Arc<WeChat>) -> Router {
    Router::new()
        .merge(api::router())
        .merge(door::router())
        .merge(control::router())
        .layer(DefaultBodyLimit::max(16 * 1024))
        .with_state(wechat.clone())
}
