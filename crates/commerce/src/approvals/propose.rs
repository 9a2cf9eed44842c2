//! Writing a proposal, submitting it, taking it back: its author's side.

use chrono::Duration;
use domain::{
    Fault, ProposalId,
    approvals::{ProposalAct, ProposalState, Propose},
    staff::Permission,
};
use sqlx::{PgConnection, types::Json};

use super::{Proposal, Step, advance, apply, lock, not_found, write_step};
use crate::{Scope, database::OrFault, jobs};

/// How long whoever decides may take.
const DECIDE_WITHIN: Duration = Duration::days(7);

/// Proposes something for a store within reach, or keeps it as a draft.
///
/// The proposal's id is the idempotency key: the same request again is the same proposal.
///
/// Faults: `Invalid` beside the fields; `Forbidden`; `NotFound` for a store out of reach or a variant it does not sell;
/// `Conflict` (`proposal_open`) where one of this kind waits already, (`key_reused`).
pub async fn propose(scope: &Scope, command: Propose) -> Result<(), Fault> {
    command.check()?;
    if !scope.reach(Permission::ProposeChanges)?.covers(command.store_id) {
        return Err(Fault::NotFound("这家门店"));
    }
    let author = scope.person()?.id;
    let mut tx = scope.begin().await?;
    let before = apply::now(&mut tx, command.store_id, &command.what).await?.ok_or(Fault::NotFound("这件商品"))?;
    apply::must_make_sense(&command.what, before)?;
    let written = sqlx::query!(
        "insert into proposals (id, kind, store_id, sku_id, content, value_before, reason, state, proposed_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, 'draft', $8, $9) on conflict (id) do nothing",
        command.id.0,
        command.what.kind().code(),
        command.store_id.0,
        command.what.sku_id().0,
        Json(command.what) as _,
        before,
        command.reason.trim(),
        author.0,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if written.rows_affected() == 0 {
        return proposed_before(&mut tx, scope, &command).await;
    }
    let step = Step { act: ProposalAct::Draft, in_place_of: None, note: "" };
    write_step(&mut tx, scope, command.id, ProposalState::Draft, &step).await?;
    if !command.draft {
        let proposal = lock(&mut tx, command.id).await?;
        put_forward(&mut tx, scope, &proposal).await?;
    }
    tx.commit().await.or_fault()
}

/// Whether the proposal is there because of the same request.
async fn proposed_before(tx: &mut PgConnection, scope: &Scope, command: &Propose) -> Result<(), Fault> {
    let found = lock(tx, command.id).await.ok();
    let same = |found: &Proposal| {
        (found.what, found.store_id, found.reason.as_str()) == (command.what, command.store_id, command.reason.trim())
            && Ok(found.proposed_by) == scope.staff().map(|person| person.id)
    };
    match found {
        Some(found) if same(&found) => Ok(()),
        _ => Err(Fault::conflict("key_reused", "这个页面已经提交过另一份申请，请刷新后再试")),
    }
}

/// Puts a draft before whoever decides. Doing it twice is doing it once.
///
/// Faults: `NotFound` for a proposal that is not theirs; `Conflict` (`proposal_open`, `stale_proposal`, `not_now`).
pub async fn submit(scope: &Scope, id: ProposalId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let proposal = lock_own(&mut tx, scope, id).await?;
    if proposal.state == ProposalState::Submitted {
        return Ok(());
    }
    apply::must_be_fresh(&mut tx, &proposal).await?;
    put_forward(&mut tx, scope, &proposal).await?;
    tx.commit().await.or_fault()
}

async fn put_forward(tx: &mut PgConnection, scope: &Scope, proposal: &Proposal) -> Result<(), Fault> {
    let expires_at = scope.now + DECIDE_WITHIN;
    sqlx::query!("update proposals set expires_at = $2 where id = $1", proposal.id.0, expires_at)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    advance(tx, scope, proposal, Step { act: ProposalAct::Submit, in_place_of: None, note: "" }).await?;
    jobs::schedule(tx, jobs::Kind::ExpireProposal, proposal.id.0, expires_at).await
}

/// Takes one's own proposal back. Doing it twice is doing it once.
///
/// Faults: `NotFound` for a proposal that is not theirs; `Conflict` (`not_now`) once it is decided.
pub async fn withdraw(scope: &Scope, id: ProposalId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let proposal = lock_own(&mut tx, scope, id).await?;
    if proposal.state == ProposalState::Withdrawn {
        return Ok(());
    }
    advance(&mut tx, scope, &proposal, Step { act: ProposalAct::Withdraw, in_place_of: None, note: "" }).await?;
    jobs::unschedule(&mut tx, [(jobs::Kind::ExpireProposal, id.0)]).await?;
    tx.commit().await.or_fault()
}

/// Locks a proposal of whoever asks; another's is not found, nor one for a store that they left.
async fn lock_own(tx: &mut PgConnection, scope: &Scope, id: ProposalId) -> Result<Proposal, Fault> {
    let reach = scope.reach(Permission::ProposeChanges)?;
    let author = scope.staff()?.id;
    let proposal = lock(tx, id).await?;
    let own = proposal.proposed_by == author && reach.covers(proposal.store_id);
    if own { Ok(proposal) } else { Err(not_found()) }
}
