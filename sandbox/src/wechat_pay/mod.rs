//! A WeChat Pay API v3 gateway, with the rules of the real one.
//!
//! - here: the process's options and its state
//! - `keys`: made on the first start, kept afterwards
//! - `books`: transactions and refunds, and the rules for them; no I/O and no clock
//! - `disk`: what survives a restart
//! - `api`: the `/v3` endpoints, verified and signed
//! - `cashier`: the pages for people
//! - `notify`: callbacks, with the retries of the real gateway
//! - `control`: misbehaviour and shortcuts, for tests

mod api;
mod books;
mod cashier;
mod control;
mod disk;
mod keys;
mod notify;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use axum::Router;
use tokio::sync::{Notify, Semaphore};

use crate::{faults::Faults, reachable};
use books::Books;
use control::Tricks;
use keys::Keys;

/// The merchant's server has 5 s to answer a callback.
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(5);
/// So many callbacks are under way at once.
const MOST_CALLBACKS: usize = 64;

/// The options of `sandbox wechat-pay`.
#[derive(clap::Args)]
pub struct Options {
    /// Where to listen; port 0 takes a free one, printed on the first line
    #[arg(long, default_value = "127.0.0.1:3902")]
    pub listen: SocketAddr,
    /// The folder for keys and transactions; made where missing
    #[arg(long)]
    data: PathBuf,
    /// The address browsers reach this process at, where it is not the one it listens on
    #[arg(long)]
    public_url: Option<String>,
    /// The real waits between callbacks (15 s, 15 s, 30 s, 3 min … 6 h) are multiplied by this
    #[arg(long, default_value_t = 0.1, value_parser = scale)]
    retry_scale: f64,
}

/// A factor that a duration can be multiplied by.
fn scale(text: &str) -> Result<f64, String> {
    let scale: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=100.0).contains(&scale) { Ok(scale) } else { Err("not between 0 and 100".to_owned()) }
}

/// The running gateway.
pub struct Gateway {
    keys: Keys,
    data: PathBuf,
    public_url: String,
    retry_scale: f64,
    books: Mutex<Books>,
    /// Wakes whoever writes the books to disk.
    changed: Notify,
    faults: Faults,
    tricks: Mutex<Tricks>,
    client: reqwest::Client,
    sending: Semaphore,
}

impl Gateway {
    /// Opens the folder, with the keys and books of the last run or new ones.
    pub fn open(options: &Options, address: SocketAddr) -> anyhow::Result<Arc<Self>> {
        std::fs::create_dir_all(&options.data)
            .with_context(|| format!("cannot make the folder {}", options.data.display()))?;
        let own_url = format!("http://{}", reachable(address));
        let client = reqwest::Client::builder()
            .timeout(CALLBACK_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("Mozilla/4.0")
            .no_proxy()
            .build()?;
        let public_url = options.public_url.as_ref().unwrap_or(&own_url).trim_end_matches('/').to_owned();
        Ok(Arc::new(Self {
            keys: Keys::open(&options.data, &own_url)?,
            books: Mutex::new(disk::read(&options.data)?),
            data: options.data.clone(),
            public_url,
            retry_scale: options.retry_scale,
            changed: Notify::new(),
            faults: Faults::default(),
            tricks: Mutex::default(),
            client,
            sending: Semaphore::new(MOST_CALLBACKS),
        }))
    }

    /// Writes the books to disk now.
    pub fn save(&self) -> anyhow::Result<()> {
        let snapshot = self.books().snapshot();
        disk::write_books(&self.data, &snapshot)
    }

    /// The books, to read.
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the books; they will be on disk soon.
    fn change<T>(&self, change: impl FnOnce(&mut Books) -> T) -> T {
        let changed = change(&mut self.books());
        self.changed.notify_one();
        changed
    }

    fn tricks(&self) -> MutexGuard<'_, Tricks> {
        self.tricks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sets everything in motion: writing, undelivered callbacks, and all that is answered.
pub fn start(gateway: &Arc<Gateway>) -> Router {
    tokio::spawn(disk::keep_writing(gateway.clone()));
    notify::resume(gateway);
    Router::new()
        .merge(api::router(gateway))
        .merge(cashier::router())
        .merge(control::router())
        .with_state(gateway.clone())
}
