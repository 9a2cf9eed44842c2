//! Goods that left for their shopper and came back unopened.

use domain::{Fault, OrderId};
use sqlx::PgConnection;

use crate::{Scope, database::OrFault};

/// Pieces of a locked order that had been issued are back where they left from, promised to the same order: the issue
/// the other way round, so that nobody else can have been sold them meanwhile.
pub(crate) async fn bring_back(tx: &mut PgConnection, scope: &Scope, order: OrderId) -> Result<(), Fault> {
    sqlx::query!(
        "with back as materialized (
             select h.location_id, h.sku_id, h.quantity
             from holds h join stock s on s.location_id = h.location_id and s.sku_id = h.sku_id
             where h.order_id = $1 and h.state = 'issued' order by h.location_id, h.sku_id for update of h, s
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
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
