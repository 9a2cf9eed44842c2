//! Riders of a courier, called for orders of same-city delivery.

use chrono::{DateTime, Duration};
use domain::{
    Fault, Fen, OrderId, RideId,
    audit::{Act, ObjectKind},
    express::{RideQuote, RideState},
    fulfilment::Fulfilment,
    geo::{Point, to_gcj02},
    orders::{OrderAct, OrderState},
    staff::Permission,
};
use partners::couriers::{Errand, Failure, Place, Riders};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::told::{self, Told};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    jobs::{self, Kind},
    orders::{self, Ordered},
    scope::Actor,
};

/// When a ride is first looked for, should its callbacks not come.
const LOOK_AFTER: Duration = Duration::seconds(30);
/// And how often after that.
const LOOK_AGAIN: Duration = Duration::minutes(2);
/// Why a store cannot send a rider away: what was sent is theirs no more.
const NO_RIDE: Fault = Fault::NotFound("这次呼叫");

fn riders(scope: &Scope) -> Result<&Riders, Fault> {
    let none = || Fault::conflict("no_courier", "还没有接入骑手平台，请安排本店员工配送");
    scope.house.riders().ok_or_else(none)
}

fn refused(message: &str) -> Fault {
    Fault::conflict("rider_refused", format!("骑手平台没有接受：{message}"))
}

fn silent(hidden: String) -> Fault {
    Fault::Upstream { who: "骑手平台", hidden }
}

/// What a rider would cost for an order now. Nothing is called.
///
/// Faults: `NotFound` out of reach; `Conflict` (`not_now`, `other_way`, `no_courier`, `no_point`, `rider_refused`);
/// `Upstream`.
pub async fn quote(scope: &Scope, id: OrderId) -> Result<RideQuote, Fault> {
    let mut tx = scope.begin().await?;
    let order = orders::lock_within(&mut tx, scope, id, Permission::FulfilOrders).await?;
    let riders = riders(scope)?;
    must_be_here(&order)?;
    let errand = errand(&mut tx, &order, RideId(id.0)).await?;
    drop(tx);
    match riders.quote(&errand).await {
        Ok(price) => Ok(RideQuote { fee_fen: Fen(price.fee_fen), minutes: price.minutes }),
        Err(Failure::Refused { message, .. }) => Err(refused(&message)),
        Err(failure) => Err(silent(failure.to_string())),
    }
}

/// Refuses an order that no rider can fetch.
fn must_be_here(order: &Ordered) -> Result<(), Fault> {
    if order.fulfilment != Fulfilment::Delivery {
        let message = format!("订单 {} 是{}订单，不由骑手配送", order.number, order.fulfilment.label());
        return Err(Fault::conflict("other_way", message));
    }
    if order.state.after(OrderAct::Dispatch).is_none() {
        let message = format!("订单{}，不能呼叫骑手", order.state.label_of(order.fulfilment));
        return Err(Fault::conflict("not_now", message));
    }
    Ok(())
}

/// Calls a rider for an order. The same call again calls nobody else; where the courier is silent, whether somebody
/// comes is found out by itself.
///
/// Faults: those of `quote`; `Conflict` (`ride_open`, `key_reused`). Where the courier refuses, the call is kept with
/// its reason.
pub async fn call(scope: &Scope, id: OrderId, ride: RideId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let order = orders::lock_within(&mut tx, scope, id, Permission::FulfilOrders).await?;
    let riders = riders(scope)?;
    if let Some(of) = sqlx::query_scalar!("select order_id from rides where id = $1", ride.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
    {
        let reused = || Fault::conflict("key_reused", "这个页面已经呼叫过骑手，请刷新后再试");
        return if of == id.0 { Ok(()) } else { Err(reused()) };
    }
    must_be_here(&order)?;
    let errand = errand(&mut tx, &order, ride).await?;
    let Actor { staff, key, .. } = scope.actor();
    sqlx::query!(
        "insert into rides (id, order_id, store_id, state, called_at, staff_id, api_key_id) values ($1, $2, $3, $4, $5, $6, $7)",
        ride.0,
        id.0,
        order.store_id.0,
        RideState::Calling.code(),
        scope.now,
        staff,
        key,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    jobs::schedule(&mut tx, Kind::FollowRide, ride.0, scope.now + LOOK_AFTER).await?;
    record(&mut tx, scope, &order, Act::CallRider, ride).await?;
    tx.commit().await.or_fault()?;
    match riders.call(&errand).await {
        Ok((theirs, fee_fen)) => {
            let mut tx = scope.begin().await?;
            sqlx::query!(
                "update rides set state = case when state = 'calling' then 'called' else state end, fee_fen = $2, courier_number = $3 where id = $1",
                ride.0,
                fee_fen.max(0),
                theirs,
            )
            .execute(&mut *tx)
            .await
            .or_fault()?;
            tx.commit().await.or_fault()
        }
        Err(Failure::Refused { message, .. }) => {
            let mut tx = scope.begin().await?;
            nobody_comes(&mut tx, ride, &message).await?;
            tx.commit().await.or_fault()?;
            Err(refused(&message))
        }
        Err(failure) => {
            tracing::warn!(%ride, %failure, "whether a rider was called is not known; it will be looked for");
            Ok(())
        }
    }
}

async fn nobody_comes(tx: &mut PgConnection, ride: RideId, why: &str) -> Result<(), Fault> {
    let why: String = why.chars().take(200).collect();
    sqlx::query!("update rides set state = 'refused', problem = $2 where id = $1 and state = 'calling'", ride.0, why)
        .execute(tx)
        .await
        .or_fault()?;
    Ok(())
}

/// Sends a rider away who has not got the goods yet. Doing it twice is doing it once.
///
/// Faults: `NotFound` out of reach; `Conflict` (`not_now`, `no_courier`, `rider_refused`); `Upstream`.
pub async fn cancel(scope: &Scope, id: OrderId, ride: RideId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let order = orders::lock_within(&mut tx, scope, id, Permission::FulfilOrders).await?;
    let riders = riders(scope)?;
    let state = sqlx::query_scalar!("select state from rides where id = $1 and order_id = $2", ride.0, id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(NO_RIDE)?;
    drop(tx);
    let state = RideState::from_code(&state).unwrap_or(RideState::Cancelled);
    if state == RideState::Cancelled {
        return Ok(());
    }
    if !state.can_cancel() {
        return Err(Fault::conflict("not_now", format!("{}，不能取消", state.label())));
    }
    // Nobody holds a lock while the courier thinks.
    match riders.cancel(&ride.to_string(), "门店取消").await {
        Ok(()) => {}
        Err(Failure::Refused { message, .. }) => return Err(refused(&message)),
        Err(failure) => return Err(silent(failure.to_string())),
    }
    let mut tx = scope.begin().await?;
    let order = orders::lock(&mut tx, order.id).await?;
    if called_off(&mut tx, ride).await? {
        record(&mut tx, scope, &order, Act::CancelRider, ride).await?;
    }
    tx.commit().await.or_fault()
}

/// Whether it was not over before.
async fn called_off(tx: &mut PgConnection, ride: RideId) -> Result<bool, Fault> {
    let ended = sqlx::query!(
        "update rides set state = 'cancelled' where id = $1 and state in ('calling', 'called', 'accepted', 'at_store')",
        ride.0,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(ended.rows_affected() > 0)
}

async fn record(tx: &mut PgConnection, scope: &Scope, order: &Ordered, act: Act, ride: RideId) -> Result<(), Fault> {
    let (object, object_id, store_id) = (ObjectKind::Order, order.id.0, Some(order.store_id.0));
    let after = json!({ "ride": ride });
    audit::record(tx, scope, Change { act, object, object_id, store_id, before: Value::Null, after, reason: "" }).await
}

/// What a rider is told: from the store to the address of the order's time.
///
/// Faults: `Conflict` (`no_point`) for an address that nobody can ride to.
async fn errand(tx: &mut PgConnection, order: &Ordered, ride: RideId) -> Result<Errand, Fault> {
    let row = sqlx::query!(
        r#"select s.name as store_name, s.phone as store_phone, s.address as store_address,
                  s.latitude as store_latitude, s.longitude as store_longitude,
                  a.name, a.phone, a.region, a.detail, a.latitude, a.longitude, o.note, o.total_fen - o.freight_fen as "worth!",
                  (select sum(l.quantity)::bigint from order_lines l where l.order_id = o.id) as "pieces!",
                  (select sum(l.quantity * k.weight_grams)::bigint from order_lines l join skus k on k.id = l.sku_id
                   where l.order_id = o.id) as "grams!",
                  (select l.name from order_lines l where l.order_id = o.id order by l.line limit 1) as "goods!"
           from orders o join stores s on s.id = o.store_id join order_addresses a on a.order_id = o.id where o.id = $1"#,
        order.id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    let nowhere = || Fault::conflict("no_point", "收货地址没有在地图上选点，骑手平台不能接单，请安排本店员工配送");
    let row = row.ok_or_else(nowhere)?;
    let to = row.latitude.zip(row.longitude).and_then(|(latitude, longitude)| Point::new(latitude, longitude));
    let from = Point::new(row.store_latitude, row.store_longitude);
    let (to, from) = to.zip(from).ok_or_else(nowhere)?;
    let place = |name: String, phone: String, address: String, point: Point| {
        let point = to_gcj02(point);
        let (lng, lat) = (format!("{:.6}", point.longitude), format!("{:.6}", point.latitude));
        Place { name, phone, address, lng, lat }
    };
    let city = row.region.rsplit(' ').next().unwrap_or_default().to_owned();
    Ok(Errand {
        number: ride.to_string(),
        from: place(row.store_name, row.store_phone.unwrap_or_default(), row.store_address, from),
        to: place(row.name, row.phone, format!("{}{}", row.region.replace(' ', ""), row.detail), to),
        city,
        goods: row.goods,
        pieces: row.pieces,
        grams: row.grams,
        worth_fen: row.worth,
        remark: row.note,
    })
}

/// Looks what became of a ride, since callbacks may be lost, and sends away whoever comes for an order that is not
/// there any more; answers when to look again, while it is not over.
pub(crate) async fn follow(scope: &Scope, ride: RideId) -> Result<Option<Duration>, Fault> {
    let Some(riders) = scope.house.riders() else { return Ok(Some(LOOK_AGAIN)) };
    let row = sqlx::query!(
        "select r.state, r.store_id, o.store_id as now_at, o.state as order_state
         from rides r join orders o on o.id = r.order_id where r.id = $1",
        ride.0,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?;
    let Some(row) = row else { return Ok(None) };
    let state = RideState::from_code(&row.state).unwrap_or(RideState::Cancelled);
    if state.is_over() {
        return Ok(None);
    }
    let feed = riders.look(&ride.to_string()).await.map_err(|failure| silent(failure.to_string()))?;
    let mut tx = scope.begin().await?;
    let Some(feed) = feed else {
        nobody_comes(&mut tx, ride, "骑手平台没有收到这次呼叫").await?;
        tx.commit().await.or_fault()?;
        return Ok(Some(LOOK_AGAIN));
    };
    for one in feed {
        let Some(status) = one.status() else { continue };
        let at = DateTime::from_timestamp(one.create_time, 0).unwrap_or(scope.now).min(scope.now);
        let (words, rider_name, rider_phone) = (one.status_desc, one.operator_name, one.operator_phone);
        told::apply(&mut tx, scope, ride, &Told { status, words, rider_name, rider_phone, at }).await?;
    }
    sqlx::query!("update rides set state = 'called' where id = $1 and state = 'calling'", ride.0)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    tx.commit().await.or_fault()?;
    let waits = OrderState::from_code(&row.order_state).is_some_and(|state| state.is_sale() && !state.is_final());
    if (!waits || row.store_id != row.now_at) && state.can_cancel() {
        riders.cancel(&ride.to_string(), "订单已取消").await.map_err(|failure| silent(failure.to_string()))?;
        let mut tx = scope.begin().await?;
        called_off(&mut tx, ride).await?;
        tx.commit().await.or_fault()?;
    }
    Ok(Some(LOOK_AGAIN))
}
