//! Batches as whoever put them together sees them.

use chrono::{DateTime, Utc};
use domain::{
    Fault, OrderBatchId, OrderId,
    order_batches::{BatchAct, BatchCard, BatchLine, BatchState, BatchView, Outcome},
    orders::OrderState,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{must_do_some, not_found};
use crate::{Scope, database::OrFault, scope::Actor};

/// How many batches a list has.
const LIST_MOST: i64 = 50;

/// What every list of batches reads.
struct Row {
    id: Uuid,
    act: String,
    store_name: Option<String>,
    reason: String,
    drafted_at: DateTime<Utc>,
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
