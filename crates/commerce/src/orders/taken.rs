//! Orders that riders took along and of which nobody says any more that they came (D2).

use chrono::Duration;
use domain::{
    Fault, OrderId,
    fulfilment::Fulfilment,
    orders::{OrderAct, OrderState},
};
use futures::FutureExt;
use uuid::Uuid;

use super::{due, send, steps};
use crate::{Scope, database::OrFault};

/// How long after its slot, or after it left where that was later, an order that a rider took along counts as brought,
/// where nobody has said otherwise. Until then its store and head office see that it is overdue.
const TAKEN_AFTER: Duration = Duration::hours(48);
/// What the order's page says of it.
const NOTE: &str = "派送 48 小时后自动确认收货";

/// Completes them, each by itself; `true` where there may be more.
///
/// The state stands in the statement itself, so that it uses the index of open orders.
pub async fn complete_taken(scope: &Scope) -> Result<bool, Fault> {
    let find = |scope, passed| found(scope, passed).boxed();
    due::each(scope, find, |scope, id| complete(scope, id).boxed(), "completing what was brought long ago").await
}

async fn found(scope: &Scope, passed: Uuid) -> Result<Vec<Uuid>, Fault> {
    let mut tx = scope.house_begin().await?;
    sqlx::query_scalar!(
        "select id from orders o
         where state = 'dispatched' and fulfilment = 'delivery' and id > $4 and slot_end <= $1::timestamptz - $2::interval
           and (select max(t.at) from order_steps t where t.order_id = o.id and t.act = 'dispatch') <= $1::timestamptz - $2::interval
         order by id limit $3",
        scope.now,
        TAKEN_AFTER as _,
        due::AT_A_TIME,
        passed,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()
}

/// Completes one, where it is still on its way under its lock, and for so long: it may just have come back and left again.
async fn complete(scope: &Scope, id: OrderId) -> Result<(), Fault> {
    let mut tx = scope.house_begin().await?;
    let order = steps::lock(&mut tx, id).await?;
    if order.state != OrderState::Dispatched || order.fulfilment != Fulfilment::Delivery {
        return Ok(());
    }
    let left = sqlx::query_scalar!("select max(at) from order_steps where order_id = $1 and act = 'dispatch'", id.0)
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
    if left.is_none_or(|left| left > scope.now - TAKEN_AFTER) {
        return Ok(());
    }
    send::brought(&mut tx, scope, &order, NOTE).await?;
    steps::commit(tx, scope, OrderAct::Deliver).await
}
