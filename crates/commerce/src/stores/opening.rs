//! Whether and when a store is open, as its people and head office set it (O1).

use chrono::{DateTime, SubsecRound as _, Utc};
use domain::{
    Fault, StoreId,
    audit::{Act, ObjectKind},
    opening::{OpeningSettings, SetOpening, Standing, check_until},
    staff::Permission,
    stores::StoreState,
};
use serde_json::json;
use sqlx::{PgConnection, types::Json};

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

const NO_STORE: Fault = Fault::NotFound("这家门店");

/// What a store says of itself at this moment and when it is open, to those who may change it.
///
/// Faults: `Forbidden`; `NotFound` out of reach.
pub async fn show(scope: &Scope, store: StoreId) -> Result<OpeningSettings, Fault> {
    must_reach(scope, store)?;
    let mut tx = scope.begin().await?;
    read(&mut tx, scope, store).await
}

/// Sets whether and when a store is open. Orders that are placed stay as they are. Saying it twice is saying it once.
/// `seen`: how the store stood before whoever asks, where they can say it.
///
/// Faults: `Invalid` beside what is wrong; `Forbidden`; `NotFound` out of reach; `Conflict` (`state_changed`) where
/// somebody else has paused, opened or closed the store meanwhile, or said another end.
pub async fn save(scope: &Scope, store: StoreId, seen: Option<Standing>, command: &SetOpening) -> Result<(), Fault> {
    must_reach(scope, store)?;
    let mut tx = scope.begin().await?;
    let before = lock(&mut tx, scope, store).await?;
    let settings = command.over(before.standing());
    settings.checked(scope.now)?;
    let after = OpeningSettings { until: kept(settings.until), ..settings };
    must_be_as_seen(before.standing(), seen, after.standing())?;
    write(&mut tx, scope, store, &before, &after).await?;
    tx.commit().await.or_fault()
}

/// Pauses a store, lets it go on, or closes it; its hours stay. `seen`: how the store stood before whoever asks. A busy or
/// paused store is open again by itself at the end that is said; somebody may say so before.
///
/// Faults: `Invalid` beside `until` for an end that cannot be meant; `Forbidden`; `NotFound` out of reach; `Conflict`
/// (`state_changed`) where it stands in another way by now.
pub async fn set_state(scope: &Scope, store: StoreId, seen: Standing, wanted: Standing) -> Result<(), Fault> {
    must_reach(scope, store)?;
    check_until(wanted.state, wanted.until, scope.now)?;
    let wanted = Standing { until: kept(wanted.until), ..wanted };
    let mut tx = scope.begin().await?;
    let before = lock(&mut tx, scope, store).await?;
    must_be_as_seen(before.standing(), Some(seen), wanted)?;
    let after = OpeningSettings { state: wanted.state, until: wanted.until, ..before.clone() };
    write(&mut tx, scope, store, &before, &after).await?;
    tx.commit().await.or_fault()
}

/// Stores are everybody's to see, so no row's own fence keeps others from changing them.
fn must_reach(scope: &Scope, store: StoreId) -> Result<(), Fault> {
    if scope.reach(Permission::EditStores)?.covers(store) { Ok(()) } else { Err(NO_STORE) }
}

/// A moment as the database keeps it, so that saying it again changes nothing.
fn kept(until: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    until.map(|until| until.trunc_subsecs(6))
}

/// An older page must not open what somebody else has just paused or closed, nor end it when they did not mean it to end.
/// Who asks for what is so already is in nobody's way.
fn must_be_as_seen(now: Standing, seen: Option<Standing>, wanted: Standing) -> Result<(), Fault> {
    let Some(seen) = seen.filter(|seen| *seen != now && wanted != now) else { return Ok(()) };
    let label = now.state.label();
    let message = match seen.state == now.state {
        true => format!("「{label}」的恢复时间刚刚改过，请核对后再操作"),
        false => format!("门店状态刚刚变为「{label}」，请核对后再操作"),
    };
    Err(Fault::conflict("state_changed", message))
}

/// Reads a store's settings and keeps others from changing them meanwhile. Who changes all stores at once locks the
/// table before any row, so this does.
async fn lock(tx: &mut PgConnection, scope: &Scope, store: StoreId) -> Result<OpeningSettings, Fault> {
    sqlx::query!("lock table stores in row exclusive mode").execute(&mut *tx).await.or_fault()?;
    sqlx::query!("select id from stores where id = $1 for no key update", store.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    read(tx, scope, store).await
}

async fn read(tx: &mut PgConnection, scope: &Scope, store: StoreId) -> Result<OpeningSettings, Fault> {
    let row = sqlx::query!(
        r#"select state, state_until, prepare_minutes, hours as "hours: Json<domain::hours::Hours>" from stores
           where id = $1 and ((select asking_everywhere()) or id = any ((select asking_stores())::uuid[]))"#,
        store.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .ok_or(NO_STORE)?;
    let state = StoreState::from_code(&row.state).unwrap_or(StoreState::Closed);
    let Standing { state, until } = Standing { state, until: row.state_until }.at(scope.now);
    Ok(OpeningSettings { state, until, prepare_minutes: i64::from(row.prepare_minutes), hours: row.hours.0 })
}

async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    store: StoreId,
    before: &OpeningSettings,
    after: &OpeningSettings,
) -> Result<(), Fault> {
    if before == after {
        return Ok(());
    }
    sqlx::query!(
        "update stores set state = $2, prepare_minutes = $3, hours = $4, updated_at = $5 where id = $1",
        store.0,
        after.state.code(),
        i32::try_from(after.prepare_minutes).map_err(|error| Fault::Internal(error.to_string()))?,
        json!(after.hours),
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    // A change of the state forgets until when the one before held (migration 0080), so this comes after it.
    sqlx::query!(
        "update stores set state_until = $2 where id = $1 and state_until is distinct from $2",
        store.0,
        after.until,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let change = Change {
        act: Act::SetOpening,
        object: ObjectKind::Store,
        object_id: store.0,
        store_id: Some(store.0),
        before: json!(before),
        after: json!(after),
        reason: "",
    };
    audit::record(tx, scope, change).await
}
