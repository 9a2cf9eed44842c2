//! Goods that left for their shopper and came back unopened, or never went.

use domain::{Fault, OrderId, StoreId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Pieces, batches, facts::summed, lock_free};
use crate::{Scope, database::OrFault};

/// Pieces of a locked order that had been issued are back where they left from, promised to the same order: the issue
/// the other way round, so that nobody else can have been sold them meanwhile.
pub(crate) async fn bring_back(tx: &mut PgConnection, scope: &Scope, order: OrderId) -> Result<(), Fault> {
    let out = sqlx::query!(
        "select h.location_id, h.sku_id, h.quantity
         from holds h join stock s on s.location_id = h.location_id and s.sku_id = h.sku_id
         where h.order_id = $1 and h.state = 'issued' order by h.location_id, h.sku_id for update of h, s",
        order.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let Some(location) = out.first().map(|row| row.location_id) else { return Ok(()) };
    let pieces: Vec<Pieces> = out.iter().map(|row| Pieces { sku: row.sku_id, quantity: row.quantity }).collect();
    batches::come_back(tx, scope, location, order.0, &pieces).await?;
    sqlx::query!(
        "with back as materialized (
             select h.location_id, h.sku_id, h.quantity
             from holds h where h.order_id = $1 and h.state = 'issued'
         ), shelved as (
             update stock s set on_hand = s.on_hand + b.quantity, allocated = s.allocated + b.quantity
             from back b where s.location_id = b.location_id and s.sku_id = b.sku_id
         ), turned as (
             update holds h set state = 'allocated' from back b where h.order_id = $1 and h.sku_id = b.sku_id
         )
         insert into movements (location_id, sku_id, cause, on_hand, allocated, order_id, actor_id, occurred_at)
         select location_id, sku_id, 'bring_back', quantity, quantity, $1, $2, $3 from back",
        order.0,
        scope.actor_id(),
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let skus: Vec<Uuid> = pieces.iter().map(|one| one.sku).collect();
    batches::keep_back(tx, scope, location, Some(&skus)).await
}

/// Has the document that follows take pieces of the shop's own that have come back to it, where shop and counter have theirs
/// apart: otherwise it would take the counter's, and the shop keep what is lost. The balances are locked.
pub(crate) async fn of_the_shop(tx: &mut PgConnection, location: StoreId, pieces: &[Pieces]) -> Result<(), Fault> {
    let (skus, gone): (Vec<Uuid>, Vec<i64>) =
        summed(pieces).into_iter().map(|(sku, pieces)| (sku, pieces.abs())).unzip();
    sqlx::query!(
        "update stock s set kept_back = s.kept_back + g.pieces
         from unnest((select $2::uuid[]), (select $3::bigint[])) as g (sku_id, pieces)
         where s.location_id = $1 and s.sku_id = g.sku_id and s.separate",
        location.0,
        &skus,
        &gone,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Pieces of a locked order that had been issued with the rest of it, and never went, are anybody's again: the issue of
/// these pieces the other way round. The order holds so many fewer.
pub(crate) async fn shelve(
    tx: &mut PgConnection,
    scope: &Scope,
    order: OrderId,
    location: StoreId,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let (skus, quantities): (Vec<Uuid>, Vec<i64>) = summed(pieces).into_iter().unzip();
    lock_free(tx, skus.iter().map(|sku| (location.0, *sku)).collect()).await?;
    batches::come_back(tx, scope, location.0, order.0, pieces).await?;
    sqlx::query!(
        "with back as materialized (
             select sku_id, quantity from unnest((select $3::uuid[]), (select $4::bigint[])) as b (sku_id, quantity)
         ), shelved as (
             update stock s set on_hand = s.on_hand + b.quantity, short = greatest(s.held + s.allocated - s.on_hand - b.quantity, 0)
             from back b where s.location_id = $2 and s.sku_id = b.sku_id
         ), lessened as (
             update holds h set quantity = h.quantity - b.quantity from back b
             where h.order_id = $1 and h.sku_id = b.sku_id and h.state = 'issued' and h.quantity > b.quantity
         ), ended as (
             delete from holds h using back b
             where h.order_id = $1 and h.sku_id = b.sku_id and h.state = 'issued' and h.quantity = b.quantity
         )
         insert into movements (location_id, sku_id, cause, on_hand, order_id, actor_id, occurred_at)
         select $2, sku_id, 'bring_back', quantity, $1, $5, $6 from back",
        order.0,
        location.0,
        &skus,
        &quantities,
        scope.actor_id(),
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    batches::keep_back(tx, scope, location.0, Some(&skus)).await
}
