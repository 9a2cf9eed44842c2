//! Pieces that were freed when an order expired become its own again.

use std::collections::HashSet;

use domain::Fault;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{lock, quotas};
use crate::{Scope, database::OrFault};

/// Allocates what these locked, expired orders had held: the first before the next, all of an order or none. Answers
/// which have got theirs. The balances of `all` orders that the transaction goes on to move are locked with them, so
/// that every transaction locks balances in key order.
pub(crate) async fn reallocate(
    tx: &mut PgConnection,
    scope: &Scope,
    expired: &[Uuid],
    all: &[Uuid],
) -> Result<HashSet<Uuid>, Fault> {
    let holds = sqlx::query!("select order_id, location_id, sku_id, quantity from holds where order_id = any($1)", all)
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
    let mut free = lock(tx, holds.iter().map(|hold| (hold.location_id, hold.sku_id)).collect()).await?;
    // Counted once the balances are locked.
    let sellable = quotas::may_sell(tx, expired).await?;
    let mut granted = Vec::new();
    for order in expired.iter().filter(|order| sellable.contains(*order)) {
        let own: Vec<_> = holds.iter().filter(|hold| hold.order_id == *order).collect();
        let left = |hold: (Uuid, Uuid)| free.get(&hold).copied().unwrap_or(0);
        if own.is_empty() || own.iter().any(|hold| left((hold.location_id, hold.sku_id)) < hold.quantity) {
            continue;
        }
        for hold in own {
            *free.entry((hold.location_id, hold.sku_id)).or_default() -= hold.quantity;
        }
        granted.push(*order);
    }
    sqlx::query!(
        "with taken as materialized (
             select order_id, location_id, sku_id, quantity from holds where order_id = any($1) and state = 'expired'
         ), moved as (
             update stock s set allocated = s.allocated + t.quantity
             from (select location_id, sku_id, sum(quantity)::bigint as quantity from taken group by location_id, sku_id) t
             where s.location_id = t.location_id and s.sku_id = t.sku_id
         ), turned as (
             update holds h set state = 'allocated' from taken t where h.order_id = t.order_id and h.sku_id = t.sku_id
         )
         insert into movements (location_id, sku_id, cause, allocated, order_id, actor_id, occurred_at)
         select location_id, sku_id, 'allocate', quantity, order_id, $2, $3 from taken",
        &granted,
        scope.actor_id(),
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(granted.into_iter().collect())
}
