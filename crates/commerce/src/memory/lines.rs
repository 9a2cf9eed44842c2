//! Connections of the desk's own. A pool would ask each whether it lives whenever it comes back, and
//! would not tell when one is new.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use domain::Fault;
use sqlx::{Connection, PgConnection, PgPool};

use crate::database::OrFault;

/// See the module.
#[derive(Default)]
pub(super) struct Lines {
    life: AtomicU64,
    idle: Mutex<Vec<PgConnection>>,
}

impl Lines {
    /// Counts up with each line that is opened.
    ///
    /// A database that crashed may give the number of a transaction again that it gave before, where
    /// nothing of that transaction had reached its log. So what was read in an earlier life is not read
    /// on by such numbers: a crash cuts all lines, and the next statement runs on a new one.
    pub fn life(&self) -> u64 {
        self.life.load(Ordering::SeqCst)
    }

    /// A line that was open before; it may have been cut while it rested.
    pub fn rested(&self) -> Option<PgConnection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// A line that nobody has used yet.
    pub async fn open(&self, pool: &PgPool) -> Result<PgConnection, Fault> {
        let line = pool.acquire().await.or_fault()?.detach();
        self.life.fetch_add(1, Ordering::SeqCst);
        Ok(line)
    }

    /// Takes back a line that worked.
    pub fn keep(&self, line: PgConnection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// Takes leave of the database.
    pub async fn close(&self) {
        while let Some(line) = self.rested() {
            // The server ends; a line that is gone already is closed too.
            drop(line.close().await);
        }
    }
}
