//! The embedded PostgreSQL: a private database server that starts and stops with `mendian`.
//!
//! Used when `DATABASE_URL` is unset. Inside the data folder (`MENDIAN_DATA`):
//!
//! | path | what |
//! |---|---|
//! | `postgres/cluster` | PostgreSQL's own files, mode 0700; `postgresql.conf` in it may be edited |
//! | `postgres/lock` | held by the one `mendian` that owns the cluster; holds its process id |
//! | `logs/postgres.log` | PostgreSQL's log; a full one moves to `postgres.log.1` at the next start |
//!
//! It listens on no network address. Its socket is `/tmp/mendian-HASH/.s.PGSQL.5432`, where HASH
//! comes from the cluster's path: a socket's path ends at 107 bytes (103 on macOS), which a data
//! folder deep in someone's home would exceed. The folder has mode 0700 and belongs to the account
//! that runs PostgreSQL, so whoever can reach the socket is trusted without a password.
//!
//! PostgreSQL refuses to run as root. Then an account without rights runs it, see [`account`].
//!
//! The rooms: [`account`] who runs it, [`binaries`] which programs, [`cluster`] its files and how
//! it starts, [`postmaster`] the running process, [`keeper`] the thread that keeps it running, and
//! [`scratch`] a throw-away server for tests.

mod account;
mod binaries;
mod cluster;
mod keeper;
mod postmaster;
mod scratch;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use cluster::Cluster;
use keeper::Keeper;
use postmaster::State;

pub use scratch::with_scratch;

/// The superuser, and the database it owns.
const NAME: &str = "mendian";

/// The port in the socket's name. It is given explicitly, since `PGPORT` would change the default.
const PORT: u16 = 5432;

/// How long a command waits for the server beside it to finish starting.
const JOIN_LIMIT: Duration = Duration::from_secs(30);

/// What a commit is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A commit survives a crash of the machine.
    Durable,
    /// A crash of the machine loses everything. For tests.
    Scratch,
}

/// The embedded server, owned by this process. Dropping it stops PostgreSQL and waits for that;
/// in async code call [`Postgres::stop`] instead.
pub struct Postgres {
    url: String,
    keeper: Keeper,
}

impl Postgres {
    /// Starts PostgreSQL on `data`, creating the folder and the database on first use, and returns
    /// once it accepts connections. One that still runs there after its `mendian` was killed is
    /// adopted. From then on it is started again whenever it ends unasked.
    ///
    /// Blocks for about a second, or several on first use; at most two minutes in a recovery.
    ///
    /// # Errors
    /// Another `mendian` owns the folder; no PostgreSQL of at least version 15 is installed; the
    /// account that runs it may not enter the folder; PostgreSQL fails, with the end of its log.
    pub fn start(data: &Path, durability: Durability) -> anyhow::Result<Self> {
        let (cluster, lock) = Cluster::open(data, durability)
            .with_context(|| format!("the database in {} cannot start", data.display()))?;
        let postmaster = cluster.bring_up().inspect_err(|_| cluster.remove_socket_folder())?;
        Ok(Self { url: url(cluster.socket_folder()), keeper: Keeper::spawn(cluster, postmaster, lock)? })
    }

    /// The [owner's URL](Self::owner_url) of the PostgreSQL that another process runs on `data`,
    /// for commands beside a running server. It is not theirs to stop. One that is just starting is
    /// waited for, at most 30 seconds. Blocks.
    pub fn running(data: &Path) -> Option<String> {
        let cluster = cluster::path(&data.canonicalize().ok()?);
        let deadline = Instant::now() + JOIN_LIMIT;
        loop {
            let found = postmaster::find(&cluster)?;
            if found.state == State::Ready {
                return Some(url(&found.socket_folder));
            }
            if Instant::now() > deadline {
                return None;
            }
            std::thread::sleep(postmaster::POLL);
        }
    }

    /// A `DATABASE_URL` for the superuser `mendian`, who owns the database of that name.
    pub fn owner_url(&self) -> String {
        self.url.clone()
    }

    /// Stops PostgreSQL and waits until it is gone: connections are ended and the last checkpoint
    /// is written. What takes longer than 2.5 seconds is cut off, which loses nothing; the next
    /// start then replays the log.
    pub async fn stop(self) {
        // The keeper's thread does the waiting; this only keeps the async threads free meanwhile.
        let stopping = tokio::task::spawn_blocking(move || drop(self.keeper));
        if let Err(error) = stopping.await {
            tracing::error!(%error, "PostgreSQL could not be stopped");
        }
    }
}

/// `localhost` only fills the place of a host, which the grammar asks for beside a user; clients
/// take the parameter `host`. The socket's folder holds no character that needs escaping.
fn url(socket_folder: &Path) -> String {
    let folder = socket_folder.display();
    format!("postgres://{NAME}@localhost:{PORT}/{NAME}?host={folder}")
}
