//! The courier's callbacks: stored, answered, and acted on afterwards, once.

use chrono::{DateTime, Duration};
use domain::{Fault, RideId};
use partners::couriers::Event;
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgConnection;

use super::told::{self, Told};
use crate::{Scope, database::OrFault};

/// Stores a verified callback; a repeat is stored once. The courier may be answered when this returns.
pub async fn receive(scope: &Scope, event: &Event) -> Result<(), Fault> {
    let payload = serde_json::to_value(event).map_err(|error| Fault::Internal(error.to_string()))?;
    sqlx::query!(
        "insert into ride_notices (notice_id, payload) values ($1, $2) on conflict (notice_id) do nothing",
        event.id(),
        payload,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    Ok(())
}

/// Acts on the oldest stored callback that is due; `false` where none is. One that fails is tried again later.
pub(crate) async fn work(scope: &Scope) -> Result<bool, Fault> {
    let mut tx = scope.begin().await?;
    let due = sqlx::query!(
        "select id, payload, tries from ride_notices where handled_at is null and try_after <= $1
         order by id limit 1 for update skip locked",
        scope.now,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(due) = due else { return Ok(false) };
    match act_on(&mut tx, scope, &due.payload).await {
        Ok(outcome) => {
            sqlx::query!(
                "update ride_notices set handled_at = $2, outcome = $3, tries = tries + 1 where id = $1",
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
            tracing::error!(
                notice = due.id,
                tries = due.tries,
                ?fault,
                "a courier's notice could not be acted on; it will be tried again"
            );
            let after = scope.now + Duration::seconds(1 << due.tries.clamp(0, 12));
            sqlx::query!("update ride_notices set tries = tries + 1, try_after = $2 where id = $1", due.id, after)
                .execute(scope.pool())
                .await
                .or_fault()?;
        }
    }
    Ok(true)
}

async fn act_on(tx: &mut PgConnection, scope: &Scope, payload: &Value) -> Result<String, Fault> {
    let event = match Event::deserialize(payload) {
        Ok(event) => event,
        Err(error) => return Ok(format!("unreadable: {error}")),
    };
    let (Ok(ride), Some(status)) = (event.shop_order_id.parse::<RideId>(), event.status()) else {
        return Ok("not ours".into());
    };
    let told = Told {
        status,
        words: event.status_desc.clone(),
        rider_name: event.operator_name.clone(),
        rider_phone: event.operator_phone.clone(),
        at: DateTime::from_timestamp(event.push_time, 0).unwrap_or(scope.now).min(scope.now),
    };
    told::apply(tx, scope, ride, &told).await
}
