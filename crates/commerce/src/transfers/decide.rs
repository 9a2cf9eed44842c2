//! The sender's side agrees, turns down, or does not send after all.

use domain::{
    Fault, TransferId,
    transfers::{CancelTransfer, DecideTransfer, TransferAct, TransferState, within},
};

use super::{advance, columns, lock_for, sum};
use crate::{Scope, database::OrFault};

/// Agrees to a request, to all of it or less, or turns it down. The same decision again is the same decision.
///
/// Faults: `Invalid` beside `note`, `lines` or `pieces.{sku}`; `NotFound`, `Forbidden` as of [`super::ship`]; `Conflict`
/// (`not_now`).
pub async fn decide(scope: &Scope, id: TransferId, decision: DecideTransfer) -> Result<(), Fault> {
    let note = decision.checked_note()?;
    let act = if decision.approve { TransferAct::Approve } else { TransferAct::Reject };
    let mut tx = scope.begin().await?;
    let transfer = lock_for(&mut tx, scope, id, act).await?;
    if !decision.approve {
        if transfer.state != TransferState::Rejected {
            advance(&mut tx, scope, &transfer, act, note, 0).await?;
            tx.commit().await.or_fault()?;
        }
        return Ok(());
    }
    let requested = transfer.pieces(|line| line.requested);
    let approved = within(&decision.lines, &requested, |most| format!("对方只要 {most} 件"))?;
    if sum(&approved) == 0 {
        return Err(Fault::invalid("lines", "一件都不同意，请选择拒绝"));
    }
    if transfer.state == TransferState::Approved && approved == transfer.pieces(|line| line.approved.unwrap_or(0)) {
        return Ok(());
    }
    advance(&mut tx, scope, &transfer, act, note, sum(&approved)).await?;
    let (skus, quantities) = columns(&approved);
    sqlx::query!(
        "update stock_transfer_lines l set approved = a.quantity from unnest($2::uuid[], $3::bigint[]) as a (sku_id, quantity)
         where l.transfer_id = $1 and l.sku_id = a.sku_id",
        id.0,
        &skus,
        &quantities,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()
}

/// Does not send after all what was agreed to. Doing it twice is doing it once.
///
/// Faults: `Invalid` beside `note`; `NotFound`, `Forbidden` as of [`super::ship`]; `Conflict` (`not_now`).
pub async fn cancel(scope: &Scope, id: TransferId, command: CancelTransfer) -> Result<(), Fault> {
    let note = command.checked_note()?;
    let mut tx = scope.begin().await?;
    let transfer = lock_for(&mut tx, scope, id, TransferAct::Cancel).await?;
    if transfer.state == TransferState::Cancelled {
        return Ok(());
    }
    advance(&mut tx, scope, &transfer, TransferAct::Cancel, note, 0).await?;
    tx.commit().await.or_fault()
}
