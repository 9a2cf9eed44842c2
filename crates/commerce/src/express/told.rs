//! What the courier tells, by callback or when it is asked: it may be late, come twice, or in any order.

use chrono::{DateTime, Utc};
use domain::{
    Fault, OrderId, RideId,
    express::RideState,
    members::Phone,
    orders::{OrderAct, OrderState},
};
use partners::couriers::Status;
use sqlx::PgConnection;

use crate::{
    Scope,
    database::OrFault,
    orders::{self, Ordered},
};

/// The longest name of a rider that is kept, in characters.
const NAME_MOST: usize = 30;

/// One thing that happened to a ride.
pub(super) struct Told {
    pub status: Status,
    /// For people.
    pub words: String,
    pub rider_name: String,
    pub rider_phone: String,
    pub at: DateTime<Utc>,
}

/// Where a ride stands that this was told of; nothing for what changes nothing.
fn state_of(status: Status) -> Option<RideState> {
    Some(match status {
        Status::Accepted => RideState::Accepted,
        Status::AtPickup => RideState::AtStore,
        Status::PickedUp => RideState::PickedUp,
        Status::Delivered => RideState::Delivered,
        Status::Cancelled => RideState::Cancelled,
        // The store decides what becomes of an order that could not be brought.
        Status::Exception => return None,
    })
}

/// Moves a ride as it was told, and its order with it; answers what came of it.
pub(super) async fn apply(tx: &mut PgConnection, scope: &Scope, id: RideId, told: &Told) -> Result<String, Fault> {
    let order = sqlx::query_scalar!("select order_id from rides where id = $1", id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    let Some(order) = order else { return Ok("no such ride".into()) };
    // The order's lock comes first, as everywhere.
    let order = orders::lock(tx, OrderId(order)).await?;
    let ride = sqlx::query!("select state, store_id from rides where id = $1 for update", id.0)
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
    let state = RideState::from_code(&ride.state).ok_or_else(|| Fault::Internal(format!("ride {}", ride.state)))?;
    if !note(tx, id, &order, told).await? {
        return Ok("told before".into());
    }
    let next = state_of(told.status).map_or(state, |to| state.after(to));
    let name: String = told.rider_name.trim().chars().take(NAME_MOST).collect();
    sqlx::query!(
        "update rides set state = $2, rider_name = case when $3 = '' then rider_name else $3 end,
                rider_phone = case when $4 = '' then rider_phone else $4 end where id = $1",
        id.0,
        next.code(),
        name,
        told.rider_phone.trim(),
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if next != state && ride.store_id == order.store_id.0 {
        carry(tx, scope, order, next, &name, told).await?;
    }
    Ok(if next == state { "late".into() } else { next.code().to_owned() })
}

/// Writes down what was told and lets open pages look again; `false` where it was told before.
async fn note(tx: &mut PgConnection, id: RideId, order: &Ordered, told: &Told) -> Result<bool, Fault> {
    let written = sqlx::query!(
        "insert into tracking (order_id, ride_id, status, words, at) values ($1, $2, $3, $4, $5) on conflict do nothing",
        order.id.0,
        id.0,
        told.status.number(),
        told.words.chars().take(200).collect::<String>(),
        told.at,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    sqlx::query!(
        "insert into outbox (topic, store_id, order_id) values ('order', $1, $2)",
        order.store_id.0,
        order.id.0
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(written.rows_affected() > 0)
}

/// The order goes as far as its ride has come. Where the pick-up was not told, it goes with what was told after it.
async fn carry(
    tx: &mut PgConnection,
    scope: &Scope,
    mut order: Ordered,
    ride: RideState,
    name: &str,
    told: &Told,
) -> Result<(), Fault> {
    let goes = matches!(ride, RideState::PickedUp | RideState::Delivered);
    if goes && order.state.after(OrderAct::Dispatch).is_some() {
        orders::leave(tx, scope, &order, name).await?;
        with_rider(tx, &order, name, told).await?;
        order.state = OrderState::Dispatched;
    }
    if ride == RideState::Delivered && order.state == OrderState::Dispatched {
        orders::brought(tx, scope, &order, name).await?;
    }
    Ok(())
}

/// The shopper reads who brings it. A number that only leads to the rider is none that can be kept here.
async fn with_rider(tx: &mut PgConnection, order: &Ordered, name: &str, told: &Told) -> Result<(), Fault> {
    let Ok(phone) = told.rider_phone.trim().parse::<Phone>() else { return Ok(()) };
    sqlx::query!(
        "insert into deliveries (order_id, attempt, rider_name, rider_phone, dispatched_at)
         select $1, coalesce(max(attempt), 0) + 1, $2, $3, $4 from deliveries where order_id = $1",
        order.id.0,
        if name.is_empty() { "骑手" } else { name },
        phone.as_str(),
        told.at,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
