//! A job does what a batch says, in the name of whoever started it.

use chrono::Duration;
use domain::{Fault, OrderBatchId, OrderId, StaffId, order_batches::Outcome};
use sqlx::PgConnection;

use super::{Spoken, Tried, Work, attempt, lock, refusal_or};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
    keys, staff,
};

/// How many orders are worked on before other jobs have their turn.
const AT_A_TIME: i64 = 20;

/// Works on some orders of a batch; answers when to go on, where some are left.
pub(crate) async fn work(scope: &Scope, id: OrderBatchId) -> Result<Option<Duration>, Fault> {
    let mut tx = scope.house_begin().await?;
    let Some(batch) = lock(&mut tx, id).await?.filter(|batch| batch.started && !batch.ended) else { return Ok(None) };
    let in_name_of = match (batch.staff, batch.key) {
        (Some(person), _) => staff::in_name_of(&mut tx, scope, StaffId(person)).await,
        (None, Some(key)) => keys::in_name_of(scope, key).await,
        (None, None) => Err(Fault::Unauthenticated),
    };
    // What each order's transaction writes here must not wait for this one.
    drop(tx);
    let theirs = match in_name_of {
        Ok(theirs) => theirs,
        Err(Fault::Unauthenticated) => return refuse_rest(scope, id).await.map(|()| None),
        Err(fault) => return Err(fault),
    };
    let waiting = sqlx::query_scalar!(
        "select order_id from order_batch_lines where batch_id = $1 and outcome = 'waiting' order by place limit $2",
        id.0,
        AT_A_TIME,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    // What fails for a reason of ours is tried again by the job, and holds up none of the others.
    let mut failed = Ok(());
    for &order in &waiting {
        failed = failed.and(one(&theirs, id, &batch.work, OrderId(order)).await);
    }
    failed?;
    if waiting.len() == AT_A_TIME as usize {
        return Ok(Some(Duration::zero()));
    }
    sqlx::query!("update order_batches set ended_at = $2 where id = $1 and ended_at is null", id.0, scope.now)
        .execute(scope.pool())
        .await
        .or_fault()?;
    Ok(None)
}

/// Does the act with one order. What became of it stands in the act's own transaction.
async fn one(scope: &Scope, id: OrderBatchId, work: &Work, order: OrderId) -> Result<(), Fault> {
    let problem = match attempt(scope, work, order, &Spoken::new()).await {
        Ok((mut tx, to)) => {
            if note(&mut tx, scope, (id, order), Tried { to, problem: None }).await? {
                faults::commit(tx, scope, Deed::WorkOrderBatch).await?;
            }
            return Ok(());
        }
        Err(fault) => refusal_or(Err(fault))?.problem,
    };
    let mut tx = scope.begin().await?;
    note(&mut tx, scope, (id, order), Tried { to: None, problem }).await?;
    tx.commit().await.or_fault()
}

/// Writes what became of an order; `false` where another server has.
async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    (id, order): (OrderBatchId, OrderId),
    tried: Tried,
) -> Result<bool, Fault> {
    let outcome = if tried.problem.is_some() { Outcome::Refused } else { Outcome::Done };
    let noted = sqlx::query!(
        "update order_batch_lines set outcome = $3, problem = $4, to_store_id = $5, at = $6
         where batch_id = $1 and order_id = $2 and outcome = 'waiting'",
        id.0,
        order.0,
        outcome.code(),
        tried.problem,
        tried.to.map(|store| store.0),
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(noted.rows_affected() == 1)
}

/// Whoever started it may do nothing any more: what is left stays as it is.
async fn refuse_rest(scope: &Scope, id: OrderBatchId) -> Result<(), Fault> {
    sqlx::query!(
        "with rest as (
             update order_batch_lines set outcome = 'refused', problem = '发起人的账号已停用，没有处理', at = $2
             where batch_id = $1 and outcome = 'waiting'
         )
         update order_batches set ended_at = $2 where id = $1",
        id.0,
        scope.now,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    Ok(())
}
