//! A server for the length of one command, for tests: `mendian scratch-postgres -- COMMAND…`.

use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use super::{Durability, Postgres};

/// How long the command may take to end once it was told to.
const END_LIMIT: Duration = Duration::from_secs(5);

/// Runs `command` with `DATABASE_URL` set to a server that keeps nothing, on which every new database
/// has the schema and no rows, and returns its exit code, 128 + n for one ended by signal n. SIGINT, SIGTERM and SIGHUP end the command first,
/// then the server and its folder.
///
/// # Errors
/// The server does not start, or there is no such command.
pub async fn with_scratch(command: Vec<OsString>) -> anyhow::Result<ExitCode> {
    let (program, arguments) = command.split_first().context("which command is to be run?")?;
    // Another account may have to pass through the folder, see `account`.
    let folder = tempfile::Builder::new()
        .prefix("mendian-scratch-")
        .permissions(Permissions::from_mode(0o711))
        .tempdir_in(root())?;
    let data = folder.path().to_owned();
    let mut told = Told::listen()?;
    let started = tokio::task::spawn_blocking(move || Postgres::start(&data, Durability::Scratch));
    let postgres = started.await??;
    put_schema_into_new_databases(&postgres).await?;

    let run = Command::new(program)
        .args(arguments)
        .env("DATABASE_URL", postgres.owner_url())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()));
    let ended = match run {
        Ok(child) => wait(child, &mut told).await,
        Err(error) => Err(error),
    };
    postgres.stop().await;
    folder.close()?;
    Ok(code(ended?))
}

/// Where folders stand that are thrown away: MENDIAN_SCRATCH, best in memory, where a new database takes a tenth of the
/// time it takes on disk.
fn root() -> PathBuf {
    std::env::var_os("MENDIAN_SCRATCH").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
}

/// Hundreds of tests make a database each: to copy one that has the schema takes a tenth of the time in which every
/// migration runs again. Whoever migrates such a database finds nothing left to do.
async fn put_schema_into_new_databases(postgres: &Postgres) -> anyhow::Result<()> {
    let owner: PgConnectOptions = postgres.owner_url().parse()?;
    let mut template = owner.database("template1").disable_statement_logging().connect().await?;
    commerce::MIGRATIONS.run(&mut template).await?;
    Ok(template.close().await?)
}

/// The signals that ask this process to end.
struct Told {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

impl Told {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::SIGINT,
            _ = self.terminate.recv() => Signal::SIGTERM,
            _ = self.hang_up.recv() => Signal::SIGHUP,
        }
    }
}

/// Waits for the command, passing on a signal that asks us to end.
async fn wait(mut child: Child, told: &mut Told) -> anyhow::Result<ExitStatus> {
    let signal = tokio::select! {
        ended = child.wait() => return Ok(ended?),
        signal = told.next() => signal,
    };
    if let Some(id) = child.id() {
        kill(Pid::from_raw(id.cast_signed()), signal)?;
    }
    match tokio::time::timeout(END_LIMIT, child.wait()).await {
        Ok(ended) => Ok(ended?),
        Err(_) => {
            child.kill().await?;
            Ok(child.wait().await?)
        }
    }
}

fn code(status: ExitStatus) -> ExitCode {
    let by_signal = || status.signal().map_or(1, |signal| 128 + signal);
    let code = status.code().unwrap_or_else(by_signal);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
