//! Writing an order to a supplier, and handing it in.

use std::collections::HashMap;

use domain::{
    Complaint, Fault, Fen, PurchaseId, SkuId,
    purchasing::{DraftPurchase, PurchaseAct, PurchaseState, price_field},
    transfers::field_of,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{NO_PURCHASE, NO_SUPPLIER, Purchase, Said, advance, lock, must_buy, today};
use crate::{Scope, approvals, costs, database::OrFault, transfers::places};

/// Writes an order under an id of the client's, or writes it anew while it is a draft. The same order again is the same
/// order, however far it is.
///
/// Faults: `Forbidden`, also for a price from who may not see costs; `Invalid` beside the fields, `pieces.{sku}` and
/// `price.{sku}`, and beside `location` for a merchant's store; `NotFound` for a supplier, place or variant that is none; `Conflict` (`not_now`, `supplier_closed`,
/// `location_closed`).
pub async fn draft(scope: &Scope, id: PurchaseId, command: DraftPurchase) -> Result<(), Fault> {
    must_buy(scope)?;
    command.check()?;
    let mut tx = scope.begin().await?;
    write(&mut tx, scope, id, &command).await?;
    tx.commit().await.or_fault()
}

/// Writes an order down within a transaction.
pub(super) async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    id: PurchaseId,
    command: &DraftPurchase,
) -> Result<(), Fault> {
    match lock(tx, id).await {
        Ok(found) if is_same(&found, command) => return Ok(()),
        Ok(_) | Err(Fault::NotFound(_)) => {}
        Err(fault) => return Err(fault),
    }
    let prices = priced(tx, scope, command).await?;
    let total: i64 = command.lines.iter().zip(&prices).map(|(line, price)| line.quantity * price.0).sum();
    sqlx::query!(
        "insert into purchases (id, supplier_id, location_id, state, note, expected_on, total_fen, created_at)
         values ($1, $2, $3, 'draft', $4, $5, $6, $7) on conflict (id) do nothing",
        id.0,
        command.supplier_id.0,
        command.location_id.0,
        command.note.trim(),
        command.expected_on,
        total,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    // Somebody may have been faster under the same id.
    let mut purchase = lock(tx, id).await?;
    let pieces = command.lines.iter().map(|line| line.quantity).sum();
    advance(tx, scope, &mut purchase, PurchaseAct::Draft, Said { pieces, ..Said::default() }).await?;
    sqlx::query!(
        "update purchases set supplier_id = $2, location_id = $3, note = $4, expected_on = $5, total_fen = $6 where id = $1",
        id.0,
        command.supplier_id.0,
        command.location_id.0,
        command.note.trim(),
        command.expected_on,
        total,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    write_lines(tx, id, command, &prices).await
}

async fn write_lines(
    tx: &mut PgConnection,
    id: PurchaseId,
    command: &DraftPurchase,
    prices: &[Fen],
) -> Result<(), Fault> {
    sqlx::query!("delete from purchase_lines where purchase_id = $1", id.0).execute(&mut *tx).await.or_fault()?;
    let skus: Vec<Uuid> = command.lines.iter().map(|line| line.sku_id.0).collect();
    let quantities: Vec<i64> = command.lines.iter().map(|line| line.quantity).collect();
    let prices: Vec<i64> = prices.iter().map(|price| price.0).collect();
    let written = sqlx::query!(
        "insert into purchase_lines (purchase_id, sku_id, quantity, price_fen)
         select $1, a.sku_id, a.quantity, a.price_fen
         from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as a (sku_id, quantity, price_fen) join skus k on k.id = a.sku_id",
        id.0,
        &skus,
        &quantities,
        &prices,
    )
    .execute(tx)
    .await
    .or_fault()?;
    if written.rows_affected() == command.lines.len() as u64 { Ok(()) } else { Err(Fault::NotFound("这件商品")) }
}

/// Whether an order is there because of the same request.
fn is_same(found: &Purchase, command: &DraftPurchase) -> bool {
    let head = (found.supplier, found.location.id, found.note.as_str(), found.expected_on)
        == (command.supplier_id.0, command.location_id, command.note.trim(), command.expected_on);
    let line = |sku: SkuId| found.lines.iter().find(|line| line.sku == sku);
    let lines = command.lines.iter().all(|asked| {
        line(asked.sku_id).is_some_and(|line| {
            line.quantity == asked.quantity && asked.price_fen.is_none_or(|price| price == line.price)
        })
    });
    head && lines && command.lines.len() == found.lines.len()
}

/// The price of each line: the one that is named, else the supplier's of today.
async fn priced(tx: &mut PgConnection, scope: &Scope, command: &DraftPurchase) -> Result<Vec<Fen>, Fault> {
    let supplier = sqlx::query!("select name, closed from suppliers where id = $1", command.supplier_id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(NO_SUPPLIER)?;
    let [place] = places(tx, [command.location_id]).await?;
    if command.lines.iter().any(|line| line.price_fen.is_some()) && !costs::seen_at(scope, &place.location) {
        return Err(Fault::Forbidden);
    }
    if place.merchant.is_some() {
        return Err(Fault::invalid("location", "入驻商户的门店自行进货，请选择仓库或自己的门店"));
    }
    if supplier.closed {
        return Err(Fault::conflict("supplier_closed", format!("「{}」已停用，不能向它采购", supplier.name)));
    }
    if place.closed {
        return Err(Fault::conflict("location_closed", format!("「{}」已关闭，不能收货", place.location.name)));
    }
    let listed = listed(tx, scope, command).await?;
    let (mut prices, mut complaints) = (Vec::new(), Vec::new());
    for line in &command.lines {
        let known = listed.get(&line.sku_id);
        if let Some((_, minimum)) = known.filter(|(_, minimum)| line.quantity < *minimum) {
            complaints.push(Complaint::new(field_of(line.sku_id), format!("供应商 {minimum} 件起订")));
        }
        match line.price_fen.or(known.map(|(price, _)| *price)) {
            Some(price) => prices.push(price),
            None => {
                let message = "这个供应商没有这件商品的报价，请填写进价";
                complaints.push(Complaint::new(price_field(line.sku_id), message));
            }
        }
    }
    if complaints.is_empty() { Ok(prices) } else { Err(Fault::Invalid(complaints)) }
}

/// What the supplier asks today for the variants of an order, and how many they want ordered at least.
async fn listed(
    tx: &mut PgConnection,
    scope: &Scope,
    command: &DraftPurchase,
) -> Result<HashMap<SkuId, (Fen, i64)>, Fault> {
    let skus: Vec<Uuid> = command.lines.iter().map(|line| line.sku_id.0).collect();
    let rows = sqlx::query!(
        "select distinct on (sku_id) sku_id, price_fen, minimum from supplier_prices
         where supplier_id = $1 and sku_id = any($2) and valid_from <= $3 order by sku_id, valid_from desc",
        command.supplier_id.0,
        &skus,
        today(scope),
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| (SkuId(row.sku_id), (Fen(row.price_fen), row.minimum))).collect())
}

/// Hands a draft in. Up to head office's limit it is agreed to at once; beyond it waits for somebody else.
/// Doing it twice is doing it once. Answers how far it is.
///
/// Faults: `Forbidden`; `NotFound`; `Conflict` (`not_now`).
pub async fn submit(scope: &Scope, id: PurchaseId) -> Result<PurchaseState, Fault> {
    must_buy(scope)?;
    let mut tx = scope.begin().await?;
    let mut purchase = lock(&mut tx, id).await.map_err(|fault| match fault {
        Fault::NotFound(_) => NO_PURCHASE,
        other => other,
    })?;
    let handed_in =
        !matches!(purchase.state, PurchaseState::Draft | PurchaseState::Rejected | PurchaseState::Cancelled);
    if handed_in {
        return Ok(purchase.state);
    }
    let alone = approvals::purchase_alone(&mut tx).await?;
    let above = purchase.total > alone;
    let pieces = purchase.lines.iter().map(|line| line.quantity).sum();
    advance(&mut tx, scope, &mut purchase, PurchaseAct::Submit, Said { pieces, ..Said::default() }).await?;
    sqlx::query!(
        "update purchases set above = $2, submitted_by = $3, alone_fen = $4 where id = $1",
        id.0,
        above,
        scope.actor().staff,
        alone.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if !above {
        advance(&mut tx, scope, &mut purchase, PurchaseAct::Approve, Said { pieces, ..Said::default() }).await?;
    }
    tx.commit().await.or_fault()?;
    Ok(purchase.state)
}
