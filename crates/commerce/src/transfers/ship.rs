//! The goods leave.

use domain::{
    Complaint, Fault, TransferId,
    transfers::{Pieces, ShipTransfer, TransferAct, TransferState, field_of, within},
};
use sqlx::PgConnection;

use super::{Transfer, advance, booked, columns, lock_for, sum};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
    stock::{self, Cause, Document},
};

/// Sends the goods of a transfer off: no more than was agreed to, and only what is there and promised to nobody. The
/// same shipment again is the same shipment.
///
/// Faults: `Invalid` beside `note`, `lines` or `pieces.{sku}`; `SoldOut` beside `pieces.{sku}`; `NotFound` for a transfer
/// that does not concern whoever asks, `Forbidden` for what is the other side's; `Conflict` (`not_now`,
/// `shipped_already` with other numbers).
pub async fn ship(scope: &Scope, id: TransferId, command: ShipTransfer) -> Result<(), Fault> {
    let note = command.checked_note()?;
    let mut tx = scope.begin().await?;
    let transfer = lock_for(&mut tx, scope, id, TransferAct::Ship).await?;
    let approved = transfer.pieces(|line| line.approved.unwrap_or(0));
    if transfer.state.after(TransferAct::Ship).is_none() && !was_shipped(transfer.state) {
        return advance(&mut tx, scope, &transfer, TransferAct::Ship, note, 0).await;
    }
    let shipped = within(&command.lines, &approved, |most| format!("只同意了 {most} 件，不能多发"))?;
    if was_shipped(transfer.state) {
        let same = shipped == transfer.pieces(|line| line.shipped.unwrap_or(0));
        let other = || Fault::conflict("shipped_already", "这张调拨单已经按另外的数量发货，请刷新后查看");
        return if same { Ok(()) } else { Err(other()) };
    }
    if sum(&shipped) == 0 {
        return Err(Fault::invalid("lines", "一件都不发，请改为取消"));
    }
    must_be_there(&mut tx, scope, &transfer, &shipped).await?;
    let document = Document { cause: Cause::TransferOut, id: Some(id.0) };
    stock::take(&mut tx, scope, transfer.from.id.0, document, &booked(&shipped)).await?;
    advance(&mut tx, scope, &transfer, TransferAct::Ship, note, sum(&shipped)).await?;
    let (skus, quantities) = columns(&shipped);
    // What a piece costs goes with it. The sender's cost is read under the lock of its balance.
    sqlx::query!(
        "update stock_transfer_lines l set shipped = a.quantity,
             cost_milli_fen = (select c.milli_fen from stock_costs c where c.location_id = $4 and c.sku_id = l.sku_id)
         from unnest($2::uuid[], $3::bigint[]) as a (sku_id, quantity)
         where l.transfer_id = $1 and l.sku_id = a.sku_id",
        id.0,
        &skus,
        &quantities,
        transfer.from.id.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    faults::commit(tx, scope, Deed::ShipTransfer).await
}

pub(super) fn was_shipped(state: TransferState) -> bool {
    matches!(state, TransferState::Shipped | TransferState::Received)
}

/// Refuses pieces that the sender does not have, or has promised, or whose last day is over, each beside its field.
///
/// Faults: `SoldOut`.
async fn must_be_there(
    tx: &mut PgConnection,
    scope: &Scope,
    transfer: &Transfer,
    shipped: &[Pieces],
) -> Result<(), Fault> {
    let from = transfer.from.id.0;
    let wanted = shipped.iter().filter(|one| one.quantity > 0);
    let there = stock::lock_fit(tx, scope, from, wanted.clone().map(|one| one.sku_id.0).collect()).await?;
    let lacks = wanted.filter_map(|one| {
        let available = there.get(&(from, one.sku_id.0)).copied().unwrap_or(0).max(0);
        let message = format!("{}只有 {available} 件可发，其余的不在库、已卖出或已过期", transfer.from.name);
        (available < one.quantity).then(|| Complaint::new(field_of(one.sku_id), message))
    });
    let lacks: Vec<Complaint> = lacks.collect();
    if lacks.is_empty() { Ok(()) } else { Err(Fault::SoldOut(lacks)) }
}
