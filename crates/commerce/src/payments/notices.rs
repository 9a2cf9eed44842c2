//! The inbox: verified callbacks are stored, answered, and acted on afterwards, once.

use chrono::Duration;
use domain::Fault;
use partners::wechat_pay::{Event, Notice};

use crate::{
    Scope,
    database::OrFault,
    payments::{refunds, settle},
};

/// Stores a verified callback; a repeat is stored once. The gateway may be answered when this
/// returns: the notice is durable.
pub async fn receive(scope: &Scope, notice: &Notice) -> Result<(), Fault> {
    let payload = serde_json::to_value(notice).map_err(|error| Fault::Internal(error.to_string()))?;
    sqlx::query!(
        "insert into inbox (source, notice_id, payload) values ('wechat_pay', $1, $2) on conflict do nothing",
        notice.id,
        payload,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    scope.house.inbox.notify_one();
    Ok(())
}

/// Acts on one stored notice; `false` where none is due. One that fails is tried again later.
pub(crate) async fn work_inbox(scope: &Scope) -> Result<bool, Fault> {
    let mut tx = scope.begin().await?;
    let due = sqlx::query!(
        "select id, payload, tries from inbox where handled_at is null and try_after <= $1
         order by id limit 1 for update skip locked",
        scope.now,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(due) = due else { return Ok(false) };
    let outcome = match serde_json::from_value::<Notice>(due.payload) {
        Ok(Notice { event: Event::Transaction(transaction), .. }) => settle::settle(&mut tx, scope, &transaction).await,
        Ok(Notice { event: Event::Refund(refund), .. }) => refunds::heard(&mut tx, scope, &refund).await,
        Err(error) => Ok(format!("unreadable: {error}")),
    };
    match outcome {
        Ok(outcome) => {
            sqlx::query!(
                "update inbox set handled_at = $2, outcome = $3, tries = tries + 1 where id = $1",
                due.id,
                scope.now,
                outcome,
            )
            .execute(&mut *tx)
            .await
            .or_fault()?;
            tx.commit().await.or_fault()?;
        }
        Err(fault) => {
            tx.rollback().await.or_fault()?;
            put_off(scope, due.id, due.tries, &fault).await?;
        }
    }
    Ok(true)
}

async fn put_off(scope: &Scope, id: i64, tries: i32, fault: &Fault) -> Result<(), Fault> {
    tracing::error!(notice = id, tries, fault = ?fault, "a stored notice could not be acted on; it will be tried again");
    let wait = Duration::seconds(1 << tries.clamp(0, 12));
    sqlx::query!("update inbox set tries = tries + 1, try_after = $2 where id = $1", id, scope.now + wait)
        .execute(scope.pool())
        .await
        .or_fault()?;
    Ok(())
}
