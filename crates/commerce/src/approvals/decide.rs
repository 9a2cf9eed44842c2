//! Deciding, and what runs out of time.

use domain::{
    Fault, ProposalId, StaffId,
    approvals::{Decide, ProposalAct, ProposalState},
    staff::{Grant, Permission},
};

use super::{Proposal, Step, advance, apply, lock, not_found};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
    jobs, staff,
};

/// Agrees to a proposal within reach, or turns it down. What is agreed to is so in the same transaction. The same
/// decision again is the same decision.
///
/// Faults: `Invalid` beside `note`; `NotFound` out of reach; `Conflict` (`own_proposal`: nobody decides on what they
/// propose themselves, nor on what those propose in whose place they decide; `not_now`, `stale_proposal`,
/// `promised_already`).
pub async fn decide(scope: &Scope, id: ProposalId, decision: Decide) -> Result<(), Fault> {
    let note = decision.checked_note()?;
    scope.reach(Permission::DecideProposals)?;
    let mut tx = scope.begin().await?;
    // What whoever asks may do now: the request may have waited while it was taken away.
    let (me, grants) = staff::authority_of(&mut tx, scope).await?;
    let proposal = lock(&mut tx, id).await?;
    let in_place_of = authority_over(&grants, &proposal)?;
    if proposal.proposed_by == me || in_place_of == Some(proposal.proposed_by) {
        return Err(Fault::conflict("own_proposal", "自己提交的申请要由别人审批"));
    }
    let (act, done) = match decision.approve {
        true => (ProposalAct::Approve, ProposalState::Approved),
        false => (ProposalAct::Reject, ProposalState::Rejected),
    };
    if proposal.state == done {
        return Ok(());
    }
    if proposal.expires_at.is_some_and(|end| end <= scope.now) && proposal.state == ProposalState::Submitted {
        return Err(Fault::conflict("not_now", "这份申请已过期，请让门店重新提交"));
    }
    advance(&mut tx, scope, &proposal, Step { act, in_place_of, note }).await?;
    if decision.approve {
        apply::apply(&mut tx, scope, &proposal).await?;
    }
    jobs::unschedule(&mut tx, [(jobs::Kind::ExpireProposal, id.0)]).await?;
    faults::commit(tx, scope, Deed::ApproveProposal).await
}

/// By whose right somebody decides: their own, or that of the person in whose place they do.
///
/// Faults: `NotFound` for a draft, or a store out of reach.
fn authority_over(grants: &[Grant], proposal: &Proposal) -> Result<Option<StaffId>, Fault> {
    let reaching: Vec<&Grant> = grants
        .iter()
        .filter(|grant| {
            grant.permissions.contains(&Permission::DecideProposals) && grant.reach.covers(proposal.store_id)
        })
        .collect();
    let own = reaching.iter().any(|grant| grant.in_place_of.is_none());
    match reaching.first() {
        _ if proposal.state == ProposalState::Draft => Err(not_found()),
        None => Err(not_found()),
        Some(_) if own => Ok(None),
        Some(lent) => Ok(lent.in_place_of),
    }
}

/// Ends a proposal that nobody decided on in time.
pub(crate) async fn expire(scope: &Scope, id: ProposalId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let proposal = lock(&mut tx, id).await?;
    if proposal.state == ProposalState::Submitted {
        advance(&mut tx, scope, &proposal, Step { act: ProposalAct::Expire, in_place_of: None, note: "" }).await?;
        tx.commit().await.or_fault()?;
    }
    Ok(())
}
