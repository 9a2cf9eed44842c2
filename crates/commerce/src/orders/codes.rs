//! Pickup codes, and those of goods that come back, are the shopper's secret, also from staff: nobody may find one by trying.

use chrono::Duration;
use domain::Fault;

use crate::{Scope, limits};

/// Codes that nobody has, which one person may try in ten minutes.
const MISSES_MOST: i32 = 30;
const WINDOW: Duration = Duration::minutes(10);

fn bucket(scope: &Scope) -> Result<String, Fault> {
    Ok(format!("code-misses:{}", scope.actor_id().ok_or(Fault::Unauthenticated)?))
}

/// Refuses a person who has tried too many.
pub(crate) async fn refuse_guessing(scope: &Scope) -> Result<(), Fault> {
    limits::refuse_past(scope, &bucket(scope)?, MISSES_MOST, WINDOW).await
}

/// Notes that a code was nobody's.
pub(crate) async fn note_miss(scope: &Scope) -> Result<(), Fault> {
    limits::count(scope, &bucket(scope)?, MISSES_MOST, WINDOW).await
}
