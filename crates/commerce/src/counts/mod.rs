//! Counting what is there 盘点 (K4), while sales go on.
//!
//! - `open`: beginning a count and what it takes in
//! - `enter`: what was found, by several people at once
//! - `list`: what a scanner's file found, all of it or nothing
//! - `submit`: handing it in, giving it up
//! - `decide`: agreeing to it, which books its differences, or sending it back
//! - `read`: lists, one count, its lines, how many wait
//!
//! A line's pieces are the sum of its entries that were not undone. Each entry keeps what the books said at that
//! moment, read under the lock of the balance (`count_entries.book`): a handing over is either before it, and in
//! what it says, or after it. The difference is the pieces less what the books said at the last entry, and it is
//! what is booked, whatever has come or gone since.
//!
//! The entries are their own log: who, when, how many, and who undid it. The steps go to the audit as well. Who counts
//! is a person of staff or a partner's program, which stands there under its key; deciding stays with people.

mod apart;
mod decide;
mod enter;
mod list;
mod open;
mod read;
mod submit;

use domain::{
    CountId, Fault, LocationId, StaffId,
    audit::{Act, ObjectKind},
    counts::{CountAct, CountState, Off},
    staff::Permission,
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    stockroom::{self, Room},
};

pub use crate::stockroom::{categories, places};
pub use decide::decide;
pub use enter::{enter, recount, undo};
pub use list::{enter_list, undo_list};
pub use open::open;
pub use read::{lines, list, show, waiting, whole};
pub use submit::{cancel, submit};

const NO_COUNT: Fault = Fault::NotFound("这次盘点");

/// A count locked for what is done to it.
struct Count {
    id: CountId,
    room: Room,
    state: CountState,
    /// A person of staff, or a program's key; so is whoever submitted it.
    opened_by: Uuid,
    submitted_by: Option<Uuid>,
    above: bool,
}

impl Count {
    fn not_now(&self, what: &str) -> Fault {
        Fault::conflict("not_now", format!("这次盘点{}，不能再{what}", self.state.label()))
    }
}

/// A count as it lies in its table.
struct Row {
    location_id: Uuid,
    place: String,
    state: String,
    opened_by: Uuid,
    submitted_by: Option<Uuid>,
    above: bool,
}

impl Row {
    fn count(self, id: CountId) -> Result<Count, Fault> {
        let location = LocationId(self.location_id);
        let store = (self.place == "store").then(|| stockroom::as_store(location));
        let state =
            CountState::from_code(&self.state).ok_or_else(|| Fault::Internal(format!("state {}", self.state)))?;
        let (opened_by, submitted_by, above) = (self.opened_by, self.submitted_by, self.above);
        Ok(Count { id, room: Room { id: location, store }, state, opened_by, submitted_by, above })
    }
}

/// Locks a count; nothing else happens to it until the transaction ends.
async fn lock(tx: &mut PgConnection, id: CountId) -> Result<Count, Fault> {
    let row = sqlx::query_as!(
        Row,
        r#"select c.location_id, l.kind as place, c.state, coalesce(c.opened_by, c.opened_by_key) as "opened_by!",
                  coalesce(c.submitted_by, c.submitted_by_key) as "submitted_by?", c.above
           from counts c join locations l on l.id = c.location_id where c.id = $1 for update of c"#,
        id.0,
    );
    row.fetch_optional(tx).await.or_fault()?.ok_or(NO_COUNT)?.count(id)
}

/// Holds a count as it is while something is entered: others may enter at the same time, but nobody hands it in.
///
/// Faults: `NotFound`, also for another place's; `Forbidden`.
async fn hold(tx: &mut PgConnection, scope: &Scope, id: CountId) -> Result<Count, Fault> {
    scope.reach(Permission::CountStock)?;
    let row = sqlx::query_as!(
        Row,
        r#"select c.location_id, l.kind as place, c.state, coalesce(c.opened_by, c.opened_by_key) as "opened_by!",
                  coalesce(c.submitted_by, c.submitted_by_key) as "submitted_by?", c.above
           from counts c join locations l on l.id = c.location_id where c.id = $1 for share of c"#,
        id.0,
    );
    let count = row.fetch_optional(tx).await.or_fault()?.ok_or(NO_COUNT)?.count(id)?;
    works_on(scope, count.room.id)?;
    Ok(count)
}

/// Whoever asks counts at this place; to others its counts are not there.
fn works_on(scope: &Scope, location: LocationId) -> Result<(), Fault> {
    match stockroom::works_at(scope, location) {
        Ok(_) => Ok(()),
        Err(Fault::NotFound(_)) => Err(NO_COUNT),
        Err(fault) => Err(fault),
    }
}

/// A step somebody takes.
struct Step<'a> {
    act: CountAct,
    in_place_of: Option<StaffId>,
    note: &'a str,
    /// How far off the count is, where that is known.
    off: Option<Off>,
}

impl Step<'_> {
    fn plain(act: CountAct) -> Self {
        Self { act, in_place_of: None, note: "", off: None }
    }
}

/// Applies the transition table to a locked count, and records who did it, in whose place and why.
///
/// Faults: `Conflict` (`not_now`) where the table does not allow it.
async fn advance(tx: &mut PgConnection, scope: &Scope, count: &Count, step: Step<'_>) -> Result<CountState, Fault> {
    let next = count.state.after(step.act).ok_or_else(|| count.not_now(step.act.label()))?;
    sqlx::query!("update counts set state = $2 where id = $1", count.id.0, next.code())
        .execute(&mut *tx)
        .await
        .or_fault()?;
    record(tx, scope, count, next, &step).await?;
    Ok(next)
}

async fn record(
    tx: &mut PgConnection,
    scope: &Scope,
    count: &Count,
    next: CountState,
    step: &Step<'_>,
) -> Result<(), Fault> {
    let actor = scope.actor();
    sqlx::query!(
        "insert into count_steps (count_id, step, act, state, at, staff_id, api_key_id, in_place_of, note)
         select $1, coalesce(max(step), 0) + 1, $2, $3, $4, $5, $6, $7, $8 from count_steps where count_id = $1",
        count.id.0,
        step.act.code(),
        next.code(),
        scope.now,
        actor.staff,
        actor.key,
        step.in_place_of.map(|person| person.0),
        step.note,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let before = if step.act == CountAct::Open { json!(null) } else { json!({ "state": count.state }) };
    let change = Change {
        act: Act::on_count(step.act),
        object: ObjectKind::Count,
        object_id: count.id.0,
        store_id: count.room.store.map(|store| store.0),
        before,
        after: json!({ "state": next, "off": step.off, "in_place_of": step.in_place_of }),
        reason: step.note,
    };
    audit::record(tx, scope, change).await
}
