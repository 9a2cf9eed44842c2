//! The embedded PostgreSQL, on the real programs: each test has a server and a folder of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../src/postgres/mod.rs"]
mod postgres;

use std::env;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

use postgres::{Durability, Postgres, with_scratch};

/// A data folder that another account may pass through, as root needs.
fn folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("mendian-test-")
        .permissions(Permissions::from_mode(0o711))
        .tempdir_in("/tmp")
        .unwrap()
}

async fn ask(url: &str, question: &'static str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap()
}

fn server_pid(data: &Path) -> Pid {
    let file = fs::read_to_string(data.join("postgres/cluster/postmaster.pid")).unwrap();
    Pid::from_raw(file.lines().next().unwrap().parse().unwrap())
}

fn socket_folder(url: &str) -> PathBuf {
    url.split_once("?host=").unwrap().1.into()
}

/// Most tests are not about durability, and without it a new folder is made in half the time.
fn start(data: &Path) -> anyhow::Result<Postgres> {
    Postgres::start(data, Durability::Scratch)
}

/// Gone, or at least ended: an orphan may wait to be collected where init does not do it.
fn is_gone(pid: Pid) -> bool {
    kill(pid, None).is_err() || fs::read_link(format!("/proc/{pid}/cwd")).is_err()
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(Instant::now() < deadline, "{what} in vain");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn it_keeps_what_is_written_and_leaves_nothing_running_when_stopped() {
    let data = folder();
    let first = Postgres::start(data.path(), Durability::Durable).unwrap();
    let url = first.owner_url();
    assert_eq!(ask(&url, "select current_user || '@' || current_database()").await, "mendian@mendian");
    assert_eq!(ask(&url, "select current_setting('fsync')").await, "on");
    assert_eq!(ask(&url, "select current_setting('listen_addresses')").await, "");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::query("create table kept as select 'yes' as word").execute(&mut connection).await.unwrap();
    let pid = server_pid(data.path());
    // The connection still open must not hold the stop up.
    let begun = Instant::now();
    first.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert!(is_gone(pid));
    assert!(!socket_folder(&url).exists());
    assert!(Postgres::running(data.path()).is_none());

    let second = start(data.path()).unwrap();
    assert_eq!(ask(&second.owner_url(), "select word from kept").await, "yes");
    second.stop().await;
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_refused_and_told_who_runs() {
    let data = folder();
    let first = start(data.path()).unwrap();
    let refusal = format!("{:#}", start(data.path()).err().unwrap());
    assert!(refusal.contains(&format!("process {}", std::process::id())), "{refusal}");
    first.stop().await;
}

#[tokio::test]
async fn a_command_finds_the_server_beside_it() {
    let data = folder();
    let server = start(data.path()).unwrap();
    let found = Postgres::running(data.path()).unwrap();
    assert_eq!(ask(&found, "select 'here'").await, "here");
    server.stop().await;
}

#[tokio::test]
async fn it_comes_back_by_itself_after_a_kill() {
    let data = folder();
    let server = start(data.path()).unwrap();
    let url = server.owner_url();
    let pid = server_pid(data.path());
    kill(pid, Signal::SIGKILL).unwrap();
    until("waited for another process", async || {
        Postgres::running(data.path()).is_some() && server_pid(data.path()) != pid
    })
    .await;
    assert_eq!(ask(&url, "select 'back'").await, "back");
    server.stop().await;
}

#[tokio::test]
async fn a_pid_file_naming_another_program_does_not_stop_the_start() {
    let data = folder();
    start(data.path()).unwrap().stop().await;
    let stale = format!("{}\n/nowhere\n1\n5432\n/tmp\n\n\nready\n", std::process::id());
    fs::write(data.path().join("postgres/cluster/postmaster.pid"), stale).unwrap();
    assert!(Postgres::running(data.path()).is_none());
    start(data.path()).unwrap().stop().await;
}

/// Not a test by itself: the process that `an_orphan_is_adopted…` kills.
#[test]
#[ignore = "run by another test as a process of its own"]
fn owner_to_be_killed() {
    let Some(data) = env::var_os("MENDIAN_TEST_OWNER") else { return };
    let _server = start(Path::new(&data)).unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

/// Runs this test program as another process, which starts the server.
fn another_owner(data: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "owner_to_be_killed", "--ignored"])
        .env("MENDIAN_TEST_OWNER", data)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn an_orphan_is_adopted_and_then_stopped_like_an_own_one() {
    let data = folder();
    let mut owner = another_owner(data.path());
    until("waited for the other owner", async || Postgres::running(data.path()).is_some()).await;
    let orphan = server_pid(data.path());
    owner.kill().unwrap();
    owner.wait().unwrap();

    let adopted = start(data.path()).unwrap();
    assert_eq!(server_pid(data.path()), orphan);
    assert_eq!(ask(&adopted.owner_url(), "select 'mine'").await, "mine");
    adopted.stop().await;
    assert!(is_gone(orphan));
}

#[tokio::test]
async fn what_postgres_says_of_its_failure_is_passed_on() {
    let data = folder();
    start(data.path()).unwrap().stop().await;
    let conf = data.path().join("postgres/cluster/postgresql.conf");
    fs::write(&conf, "shared_buffers = nonsense").unwrap();
    let refusal = format!("{:#}", start(data.path()).err().unwrap());
    assert!(refusal.contains("shared_buffers"), "{refusal}");
}

#[test]
fn root_is_told_which_folder_is_closed_to_the_account_it_lends() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let closed = folder();
    fs::set_permissions(closed.path(), Permissions::from_mode(0o700)).unwrap();
    let refusal = format!("{:#}", start(&closed.path().join("data")).err().unwrap());
    let advice = format!("chmod o+x {}", closed.path().display());
    assert!(refusal.ends_with(&advice), "{refusal}");
}

#[tokio::test]
async fn a_scratch_server_lives_as_long_as_its_command() {
    let notes = folder();
    let note = notes.path().join("note");
    let script = "psql -tAc 'show fsync' \"$DATABASE_URL\" > \"$0\"; \
                  echo \"$DATABASE_URL\" >> \"$0\"; exit 7";
    let command = ["sh", "-c", script].map(OsString::from);
    let command = command.into_iter().chain([note.clone().into_os_string()]).collect();
    let code = with_scratch(command).await.unwrap();
    assert_eq!(format!("{code:?}"), format!("{:?}", std::process::ExitCode::from(7)));
    let said = fs::read_to_string(note).unwrap();
    let (fsync, url) = said.split_once('\n').unwrap();
    assert_eq!(fsync, "off");
    assert!(!socket_folder(url.trim()).exists());
}
