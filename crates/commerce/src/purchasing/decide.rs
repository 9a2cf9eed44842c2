//! Agreeing to an order, turning it down, calling it off, closing it.

use domain::{
    Fault, PurchaseId,
    approvals::Decide,
    purchasing::{PurchaseAct, PurchaseNote, PurchaseState},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Said, advance, lock, must_buy};
use crate::{Scope, database::OrFault, staff, stockroom};

/// Agrees to an order that was handed in, or turns it down: whoever buys and decides on proposals at its place, and
/// nobody on a large one that they have written any of or handed in themselves. The same decision again is the same
/// decision. No program decides.
///
/// Faults: `Invalid` beside `note`; `Forbidden`; `PeopleOnly`; `NotFound`; `Conflict` (`own_purchase`, `not_now`).
pub async fn decide(scope: &Scope, id: PurchaseId, decision: Decide) -> Result<(), Fault> {
    must_buy(scope)?;
    scope.person()?;
    let note = decision.checked_note()?;
    let mut tx = scope.begin().await?;
    // What whoever asks may do now: the request may have waited while it was taken away.
    let (me, grants) = staff::authority_of(&mut tx, scope).await?;
    let mut purchase = lock(&mut tx, id).await?;
    let in_place_of = stockroom::right_to_decide(&grants, purchase.location.id, true).map_err(|_| Fault::Forbidden)?;
    if purchase.above && is_theirs(&mut tx, id, [Some(me.0), in_place_of.map(|other| other.0)]).await? {
        return Err(Fault::conflict("own_purchase", "金额较大，自己填写或提交的采购单要由别人审批"));
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

/// Whether any of them has written an order or handed it in, however often it was turned down since.
async fn is_theirs(tx: &mut PgConnection, id: PurchaseId, people: [Option<Uuid>; 2]) -> Result<bool, Fault> {
    let people: Vec<Uuid> = people.into_iter().flatten().collect();
    sqlx::query_scalar!(
        r#"select exists (select from purchase_steps where purchase_id = $1 and act in ('draft', 'submit')
                          and staff_id = any($2)) as "theirs!""#,
        id.0,
        &people,
    )
    .fetch_one(tx)
    .await
    .or_fault()
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
