//! Several orders that head office does one thing with (D8): put together, shown with what would happen, and worked on
//! by a job in the name of whoever started it.
//!
//! What would happen is found out by doing it and taking it back, so a preview and the act cannot disagree on a rule.
//!
//! - `draft`: orders are put together and started
//! - `work`: a job does the act with each
//! - `read`: what whoever put them together sees

mod draft;
mod read;
mod work;

use std::collections::HashMap;

use domain::{
    AfterSalesId, Fault, OrderBatchId, OrderId, SkuId, StoreId,
    after_sales::RefundOrder,
    order_batches::BatchAct,
    order_centre::{Annotate, CallOff, Reroute},
};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

pub(crate) use draft::sweep;
pub use draft::{draft, start};
pub use read::{list, show};
pub(crate) use work::work;

use super::{centre, reroute};
use crate::{Scope, after_sales, database::OrFault, house::new_id, memory, scope::Actor};

fn not_found() -> Fault {
    Fault::NotFound("这批订单")
}

/// What is done with each order.
struct Work {
    act: BatchAct,
    to: Option<StoreId>,
    reason: String,
}

/// What orders of a batch are to have where they go.
type Spoken = HashMap<(StoreId, SkuId), i64>;

/// Does the act with one order, and leaves it to the caller to commit; answers where the order goes. What is spoken for by
/// others of its batch is not there for it.
///
/// Faults: those of the act; `Conflict` (`so_already`) where nothing is to be done with it.
async fn attempt(
    scope: &Scope,
    work: &Work,
    id: OrderId,
    spoken: &Spoken,
) -> Result<(Transaction<'static, Postgres>, Option<StoreId>), Fault> {
    let reason = work.reason.clone();
    if work.act == BatchAct::Reroute {
        let stores = memory::stores(scope).await?;
        let store_id = match work.to {
            Some(to) => to,
            None => reroute::by_rule_beside(scope, &stores, id, spoken).await?,
        };
        let mut tx = scope.begin().await?;
        if !reroute::reroute_in(&mut tx, scope, &stores, id, &Reroute { store_id, reason }).await? {
            return Err(Fault::conflict("so_already", "订单已由这家门店服务，不用处理"));
        }
        reroute::must_leave(&mut tx, (id, store_id), spoken).await?;
        return Ok((tx, Some(store_id)));
    }
    let mut tx = scope.begin().await?;
    let done = &mut tx;
    match work.act {
        BatchAct::Annotate => centre::annotate_in(done, scope, id, &Annotate { id: new_id(), text: reason }).await,
        BatchAct::CallOff => match centre::call_off_in(done, scope, id, &CallOff { reason }).await? {
            true => Ok(()),
            false => Err(Fault::conflict("so_already", "订单已经取消，不用处理")),
        },
        BatchAct::Refund => {
            let all = RefundOrder::of_pieces(AfterSalesId(new_id()), Vec::new(), reason);
            after_sales::refund_in(done, scope, id, &all).await
        }
        // Done above.
        BatchAct::Reroute => Ok(()),
    }?;
    Ok((tx, None))
}

/// Where an order goes, or why not; what is no refusal stays a fault.
fn refusal_or(tried: Result<Option<StoreId>, Fault>) -> Result<Tried, Fault> {
    match tried {
        Ok(to) => Ok(Tried { to, problem: None }),
        Err(fault @ (Fault::Internal(_) | Fault::Upstream { .. } | Fault::TooMany { .. })) => Err(fault),
        Err(refusal) => Ok(Tried { to: None, problem: Some(refusal.message()) }),
    }
}

/// What came of an attempt.
struct Tried {
    to: Option<StoreId>,
    problem: Option<String>,
}

/// A batch, locked.
struct Batch {
    work: Work,
    staff: Option<Uuid>,
    key: Option<Uuid>,
    started: bool,
    ended: bool,
}

async fn lock(tx: &mut PgConnection, id: OrderBatchId) -> Result<Option<Batch>, Fault> {
    let row = sqlx::query!(
        r#"select act, to_store_id, reason, staff_id, api_key_id, started_at is not null as "started!",
                  ended_at is not null as "ended!"
           from order_batches where id = $1 for update"#,
        id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    row.map(|row| {
        let act = BatchAct::from_code(&row.act).ok_or_else(|| Fault::Internal(format!("act {}", row.act)))?;
        let work = Work { act, to: row.to_store_id.map(StoreId), reason: row.reason };
        Ok(Batch { work, staff: row.staff_id, key: row.api_key_id, started: row.started, ended: row.ended })
    })
    .transpose()
}

/// Locks a batch of whoever asks.
async fn own(tx: &mut PgConnection, scope: &Scope, id: OrderBatchId) -> Result<Batch, Fault> {
    let Actor { staff, key, .. } = scope.actor();
    let batch = lock(tx, id).await?.ok_or_else(not_found)?;
    if (batch.staff, batch.key) == (staff, key) { Ok(batch) } else { Err(not_found()) }
}

/// Refuses who may do none of the acts.
fn must_do_some(scope: &Scope) -> Result<(), Fault> {
    let permissions = BatchAct::ALL.iter().map(|act| scope.reach(act.needs()).map(drop));
    permissions.reduce(Result::or).unwrap_or(Err(Fault::Forbidden))
}
