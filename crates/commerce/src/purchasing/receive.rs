//! What arrives of an order, and what of it goes back: stock, cost and what is owed change together.

use domain::{
    Complaint, Fault, Fen, PurchaseId, SkuId,
    purchasing::{MilliFen, PurchaseAct, ReceivePurchase, ReturnPurchase},
    transfers::{Pieces, field_of, within},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Concern, NO_PURCHASE, Purchase, Said, advance, columns,
    ledger::{self, Account, Entry},
    lock, sum,
};
use crate::{
    FaultPoint, Scope,
    costs::{self, Arrival},
    database::OrFault,
    faults::{self, Deed},
    stock::{self, Cause, Document, batches},
};

/// Takes in what has arrived of an order, all of it or a part. The delivery's id is the idempotency key.
///
/// Faults: `Invalid` beside `note`, `lines`, beside `pieces.{sku}` for more than is still to come, and beside
/// `batch.{sku}` or `expires.{sku}` where goods are kept by batches; `NotFound` for an
/// order that does not concern whoever asks, `Forbidden` for who does not take goods in there; `Conflict` (`not_now`,
/// `location_closed`, `key_reused`).
pub async fn receive(scope: &Scope, id: PurchaseId, command: ReceivePurchase) -> Result<(), Fault> {
    command.check()?;
    let concern = Concern::of(scope)?;
    let mut tx = scope.begin().await?;
    let mut purchase = lock_seen(&mut tx, &concern, id).await?;
    if !concern.receives_at(&purchase.location) {
        return Err(Fault::Forbidden);
    }
    let note = command.note.trim();
    if let Some(found) = booked_before(&mut tx, command.id).await? {
        found.answers(id, false, note, &command.lines)?;
        return batches::must_be_said(&mut tx, command.id, &command.batches).await;
    }
    let outstanding = purchase.pieces(|line| line.quantity - line.received);
    let came = if purchase.state.expects_goods() {
        within(&command.lines, &outstanding, |most| format!("还差 {most} 件未到，不能多收；多到的请让采购另开一张单"))?
    } else {
        outstanding.clone()
    };
    let act = if came == outstanding { PurchaseAct::ReceiveAll } else { PurchaseAct::ReceivePart };
    let pieces = sum(&came);
    advance(&mut tx, scope, &mut purchase, act, Said { note, in_place_of: None, pieces }).await?;
    if pieces == 0 {
        return Err(Fault::invalid("lines", "一件都没有收到，不用登记"));
    }
    if purchase.closed {
        return Err(Fault::conflict("location_closed", format!("「{}」已关闭，不能收货", purchase.location.name)));
    }
    let value = write(&mut tx, scope, &purchase, (command.id, false, note), &came).await?;
    let (skus, quantities) = columns(&came);
    sqlx::query!(
        "update purchase_lines l set received = l.received + a.quantity
         from unnest($2::uuid[], $3::bigint[]) as a (sku_id, quantity) where l.purchase_id = $1 and l.sku_id = a.sku_id",
        id.0,
        &skus,
        &quantities,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let document = Document { cause: Cause::Receive, id: Some(command.id) };
    let booked = booked(&came);
    stock::book(&mut tx, scope, purchase.location.id.0, document, &booked).await?;
    batches::came(&mut tx, scope, purchase.location.id.0, (command.id, &booked), &command.batches).await?;
    let arrived = came.iter().filter(|one| one.quantity > 0).map(|one| Arrival {
        sku: one.sku_id.0,
        quantity: one.quantity,
        price: MilliFen::of(purchase.price_of(one.sku_id)),
    });
    costs::weigh(&mut tx, scope, purchase.location.id.0, document, &arrived.collect::<Vec<_>>()).await?;
    let entry = Entry { debit: Account::Goods, credit: Account::Accrued, amount: value };
    ledger::enter(&mut tx, scope, purchase.supplier, command.id, entry).await?;
    scope.house().pass(FaultPoint::ArrivalWritten);
    tx.commit().await.or_fault()?;
    scope.house().pass(FaultPoint::ArrivalCommitted);
    Ok(())
}

/// Sends goods of an order back to their supplier: only what has arrived of it, is there and is promised to nobody. It
/// is credited at the order's prices; what the goods that stay cost is as before. The request's id is the idempotency
/// key.
///
/// Faults: `Invalid` beside `reason`, `lines`, beside `pieces.{sku}` for more than has arrived, and beside `batch.{sku}` for
/// a batch of which fewer pieces are there; `SoldOut` beside `pieces.{sku}`; `NotFound`, `Forbidden` as of [`receive`]; `Conflict` (`not_now`, `key_reused`).
pub async fn send_back(scope: &Scope, id: PurchaseId, command: ReturnPurchase) -> Result<(), Fault> {
    let reason = command.checked_reason()?;
    let concern = Concern::of(scope)?;
    let mut tx = scope.begin().await?;
    let mut purchase = lock_seen(&mut tx, &concern, id).await?;
    if !concern.sends_back_from(&purchase.location) {
        return Err(Fault::Forbidden);
    }
    if let Some(found) = booked_before(&mut tx, command.id).await? {
        found.answers(id, true, reason, &command.lines)?;
        return batches::must_be_named(&mut tx, command.id, &command.batches).await;
    }
    let there = purchase.pieces(|line| line.received - line.returned);
    let gone = within(&command.lines, &there, |most| format!("这张单只收到 {most} 件，不能多退"))?;
    let pieces = sum(&gone);
    advance(&mut tx, scope, &mut purchase, PurchaseAct::Return, Said { note: reason, in_place_of: None, pieces })
        .await?;
    let value = write(&mut tx, scope, &purchase, (command.id, true, reason), &gone).await?;
    let (skus, quantities) = columns(&gone);
    sqlx::query!(
        "update purchase_lines l set returned = l.returned + a.quantity
         from unnest($2::uuid[], $3::bigint[]) as a (sku_id, quantity) where l.purchase_id = $1 and l.sku_id = a.sku_id",
        id.0,
        &skus,
        &quantities,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let (from, gone) = (purchase.location.id.0, booked(&gone));
    let given = stock::give_back(&mut tx, scope, from, command.id, &gone, &command.batches).await;
    given.map_err(beside_pieces)?;
    let entry = Entry { debit: Account::Accrued, credit: Account::Goods, amount: value };
    ledger::enter(&mut tx, scope, purchase.supplier, command.id, entry).await?;
    faults::commit(tx, scope, Deed::ReturnGoods).await
}

/// Locks an order that whoever asks sees.
async fn lock_seen(tx: &mut PgConnection, concern: &Concern, id: PurchaseId) -> Result<Purchase, Fault> {
    let purchase = lock(tx, id).await?;
    if concern.sees(&purchase.location, purchase.state) { Ok(purchase) } else { Err(NO_PURCHASE) }
}

/// What stock complains about beside its own names, beside the fields of the form.
fn beside_pieces(fault: Fault) -> Fault {
    let Fault::SoldOut(lacks) = fault else { return fault };
    let beside = |one: Complaint| {
        let sku = one.field.strip_prefix("sku.").and_then(|sku| sku.parse::<SkuId>().ok());
        Complaint { field: sku.map_or(one.field.clone(), field_of), ..one }
    };
    Fault::SoldOut(lacks.into_iter().map(beside).collect())
}

fn booked(pieces: &[Pieces]) -> Vec<stock::Pieces> {
    let some = pieces.iter().filter(|one| one.quantity > 0);
    some.map(|one| stock::Pieces { sku: one.sku_id.0, quantity: one.quantity }).collect()
}

/// Writes down what came or went; answers what it comes to at the order's prices.
async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    purchase: &Purchase,
    (id, returned, note): (Uuid, bool, &str),
    pieces: &[Pieces],
) -> Result<Fen, Fault> {
    let some: Vec<Pieces> = pieces.iter().filter(|one| one.quantity > 0).copied().collect();
    let prices: Vec<i64> = some.iter().map(|one| purchase.price_of(one.sku_id).0).collect();
    let value: i64 = some.iter().zip(&prices).map(|(one, price)| one.quantity * price).sum();
    let actor = scope.actor();
    sqlx::query!(
        "insert into purchase_receipts (id, purchase_id, returned, note, value_fen, at, staff_id, api_key_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        purchase.id.0,
        returned,
        note,
        value,
        scope.now,
        actor.staff,
        actor.key,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let (skus, quantities) = columns(&some);
    sqlx::query!(
        "insert into purchase_receipt_lines (receipt_id, sku_id, quantity, price_fen)
         select $1, a.sku_id, a.quantity, a.price_fen
         from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as a (sku_id, quantity, price_fen)",
        id,
        &skus,
        &quantities,
        &prices,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(Fen(value))
}

/// What stands under an id already.
struct Booked {
    /// None where a supplier credits what they took of goods that lay apart.
    purchase: Option<Uuid>,
    returned: bool,
    note: String,
    lines: Vec<(Uuid, i64)>,
}

impl Booked {
    /// Whether it is there because of the same request.
    ///
    /// Faults: `Conflict` (`key_reused`).
    fn answers(&self, id: PurchaseId, returned: bool, note: &str, asked: &[Pieces]) -> Result<(), Fault> {
        let some = asked.iter().filter(|one| one.quantity > 0);
        let mut lines: Vec<(Uuid, i64)> = some.map(|one| (one.sku_id.0, one.quantity)).collect();
        lines.sort();
        // Nothing said was all that was to come.
        let same_lines = asked.is_empty() || lines == self.lines;
        if (self.purchase, self.returned, self.note.as_str()) == (Some(id.0), returned, note) && same_lines {
            return Ok(());
        }
        Err(Fault::conflict("key_reused", "这个页面已经提交过另一张收货单或退货单，请刷新后再试"))
    }
}

async fn booked_before(tx: &mut PgConnection, id: Uuid) -> Result<Option<Booked>, Fault> {
    let row = sqlx::query!(
        r#"select r.purchase_id, r.returned, r.note,
                  array(select l.sku_id from purchase_receipt_lines l where l.receipt_id = r.id order by 1) as "skus!",
                  array(select l.quantity from purchase_receipt_lines l where l.receipt_id = r.id order by l.sku_id) as "quantities!"
           from purchase_receipts r where r.id = $1"#,
        id,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(row.map(|row| Booked {
        purchase: row.purchase_id,
        returned: row.returned,
        note: row.note,
        lines: row.skus.into_iter().zip(row.quantities).collect(),
    }))
}
