//! All that is known of how an order is sent.

use domain::{
    Fault, Fen, OrderId, ParcelId, RideId, UnsentEndId,
    express::{CameBack, Carrier, DeliveryView, LineLeft, ParcelView, RideState, RideView, Shipment, TrackingStep},
    fulfilment::Fulfilment,
    parcels::{Afterwards, ParcelState},
    staff::Permission,
    unsent::{UnsentEnd, UnsentFate},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::parcels::still_here;
use crate::{Scope, database::OrFault};

/// How an order of the member who asks is sent.
///
/// Faults: `Unauthenticated`; `NotFound` for another's.
pub async fn mine(scope: &Scope, id: OrderId) -> Result<Shipment, Fault> {
    let me = scope.member()?;
    let mut tx = scope.begin().await?;
    must_see(&mut tx, id, Some(me.0), None).await?;
    let shipment = whole(&mut tx, id).await?;
    // Who packed it, and which riders did not come, is the store's business.
    let parcels = shipment.parcels.into_iter().map(|parcel| ParcelView { by: None, ..parcel });
    let ended = shipment.ended.into_iter().map(|end| UnsentEnd { by: None, fate: None, ..end });
    let (parcels, ended) = (parcels.collect(), ended.collect());
    Ok(Shipment { parcels, ended, rides: Vec::new(), deliveries: Vec::new(), ..shipment })
}

/// How an order of a store within reach is sent.
///
/// Faults: `Forbidden`; `NotFound` out of reach.
pub async fn show(scope: &Scope, id: OrderId) -> Result<Shipment, Fault> {
    let reach = scope.reach_filter(Permission::ReadOrders)?;
    let mut tx = scope.begin().await?;
    must_see(&mut tx, id, None, reach.as_deref()).await?;
    whole(&mut tx, id).await
}

async fn must_see(
    tx: &mut PgConnection,
    id: OrderId,
    member: Option<Uuid>,
    stores: Option<&[Uuid]>,
) -> Result<(), Fault> {
    sqlx::query!(
        "select id from orders where id = $1 and ($2::uuid is null or member_id = $2) and ($3::uuid[] is null or store_id = any($3))",
        id.0,
        member,
        stores,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .map(drop)
    .ok_or(Fault::NotFound("这个订单"))
}

async fn whole(tx: &mut PgConnection, id: OrderId) -> Result<Shipment, Fault> {
    Ok(Shipment {
        parcels: parcels(tx, id).await?,
        left: lines(tx, id).await?,
        ended: ended(tx, id).await?,
        rides: rides(tx, id).await?,
        deliveries: deliveries(tx, id).await?,
        steps: steps(tx, id).await?,
    })
}

async fn parcels(tx: &mut PgConnection, id: OrderId) -> Result<Vec<ParcelView>, Fault> {
    let rows = sqlx::query!(
        r#"select p.id, p.carrier, p.tracking_number, p.shipped_at, coalesce(s.name, '合作方 ' || k.name) as by,
                  (select array_agg(concat_ws(' ', l.name, nullif(l.spec, '')) || ' × ' || i.quantity order by i.line)
                   from parcel_lines i join order_lines l on l.order_id = i.order_id and l.line = i.line
                   where i.parcel_id = p.id) as "goods!",
                  coalesce(w.state, 'sent') as "state!", r.reason as "reason?", r.afterwards as "afterwards?",
                  r.spoilt as "spoilt?", r.at as "back_at?",
                  t.at as "told_at?", t.words as "told?"
           from parcels p left join staff s on s.id = p.staff_id left join api_keys k on k.id = p.api_key_id
           left join parcel_ways w on w.parcel_id = p.id left join parcel_returns r on r.parcel_id = p.id
           left join lateral (select at, words from tracking where parcel_id = p.id order by at desc, id desc limit 1) t on true
           where p.order_id = $1 order by p.shipped_at, p.id"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let parcel = rows.into_iter().map(|row| ParcelView {
        id: ParcelId(row.id),
        carrier: Carrier::from_code(&row.carrier).unwrap_or(Carrier::Other),
        tracking_number: row.tracking_number,
        goods: row.goods,
        shipped_at: row.shipped_at,
        by: row.by,
        state: ParcelState::from_code(&row.state).unwrap_or_default(),
        came_back: row.reason.zip(row.back_at).map(|(reason, at)| CameBack {
            reason,
            afterwards: row.afterwards.as_deref().and_then(Afterwards::from_code).unwrap_or(Afterwards::Refund),
            spoilt: row.spoilt.unwrap_or_default(),
            at,
        }),
        last: row.told_at.zip(row.told).map(|(at, words)| TrackingStep { at, words }),
    });
    Ok(parcel.collect())
}

/// What is to be sent still; nothing of an order that goes another way.
async fn lines(tx: &mut PgConnection, id: OrderId) -> Result<Vec<LineLeft>, Fault> {
    let rows = sqlx::query!(
        r#"select l.line, concat_ws(' ', l.name, nullif(l.spec, ''), nullif(l.options_text, '')) as "goods!"
           from order_lines l join orders o on o.id = l.order_id where o.id = $1 and o.fulfilment = $2 order by l.line"#,
        id.0,
        Fulfilment::Express.code(),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let left = still_here(tx, id).await?;
    let quantity = |line: i32| left.iter().find(|one| one.line == line).map(|one| one.quantity);
    let lines = rows
        .into_iter()
        .filter_map(|row| Some(LineLeft { line: row.line, quantity: quantity(row.line)?, goods: row.goods }));
    Ok(lines.collect())
}

/// What is sent no more.
async fn ended(tx: &mut PgConnection, id: OrderId) -> Result<Vec<UnsentEnd>, Fault> {
    let rows = sqlx::query!(
        r#"select u.id, u.reason, u.fate, u.refund_fen, u.at, coalesce(s.name, '合作方 ' || k.name) as by,
                  coalesce(r.succeeded_at, r.settled_at) as "refunded_at?", r.settled_proof as "settled_proof?",
                  (select array_agg(concat_ws(' ', l.name, nullif(l.spec, ''), nullif(l.options_text, '')) || ' × ' || i.quantity
                                    order by i.line)
                   from unsent_end_lines i join order_lines l on l.order_id = i.order_id and l.line = i.line
                   where i.end_id = u.id) as "goods!"
           from unsent_ends u left join staff s on s.id = u.staff_id left join api_keys k on k.id = u.api_key_id
           left join refunds r on r.id = u.refund_id
           where u.order_id = $1 order by u.at, u.id"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let end = rows.into_iter().map(|row| UnsentEnd {
        id: UnsentEndId(row.id),
        goods: row.goods,
        reason: row.reason,
        fate: UnsentFate::from_code(&row.fate),
        at: row.at,
        by: row.by,
        refund_fen: Fen(row.refund_fen),
        refunded_at: row.refunded_at,
        settled_proof: row.settled_proof,
    });
    Ok(end.collect())
}

async fn rides(tx: &mut PgConnection, id: OrderId) -> Result<Vec<RideView>, Fault> {
    let rows = sqlx::query!(
        "select id, state, fee_fen, rider_name, rider_phone, problem, called_at from rides where order_id = $1 order by called_at desc, id desc",
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let ride = rows.into_iter().map(|row| RideView {
        id: RideId(row.id),
        state: RideState::from_code(&row.state).unwrap_or(RideState::Cancelled),
        fee_fen: row.fee_fen.map(Fen),
        rider_name: row.rider_name,
        rider_phone: row.rider_phone,
        problem: row.problem,
        called_at: row.called_at,
    });
    Ok(ride.collect())
}

async fn deliveries(tx: &mut PgConnection, id: OrderId) -> Result<Vec<DeliveryView>, Fault> {
    sqlx::query_as!(
        DeliveryView,
        "select rider_name, rider_phone, dispatched_at, ended_at from deliveries where order_id = $1 order by attempt desc",
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

async fn steps(tx: &mut PgConnection, id: OrderId) -> Result<Vec<TrackingStep>, Fault> {
    let rows =
        sqlx::query!("select at, words from tracking where order_id = $1 order by at desc, id desc limit 200", id.0)
            .fetch_all(tx)
            .await
            .or_fault()?;
    Ok(rows.into_iter().map(|row| TrackingStep { at: row.at, words: row.words }).collect())
}
