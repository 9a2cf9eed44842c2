//! Who PostgreSQL runs as. It refuses to be root, so root lends it an account without rights.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use nix::unistd::{Uid, User, geteuid};

/// The account that owns the cluster and runs PostgreSQL's programs.
pub enum Account {
    /// The one this process has.
    Own,
    /// Another one, lent by root.
    Lent(User),
}

impl Account {
    /// For root: whoever owns the cluster already, or `postgres`, or `nobody`. For others: their own.
    pub fn for_cluster(cluster: &Path) -> anyhow::Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self::Own);
        }
        if let Ok(found) = fs::metadata(cluster)
            && found.uid() != 0
            && let Some(owner) = User::from_uid(Uid::from_raw(found.uid()))?
        {
            return Ok(Self::Lent(owner));
        }
        for name in ["postgres", "nobody"] {
            if let Some(user) = User::from_name(name)? {
                return Ok(Self::Lent(user));
            }
        }
        bail!(
            "PostgreSQL does not run as root, and this machine has neither an account `postgres` \
             nor `nobody`: create one, start as an ordinary user, or set DATABASE_URL"
        );
    }

    /// A command that runs as this account, cut off from the terminal: without its input, and in a
    /// process group of its own, so that Ctrl-C reaches `mendian` alone, which then stops
    /// PostgreSQL in order.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        // Messages in English, so that logs read the same everywhere.
        command.stdin(Stdio::null()).process_group(0).env("LC_ALL", "C");
        if let Self::Lent(user) = self {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// Gives `path` to this account.
    pub fn give(&self, path: &Path) -> anyhow::Result<()> {
        if let Self::Lent(user) = self {
            chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
                .with_context(|| format!("cannot give {} to {}", path.display(), user.name))?;
        }
        Ok(())
    }

    /// The number of the user this account is.
    pub fn uid(&self) -> u32 {
        match self {
            Self::Own => geteuid().as_raw(),
            Self::Lent(user) => user.uid.as_raw(),
        }
    }

    /// Checks that the account may enter `folder` and each folder above it.
    ///
    /// # Errors
    /// Names the topmost folder that is closed, and what to do.
    pub fn require_passage(&self, folder: &Path) -> anyhow::Result<()> {
        let Self::Lent(user) = self else {
            return Ok(());
        };
        let mut way: Vec<&Path> = folder.ancestors().collect();
        way.reverse();
        for step in way {
            // Asking as that user counts access lists too, which the mode bits do not show.
            let mut ask = self.command("test");
            let open = ask.arg("-x").arg(step).current_dir("/").status();
            if !open.context("cannot run `test`")?.success() {
                bail!(
                    "as root, PostgreSQL runs as the account `{}`, which may not enter {closed}. \
                     Set MENDIAN_DATA to a folder everyone may enter, such as /var/lib/mendian, \
                     or open this one: chmod o+x {closed}",
                    user.name,
                    closed = step.display(),
                );
            }
        }
        Ok(())
    }
}
