//! The goods arrive, at once or in parts, and what does not arrive is accounted for.
//!
//! After the first receipt every number is counted from the beginning, 累计: so many have arrived, are lost, are back by
//! now. The same request again is then the same, and one that was made before another's is seen to be old.

use domain::{
    Complaint, Fault, LocationId, SkuId, TransferId,
    transfers::{
        Pieces, ReceiveRest, ReceiveTransfer, SettleTransfer, TransferAct, TransferState, field_of, lost_field,
        returned_field, within,
    },
};
use sqlx::PgConnection;

use super::{Line, Transfer, advance, booked, columns, lock_for, ship::was_shipped, sum};
use crate::{
    Scope,
    costs::{self, Arrival},
    database::OrFault,
    faults::{self, Deed},
    stock::{self, Cause, Document},
};

/// Takes the goods of a transfer in: no more than were shipped. Those that are missing may arrive later, or wait to be
/// accounted for. The same receipt again is the same receipt, until more is taken in.
///
/// Faults: `Invalid` beside `pieces.{sku}`, and beside `reason` where less arrived and nobody says why; `NotFound`,
/// `Forbidden` as of [`super::ship`]; `Conflict` (`not_now`, `received_already` with other numbers).
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
        let other = || Fault::conflict("received_already", "这张调拨单已经收过货，请刷新后查看；后到的货请用「补收」");
        return if same { Ok(()) } else { Err(other()) };
    }
    advance(&mut tx, scope, &transfer, TransferAct::Receive, reason, sum(&received)).await?;
    arrive(&mut tx, scope, &transfer, &received).await?;
    faults::commit(tx, scope, Deed::ReceiveTransfer).await
}

/// Takes in what was missing and has come after all, or a part of it; answers how many pieces that is, none where the
/// same has been taken in before.
///
/// Faults: `Invalid` beside `note` or `pieces.{sku}`, or beside `lines` where nothing more has come; `NotFound`,
/// `Forbidden` as of [`super::ship`]; `Conflict` (`not_now` before the first receipt, `nothing_missing`).
pub async fn receive_rest(scope: &Scope, id: TransferId, command: ReceiveRest) -> Result<i64, Fault> {
    let note = command.checked_note()?;
    let mut tx = scope.begin().await?;
    let transfer = lock_for(&mut tx, scope, id, TransferAct::ReceiveRest).await?;
    if transfer.state != TransferState::Received {
        return advance(&mut tx, scope, &transfer, TransferAct::ReceiveRest, note, 0).await.map(|()| 0);
    }
    let more = come_since(&transfer, &command.lines)?;
    let pieces = sum(&more);
    if pieces == 0 {
        return had_come(&mut tx, &transfer, &command).await.map(|()| 0);
    }
    advance(&mut tx, scope, &transfer, TransferAct::ReceiveRest, note, pieces).await?;
    arrive(&mut tx, scope, &transfer, &more).await?;
    faults::commit(tx, scope, Deed::ReceiveRestOfTransfer).await.map(|()| pieces)
}

/// How many pieces of each variant have come since the receipt before.
///
/// Faults: `Invalid` beside the variants of which there can be no such number.
fn come_since(transfer: &Transfer, come: &[Pieces]) -> Result<Vec<Pieces>, Fault> {
    if come.is_empty() {
        return Ok(transfer.pieces(|line| line.on_the_way));
    }
    let most = transfer.pieces(|line| line.received.unwrap_or(0) + line.on_the_way);
    within(come, &most, |most| format!("连同先到的最多 {most} 件"))?;
    let total = |sku: SkuId| come.iter().find(|one| one.sku_id == sku).map(|one| one.quantity);
    let more = transfer.pieces(|line| total(line.sku).map_or(0, |total| total - line.received.unwrap_or(0)));
    let fewer = more.iter().filter(|one| one.quantity < 0).map(|one| {
        let before = transfer.line(one.sku_id).and_then(|line| line.received).unwrap_or(0);
        Complaint::new(field_of(one.sku_id), format!("已经实收 {before} 件，这里填连同先到的一共多少件"))
    });
    let fewer: Vec<Complaint> = fewer.collect();
    if fewer.is_empty() { Ok(more) } else { Err(Fault::Invalid(fewer)) }
}

/// Nothing more has come: because it was taken in by the same request, or because somebody is mistaken.
async fn had_come(tx: &mut PgConnection, transfer: &Transfer, command: &ReceiveRest) -> Result<(), Fault> {
    let before = sqlx::query_scalar!(
        r#"select exists (select from stock_transfer_steps where transfer_id = $1 and act = 'receive_rest') as "before!""#,
        transfer.id.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    if before {
        return Ok(());
    }
    if command.lines.is_empty() || transfer.lines.iter().all(|line| line.on_the_way == 0) {
        return Err(nothing_missing());
    }
    Err(Fault::invalid("lines", "没有比先前多收到的货，请填写连同先到的一共多少件"))
}

fn nothing_missing() -> Fault {
    Fault::conflict("nothing_missing", "这张调拨单没有差异，不需要处理")
}

/// Pieces lie at the receiver's now, at what they cost when they left.
async fn arrive(tx: &mut PgConnection, scope: &Scope, transfer: &Transfer, come: &[Pieces]) -> Result<(), Fault> {
    let (skus, quantities) = columns(come);
    sqlx::query!(
        "update stock_transfer_lines l set received = coalesce(l.received, 0) + a.quantity
         from unnest($2::uuid[], $3::bigint[]) as a (sku_id, quantity)
         where l.transfer_id = $1 and l.sku_id = a.sku_id",
        transfer.id.0,
        &skus,
        &quantities,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    bring(tx, scope, transfer.id, transfer.to.id, come).await?;
    let arrival = |one: &Pieces| {
        let price = transfer.line(one.sku_id).and_then(|line| line.cost).filter(|_| one.quantity > 0)?;
        Some(Arrival { sku: one.sku_id.0, quantity: one.quantity, price })
    };
    let arrived: Vec<Arrival> = come.iter().filter_map(arrival).collect();
    let document = Document { cause: Cause::TransferIn, id: Some(transfer.id.0) };
    costs::weigh(tx, scope, transfer.to.id.0, document, &arrived).await
}

/// Accounts for pieces that were sent and did not arrive: lost, or back on the sender's shelf. What is not accounted for
/// stays missing. Answers how many pieces have been accounted for, none where the same has been said before.
///
/// Faults: `Invalid` beside `note`, `lost.{sku}` or `returned.{sku}`, or beside `lines` where nothing is accounted for;
/// `NotFound`, `Forbidden` as of [`super::ship`]; `Conflict` (`not_now` before they arrive, `nothing_missing`,
/// `settled_already` otherwise).
pub async fn settle(scope: &Scope, id: TransferId, command: SettleTransfer) -> Result<i64, Fault> {
    let note = command.checked_note()?;
    let mut tx = scope.begin().await?;
    let transfer = lock_for(&mut tx, scope, id, TransferAct::Settle).await?;
    if transfer.state != TransferState::Received {
        return advance(&mut tx, scope, &transfer, TransferAct::Settle, note, 0).await.map(|()| 0);
    }
    let known = known_since(&transfer, &command)?;
    let of = |pieces: fn(&Known) -> i64| known.iter().map(pieces).collect::<Vec<i64>>();
    let (lost, returned) = (of(|one| one.lost), of(|one| one.returned));
    let pieces = lost.iter().chain(&returned).sum();
    if pieces == 0 {
        return was_settled(&transfer).map(|()| 0);
    }
    advance(&mut tx, scope, &transfer, TransferAct::Settle, note, pieces).await?;
    let skus: Vec<_> = known.iter().map(|one| one.sku.0).collect();
    // What is gone becomes the sender's loss by a trigger.
    sqlx::query!(
        "update stock_transfer_lines l set lost = l.lost + a.lost, returned = l.returned + a.returned
         from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as a (sku_id, lost, returned)
         where l.transfer_id = $1 and l.sku_id = a.sku_id",
        id.0,
        &skus,
        &lost,
        &returned,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let back = known.iter().map(|one| Pieces { sku_id: one.sku, quantity: one.returned });
    bring(&mut tx, scope, id, transfer.from.id, &back.collect::<Vec<_>>()).await?;
    faults::commit(tx, scope, Deed::SettleTransfer).await.map(|()| pieces)
}

/// What has become known of a variant's missing pieces.
struct Known {
    sku: SkuId,
    lost: i64,
    returned: i64,
}

/// What a request says that was not known before.
///
/// Faults: `Invalid` beside the fields that cannot be; `Conflict` (`settled_already`) where more was accounted for in
/// the meantime.
fn known_since(transfer: &Transfer, command: &SettleTransfer) -> Result<Vec<Known>, Fault> {
    let (mut known, mut complaints): (Vec<Known>, Vec<Complaint>) = (Vec::new(), Vec::new());
    for (at, asked) in command.lines.iter().enumerate() {
        let field = if asked.lost == 0 { returned_field(asked.sku_id) } else { lost_field(asked.sku_id) };
        if command.lines[..at].iter().any(|earlier| earlier.sku_id == asked.sku_id) {
            complaints.push(Complaint::new(field, "同一件商品填写了两次"));
            continue;
        }
        let Some(line) = transfer.line(asked.sku_id) else {
            complaints.push(Complaint::new(field, "单据里没有这件商品"));
            continue;
        };
        if asked.lost < 0 || asked.returned < 0 {
            complaints.push(Complaint::new(field, "数量不能小于 0"));
            continue;
        }
        let (lost, returned) = (asked.lost.saturating_sub(line.lost), asked.returned.saturating_sub(line.returned));
        if lost < 0 || returned < 0 {
            return Err(Fault::conflict("settled_already", "差异已经处理过，请刷新后查看"));
        }
        if lost.saturating_add(returned) > line.on_the_way {
            complaints.push(Complaint::new(field, beyond(line)));
            continue;
        }
        known.push(Known { sku: line.sku, lost, returned });
    }
    if complaints.is_empty() { Ok(known) } else { Err(Fault::Invalid(complaints)) }
}

/// What to say where more is accounted for than is missing.
fn beyond(line: &Line) -> String {
    match line.lost + line.returned {
        0 => format!("只差 {} 件，丢失与退回合计不能更多", line.on_the_way),
        before => format!("丢失与退回合计最多 {} 件（先前已处理 {before} 件）", before + line.on_the_way),
    }
}

/// Nothing more is accounted for: because the same request did it before, or because somebody is mistaken.
fn was_settled(transfer: &Transfer) -> Result<(), Fault> {
    let any = |of: fn(&Line) -> i64| transfer.lines.iter().any(|line| of(line) > 0);
    match (any(|line| line.lost + line.returned), any(|line| line.on_the_way)) {
        (true, _) => Ok(()),
        (false, true) => Err(Fault::invalid("lines", "请填写丢失或退回的件数")),
        (false, false) => Err(nothing_missing()),
    }
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
