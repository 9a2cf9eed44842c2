//! How often something may be done, counted for all servers together.

use chrono::{DateTime, Duration, TimeZone, Utc};
use domain::Fault;

use crate::{Scope, database::OrFault};

/// Counts one more in `bucket`; refuses past `most` within the window.
///
/// The counter lives in an unlogged table and its commit does not wait for the disk, so that a
/// limit costs no durable commit.
pub(crate) async fn count(scope: &Scope, bucket: &str, most: i32, window: Duration) -> Result<(), Fault> {
    let start = window_start(scope.now, window);
    let counted = sqlx::query_scalar!(
        "with quick as (select set_config('synchronous_commit', 'off', true))
         insert into rate_limits (bucket, window_start, count) select $1, $2, 1 from quick
         on conflict (bucket, window_start) do update set count = rate_limits.count + 1
         returning count",
        bucket,
        start,
    )
    .fetch_one(scope.pool())
    .await
    .or_fault()?;
    if counted > most {
        return Err(too_many(scope, start + window));
    }
    Ok(())
}

/// Refuses where [`count`] has refused in this window, without counting.
pub(crate) async fn refuse_past(scope: &Scope, bucket: &str, most: i32, window: Duration) -> Result<(), Fault> {
    let start = window_start(scope.now, window);
    let counted =
        sqlx::query_scalar!("select count from rate_limits where bucket = $1 and window_start = $2", bucket, start)
            .fetch_optional(scope.pool())
            .await
            .or_fault()?;
    if counted.unwrap_or(0) < most {
        return Ok(());
    }
    Err(too_many(scope, start + window))
}

fn too_many(scope: &Scope, until: DateTime<Utc>) -> Fault {
    Fault::TooMany { retry_after_s: (until - scope.now).num_seconds().clamp(1, 86_400) as u32 }
}

fn window_start(now: DateTime<Utc>, window: Duration) -> DateTime<Utc> {
    let width_s = window.num_seconds().max(1);
    let start_s = now.timestamp().div_euclid(width_s) * width_s;
    Utc.timestamp_opt(start_s, 0).single().unwrap_or(now)
}

/// Forgets windows that have passed.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    let before = scope.now - Duration::days(2);
    sqlx::query!("delete from rate_limits where window_start < $1", before).execute(scope.pool()).await.or_fault()?;
    Ok(())
}
