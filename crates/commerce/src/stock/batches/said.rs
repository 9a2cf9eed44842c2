//! What people say of which batch pieces are: of those that lie at a place, of those that come, of those that go.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use domain::{
    Complaint, Fault, LocationId, SkuId,
    audit::{Act, ObjectKind},
    batches::{BatchCame, BatchNamed, BatchesLeft, RegisterBatch, batch_field, expires_field},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    aside::keep_back,
    follow::settle,
    moves::{Move, write},
    read::read,
};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    house::new_id,
    stock::Pieces,
    stockroom::{self, works_at},
};

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

/// Whether a document has named these batches of what went back: the same request again names the same.
///
/// Faults: `Conflict` (`key_reused`).
pub(crate) async fn must_be_named(tx: &mut PgConnection, document: Uuid, named: &[BatchNamed]) -> Result<(), Fault> {
    let said = sqlx::query!(
        "select m.sku_id, b.code, m.quantity from batch_moves m join batches b on b.id = m.batch_id
         where m.document_id = $1 and m.cause = 'returned'",
        document,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let said: BTreeSet<_> = said.into_iter().map(|row| (row.sku_id, row.code, -row.quantity)).collect();
    let asked = named.iter().map(|one| (one.sku_id.0, one.code.trim().to_owned(), one.quantity));
    if said == asked.collect() {
        return Ok(());
    }
    Err(Fault::conflict("key_reused", "这个页面已经提交过另一张退货单，请刷新后再试"))
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
