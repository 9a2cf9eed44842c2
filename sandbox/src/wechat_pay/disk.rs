//! What survives a restart: the keys, and the books as one JSON file.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use super::{
    Gateway,
    books::{Books, Snapshot},
};
use crate::secret_file::write_secret;

const BOOKS: &str = "books.json";
/// Changes of this long are written together. A killed process may forget as much.
const PAUSE: Duration = Duration::from_millis(200);
/// Writing takes at most one part in so many of the time, however long the file grows.
const SHARE: u32 = 20;

/// Reads the books of the last run; empty ones where there are none.
pub fn read(data: &Path) -> anyhow::Result<Books> {
    let path = data.join(BOOKS);
    if !path.exists() {
        return Ok(Books::default());
    }
    let snapshot = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let snapshot: Snapshot =
        serde_json::from_slice(&snapshot).with_context(|| format!("{} is not understood", path.display()))?;
    Ok(Books::from(snapshot))
}

/// Writes the books.
pub fn write_books(data: &Path, snapshot: &Snapshot) -> anyhow::Result<()> {
    write_secret(&data.join(BOOKS), &serde_json::to_vec(snapshot)?)
}

/// Writes the books whenever they have changed, for as long as the process lives.
#[expect(clippy::print_stderr, reason = "the terminal is where the owner of a stand-in looks")]
pub async fn keep_writing(gateway: Arc<Gateway>) {
    loop {
        gateway.changed.notified().await;
        tokio::time::sleep(PAUSE).await;
        let began = Instant::now();
        let writer = gateway.clone();
        match tokio::task::spawn_blocking(move || writer.save()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("{error:#}"),
            Err(error) => eprintln!("writing the books ended early: {error}"),
        }
        tokio::time::sleep(began.elapsed() * SHARE).await;
    }
}
