//! PostgreSQL's folder: how it is made, locked and brought up.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use sha2::{Digest as _, Sha256};

use super::account::Account;
use super::binaries::Binaries;
use super::postmaster::{self, POLL, Postmaster, State};
use super::{Durability, NAME, PORT};

/// How long a start may take. A recovery after a crash replays at most `max_wal_size`.
const START_LIMIT: Duration = Duration::from_secs(120);

/// From this size on, the log is put aside at the next start.
const LOG_LIMIT_BYTES: u64 = 16 << 20;

/// How much of the log an error quotes.
const QUOTE_LINES: usize = 12;

/// Written into a new `postgresql.conf`, where whoever runs the machine may change them: modest
/// for two cores and a few GiB of memory, beside the server itself.
const SETTINGS: &str = "
# Written by mendian when it made this cluster; yours to change.
max_connections = 200
shared_buffers = 256MB
effective_cache_size = 2GB
work_mem = 8MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
random_page_cost = 1.1    # solid-state disks
jit = off                 # short queries only lose by it
timezone = 'UTC'
log_timezone = 'UTC'
";

/// Where the cluster of the data folder `data` is.
pub fn path(data: &Path) -> PathBuf {
    data.join("postgres/cluster")
}

/// A cluster this process owns, with what is needed to run it.
pub struct Cluster {
    path: PathBuf,
    log: PathBuf,
    socket_folder: PathBuf,
    account: Account,
    binaries: Binaries,
    durability: Durability,
}

impl Cluster {
    /// Opens the cluster in `data`, making it on first use. The file returned is the lock: as long
    /// as it is open, no other `mendian` opens the cluster.
    pub fn open(data: &Path, durability: Durability) -> anyhow::Result<(Self, File)> {
        fs::create_dir_all(data.join("postgres"))?;
        fs::create_dir_all(data.join("logs"))?;
        let data = data.canonicalize()?;
        let lock = lock(&data.join("postgres/lock"))?;
        let path = path(&data);
        let account = Account::for_cluster(&path)?;
        account.require_passage(&data.join("postgres"))?;
        let wanted = fs::read_to_string(path.join("PG_VERSION")).ok();
        let wanted = wanted.and_then(|version| version.trim().parse().ok());
        let cluster = Self {
            log: data.join("logs/postgres.log"),
            socket_folder: socket_folder(&path),
            binaries: Binaries::find(&account, wanted)?,
            path,
            account,
            durability,
        };
        if !cluster.path.exists() {
            cluster.create().context("PostgreSQL cannot make its folder")?;
        }
        Ok((cluster, lock))
    }

    pub fn socket_folder(&self) -> &Path {
        &self.socket_folder
    }

    /// Makes the cluster and the database under another name first, so that one broken off half
    /// way is never taken for a whole one.
    fn create(&self) -> anyhow::Result<()> {
        let draft = self.path.with_extension("new");
        if draft.exists() {
            fs::remove_dir_all(&draft)?;
        }
        DirBuilder::new().mode(0o700).create(&draft)?;
        self.account.give(&draft)?;

        let mut initdb = self.account.command(self.binaries.program("initdb"));
        initdb.args(["--encoding=UTF8", "--auth=reject", "--auth-local=trust"]);
        initdb.arg(format!("--username={NAME}"));
        // Sorting by code point is the same on every machine; Linux alone always has C.UTF-8.
        initdb.arg(if cfg!(target_os = "linux") { "--locale=C.UTF-8" } else { "--locale=C" });
        if self.durability == Durability::Scratch {
            initdb.arg("--no-sync");
        }
        let made = initdb.arg("-D").arg(&draft).current_dir(&draft).output()?;
        ensure!(made.status.success(), "initdb failed: {}", what_it_said(&made));
        OpenOptions::new().append(true).open(draft.join("postgresql.conf"))?.write_all(SETTINGS.as_bytes())?;

        self.create_database(&draft)?;
        fs::rename(&draft, &self.path)?;
        Ok(())
    }

    /// Through PostgreSQL's single-user mode: the folder is whole before anyone can connect.
    fn create_database(&self, draft: &Path) -> anyhow::Result<()> {
        let mut single = self.account.command(self.binaries.program("postgres"));
        single.arg("--single").arg("-D").arg(draft).args(self.durability.arguments());
        single.arg("postgres").current_dir(draft);
        single.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = single.spawn()?;
        if let Some(mut input) = running.stdin.take() {
            writeln!(input, "create database {NAME}")?;
        }
        let said = running.wait_with_output()?;
        // This mode ends well even where its statement failed.
        let failed = !said.status.success() || what_it_said(&said).contains("ERROR:");
        ensure!(!failed, "the database was not made: {}", what_it_said(&said));
        Ok(())
    }

    /// Waits until a server runs on the cluster and is ready: one that runs already is adopted,
    /// one that is stopping is let go first, else a new one is launched.
    pub fn bring_up(&self) -> anyhow::Result<Postmaster> {
        let deadline = Instant::now() + START_LIMIT;
        let mut launched: Option<Postmaster> = None;
        let mut log_start = self.log_length();
        loop {
            match postmaster::find(&self.path) {
                Some(found) if found.state == State::Ready => {
                    return Ok(match launched {
                        Some(ours) if ours.pid() == found.pid => ours,
                        _ => {
                            tracing::info!(pid = %found.pid, "adopted the PostgreSQL left running");
                            Postmaster::adopted(found.pid, &self.path)
                        }
                    });
                }
                Some(_) => {}
                None => match launched.as_mut().map(Postmaster::is_alive) {
                    None => {
                        log_start = self.log_length();
                        launched = Some(self.launch()?);
                    }
                    Some(true) => {}
                    Some(false) => {
                        let quote = self.quote_log(log_start);
                        // After a kill -9 of PostgreSQL its sessions need a moment to notice.
                        ensure!(quote.contains("is still in use"), "PostgreSQL ended:\n{quote}");
                        launched = None;
                    }
                },
            }
            if Instant::now() > deadline {
                launched.into_iter().for_each(Postmaster::stop);
                bail!("PostgreSQL is not ready after {START_LIMIT:?}:\n{}", self.quote_log(log_start));
            }
            std::thread::sleep(POLL);
        }
    }

    /// Starts the server process and does not wait for it.
    pub fn launch(&self) -> anyhow::Result<Postmaster> {
        self.make_socket_folder()?;
        self.drop_left_files()?;
        let log = self.open_log()?;
        let mut postgres = self.account.command(self.binaries.program("postgres"));
        postgres
            .arg("-D")
            .arg(&self.path)
            .args(["-c", "listen_addresses="])
            .args(["-c", "unix_socket_permissions=0700"])
            .arg("-k")
            .arg(&self.socket_folder)
            .arg("-p")
            .arg(PORT.to_string())
            .args(self.durability.arguments())
            .current_dir(&self.path)
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = postgres.spawn().context("PostgreSQL cannot be started")?;
        Ok(Postmaster::launched(child, &self.path))
    }

    /// Takes the socket's folder away once nothing listens in it.
    pub fn remove_socket_folder(&self) {
        // One that is not empty stays, and is used again at the next start.
        let _ = fs::remove_dir(&self.socket_folder);
    }

    /// Anyone may write to `/tmp`, so a folder found there is used only if it can be nobody else's.
    fn make_socket_folder(&self) -> anyhow::Result<()> {
        let folder = &self.socket_folder;
        if DirBuilder::new().mode(0o700).create(folder).is_ok() {
            return self.account.give(folder);
        }
        let found =
            fs::symlink_metadata(folder).with_context(|| format!("cannot make {} for the socket", folder.display()))?;
        ensure!(
            found.is_dir() && found.uid() == self.account.uid() && found.permissions().mode().trailing_zeros() >= 6,
            "{} is not a folder of the database's account alone, so the socket would not be safe \
             there: remove it",
            folder.display()
        );
        Ok(())
    }

    /// What a killed server left keeps the next one away: a pid file whose number a new process of
    /// the same account happens to have, or a socket's lock file that it had no time to fill. We
    /// hold the lock and looked who runs, so both are only in the way.
    fn drop_left_files(&self) -> anyhow::Result<()> {
        if postmaster::find(&self.path).is_some() {
            return Ok(());
        }
        let socket_lock = self.socket_folder.join(format!(".s.PGSQL.{PORT}.lock"));
        for file in [self.path.join("postmaster.pid"), socket_lock] {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot remove {}", file.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn open_log(&self) -> anyhow::Result<File> {
        if self.log_length() > LOG_LIMIT_BYTES {
            fs::rename(&self.log, self.log.with_extension("log.1"))?;
        }
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("cannot write {}", self.log.display()))
    }

    fn log_length(&self) -> u64 {
        fs::metadata(&self.log).map_or(0, |log| log.len())
    }

    /// The last lines written to the log since it had `start` bytes.
    fn quote_log(&self, start: u64) -> String {
        let mut bytes = Vec::new();
        if let Ok(mut log) = File::open(&self.log) {
            // A log that cannot be read leaves the quote empty; its error would hide the real one.
            let _ = log.seek(SeekFrom::Start(start)).and_then(|_| log.read_to_end(&mut bytes));
        }
        last_lines(&String::from_utf8_lossy(&bytes))
    }
}

impl Durability {
    /// What the server is told about it. Durable leaves PostgreSQL's own defaults alone.
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Durable => &[],
            Self::Scratch => &["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"],
        }
    }
}

/// A short folder, the same for the same cluster.
fn socket_folder(cluster: &Path) -> PathBuf {
    let digest = Sha256::digest(cluster.as_os_str().as_encoded_bytes());
    PathBuf::from(format!("/tmp/{NAME}-{}", hex::encode(&digest[..6])))
}

fn lock(path: &Path) -> anyhow::Result<File> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            file.read_to_string(&mut owner)?;
            bail!(
                "another mendian (process {}) already works with this folder: stop it, or choose \
                 another folder with MENDIAN_DATA",
                owner.trim()
            );
        }
        Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the folder"),
    }
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())?;
    Ok(file)
}

fn what_it_said(output: &Output) -> String {
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    last_lines(&String::from_utf8_lossy(&said))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(QUOTE_LINES)..].join("\n")
}
