//! Orders that are brought to their shoppers: they leave the store, and arrive or come back.
//!
//! Goods are issued when they leave and become revenue when they arrive. What comes back is allocated to the same
//! order again.

use domain::{
    Fault, OrderId,
    fulfilment::{Deliver, Dispatch, Fulfilment, Undelivered},
    order_centre::checked_reason,
    orders::{OrderAct, OrderState},
    staff::Permission,
};
use sqlx::PgConnection;

use super::{
    codes,
    steps::{self, Ordered},
};
use crate::{
    Scope,
    database::OrFault,
    payments,
    stock::{self, Turn},
};

/// A locked order leaves its store: its pieces are issued.
pub(crate) async fn leave(tx: &mut PgConnection, scope: &Scope, order: &Ordered, note: &str) -> Result<(), Fault> {
    steps::advance(tx, scope, order, OrderAct::Dispatch, note).await?;
    stock::turn(tx, scope, &[order.id], Turn::Issue).await
}

/// A locked order has arrived: what was paid for it is its store's revenue.
pub(crate) async fn arrive(tx: &mut PgConnection, scope: &Scope, order: &Ordered, note: &str) -> Result<(), Fault> {
    steps::advance(tx, scope, order, OrderAct::Deliver, note).await?;
    payments::fulfilled(tx, scope, order).await
}

/// [`arrive`] for a locked order that a rider brought, whose ride is over.
pub(crate) async fn brought(tx: &mut PgConnection, scope: &Scope, order: &Ordered, note: &str) -> Result<(), Fault> {
    arrive(tx, scope, order, note).await?;
    end_ride(tx, scope, order.id).await
}

/// A locked order is back at its store, unopened.
pub(crate) async fn come_back(tx: &mut PgConnection, scope: &Scope, order: &Ordered, note: &str) -> Result<(), Fault> {
    steps::advance(tx, scope, order, OrderAct::Undelivered, note).await?;
    stock::bring_back(tx, scope, order.id).await
}

/// A locked order is back at its store for good: its pieces are free, and what was paid goes back.
pub(crate) async fn give_up(tx: &mut PgConnection, scope: &Scope, order: &Ordered, note: &str) -> Result<(), Fault> {
    come_back(tx, scope, order, note).await?;
    let order = Ordered { state: OrderState::Ready, ..order.clone() };
    steps::advance(tx, scope, &order, OrderAct::CallOff, note).await?;
    stock::turn(tx, scope, &[order.id], Turn::Release).await?;
    payments::want_refund(tx, scope, order.id, note).await
}

/// A rider takes an order along. Doing it twice, with the same rider, is doing it once.
///
/// Faults: `Invalid` beside `rider_name`; `NotFound` out of reach; `Conflict` (`not_now`, `other_way`).
pub async fn dispatch(scope: &Scope, id: OrderId, command: &Dispatch) -> Result<(), Fault> {
    let name = command.checked_name()?;
    let mut tx = scope.begin().await?;
    let order = steps::lock_within(&mut tx, scope, id, Permission::FulfilOrders).await?;
    must_ride(&order)?;
    if order.state == OrderState::Dispatched && is_with(&mut tx, id, name, command.rider_phone.as_str()).await? {
        return Ok(());
    }
    leave(&mut tx, scope, &order, "").await?;
    sqlx::query!(
        "insert into deliveries (order_id, attempt, rider_name, rider_phone, dispatched_at)
         select $1, coalesce(max(attempt), 0) + 1, $2, $3, $4 from deliveries where order_id = $1",
        id.0,
        name,
        command.rider_phone.as_str(),
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    steps::commit(tx, scope, OrderAct::Dispatch).await
}

/// Refuses an order that no rider brings.
fn must_ride(order: &Ordered) -> Result<(), Fault> {
    if order.fulfilment == Fulfilment::Delivery {
        return Ok(());
    }
    let message = format!("订单 {} 是{}订单，不由骑手配送", order.number, order.fulfilment.label());
    Err(Fault::conflict("other_way", message))
}

async fn is_with(tx: &mut PgConnection, id: OrderId, name: &str, phone: &str) -> Result<bool, Fault> {
    sqlx::query_scalar!(
        r#"select exists (select from deliveries where order_id = $1 and ended_at is null
                          and rider_name = $2 and rider_phone = $3) as "is!""#,
        id.0,
        name,
        phone,
    )
    .fetch_one(tx)
    .await
    .or_fault()
}

/// The shopper has got an order that a rider brought: by their code, or by what is said of who took it. Doing it twice
/// is doing it once.
///
/// Faults: `Invalid` beside `code` or `reason`; `NotFound` out of reach; `Conflict` (`not_now`, `other_way`);
/// `TooMany` past so many wrong codes.
pub async fn deliver(scope: &Scope, id: OrderId, command: &Deliver) -> Result<(), Fault> {
    let reason = command.checked()?;
    codes::refuse_guessing(scope).await?;
    let mut tx = scope.begin().await?;
    let order = steps::lock_within(&mut tx, scope, id, Permission::FulfilOrders).await?;
    must_ride(&order)?;
    if order.state == OrderState::Completed {
        return Ok(());
    }
    if let Some(code) = &command.code {
        let is_its = sqlx::query_scalar!(
            r#"select coalesce(pickup_code = $2, false) as "is!" from orders where id = $1"#,
            id.0,
            code.as_str(),
        )
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
        if !is_its {
            // Nothing was done in it, and counting takes a connection of its own.
            drop(tx);
            codes::note_miss(scope).await?;
            return Err(Fault::invalid("code", "收货码不对，请与顾客核对"));
        }
    }
    let note = if command.code.is_some() { "凭收货码签收" } else { reason };
    brought(&mut tx, scope, &order, note).await?;
    steps::commit(tx, scope, OrderAct::Deliver).await
}

/// Nobody took an order that a rider brought: it is back at the store and ready once more. Doing it twice is doing it
/// once.
///
/// Faults: `Invalid` beside `reason`; `NotFound` out of reach; `Conflict` (`not_now`, `other_way`).
pub async fn undelivered(scope: &Scope, id: OrderId, command: &Undelivered) -> Result<(), Fault> {
    let reason = checked_reason(&command.reason)?;
    let mut tx = scope.begin().await?;
    let order = steps::lock_within(&mut tx, scope, id, Permission::FulfilOrders).await?;
    must_ride(&order)?;
    if order.state == OrderState::Ready && came_back(&mut tx, id).await? {
        return Ok(());
    }
    come_back(&mut tx, scope, &order, reason).await?;
    end_ride(&mut tx, scope, id).await?;
    // No courier takes a rider back who has the goods. What is told of that ride later must not let the order leave
    // again: that its goods are here is what the store says.
    sqlx::query!(
        "update rides set state = 'cancelled', problem = '门店登记未送达' where order_id = $1 and state = 'picked_up'",
        id.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    steps::commit(tx, scope, OrderAct::Undelivered).await
}

/// Whether the last that happened to an order is that it came back.
async fn came_back(tx: &mut PgConnection, id: OrderId) -> Result<bool, Fault> {
    let act = sqlx::query_scalar!("select act from order_steps where order_id = $1 order by step desc limit 1", id.0)
        .fetch_one(tx)
        .await
        .or_fault()?;
    Ok(act == OrderAct::Undelivered.code())
}

async fn end_ride(tx: &mut PgConnection, scope: &Scope, id: OrderId) -> Result<(), Fault> {
    sqlx::query!("update deliveries set ended_at = $2 where order_id = $1 and ended_at is null", id.0, scope.now)
        .execute(tx)
        .await
        .or_fault()?;
    Ok(())
}
