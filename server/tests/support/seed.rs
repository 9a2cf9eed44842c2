//! The demo's data, made once by whichever test comes first and copied by all others: a copy takes a second, while a new
//! cluster with its schema and the demo takes several, most of them waiting for the disk.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use nix::fcntl::{Flock, FlockArg};

/// What the demo says of today is not to be of yesterday.
const FRESH: Duration = Duration::from_secs(3600);

/// Puts the demo's data there. `mendian` makes it: the command of a program with a data folder of its own.
pub fn copy_to(data: &Path, program: &str, mendian: impl FnOnce(&Path) -> Command) {
    let shelf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo");
    fs::create_dir_all(&shelf).unwrap();
    let lock = File::options().create(true).append(true).open(shelf.join("lock")).unwrap();
    let _one_at_a_time = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, error)| error).unwrap();
    copy(&made(&shelf, program, mendian), data);
}

/// Where it is, made by this very program and not long ago.
fn made(shelf: &Path, program: &str, mendian: impl FnOnce(&Path) -> Command) -> PathBuf {
    let of = fs::metadata(program).unwrap();
    let made = shelf.join(format!("{}-{}-{}", of.ino(), of.mtime(), of.mtime_nsec()));
    let age = |path: &Path| Some(fs::metadata(path).ok()?.modified().ok()?.elapsed().unwrap_or_default());
    if age(&made).is_some_and(|age| age < FRESH) {
        return made;
    }
    for old in fs::read_dir(shelf).unwrap().filter_map(Result::ok).filter(|entry| entry.path().is_dir()) {
        fs::remove_dir_all(old.path()).unwrap();
    }
    // As root, PostgreSQL runs as another account, which must be able to pass through.
    let mut folder = tempfile::Builder::new();
    folder.prefix("mendian-demo-").permissions(Permissions::from_mode(0o755));
    let folder = folder.tempdir_in(super::scratch()).unwrap();
    let data = folder.path().join("data");
    let done = mendian(&data).args(["demo", "--size", "new"]).output().unwrap();
    assert!(done.status.success(), "the demo was not made: {}", String::from_utf8_lossy(&done.stderr));
    let draft = shelf.join("new");
    copy(&data, &draft);
    fs::rename(&draft, &made).unwrap();
    made
}

/// With owners and permissions, as PostgreSQL wants its folder.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(copied.success(), "{} was not copied to {}", from.display(), to.display());
}
