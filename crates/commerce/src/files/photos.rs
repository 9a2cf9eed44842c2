//! The photos that a store shows of itself (O1): on its page and in the finder.

use std::collections::BTreeSet;

use chrono::Duration;
use domain::{
    Fault, FileId, StoreId,
    audit::{Act, ObjectKind},
    files::{Move, PHOTOS_MOST, Photo, Purpose, StorePhoto, StorePhotos, moved},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{UNUSED_HOURS, keep, made, may, record};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

const GONE: Fault = Fault::NotFound("这张照片");

/// Adds a photo behind those that are there; the first is the cover. The same file again is the photo that it is,
/// and one that was removed comes back.
///
/// Faults: as of [`super::take`]; `Conflict` (`photos_full`).
pub async fn add(scope: &Scope, store: StoreId, name: &str, bytes: Vec<u8>) -> Result<FileId, Fault> {
    let purpose = Purpose::StorePhoto(store);
    let made = made(scope, purpose, bytes).await?;
    let mut tx = scope.begin().await?;
    let shown = lock(&mut tx, store).await?;
    let known = sqlx::query_scalar!(
        "select id from files where store_id = $1 and purpose = 'store_photo' and sha256 = $2
         order by unused_since desc nulls first limit 1 for update",
        store.0,
        made.sha256,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .map(FileId);
    let id = match known {
        Some(id) if shown.contains(&id) => return Ok(id),
        Some(id) => {
            recorded_back(&mut tx, scope, store, id).await?;
            id
        }
        None => keep(&mut tx, scope, purpose, name, made).await?,
    };
    show(&mut tx, store, &shown, id).await?;
    tx.commit().await.or_fault()?;
    Ok(id)
}

async fn recorded_back(tx: &mut PgConnection, scope: &Scope, store: StoreId, id: FileId) -> Result<(), Fault> {
    record(tx, scope, Act::RestoreFile, (id.0, Some(store)), [json!(null), json!(null)]).await
}

/// The photos of a store that whoever asks may change.
///
/// Faults: `Forbidden`; `NotFound` for a store out of reach.
pub async fn list(scope: &Scope, store: StoreId) -> Result<StorePhotos, Fault> {
    may(scope, Purpose::StorePhoto(store)).await?;
    let mut tx = scope.begin().await?;
    let rows = sqlx::query!(
        r#"select f.id, f.name, f.created_at, f.width as "width!", f.height as "height!",
                  s.width as "small_width!", s.height as "small_height!", p.place as "place?"
           from files f join file_contents s on s.file_id = f.id and s.size = 'small'
           left join store_photos p on p.file_id = f.id
           where f.store_id = $1 and f.purpose = 'store_photo' and (p.file_id is not null or f.unused_since > $2)
           order by p.place nulls last, f.unused_since desc, f.id"#,
        store.0,
        scope.now - Duration::hours(UNUSED_HOURS),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let mut photos = StorePhotos::default();
    for row in rows {
        let large = (row.width as u32, row.height as u32);
        let photo = Photo::new(FileId(row.id), large, (row.small_width as u32, row.small_height as u32));
        let list = if row.place.is_some() { &mut photos.shown } else { &mut photos.removed };
        list.push(StorePhoto { photo, name: row.name, sent_at: row.created_at });
    }
    Ok(photos)
}

/// Puts the photos of a store in this order; the first is the cover.
///
/// Faults: `Forbidden`; `NotFound` for a store out of reach; `Conflict` (`photos_changed`) where these are not
/// all of them.
pub async fn arrange(scope: &Scope, store: StoreId, order: &[FileId]) -> Result<(), Fault> {
    may(scope, Purpose::StorePhoto(store)).await?;
    let mut tx = scope.begin().await?;
    let shown = lock(&mut tx, store).await?;
    if shown.len() != order.len() || shown.iter().collect::<BTreeSet<_>>() != order.iter().collect() {
        return Err(Fault::conflict("photos_changed", "照片刚刚有变化，请看过现在的照片再调整"));
    }
    write_order(&mut tx, scope, store, &shown, order).await?;
    tx.commit().await.or_fault()
}

/// Moves one photo among those of its store; answers the store.
///
/// Faults: `Forbidden`; `NotFound`, also for another store's.
pub async fn move_to(scope: &Scope, id: FileId, to: Move) -> Result<StoreId, Fault> {
    let store = store_of(scope, id).await?;
    let mut tx = scope.begin().await?;
    let shown = lock(&mut tx, store).await?;
    if !shown.contains(&id) {
        return Err(GONE);
    }
    let order = moved(shown.clone(), id, to);
    write_order(&mut tx, scope, store, &shown, &order).await?;
    tx.commit().await.or_fault()?;
    Ok(store)
}

/// Removes a photo; for a day it can be brought back. Answers the store.
///
/// Faults: `Forbidden`; `NotFound`, also for another store's.
pub async fn remove(scope: &Scope, id: FileId) -> Result<StoreId, Fault> {
    let store = store_of(scope, id).await?;
    super::remove(scope, id).await?;
    Ok(store)
}

/// Brings a photo back that was removed, behind those that are there. Answers the store.
///
/// Faults: `Forbidden`; `NotFound`, also for another store's; `Conflict` (`photos_full`).
pub async fn restore(scope: &Scope, id: FileId) -> Result<StoreId, Fault> {
    let store = store_of(scope, id).await?;
    let mut tx = scope.begin().await?;
    let shown = lock(&mut tx, store).await?;
    if shown.contains(&id) {
        return Ok(store);
    }
    show(&mut tx, store, &shown, id).await?;
    recorded_back(&mut tx, scope, store, id).await?;
    tx.commit().await.or_fault()?;
    Ok(store)
}

/// The store whose photo it is, where whoever asks may change it.
async fn store_of(scope: &Scope, id: FileId) -> Result<StoreId, Fault> {
    scope.reach(domain::staff::Permission::EditStores)?;
    let mut tx = scope.begin().await?;
    let store = sqlx::query_scalar!(
        r#"select store_id as "store_id!" from files where id = $1 and purpose = 'store_photo' and store_id is not null"#,
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .map(StoreId)
    .ok_or(GONE)?;
    drop(tx);
    may(scope, Purpose::StorePhoto(store)).await.map_err(|fault| match fault {
        Fault::NotFound(_) => GONE,
        other => other,
    })?;
    Ok(store)
}

/// The photos that are shown, in their order, under a lock that keeps them so until the transaction ends.
async fn lock(tx: &mut PgConnection, store: StoreId) -> Result<Vec<FileId>, Fault> {
    sqlx::query!("select id from stores where id = $1 for no key update", store.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(Fault::NotFound("这家门店"))?;
    let ids =
        sqlx::query_scalar!("select file_id from store_photos where store_id = $1 order by place, file_id", store.0)
            .fetch_all(tx)
            .await
            .or_fault()?;
    Ok(ids.into_iter().map(FileId).collect())
}

/// Publishes a photo behind those that are shown.
async fn show(tx: &mut PgConnection, store: StoreId, shown: &[FileId], id: FileId) -> Result<(), Fault> {
    if shown.len() >= PHOTOS_MOST {
        let full = format!("每家门店最多 {PHOTOS_MOST} 张照片，请先移除一些");
        return Err(Fault::conflict("photos_full", full));
    }
    let found = sqlx::query!("update files set state = 'published', unused_since = null where id = $1", id.0)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    if found.rows_affected() == 0 {
        return Err(GONE);
    }
    sqlx::query!(
        "insert into store_photos (file_id, store_id, place)
         select $1, $2, coalesce(max(place), 0) + 1 from store_photos where store_id = $2",
        id.0,
        store.0,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

async fn write_order(
    tx: &mut PgConnection,
    scope: &Scope,
    store: StoreId,
    before: &[FileId],
    order: &[FileId],
) -> Result<(), Fault> {
    if before == order {
        return Ok(());
    }
    let ids: Vec<Uuid> = order.iter().map(|id| id.0).collect();
    sqlx::query!(
        "update store_photos p set place = n.place
         from unnest($2::uuid[]) with ordinality as n (file_id, place)
         where p.file_id = n.file_id and p.store_id = $1",
        store.0,
        &ids,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let names = sqlx::query!(
        "select f.id, f.name from files f join store_photos p on p.file_id = f.id where p.store_id = $1",
        store.0
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let name_of = |id: &FileId| names.iter().find(|row| row.id == id.0).map(|row| row.name.as_str());
    let of = |order: &[FileId]| json!({ "photos": order.iter().filter_map(name_of).collect::<Vec<_>>() });
    let change = Change {
        act: Act::ArrangePhotos,
        object: ObjectKind::Store,
        object_id: store.0,
        store_id: Some(store.0),
        before: of(before),
        after: of(order),
        reason: "",
    };
    audit::record(tx, scope, change).await
}
