//! Whether and when a store is open, as its people and head office set it (O1).

use domain::{
    Fault, StoreId,
    audit::{Act, ObjectKind},
    opening::OpeningSettings,
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

/// What a store says of itself and when it is open, to those who may change it.
///
/// Faults: `Forbidden`; `NotFound` out of reach.
pub async fn show(scope: &Scope, store: StoreId) -> Result<OpeningSettings, Fault> {
    must_reach(scope, store)?;
    let mut tx = scope.begin().await?;
    read(&mut tx, store).await
}

/// Sets whether and when a store is open. Orders that are placed stay as they are. Saying it twice is saying it once.
/// `seen`: the state that whoever asks had before them, where they can say it.
///
/// Faults: `Invalid` beside what is wrong; `Forbidden`; `NotFound` out of reach; `Conflict` (`state_changed`) where
/// somebody else has paused, opened or closed the store meanwhile.
pub async fn save(
    scope: &Scope,
    store: StoreId,
    seen: Option<StoreState>,
    settings: &OpeningSettings,
) -> Result<(), Fault> {
    settings.checked()?;
    must_reach(scope, store)?;
    let mut tx = scope.begin().await?;
    let before = lock(&mut tx, store).await?;
    must_be_as_seen(&before, seen, settings.state)?;
    write(&mut tx, scope, store, &before, settings).await?;
    tx.commit().await.or_fault()
}

/// Pauses a store, lets it go on, or closes it; its hours stay. `seen`: the state from which whoever asks changes it.
///
/// Faults: `Forbidden`; `NotFound` out of reach; `Conflict` (`state_changed`) where it is another by now.
pub async fn set_state(scope: &Scope, store: StoreId, seen: StoreState, state: StoreState) -> Result<(), Fault> {
    must_reach(scope, store)?;
    let mut tx = scope.begin().await?;
    let before = lock(&mut tx, store).await?;
    must_be_as_seen(&before, Some(seen), state)?;
    let after = OpeningSettings { state, ..before.clone() };
    write(&mut tx, scope, store, &before, &after).await?;
    tx.commit().await.or_fault()
}

/// Stores are everybody's to see, so no row's own fence keeps others from changing them.
fn must_reach(scope: &Scope, store: StoreId) -> Result<(), Fault> {
    if scope.reach(Permission::EditStores)?.covers(store) { Ok(()) } else { Err(NO_STORE) }
}

/// An older page must not open what somebody else has just paused or closed.
fn must_be_as_seen(now: &OpeningSettings, seen: Option<StoreState>, wanted: StoreState) -> Result<(), Fault> {
    if seen.is_none_or(|seen| seen == now.state || wanted == now.state) {
        return Ok(());
    }
    let message = format!("门店状态刚刚被改为「{}」，请核对后再操作", now.state.label());
    Err(Fault::conflict("state_changed", message))
}

/// Reads a store's settings and keeps others from changing them meanwhile. Who changes all stores at once locks the
/// table before any row, so this does.
async fn lock(tx: &mut PgConnection, store: StoreId) -> Result<OpeningSettings, Fault> {
    sqlx::query!("lock table stores in row exclusive mode").execute(&mut *tx).await.or_fault()?;
    sqlx::query!("select id from stores where id = $1 for no key update", store.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    read(tx, store).await
}

async fn read(tx: &mut PgConnection, store: StoreId) -> Result<OpeningSettings, Fault> {
    let row = sqlx::query!(
        r#"select state, prepare_minutes, hours as "hours: Json<domain::hours::Hours>" from stores
           where id = $1 and ((select asking_everywhere()) or id = any ((select asking_stores())::uuid[]))"#,
        store.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .ok_or(NO_STORE)?;
    Ok(OpeningSettings {
        state: StoreState::from_code(&row.state).unwrap_or(StoreState::Closed),
        prepare_minutes: i64::from(row.prepare_minutes),
        hours: row.hours.0,
    })
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
