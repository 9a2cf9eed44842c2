//! Many stores at once, from rows that have been checked (O1). Safe to repeat.

use std::collections::{HashMap, HashSet};

use domain::{Fault, hours::Hours, import::StoreRow};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    database::OrFault,
    house::new_id,
    imports::{Imported, Trial, brands, look_up_by_key},
};

/// Rows that one statement writes; small enough that progress is seen.
const CHUNK: usize = 100;

/// The codes of all regions, by which rows are checked.
pub async fn region_codes(scope: &Scope) -> Result<HashSet<String>, Fault> {
    let codes = sqlx::query_scalar!("select code from regions").fetch_all(scope.pool()).await.or_fault()?;
    Ok(codes.into_iter().collect())
}

/// Imports all rows, or none where it fails. No two rows have the same code. A store is known by
/// its code; what a row leaves empty stays as it is, and so do special days, state and features.
///
/// `progress` is told after each chunk how many rows are done; where it fails, nothing stays.
pub async fn import(
    scope: &Scope,
    rows: &[StoreRow],
    trial: Trial,
    progress: impl AsyncFnMut(usize) -> Result<(), Fault>,
) -> Result<Imported, Fault> {
    let mut tx = scope.begin().await?;
    let imported = import_in(&mut tx, scope, rows, progress).await?;
    trial.end(tx).await?;
    Ok(imported)
}

/// [`import`] within a transaction.
pub(crate) async fn import_in(
    tx: &mut PgConnection,
    scope: &Scope,
    rows: &[StoreRow],
    mut progress: impl AsyncFnMut(usize) -> Result<(), Fault>,
) -> Result<Imported, Fault> {
    // Two imports at a time would both find the same store lacking.
    sqlx::query!("lock table stores in share row exclusive mode").execute(&mut *tx).await.or_fault()?;
    look_up_by_key(tx).await?;
    let brands = brands(tx, rows.iter().map(|row| row.brand.as_str())).await?;
    let mut imported = Imported::default();
    for chunk in rows.chunks(CHUNK) {
        let wrote = write(tx, scope, &brands, chunk).await?;
        imported.inserted += wrote.inserted;
        imported.updated += wrote.updated;
        imported.unchanged += wrote.unchanged;
        imported.moved += wrote.moved;
        progress(imported.rows()).await?;
    }
    Ok(imported)
}

/// A row as the statement below takes it.
#[derive(Serialize)]
struct Given<'a> {
    /// Its identity, should it be new.
    id: Uuid,
    brand_id: Uuid,
    #[serde(flatten)]
    row: &'a StoreRow,
}

/// Writes one chunk.
async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    brands: &HashMap<&str, Uuid>,
    chunk: &[StoreRow],
) -> Result<Imported, Fault> {
    let given: Vec<_> =
        chunk.iter().map(|row| Given { id: new_id(), brand_id: brands[row.brand.as_str()], row }).collect();
    let hidden = |error: serde_json::Error| Fault::Internal(error.to_string());
    let wrote = sqlx::query!(
        r#"with given as materialized (
               select * from jsonb_to_recordset($1) as g (
                   id uuid, brand_id uuid, code text, name text, ownership text, region text, city text, address text,
                   postcode text, phone text, timezone text, latitude double precision, longitude double precision, weekly jsonb)
           ), wanted as materialized (
               select g.id, g.code, g.brand_id, g.name, coalesce(g.ownership, s.ownership, 'direct') as ownership,
                      g.region, coalesce(nullif(g.city, ''), s.city, '') as city, g.address,
                      coalesce(g.postcode, s.postcode) as postcode, coalesce(g.phone, s.phone) as phone,
                      g.timezone, g.latitude, g.longitude,
                      case jsonb_typeof(g.weekly) when 'array' then jsonb_set(coalesce(s.hours, $2), '{weekly}', g.weekly)
                          else coalesce(s.hours, $2) end as hours,
                      s.id is null as is_new, s.region_code <> g.region as is_moved
               from given g left join stores s on s.code = g.code
           ), changed as (
               update stores s
               set brand_id = w.brand_id, name = w.name, ownership = w.ownership, region_code = w.region, city = w.city,
                   address = w.address, postcode = w.postcode, phone = w.phone, timezone = w.timezone,
                   latitude = w.latitude, longitude = w.longitude, hours = w.hours, updated_at = $3
               from wanted w
               where s.code = w.code
                 and (s.brand_id, s.name, s.ownership, s.region_code, s.city, s.address, s.postcode, s.phone,
                      s.timezone, s.latitude, s.longitude, s.hours)
                     is distinct from
                     (w.brand_id, w.name, w.ownership, w.region, w.city, w.address, w.postcode, w.phone,
                      w.timezone, w.latitude, w.longitude, w.hours)
               returning s.id, s.code
           ), placed as (
               insert into locations (id, kind, created_at) select id, 'store', $3 from wanted where is_new
           ), made as (
               insert into stores (id, code, brand_id, name, ownership, region_code, city, address, postcode, phone,
                                   timezone, latitude, longitude, hours, updated_at)
               select id, code, brand_id, name, ownership, region, city, address, postcode, phone,
                      timezone, latitude, longitude, hours, $3
               from wanted where is_new
               returning id
           )
           select (select count(*) from made) as "inserted!", (select count(*) from changed) as "updated!",
                  (select count(*) from changed c join wanted w on w.code = c.code where w.is_moved) as "moved!""#,
        serde_json::to_value(&given).map_err(hidden)?,
        serde_json::to_value(Hours::default()).map_err(hidden)?,
        scope.now,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    let (inserted, updated) = (wrote.inserted as usize, wrote.updated as usize);
    Ok(Imported { inserted, updated, unchanged: chunk.len() - inserted - updated, moved: wrote.moved as usize })
}
