//! A paid order's pieces become those of another location.

use std::collections::BTreeSet;

use domain::{Fault, OrderId, StoreId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{facts::too_few, lock};
use crate::{Scope, database::OrFault};

/// Allocates a locked order's pieces at `to`, and frees them where they were: all of them or none. It is the shop that
/// promises them there, so nothing that is over, and nothing that head office has left to that store's counter.
///
/// Faults: `SoldOut` with a complaint beside `sku.{id}` for each that is too few there.
pub(crate) async fn relocate(tx: &mut PgConnection, scope: &Scope, order: OrderId, to: StoreId) -> Result<(), Fault> {
    let held = sqlx::query!(
        "select location_id, sku_id, quantity from holds where order_id = $1 and state = 'allocated' order by sku_id for update",
        order.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let both = held.iter().flat_map(|row| [(row.location_id, row.sku_id), (to.0, row.sku_id)]).collect();
    let free = lock(tx, both).await?;
    let free = |sku: &Uuid| free.get(&(to.0, *sku)).copied().unwrap_or(0);
    let lacking: BTreeSet<Uuid> =
        held.iter().filter(|row| free(&row.sku_id) < row.quantity).map(|row| row.sku_id).collect();
    if !lacking.is_empty() {
        return Err(too_few(tx, lacking, free).await?);
    }
    sqlx::query!(
        "with moved as materialized (
             select location_id, sku_id, quantity from holds where order_id = $1 and state = 'allocated'
         ), freed as (
             update stock s set allocated = s.allocated - m.quantity,
                    short = greatest(s.held + s.allocated - m.quantity - s.on_hand, 0)
             from moved m where s.location_id = m.location_id and s.sku_id = m.sku_id
         ), taken as (
             update stock s set allocated = s.allocated + m.quantity
             from moved m where s.location_id = $2 and s.sku_id = m.sku_id
         ), turned as (
             update holds set location_id = $2 where order_id = $1 and state = 'allocated'
         )
         insert into movements (location_id, sku_id, cause, allocated, order_id, actor_id, occurred_at)
         select location_id, sku_id, 'release', -quantity, $1, $3::uuid, $4::timestamptz from moved
         union all select $2, sku_id, 'allocate', quantity, $1, $3, $4 from moved",
        order.0,
        to.0,
        scope.actor_id(),
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Refuses pieces that were just allocated at a place, where less is left than others are to have: of each variant, how
/// many they are and how many the others are to have.
///
/// Faults: `SoldOut` for what is too few.
pub(crate) async fn must_leave(tx: &mut PgConnection, at: StoreId, shared: &[(Uuid, i64, i64)]) -> Result<(), Fault> {
    let left = lock(tx, shared.iter().map(|(sku, ..)| (at.0, *sku)).collect()).await?;
    let left = |sku: &Uuid| left.get(&(at.0, *sku)).copied().unwrap_or(0);
    let lacking: BTreeSet<Uuid> =
        shared.iter().filter(|(sku, _, others)| left(sku) < *others).map(|(sku, ..)| *sku).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let free = |sku: &Uuid| {
        let (_, taken, others) = shared.iter().find(|one| one.0 == *sku).copied().unwrap_or_default();
        left(sku) + taken - others
    };
    Err(too_few(tx, lacking, free).await?)
}
