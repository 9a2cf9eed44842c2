//! The goods leave, arrive, and what did not arrive is accounted for.

use domain::{
    Complaint, Fault, LocationId, TransferId,
    transfers::{
        Outcome, Pieces, ReceiveTransfer, SettleTransfer, ShipTransfer, TransferAct, TransferState, field_of, within,
    },
};
use sqlx::PgConnection;

use super::{Transfer, advance, booked, columns, lock_for, sum};
use crate::{
    Scope,
    costs::{self, Arrival},
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

fn was_shipped(state: TransferState) -> bool {
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

/// Takes the goods of a transfer in: no more than were shipped. Those that are missing wait to be accounted for. The
/// same receipt again is the same receipt.
///
/// Faults: `Invalid` beside `pieces.{sku}`, and beside `reason` where less arrived and nobody says why; `NotFound`,
/// `Forbidden` as of [`ship`]; `Conflict` (`not_now`, `received_already` with other numbers).
pub async fn receive(scope: &Scope, id: TransferId, command: ReceiveTransfer) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let transfer = lock_for(&mut tx, scope, id, TransferAct::Receive).await?;
    if !was_shipped(transfer.state) {
        return advance(&mut tx, scope, &transfer, TransferAct::Receive, "", 0).await;
    }
    let shipped = transfer.pieces(|line| line.shipped.unwrap_or(0));
    let received = within(&command.lines, &shipped, |most| format!("只发了 {most} 件，实收不能更多"))?;
    let reason = command.checked_reason(sum(&received) < sum(&shipped))?;
    if transfer.state == TransferState::Received {
        let same = received == transfer.pieces(|line| line.received.unwrap_or(0));
        let other = || Fault::conflict("received_already", "这张调拨单已经按另外的数量收货，请刷新后查看");
        return if same { Ok(()) } else { Err(other()) };
    }
    advance(&mut tx, scope, &transfer, TransferAct::Receive, reason, sum(&received)).await?;
    let (skus, quantities) = columns(&received);
    sqlx::query!(
        "update stock_transfer_lines l set received = a.quantity from unnest($2::uuid[], $3::bigint[]) as a (sku_id, quantity)
         where l.transfer_id = $1 and l.sku_id = a.sku_id",
        id.0,
        &skus,
        &quantities,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    bring(&mut tx, scope, id, transfer.to.id, &received).await?;
    let cost_of = |sku| transfer.lines.iter().find(|line| line.sku == sku).and_then(|line| line.cost);
    let arrival = |one: &Pieces| {
        let price = cost_of(one.sku_id).filter(|_| one.quantity > 0)?;
        Some(Arrival { sku: one.sku_id.0, quantity: one.quantity, price })
    };
    let arrived: Vec<Arrival> = received.iter().filter_map(arrival).collect();
    let document = Document { cause: Cause::TransferIn, id: Some(id.0) };
    costs::weigh(&mut tx, scope, transfer.to.id.0, document, &arrived).await?;
    faults::commit(tx, scope, Deed::ReceiveTransfer).await
}

/// Accounts for all pieces that were sent and did not arrive: lost, or back on the sender's shelf. The same again is
/// the same.
///
/// Faults: `Invalid` beside `note`, or `lines` where a variant is left out; `NotFound`, `Forbidden` as of [`ship`];
/// `Conflict` (`not_now` before they arrive, `nothing_missing`, `settled_already` otherwise).
pub async fn settle(scope: &Scope, id: TransferId, command: SettleTransfer) -> Result<(), Fault> {
    let note = command.checked_note()?;
    let mut tx = scope.begin().await?;
    let transfer = lock_for(&mut tx, scope, id, TransferAct::Settle).await?;
    if transfer.state != TransferState::Received {
        return advance(&mut tx, scope, &transfer, TransferAct::Settle, note, 0).await;
    }
    let missing = transfer.lines.iter().filter(|line| line.on_the_way > 0).count();
    if missing == 0 {
        return settled_before(&transfer, &command);
    }
    let outcome = |sku| command.lines.iter().find(|line| line.sku_id == sku).map(|line| line.outcome);
    let of =
        |wanted: Outcome| transfer.pieces(|line| if outcome(line.sku) == Some(wanted) { line.on_the_way } else { 0 });
    let (lost, returned) = (of(Outcome::Lost), of(Outcome::Returned));
    let accounted = lost.iter().chain(&returned).filter(|one| one.quantity > 0).count();
    if accounted != missing || command.lines.len() != missing {
        return Err(Fault::invalid("lines", "请为每件有差异的商品选择去向，每件一次"));
    }
    advance(&mut tx, scope, &transfer, TransferAct::Settle, note, sum(&lost) + sum(&returned)).await?;
    let ((skus, lost), (_, back)) = (columns(&lost), columns(&returned));
    sqlx::query!(
        "update stock_transfer_lines l set lost = a.lost, returned = a.returned
         from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as a (sku_id, lost, returned)
         where l.transfer_id = $1 and l.sku_id = a.sku_id and l.on_the_way > 0",
        id.0,
        &skus,
        &lost,
        &back,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    bring(&mut tx, scope, id, transfer.from.id, &returned).await?;
    faults::commit(tx, scope, Deed::SettleTransfer).await
}

/// Books what a transfer brings to a place.
async fn bring(
    tx: &mut PgConnection,
    scope: &Scope,
    id: TransferId,
    place: LocationId,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let some = booked(pieces);
    if some.is_empty() {
        return Ok(());
    }
    stock::book(tx, scope, place.0, Document { cause: Cause::TransferIn, id: Some(id.0) }, &some).await
}

/// Whether what was missing is accounted for because of the same request.
fn settled_before(transfer: &Transfer, command: &SettleTransfer) -> Result<(), Fault> {
    let settled = || transfer.lines.iter().filter(|line| line.lost + line.returned > 0);
    if settled().next().is_none() {
        return Err(Fault::conflict("nothing_missing", "这张调拨单没有差异，不需要处理"));
    }
    let same = settled().all(|line| {
        let outcome = if line.lost > 0 { Outcome::Lost } else { Outcome::Returned };
        command.lines.iter().any(|asked| (asked.sku_id, asked.outcome) == (line.sku, outcome))
    });
    if same && command.lines.len() == settled().count() {
        return Ok(());
    }
    Err(Fault::conflict("settled_already", "差异已经处理过，请刷新后查看"))
}
