//! Files with keys and secrets in them.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use anyhow::Context as _;

/// Writes a file that only its owner may read, so that at any moment the old or the new one is
/// there as a whole.
pub fn write_secret(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let beside = path.with_extension("json.new");
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(content)?;
        file.sync_data()?;
        fs::rename(&beside, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
