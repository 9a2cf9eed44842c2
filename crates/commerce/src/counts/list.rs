//! What a scanner's file found, all of it or nothing.

use std::collections::BTreeMap;

use domain::{
    Complaint, CountId, Fault, SkuId,
    counts::{CountListEntered, EnterCountList, PIECES_MOST, found_field},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Count,
    enter::{key_reused, must_be_open},
    hold,
    open::refused,
};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
    house::new_id,
    stockroom,
};

/// Adds all that a list says to a count, as if each variant had been entered by itself; goods of the place that the
/// count did not have are taken in. Nothing is added where a line is wrong.
///
/// The list's id is the idempotency key: the same list again adds nothing.
///
/// Faults: `Invalid` beside `lines`, or `lines.{at}` for each line whose goods are none of the place's, are in another
/// open count or come to too many; `NotFound` for another place's count; `Conflict` (`not_now`) once it is handed in,
/// (`key_reused`); `Forbidden`.
pub async fn enter_list(scope: &Scope, id: CountId, command: EnterCountList) -> Result<CountListEntered, Fault> {
    command.check()?;
    let me = scope.actor_id().ok_or(Fault::Unauthenticated)?;
    let mut tx = scope.begin().await?;
    let count = hold(&mut tx, scope, id).await?;
    let found = found(&mut tx, &count, &command).await?;
    let entered = CountListEntered { goods: found.len() as i64, pieces: found.values().map(|one| one.pieces).sum() };
    if entered_before(&mut tx, id, me, command.id, &found).await? {
        return Ok(entered);
    }
    must_be_open(&count)?;
    let skus: Vec<Uuid> = found.keys().copied().collect();
    if let Some((sku, why)) = refused(&mut tx, &count, &skus).await? {
        return Err(Fault::invalid(&found_field(found.get(&sku).map_or(0, |one| one.at)), why));
    }
    let written = write(&mut tx, scope, &count, command.id, &found).await?;
    // Whoever sent the same list at the same moment has committed by now: the insertion waited for them.
    if written < found.len() as u64 && !entered_before(&mut tx, id, me, command.id, &found).await? {
        return Err(key_reused());
    }
    faults::commit(tx, scope, Deed::EnterCountList).await?;
    Ok(entered)
}

/// What a list found of a variant.
struct Found {
    /// The first line that names it.
    at: usize,
    pieces: i64,
}

/// What a list found of each variant.
///
/// Faults: `Invalid` beside `lines.{at}`.
async fn found(tx: &mut PgConnection, count: &Count, command: &EnterCountList) -> Result<BTreeMap<Uuid, Found>, Fault> {
    let codes: Vec<&str> = command.lines.iter().map(|line| line.code.as_str()).collect();
    let named = stockroom::of_codes(tx, count.room.id, &codes).await?;
    let (mut found, mut complaints) = (BTreeMap::<Uuid, Found>::new(), Vec::new());
    for (at, (line, sku)) in command.lines.iter().zip(named).enumerate() {
        match sku {
            Ok(SkuId(sku)) => {
                let one = found.entry(sku).or_insert(Found { at, pieces: 0 });
                one.pieces += line.pieces;
                if one.pieces > PIECES_MOST {
                    complaints.push(Complaint::new(found_field(at), "同一件商品合计超过 100,000 件"));
                }
            }
            Err(wrong) => complaints.push(Complaint::new(found_field(at), wrong)),
        }
    }
    if complaints.is_empty() { Ok(found) } else { Err(Fault::Invalid(complaints)) }
}

/// Writes an entry for each variant, with what the books say under the locks of the balances.
async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    count: &Count,
    list: Uuid,
    found: &BTreeMap<Uuid, Found>,
) -> Result<u64, Fault> {
    let actor = scope.actor();
    let ids: Vec<Uuid> = found.keys().map(|_| new_id()).collect();
    let skus: Vec<Uuid> = found.keys().copied().collect();
    let pieces: Vec<i64> = found.values().map(|one| one.pieces).collect();
    let written = sqlx::query!(
        "with found as (
             select * from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as f (id, sku_id, pieces)
         ), shelf as materialized (
             select sku_id, on_hand from stock where location_id = $4 and sku_id = any($2) order by sku_id for share
         )
         insert into count_entries (id, count_id, sku_id, pieces, book, staff_id, api_key_id, at, list_id)
         select f.id, $5, f.sku_id, f.pieces, s.on_hand, $6, $7, $8, $9
         from found f join shelf s on s.sku_id = f.sku_id order by f.sku_id on conflict do nothing",
        &ids,
        &skus,
        &pieces,
        count.room.id.0,
        count.id.0,
        actor.staff,
        actor.key,
        scope.now,
        list,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(written.rows_affected())
}

/// Whether the list is there because of the same request.
///
/// Faults: `Conflict` (`key_reused`) where it is another's.
async fn entered_before(
    tx: &mut PgConnection,
    id: CountId,
    me: Uuid,
    list: Uuid,
    found: &BTreeMap<Uuid, Found>,
) -> Result<bool, Fault> {
    let rows = sqlx::query!(
        r#"select count_id, sku_id, pieces, coalesce(staff_id, api_key_id) as "by!" from count_entries where list_id = $1"#,
        list,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    if rows.is_empty() {
        return Ok(false);
    }
    let same = |sku, pieces| found.get(&sku).is_some_and(|one| one.pieces == pieces);
    let all = rows.iter().all(|row| (row.count_id, row.by) == (id.0, me) && same(row.sku_id, row.pieces));
    if all && rows.len() == found.len() { Ok(true) } else { Err(key_reused()) }
}

/// Takes back all that came with a list; it stays in the history as undone. Doing it twice is doing it once.
///
/// Faults: `NotFound`, also for another place's count; `Conflict` (`not_now`); `Forbidden`.
pub async fn undo_list(scope: &Scope, id: CountId, list: Uuid) -> Result<(), Fault> {
    let actor = scope.actor();
    let mut tx = scope.begin().await?;
    let count = hold(&mut tx, scope, id).await?;
    let rows = sqlx::query_scalar!(
        r#"select undone_at is null as "counts!" from count_entries where list_id = $1 and count_id = $2
           order by sku_id for update"#,
        list,
        id.0,
    );
    let rows = rows.fetch_all(&mut *tx).await.or_fault()?;
    if rows.is_empty() {
        return Err(Fault::NotFound("这个文件"));
    }
    if rows.iter().all(|counts| !counts) {
        return Ok(());
    }
    must_be_open(&count)?;
    sqlx::query!(
        "update count_entries set undone_at = $3, undone_by = $4, undone_by_key = $5
         where list_id = $1 and count_id = $2 and undone_at is null",
        list,
        id.0,
        scope.now,
        actor.staff,
        actor.key,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()
}
