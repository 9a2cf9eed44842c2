//! What is left of batches, and what is to be taken first.

use chrono::NaiveDate;
use domain::{
    Fault, LocationId, SkuId,
    batches::{BatchEntry, BatchLeft, BatchesLeft, FirstOut, ListBatches},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    database::OrFault,
    stockroom::{NO_GOODS, Sight, sees},
    transfers::location,
};

/// What is left of batches at places within reach, what ends first first, and how many entries there are.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn list(scope: &Scope, ask: &ListBatches) -> Result<(Vec<BatchEntry>, i64), Fault> {
    let sight = Sight::of(scope)?;
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select r.*, count(*) over () as "total!" from (
               select b.batch_id as "id!", b.code as "code!", b.expires_on as "expires_on!", b.remains as "remains!",
                      p.id as "place!", p.kind as "kind!", p.code as "place_code!", p.name as "place_name!", k.id as sku_id,
                      concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!", k.code as sku_code,
                      ($1::timestamptz at time zone coalesce(t.timezone, 'Asia/Shanghai'))::date as "today!"
               from batch_remains b join stock_places p on p.id = b.location_id left join stores t on t.id = b.location_id
               join skus k on k.id = b.sku_id join products d on d.id = k.product_id
               where b.remains > 0 and ($2::uuid[] is null or b.location_id = any($2)) and ($3::uuid is null or b.location_id = $3)
                 and ($4 = '' or strpos(lower(d.name || ' ' || d.pinyin || ' ' || d.initials), $4) > 0
                      or lower(k.code) = $4 or k.barcode = $4 or lower(b.code) = $4)
           ) r where $5::bigint is null or r."expires_on!" < r."today!" + $5::integer
           order by r."expires_on!", r."place_name!", r."name!", r."id!" limit $6 offset $7"#,
        scope.now,
        sight.seen.as_deref(),
        ask.location.map(|id| id.0),
        ask.words.trim().to_lowercase(),
        ask.days,
        ask.most.clamp(1, 100_000),
        ask.skip.max(0),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let total = rows.first().map_or(0, |row| row.total);
    let entry = rows.into_iter().map(|row| BatchEntry {
        location: location(row.place, &row.kind, row.place_code, row.place_name),
        sku_id: SkuId(row.sku_id),
        name: row.name,
        sku_code: row.sku_code,
        left: BatchLeft {
            id: row.id,
            code: row.code,
            expires_on: row.expires_on,
            pieces: row.remains,
            days: BatchLeft::days_from(row.expires_on, row.today),
        },
    });
    Ok((entry.collect(), total))
}

/// What is left of a variant at a place within reach, batch by batch.
///
/// Faults: `Forbidden`; `NotFound`, also for a place out of reach and goods that it never had.
pub async fn left(scope: &Scope, location: LocationId, sku: SkuId) -> Result<BatchesLeft, Fault> {
    sees(scope, location)?;
    let mut tx = scope.begin().await?;
    read(&mut tx, scope, location, sku).await
}

pub(super) async fn read(
    tx: &mut PgConnection,
    scope: &Scope,
    location: LocationId,
    sku: SkuId,
) -> Result<BatchesLeft, Fault> {
    let shelf = sqlx::query!(
        r#"select s.on_hand, ($3::timestamptz at time zone coalesce(t.timezone, 'Asia/Shanghai'))::date as "today!"
           from stock s left join stores t on t.id = s.location_id where s.location_id = $1 and s.sku_id = $2"#,
        location.0,
        sku.0,
        scope.now,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(NO_GOODS)?;
    let rows = sqlx::query!(
        r#"select batch_id as "id!", code as "code!", expires_on as "expires_on!", remains as "remains!" from batch_remains
           where location_id = $1 and sku_id = $2 and remains > 0 order by expires_on, batch_id"#,
        location.0,
        sku.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let batch = |id, code, expires_on: NaiveDate, pieces| {
        let days = BatchLeft::days_from(expires_on, shelf.today);
        BatchLeft { id, code, expires_on, pieces, days }
    };
    let batches: Vec<BatchLeft> =
        rows.into_iter().map(|row| batch(row.id, row.code, row.expires_on, row.remains)).collect();
    let known: i64 = batches.iter().map(|batch| batch.pieces).sum();
    Ok(BatchesLeft { batches, on_hand: shelf.on_hand, unknown: (shelf.on_hand - known).max(0) })
}

/// What is left of these variants' batches at a place, what ends first first, each with whose it is; for documents to
/// choose from, which whoever calls has found to be theirs.
///
/// Faults: none of its own.
pub async fn at_hand(scope: &Scope, location: LocationId, skus: &[SkuId]) -> Result<Vec<(SkuId, BatchLeft)>, Fault> {
    let skus: Vec<Uuid> = skus.iter().map(|sku| sku.0).collect();
    let rows = sqlx::query!(
        r#"select r.sku_id as "sku_id!", r.batch_id as "id!", r.code as "code!", r.expires_on as "expires_on!",
                  r.remains as "remains!", ($3::timestamptz at time zone coalesce(t.timezone, 'Asia/Shanghai'))::date as "today!"
           from batch_remains r left join stores t on t.id = r.location_id
           where r.location_id = $1 and r.sku_id = any($2) and r.remains > 0 order by r.expires_on, r.batch_id"#,
        location.0,
        &skus,
        scope.now,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let batch = rows.into_iter().map(|row| {
        let days = BatchLeft::days_from(row.expires_on, row.today);
        let left = BatchLeft { id: row.id, code: row.code, expires_on: row.expires_on, pieces: row.remains, days };
        (SkuId(row.sku_id), left)
    });
    Ok(batch.collect())
}

/// The batch that is to be taken first of each of these variants at a place, where there are any that may still be
/// handed on; for lists to pick by, which whoever calls has found to be theirs.
///
/// Faults: none of its own.
pub async fn first(scope: &Scope, location: LocationId, skus: &[SkuId]) -> Result<Vec<FirstOut>, Fault> {
    let skus: Vec<Uuid> = skus.iter().map(|sku| sku.0).collect();
    let rows = sqlx::query!(
        r#"select distinct on (sku_id) sku_id as "sku_id!", code as "code!", expires_on as "expires_on!" from batch_remains
           where location_id = $1 and sku_id = any($2) and remains > 0
             and expires_on >= ($3::timestamptz at time zone coalesce((select timezone from stores where id = $1), 'Asia/Shanghai'))::date
           order by sku_id, expires_on, batch_id"#,
        location.0,
        &skus,
        scope.now,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let first =
        rows.into_iter().map(|row| FirstOut { sku_id: SkuId(row.sku_id), code: row.code, expires_on: row.expires_on });
    Ok(first.collect())
}
