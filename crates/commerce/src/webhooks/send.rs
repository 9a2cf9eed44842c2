//! Brings webhooks' messages to their receivers.
//!
//! One worker at a time serves a webhook, so a receiver that is slow holds up its own messages alone.
//! Where a round finds it failing, it rests: nobody knocks at a closed door a thousand times. A worker
//! that dies has noted nothing, so its messages are sent once more, under the same ids.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration as Elapsed, Instant},
};

use chrono::{DateTime, Duration, Utc};
use domain::{
    Fault,
    webhooks::{FAILING_MOST, Pause, wait_after},
};
use futures::{StreamExt as _, stream};
use partners::webhooks::{Answer, Courier, Failure, Secret};
use rand::Rng;
use uuid::Uuid;

use crate::{Scope, database::OrFault};

/// How many messages one round has at most, and how many are under way at once.
const ROUND: i64 = 100;
const AT_ONCE: usize = 8;
/// For how long a round begins tries; with the time a receiver may take it ends within the lease.
const BEGINS_FOR: Elapsed = Elapsed::from_secs(30);
const LEASE: Duration = Duration::seconds(60);
/// How long a failing webhook rests, doubled with each round, and at most.
const REST: Duration = Duration::seconds(5);
const REST_MOST: Duration = Duration::minutes(5);

/// A webhook that one worker has for now.
struct Receiver {
    id: Uuid,
    url: String,
    secrets: Vec<Secret>,
    failing_since: Option<DateTime<Utc>>,
    failures: i32,
}

/// One try, and what came of it.
struct Tried {
    id: Uuid,
    tries: i32,
    took: Elapsed,
    outcome: Result<Answer, Failure>,
}

impl Tried {
    fn status(&self) -> Option<u16> {
        self.outcome.as_ref().ok().map(|answer| answer.status)
    }

    fn is_delivered(&self) -> bool {
        self.status().is_some_and(|status| (200..300).contains(&status))
    }

    fn is_gone(&self) -> bool {
        self.status() == Some(410)
    }

    /// When it is tried next; `None` where it was delivered or is given up. A tenth of chance keeps what
    /// failed together from coming back together.
    fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.is_delivered() || self.is_gone() {
            return None;
        }
        let wait = wait_after(usize::try_from(self.tries).unwrap_or(usize::MAX))?;
        let chance = rand::rng().random_range(0..=wait.num_milliseconds() / 10);
        Some(now + wait + Duration::milliseconds(chance))
    }

    /// Why there was no answer, for people.
    fn error(&self) -> Option<String> {
        Some(match self.outcome.as_ref().err()? {
            Failure::Refused(_) => "地址不是公网 https 地址，没有发送".into(),
            Failure::TooSlow => format!("{} 秒内没有答复", partners::webhooks::TIMEOUT.as_secs()),
            Failure::Unreachable(why) => format!("连不上：{why}"),
            Failure::CutOff(why) => format!("连接中断：{why}"),
        })
    }
}

/// Brings a round of due messages to one webhook; `false` where nothing is due.
pub async fn work(scope: &Scope) -> Result<bool, Fault> {
    let Some(courier) = scope.house().partners.courier.clone() else { return Ok(false) };
    let Some(receiver) = take(scope).await? else { return Ok(false) };
    let due = sqlx::query!(
        r#"select id, body::text as "body!", tries from webhook_deliveries
           where webhook_id = $1 and next_try_at <= $2 order by next_try_at, id limit $3"#,
        receiver.id,
        scope.now,
        ROUND,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let began = Instant::now();
    let failing = AtomicBool::new(false);
    let tried: Vec<Tried> = stream::iter(due)
        .map(|message| {
            let (courier, receiver, failing) = (&courier, &receiver, &failing);
            async move {
                if failing.load(Ordering::Relaxed) || began.elapsed() > BEGINS_FOR {
                    return None;
                }
                let tried = bring(courier, receiver, message.id, message.body, message.tries + 1).await;
                if !tried.is_delivered() {
                    failing.store(true, Ordering::Relaxed);
                }
                Some(tried)
            }
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    let ended = scope.now + Duration::from_std(began.elapsed()).unwrap_or(LEASE);
    store(scope, &receiver, &tried, ended).await?;
    Ok(true)
}

/// Takes the webhook whose turn it is for a while.
async fn take(scope: &Scope) -> Result<Option<Receiver>, Fault> {
    let taken = sqlx::query!(
        r#"update webhooks set rests_until = $2
           where id = (
               select w.id from webhooks w
               where w.paused_at is null and w.rests_until <= $1
                 and exists (select 1 from webhook_deliveries d where d.webhook_id = w.id and d.next_try_at <= $1)
               order by w.rests_until limit 1 for update skip locked
           )
           returning id, url, secret, old_secret, old_secret_until, failing_since, failures"#,
        scope.now,
        scope.now + LEASE,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?;
    Ok(taken.map(|row| {
        let old = row.old_secret.filter(|_| row.old_secret_until.is_some_and(|until| until > scope.now));
        Receiver {
            id: row.id,
            url: row.url,
            secrets: std::iter::once(row.secret).chain(old).map(Secret::new).collect(),
            failing_since: row.failing_since,
            failures: row.failures,
        }
    }))
}

async fn bring(courier: &Courier, receiver: &Receiver, id: Uuid, body: String, tries: i32) -> Tried {
    let began = Instant::now();
    let outcome = courier.deliver(&receiver.url, &receiver.secrets, &id.to_string(), body).await;
    Tried { id, tries, took: began.elapsed(), outcome }
}

/// Notes what came of a round, and how the webhook goes on.
async fn store(scope: &Scope, receiver: &Receiver, tried: &[Tried], now: DateTime<Utc>) -> Result<(), Fault> {
    let delivered = tried.iter().any(Tried::is_delivered);
    let failing = !delivered && !tried.is_empty();
    let failing_since = failing.then(|| receiver.failing_since.unwrap_or(scope.now));
    let failures = if failing { receiver.failures.saturating_add(1) } else { 0 };
    let rest = if failing { rest_after(failures) } else { Duration::zero() };
    let paused = match failing_since {
        _ if tried.iter().any(Tried::is_gone) => Some(Pause::Gone),
        Some(since) if now - since > FAILING_MOST => Some(Pause::Failing),
        _ => None,
    };
    let mut tx = scope.begin().await?;
    let ids: Vec<Uuid> = tried.iter().map(|one| one.id).collect();
    let tries: Vec<i32> = tried.iter().map(|one| one.tries).collect();
    let next: Vec<Option<DateTime<Utc>>> = tried.iter().map(|one| one.next(now)).collect();
    let took: Vec<i32> = tried.iter().map(|one| i32::try_from(one.took.as_millis()).unwrap_or(i32::MAX)).collect();
    let statuses: Vec<Option<i32>> = tried.iter().map(|one| one.status().map(i32::from)).collect();
    let answers: Vec<Option<String>> =
        tried.iter().map(|one| one.outcome.as_ref().ok().map(|answer| answer.text.clone())).collect();
    let errors: Vec<Option<String>> = tried.iter().map(Tried::error).collect();
    sqlx::query!(
        "update webhook_deliveries d
         set tries = t.tries, next_try_at = t.next_try_at, tried_at = $8::timestamptz, took_ms = t.took_ms, status = t.status,
             answer = t.answer, error = t.error,
             delivered_at = case when t.status between 200 and 299 then $8::timestamptz end
         from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::int[], $5::int[], $6::text[], $7::text[])
              as t (id, tries, next_try_at, took_ms, status, answer, error)
         where d.id = t.id",
        &ids,
        &tries,
        &next as &[Option<DateTime<Utc>>],
        &took,
        &statuses as &[Option<i32>],
        &answers as &[Option<String>],
        &errors as &[Option<String>],
        now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    // Somebody of staff may have paused it meanwhile: that stands.
    sqlx::query!(
        "update webhooks
         set rests_until = $2, failing_since = $3, failures = $4,
             paused_at = coalesce(paused_at, case when $5::text is not null then $6::timestamptz end),
             paused_why = coalesce(paused_why, $5)
         where id = $1",
        receiver.id,
        now + rest,
        failing_since,
        failures,
        paused.map(Pause::code),
        now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()?;
    if let Some(why) = paused {
        tracing::warn!(webhook = %receiver.id, why = why.code(), "a webhook is paused");
    }
    Ok(())
}

fn rest_after(failures: i32) -> Duration {
    let doubled = failures.clamp(1, 10) - 1;
    (REST * 2i32.pow(doubled.unsigned_abs())).min(REST_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(tries: i32, status: u16) -> Tried {
        let outcome = Ok(Answer { status, text: String::new() });
        Tried { id: Uuid::nil(), tries, took: Elapsed::ZERO, outcome }
    }

    #[test]
    fn what_failed_comes_again_later_each_time_and_not_for_ever() {
        let now = DateTime::UNIX_EPOCH;
        assert!((5..=6).contains(&(tried(1, 500).next(now).unwrap() - now).num_seconds()));
        assert!((300..=330).contains(&(tried(2, 302).next(now).unwrap() - now).num_seconds()));
        assert_eq!(tried(10, 500).next(now), None);
        assert_eq!(tried(1, 204).next(now), None);
        assert_eq!(tried(1, 410).next(now), None);
    }

    #[test]
    fn a_closed_door_is_knocked_at_ever_more_seldom() {
        let rests: Vec<i64> = [1, 2, 3, 9, i32::MAX].map(|failures| rest_after(failures).num_seconds()).into();
        assert_eq!(rests, [5, 10, 20, 300, 300]);
    }
}
