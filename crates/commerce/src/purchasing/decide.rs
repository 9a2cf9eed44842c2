//! Agreeing to an order, turning it down, calling it off, closing it.

use domain::{
    Fault, PurchaseId,
    approvals::Decide,
    purchasing::{PurchaseAct, PurchaseNote, PurchaseState},
};

use super::{Said, advance, lock, must_buy};
use crate::{Scope, database::OrFault, staff, stockroom};

/// Agrees to an order that was handed in, or turns it down: whoever buys and decides on proposals at its place, and
/// nobody on what they have handed in themselves. The same decision again is the same decision.
///
/// Faults: `Invalid` beside `note`; `Forbidden`; `NotFound`; `Conflict` (`own_purchase`, `not_now`).
pub async fn decide(scope: &Scope, id: PurchaseId, decision: Decide) -> Result<(), Fault> {
    must_buy(scope)?;
    let note = decision.checked_note()?;
    let mut tx = scope.begin().await?;
    // What whoever asks may do now: the request may have waited while it was taken away.
    let (me, grants) = staff::authority_of(&mut tx, scope).await?;
    let mut purchase = lock(&mut tx, id).await?;
    let in_place_of = stockroom::right_to_decide(&grants, purchase.location.id, true).map_err(|_| Fault::Forbidden)?;
    let deciding = [Some(me.0), in_place_of.map(|other| other.0)];
    if purchase.submitted_by.is_some() && deciding.contains(&purchase.submitted_by) && purchase.above {
        return Err(Fault::conflict("own_purchase", "金额较大，自己提交的采购单要由别人审批"));
    }
    use PurchaseState::{Approved, Closed, PartReceived, Received, Rejected};
    let (act, done): (_, &[PurchaseState]) = match decision.approve {
        true => (PurchaseAct::Approve, &[Approved, PartReceived, Received, Closed]),
        false => (PurchaseAct::Reject, &[Rejected]),
    };
    if done.contains(&purchase.state) {
        return Ok(());
    }
    advance(&mut tx, scope, &mut purchase, act, Said { note, in_place_of, pieces: 0 }).await?;
    tx.commit().await.or_fault()
}

/// Calls an order off of which nothing has arrived. Doing it twice is doing it once.
///
/// Faults: `Invalid` beside `note`; `Forbidden`; `NotFound`; `Conflict` (`not_now`).
pub async fn cancel(scope: &Scope, id: PurchaseId, command: PurchaseNote) -> Result<(), Fault> {
    end(scope, id, command, PurchaseAct::Cancel, PurchaseState::Cancelled).await
}

/// Closes an order: what has not arrived will not. Doing it twice is doing it once.
///
/// Faults: those of [`cancel`].
pub async fn close(scope: &Scope, id: PurchaseId, command: PurchaseNote) -> Result<(), Fault> {
    end(scope, id, command, PurchaseAct::Close, PurchaseState::Closed).await
}

async fn end(
    scope: &Scope,
    id: PurchaseId,
    command: PurchaseNote,
    act: PurchaseAct,
    done: PurchaseState,
) -> Result<(), Fault> {
    must_buy(scope)?;
    let note = command.checked()?;
    let mut tx = scope.begin().await?;
    let mut purchase = lock(&mut tx, id).await?;
    if purchase.state == done {
        return Ok(());
    }
    advance(&mut tx, scope, &mut purchase, act, Said { note, ..Said::default() }).await?;
    tx.commit().await.or_fault()
}
