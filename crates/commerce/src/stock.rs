//! Stock: promises are guarded, facts are recorded (K1, K2).
//!
//! The life of a piece: held (unpaid, timed) → allocated (paid) → issued (on_hand falls), or
//! released, or expired. Each step is one statement that changes the balance, the hold and writes
//! the movements, so that they cannot come apart.

use chrono::{DateTime, Utc};
use domain::{Complaint, Fault, OrderId, StoreId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Scope, database::OrFault};

/// What one order wants of a SKU.
pub(crate) struct Wanted {
    pub sku_id: Uuid,
    pub quantity: i64,
    /// Its name, to say which one lacks.
    pub name: String,
}

/// Holds all of `wanted` or none of it. `wanted` names each SKU once.
///
/// The rows are locked in key order, so that two orders with the same SKUs in another order wait
/// for each other instead of deadlocking; then counted; then updated, in the same statement.
pub(crate) async fn hold(
    tx: &mut PgConnection,
    scope: &Scope,
    order: OrderId,
    store: StoreId,
    wanted: &[Wanted],
    expires_at: DateTime<Utc>,
) -> Result<(), Fault> {
    let skus: Vec<Uuid> = wanted.iter().map(|one| one.sku_id).collect();
    let quantities: Vec<i64> = wanted.iter().map(|one| one.quantity).collect();
    let lacking = sqlx::query!(
        r#"with wanted as materialized (
               select sku_id, quantity from unnest($3::uuid[], $4::bigint[]) as w (sku_id, quantity)
           ), locked as materialized (
               select s.sku_id, s.on_hand - s.held - s.allocated as available
               from stock s where s.location_id = $1 and s.sku_id = any($3)
               order by s.sku_id for update
           ), lacking as materialized (
               select w.sku_id, coalesce(l.available, 0) as available
               from wanted w left join locked l on l.sku_id = w.sku_id
               where coalesce(l.available, 0) < w.quantity
           ), taken as (
               update stock s set held = s.held + w.quantity
               from wanted w
               where s.location_id = $1 and s.sku_id = w.sku_id and not exists (select from lacking)
               returning s.sku_id, w.quantity
           ), kept as (
               insert into holds (order_id, location_id, sku_id, quantity, state, expires_at)
               select $2, $1, sku_id, quantity, 'held', $5 from taken
           ), noted as (
               insert into movements (location_id, sku_id, cause, held, order_id, actor_id, occurred_at)
               select $1, sku_id, 'hold', quantity, $2, $6, $7 from taken
           )
           select sku_id as "sku_id!", available as "available!" from lacking"#,
        store.0,
        order.0,
        &skus,
        &quantities,
        expires_at,
        scope.actor_id(),
        scope.now,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    if lacking.is_empty() {
        return Ok(());
    }
    let complaint = |sku: Uuid, available: i64| {
        let name = wanted.iter().find(|one| one.sku_id == sku).map_or("商品", |one| one.name.as_str());
        let rest = if available > 0 { format!("仅剩 {available} 件") } else { "已售罄".into() };
        Complaint::new(format!("line.{sku}"), format!("{name} {rest}"))
    };
    Err(Fault::SoldOut(lacking.into_iter().map(|row| complaint(row.sku_id, row.available)).collect()))
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
    /// The state it begins from (none: either), the state it leads to, the movement's cause.
    fn words(self) -> (Option<&'static str>, &'static str, &'static str) {
        match self {
            Self::Allocate => (Some("held"), "allocated", "allocate"),
            Self::Issue => (Some("allocated"), "issued", "issue"),
            Self::Release => (None, "released", "release"),
            Self::Expire => (Some("held"), "expired", "expire"),
        }
    }
}

/// Turns all holds of an order at once.
pub(crate) async fn turn(tx: &mut PgConnection, scope: &Scope, order: OrderId, turn: Turn) -> Result<(), Fault> {
    let (from, to, cause) = turn.words();
    let (allocates, issues) = (turn == Turn::Allocate, turn == Turn::Issue);
    sqlx::query!(
        r#"with open as materialized (
               select h.location_id, h.sku_id, h.quantity, h.state
               from holds h join stock s on s.location_id = h.location_id and s.sku_id = h.sku_id
               where h.order_id = $1 and h.state in ('held', 'allocated') and ($2::text is null or h.state = $2)
               order by h.sku_id for update
           ), change as materialized (
               select location_id, sku_id,
                      case when $5 then -quantity else 0 end as on_hand,
                      case when state = 'held' then -quantity else 0 end as held,
                      case when $6 then quantity when state = 'allocated' then -quantity else 0 end as allocated
               from open
           ), moved as (
               update stock s set on_hand = s.on_hand + c.on_hand, held = s.held + c.held, allocated = s.allocated + c.allocated
               from change c where s.location_id = c.location_id and s.sku_id = c.sku_id
           ), turned as (
               update holds set state = $3 where order_id = $1 and sku_id in (select sku_id from open)
           )
           insert into movements (location_id, sku_id, cause, on_hand, held, allocated, order_id, actor_id, occurred_at)
           select location_id, sku_id, $4, on_hand, held, allocated, $1, $7, $8 from change"#,
        order.0,
        from,
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

/// Books goods that arrived at a location.
pub(crate) async fn receive(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    skus: &[Uuid],
    quantities: &[i64],
) -> Result<(), Fault> {
    sqlx::query!(
        "with arrived as materialized (
             select sku_id, quantity from unnest($2::uuid[], $3::bigint[]) as a (sku_id, quantity) order by sku_id
         ), shelved as (
             insert into stock (location_id, sku_id, on_hand) select $1, sku_id, quantity from arrived
             on conflict (location_id, sku_id) do update set on_hand = stock.on_hand + excluded.on_hand
         )
         insert into movements (location_id, sku_id, cause, on_hand, actor_id, occurred_at)
         select $1, sku_id, 'receive', quantity, $4, $5 from arrived",
        location,
        skus,
        quantities,
        scope.actor_id(),
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
