//! Pieces that lie at a place and are in no balance, so that a count must not find them as surplus: what of an express
//! order is to follow in a later parcel was issued with the first, and a parcel that came back to be paid back is booked
//! in once its order is over. What is picked and waits for its shopper is in the balance, and counted.

use std::collections::BTreeMap;

use domain::{CountId, Fault};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::database::OrFault;

/// How many pieces of each variant are set apart; none of those that are not named.
pub(super) type Apart = BTreeMap<Uuid, i64>;

/// What is set apart at a count's place of the goods that it takes in, while it can still be counted.
pub(super) async fn of_count(tx: &mut PgConnection, count: CountId) -> Result<Apart, Fault> {
    let rows = sqlx::query!(
        r#"with leaving as materialized (
               select o.id from counts c join orders o on o.store_id = c.location_id
               where c.id = $1 and c.state = 'open' and o.state = 'dispatched' and o.fulfilment = 'express'
           ), pieces as (
               select l.order_id, l.line, l.quantity from leaving o join order_lines l on l.order_id = o.id
               union all
               -- What is in a parcel has gone, unless the store has it again.
               select i.order_id, i.line, -i.quantity from leaving o join parcel_lines i on i.order_id = o.id
               where not exists (select from parcel_returns r where r.parcel_id = i.parcel_id
                                 and not (r.spoilt and r.afterwards = 'refund'))
               union all
               select u.order_id, u.line, -u.quantity from leaving o join unsent_end_lines u on u.order_id = o.id
           )
           select l.sku_id, sum(p.quantity)::bigint as "pieces!"
           from pieces p join order_lines l on l.order_id = p.order_id and l.line = p.line
           join count_lines t on t.count_id = $1 and t.sku_id = l.sku_id
           group by l.sku_id having sum(p.quantity) > 0"#,
        count.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| (row.sku_id, row.pieces)).collect())
}
