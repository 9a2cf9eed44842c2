//! Parcels that come back (D3). The store says that it has one again, why, and what becomes of its pieces: they are
//! sent again, or the shopper gets their money back. No order stays open for ever because of one: what is never said
//! to be back is given up as lost after some time.
//!
//! Where all of an order came back and is paid back, the order is called off, with what its way cost. Where the shopper
//! has other parcels of it, the part is paid back through after-sales once they have all of those: the request of a
//! parcel has the parcel's id.

use chrono::{DateTime, Duration, Utc};
use domain::{
    Fault, OrderId, ParcelId,
    audit::{Act, ObjectKind},
    express::PackedLine,
    orders::OrderState,
    parcels::{Afterwards, ParcelState, TakeBackParcel},
    staff::Permission,
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    parcels::{must_be_express, still_here},
    ways::{on_their_way, tell_pages},
};
use crate::{
    Scope, after_sales,
    audit::{self, Change},
    database::OrFault,
    faults::{self, Deed},
    jobs::{self, Kind},
    orders::{self, Ordered},
    scope::Actor,
    stock::{self, Cause, Document, Pieces},
};

/// How long after it was sent off a parcel on its way back is waited for.
const LOST_AFTER: Duration = Duration::days(30);
const NO_PARCEL: Fault = Fault::NotFound("这个包裹");

/// The store has a parcel again. The same again is answered the same.
///
/// Faults: `Invalid` beside `reason` or `spoilt`; `NotFound` out of reach; `Forbidden` for whoever may not give money
/// back and would; `Conflict` (`not_now` for one that the shopper has, `already_back`, `other_way`).
pub async fn take_back(scope: &Scope, id: OrderId, parcel: ParcelId, command: &TakeBackParcel) -> Result<(), Fault> {
    let reason = command.checked()?;
    let mut tx = scope.begin().await?;
    let store = orders::lock_within(&mut tx, scope, id, Permission::FulfilOrders).await?.store_id;
    if command.afterwards == Afterwards::Refund && !scope.reach(Permission::RejectOrders)?.covers(store) {
        return Err(Fault::Forbidden);
    }
    drop(tx);
    // What goes back to a shopper is not a store's to write, so the server does it, after looking at its grants.
    let mut tx = scope.house_begin().await?;
    after_sales::keep_member(&mut tx, id).await?;
    let order = orders::lock(&mut tx, id).await?;
    if order.store_id != store {
        return Err(Fault::NotFound("这个订单"));
    }
    must_be_express(&order)?;
    let state = state_of(&mut tx, id, parcel).await?;
    if let Some(same) = is_same(&mut tx, parcel, command, reason).await? {
        let told = || Fault::conflict("already_back", "这个包裹已登记退回，处理方式不能再改");
        return if same { Ok(()) } else { Err(told()) };
    }
    if !state.can_be_back() {
        return Err(Fault::conflict("not_now", format!("包裹{}，请通过售后处理", state.label())));
    }
    if command.afterwards == Afterwards::SendAgain && order.state != OrderState::Dispatched {
        let message = format!("订单{}，不能重新发出，请选择退款", order.state.label_of(order.fulfilment));
        return Err(Fault::conflict("not_now", message));
    }
    write(&mut tx, scope, &order, parcel, command).await?;
    match command.afterwards {
        Afterwards::SendAgain => send_again(&mut tx, scope, &order, reason).await?,
        Afterwards::Refund => pay_back(&mut tx, scope, &order, reason).await?,
    }
    tell_pages(&mut tx, &order).await?;
    faults::commit(tx, scope, Deed::TakeBackParcel).await
}

async fn state_of(tx: &mut PgConnection, order: OrderId, parcel: ParcelId) -> Result<ParcelState, Fault> {
    let state = sqlx::query_scalar!(
        r#"select coalesce(w.state, 'sent') as "state!" from parcels p left join parcel_ways w on w.parcel_id = p.id
           where p.id = $1 and p.order_id = $2"#,
        parcel.0,
        order.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .ok_or(NO_PARCEL)?;
    Ok(ParcelState::from_code(&state).unwrap_or_default())
}

/// Whether it was said to be back just so; nothing where it was not said.
async fn is_same(
    tx: &mut PgConnection,
    parcel: ParcelId,
    command: &TakeBackParcel,
    reason: &str,
) -> Result<Option<bool>, Fault> {
    let row = sqlx::query!("select reason, afterwards, spoilt from parcel_returns where parcel_id = $1", parcel.0)
        .fetch_optional(tx)
        .await
        .or_fault()?;
    let same = |afterwards: &str, spoilt| afterwards == command.afterwards.code() && spoilt == command.spoilt;
    Ok(row.map(|row| row.reason == reason && same(&row.afterwards, row.spoilt)))
}

async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    order: &Ordered,
    parcel: ParcelId,
    command: &TakeBackParcel,
) -> Result<(), Fault> {
    let Actor { staff, key, .. } = scope.actor();
    let reason = command.reason.trim();
    sqlx::query!(
        "with back as (
             insert into parcel_returns (parcel_id, order_id, store_id, reason, afterwards, spoilt, at, staff_id, api_key_id)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ), told as (
             insert into tracking (order_id, parcel_id, words, at) values ($2, $1, $10, $7)
         )
         insert into parcel_ways (parcel_id, order_id, store_id, state) values ($1, $2, $3, 'back')
         on conflict (parcel_id) do update set state = 'back'",
        parcel.0,
        order.id.0,
        order.store_id.0,
        reason,
        command.afterwards.code(),
        command.spoilt,
        scope.now,
        staff,
        key,
        format!("退件已收到（{reason}），{}", command.afterwards.label()),
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let change = Change {
        act: Act::TakeBackParcel,
        object: ObjectKind::Order,
        object_id: order.id.0,
        store_id: Some(order.store_id.0),
        before: json!(null),
        after: json!({ "parcel": parcel, "afterwards": command.afterwards, "spoilt": command.spoilt }),
        reason,
    };
    audit::record(tx, scope, change).await
}

/// Its pieces are at the store again, set apart for the order. Where nothing else of it is out, all of it is.
async fn send_again(tx: &mut PgConnection, scope: &Scope, order: &Ordered, reason: &str) -> Result<(), Fault> {
    jobs::unschedule(tx, [(Kind::CompleteExpress, order.id.0)]).await?;
    let elsewhere = sqlx::query_scalar!(
        r#"select count(*) as "many!" from parcels p left join parcel_returns r on r.parcel_id = p.id
           where p.order_id = $1 and r.afterwards is distinct from 'send_again'"#,
        order.id.0,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    if elsewhere == 0 { orders::come_back(tx, scope, order, reason).await } else { Ok(()) }
}

/// The shopper is paid back what came back, now or once they have the rest.
async fn pay_back(tx: &mut PgConnection, scope: &Scope, order: &Ordered, reason: &str) -> Result<(), Fault> {
    if order.state == OrderState::Completed {
        return settle(tx, scope, order).await;
    }
    if order.state != OrderState::Dispatched || !still_here(tx, order.id).await?.is_empty() {
        return Ok(());
    }
    if is_all_back(tx, order.id).await? {
        return give_up(tx, scope, order, reason).await;
    }
    if on_their_way(tx, order.id).await? > 0 {
        return Ok(());
    }
    jobs::unschedule(tx, [(Kind::CompleteExpress, order.id.0)]).await?;
    orders::arrive(tx, scope, order, "其余包裹已签收").await?;
    settle(tx, scope, order).await
}

/// Whether the store has every parcel of an order again.
pub(super) async fn is_all_back(tx: &mut PgConnection, order: OrderId) -> Result<bool, Fault> {
    sqlx::query_scalar!(
        r#"select not exists (select from parcels p left join parcel_returns r on r.parcel_id = p.id
                              where p.order_id = $1 and r.parcel_id is null) as "all_back!""#,
        order.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()
}

/// The shopper gets nothing of a locked order: it is called off, and all its money goes back.
pub(super) async fn give_up(tx: &mut PgConnection, scope: &Scope, order: &Ordered, reason: &str) -> Result<(), Fault> {
    jobs::unschedule(tx, [(Kind::CompleteExpress, order.id.0)]).await?;
    orders::give_up(tx, scope, order, reason).await?;
    lose_what_is_spoilt(tx, scope, order).await
}

/// What is spoilt of an order that was called off leaves the shelf again.
async fn lose_what_is_spoilt(tx: &mut PgConnection, scope: &Scope, order: &Ordered) -> Result<(), Fault> {
    let rows = sqlx::query!(
        r#"select r.parcel_id, l.sku_id, sum(i.quantity)::bigint as "pieces!"
           from parcel_returns r join parcel_lines i on i.parcel_id = r.parcel_id
           join order_lines l on l.order_id = i.order_id and l.line = i.line
           where r.order_id = $1 and r.spoilt and r.afterwards = 'refund' group by 1, 2 order by 1, 2"#,
        order.id.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let mut parcels: Vec<(Uuid, Vec<Pieces>)> = Vec::new();
    for row in rows {
        let pieces = Pieces { sku: row.sku_id, quantity: -row.pieces };
        match parcels.last_mut().filter(|(parcel, _)| *parcel == row.parcel_id) {
            Some((_, lost)) => lost.push(pieces),
            None => parcels.push((row.parcel_id, vec![pieces])),
        }
    }
    for (parcel, lost) in parcels {
        let document = Document { cause: Cause::Loss, id: Some(parcel) };
        stock::of_the_shop(tx, order.store_id, &lost).await?;
        stock::book(tx, scope, order.store_id.0, document, &lost).await?;
    }
    Ok(())
}

/// Opens and ends a request after the sale for each parcel of a completed order that came back to be paid back.
pub(super) async fn settle(tx: &mut PgConnection, scope: &Scope, order: &Ordered) -> Result<(), Fault> {
    let rows = sqlx::query!(
        r#"select r.parcel_id, r.reason, r.spoilt, array_agg(i.line order by i.line) as "lines!",
                  array_agg(i.quantity order by i.line) as "pieces!"
           from parcel_returns r join parcel_lines i on i.parcel_id = r.parcel_id
           where r.order_id = $1 and r.afterwards = 'refund' and not exists (select from after_sales a where a.id = r.parcel_id)
             and not exists (select from parcel_goods g where g.parcel_id = r.parcel_id)
           group by r.parcel_id order by r.parcel_id"#,
        order.id.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    for row in rows {
        let lines = row.lines.into_iter().zip(row.pieces).map(|(line, quantity)| PackedLine { line, quantity });
        let (parcel, lines) = (ParcelId(row.parcel_id), lines.collect());
        let back = after_sales::CameBack { parcel, order: order.id, store: order.store_id, lines, spoilt: row.spoilt };
        after_sales::pay_back(tx, scope, back, &row.reason).await?;
    }
    Ok(())
}

/// Parcels of an order that come back and that its store does not have again, with when they were sent off.
pub(super) async fn coming_back(
    tx: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<(ParcelId, DateTime<Utc>)>, Fault> {
    let rows = sqlx::query!(
        "select p.id, p.shipped_at from parcels p join parcel_ways w on w.parcel_id = p.id
         where p.order_id = $1 and w.state in ('refused', 'returning', 'return_signed') order by p.id",
        order.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| (ParcelId(row.id), row.shipped_at)).collect())
}

/// Gives up parcels that should have come back long ago: nobody has the goods, and the shopper gets their money back.
/// `false` while one of them may still come.
pub(super) async fn give_up_lost(
    tx: &mut PgConnection,
    scope: &Scope,
    order: &Ordered,
    coming: &[(ParcelId, DateTime<Utc>)],
) -> Result<bool, Fault> {
    if coming.iter().any(|(_, shipped_at)| scope.now - *shipped_at < LOST_AFTER) {
        return Ok(false);
    }
    let reason = "退件逾期未到，按丢件处理".to_owned();
    let lost = TakeBackParcel { reason, afterwards: Afterwards::Refund, spoilt: true };
    for (parcel, _) in coming {
        write(tx, scope, order, *parcel, &lost).await?;
    }
    pay_back(tx, scope, order, &lost.reason).await?;
    tell_pages(tx, order).await?;
    Ok(true)
}
