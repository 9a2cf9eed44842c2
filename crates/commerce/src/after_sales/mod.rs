//! After-sales (D4): what shoppers ask for once the goods were handed over.
//!
//! - `sold`: an order's lines, what of them is left, and on what terms
//! - `request`: what can be asked for, what it comes to, and asking
//! - `decide`: the store, the appeal, head office, and what runs out of time
//! - `receive`: goods come back at any store, by their code, or are turned away there
//! - `take_in`: what came of them is counted and booked
//! - `money`: how much of an order's money is left to go back
//! - `refund`: what head office pays back without anybody asking
//! - `returned`: parcels that came back to whoever sent them
//! - `post`: goods that come by post
//! - `send`: what is sent in exchange for them
//! - `proofs`: pictures by the shopper
//! - `store_proofs`: pictures of what came back, by the store and head office
//! - `terms`: how long what may be asked for
//! - `read`: lists, one request, how many wait
//!
//! Locks are taken in one order: the member, the order, the request, then stock.

mod codes;
mod decide;
mod money;
mod post;
mod proofs;
mod read;
mod receive;
mod refund;
mod request;
mod returned;
mod send;
mod sold;
mod store_proofs;
mod take_in;
mod terms;

use chrono::{DateTime, Duration, Utc};
use domain::{
    AfterSalesId, Fault, Fen, OrderId, StoreId,
    after_sales::{AfterSalesAct, AfterSalesKind, AfterSalesState},
    audit::{Act, ObjectKind},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) use decide::due;
pub use decide::{appeal, arbitrate, decide, withdraw};
pub use post::{arrive, post, refuse_arrived, return_address, set_return_address};
pub use proofs::{PROOFS_MOST, add as add_proof, may as may_add_proof};
pub use read::{counts, list, mine, show, show_for_staff};
pub use receive::{find, receive, turn_away};
pub(crate) use refund::refund_in;
pub use refund::{refund, refundable};
pub(crate) use request::has_room;
pub use request::{options, quote, request};
pub(crate) use returned::{CameBack, pay_back, worth};
pub(crate) use sold::keep_member;
pub use store_proofs::{add as add_store_proof, may as may_add_store_proof};
pub(crate) use store_proofs::{may_see as may_see_store_proof, must_handle};
pub use terms::{book as terms, reset as reset_terms, set as set_terms};

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    jobs,
    payments::{self, GiveBack},
    scope::Actor,
};

/// How long the store may take to decide; then head office does.
const DECIDE_WITHIN: Duration = Duration::days(3);
/// How long the goods may take to come.
const BRING_WITHIN: Duration = Duration::days(14);
/// How long a refusal may be taken to head office.
const APPEAL_WITHIN: Duration = Duration::days(7);

fn not_found() -> Fault {
    Fault::NotFound("这张售后单")
}

/// A request locked for a step.
struct Request {
    id: AfterSalesId,
    order: OrderId,
    order_number: String,
    member: Uuid,
    store: StoreId,
    kind: AfterSalesKind,
    state: AfterSalesState,
    refund: Fen,
    code: Option<String>,
    received_at: Option<StoreId>,
    due_at: Option<DateTime<Utc>>,
    /// The shopper has sent the goods.
    posted: bool,
    /// They lie at the store that sold, of an exchange.
    arrived: bool,
}

/// Locks a request, its order first; nothing else happens to it until the transaction ends.
async fn lock(tx: &mut PgConnection, id: AfterSalesId) -> Result<Request, Fault> {
    let order = sqlx::query_scalar!("select order_id from after_sales where id = $1", id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or_else(not_found)?;
    sqlx::query!("select id from orders where id = $1 for update", order).fetch_optional(&mut *tx).await.or_fault()?;
    let row = sqlx::query!(
        r#"select order_number, member_id, store_id, kind, state, refund_fen, code, received_store_id, due_at,
                  exists (select from after_sales_parcels p where p.after_sales_id = a.id) as "posted!",
                  exists (select from after_sales_parcels p where p.after_sales_id = a.id and p.arrived_at is not null) as "arrived!"
           from after_sales a where id = $1 for update"#,
        id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .ok_or_else(not_found)?;
    let unread = || Fault::Internal(format!("after-sales {} {}", row.kind, row.state));
    Ok(Request {
        id,
        order: OrderId(order),
        member: row.member_id,
        store: StoreId(row.store_id),
        kind: AfterSalesKind::from_code(&row.kind).ok_or_else(unread)?,
        state: AfterSalesState::from_code(&row.state).ok_or_else(unread)?,
        refund: Fen(row.refund_fen),
        code: row.code,
        received_at: row.received_store_id.map(StoreId),
        due_at: row.due_at,
        order_number: row.order_number,
        posted: row.posted,
        arrived: row.arrived,
    })
}

/// Applies the transition table to a locked request, and records who did it and why.
///
/// Faults: `Conflict` (`not_now`) where the table does not allow it.
async fn advance(
    tx: &mut PgConnection,
    scope: &Scope,
    request: &mut Request,
    act: AfterSalesAct,
    note: &str,
) -> Result<(), Fault> {
    let not_now = || Fault::conflict("not_now", format!("这张售后单{}，不能再{}", request.state.label(), act.label()));
    let next = request.state.after(request.kind, act).ok_or_else(not_now)?;
    let wait = match (next, act) {
        (AfterSalesState::Agreed, AfterSalesAct::Post) => Some(post::ARRIVE_WITHIN),
        (AfterSalesState::Agreed, _) if request.kind.brings_goods() => Some(BRING_WITHIN),
        _ => None,
    };
    let due_at = wait.map(|wait| scope.now + wait);
    sqlx::query!("update after_sales set state = $2, due_at = $3 where id = $1", request.id.0, next.code(), due_at,)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    write_step(tx, scope, request.id, (act, next), note).await?;
    jobs::unschedule(tx, [(jobs::Kind::AfterSalesDue, request.id.0)]).await?;
    if let Some(at) = due_at {
        jobs::schedule(tx, jobs::Kind::AfterSalesDue, request.id.0, at).await?;
    }
    let before = request.state;
    (request.state, request.due_at) = (next, due_at);
    let Some(act) = Act::on_after_sales(act) else { return Ok(()) };
    let change = Change {
        act,
        object: ObjectKind::AfterSales,
        object_id: request.id.0,
        store_id: Some(request.received_at.unwrap_or(request.store).0),
        before: json!({ "state": before }),
        after: json!({ "state": next, "refund_fen": request.refund }),
        reason: note,
    };
    audit::record(tx, scope, change).await
}

async fn write_step(
    tx: &mut PgConnection,
    scope: &Scope,
    id: AfterSalesId,
    (act, state): (AfterSalesAct, AfterSalesState),
    note: &str,
) -> Result<(), Fault> {
    let Actor { member, staff, key } = scope.actor();
    sqlx::query!(
        "insert into after_sales_steps (after_sales_id, step, act, state, at, member_id, staff_id, api_key_id, note)
         select $1, coalesce(max(step), 0) + 1, $2, $3, $4, $5, $6, $7, $8 from after_sales_steps where after_sales_id = $1",
        id.0,
        act.code(),
        state.code(),
        scope.now,
        member,
        staff,
        key,
        note,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tell_pages(tx, id).await
}

/// Open pages of the shopper, of the store that sold and of the one that took the goods look again.
async fn tell_pages(tx: &mut PgConnection, id: AfterSalesId) -> Result<(), Fault> {
    sqlx::query!(
        "insert into outbox (topic, store_id, order_id)
         select 'order', s.store_id, a.order_id from after_sales a
         cross join lateral (select a.store_id union select a.received_store_id) s (store_id)
         where a.id = $1 and s.store_id is not null",
        id.0,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Ends a request: the store that sold gives the revenue back, and the money goes its way, with what of it is beside the
/// lines; in an exchange only what is left over.
async fn settle(tx: &mut PgConnection, scope: &Scope, request: &mut Request) -> Result<(), Fault> {
    let act = match request.kind {
        AfterSalesKind::Exchange => AfterSalesAct::Exchange,
        AfterSalesKind::RefundOnly | AfterSalesKind::Return => AfterSalesAct::Refund,
    };
    advance(tx, scope, request, act, "").await?;
    if request.refund == Fen::ZERO {
        return Ok(());
    }
    let reason = format!("{} {}", request.kind.label(), request.order_number);
    let back = GiveBack {
        after_sales: request.id,
        order: request.order,
        store: request.store,
        amount: request.refund,
        reason: &reason,
    };
    payments::give_back(tx, scope, back).await
}
