//! What is broken, expired, stolen or given away 报损 (K4): a report, a decision, the movement.
//!
//! - `report`: reporting, with pictures, and taking back
//! - `list`: several at once, as a file brings them
//! - `decide`: agreeing, which books it, and turning down
//! - `read`: lists, one report, figures, how many wait
//!
//! Who reports is a person of staff or a partner's program, which stands there under its key; deciding stays with
//! people.

mod decide;
mod list;
mod read;
mod report;

use domain::{
    Fault, LocationId, LossId, SkuId, StaffId,
    audit::{Act, ObjectKind},
    losses::{LossAct, LossState},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    stock::{self, Cause, Document, Pieces, batches},
    stockroom::{self, Room},
};

pub use decide::decide;
pub use list::{of_list, report_list};
pub(crate) use read::may_see_photo;
pub use read::{figures, goods, list, show, subjects, waiting};
pub use report::{add_photo, may_add_photos, report, withdraw};

const NO_LOSS: Fault = Fault::NotFound("这份报损");

/// A report locked for a step.
struct Loss {
    id: LossId,
    room: Room,
    sku: SkuId,
    quantity: i64,
    batch: Option<Uuid>,
    state: LossState,
    above: bool,
    /// A person of staff, or a program's key.
    reported_by: Uuid,
}

/// Locks a report; nothing else happens to it until the transaction ends.
async fn lock(tx: &mut PgConnection, id: LossId) -> Result<Loss, Fault> {
    let row = sqlx::query!(
        r#"select l.location_id, p.kind as place, l.sku_id, l.quantity, l.batch_id, l.state, l.above,
                  coalesce(l.reported_by, l.reported_by_key) as "reported_by!"
           from losses l join locations p on p.id = l.location_id where l.id = $1 for update of l"#,
        id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .ok_or(NO_LOSS)?;
    let location = LocationId(row.location_id);
    let state = LossState::from_code(&row.state).ok_or_else(|| Fault::Internal(format!("state {}", row.state)))?;
    Ok(Loss {
        id,
        room: Room { id: location, store: (row.place == "store").then(|| stockroom::as_store(location)) },
        sku: SkuId(row.sku_id),
        quantity: row.quantity,
        batch: row.batch_id,
        state,
        above: row.above,
        reported_by: row.reported_by,
    })
}

/// How many pieces the books say there are at a place; nobody changes it until the transaction ends.
async fn lock_on_hand(tx: &mut PgConnection, location: LocationId, sku: SkuId) -> Result<i64, Fault> {
    sqlx::query_scalar!(
        "select on_hand from stock where location_id = $1 and sku_id = $2 for update",
        location.0,
        sku.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()
}

/// Applies the transition table to a locked report, and books the loss where it is agreed to.
///
/// Faults: `Conflict`: `not_now` where the table does not allow it, `not_there` for more than the books have by now,
/// which may be since somebody else reported the same pieces.
async fn advance(
    tx: &mut PgConnection,
    scope: &Scope,
    loss: &Loss,
    act: LossAct,
    (in_place_of, note): (Option<StaffId>, &str),
) -> Result<(), Fault> {
    let not_now = || Fault::conflict("not_now", format!("这份报损{}，不能再{}", loss.state.label(), act.label()));
    let next = loss.state.after(act).ok_or_else(not_now)?;
    if next == LossState::Approved {
        let on_hand = lock_on_hand(tx, loss.room.id, loss.sku).await?;
        if loss.quantity > on_hand {
            let message = format!(
                "账面只有 {on_hand} 件，不够报损 {} 件；同一批货可能已经报过，请核对后驳回，或先盘点",
                loss.quantity
            );
            return Err(Fault::conflict("not_there", message));
        }
    }
    let actor = scope.actor();
    sqlx::query!(
        "update losses set state = $2, decided_by = $3, decided_by_key = $4, in_place_of = $5, decided_at = $6, note = $7
         where id = $1",
        loss.id.0,
        next.code(),
        actor.staff,
        actor.key,
        in_place_of.map(|person| person.0),
        scope.now,
        note,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if next == LossState::Approved {
        if let Some(batch) = loss.batch {
            let place = (loss.room.id.0, loss.id.0);
            batches::lose(tx, scope, place, (loss.sku.0, batch, loss.quantity)).await?;
        }
        let gone = [Pieces { sku: loss.sku.0, quantity: -loss.quantity }];
        stock::book(tx, scope, loss.room.id.0, Document { cause: Cause::Loss, id: Some(loss.id.0) }, &gone).await?;
    }
    let change = Change {
        act: Act::on_loss(act),
        object: ObjectKind::Loss,
        object_id: loss.id.0,
        store_id: loss.room.store.map(|store| store.0),
        before: json!({ "state": loss.state }),
        after: json!({ "state": next, "quantity": loss.quantity, "in_place_of": in_place_of }),
        reason: note,
    };
    audit::record(tx, scope, change).await
}
