//! The running server process, found through the file it leaves in its folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How often a change is looked for.
pub const POLL: Duration = Duration::from_millis(20);

/// How long an orderly stop may take.
const STOP_LIMIT: Duration = Duration::from_millis(2500);

/// How long a stop without the last checkpoint may take on top.
const QUIT_LIMIT: Duration = Duration::from_millis(400);

/// What `postmaster.pid` tells of a running server.
pub struct Found {
    pub pid: Pid,
    pub socket_folder: PathBuf,
    pub state: State,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Starting,
    Ready,
    Stopping,
}

/// The server that runs on `cluster`, a canonical path. A file left by one that is gone counts as
/// none.
pub fn find(cluster: &Path) -> Option<Found> {
    let found = parse(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)?;
    runs_on(found.pid, cluster).then_some(found)
}

/// Lines as in PostgreSQL's `src/include/utils/pidfile.h`: 1 the process, 5 the socket's folder,
/// 8 the state. The later ones are written while it starts.
fn parse(text: &str) -> Option<Found> {
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 0)?;
    let socket_folder = lines.nth(3).unwrap_or_default().trim().into();
    let state = match lines.nth(2).map(str::trim) {
        Some("ready") => State::Ready,
        Some("stopping") => State::Stopping,
        _ => State::Starting,
    };
    Some(Found { pid: Pid::from_raw(pid), socket_folder, state })
}

/// Whether process `pid` lives and is the server of `cluster`. Numbers are given out again, most
/// of all after a reboot or in a container, so the process must also stand in the folder, as
/// PostgreSQL's does. Where there is no `/proc` to ask, a living process is believed.
fn runs_on(pid: Pid, cluster: &Path) -> bool {
    if kill(pid, None) == Err(Errno::ESRCH) {
        return false;
    }
    match fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(folder) => folder == cluster,
        // Here Linux says that it has ended and only waits to be collected by its parent.
        Err(_) => !cfg!(target_os = "linux"),
    }
}

/// A server process in our care: a child, or one adopted after its parent was killed.
pub struct Postmaster {
    pid: Pid,
    cluster: PathBuf,
    child: Option<Child>,
}

impl Postmaster {
    pub fn adopted(pid: Pid, cluster: &Path) -> Self {
        Self { pid, cluster: cluster.to_owned(), child: None }
    }

    pub fn launched(child: Child, cluster: &Path) -> Self {
        let pid = Pid::from_raw(child.id().cast_signed());
        Self { pid, cluster: cluster.to_owned(), child: Some(child) }
    }

    pub fn pid(&self) -> Pid {
        self.pid
    }

    pub fn is_alive(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => runs_on(self.pid, &self.cluster),
        }
    }

    /// Ends it: in order, or without the last checkpoint if that takes too long.
    /// The signals are those of PostgreSQL's "Shutting Down the Server".
    pub fn stop(mut self) {
        self.signal(Signal::SIGINT);
        if self.wait(STOP_LIMIT) {
            return;
        }
        tracing::warn!("PostgreSQL takes long to stop; it is cut off and will recover at its start");
        self.signal(Signal::SIGQUIT);
        if !self.wait(QUIT_LIMIT) {
            self.signal(Signal::SIGKILL);
        }
    }

    fn signal(&mut self, signal: Signal) {
        if self.is_alive()
            && let Err(error) = kill(self.pid, signal)
        {
            tracing::error!(%error, pid = %self.pid, "PostgreSQL takes no {signal}");
        }
    }

    /// Whether it ended within `limit`.
    fn wait(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while self.is_alive() {
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(POLL);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_half_written_is_a_server_that_is_starting() {
        let whole = "4242\n/data/cluster\n1700000000\n5432\n/tmp/mendian-1\n\n  1  2\nready   \n";
        let Some(found) = parse(whole) else { panic!("not understood: {whole}") };
        assert_eq!((found.pid.as_raw(), found.state), (4242, State::Ready));
        assert_eq!(found.socket_folder, Path::new("/tmp/mendian-1"));
        assert!(parse("4242\n/data/cluster\n").is_some_and(|found| found.state == State::Starting));
        assert!(parse("").is_none());
    }

    #[test]
    fn a_process_number_given_to_another_program_is_no_server() {
        let me = Pid::this();
        assert!(!runs_on(me, Path::new("/nonexistent")) || !cfg!(target_os = "linux"));
    }
}
