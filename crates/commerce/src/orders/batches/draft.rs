//! Orders are put together, with what would happen to each; and started.

use chrono::Duration;
use domain::{
    Fault, OrderBatchId, OrderId,
    order_batches::{BATCH_MOST, BatchAct, BatchView, DraftBatch},
    orders::ListOrders,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Spoken, Tried, Work, attempt, must_do_some, own, refusal_or, show};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
    jobs,
    orders::{read, reroute},
    scope::Actor,
};

/// How long a batch waits that nobody starts.
const DRAFT_KEPT: Duration = Duration::days(1);

/// Puts orders together and says with which of them the act cannot be done, and why. Nothing is done to them. The same
/// draft again answers the same batch.
///
/// Faults: `Invalid` beside `reason` or `orders`; `Forbidden`; `NotFound` where none of them, or the store, is within
/// reach; `Conflict` (`key_reused`); `TooMany` past so many pickup codes that nobody has.
pub async fn draft(scope: &Scope, command: &DraftBatch) -> Result<BatchView, Fault> {
    let reason = command.checked()?.to_owned();
    let reach = scope.reach(command.act.needs())?;
    let to = command.store_id.filter(|_| command.act == BatchAct::Reroute);
    if to.is_some_and(|to| !reach.covers(to)) {
        return Err(Fault::NotFound("这家门店"));
    }
    let hash = hash_of(command);
    if known(scope, command.id, &hash).await? {
        return show(scope, command.id).await;
    }
    let orders = match &command.all {
        Some(filter) => read::newest(scope, &ListOrders::from(filter), BATCH_MOST).await?,
        None => within_reach(scope, command).await?,
    };
    if orders.is_empty() {
        return Err(Fault::NotFound("这些订单"));
    }
    let work = Work { act: command.act, to, reason };
    let tried = try_all(scope, &work, &orders).await?;
    if write(scope, command.id, &hash, &work, (&orders, tried)).await? {
        return show(scope, command.id).await;
    }
    // Another request with this id was faster.
    known(scope, command.id, &hash).await?;
    show(scope, command.id).await
}

/// What would come of each. They are tried one after the other and each taken back, so what those before it are to have
/// where they go is kept count of.
async fn try_all(scope: &Scope, work: &Work, orders: &[OrderId]) -> Result<Vec<Tried>, Fault> {
    let (mut tried, mut spoken) = (Vec::with_capacity(orders.len()), Spoken::new());
    for &order in orders {
        let attempted = match attempt(scope, work, order, &spoken).await {
            Ok((mut tx, to)) => {
                if let Some(to) = to {
                    for one in reroute::wanted(&mut tx, order).await? {
                        *spoken.entry((to, one.sku_id)).or_default() += one.quantity;
                    }
                }
                Ok(to)
            }
            Err(fault) => Err(fault),
        };
        tried.push(refusal_or(attempted)?);
    }
    Ok(tried)
}

fn hash_of(command: &DraftBatch) -> Vec<u8> {
    Sha256::digest(format!("{command:?}").as_bytes()).to_vec()
}

/// Whether this draft is there already.
///
/// Faults: `Conflict` (`key_reused`) where another has its id.
async fn known(scope: &Scope, id: OrderBatchId, hash: &[u8]) -> Result<bool, Fault> {
    let mut tx = scope.house_begin().await?;
    let Actor { staff, key, .. } = scope.actor();
    let found = sqlx::query!("select request_hash, staff_id, api_key_id from order_batches where id = $1", id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    match found {
        None => Ok(false),
        Some(row) if row.request_hash == hash && row.staff_id == staff && row.api_key_id == key => Ok(true),
        Some(_) => Err(Fault::conflict("key_reused", "这个页面已经提交过另一批订单，请刷新后再试")),
    }
}

/// Those orders that were named, once each.
///
/// Faults: `Invalid` beside `orders` where some are out of reach.
async fn within_reach(scope: &Scope, command: &DraftBatch) -> Result<Vec<OrderId>, Fault> {
    let reach = scope.reach_filter(command.act.needs())?;
    let mut asked: Vec<Uuid> = command.orders.iter().map(|id| id.0).collect();
    asked.sort_unstable();
    asked.dedup();
    let mut tx = scope.begin().await?;
    let found = sqlx::query_scalar!(
        "select id from orders where id = any($1) and ($2::uuid[] is null or store_id = any($2)) order by id desc",
        &asked,
        reach.as_deref(),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let missing = asked.len() - found.len();
    if missing > 0 && !found.is_empty() {
        let message = format!("有 {missing} 笔订单不存在，或不在您的管理范围内，请重新勾选");
        return Err(Fault::invalid("orders", message));
    }
    Ok(found.into_iter().map(OrderId).collect())
}

/// Writes a batch; `false` where there is one with its id.
async fn write(
    scope: &Scope,
    id: OrderBatchId,
    hash: &[u8],
    work: &Work,
    (orders, tried): (&[OrderId], Vec<Tried>),
) -> Result<bool, Fault> {
    let Actor { staff, key, .. } = scope.actor();
    let mut tx = scope.begin().await?;
    let written = sqlx::query!(
        "insert into order_batches (id, request_hash, act, to_store_id, reason, staff_id, api_key_id, drafted_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing",
        id.0,
        hash,
        work.act.code(),
        work.to.map(|store| store.0),
        work.reason,
        staff,
        key,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if written.rows_affected() == 0 {
        return Ok(false);
    }
    let orders: Vec<Uuid> = orders.iter().map(|order| order.0).collect();
    let (to, problems): (Vec<Option<Uuid>>, Vec<Option<String>>) =
        tried.into_iter().map(|one| (one.to.map(|store| store.0), one.problem)).unzip();
    sqlx::query!(
        "insert into order_batch_lines (batch_id, order_id, place, outcome, problem, to_store_id)
         select $1, l.order_id, l.place, 'waiting', l.problem, l.to_store_id
         from rows from (unnest($2::uuid[]), unnest($3::text[]), unnest($4::uuid[])) with ordinality
              as l (order_id, problem, to_store_id, place)",
        id.0,
        &orders,
        &problems as &[Option<String>],
        &to as &[Option<Uuid>],
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()?;
    Ok(true)
}

/// Starts a batch of one's own: a job does the act with each order that it could be done with when it was put together.
/// Doing it twice is doing it once.
///
/// Faults: `Forbidden`; `NotFound` for another's; `Conflict` (`nothing_to_do`) where it can be done with none.
pub async fn start(scope: &Scope, id: OrderBatchId) -> Result<(), Fault> {
    must_do_some(scope)?;
    let mut tx = scope.begin().await?;
    let batch = own(&mut tx, scope, id).await?;
    scope.reach(batch.work.act.needs())?;
    if batch.started {
        return Ok(());
    }
    sqlx::query!(
        "update order_batch_lines set outcome = 'refused', at = $2
         where batch_id = $1 and outcome = 'waiting' and problem is not null",
        id.0,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let waiting = sqlx::query_scalar!(
        r#"select exists (select from order_batch_lines where batch_id = $1 and outcome = 'waiting') as "waiting!""#,
        id.0,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    if !waiting {
        return Err(Fault::conflict("nothing_to_do", "这批订单里没有可以处理的，请看每一笔的原因"));
    }
    sqlx::query!("update order_batches set started_at = $2 where id = $1", id.0, scope.now)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    jobs::schedule(&mut tx, jobs::Kind::WorkOrderBatch, id.0, scope.now).await?;
    faults::commit(tx, scope, Deed::StartOrderBatch).await
}

/// Forgets what nobody started.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    sqlx::query!("delete from order_batches where started_at is null and drafted_at < $1", scope.now - DRAFT_KEPT,)
        .execute(scope.pool())
        .await
        .or_fault()?;
    Ok(())
}
