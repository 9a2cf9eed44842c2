//! Misbehaviour on command, the same for every stand-in.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// The longest delay anybody can ask for: beyond it, a caller has long given up.
const MOST_DELAY_MS: u64 = 60_000;

/// What to do wrong. `POST /control` changes the fields it names.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Plan {
    /// So many of the next requests fail with 500.
    pub fail_next: u32,
    /// Every answer waits this long.
    pub delay_ms: u64,
}

/// The fields of a `POST /control`.
#[derive(Debug, Default, Deserialize)]
pub struct Change {
    fail_next: Option<u32>,
    delay_ms: Option<u64>,
}

/// The plan in force.
#[derive(Default)]
pub struct Faults(Mutex<Plan>);

impl Faults {
    /// Changes the plan and answers it.
    pub fn change(&self, change: &Change) -> Plan {
        let mut plan = self.lock();
        plan.fail_next = change.fail_next.unwrap_or(plan.fail_next);
        plan.delay_ms = change.delay_ms.unwrap_or(plan.delay_ms).min(MOST_DELAY_MS);
        plan.clone()
    }

    /// Whether this request is to fail; counts it.
    pub fn fails(&self) -> bool {
        let mut plan = self.lock();
        let fails = plan.fail_next > 0;
        plan.fail_next = plan.fail_next.saturating_sub(1);
        fails
    }

    /// Waits as planned. Called after the work is done: then a caller who gives up has been served
    /// without knowing it, which is the case worth testing.
    pub async fn delay(&self) {
        let delay_ms = self.lock().delay_ms;
        if delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
