//! The inbox: verified callbacks are stored, answered, and acted on afterwards, once.

use std::sync::Arc;

use chrono::Duration;
use domain::Fault;
use partners::wechat_pay::{Event, Notice};
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgConnection;

use crate::{
    FaultPoint, House, Scope,
    database::OrFault,
    payments::{refunds, settle},
    together,
};

/// How many rounds of callbacks are stored at once: one waits for the disk while the next one gathers.
const CLERKS: usize = 2;
/// How many callbacks one round stores.
const ROUND_MOST: usize = 64;

/// Where callbacks wait to be stored.
pub(super) type Desk = together::Desk<Heard, Result<(), Fault>>;

/// A desk for callbacks.
pub(super) fn desk() -> Desk {
    Desk::new(CLERKS, ROUND_MOST)
}

/// A verified callback.
#[derive(Clone)]
pub(super) struct Heard {
    id: String,
    payload: Value,
}

/// Stores a verified callback; a repeat is stored once. The gateway may be answered when this
/// returns: the notice is durable.
pub async fn receive(scope: &Scope, notice: &Notice) -> Result<(), Fault> {
    let mut payload = serde_json::to_value(notice).map_err(|error| Fault::Internal(error.to_string()))?;
    // Who paid, as the gateway knows them, is of no use here, and would outlive an account that goes.
    if let Some(Value::Object(paid)) = payload.pointer_mut("/event/transaction") {
        paid.remove("payer");
    }
    let heard = Heard { id: notice.id.clone(), payload };
    let round = async |house, heard| together::all_or_each(house, heard, store).await;
    scope.house.paying.hearing.ask(&scope.house, heard, round).await??;
    scope.house.pass(FaultPoint::NoticeStored);
    scope.house.inbox.notify_one();
    Ok(())
}

/// Stores the callbacks of one moment in one durable commit.
async fn store(house: House, heard: Arc<[Heard]>) -> Result<Vec<Result<(), Fault>>, Fault> {
    let (ids, payloads): (Vec<String>, Vec<Value>) =
        heard.iter().map(|one| (one.id.clone(), one.payload.clone())).unzip();
    sqlx::query!(
        "insert into inbox (source, notice_id, payload)
         select 'wechat_pay', id, payload from unnest((select $1::text[]), (select $2::jsonb[])) as a (id, payload) order by id
         on conflict do nothing",
        &ids,
        &payloads,
    )
    .execute(&house.pool)
    .await
    .or_fault()?;
    Ok(heard.iter().map(|_| Ok(())).collect())
}

/// How many notices are acted on in one commit.
const TOGETHER: i64 = 50;

/// Acts on stored notices; `false` where none is due. One that fails is tried again later, and the others
/// without it.
pub(crate) async fn work_inbox(scope: &Scope) -> Result<bool, Fault> {
    let mut tx = scope.begin().await?;
    let due = claim(&mut tx, scope, None).await?;
    if due.is_empty() {
        return Ok(false);
    }
    let done = act_on(&mut tx, scope, &due).await;
    match done {
        Ok(()) => {
            scope.house.pass(FaultPoint::NoticeActedOn);
            tx.commit().await.or_fault()?;
            scope.house.pass(FaultPoint::NoticeCommitted);
        }
        Err(fault) if due.len() == 1 => {
            tx.rollback().await.or_fault()?;
            put_off(scope, &due[0], &fault).await?;
        }
        Err(_) => {
            tx.rollback().await.or_fault()?;
            for stored in due {
                act_on_one(scope, stored.id).await?;
            }
        }
    }
    Ok(true)
}

/// Acts on a notice by itself, if nobody else does.
async fn act_on_one(scope: &Scope, id: i64) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let due = claim(&mut tx, scope, Some(id)).await?;
    let Some(stored) = due.first() else { return Ok(()) };
    match act_on(&mut tx, scope, &due).await {
        Ok(()) => tx.commit().await.or_fault(),
        Err(fault) => {
            tx.rollback().await.or_fault()?;
            put_off(scope, stored, &fault).await
        }
    }
}

struct Stored {
    id: i64,
    payload: Value,
    tries: i32,
}

/// Locks notices that are due: the oldest, or just this one.
async fn claim(tx: &mut PgConnection, scope: &Scope, only: Option<i64>) -> Result<Vec<Stored>, Fault> {
    sqlx::query_as!(
        Stored,
        "select id, payload, tries from inbox
         where handled_at is null and try_after <= $1 and ($2::bigint is null or id = $2)
         order by id limit $3 for update skip locked",
        scope.now,
        only,
        TOGETHER,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

/// Acts on all of them or none.
async fn act_on(tx: &mut PgConnection, scope: &Scope, due: &[Stored]) -> Result<(), Fault> {
    let notices: Vec<_> = due.iter().map(|stored| Notice::deserialize(&stored.payload)).collect();
    let transactions: Vec<_> = notices
        .iter()
        .filter_map(|notice| match notice {
            Ok(Notice { event: Event::Transaction(transaction), .. }) => Some(transaction),
            _ => None,
        })
        .collect();
    let mut settled = settle::settle(tx, scope, &transactions).await?.into_iter();
    let mut outcomes = Vec::with_capacity(due.len());
    for notice in &notices {
        outcomes.push(match notice {
            Ok(Notice { event: Event::Transaction(_), .. }) => settled.next().unwrap_or_default(),
            Ok(Notice { event: Event::Refund(refund), .. }) => refunds::heard(tx, scope, refund).await?,
            Err(error) => format!("unreadable: {error}"),
        });
    }
    let ids: Vec<i64> = due.iter().map(|stored| stored.id).collect();
    sqlx::query!(
        "update inbox i set handled_at = $3, outcome = a.outcome, tries = tries + 1
         from unnest((select $1::bigint[]), (select $2::text[])) as a (id, outcome) where i.id = a.id",
        &ids,
        &outcomes,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

async fn put_off(scope: &Scope, stored: &Stored, fault: &Fault) -> Result<(), Fault> {
    let Stored { id, tries, .. } = *stored;
    tracing::error!(notice = id, tries, fault = ?fault, "a stored notice could not be acted on; it will be tried again");
    let wait = Duration::seconds(1 << tries.clamp(0, 12));
    sqlx::query!("update inbox set tries = tries + 1, try_after = $2 where id = $1", id, scope.now + wait)
        .execute(scope.pool())
        .await
        .or_fault()?;
    Ok(())
}
