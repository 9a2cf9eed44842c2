//! Several orders that head office does one thing with (D8): put together, shown with what would happen, and worked on
//! by a job in the name of whoever started it.
//!
//! What would happen is found out by doing it and taking it back, so a preview and the act cannot disagree on a rule.

use chrono::{DateTime, Duration};
use domain::{
    AfterSalesId, Fault, OrderBatchId, OrderId, StaffId, StoreId,
    after_sales::RefundOrder,
    order_batches::{BATCH_MOST, BatchAct, BatchCard, BatchLine, BatchState, BatchView, DraftBatch, Outcome},
    order_centre::{Annotate, CallOff, Reroute},
    orders::{ListOrders, OrderAct, OrderState},
};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::{centre, read, reroute, steps};
use crate::{
    Scope, after_sales,
    database::OrFault,
    faults::{self, Deed},
    house::new_id,
    jobs, keys, memory,
    scope::Actor,
    staff,
};

/// How many orders are worked on before other jobs have their turn.
const AT_A_TIME: i64 = 20;
/// How long a batch waits that nobody starts.
const DRAFT_KEPT: Duration = Duration::days(1);
/// How many batches a list has.
const LIST_MOST: i64 = 50;

fn not_found() -> Fault {
    Fault::NotFound("这批订单")
}

/// What is done with each order.
struct Work {
    act: BatchAct,
    to: Option<StoreId>,
    reason: String,
}

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
    let mut tried = Vec::with_capacity(orders.len());
    for &order in &orders {
        tried.push(refusal_or(attempt(scope, &work, order).await.map(|(_, to)| to))?);
    }
    if write(scope, command.id, &hash, &work, (&orders, tried)).await? {
        return show(scope, command.id).await;
    }
    // Another request with this id was faster.
    known(scope, command.id, &hash).await?;
    show(scope, command.id).await
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

/// Does the act with one order, and leaves it to the caller to commit; answers where the order goes.
///
/// Faults: those of the act.
async fn attempt(
    scope: &Scope,
    work: &Work,
    id: OrderId,
) -> Result<(Transaction<'static, Postgres>, Option<StoreId>), Fault> {
    let reason = work.reason.clone();
    if work.act == BatchAct::Reroute {
        let stores = memory::stores(scope).await?;
        let store_id = match work.to {
            Some(to) => to,
            None => reroute::by_rule(scope, &stores, id).await?,
        };
        let mut tx = scope.begin().await?;
        reroute::reroute_in(&mut tx, scope, &stores, id, &Reroute { store_id, reason }).await?;
        return Ok((tx, Some(store_id)));
    }
    let mut tx = scope.begin().await?;
    match work.act {
        BatchAct::Annotate => {
            centre::annotate_in(&mut tx, scope, id, &Annotate { id: new_id(), text: reason }).await?;
        }
        BatchAct::CallOff => centre::call_off_in(&mut tx, scope, id, &CallOff { reason }).await?,
        BatchAct::Refund => {
            let all = RefundOrder { id: AfterSalesId(new_id()), lines: Vec::new(), reason };
            after_sales::refund_in(&mut tx, scope, id, &all).await?;
        }
        BatchAct::Reroute => return Err(Fault::Internal("a re-route was not tried as one".into())),
    }
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
    tx.commit().await.or_fault()
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
    for &order in &waiting {
        one(&theirs, id, &batch.work, OrderId(order)).await?;
    }
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
    let problem = match attempt(scope, work, order).await {
        Ok((mut tx, to)) => {
            if note(&mut tx, scope, (id, order), Tried { to, problem: None }).await? {
                commit(tx, scope, work.act).await?;
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

/// Makes an act durable, past the places at which it may be cut off when it is done by itself.
async fn commit(tx: Transaction<'static, Postgres>, scope: &Scope, act: BatchAct) -> Result<(), Fault> {
    match act {
        BatchAct::Annotate => tx.commit().await.or_fault(),
        BatchAct::Reroute => steps::commit(tx, scope, OrderAct::Reroute).await,
        BatchAct::CallOff => steps::commit(tx, scope, OrderAct::CallOff).await,
        BatchAct::Refund => faults::commit(tx, scope, Deed::DecideReturn).await,
    }
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

/// What every list of batches reads.
struct Row {
    id: Uuid,
    act: String,
    store_name: Option<String>,
    reason: String,
    drafted_at: DateTime<chrono::Utc>,
    started: bool,
    ended: bool,
    total: i64,
    done: i64,
    refused: i64,
}

impl Row {
    fn card(self) -> Result<BatchCard, Fault> {
        let act = BatchAct::from_code(&self.act).ok_or_else(|| Fault::Internal(format!("act {}", self.act)))?;
        let state = match (self.started, self.ended) {
            (false, _) => BatchState::Draft,
            (true, false) => BatchState::Running,
            (true, true) => BatchState::Ended,
        };
        let Self { store_name, reason, drafted_at, total, done, refused, .. } = self;
        let id = OrderBatchId(self.id);
        Ok(BatchCard { id, act, store_name, reason, state, drafted_at, total, done, refused })
    }
}

async fn cards(scope: &Scope, only: Option<OrderBatchId>, tx: &mut PgConnection) -> Result<Vec<BatchCard>, Fault> {
    let Actor { staff, key, .. } = scope.actor();
    let rows = sqlx::query_as!(
        Row,
        r#"select b.id, b.act, s.name as "store_name?", b.reason, b.drafted_at, b.started_at is not null as "started!",
                  b.ended_at is not null as "ended!", l.total as "total!", l.done as "done!", l.refused as "refused!"
           from order_batches b left join stores s on s.id = b.to_store_id
           cross join lateral (
               select count(*) as total, count(*) filter (where outcome = 'done') as done,
                      count(*) filter (where problem is not null) as refused
               from order_batch_lines where batch_id = b.id
           ) l
           where ($1::uuid is null or b.id = $1) and (b.staff_id = $2 or b.api_key_id = $3)
           order by b.drafted_at desc limit $4"#,
        only.map(|id| id.0),
        staff,
        key,
        LIST_MOST,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    rows.into_iter().map(Row::card).collect()
}

/// The batches of whoever asks, the newest 50.
///
/// Faults: `Unauthenticated`; `Forbidden` for who can do nothing in batches.
pub async fn list(scope: &Scope) -> Result<Vec<BatchCard>, Fault> {
    must_do_some(scope)?;
    let mut tx = scope.begin_search().await?;
    cards(scope, None, &mut tx).await
}

/// Refuses who may do none of the acts.
fn must_do_some(scope: &Scope) -> Result<(), Fault> {
    let permissions = BatchAct::ALL.iter().map(|act| scope.reach(act.needs()).map(drop));
    permissions.reduce(Result::or).unwrap_or(Err(Fault::Forbidden))
}

/// One's own batch with its orders.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound` for another's.
pub async fn show(scope: &Scope, id: OrderBatchId) -> Result<BatchView, Fault> {
    must_do_some(scope)?;
    let mut tx = scope.begin_search().await?;
    let card = cards(scope, Some(id), &mut tx).await?.pop().ok_or_else(not_found)?;
    let rows = sqlx::query!(
        r#"select l.order_id, o.number, s.name as store_name, o.state, l.outcome, l.problem, t.name as "to_store?"
           from order_batch_lines l join orders o on o.id = l.order_id join stores s on s.id = o.store_id
           left join stores t on t.id = l.to_store_id
           where l.batch_id = $1 order by l.place"#,
        id.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let lines = rows.into_iter().map(|row| BatchLine {
        order_id: OrderId(row.order_id),
        number: row.number,
        store_name: row.store_name,
        state: OrderState::from_code(&row.state).unwrap_or(OrderState::Expired),
        outcome: Outcome::from_code(&row.outcome).unwrap_or(Outcome::Waiting),
        problem: row.problem,
        to_store: row.to_store,
    });
    Ok(BatchView { card, lines: lines.collect() })
}

/// Forgets what nobody started.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    sqlx::query!("delete from order_batches where started_at is null and drafted_at < $1", scope.now - DRAFT_KEPT,)
        .execute(scope.pool())
        .await
        .or_fault()?;
    Ok(())
}
