//! Batches and their last day (K4): what ends first leaves first, so what is left of each follows from the balance
//! (the view `batch_remains` of migration 0039), and a sale writes nothing here. What was sold is written off before
//! pieces come again, since those would otherwise be taken for what had gone.

use chrono::NaiveDate;
use domain::{
    Fault, LocationId, SkuId,
    audit::{Act, ObjectKind},
    batches::{BatchLeft, BatchesLeft, FirstOut, RegisterBatch},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Pieces;
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    house::new_id,
    stockroom::{self, NO_GOODS, sees, works_at},
};

/// What is left of a variant at a place within reach, batch by batch.
///
/// Faults: `Forbidden`; `NotFound`, also for a place out of reach and goods that it never had.
pub async fn left(scope: &Scope, location: LocationId, sku: SkuId) -> Result<BatchesLeft, Fault> {
    sees(scope, location)?;
    let mut tx = scope.begin().await?;
    read(&mut tx, scope, location, sku).await
}

async fn read(tx: &mut PgConnection, scope: &Scope, location: LocationId, sku: SkuId) -> Result<BatchesLeft, Fault> {
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

/// The batch that is to be taken first of each of these variants at a place, where there are any; for lists to pick by,
/// which whoever calls has found to be theirs.
///
/// Faults: none of its own.
pub async fn first(scope: &Scope, location: LocationId, skus: &[SkuId]) -> Result<Vec<FirstOut>, Fault> {
    let skus: Vec<Uuid> = skus.iter().map(|sku| sku.0).collect();
    let rows = sqlx::query!(
        r#"select distinct on (sku_id) sku_id as "sku_id!", code as "code!", expires_on as "expires_on!" from batch_remains
           where location_id = $1 and sku_id = any($2) and remains > 0 order by sku_id, expires_on, batch_id"#,
        location.0,
        &skus,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let first =
        rows.into_iter().map(|row| FirstOut { sku_id: SkuId(row.sku_id), code: row.code, expires_on: row.expires_on });
    Ok(first.collect())
}

/// Says how many of the pieces that lie at a place are of a batch. Saying it again changes nothing.
///
/// Faults: `Invalid` beside `code`, beside `expires_on` where the batch has another last day, beside `quantity` for
/// more than lie there without a batch; `NotFound` for a place out of reach or goods it never had; `Forbidden`.
pub async fn register(
    scope: &Scope,
    location: LocationId,
    sku: SkuId,
    command: RegisterBatch,
) -> Result<BatchesLeft, Fault> {
    command.check()?;
    works_at(scope, location)?;
    let code = command.code.trim();
    let mut tx = scope.begin().await?;
    let room = stockroom::room(&mut tx, location).await?;
    settle(&mut tx, scope, location.0, &[sku.0]).await?;
    let before = read(&mut tx, scope, location, sku).await?;
    let batch = batch(&mut tx, sku, code, command.expires_on).await?;
    let now = before.batches.iter().find(|one| one.id == batch).map_or(0, |one| one.pieces);
    let most = before.unknown + now;
    if command.quantity > most {
        let message = format!("在库 {} 件，没有登记批次的只有 {most} 件", before.on_hand);
        return Err(Fault::invalid("quantity", message));
    }
    if command.quantity == now {
        return Ok(before);
    }
    let change = Move { location: location.0, sku: sku.0, batch, quantity: command.quantity - now };
    write(&mut tx, scope, "register", None, &[change]).await?;
    keep_back(&mut tx, scope, location.0, Some(sku.0)).await?;
    let told = |pieces: i64| json!({ "batch": code, "expires_on": command.expires_on, "pieces": pieces });
    let change = Change {
        act: Act::RegisterBatch,
        object: ObjectKind::Sku,
        object_id: sku.0,
        store_id: room.store.map(|store| store.0),
        before: told(now),
        after: told(command.quantity),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    let after = read(&mut tx, scope, location, sku).await?;
    tx.commit().await.or_fault()?;
    Ok(after)
}

/// The batch with this code, made where there is none.
///
/// Faults: `Invalid` beside `expires_on` where it has another last day.
async fn batch(tx: &mut PgConnection, sku: SkuId, code: &str, expires_on: NaiveDate) -> Result<Uuid, Fault> {
    let batch = sqlx::query!(
        // Written as it is, so that one which another request has just made is read too.
        "insert into batches as b (id, sku_id, code, expires_on) values ($1, $2, $3, $4)
         on conflict on constraint batches_code do update set code = b.code returning id, expires_on",
        new_id(),
        sku.0,
        code,
        expires_on,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    if batch.expires_on != expires_on {
        let message = format!("批次 {code} 的到期日是 {}，请核对批次号或到期日", batch.expires_on);
        return Err(Fault::invalid("expires_on", message));
    }
    Ok(batch.id)
}

/// A change of a batch's pieces at a place.
struct Move {
    location: Uuid,
    sku: Uuid,
    batch: Uuid,
    quantity: i64,
}

async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    cause: &str,
    document: Option<Uuid>,
    moves: &[Move],
) -> Result<(), Fault> {
    let column = |of: fn(&Move) -> Uuid| moves.iter().map(of).collect::<Vec<Uuid>>();
    let quantities: Vec<i64> = moves.iter().map(|one| one.quantity).collect();
    sqlx::query!(
        "with moved as materialized (
             select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) as m (location_id, sku_id, batch_id, quantity)
         ), kept as (
             insert into batch_pieces as p (location_id, sku_id, batch_id, quantity)
             select location_id, sku_id, batch_id, greatest(quantity, 0) from moved
             on conflict (location_id, sku_id, batch_id) do update
             set quantity = p.quantity + (select m.quantity from moved m where m.batch_id = p.batch_id and m.location_id = p.location_id)
         )
         insert into batch_moves (location_id, sku_id, batch_id, quantity, cause, document_id, at)
         select location_id, sku_id, batch_id, quantity, $5, $6, $7 from moved",
        &column(|one| one.location),
        &column(|one| one.sku),
        &column(|one| one.batch),
        &quantities,
        cause,
        document,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Writes off what has gone of batches: before pieces come, and before what is left is acted on. Locks the balances
/// of variants that have batches.
pub(super) async fn settle(tx: &mut PgConnection, scope: &Scope, location: Uuid, skus: &[Uuid]) -> Result<(), Fault> {
    sqlx::query!(
        "select s.sku_id from stock s where s.location_id = $1 and s.sku_id = any($2)
           and exists (select from batch_pieces p where p.location_id = $1 and p.sku_id = s.sku_id and p.quantity > 0)
         order by s.sku_id for update",
        location,
        skus,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let gone = sqlx::query!(
        r#"select sku_id as "sku_id!", batch_id as "batch_id!", remains - quantity as "quantity!" from batch_remains
           where location_id = $1 and sku_id = any($2) and remains <> quantity order by sku_id, batch_id"#,
        location,
        skus,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    if gone.is_empty() {
        return Ok(());
    }
    let moves: Vec<Move> = gone
        .into_iter()
        .map(|row| Move { location, sku: row.sku_id, batch: row.batch_id, quantity: row.quantity })
        .collect();
    write(tx, scope, "sold", None, &moves).await
}

/// A transfer's pieces leave: those that end first, which the receiver is told of when they arrive. Before the
/// balance is changed.
pub(super) async fn send(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    transfer: Uuid,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let skus: Vec<Uuid> = pieces.iter().map(|one| one.sku).collect();
    settle(tx, scope, location, &skus).await?;
    let left = sqlx::query!(
        r#"select sku_id as "sku_id!", batch_id as "batch_id!", remains as "remains!" from batch_remains
           where location_id = $1 and sku_id = any($2) and remains > 0 order by expires_on, batch_id"#,
        location,
        &skus,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let left = left.into_iter().map(|row| (row.sku_id, row.batch_id, row.remains)).collect::<Vec<_>>();
    let moves = in_turn(location, &left, pieces, -1);
    if moves.is_empty() { Ok(()) } else { write(tx, scope, "out", Some(transfer), &moves).await }
}

/// A transfer's pieces arrive, or come back: of the batches that left with it and have not arrived yet. Before the
/// balance is changed.
pub(super) async fn arrive(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    transfer: Uuid,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let skus: Vec<Uuid> = pieces.iter().map(|one| one.sku).collect();
    let way = sqlx::query!(
        r#"select m.sku_id, m.batch_id, (-sum(m.quantity))::bigint as "quantity!"
           from batch_moves m join batches b on b.id = m.batch_id
           where m.document_id = $1 and m.sku_id = any($2)
           group by m.sku_id, m.batch_id, b.expires_on having sum(m.quantity) < 0 order by b.expires_on, m.batch_id"#,
        transfer,
        &skus,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let way = way.into_iter().map(|row| (row.sku_id, row.batch_id, row.quantity)).collect::<Vec<_>>();
    let moves = in_turn(location, &way, pieces, 1);
    if moves.is_empty() {
        return Ok(());
    }
    // What comes to a place for the first time has no balance yet.
    let skus: Vec<Uuid> = moves.iter().map(|one| one.sku).collect();
    stockroom::shelve(tx, LocationId(location), &skus).await?;
    write(tx, scope, "in", Some(transfer), &moves).await
}

/// So many pieces of each variant, out of these batches one after the other.
fn in_turn(location: Uuid, batches: &[(Uuid, Uuid, i64)], pieces: &[Pieces], sign: i64) -> Vec<Move> {
    let mut moves = Vec::new();
    for one in pieces {
        let mut rest = one.quantity.abs();
        for &(sku, batch, there) in batches.iter().filter(|(sku, ..)| *sku == one.sku) {
            let taken = rest.min(there);
            if taken > 0 {
                moves.push(Move { location, sku, batch, quantity: sign * taken });
                rest -= taken;
            }
        }
    }
    moves
}

/// Has the shop promise no piece whose last day is over, at a store: of one variant, or of all.
pub(crate) async fn keep_back(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    sku: Option<Uuid>,
) -> Result<(), Fault> {
    sqlx::query!(
        "with over as materialized (
             select s.sku_id, coalesce((
                 select sum(r.remains) from batch_remains r
                 where r.location_id = s.location_id and r.sku_id = s.sku_id
                   and r.expires_on < ($3::timestamptz at time zone t.timezone)::date
             ), 0)::bigint as pieces
             from stock s join stores t on t.id = s.location_id
             where s.location_id = $1 and ($2::uuid is null or s.sku_id = $2)
               and (s.expired > 0 or exists (select from batch_pieces p where p.location_id = $1 and p.sku_id = s.sku_id and p.quantity > 0))
             order by s.sku_id for update of s
         )
         update stock s set expired = o.pieces, kept_back = greatest(s.kept_back + o.pieces - s.expired, 0)
         from over o where s.location_id = $1 and s.sku_id = o.sku_id and s.expired <> o.pieces",
        location,
        sku,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
