//! Parcels of express orders.

use chrono::Duration;
use domain::{
    Fault, OrderId, ParcelId,
    audit::{Act, ObjectKind},
    express::{Carrier, PackedLine, ShipParcel, left, pack},
    fulfilment::Fulfilment,
    orders::{OrderAct, OrderState},
    staff::Permission,
};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{returns, ways};
use crate::{
    Scope, after_sales,
    audit::{self, Change},
    database::OrFault,
    jobs::{self, Kind},
    orders::{self, Ordered},
    scope::Actor,
};

/// After how long a shopper who says nothing has what was sent.
pub(super) const TAKEN_AFTER: Duration = Duration::days(10);
/// How often an order is looked at of which a parcel comes back.
const LOOK_FOR_RETURNS: Duration = Duration::days(1);

/// Sends a parcel with pieces of an order off. With the first one the order has left its store. The same again is
/// answered the same.
///
/// Faults: `Invalid` beside `tracking_number`, also for one that another parcel has, beside `pieces.{line}` for more
/// than is left, beside `lines` where nothing is; `NotFound` out of reach; `Conflict` (`not_now`, `other_way`,
/// `key_reused`).
pub async fn ship(scope: &Scope, id: OrderId, command: ShipParcel) -> Result<(), Fault> {
    let command = command.checked()?;
    let mut tx = scope.begin().await?;
    let order = orders::lock_within(&mut tx, scope, id, Permission::FulfilOrders).await?;
    must_be_express(&order)?;
    if let Some(same) = is_same(&mut tx, id, &command).await? {
        let reused = || Fault::conflict("key_reused", "这个页面已经发出过另一个包裹，请刷新后再试");
        return if same { Ok(()) } else { Err(reused()) };
    }
    if order.state != OrderState::Dispatched {
        orders::leave(&mut tx, scope, &order, "").await?;
    }
    let before = still_here(&mut tx, id).await?;
    let packed = pack(&before, &command.lines)?;
    keep(&mut tx, scope, &order, &command, &packed).await?;
    if left(&before, &packed).is_empty() {
        jobs::schedule(&mut tx, Kind::CompleteExpress, id.0, scope.now + TAKEN_AFTER).await?;
    }
    let change = Change {
        act: Act::ShipParcel,
        object: ObjectKind::Order,
        object_id: id.0,
        store_id: Some(order.store_id.0),
        before: Value::Null,
        after: json!({ "carrier": command.carrier.label(), "number": command.tracking_number,
                       "pieces": packed.iter().map(|one| one.quantity).sum::<i64>() }),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    orders::commit(tx, scope, OrderAct::Dispatch).await
}

pub(super) fn must_be_express(order: &Ordered) -> Result<(), Fault> {
    if order.fulfilment == Fulfilment::Express {
        return Ok(());
    }
    let message = format!("订单 {} 是{}订单，不用快递发货", order.number, order.fulfilment.label());
    Err(Fault::conflict("other_way", message))
}

/// Whether this parcel has been sent off already, just so; nothing where it has not.
async fn is_same(tx: &mut PgConnection, order: OrderId, command: &ShipParcel) -> Result<Option<bool>, Fault> {
    let row = sqlx::query!("select order_id, carrier, tracking_number from parcels where id = $1", command.id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    let Some(row) = row else { return Ok(None) };
    let lines =
        sqlx::query!("select line, quantity from parcel_lines where parcel_id = $1 order by line", command.id.0)
            .fetch_all(tx)
            .await
            .or_fault()?;
    let lines: Vec<_> = lines.into_iter().map(|row| PackedLine { line: row.line, quantity: row.quantity }).collect();
    let same = row.order_id == order.0
        && row.carrier == command.carrier.code()
        && row.tracking_number == command.tracking_number
        && (command.lines.is_empty() || command.lines == lines);
    Ok(Some(same))
}

/// What of an order no parcel holds and is to be sent: what came back to be sent again is at the store as well.
pub(super) async fn still_here(tx: &mut PgConnection, order: OrderId) -> Result<Vec<PackedLine>, Fault> {
    let rows = sqlx::query!(
        r#"select l.line, l.quantity - coalesce((select sum(p.quantity) from parcel_lines p
                  where p.order_id = l.order_id and p.line = l.line
                    and not exists (select from parcel_returns r where r.parcel_id = p.parcel_id and r.afterwards = 'send_again')), 0)::bigint
                  - coalesce((select sum(u.quantity) from unsent_end_lines u
                  where u.order_id = l.order_id and u.line = l.line), 0)::bigint as "left!"
           from order_lines l where l.order_id = $1 order by l.line"#,
        order.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let lines = rows.into_iter().map(|row| PackedLine { line: row.line, quantity: row.left });
    Ok(lines.filter(|line| line.quantity > 0).collect())
}

async fn keep(
    tx: &mut PgConnection,
    scope: &Scope,
    order: &Ordered,
    command: &ShipParcel,
    packed: &[PackedLine],
) -> Result<(), Fault> {
    let ShipParcel { id: ParcelId(id), carrier, tracking_number, .. } = command;
    let Actor { staff, key, .. } = scope.actor();
    sqlx::query!(
        "insert into parcels (id, order_id, store_id, carrier, tracking_number, shipped_at, staff_id, api_key_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        order.id.0,
        order.store_id.0,
        carrier.code(),
        tracking_number,
        scope.now,
        staff,
        key,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    ways::begin(tx, scope, order, command.id, *carrier).await?;
    let (lines, pieces): (Vec<i32>, Vec<i64>) = packed.iter().map(|one| (one.line, one.quantity)).unzip();
    sqlx::query!(
        "insert into parcel_lines (parcel_id, order_id, line, quantity)
         select $1, $2, line, quantity from unnest((select $3::integer[]), (select $4::bigint[])) as p (line, quantity)",
        id,
        order.id.0,
        &lines,
        &pieces,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let words = words(*carrier, tracking_number, pieces.iter().sum());
    sqlx::query!("insert into tracking (order_id, words, at) values ($1, $2, $3)", order.id.0, words, scope.now)
        .execute(tx)
        .await
        .or_fault()?;
    Ok(())
}

fn words(carrier: Carrier, number: &str, pieces: i64) -> String {
    format!("{pieces} 件商品已由{}揽收，单号 {number}", carrier.label())
}

/// The shopper has all that was sent by express, or what a rider brought without anybody saying so: it is theirs, and
/// revenue of the store. Doing it twice is doing it once.
///
/// Faults: `Unauthenticated`; `NotFound` for another's order; `Conflict` (`not_now`, `other_way`, `not_all_sent`).
pub async fn confirm(scope: &Scope, id: OrderId) -> Result<(), Fault> {
    let me = scope.member()?;
    // What becomes revenue is not the member's to write, so the server does it for them.
    let mut tx = scope.house_begin().await?;
    sqlx::query!("select id from orders where id = $1 and member_id = $2", id.0, me.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(Fault::NotFound("这个订单"))?;
    after_sales::keep_member(&mut tx, id).await?;
    let order = orders::lock(&mut tx, id).await?;
    if order.state == OrderState::Completed {
        return Ok(());
    }
    let note = "顾客确认收货";
    if order.fulfilment == Fulfilment::Delivery {
        orders::brought(&mut tx, scope, &order, note).await?;
        return orders::commit(tx, scope, OrderAct::Deliver).await;
    }
    must_be_express(&order)?;
    if order.state == OrderState::Dispatched && !still_here(&mut tx, id).await?.is_empty() {
        return Err(Fault::conflict("not_all_sent", "还有商品没有发出，全部收到后再确认收货"));
    }
    orders::arrive(&mut tx, scope, &order, note).await?;
    returns::settle(&mut tx, scope, &order).await?;
    jobs::unschedule(&mut tx, [(Kind::CompleteExpress, id.0)]).await?;
    orders::commit(tx, scope, OrderAct::Deliver).await
}

/// What was sent long ago, or signed for some days ago, has been taken by the shopper, where nobody has said otherwise.
/// What comes back is waited for, until it counts as lost; answers when to look again.
pub(crate) async fn complete(scope: &Scope, id: OrderId) -> Result<Option<Duration>, Fault> {
    let mut tx = scope.begin().await?;
    // What came back of it may be paid back by a request of its member.
    after_sales::keep_member(&mut tx, id).await?;
    let order = orders::lock(&mut tx, id).await?;
    let all_sent = still_here(&mut tx, id).await?.is_empty();
    if order.state != OrderState::Dispatched || order.fulfilment != Fulfilment::Express || !all_sent {
        return Ok(None);
    }
    let coming = returns::coming_back(&mut tx, id).await?;
    if !coming.is_empty() {
        if !returns::give_up_lost(&mut tx, scope, &order, &coming).await? {
            return Ok(Some(LOOK_FOR_RETURNS));
        }
        tx.commit().await.or_fault()?;
        return Ok(None);
    }
    let signed = ways::on_their_way(&mut tx, id).await? == 0;
    let why = if signed { "签收 3 天后自动确认收货" } else { "发货 10 天后自动确认收货" };
    orders::arrive(&mut tx, scope, &order, why).await?;
    returns::settle(&mut tx, scope, &order).await?;
    orders::commit(tx, scope, OrderAct::Deliver).await?;
    Ok(None)
}
