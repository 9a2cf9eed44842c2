//! A store proposes, somebody above it decides (O4): one mechanism for everything that needs a second pair of
//! eyes.
//!
//! - `propose`: writing, submitting, taking back
//! - `decide`: agreeing and turning down, and what runs out of time
//! - `apply`: what becomes so, for each kind
//! - `read`: lists, one proposal, how many wait
//! - `delegations`: deciding in another's place
//! - `limits`: up to where counts, losses and orders to suppliers need nobody else
//!
//! A new kind needs its variant in `domain::approvals::Proposed`, its word in the table's check, and its arms
//! in `apply`.

mod apply;
mod decide;
mod delegations;
mod limits;
mod propose;
mod read;

use chrono::{DateTime, Utc};
use domain::{
    Fault, ProposalId, StaffId, StoreId,
    approvals::{ProposalAct, ProposalState, Proposed},
    audit::{Act, ObjectKind},
};
use serde_json::json;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

pub use decide::decide;
pub(crate) use decide::expire;
pub(crate) use delegations::of as delegations_of;
pub use delegations::{delegate, delegations, take_back};
pub(crate) use limits::{alone_at, purchase_alone};
pub use limits::{limit_places, limits, remove_limits_at, set_limits, set_limits_at};
pub use propose::{propose, submit, withdraw};
pub use read::{list, show, subjects, waiting};

/// A proposal locked for a step.
struct Proposal {
    id: ProposalId,
    store_id: StoreId,
    what: Proposed,
    before: i64,
    state: ProposalState,
    reason: String,
    proposed_by: StaffId,
    expires_at: Option<DateTime<Utc>>,
}

fn not_found() -> Fault {
    Fault::NotFound("这份申请")
}

/// Locks a proposal; nothing else happens to it until the transaction ends.
async fn lock(tx: &mut PgConnection, id: ProposalId) -> Result<Proposal, Fault> {
    let row = sqlx::query!(
        r#"select store_id, content as "content: Json<Proposed>", value_before, state, reason, proposed_by, expires_at
           from proposals where id = $1 for update"#,
        id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .ok_or_else(not_found)?;
    let state = ProposalState::from_code(&row.state);
    Ok(Proposal {
        id,
        store_id: StoreId(row.store_id),
        what: row.content.0,
        before: row.value_before,
        state: state.ok_or_else(|| Fault::Internal(format!("state {}", row.state)))?,
        reason: row.reason,
        proposed_by: StaffId(row.proposed_by),
        expires_at: row.expires_at,
    })
}

/// A step somebody takes.
struct Step<'a> {
    act: ProposalAct,
    in_place_of: Option<StaffId>,
    note: &'a str,
}

/// Applies the transition table to a locked proposal, and records who did it, in whose place and why.
///
/// Faults: `Conflict` (`not_now`) where the table does not allow it.
async fn advance(tx: &mut PgConnection, scope: &Scope, proposal: &Proposal, step: Step<'_>) -> Result<(), Fault> {
    let not_now =
        || Fault::conflict("not_now", format!("这份申请{}，不能再{}", proposal.state.label(), step.act.label()));
    let next = proposal.state.after(step.act).ok_or_else(not_now)?;
    sqlx::query!("update proposals set state = $2 where id = $1", proposal.id.0, next.code())
        .execute(&mut *tx)
        .await
        .or_fault()?;
    write_step(tx, scope, proposal.id, next, &step).await?;
    let Some(act) = Act::on_proposal(step.act) else { return Ok(()) };
    let (from, to) = (proposal.what.in_words(proposal.before), proposal.what.applied_to(proposal.before));
    let becomes = to.map(|value| proposal.what.in_words(value)).unwrap_or_default();
    let change = Change {
        act,
        object: ObjectKind::Proposal,
        object_id: proposal.id.0,
        store_id: Some(proposal.store_id.0),
        before: json!({ "state": proposal.state, "value": from }),
        after: json!({ "state": next, "value": becomes, "in_place_of": step.in_place_of }),
        reason: if step.note.is_empty() { &proposal.reason } else { step.note },
    };
    audit::record(tx, scope, change).await
}

async fn write_step(
    tx: &mut PgConnection,
    scope: &Scope,
    id: ProposalId,
    state: ProposalState,
    step: &Step<'_>,
) -> Result<(), Fault> {
    sqlx::query!(
        "insert into proposal_steps (proposal_id, step, act, state, at, staff_id, in_place_of, note)
         select $1, coalesce(max(step), 0) + 1, $2, $3, $4, $5, $6, $7 from proposal_steps where proposal_id = $1",
        id.0,
        step.act.code(),
        state.code(),
        scope.now,
        scope.actor().staff,
        step.in_place_of.map(|person| person.0),
        step.note,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Stores as a query takes them, of one reach or several: `None` is every store.
pub(crate) fn union(reaches: impl IntoIterator<Item = Option<Vec<Uuid>>>) -> Option<Vec<Uuid>> {
    reaches.into_iter().try_fold(Vec::new(), |mut all, reach| {
        all.extend(reach?);
        Some(all)
    })
}
