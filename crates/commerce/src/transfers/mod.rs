//! Goods that go from one store or warehouse to another (K3).
//!
//! - `request`: asking for goods, taking that back
//! - `decide`: the sender's side agrees, turns down, or does not send after all
//! - `ship`: the goods leave
//! - `arrive`: receiving, in parts too, and accounting for what did not arrive
//! - `read`: lists, one transfer, how many wait
//! - `rights`: who may do which of it
//!
//! A transfer is locked before the stock that it moves. Pieces on the way are in nobody's balance: they are what its
//! lines say was shipped and has neither arrived nor been accounted for.

mod arrive;
mod decide;
mod listed;
mod read;
mod request;
mod rights;
mod ship;

use domain::{
    Fault, LocationId, SkuId, TransferId,
    audit::{Act, ObjectKind},
    purchasing::MilliFen,
    stock_lists::DocumentKind,
    transfers::{Location, LocationKind, Pieces, TransferAct, TransferState},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    stock,
};

pub use arrive::{receive, receive_rest, settle};
pub use decide::{cancel, decide};
pub use listed::of_list;
pub use read::{list, show, waiting, whole_list};
pub(crate) use request::{Asking, write};
pub use request::{request, withdraw};
pub(crate) use rights::{Rights, seen};
pub use ship::ship;

/// A store or warehouse with what decides who may send it goods.
pub(crate) struct Place {
    pub location: Location,
    /// The merchant whose store it is.
    pub merchant: Option<Uuid>,
    pub closed: bool,
}

/// The places with these identities, in their order.
///
/// Faults: `NotFound` where there is none.
pub(crate) async fn places<const MANY: usize>(
    tx: &mut PgConnection,
    ids: [LocationId; MANY],
) -> Result<[Place; MANY], Fault> {
    let keys: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select p.id as "id!", p.kind as "kind!", p.code as "code!", p.name as "name!", p.merchant_id,
                  p.closed as "closed!"
           from unnest($1::uuid[]) with ordinality a (id, place) join stock_places p on p.id = a.id order by a.place"#,
        &keys,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let place = rows.into_iter().map(|row| Place {
        location: location(row.id, &row.kind, row.code, row.name),
        merchant: row.merchant_id,
        closed: row.closed,
    });
    place.collect::<Vec<Place>>().try_into().map_err(|_| Fault::NotFound("这处门店或仓库"))
}

pub(crate) fn location(id: Uuid, kind: &str, code: String, name: String) -> Location {
    Location { id: LocationId(id), kind: LocationKind::from_code(kind).unwrap_or(LocationKind::Store), code, name }
}

/// As people say a transfer's number.
pub(crate) fn number_text(number: i64) -> String {
    DocumentKind::Transfer.said(number)
}

/// A transfer locked for a step.
struct Transfer {
    id: TransferId,
    from: Location,
    to: Location,
    state: TransferState,
    reason: String,
    lines: Vec<Line>,
}

/// One of its lines.
struct Line {
    sku: SkuId,
    requested: i64,
    approved: Option<i64>,
    shipped: Option<i64>,
    received: Option<i64>,
    lost: i64,
    returned: i64,
    on_the_way: i64,
    /// What the sender's pieces cost when they left.
    cost: Option<MilliFen>,
}

impl Transfer {
    fn line(&self, sku: SkuId) -> Option<&Line> {
        self.lines.iter().find(|line| line.sku == sku)
    }

    /// So many pieces of each variant as `of` says.
    fn pieces(&self, of: impl Fn(&Line) -> i64) -> Vec<Pieces> {
        self.lines.iter().map(|line| Pieces { sku_id: line.sku, quantity: of(line) }).collect()
    }
}

fn not_found() -> Fault {
    Fault::NotFound("这张调拨单")
}

/// Locks a transfer that whoever asks sees, for something that they may do with it; nothing else happens to it until
/// the transaction ends.
///
/// Faults: `NotFound` for one that does not concern them; `Forbidden` for what is the other side's.
async fn lock_for(tx: &mut PgConnection, scope: &Scope, id: TransferId, act: TransferAct) -> Result<Transfer, Fault> {
    let rights = Rights::of(scope)?;
    let transfer = lock(tx, id).await?;
    if !rights.sees(&transfer.from, &transfer.to) {
        return Err(not_found());
    }
    if rights.may(act, &transfer.from, &transfer.to) { Ok(transfer) } else { Err(Fault::Forbidden) }
}

async fn lock(tx: &mut PgConnection, id: TransferId) -> Result<Transfer, Fault> {
    let row = sqlx::query!("select from_id, to_id, state, reason from stock_transfers where id = $1 for update", id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or_else(not_found)?;
    let state = TransferState::from_code(&row.state).ok_or_else(|| Fault::Internal(format!("state {}", row.state)))?;
    let [from, to] = places(tx, [LocationId(row.from_id), LocationId(row.to_id)]).await?;
    let lines = sqlx::query!(
        r#"select sku_id, requested, approved, shipped, received, lost, returned, on_the_way as "on_the_way!", cost_milli_fen
           from stock_transfer_lines where transfer_id = $1 order by sku_id"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let line = lines.into_iter().map(|row| Line {
        sku: SkuId(row.sku_id),
        requested: row.requested,
        approved: row.approved,
        shipped: row.shipped,
        received: row.received,
        lost: row.lost,
        returned: row.returned,
        on_the_way: row.on_the_way,
        cost: row.cost_milli_fen.map(MilliFen),
    });
    let lines = line.collect();
    Ok(Transfer { id, from: from.location, to: to.location, state, reason: row.reason, lines })
}

/// Applies the transition table to a locked transfer, and records who did it and why.
///
/// Faults: `Conflict` (`not_now`) where the table does not allow it.
async fn advance(
    tx: &mut PgConnection,
    scope: &Scope,
    transfer: &Transfer,
    act: TransferAct,
    note: &str,
    pieces: i64,
) -> Result<(), Fault> {
    let not_now = || Fault::conflict("not_now", format!("这张调拨单{}，不能再{}", transfer.state.label(), act.label()));
    let next = transfer.state.after(act).ok_or_else(not_now)?;
    sqlx::query!("update stock_transfers set state = $2 where id = $1", transfer.id.0, next.code())
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let step = Step { act, state: next, note };
    let before = json!({ "state": transfer.state });
    let said = if note.is_empty() { transfer.reason.as_str() } else { note };
    write_step(tx, scope, transfer.id, &step).await?;
    tell(tx, scope, transfer.id, (&transfer.from, &transfer.to), &step, (before, pieces), said).await
}

/// A step somebody takes, and where it led.
struct Step<'a> {
    act: TransferAct,
    state: TransferState,
    note: &'a str,
}

async fn write_step(tx: &mut PgConnection, scope: &Scope, id: TransferId, step: &Step<'_>) -> Result<(), Fault> {
    let actor = scope.actor();
    sqlx::query!(
        "insert into stock_transfer_steps (transfer_id, step, act, state, at, staff_id, api_key_id, note)
         select $1, coalesce(max(step), 0) + 1, $2, $3, $4, $5, $6, $7 from stock_transfer_steps where transfer_id = $1",
        id.0,
        step.act.code(),
        step.state.code(),
        scope.now,
        actor.staff,
        actor.key,
        step.note,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Writes a step to the log, where the people of the store find it that took it.
async fn tell(
    tx: &mut PgConnection,
    scope: &Scope,
    id: TransferId,
    (from, to): (&Location, &Location),
    step: &Step<'_>,
    (before, pieces): (serde_json::Value, i64),
    reason: &str,
) -> Result<(), Fault> {
    use TransferAct::{Allocate, Receive, ReceiveRest, Request, Withdraw};
    let (one, other) = match step.act {
        Request | Withdraw | Receive | ReceiveRest | Allocate => (to, from),
        _ => (from, to),
    };
    let change = Change {
        act: Act::on_transfer(step.act),
        object: ObjectKind::Transfer,
        object_id: id.0,
        store_id: one.store().or(other.store()).map(|store| store.0),
        before,
        after: json!({ "state": step.state, "pieces": pieces, "from": from.name, "to": to.name }),
        reason,
    };
    audit::record(tx, scope, change).await
}

/// So many pieces of each variant as stock books them; none of those of which there are none.
fn booked(pieces: &[Pieces]) -> Vec<stock::Pieces> {
    let some = pieces.iter().filter(|one| one.quantity > 0);
    some.map(|one| stock::Pieces { sku: one.sku_id.0, quantity: one.quantity }).collect()
}

fn sum(pieces: &[Pieces]) -> i64 {
    pieces.iter().map(|one| one.quantity).sum()
}

/// Variants and numbers as a query takes them.
fn columns(pieces: &[Pieces]) -> (Vec<Uuid>, Vec<i64>) {
    pieces.iter().map(|one| (one.sku_id.0, one.quantity)).unzip()
}
