//! Batches and their last day (K4): what ends first leaves first, so what is left of each follows from the balance
//! (the view `batch_remains` of migration 0048), and a sale writes nothing here. What was sold is written off before
//! pieces come again, since those would otherwise be taken for what had gone. A batch whose last day is over is set
//! aside: nobody sells of it, so no sale is reckoned off it.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use domain::{
    Complaint, Fault, LocationId, SkuId,
    audit::{Act, ObjectKind},
    batches::{
        BatchCame, BatchEntry, BatchLeft, BatchesLeft, FirstOut, ListBatches, RegisterBatch, batch_field, expires_field,
    },
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
    stockroom::{self, NO_GOODS, Sight, sees, works_at},
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
    keep_back(&mut tx, scope, location.0, Some(&[sku.0])).await?;
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

/// Says of which batches pieces are that a document has just booked in, in the transaction of the booking and after it.
/// Goods that are kept by batches are of one, all of them.
///
/// Faults: `Invalid` beside `batch.{sku}` for batches that do not come to what came, and beside `expires.{sku}` for one
/// that has another last day.
pub(crate) async fn came(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    (document, pieces): (Uuid, &[Pieces]),
    batches: &[BatchCame],
) -> Result<(), Fault> {
    let skus: Vec<Uuid> = pieces.iter().map(|one| one.sku).collect();
    let kept = sqlx::query_scalar!(
        "select k.id from skus k join products d on d.id = k.product_id where k.id = any($1) and d.keeps_batches",
        &skus,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let mut complaints = Vec::new();
    for sku in batches.iter().map(|one| one.sku_id.0).chain(kept.iter().copied()).collect::<BTreeSet<Uuid>>() {
        let came: i64 = pieces.iter().filter(|one| one.sku == sku).map(|one| one.quantity).sum();
        let said: i64 = batches.iter().filter(|one| one.sku_id.0 == sku).map(|one| one.quantity).sum();
        let message = match (said, kept.contains(&sku)) {
            (0, true) => "这件商品有保质期，请填写批次号与到期日".to_owned(),
            (said, true) if said != came => format!("各批次合计 {said} 件，与实收 {came} 件不符"),
            (said, false) if said > came => format!("各批次合计 {said} 件，多于实收的 {came} 件"),
            _ => continue,
        };
        complaints.push(Complaint::new(batch_field(SkuId(sku)), message));
    }
    if !complaints.is_empty() {
        return Err(Fault::Invalid(complaints));
    }
    let mut moves = Vec::new();
    for one in batches {
        let batch = batch(tx, one.sku_id, one.code.trim(), one.expires_on).await.map_err(|fault| match fault {
            Fault::Invalid(said) => {
                let beside = |said: Complaint| Complaint { field: expires_field(one.sku_id), ..said };
                Fault::Invalid(said.into_iter().map(beside).collect())
            }
            other => other,
        })?;
        moves.push(Move { location, sku: one.sku_id.0, batch, quantity: one.quantity });
    }
    if moves.is_empty() {
        return Ok(());
    }
    write(tx, scope, "receive", Some(document), &moves).await?;
    let skus: Vec<Uuid> = moves.iter().map(|one| one.sku).collect();
    keep_back(tx, scope, location, Some(&skus)).await
}

/// Whether a document has said this of batches: the same request again says the same.
///
/// Faults: `Conflict` (`key_reused`).
pub(crate) async fn must_be_said(tx: &mut PgConnection, document: Uuid, batches: &[BatchCame]) -> Result<(), Fault> {
    let said = sqlx::query!(
        "select m.sku_id, b.code, b.expires_on, m.quantity from batch_moves m join batches b on b.id = m.batch_id
         where m.document_id = $1 and m.cause = 'receive'",
        document,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let said: BTreeSet<_> = said.into_iter().map(|row| (row.sku_id, row.code, row.expires_on, row.quantity)).collect();
    let asked = batches.iter().map(|one| (one.sku_id.0, one.code.trim().to_owned(), one.expires_on, one.quantity));
    if said == asked.collect() {
        return Ok(());
    }
    Err(Fault::conflict("key_reused", "这个页面已经提交过另一张收货单，请刷新后再试"))
}

/// The batch with this code of which so many pieces are left at a place.
///
/// Faults: `Invalid` beside `batch`.
pub(crate) async fn named(
    tx: &mut PgConnection,
    location: Uuid,
    sku: Uuid,
    (code, quantity): (&str, i64),
) -> Result<Uuid, Fault> {
    let found = sqlx::query!(
        r#"select batch_id as "batch_id!", remains as "remains!" from batch_remains
           where location_id = $1 and sku_id = $2 and code = $3"#,
        location,
        sku,
        code,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .ok_or_else(|| Fault::invalid("batch", format!("这里没有批次 {code}")))?;
    if found.remains < quantity {
        return Err(Fault::invalid("batch", format!("批次 {code} 只剩 {} 件", found.remains)));
    }
    Ok(found.batch_id)
}

/// Pieces of this very batch go, as far as any are left of it; before the balance is changed.
pub(crate) async fn lose(
    tx: &mut PgConnection,
    scope: &Scope,
    (location, document): (Uuid, Uuid),
    (sku, batch, quantity): (Uuid, Uuid, i64),
) -> Result<(), Fault> {
    settle(tx, scope, location, &[sku]).await?;
    let left = sqlx::query_scalar!(
        "select quantity from batch_pieces where location_id = $1 and sku_id = $2 and batch_id = $3",
        location,
        sku,
        batch,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    match left.unwrap_or(0).min(quantity) {
        0 => Ok(()),
        gone => {
            let change = Move { location, sku, batch, quantity: -gone };
            write(tx, scope, "loss", Some(document), &[change]).await
        }
    }
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

/// Writes off what has gone of batches: before pieces come, and before what is left is acted on. Locks the balances,
/// also of variants that have no batch yet: two who name the first one would else both find all pieces without.
pub(super) async fn settle(tx: &mut PgConnection, scope: &Scope, location: Uuid, skus: &[Uuid]) -> Result<(), Fault> {
    sqlx::query!(
        "select s.sku_id from stock s where s.location_id = $1 and s.sku_id = any($2) order by s.sku_id for update",
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

/// A transfer's pieces leave: those that end first and are not over yet, which the receiver is told of when they
/// arrive. Before the balance is changed.
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
           where location_id = $1 and sku_id = any($2) and remains > 0 and not set_aside order by expires_on, batch_id"#,
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

/// Pieces go that are over, where any are: of them, those that end first. The rest, and what the document has already
/// said of a batch, is of those that anything else is of. Before the balance is changed.
pub(super) async fn clear_away(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    document: Option<Uuid>,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let skus: Vec<Uuid> = pieces.iter().map(|one| one.sku).collect();
    keep_back(tx, scope, location, Some(&skus)).await?;
    let over = sqlx::query!(
        r#"select r.sku_id as "sku_id!", r.batch_id as "batch_id!", r.remains as "remains!",
                  (select coalesce(-sum(m.quantity), 0) from batch_moves m
                   where m.document_id = $3 and m.location_id = $1 and m.sku_id = r.sku_id)::bigint as "said!"
           from batch_remains r where r.location_id = $1 and r.sku_id = any($2) and r.set_aside and r.remains > 0
           order by r.expires_on, r.batch_id"#,
        location,
        &skus,
        document,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let said = |sku| over.iter().find(|row| row.sku_id == sku).map_or(0, |row| row.said);
    let rest = pieces.iter().map(|one| Pieces { quantity: (one.quantity.abs() - said(one.sku)).max(0), ..*one });
    let rest: Vec<Pieces> = rest.collect();
    let over: Vec<_> = over.iter().map(|row| (row.sku_id, row.batch_id, row.remains)).collect();
    let moves = in_turn(location, &over, &rest, -1);
    if moves.is_empty() { Ok(()) } else { write(tx, scope, "sold", document, &moves).await }
}

/// Pieces that an order had been handed come back: of the batches that were written off since, as far as that goes, and
/// of them those that end first, so that none is taken for better than it may be. Before the balance is changed.
pub(super) async fn come_back(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    order: Uuid,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let skus: Vec<Uuid> = pieces.iter().map(|one| one.sku).collect();
    settle(tx, scope, location, &skus).await?;
    let gone = sqlx::query!(
        r#"select m.sku_id, m.batch_id, (-sum(m.quantity))::bigint as "quantity!"
           from batch_moves m join batches b on b.id = m.batch_id
           where m.location_id = $1 and m.sku_id = any($2) and m.cause = 'sold' and m.document_id is null
             and m.at >= (select max(v.occurred_at) from movements v where v.order_id = $3 and v.cause = 'issue')
           group by m.sku_id, m.batch_id, b.expires_on having sum(m.quantity) < 0 order by b.expires_on, m.batch_id"#,
        location,
        &skus,
        order,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let gone: Vec<_> = gone.into_iter().map(|row| (row.sku_id, row.batch_id, row.quantity)).collect();
    let moves = in_turn(location, &gone, pieces, 1);
    if moves.is_empty() { Ok(()) } else { write(tx, scope, "sold", None, &moves).await }
}

/// Sets aside what is over by now at a place, of these variants or of all, so that the shop promises none of it. Locks
/// the balances of these variants, or of all that have batches.
pub(crate) async fn keep_back(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    skus: Option<&[Uuid]>,
) -> Result<(), Fault> {
    let locked = sqlx::query!(
        r#"select s.sku_id, k.kept as "kept!"
           from stock s cross join lateral (
               select s.expired > 0
                   or exists (select from batch_pieces p where p.location_id = $1 and p.sku_id = s.sku_id and p.quantity > 0) as kept
           ) k
           where s.location_id = $1 and case when $2::uuid[] is null then k.kept else s.sku_id = any($2) end
           order by s.sku_id for update of s"#,
        location,
        skus,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let skus: Vec<Uuid> = locked.into_iter().filter(|row| row.kept).map(|row| row.sku_id).collect();
    if skus.is_empty() {
        return Ok(());
    }
    let over = sqlx::query!(
        "select p.sku_id, p.batch_id from batch_pieces p join batches b on b.id = p.batch_id
         where p.location_id = $1 and p.sku_id = any($2) and not p.set_aside and p.quantity > 0 and b.expires_on <
             ($3::timestamptz at time zone coalesce((select timezone from stores where id = $1), 'Asia/Shanghai'))::date",
        location,
        &skus,
        scope.now,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    if !over.is_empty() {
        let (ended, batches): (Vec<Uuid>, Vec<Uuid>) = over.into_iter().map(|row| (row.sku_id, row.batch_id)).unzip();
        // What was sold until now was sold of what ended first.
        settle(tx, scope, location, &ended).await?;
        sqlx::query!(
            "update batch_pieces set set_aside = true where location_id = $1 and batch_id = any($2)",
            location,
            &batches,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    sqlx::query!(
        "with over as materialized (
             select s.sku_id, coalesce((
                 select sum(r.remains) from batch_remains r
                 where r.location_id = s.location_id and r.sku_id = s.sku_id and r.set_aside
             ), 0)::bigint as pieces
             from stock s where s.location_id = $1 and s.sku_id = any($2)
         )
         update stock s set expired = o.pieces, kept_back = greatest(s.kept_back + o.pieces - s.expired, 0)
         from over o where s.location_id = $1 and s.sku_id = o.sku_id and s.expired <> o.pieces",
        location,
        &skus,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
