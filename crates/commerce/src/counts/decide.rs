//! Agreeing to a count, which books its differences, or sending it back.

use domain::{
    CountId, Fault,
    approvals::Decide,
    counts::{CountAct, CountState},
};
use sqlx::PgConnection;

use super::{Count, NO_COUNT, Step, advance, lock, submit};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
    staff,
    stock::{self, Cause, Document, Pieces},
    stockroom::{self, Sight},
};

/// Agrees to a count within reach, or sends it back to be counted again. What is agreed to is booked in the same
/// transaction, as the differences that were found: what has come and gone since stays. What leaves too little for
/// promised orders opens a shortage case. The same decision again is the same decision.
///
/// Small differences are the store's own to decide; beyond those whoever decides for it, and nobody on what they
/// handed in themselves. No program does.
///
/// Faults: `Invalid` beside `note`; `NotFound` out of reach; `Forbidden` for differences that are not theirs to
/// decide; `PeopleOnly`; `Conflict` (`own_count`, `not_now`).
pub async fn decide(scope: &Scope, id: CountId, decision: Decide) -> Result<(), Fault> {
    let note = decision.checked_note()?;
    scope.person()?;
    Sight::of(scope)?;
    let mut tx = scope.begin().await?;
    // What whoever asks may do now: the request may have waited while it was taken away.
    let (me, grants) = staff::authority_of(&mut tx, scope).await?;
    let count = lock(&mut tx, id).await?;
    let in_place_of = stockroom::right_to_decide(&grants, count.room.id, count.above).map_err(|fault| match fault {
        Fault::NotFound(_) => NO_COUNT,
        other => other,
    })?;
    let brought_by = |person: uuid::Uuid| count.submitted_by == Some(person);
    if count.above && (brought_by(me.0) || in_place_of.is_some_and(|other| brought_by(other.0))) {
        return Err(Fault::conflict("own_count", "差异较大，自己提交的盘点要由别人确认"));
    }
    let (act, done) = match decision.approve {
        true => (CountAct::Approve, CountState::Approved),
        false => (CountAct::SendBack, CountState::Open),
    };
    if count.state == done {
        return Ok(());
    }
    advance(&mut tx, scope, &count, Step { in_place_of, note, ..Step::plain(act) }).await?;
    match decision.approve {
        true => book(&mut tx, scope, &count).await?,
        false => send_back(&mut tx, &count).await?,
    }
    faults::commit(tx, scope, Deed::ApproveCount).await
}

/// Books the differences, all of them or none.
async fn book(tx: &mut PgConnection, scope: &Scope, count: &Count) -> Result<(), Fault> {
    let differences = sqlx::query!(
        r#"update count_lines set active = false where count_id = $1
           returning sku_id, coalesce(counted - book, 0) as "difference!""#,
        count.id.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let mut pieces: Vec<Pieces> = differences
        .into_iter()
        .filter(|line| line.difference != 0)
        .map(|line| Pieces { sku: line.sku_id, quantity: line.difference })
        .collect();
    if pieces.is_empty() {
        return Ok(());
    }
    pieces.sort_unstable_by_key(|line| line.sku);
    stock::book(tx, scope, count.room.id.0, Document { cause: Cause::Count, id: Some(count.id.0) }, &pieces).await
}

/// What was entered stays, to be undone where it was wrong.
async fn send_back(tx: &mut PgConnection, count: &Count) -> Result<(), Fault> {
    sqlx::query!(
        "update counts set submitted_by = null, submitted_by_key = null, off_pieces = null, off_value_fen = null, above = false,
                           alone_pieces = null, alone_value_fen = null, alone_own = null
         where id = $1",
        count.id.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    submit::forget(tx, count.id, true).await
}
