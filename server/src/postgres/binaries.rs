//! Which of the installed PostgreSQLs is used.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::bail;

use super::account::Account;

/// The oldest version the SQL of the migrations runs on.
const FLOOR: u32 = 15;

/// Where packages put the programs, outside of PATH: folder above, name's beginning, folder below.
const PACKAGES: [(&str, &str, &str); 4] = [
    ("/usr/lib/postgresql", "", "bin"),         // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                  // Red Hat
    ("/opt/homebrew/opt", "postgresql", "bin"), // Homebrew on ARM
    ("/usr/local/opt", "postgresql", "bin"),    // Homebrew on Intel
];

/// A folder with `initdb` and `postgres`.
pub struct Binaries(PathBuf);

impl Binaries {
    /// The programs that `account` can run, of version `wanted` where a cluster exists already
    /// (another one cannot read it), else those on PATH if they are recent enough, else the newest.
    pub fn find(account: &Account, wanted: Option<u32>) -> anyhow::Result<Self> {
        let on_path: Vec<PathBuf> =
            env::split_paths(&env::var_os("PATH").unwrap_or_default()).filter(|folder| folder.is_absolute()).collect();
        let mut found = Vec::new();
        for (folder, named) in
            on_path.into_iter().map(|folder| (folder, true)).chain(packaged().into_iter().map(|folder| (folder, false)))
        {
            if let Some(version) = version(account, &folder) {
                found.push((named, version, folder));
            }
        }
        let best = found
            .into_iter()
            .filter(|(_, version, _)| wanted.map_or(*version >= FLOOR, |wanted| *version == wanted))
            .max_by_key(|(named, version, _)| (*named, *version));
        match (best, wanted) {
            (Some((.., folder)), _) => Ok(Self(folder)),
            (None, Some(wanted)) => bail!(
                "its files are of PostgreSQL {wanted}, which is not installed any more: install it \
                 again, or move the data to a newer one with pg_upgrade"
            ),
            (None, None) => bail!(
                "no PostgreSQL of version {FLOOR} or newer is installed. Debian, Ubuntu: apt-get \
                 install postgresql; Fedora: dnf install postgresql-server; macOS: brew install \
                 postgresql@17. Or set DATABASE_URL to a server elsewhere"
            ),
        }
    }

    /// The path of one of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

fn packaged() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for (above, beginning, below) in PACKAGES {
        for entry in fs::read_dir(above).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(beginning) {
                folders.push(entry.path().join(below));
            }
        }
    }
    folders
}

/// The major version of the PostgreSQL in `folder`, if it is whole and `account` can run it.
fn version(account: &Account, folder: &Path) -> Option<u32> {
    if !folder.join("initdb").is_file() || !folder.join("postgres").is_file() {
        return None;
    }
    let mut ask = account.command(folder.join("postgres"));
    let answer = ask.arg("--version").current_dir("/").output().ok()?;
    major(&String::from_utf8_lossy(&answer.stdout))
}

/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` is 15, `… 18beta1` is 18.
fn major(answer: &str) -> Option<u32> {
    let number = answer.split_whitespace().nth(2)?;
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_releases_and_betas() {
        let debian = "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n";
        assert_eq!(major(debian), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("command not found"), None);
    }
}
