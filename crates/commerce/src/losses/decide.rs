//! Agreeing to a loss, which books it, and turning it down.

use domain::{
    Fault, LossId,
    approvals::Decide,
    losses::{LossAct, LossState},
};

use super::{NO_LOSS, advance, lock};
use crate::{
    Scope,
    faults::{self, Deed},
    staff,
    stockroom::{self, Sight},
};

/// Agrees to a report within reach, or turns it down. What is agreed to is booked in the same transaction; what
/// leaves too little for promised orders opens a shortage case. The same decision again is the same decision.
///
/// Small losses are the store's own to decide; beyond those whoever decides for it, and nobody on what they report
/// themselves. No program does.
///
/// Faults: `Invalid` beside `note`; `NotFound` out of reach; `Forbidden` for what is not theirs to decide; `PeopleOnly`;
/// `Conflict` (`own_loss`, `not_now`, `not_there` for more than the books have by now).
pub async fn decide(scope: &Scope, id: LossId, decision: Decide) -> Result<(), Fault> {
    let note = decision.checked_note()?;
    scope.person()?;
    Sight::of(scope)?;
    let mut tx = scope.begin().await?;
    // What whoever asks may do now: the request may have waited while it was taken away.
    let (me, grants) = staff::authority_of(&mut tx, scope).await?;
    let loss = lock(&mut tx, id).await?;
    let in_place_of = stockroom::right_to_decide(&grants, loss.room.id, loss.above).map_err(|fault| match fault {
        Fault::NotFound(_) => NO_LOSS,
        other => other,
    })?;
    let own = loss.reported_by == me.0 || in_place_of.is_some_and(|other| other.0 == loss.reported_by);
    if loss.above && own {
        return Err(Fault::conflict("own_loss", "金额或数量较大，自己提交的报损要由别人审批"));
    }
    let (act, done) = match decision.approve {
        true => (LossAct::Approve, LossState::Approved),
        false => (LossAct::Reject, LossState::Rejected),
    };
    if loss.state == done {
        return Ok(());
    }
    advance(&mut tx, scope, &loss, act, (in_place_of, note)).await?;
    faults::commit(tx, scope, Deed::ApproveLoss).await
}
