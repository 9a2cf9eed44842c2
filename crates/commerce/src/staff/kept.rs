//! People's grants in memory: resolving regions and groups to stores for every request would cost a store's board more
//! than the board itself.
//!
//! Two counters rise in the transaction of each change, of grants (migration 0026) and of stores and regions (0010).
//! Whoever finds a session reads them in the same statement, so nothing older than that statement is used.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use domain::{Fault, staff::Grant};
use sqlx::PgPool;
use uuid::Uuid;

use super::grants::grants_of;

/// How many people's are kept; beyond it all are read anew.
const KEPT_MOST: usize = 10_000;

/// What people of staff may do.
#[derive(Default)]
pub(crate) struct Kept(Mutex<People>);

type People = HashMap<Uuid, Read>;

/// One person's grants, and the counters at which they were read.
struct Read {
    version: i64,
    grants: Arc<[Grant]>,
}

impl Kept {
    /// What a person may do at this moment, as of these counters.
    pub async fn of(&self, pool: &PgPool, staff: Uuid, version: i64, now: DateTime<Utc>) -> Result<Vec<Grant>, Fault> {
        let found = self.kept().get(&staff).filter(|read| read.version == version).map(|read| read.grants.clone());
        let grants = match found {
            Some(grants) => grants,
            None => {
                let grants: Arc<[Grant]> = grants_of(pool, staff, now).await?.into();
                let mut kept = self.kept();
                if kept.len() >= KEPT_MOST {
                    kept.clear();
                }
                kept.insert(staff, Read { version, grants: grants.clone() });
                grants
            }
        };
        Ok(grants.iter().filter(|grant| grant.ends_at.is_none_or(|end| end > now)).cloned().collect())
    }

    fn kept(&self) -> MutexGuard<'_, People> {
        // What stands in it is whole at any moment, also where somebody panicked beside it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
