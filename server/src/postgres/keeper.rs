//! The thread that keeps PostgreSQL running until it is told to stop.

use std::fs::File;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::cluster::Cluster;
use super::postmaster::Postmaster;

/// How often the process is looked at.
const WATCH: Duration = Duration::from_millis(100);

/// The pause before each new attempt to start it.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Holds the thread; dropping it stops PostgreSQL and waits for that.
pub struct Keeper {
    /// Nothing is ever sent: its end is the sign to stop.
    alive: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// `lock` is held until PostgreSQL has ended.
    pub fn spawn(cluster: Cluster, postmaster: Postmaster, lock: File) -> anyhow::Result<Self> {
        let (alive, stop) = channel();
        let thread = thread::Builder::new().name("postgres keeper".into()).spawn(move || {
            if let Some(postmaster) = keep(&cluster, postmaster, &stop) {
                postmaster.stop();
            }
            cluster.remove_socket_folder();
            drop(lock);
        })?;
        Ok(Self { alive: Some(alive), thread: Some(thread) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.alive.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that keeps PostgreSQL has panicked");
        }
    }
}

/// Starts the server again whenever it ended, until `stop`; returns what then runs.
fn keep(cluster: &Cluster, first: Postmaster, stop: &Receiver<()>) -> Option<Postmaster> {
    let mut postmaster = Some(first);
    let mut next_attempt = Instant::now();
    while stop.recv_timeout(WATCH) == Err(RecvTimeoutError::Timeout) {
        if postmaster.as_mut().is_some_and(Postmaster::is_alive) {
            continue;
        }
        if postmaster.take().is_some() {
            tracing::error!("PostgreSQL has ended by itself; it is started again");
        }
        if Instant::now() < next_attempt {
            continue;
        }
        next_attempt = Instant::now() + RETRY_PAUSE;
        match cluster.launch() {
            Ok(launched) => postmaster = Some(launched),
            Err(error) => tracing::error!(error = format!("{error:#}"), "PostgreSQL stays away"),
        }
    }
    postmaster
}
