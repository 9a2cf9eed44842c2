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
    let mut tx = scope.begin().await?;
    sqlx::query!("set local synchronous_commit = off").execute(&mut *tx).await.or_fault()?;
    let counted = sqlx::query_scalar!(
        "insert into rate_limits (bucket, window_start, count) values ($1, $2, 1)
         on conflict (bucket, window_start) do update set count = rate_limits.count + 1
         returning count",
        bucket,
        start,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()?;
    if counted > most {
        let left_s = (start + window - scope.now).num_seconds().clamp(1, 86_400);
        return Err(Fault::TooMany { retry_after_s: left_s as u32 });
    }
    Ok(())
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
