//! Payments that arrive after their order expired: whoever has paid gets the goods where they are still there, and the
//! money back only where they are not.

use std::collections::{HashMap, HashSet};

use domain::{Fault, orders::OrderState};
use sqlx::PgConnection;
use uuid::Uuid;

use super::settle::Paid;
use crate::{Scope, database::OrFault, orders::Ordered, stock, stock::purchase_limits};

/// Allocates the pieces of expired orders again that were paid just now, and answers which those are: all of an order
/// or none, those paid first before the others, where the store takes orders and the member is still there and has not
/// bought as many of limited goods meanwhile as they may.
pub(super) async fn reallocate(
    tx: &mut PgConnection,
    scope: &Scope,
    paid: &[Paid<'_>],
    orders: &HashMap<Uuid, Ordered>,
) -> Result<HashSet<Uuid>, Fault> {
    let expired = |order: &Uuid| orders.get(order).is_some_and(|order| order.state == OrderState::Expired);
    let late: Vec<&Paid<'_>> = paid.iter().filter(|paid| paid.orders().any(|order| expired(&order))).collect();
    if late.is_empty() {
        return Ok(HashSet::new());
    }
    // What was heard of before has gone back already.
    let ids: Vec<Uuid> = late.iter().map(|paid| paid.id).collect();
    let known =
        sqlx::query_scalar!("select id from payments where id = any($1) and state in ('kept', 'surplus')", &ids)
            .fetch_all(&mut *tx)
            .await
            .or_fault()?;
    let fresh = late.into_iter().filter(|paid| !known.contains(&paid.id));
    let wanted: Vec<Uuid> = fresh.flat_map(|paid| paid.orders().filter(expired)).collect();
    let served = served(tx, scope, &wanted).await?;
    let mut seen = HashSet::new();
    let wanted: Vec<Uuid> = wanted.into_iter().filter(|order| served.contains(order) && seen.insert(*order)).collect();
    let allowed = purchase_limits::may_have(tx, scope, &wanted).await?;
    let wanted: Vec<Uuid> = wanted.into_iter().filter(|order| allowed.contains(order)).collect();
    if wanted.is_empty() {
        return Ok(HashSet::new());
    }
    let all: Vec<Uuid> = orders.keys().copied().collect();
    stock::reallocate(tx, scope, &wanted, &all).await
}

/// Those orders whose store takes orders and whose member is still there. A member who orders, is erased or merged at
/// this very moment is not waited for, since whoever does that may wait for the order: it fails, and the notice or the
/// look-up is tried again a little later.
async fn served(tx: &mut PgConnection, scope: &Scope, orders: &[Uuid]) -> Result<Vec<Uuid>, Fault> {
    sqlx::query_scalar!(
        "select o.id from orders o join stores s on s.id = o.store_id join members m on m.id = o.member_id
         where o.id = any($1) and store_state(s.state, s.state_until, $2) in ('open', 'busy') and m.phone is not null
         for no key update of m nowait",
        orders,
        scope.now,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}
