//! Stock: promises are guarded, facts are recorded (K1, K2).
//!
//! The life of a piece: held (unpaid, timed) → allocated (paid) → issued (on_hand falls), or
//! released, or expired. Each step is one statement that changes the balance, the hold and writes
//! the movements, so that they cannot come apart.

pub mod batches;
mod bring_back;
mod counter;
mod documents;
mod facts;
pub mod lists;
pub mod models;
pub mod purchase_limits;
pub mod quotas;
mod reallocate;
mod relocate;
pub mod shortage_rules;
pub mod shortages;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{Fault, OrderId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Scope, database::OrFault};

pub(crate) use bring_back::{bring_back, of_the_shop, shelve};
pub(crate) use counter::{left_at_counter, lock_for_counter};
pub(crate) use facts::{Cause, Document, Pieces, book, give_back, take};
pub(crate) use reallocate::reallocate;
pub(crate) use relocate::{must_leave, relocate};

/// How many models, limits or quotas are listed at most.
pub const RULES_MOST: usize = 500;

/// Pieces that an order holds until it is paid.
pub(crate) struct Promise {
    pub order: Uuid,
    pub location: Uuid,
    pub sku: Uuid,
    pub quantity: i64,
    pub expires_at: DateTime<Utc>,
    /// Who is promised them.
    pub member: Uuid,
    pub at: DateTime<Utc>,
}

/// Locks the balances of these locations and SKUs; answers how many pieces of each the shop can promise.
pub(crate) async fn lock(
    tx: &mut PgConnection,
    shelves: BTreeSet<(Uuid, Uuid)>,
) -> Result<HashMap<(Uuid, Uuid), i64>, Fault> {
    Ok(lock_both(tx, shelves).await?.into_iter().map(|(shelf, left)| (shelf, left.free - left.kept_back)).collect())
}

/// Locks the balances of these locations and SKUs; answers how many pieces of each are promised to nobody, also those
/// that the shop leaves to the counter.
pub(crate) async fn lock_free(
    tx: &mut PgConnection,
    shelves: BTreeSet<(Uuid, Uuid)>,
) -> Result<HashMap<(Uuid, Uuid), i64>, Fault> {
    Ok(lock_both(tx, shelves).await?.into_iter().map(|(shelf, left)| (shelf, left.free)).collect())
}

/// Locks the balances of these variants at a place and sets aside what is over there by now; answers how many pieces of
/// each are promised to nobody and may be handed on, also those that the shop leaves to the counter.
pub(crate) async fn lock_fit(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    skus: Vec<Uuid>,
) -> Result<HashMap<(Uuid, Uuid), i64>, Fault> {
    batches::keep_back(tx, scope, location, Some(&skus)).await?;
    let locked = lock_both(tx, skus.into_iter().map(|sku| (location, sku)).collect()).await?;
    Ok(locked.into_iter().map(|(shelf, left)| (shelf, left.free - left.expired)).collect())
}

/// What is left of a balance.
struct Left {
    /// Pieces that are promised to nobody; negative where more is promised than is there.
    free: i64,
    /// Of them, those that the shop leaves to the counter, as far as they are there.
    kept_back: i64,
    /// Of those, what is over.
    expired: i64,
}

/// The rows are locked in key order, so that two who want the same SKUs wait for each other instead of
/// deadlocking.
async fn lock_both(
    tx: &mut PgConnection,
    shelves: BTreeSet<(Uuid, Uuid)>,
) -> Result<HashMap<(Uuid, Uuid), Left>, Fault> {
    let (locations, skus): (Vec<Uuid>, Vec<Uuid>) = shelves.into_iter().unzip();
    let locked = sqlx::query!(
        r#"select s.location_id, s.sku_id, s.on_hand - s.held - s.allocated as "free!", s.kept_back, s.expired from stock s
           where (s.location_id, s.sku_id) in (select * from unnest((select $1::uuid[]), (select $2::uuid[])))
           order by s.location_id, s.sku_id for update"#,
        &locations,
        &skus,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let left = |free, kept_back, expired| Left { free, kept_back, expired };
    Ok(locked
        .into_iter()
        .map(|row| ((row.location_id, row.sku_id), left(row.free, row.kept_back, row.expired)))
        .collect())
}

/// Holds pieces that whoever asks has locked and found to be there. The balance's own check is the second
/// fence.
pub(crate) async fn hold(tx: &mut PgConnection, promises: &[Promise]) -> Result<(), Fault> {
    let column = |of: fn(&Promise) -> Uuid| promises.iter().map(of).collect::<Vec<Uuid>>();
    let times = |of: fn(&Promise) -> DateTime<Utc>| promises.iter().map(of).collect::<Vec<DateTime<Utc>>>();
    let quantities: Vec<i64> = promises.iter().map(|promise| promise.quantity).collect();
    sqlx::query!(
        "with promised as materialized (
             select * from unnest((select $1::uuid[]), (select $2::uuid[]), (select $3::uuid[]), (select $4::bigint[]),
                                  (select $5::timestamptz[]), (select $6::uuid[]), (select $7::timestamptz[]))
                 as p (order_id, location_id, sku_id, quantity, expires_at, member_id, at)
         ), taken as (
             update stock s set held = s.held + t.quantity
             from (select location_id, sku_id, sum(quantity)::bigint as quantity from promised group by location_id, sku_id) t
             where s.location_id = t.location_id and s.sku_id = t.sku_id
         ), kept as (
             insert into holds (order_id, location_id, sku_id, quantity, state, expires_at)
             select order_id, location_id, sku_id, quantity, 'held', expires_at from promised
         )
         insert into movements (location_id, sku_id, cause, held, order_id, actor_id, occurred_at)
         select location_id, sku_id, 'hold', quantity, order_id, member_id, at from promised",
        &column(|promise| promise.order),
        &column(|promise| promise.location),
        &column(|promise| promise.sku),
        &quantities,
        &times(|promise| promise.expires_at),
        &column(|promise| promise.member),
        &times(|promise| promise.at),
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// What ends or moves on an order's hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The payment arrived: held becomes allocated.
    Allocate,
    /// Handed over: allocated pieces leave the shelf.
    Issue,
    /// Called off: what was held or allocated is free again.
    Release,
    /// Not paid in time: what was held is free again.
    Expire,
}

impl Turn {
    /// The states it begins from, the state it leads to, the movement's cause.
    fn words(self) -> (&'static [&'static str], &'static str, &'static str) {
        match self {
            Self::Allocate => (&["held"], "allocated", "allocate"),
            Self::Issue => (&["allocated"], "issued", "issue"),
            Self::Release => (&["held", "allocated"], "released", "release"),
            Self::Expire => (&["held"], "expired", "expire"),
        }
    }
}

/// Turns all holds of these orders at once.
///
/// What is open is told by what it is not: said the other way round, PostgreSQL may read the index of all open
/// holds of the chain in place of those of the orders. Its states come out of a subquery, so that a plan made for these
/// orders promises nothing over one that is kept: planning it behind the second fence takes longer than doing it.
pub(crate) async fn turn(tx: &mut PgConnection, scope: &Scope, orders: &[OrderId], turn: Turn) -> Result<(), Fault> {
    let orders: Vec<Uuid> = orders.iter().map(|order| order.0).collect();
    let (from, to, cause) = turn.words();
    let (allocates, issues) = (turn == Turn::Allocate, turn == Turn::Issue);
    sqlx::query!(
        r#"with open as materialized (
               select h.order_id, h.location_id, h.sku_id, h.quantity, h.state
               from unnest((select $1::uuid[])) asked (id)
               join holds h on h.order_id = asked.id
               join stock s on s.location_id = h.location_id and s.sku_id = h.sku_id
               where h.state not in ('issued', 'released', 'expired') and h.state = any((select $2::text[])::text[])
               order by h.location_id, h.sku_id, h.order_id for update of h, s
           ), change as materialized (
               select order_id, location_id, sku_id,
                      case when $5 then -quantity else 0 end as on_hand,
                      case when state = 'held' then -quantity else 0 end as held,
                      case when $6 then quantity when state = 'allocated' then -quantity else 0 end as allocated
               from open
           ), moved as (
               update stock s set on_hand = s.on_hand + c.on_hand, held = s.held + c.held, allocated = s.allocated + c.allocated,
                      -- A promise that ends makes what was short less.
                      short = greatest(s.held + c.held + s.allocated + c.allocated - s.on_hand - c.on_hand, 0)
               from (select location_id, sku_id, sum(on_hand)::bigint as on_hand, sum(held)::bigint as held,
                            sum(allocated)::bigint as allocated
                     from change group by location_id, sku_id) c
               where s.location_id = c.location_id and s.sku_id = c.sku_id
           ), turned as (
               update holds h set state = $3 from open o where h.order_id = o.order_id and h.sku_id = o.sku_id
           )
           insert into movements (location_id, sku_id, cause, on_hand, held, allocated, order_id, actor_id, occurred_at)
           select location_id, sku_id, $4, on_hand, held, allocated, order_id, $7, $8 from change"#,
        &orders,
        from as &[&str],
        to,
        cause,
        issues,
        allocates,
        scope.actor_id(),
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
