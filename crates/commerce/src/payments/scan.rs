//! The code to scan, for an order that is being paid from a big screen.

use domain::{Fault, OrderId};

use crate::{Scope, database::OrFault};

/// What the caller's own order's QR code must say, where a payment by scan is open.
pub async fn scan_code(scope: &Scope, order: OrderId) -> Result<Option<String>, Fault> {
    let own = scope.own_filter()?;
    let mut tx = scope.begin().await?;
    let url = sqlx::query_scalar!(
        // One of several orders is good while all of them wait for it: its amount is that of all.
        "select p.cashier_url from orders o join (
             select order_id, state, cashier, cashier_url, cashier_url_until, created_at from payments where order_id = $1
             union all
             select x.order_id, p.state, p.cashier, p.cashier_url, p.cashier_url_until, p.created_at
             from payment_parts x join payments p on p.id = x.payment_id
             where x.order_id = $1 and not exists (
                 select from payment_parts y join orders z on z.id = y.order_id where y.payment_id = p.id and z.state <> 'placed')
         ) p on p.order_id = o.id
         where o.id = $1 and ($2::uuid is null or o.member_id = $2) and o.state = 'placed' and p.state = 'open' and p.cashier = 'native'
           and p.cashier_url_until > $3
         order by p.created_at desc limit 1",
        order.0,
        own,
        scope.now,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    Ok(url.flatten())
}
