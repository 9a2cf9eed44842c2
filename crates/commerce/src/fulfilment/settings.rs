//! What a store offers, as its people and head office set it.

use domain::{
    Fault, StoreId,
    audit::{Act, ObjectKind},
    fulfilment::{FulfilmentSettings, OwnRider},
    staff::Permission,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

const NO_STORE: Fault = Fault::NotFound("这家门店");

/// What a store offers, to those who may change it.
///
/// Faults: `Forbidden`; `NotFound` out of reach.
pub async fn show(scope: &Scope, store: StoreId) -> Result<FulfilmentSettings, Fault> {
    must_reach(scope, Permission::EditStores, store)?;
    let mut tx = scope.begin().await?;
    let settings = read(&mut tx, store.0).await?;
    Ok(serde_json::from_value(settings).unwrap_or_default())
}

/// A store's own riders, to those who let them take orders along.
///
/// Faults: `Forbidden`; `NotFound` out of reach.
pub async fn riders(scope: &Scope, store: StoreId) -> Result<Vec<OwnRider>, Fault> {
    must_reach(scope, Permission::FulfilOrders, store)?;
    let mut tx = scope.begin().await?;
    let settings: FulfilmentSettings = serde_json::from_value(read(&mut tx, store.0).await?).unwrap_or_default();
    Ok(settings.delivery.map(|delivery| delivery.riders).unwrap_or_default())
}

fn must_reach(scope: &Scope, permission: Permission, store: StoreId) -> Result<(), Fault> {
    match scope.reach_filter(permission)? {
        Some(stores) if !stores.contains(&store.0) => Err(NO_STORE),
        _ => Ok(()),
    }
}

/// Stores are everybody's to see, so the fence around what they offer is said here once more.
async fn read(tx: &mut PgConnection, store: Uuid) -> Result<Value, Fault> {
    let row = sqlx::query!(
        r#"select f.settings as "settings?" from stores s left join fulfilment_settings f on f.store_id = s.id
           where s.id = $1 and ((select asking_everywhere()) or s.id = any ((select asking_stores())::uuid[]))"#,
        store,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .ok_or(NO_STORE)?;
    Ok(row.settings.unwrap_or_else(|| json!({})))
}

/// Sets what a store offers from now on. Orders that are placed stay as they are. Saying it twice is saying it once.
///
/// Faults: `Invalid` beside what is wrong; `Forbidden`; `NotFound` out of reach.
pub async fn save(scope: &Scope, store: StoreId, settings: &FulfilmentSettings) -> Result<(), Fault> {
    settings.checked()?;
    must_reach(scope, Permission::EditStores, store)?;
    let mut tx = scope.begin().await?;
    let before = read(&mut tx, store.0).await?;
    let after = json!(settings);
    if before == after {
        return Ok(());
    }
    sqlx::query!(
        "insert into fulfilment_settings (store_id, settings, changed_at) values ($1, $2, $3)
         on conflict (store_id) do update set settings = excluded.settings, changed_at = excluded.changed_at",
        store.0,
        after,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let change = Change {
        act: Act::SaveFulfilment,
        object: ObjectKind::Store,
        object_id: store.0,
        store_id: Some(store.0),
        before: told(before),
        after: told(after),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    tx.commit().await.or_fault()
}

/// The settings as the log has them: who the riders are is not told.
fn told(mut settings: Value) -> Value {
    if let Some(riders) = settings.pointer_mut("/delivery/riders") {
        *riders = json!(riders.as_array().map_or(0, Vec::len));
    }
    settings
}
