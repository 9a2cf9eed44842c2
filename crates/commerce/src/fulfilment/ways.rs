//! The ways in which what is in a cart can reach its shopper: what each costs, and when.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    Fault, Fen,
    cart::QuotedLine,
    fulfilment::{AddressView, DeliverySettings, Fulfilment, OfferedSlot, SentTo, Way, Wish},
    geo::Point,
    hours::Slot,
    text,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::express::{express, sends_to};
use crate::{Scope, database::OrFault, fulfilment::addresses, stores::kept::Store};

/// What is to be brought.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    /// What it costs.
    pub goods_fen: Fen,
    /// What it weighs.
    pub grams: i64,
    /// How many pieces.
    pub pieces: i64,
}

impl Load {
    /// Of the lines of a quote. A weight beyond all measure is as heavy as can be.
    pub fn of(lines: &[QuotedLine], goods_fen: Fen) -> Self {
        let weigh = |line: &QuotedLine| line.weight_grams.saturating_mul(line.quantity.get());
        Self {
            goods_fen,
            grams: lines.iter().map(weigh).fold(0, i64::saturating_add),
            pieces: lines.iter().map(|line| line.quantity.get()).fold(0, i64::saturating_add),
        }
    }
}

/// The address that is wished for, of the member who asks.
///
/// Faults: `Invalid` beside `address_id` for one that is not in their book.
pub(crate) async fn destination(scope: &Scope, wish: &Wish) -> Result<Option<AddressView>, Fault> {
    let Some(id) = wish.address_id.filter(|_| wish.fulfilment.is_sent()) else { return Ok(None) };
    match addresses::show(scope, id).await {
        Ok(address) => Ok(Some(address)),
        Err(Fault::NotFound(_)) => Err(Fault::invalid("address_id", "没有这个地址，请重新选择")),
        Err(fault) => Err(fault),
    }
}

/// What a store offers for this load to this address. `pickup` is when it can be picked up.
pub(crate) async fn ways(
    scope: &Scope,
    store: &Store,
    load: Load,
    to: Option<&AddressView>,
    pickup: Vec<Slot>,
) -> Result<Vec<Way>, Fault> {
    let sent = express(store, load, to, &pickup);
    let settings = store.fulfilment();
    let served = settings.in_store.map(|set| at_the_store(Fulfilment::InStore, pickup.clone(), set.capacity));
    let mut ways = vec![at_the_store(Fulfilment::Pickup, pickup, settings.pickup_capacity)];
    ways.extend(served);
    if let Some(delivery) = settings.delivery.as_ref().filter(|delivery| delivery.on) {
        ways.push(delivery_of(scope, store, delivery, load, to));
    }
    ways.extend(sent);
    let counted = ways.iter().flat_map(|way| &way.slots).any(|offered| offered.capacity.is_some());
    if counted {
        mark_full(scope, store.id, &mut ways).await?;
    }
    for way in &mut ways {
        if way.fulfilment == Fulfilment::Delivery && way.problem.is_none() && way.open_slots().next().is_none() {
            way.problem = Some("今明两天的配送时段都已约满或已过".into());
        }
    }
    Ok(ways)
}

/// A way for which the shopper comes.
fn at_the_store(way: Fulfilment, slots: Vec<Slot>, capacity: Option<i64>) -> Way {
    let mut way = Way::free(way, slots);
    way.slots.iter_mut().for_each(|offered| offered.capacity = capacity);
    way
}

fn delivery_of(scope: &Scope, store: &Store, delivery: &DeliverySettings, load: Load, to: Option<&AddressView>) -> Way {
    let mut way = Way::free(Fulfilment::Delivery, Vec::new());
    if store.must_take_orders(scope).is_ok() {
        way.slots = windows(scope, store, delivery);
    }
    let Some(to) = to else {
        way.problem = Some("请选择收货地址".into());
        return way;
    };
    let Some(point) = to.address.point else {
        way.problem = Some("这个地址没有定位，骑手找不到；请在地址里补上位置".into());
        return way;
    };
    let metres = store.point().metres_to(point);
    let far = text::distance(metres);
    let fee = delivery.fee(metres, load.grams, load.goods_fen).filter(|_| delivery.range.covers(store.point(), point));
    let Some(fee) = fee else {
        way.problem = Some(format!("这个地址超出配送范围（直线距离 {far}），请换地址或改为自提"));
        return way;
    };
    way.freight_fen = fee.total();
    way.freight_text = match (fee.total(), fee.weight_fen) {
        (Fen::ZERO, _) => format!("直线距离 {far}，免配送费"),
        (_, Fen::ZERO) => format!("直线距离 {far}"),
        (_, weight) => format!("直线距离 {far}，含超重 {weight}"),
    };
    if load.goods_fen < delivery.minimum_fen {
        let lacking = Fen(delivery.minimum_fen.0 - load.goods_fen.0);
        way.problem = Some(format!("满 {} 起送，还差 {lacking}", delivery.minimum_fen));
    }
    way
}

/// The windows in which a store can still bring something; one that is busy needs longer to make it ready.
fn windows(scope: &Scope, store: &Store, delivery: &DeliverySettings) -> Vec<OfferedSlot> {
    delivery.slots(scope.now, store.zone(), store.hours(), store.longer_minutes(scope))
}

/// Whether a store can let an order reach its shopper in this way, there.
pub(crate) fn serves(store: &Store, way: Fulfilment, to: Option<&SentTo>) -> bool {
    match way {
        Fulfilment::Pickup => true,
        Fulfilment::InStore => store.fulfilment().in_store.is_some(),
        Fulfilment::Delivery | Fulfilment::Express => {
            to.is_some_and(|to| reaches(store, way, &to.region_code, to.point))
        }
    }
}

/// Whether a store can send anything in this way to a region, or to a point in it.
pub(crate) fn reaches(store: &Store, way: Fulfilment, region: &str, point: Option<Point>) -> bool {
    match way {
        Fulfilment::Delivery => point.is_some_and(|point| brings_to(store, point)),
        Fulfilment::Express => sends_to(store, region),
        Fulfilment::Pickup | Fulfilment::InStore => false,
    }
}

/// Whether a store brings anything to a point at this moment.
fn brings_to(store: &Store, to: Point) -> bool {
    let delivery = store.fulfilment().delivery.as_ref().filter(|delivery| delivery.on);
    delivery.is_some_and(|delivery| {
        let metres = store.point().metres_to(to);
        delivery.range.covers(store.point(), to) && delivery.bands.iter().any(|band| metres <= f64::from(band.up_to_m))
    })
}

/// Whether goods of this worth are enough for a store's riders.
pub(crate) fn is_enough(store: &Store, goods_fen: Fen) -> bool {
    store.fulfilment().delivery.as_ref().is_some_and(|delivery| delivery.minimum_fen <= goods_fen)
}

/// How many open orders a store's slot of a way takes; nothing where nobody counts, or there is no such slot.
pub(crate) fn capacity(scope: &Scope, store: &Store, way: Fulfilment, start: DateTime<Utc>) -> Option<i64> {
    match way {
        Fulfilment::Pickup => store.fulfilment().pickup_capacity,
        Fulfilment::Delivery => {
            // An order keeps the window it has, however busy the store is by now.
            let slots = store.fulfilment().delivery.as_ref()?.slots(scope.now, store.zone(), store.hours(), 0);
            slots.into_iter().find(|offered| offered.slot.start == start)?.capacity
        }
        Fulfilment::InStore => store.fulfilment().in_store?.capacity,
        Fulfilment::Express => None,
    }
}

/// By when each of these stores can have brought something, wherever it goes: the end of the first window that is not
/// full. Stores that bring nothing today or tomorrow are left out. It promises nothing, as [`ways`].
pub(super) async fn brought_by(scope: &Scope, stores: &[&Store]) -> Result<HashMap<Uuid, DateTime<Utc>>, Fault> {
    let ids: Vec<Uuid> = stores.iter().map(|store| store.id).collect();
    let taken = taken(scope, &ids, &[Fulfilment::Delivery]).await?;
    let first = |store: &&Store| {
        let delivery = store.fulfilment().delivery.as_ref().filter(|delivery| delivery.on)?;
        let mut free = windows(scope, store, delivery).into_iter();
        let free = free.find(|offered| !is_full(&taken, store.id, Fulfilment::Delivery, offered))?;
        Some((store.id, free.slot.end))
    };
    Ok(stores.iter().filter_map(first).collect())
}

/// Marks the slots that as many open orders have as they take. It is only what is shown; `orders::write` decides.
async fn mark_full(scope: &Scope, store: Uuid, ways: &mut [Way]) -> Result<(), Fault> {
    let offered: Vec<Fulfilment> = ways.iter().map(|way| way.fulfilment).collect();
    let taken = taken(scope, &[store], &offered).await?;
    for way in ways {
        for offered in &mut way.slots {
            offered.full = is_full(&taken, store, way.fulfilment, offered);
        }
    }
    Ok(())
}

fn is_full(taken: &HashMap<SlotKey, i64>, store: Uuid, way: Fulfilment, offered: &OfferedSlot) -> bool {
    let many = taken.get(&(store, way, offered.slot.start)).copied().unwrap_or(0);
    offered.capacity.is_some_and(|most| many >= most)
}

/// How many open orders the slots of these ways have at these stores that are not over.
async fn taken(scope: &Scope, stores: &[Uuid], ways: &[Fulfilment]) -> Result<HashMap<SlotKey, i64>, Fault> {
    if stores.is_empty() {
        return Ok(HashMap::new());
    }
    let ways: Vec<String> = ways.iter().map(|way| way.code().to_owned()).collect();
    let mut tx = scope.house_begin().await?;
    let rows = sqlx::query!(
        r#"select store_id, fulfilment, slot_start, count(*) as "many!" from orders
           where store_id = any($1) and state in ('placed', 'paid', 'accepted', 'ready', 'dispatched') and slot_end > $2
             and fulfilment = any($3)
           group by 1, 2, 3"#,
        stores,
        scope.now,
        &ways,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let key = |code: &str| Fulfilment::from_code(code).unwrap_or_default();
    Ok(rows.into_iter().map(|row| ((row.store_id, key(&row.fulfilment), row.slot_start), row.many)).collect())
}

/// A slot of a store's way, as orders of one round draw on it.
pub(crate) type SlotKey = (Uuid, Fulfilment, DateTime<Utc>);

/// Locks slots until the transaction ends; answers how many open orders each has. Orders that are over leave room.
pub(crate) async fn lock_slots(tx: &mut PgConnection, mut keys: Vec<SlotKey>) -> Result<HashMap<SlotKey, i64>, Fault> {
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let names: Vec<String> =
        keys.iter().map(|(store, way, start)| format!("slot:{store}:{}:{}", way.code(), start.timestamp())).collect();
    // In key order, so that two rounds wait for each other instead of deadlocking.
    for name in &names {
        sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", name)
            .execute(&mut *tx)
            .await
            .or_fault()?;
    }
    // Counted by a later statement: one that waits for a lock counts what was so before.
    let stores: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
    let ways: Vec<String> = keys.iter().map(|key| key.1.code().to_owned()).collect();
    let starts: Vec<DateTime<Utc>> = keys.iter().map(|key| key.2).collect();
    let counts = sqlx::query_scalar!(
        r#"select (select count(*) from orders o
                   where o.store_id = k.store_id and o.fulfilment = k.fulfilment and o.slot_start = k.slot_start
                     and o.state in ('placed', 'paid', 'accepted', 'ready', 'dispatched')) as "many!"
           from unnest((select $1::uuid[]), (select $2::text[]), (select $3::timestamptz[])) with ordinality
                as k (store_id, fulfilment, slot_start, place) order by k.place"#,
        &stores,
        &ways,
        &starts,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(keys.into_iter().zip(counts).collect())
}
