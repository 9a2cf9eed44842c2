//! The code to scan, for an order that is being paid from a big screen.

use domain::{Fault, OrderId};

use crate::{Scope, database::OrFault};

/// What the caller's own order's QR code must say, where a payment by scan is open.
pub async fn scan_code(scope: &Scope, order: OrderId) -> Result<Option<String>, Fault> {
    let own = scope.own_filter()?;
    let mut tx = scope.begin().await?;
    let url = sqlx::query_scalar!(
        "select p.cashier_url from payments p join orders o on o.id = p.order_id
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
