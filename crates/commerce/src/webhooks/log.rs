//! What webhooks were told: to look up, and to send again.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::{
    Fault,
    page::Page,
    webhooks::{DeliveryState, DeliveryView},
};
use serde_json::json;
use uuid::Uuid;

use super::{none, permitted};
use crate::{Scope, database::OrFault};

/// How many messages a page of the log has.
const PAGE: usize = 50;

/// A webhook's messages, newest first; those in one state, where one is asked for.
///
/// Faults: `Forbidden`; `Invalid` for a cursor that is none.
pub async fn list(
    scope: &Scope,
    webhook: Uuid,
    state: Option<DeliveryState>,
    after: Option<&str>,
) -> Result<Page<DeliveryView>, Fault> {
    permitted(scope)?;
    let after = after.map(place).transpose()?;
    let rows = sqlx::query!(
        r#"select id, body->>'type' as "kind!", jsonb_pretty(body) as "body!", created_at, tries, next_try_at,
                  delivered_at, tried_at, took_ms, status, coalesce(answer, '') as "answer!",
                  coalesce(error, '') as "error!"
           from webhook_deliveries
           where webhook_id = $1
             and ($2::text is distinct from 'waiting' or next_try_at is not null)
             and ($2::text is distinct from 'delivered' or delivered_at is not null)
             and ($2::text is distinct from 'failed' or (next_try_at is null and delivered_at is null))
             and ($3::timestamptz is null or (created_at, id) < ($3, $4))
           order by created_at desc, id desc limit $5"#,
        webhook,
        state.map(DeliveryState::code),
        after.map(|(at, _)| at),
        after.map(|(_, id)| id),
        PAGE as i64 + 1,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let rows = rows
        .into_iter()
        .map(|row| DeliveryView {
            id: row.id,
            kind: row.kind,
            body: row.body,
            created_at: row.created_at,
            state: match (row.next_try_at, row.delivered_at) {
                (Some(_), _) => DeliveryState::Waiting,
                (None, Some(_)) => DeliveryState::Delivered,
                (None, None) => DeliveryState::Failed,
            },
            tries: row.tries.unsigned_abs(),
            next_try_at: row.next_try_at,
            tried_at: row.tried_at,
            took_ms: row.took_ms.map(i32::unsigned_abs),
            status: row.status.and_then(|status| u16::try_from(status).ok()),
            answer: row.answer,
            error: row.error,
        })
        .collect();
    Ok(Page::cut(rows, PAGE, cursor))
}

fn cursor(of: &DeliveryView) -> String {
    format!("{}_{}", of.created_at.timestamp_micros(), of.id)
}

fn place(cursor: &str) -> Result<(DateTime<Utc>, Uuid), Fault> {
    let parts = cursor.split_once('_');
    let place = parts.and_then(|(at, id)| Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?)));
    place.ok_or_else(|| Fault::invalid("after", "这一页的位置不对，请从第一页看起"))
}

/// Tells a webhook something of no meaning, so that its receiver can be tried.
///
/// Faults: `Forbidden`, `NotFound`, `Conflict` (`webhook_paused`).
pub async fn send_test(scope: &Scope, webhook: Uuid) -> Result<(), Fault> {
    permitted(scope)?;
    awake(scope, webhook).await?;
    let body = json!({
        "type": "test", "timestamp": scope.now.to_rfc3339_opts(SecondsFormat::Millis, true), "data": {},
    });
    sqlx::query!(
        "insert into webhook_deliveries (webhook_id, body, created_at, next_try_at) values ($1, $2, $3, $3)",
        webhook,
        body,
        scope.now,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    Ok(())
}

/// Sends a message again, under the same id, whatever became of it.
///
/// Faults: `Forbidden`, `NotFound`, `Conflict` (`webhook_paused`).
pub async fn replay(scope: &Scope, webhook: Uuid, message: Uuid) -> Result<(), Fault> {
    permitted(scope)?;
    awake(scope, webhook).await?;
    let found = sqlx::query!(
        "update webhook_deliveries set next_try_at = $3, delivered_at = null, tries = 0
         where id = $2 and webhook_id = $1",
        webhook,
        message,
        scope.now,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    if found.rows_affected() == 0 {
        return Err(Fault::NotFound("这条消息"));
    }
    Ok(())
}

/// Sends every message again that was given up; answers how many.
///
/// Faults: `Forbidden`, `NotFound`, `Conflict` (`webhook_paused`).
pub async fn replay_failed(scope: &Scope, webhook: Uuid) -> Result<u64, Fault> {
    permitted(scope)?;
    awake(scope, webhook).await?;
    let again = sqlx::query!(
        "update webhook_deliveries set next_try_at = $2, tries = 0
         where webhook_id = $1 and next_try_at is null and delivered_at is null",
        webhook,
        scope.now,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    Ok(again.rows_affected())
}

/// Has a webhook that rests tried at once, since somebody waits for it.
async fn awake(scope: &Scope, webhook: Uuid) -> Result<(), Fault> {
    let found = sqlx::query!(
        "update webhooks set rests_until = case when failures > 0 then least(rests_until, $2) else rests_until end
         where id = $1 returning paused_at",
        webhook,
        scope.now,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?
    .ok_or_else(none)?;
    match found.paused_at {
        Some(_) => Err(Fault::conflict("webhook_paused", "推送已暂停，请先恢复")),
        None => Ok(()),
    }
}
