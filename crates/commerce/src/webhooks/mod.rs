//! Webhooks: partners' programs are told what happened to orders (P3).
//!
//! `events::relay` writes what a webhook is told, in the commit that sends the event to everybody else.
//! [`send`] brings it, at least once; [`log`] shows what came of it and has it sent again.

pub mod log;
pub mod send;

use chrono::Duration;
use domain::{
    Fault,
    audit::{Act, ObjectKind},
    orders::OrderState,
    staff::Permission,
    webhooks::{KEPT, Pause, SaveWebhook, WebhookView},
};
use partners::{guarded::Refused, webhooks::Secret};
use rand::Rng;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    house::new_id,
    stores,
};

/// How long the secret before a new one signs too.
const OLD_SECRET_SIGNS: Duration = Duration::hours(24);

fn permitted(scope: &Scope) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManagePartners).map(drop)
}

fn none() -> Fault {
    Fault::NotFound("这个推送")
}

fn new_secret() -> Vec<u8> {
    let mut secret = vec![0u8; 32];
    rand::rng().fill(secret.as_mut_slice());
    secret
}

/// The address, where messages may be sent to it.
fn check_url(scope: &Scope, url: &str) -> Result<(), Fault> {
    let courier = scope
        .house()
        .partners
        .courier
        .as_ref()
        .ok_or_else(|| Fault::Upstream { who: "消息推送", hidden: "no courier is configured".into() })?;
    courier.check(url).map_err(|refused| {
        let reason = match refused {
            Refused::NotAnAddress => "请填写完整的网址，如 https://partner.example/hooks；不能带用户名和密码",
            Refused::NotHttps => "必须是 https:// 开头的地址，消息才不会在途中被看到",
            Refused::NotPublic => "这是内网地址，不能推送；确需推送请让运维在 MENDIAN_INSIDE_HOSTS 中登记",
        };
        Fault::invalid("url", reason)
    })
}

fn codes(states: &[OrderState]) -> Vec<String> {
    states.iter().map(|state| state.code().to_owned()).collect()
}

async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    id: Uuid,
    before: Value,
    after: Value,
) -> Result<(), Fault> {
    let change = Change { act, object: ObjectKind::Webhook, object_id: id, store_id: None, before, after, reason: "" };
    audit::record(tx, scope, change).await
}

fn noted(command: &SaveWebhook) -> Value {
    json!({ "name": command.name, "url": command.url, "states": codes(&command.states), "stores": command.stores })
}

/// Sets a webhook up; what happens from now on is told to it.
///
/// Faults: `Forbidden`; `Invalid` beside `url` for an address that must not be called, beside `stores` for
/// a code no store has.
pub async fn create(scope: &Scope, command: SaveWebhook) -> Result<Uuid, Fault> {
    let by = scope.staff_everywhere(Permission::ManagePartners)?.id;
    check_url(scope, &command.url)?;
    let stores = stores::of_codes(scope, &command.stores).await?;
    let id = new_id();
    let mut tx = scope.begin().await?;
    sqlx::query!(
        "insert into webhooks (id, name, url, secret, states, stores, created_at, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        command.name,
        command.url,
        new_secret(),
        &codes(&command.states),
        stores.as_deref(),
        scope.now,
        by.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    note(&mut tx, scope, Act::CreateWebhook, id, Value::Null, noted(&command)).await?;
    tx.commit().await.or_fault()?;
    Ok(id)
}

/// Changes a webhook. What waits goes to the new address.
///
/// Faults: as [`create`]; `NotFound`.
pub async fn change(scope: &Scope, id: Uuid, command: SaveWebhook) -> Result<(), Fault> {
    permitted(scope)?;
    check_url(scope, &command.url)?;
    let stores = stores::of_codes(scope, &command.stores).await?;
    let mut tx = scope.begin().await?;
    let before = sqlx::query!(
        "select name, url, states,
                (select array_agg(s.code order by s.code) from stores s where s.id = any(w.stores)) as stores
         from webhooks w where id = $1 for update of w",
        id,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or_else(none)?;
    sqlx::query!(
        "update webhooks set name = $2, url = $3, states = $4, stores = $5 where id = $1",
        id,
        command.name,
        command.url,
        &codes(&command.states),
        stores.as_deref(),
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let before = json!({ "name": before.name, "url": before.url, "states": before.states, "stores": before.stores });
    note(&mut tx, scope, Act::ChangeWebhook, id, before, noted(&command)).await?;
    tx.commit().await.or_fault()
}

/// Sends nothing to a webhook until it is resumed. What happens meanwhile is not told to it.
pub async fn pause(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    permitted(scope)?;
    let mut tx = scope.begin().await?;
    let paused = sqlx::query!(
        "update webhooks set paused_at = $2, paused_why = $3 where id = $1 and paused_at is null",
        id,
        scope.now,
        Pause::Staff.code(),
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if paused.rows_affected() > 0 {
        note(&mut tx, scope, Act::PauseWebhook, id, Value::Null, json!({ "paused": true })).await?;
    }
    tx.commit().await.or_fault()
}

/// Sends to a webhook again, whatever it was paused for.
pub async fn resume(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    permitted(scope)?;
    let mut tx = scope.begin().await?;
    let resumed = sqlx::query!(
        "update webhooks set paused_at = null, paused_why = null, failing_since = null, failures = 0,
                rests_until = '-infinity'
         where id = $1 and paused_at is not null",
        id,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if resumed.rows_affected() > 0 {
        note(&mut tx, scope, Act::ResumeWebhook, id, Value::Null, json!({ "paused": false })).await?;
    }
    tx.commit().await.or_fault()
}

/// Gives a webhook a new secret. The one before signs beside it for a day.
pub async fn renew_secret(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    permitted(scope)?;
    let mut tx = scope.begin().await?;
    let renewed = sqlx::query!(
        "update webhooks set secret = $2, old_secret = secret, old_secret_until = $3 where id = $1",
        id,
        new_secret(),
        scope.now + OLD_SECRET_SIGNS,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if renewed.rows_affected() == 0 {
        return Err(none());
    }
    note(&mut tx, scope, Act::RenewWebhookSecret, id, Value::Null, Value::Null).await?;
    tx.commit().await.or_fault()
}

/// Removes a webhook with its log, for good.
pub async fn remove(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    permitted(scope)?;
    let mut tx = scope.begin().await?;
    let removed = sqlx::query!("delete from webhooks where id = $1 returning name, url", id)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or_else(none)?;
    let before = json!({ "name": removed.name, "url": removed.url });
    note(&mut tx, scope, Act::RemoveWebhook, id, before, Value::Null).await?;
    tx.commit().await.or_fault()
}

/// The secret with which a webhook's messages are signed now, as its receiver is given it.
pub async fn secret(scope: &Scope, id: Uuid) -> Result<String, Fault> {
    permitted(scope)?;
    let secret = sqlx::query_scalar!("select secret from webhooks where id = $1", id)
        .fetch_optional(scope.pool())
        .await
        .or_fault()?
        .ok_or_else(none)?;
    Ok(Secret::new(secret).text())
}

/// Every webhook, those that work first.
pub async fn list(scope: &Scope) -> Result<Vec<WebhookView>, Fault> {
    views(scope, None).await
}

/// One webhook.
pub async fn show(scope: &Scope, id: Uuid) -> Result<WebhookView, Fault> {
    views(scope, Some(id)).await?.pop().ok_or_else(none)
}

async fn views(scope: &Scope, id: Option<Uuid>) -> Result<Vec<WebhookView>, Fault> {
    permitted(scope)?;
    let rows = sqlx::query!(
        r#"select w.id, w.name, w.url, w.states, w.paused_why, w.failing_since, w.created_at, w.old_secret_until,
                  p.name as created_by, w.stores is null as "everywhere!",
                  coalesce(s.codes, '{}') as "codes!", coalesce(s.names, '{}') as "names!",
                  (select d.delivered_at from webhook_deliveries d
                   where d.webhook_id = w.id and d.delivered_at is not null
                   order by d.created_at desc, d.id desc limit 1) as delivered_at,
                  (select count(*) from webhook_deliveries d
                   where d.webhook_id = w.id and d.next_try_at is not null) as "waiting!",
                  (select count(*) from webhook_deliveries d
                   where d.webhook_id = w.id and d.next_try_at is null and d.delivered_at is null) as "failed!"
           from webhooks w
           join staff p on p.id = w.created_by
           left join lateral (
               select array_agg(s.code order by s.code) as codes, array_agg(s.name order by s.code) as names
               from stores s where s.id = any(w.stores)
           ) s on true
           where $1::uuid is null or w.id = $1
           order by w.paused_at is not null, w.created_at desc, w.id"#,
        id,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    Ok(rows
        .into_iter()
        .map(|row| WebhookView {
            id: row.id,
            name: row.name,
            url: row.url,
            states: row.states.iter().filter_map(|code| OrderState::from_code(code)).collect(),
            stores: (!row.everywhere).then(|| row.codes.into_iter().zip(row.names).collect()),
            paused: row.paused_why.as_deref().and_then(Pause::from_code),
            failing_since: row.failing_since,
            created_by: row.created_by,
            created_at: row.created_at,
            old_secret_until: row.old_secret_until.filter(|until| *until > scope.now),
            delivered_at: row.delivered_at,
            waiting: row.waiting.unsigned_abs(),
            failed: row.failed.unsigned_abs(),
        })
        .collect())
}

/// Forgets messages that are long past, also those that a paused webhook was never brought, and secrets
/// that no longer sign.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    sqlx::query!("delete from webhook_deliveries where created_at < $1", scope.now - KEPT)
        .execute(scope.pool())
        .await
        .or_fault()?;
    sqlx::query!(
        "update webhooks set old_secret = null, old_secret_until = null where old_secret_until <= $1",
        scope.now,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    Ok(())
}
