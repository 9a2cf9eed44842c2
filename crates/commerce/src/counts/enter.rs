//! What was found: added rows, by several people at once.

use domain::{
    CountId, Fault, SkuId,
    counts::{CountLine, CountState, EnterCount},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Count, hold, open::take_in, read};
use crate::{Scope, database::OrFault, stockroom};

/// Adds what was found to a count; goods of the place that it did not have are taken in. Answers the line.
///
/// The entry's id is the idempotency key: the same request again adds nothing.
///
/// Faults: `Invalid` beside `code` or `pieces`; `NotFound` for another place's count; `Conflict` (`not_now`) once it
/// is handed in, (`counted_elsewhere`), (`code_ambiguous`), (`key_reused`); `Forbidden`.
pub async fn enter(scope: &Scope, id: CountId, command: EnterCount) -> Result<CountLine, Fault> {
    command.check()?;
    let me = scope.actor_id().ok_or(Fault::Unauthenticated)?;
    let mut tx = scope.begin().await?;
    let count = hold(&mut tx, scope, id).await?;
    let SkuId(sku) = stockroom::of_code(&mut tx, count.room.id, &command.code).await.map_err(at_code)?;
    if entered_before(&mut tx, id, me, sku, &command).await? {
        return read::line(&mut tx, scope, &count, sku).await;
    }
    must_be_open(&count)?;
    take_in(&mut tx, &count, &[sku]).await?;
    let actor = scope.actor();
    let written = sqlx::query!(
        "with shelf as materialized (select on_hand from stock where location_id = $3 and sku_id = $4 for share)
         insert into count_entries (id, count_id, sku_id, pieces, book, staff_id, api_key_id, at)
         select $1, $2, $4, $5, on_hand, $6, $7, $8 from shelf on conflict (id) do nothing",
        command.id,
        id.0,
        count.room.id.0,
        sku,
        command.pieces,
        actor.staff,
        actor.key,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if written.rows_affected() == 0 && !entered_before(&mut tx, id, me, sku, &command).await? {
        return Err(key_reused());
    }
    let line = read::line(&mut tx, scope, &count, sku).await?;
    tx.commit().await.or_fault()?;
    Ok(line)
}

pub(super) fn must_be_open(count: &Count) -> Result<(), Fault> {
    if count.state == CountState::Open { Ok(()) } else { Err(count.not_now("录入")) }
}

/// What somebody scans that is none of the place's goods stands beside the field they scan into.
fn at_code(fault: Fault) -> Fault {
    match fault {
        Fault::NotFound(_) => Fault::invalid("code", "没有找到：不是这里的商品，请核对编码或条码"),
        other => other,
    }
}

pub(super) fn key_reused() -> Fault {
    Fault::conflict("key_reused", "这个页面已经录过另一笔，请刷新后再试")
}

/// Whether the entry is there because of the same request.
///
/// Faults: `Conflict` (`key_reused`) where it is another's.
async fn entered_before(
    tx: &mut PgConnection,
    id: CountId,
    me: Uuid,
    sku: Uuid,
    command: &EnterCount,
) -> Result<bool, Fault> {
    let found = sqlx::query!(
        r#"select count_id, sku_id, pieces, coalesce(staff_id, api_key_id) as "by!" from count_entries where id = $1"#,
        command.id,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    match found {
        None => Ok(false),
        Some(found) if (found.count_id, found.sku_id, found.pieces, found.by) == (id.0, sku, command.pieces, me) => {
            Ok(true)
        }
        Some(_) => Err(key_reused()),
    }
}

/// Takes an entry back; it stays in the list as undone. Doing it twice is doing it once.
///
/// Faults: `NotFound`, also for another place's count; `Conflict` (`not_now`); `Forbidden`.
pub async fn undo(scope: &Scope, id: CountId, entry: Uuid) -> Result<(), Fault> {
    let actor = scope.actor();
    let mut tx = scope.begin().await?;
    let count = hold(&mut tx, scope, id).await?;
    let undone = sqlx::query_scalar!(
        "select undone_at from count_entries where id = $1 and count_id = $2 for update",
        entry,
        id.0
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(Fault::NotFound("这一笔"))?;
    if undone.is_some() {
        return Ok(());
    }
    must_be_open(&count)?;
    sqlx::query!(
        "update count_entries set undone_at = $2, undone_by = $3, undone_by_key = $4 where id = $1",
        entry,
        scope.now,
        actor.staff,
        actor.key,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()
}

/// Takes back all that was entered for one of the goods, to count it again.
///
/// Faults: `NotFound`, also for another place's count; `Conflict` (`not_now`); `Forbidden`.
pub async fn recount(scope: &Scope, id: CountId, sku: SkuId) -> Result<(), Fault> {
    let actor = scope.actor();
    let mut tx = scope.begin().await?;
    let count = hold(&mut tx, scope, id).await?;
    must_be_open(&count)?;
    sqlx::query!("select 1 as one from count_lines where count_id = $1 and sku_id = $2", id.0, sku.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(stockroom::NO_GOODS)?;
    sqlx::query!(
        "update count_entries set undone_at = $3, undone_by = $4, undone_by_key = $5
         where count_id = $1 and sku_id = $2 and undone_at is null",
        id.0,
        sku.0,
        scope.now,
        actor.staff,
        actor.key,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()
}
