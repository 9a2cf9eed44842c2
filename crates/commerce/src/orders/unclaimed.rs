//! Orders that are ready and that nobody fetches: after as many days as head office says the server calls them off (D3).

use chrono::{DateTime, Utc};
use domain::{
    Fault, OrderId,
    audit::{Act, ObjectKind},
    order_centre::UnclaimedRule,
    orders::OrderAct,
    staff::Permission,
};
use futures::FutureExt;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{centre, due, steps};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

/// What their shoppers read.
const REASON: &str = "逾期未取，系统自动取消并退款";

/// Head office's rule.
///
/// Faults: `Forbidden` for who does not manage orders everywhere.
pub async fn unclaimed_rule(scope: &Scope) -> Result<UnclaimedRule, Fault> {
    scope.staff_everywhere(Permission::ManageOrders)?;
    let mut tx = scope.begin().await?;
    Ok(said(&mut tx).await?.unwrap_or_default())
}

/// Sets it. Whoever has not fetched an order by now has all of these days from now on. Saying the same again changes
/// nothing.
///
/// Faults: `Invalid` beside `days`; `Forbidden`.
pub async fn set_unclaimed_rule(scope: &Scope, rule: UnclaimedRule) -> Result<(), Fault> {
    rule.check()?;
    scope.staff_everywhere(Permission::ManageOrders)?;
    let mut tx = scope.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock(hashtext('mendian: unclaimed rule'))")
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let before = said(&mut tx).await?.unwrap_or_default();
    if before == rule {
        return Ok(());
    }
    sqlx::query!(
        "insert into unclaimed_rule (days, set_at) values ($1, $2)
         on conflict (id) do update set days = excluded.days, set_at = excluded.set_at",
        rule.days,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let change = Change {
        act: Act::SetUnclaimedRule,
        object: ObjectKind::Order,
        // It is about no single one.
        object_id: Uuid::nil(),
        store_id: None,
        before: json!({ "days": before.days }),
        after: json!({ "days": rule.days }),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    tx.commit().await.or_fault()
}

async fn said(tx: &mut PgConnection) -> Result<Option<UnclaimedRule>, Fault> {
    sqlx::query_as!(UnclaimedRule, "select days from unclaimed_rule").fetch_optional(tx).await.or_fault()
}

/// Until when a ready order waits, where it waits for anybody. PostgreSQL plans the function anew at every call of it,
/// so it is called only where head office has set days.
pub(super) async fn claim_before(tx: &mut PgConnection, id: OrderId) -> Result<Option<DateTime<Utc>>, Fault> {
    let until = sqlx::query_scalar!("select claim_before($1) from unclaimed_rule where days > 0", id.0);
    Ok(until.fetch_optional(tx).await.or_fault()?.flatten())
}

/// Calls off orders whose days are over, each by itself; `true` where there may be more.
///
/// The state stands in the statement itself, so that it uses the index of open orders.
pub async fn call_off_unclaimed(scope: &Scope) -> Result<bool, Fault> {
    let find = |scope, passed| found(scope, passed).boxed();
    due::each(scope, find, |scope, id| call_off(scope, id).boxed(), "calling off what nobody fetches").await
}

async fn found(scope: &Scope, passed: Uuid) -> Result<Vec<Uuid>, Fault> {
    let mut tx = scope.house_begin().await?;
    sqlx::query_scalar!(
        "select o.id from orders o cross join unclaimed_rule r
         where o.state = 'ready' and o.fulfilment = 'pickup' and r.days > 0 and o.id > $3
           and o.slot_end <= $1::timestamptz - make_interval(hours => 24 * r.days) and claim_before(o.id) <= $1
         order by o.id limit $2",
        scope.now,
        due::AT_A_TIME,
        passed,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()
}

/// Calls one off, where its days are over under its lock too: somebody may be handing it over.
async fn call_off(scope: &Scope, id: OrderId) -> Result<(), Fault> {
    let mut tx = scope.house_begin().await?;
    let order = steps::lock(&mut tx, id).await?;
    if claim_before(&mut tx, id).await?.is_none_or(|until| until > scope.now) {
        return Ok(());
    }
    centre::call_off_locked(&mut tx, scope, &order, REASON).await?;
    steps::commit(tx, scope, OrderAct::CallOff).await
}
