//! Writing orders: those that are ready at the same moment are written together.
//!
//! A durable commit and the lock on a hot SKU's stock are what a busy hour waits for. A round takes the
//! orders that wait, in the order they came; locks what they draw on; lets each take its part of what
//! is there, or refuses it with the reason; and writes all that were granted in one commit.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Duration, Utc};
use domain::{
    Fault, Fen, StoreId,
    cart::{Part, QuotedLine},
    channel_quotas::ChannelQuota,
    fulfilment::{AddressView, Fulfilment},
    hours::Slot,
    orders::{Channel, OrderPlaced},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::share::{Counted, Found, Limits};
use crate::{
    FaultPoint, House, Scope,
    database::OrFault,
    fulfilment::{self, SentWith, SlotKey},
    holds::{self, Ending},
    jobs,
    stock::{
        self, Promise,
        purchase_limits::{self, Cap, Counting},
        quotas,
    },
    together,
};

/// How many rounds are under way at once: one waits for the disk while the next one gathers.
const CLERKS: usize = 2;
/// How many orders one round writes.
const ROUND_MOST: usize = 64;
/// The while of which a member's orders are counted.
pub(super) const A_WHILE: Duration = Duration::minutes(10);

/// Orders that are written together or not at all: one by itself, or all of a checkout.
pub(crate) type Basket = Vec<NewOrder>;

/// Where orders wait to be written.
pub(crate) type Desk = together::Desk<Basket, Result<(), Fault>>;

/// A desk for orders.
pub(crate) fn desk() -> Desk {
    Desk::new(CLERKS, ROUND_MOST)
}

/// An order that was priced and checked.
#[derive(Clone)]
pub(crate) struct NewOrder {
    pub member: Uuid,
    /// Whose lines it takes.
    pub cart: Uuid,
    pub store: Uuid,
    /// Whether those lines of its store that are set apart.
    pub apart: bool,
    pub channel: Channel,
    pub placed: OrderPlaced,
    pub lines: Vec<QuotedLine>,
    pub note: String,
    pub fulfilment: Fulfilment,
    /// What its way costs; within the total.
    pub freight_fen: Fen,
    /// Where it goes, for a way that needs an address.
    pub address: Option<AddressView>,
    pub slot: Slot,
    /// How many open orders the slot takes, where anybody counts.
    pub slot_most: Option<i64>,
    pub occurred_at: DateTime<Utc>,
    pub placed_at: DateTime<Utc>,
    pub request_hash: Vec<u8>,
    /// What it is placed together with, where it is.
    pub checkout: Option<Checkout>,
    /// What its member may have of its goods, of those that are limited.
    pub caps: Vec<Cap>,
    /// What its channel may sell of its goods there, of those of which that was said.
    pub quotas: Vec<(Uuid, ChannelQuota)>,
}

/// The request that places several orders.
#[derive(Clone)]
pub(crate) struct Checkout {
    pub id: Uuid,
    pub request_hash: Vec<u8>,
}

impl NewOrder {
    pub fn id(&self) -> Uuid {
        self.placed.id.0
    }

    /// The part of its cart that it takes.
    pub fn part(&self) -> Part {
        Part { store_id: StoreId(self.store), apart: self.apart }
    }

    /// What is counted of its limited goods.
    fn counting(&self) -> impl Iterator<Item = Counting> {
        let of = |(sku, cap): &Cap| Counting {
            member: self.member,
            sku: *sku,
            since: cap.since(self.placed_at),
            but_at: None,
        };
        self.caps.iter().map(of)
    }

    /// What is counted of what its channel has sold.
    fn sold(&self) -> impl Iterator<Item = quotas::Counting> {
        let of = |(sku, quota): &(Uuid, ChannelQuota)| quotas::Counting {
            store: self.store,
            sku: *sku,
            channel: self.channel.code(),
            since: quota.since,
        };
        self.quotas.iter().map(of)
    }

    /// The slot it takes a place of.
    pub fn slot_key(&self) -> SlotKey {
        (self.store, self.fulfilment, self.slot.start)
    }
}

/// Writes each order with its lines, its first step, its event and the job that ends it unpaid; holds
/// its stock; takes what was quoted out of the cart. All of it or nothing.
///
/// Faults: `TooMany`, `Conflict` (`too_many_unpaid`, `cart_changed`), `SoldOut` per line, those of a checkout beside its
/// parts; `NotFound` where another request under this id is under way or was committed; `Conflict` (`key_reused`) where
/// some orders of a checkout were placed otherwise.
pub(super) async fn write(scope: &Scope, basket: Basket) -> Result<(), Fault> {
    scope.house.placing.ask(&scope.house, basket, round).await?
}

async fn round(house: House, baskets: Vec<Basket>) -> Vec<Result<(), Fault>> {
    together::all_or_each(house, baskets, write_all).await
}

/// Grants or refuses each; a fault of its own means that nothing was written.
async fn write_all(house: House, baskets: Arc<[Basket]>) -> Result<Vec<Result<(), Fault>>, Fault> {
    let mut tx = house.pool.begin().await.or_fault()?;
    let orders: Vec<&NewOrder> = baskets.iter().flatten().collect();
    let mut found = find(&mut tx, &orders).await?;
    let settings = &house.settings;
    let limits = Limits { unpaid: settings.unpaid_most, lately: settings.orders_in_ten_minutes };
    let mut answers: Vec<_> = baskets.iter().map(|basket| found.grant(basket, &limits)).collect();
    begin_checkouts(&mut tx, &baskets, &mut answers).await?;
    let granted: Vec<&NewOrder> =
        baskets.iter().zip(&answers).filter(|(_, answer)| answer.is_ok()).flat_map(|(basket, _)| basket).collect();
    if granted.is_empty() {
        return Ok(answers);
    }
    let written = insert(&mut tx, &granted).await?;
    if granted.iter().any(|order| order.checkout.is_some() && !written.contains(&order.id())) {
        // Nothing of this round is committed, and each is tried alone.
        return Err(Fault::conflict("key_reused", "其中有订单已经单独提交过，请刷新后再试"));
    }
    let sent = granted.iter().filter(|order| written.contains(&order.id()));
    let sent = sent.filter_map(|order| Some(SentWith { order: order.id(), address: order.address.as_ref()? }));
    fulfilment::keep_addresses(&mut tx, &sent.collect::<Vec<_>>()).await?;
    let used: Vec<Uuid> = written.iter().flat_map(|order| found.used_by(*order)).collect();
    if !used.is_empty() {
        holds::end(&mut tx, &used, Ending::Used, granted[0].placed_at).await?;
    }
    let promises = granted.iter().filter(|order| written.contains(&order.id())).flat_map(|order| promises(order));
    stock::hold(&mut tx, &promises.collect::<Vec<_>>()).await?;
    house.pass(FaultPoint::OrderWritten);
    tx.commit().await.or_fault()?;
    house.pass(FaultPoint::OrderCommitted);
    for (basket, answer) in baskets.iter().zip(&mut answers) {
        if answer.is_ok() && basket.iter().any(|order| !written.contains(&order.id())) {
            *answer = Err(Fault::NotFound("这个订单"));
        }
    }
    Ok(answers)
}

/// Writes the checkouts of this round that were granted, where there are any; one whose id is there already is told
/// so, as the same request again finds the first's orders after it.
async fn begin_checkouts(
    tx: &mut PgConnection,
    baskets: &[Basket],
    answers: &mut [Result<(), Fault>],
) -> Result<(), Fault> {
    let checkout =
        |place: usize| baskets[place].first().and_then(|order| Some((order.checkout.as_ref()?, order.placed_at)));
    let granted: Vec<usize> =
        (0..baskets.len()).filter(|place| answers[*place].is_ok() && checkout(*place).is_some()).collect();
    if granted.is_empty() {
        return Ok(());
    }
    let begun: Vec<_> = granted.iter().filter_map(|place| checkout(*place)).collect();
    let fresh = sqlx::query_scalar!(
        "insert into checkouts (id, placed_at, request_hash)
         select * from unnest((select $1::uuid[]), (select $2::timestamptz[]), (select $3::bytea[])) as a (id, placed_at, request_hash)
         order by id
         on conflict (id) do nothing returning id",
        &column(&begun, |(checkout, _)| checkout.id),
        &column(&begun, |(_, placed_at)| *placed_at),
        &column(&begun, |(checkout, _)| checkout.request_hash.clone()),
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let mut fresh: HashSet<Uuid> = fresh.into_iter().collect();
    for place in granted {
        // Two of one round have one row: it is the first's.
        if checkout(place).is_some_and(|(checkout, _)| !fresh.remove(&checkout.id)) {
            answers[place] = Err(Fault::NotFound("这些订单"));
        }
    }
    Ok(())
}

/// Locks what the orders draw on, and reads it: members first, then carts, then slots, early holds and stock, each
/// in key order, so that two rounds wait for each other instead of deadlocking. Stock is last and so locked for the
/// shortest time.
async fn find(tx: &mut PgConnection, orders: &[&NewOrder]) -> Result<Found, Fault> {
    let members: BTreeSet<Uuid> = orders.iter().map(|order| order.member).collect();
    let members: Vec<Uuid> = members.into_iter().collect();
    // One round of a member at a time, or two would each find room for one more. What is counted must
    // be read by a later statement: one that waits for a lock counts what was so before. A member who was merged
    // or erased while their order waited is not among them.
    let members = sqlx::query_scalar!(
        "select id from members where id = any($1) and phone is not null order by id for no key update",
        &members,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let since = orders.iter().map(|order| order.placed_at).min().unwrap_or_default() - A_WHILE;
    let counted = sqlx::query!(
        r#"select m.id as "id!",
                  (select count(distinct coalesce(o.checkout_id, o.id)) from orders o
                   where o.member_id = m.id and o.state = 'placed') as "unpaid!",
                  (select count(distinct coalesce(o.checkout_id, o.id)) from orders o
                   where o.member_id = m.id and o.placed_at > $2) as "lately!",
                  exists (select from early_holds h where h.member_id = m.id and h.state = 'held') as "holds!"
           from unnest((select $1::uuid[])) m (id)"#,
        &members,
        since,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let had = purchase_limits::had(tx, orders.iter().flat_map(|order| order.counting()).collect()).await?;
    let carts: Vec<Uuid> = orders.iter().map(|order| order.cart).collect();
    let stores: Vec<Uuid> = orders.iter().map(|order| order.store).collect();
    // All lines of the stores, as one may have just been moved to the other part; who takes which, the parts say.
    let lines = sqlx::query!(
        "select c.cart_id, c.store_id, c.apart, c.sku_id, c.options, c.quantity from cart_lines c
         where (c.cart_id, c.store_id) in (select * from unnest((select $1::uuid[]), (select $2::uuid[])))
         order by c.cart_id, c.store_id, c.sku_id, c.options for update",
        &carts,
        &stores,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let mut in_carts: HashMap<_, BTreeSet<_>> = HashMap::new();
    for line in lines {
        let part = Part { store_id: StoreId(line.store_id), apart: line.apart };
        in_carts.entry((line.cart_id, part)).or_default().insert((line.sku_id, line.options, line.quantity));
    }
    let counted_slots = orders.iter().filter(|order| order.slot_most.is_some()).map(|order| order.slot_key());
    let slots = fulfilment::lock_slots(tx, counted_slots.collect()).await?;
    let shelves: BTreeSet<_> =
        orders.iter().flat_map(|order| order.lines.iter().map(|line| (order.store, line.sku_id.0))).collect();
    let holding: Vec<Uuid> = counted.iter().filter(|row| row.holds).map(|row| row.id).collect();
    let early = if holding.is_empty() { Vec::new() } else { holds::lock_open(tx, &holding, &shelves).await? };
    let stock = stock::lock(tx, shelves).await?;
    // By a later statement than the lock, as above.
    let sold = quotas::sold(tx, orders.iter().flat_map(|order| order.sold()).collect(), None).await?;
    let counted = counted.into_iter().map(|row| (row.id, Counted { unpaid: row.unpaid, lately: row.lately }));
    Ok(Found::new(counted.collect(), in_carts, stock, early).with_slots(slots).with_had(had).with_sold(sold))
}

/// Writes all orders in one statement, as this is where a busy hour is spent; answers which of them were
/// not there already under their id.
async fn insert(tx: &mut PgConnection, orders: &[&NewOrder]) -> Result<HashSet<Uuid>, Fault> {
    let lines: Vec<(&NewOrder, i32, &QuotedLine)> = orders
        .iter()
        .flat_map(|order| (1..).zip(&order.lines).map(move |(place, line)| (*order, place, line)))
        .collect();
    let written = sqlx::query_scalar!(
        r#"with asked as materialized (
               select * from unnest((select $1::uuid[]), (select $2::text[]), (select $3::uuid[]), (select $4::uuid[]), (select $5::uuid[]),
                                    (select $6::text[]), (select $7::bigint[]), (select $8::text[]), (select $9::timestamptz[]),
                                    (select $10::timestamptz[]), (select $11::timestamptz[]), (select $12::timestamptz[]),
                                    (select $13::timestamptz[]), (select $14::bytea[]), (select $27::text[]), (select $28::bigint[]), (select $29::uuid[]))
                   as a (id, number, store_id, member_id, cart_id, channel, total_fen, note, slot_start, slot_end, pay_before,
                         occurred_at, placed_at, request_hash, fulfilment, freight_fen, checkout_id)
           ), lines as materialized (
               select * from unnest((select $15::uuid[]), (select $16::int[]), (select $17::uuid[]), (select $18::text[]), (select $19::text[]),
                                    (select $20::text[]), (select $21::text[]), (select $22::text[]), (select $23::bigint[]),
                                    (select $24::bigint[]), (select $25::bigint[]))
                   as l (order_id, line, sku_id, name, spec, options, options_text, picture, quantity, unit_fen, total_fen)
           ), placed as (
               insert into orders (id, number, store_id, member_id, channel, state, total_fen, note, slot_start, slot_end,
                                   pay_before, occurred_at, placed_at, request_hash, fulfilment, freight_fen, checkout_id)
               select id, number, store_id, member_id, channel, 'placed', total_fen, note, slot_start, slot_end,
                      pay_before, occurred_at, placed_at, request_hash, fulfilment, freight_fen, checkout_id
               from asked order by id
               on conflict (id) do nothing returning id
           ), fresh as materialized (
               select a.* from asked a join placed p on p.id = a.id
           ), lined as (
               insert into order_lines (order_id, line, sku_id, name, spec, options, options_text, picture, quantity, unit_fen, total_fen)
               select l.order_id, l.line, l.sku_id, l.name, l.spec, l.options, l.options_text, l.picture, l.quantity, l.unit_fen, l.total_fen
               from lines l join fresh f on f.id = l.order_id
           ), stepped as (
               insert into order_steps (order_id, step, act, state, at, member_id)
               select id, 1, 'place', 'placed', placed_at, member_id from fresh
           ), told as (
               insert into outbox (topic, store_id, order_id, payload)
               select 'order', store_id, id, '{"state": "placed"}' from fresh order by id
           ), timed as (
               insert into jobs (kind, subject, run_at) select $26, id, pay_before from fresh
           ), taken as (
               delete from cart_lines c using fresh f join lines l on l.order_id = f.id
               where c.cart_id = f.cart_id and c.store_id = f.store_id and c.sku_id = l.sku_id and c.options = l.options
           )
           select id from fresh"#,
        &column(orders, |order| order.id()),
        &column(orders, |order| order.placed.number.clone()),
        &column(orders, |order| order.store),
        &column(orders, |order| order.member),
        &column(orders, |order| order.cart),
        &column(orders, |order| order.channel.code().to_owned()),
        &column(orders, |order| order.placed.total_fen.0),
        &column(orders, |order| order.note.clone()),
        &column(orders, |order| order.slot.start),
        &column(orders, |order| order.slot.end),
        &column(orders, |order| order.placed.pay_before),
        &column(orders, |order| order.occurred_at),
        &column(orders, |order| order.placed_at),
        &column(orders, |order| order.request_hash.clone()),
        &column(&lines, |(order, _, _)| order.id()),
        &column(&lines, |(_, place, _)| *place),
        &column(&lines, |(_, _, line)| line.sku_id.0),
        &column(&lines, |(_, _, line)| line.name.clone()),
        &column(&lines, |(_, _, line)| line.spec.clone()),
        &column(&lines, |(_, _, line)| line.options.codes().join(",")),
        &column(&lines, |(_, _, line)| line.options_text.clone()),
        &column(&lines, |(_, _, line)| line.picture.clone()),
        &column(&lines, |(_, _, line)| line.quantity.get()),
        &column(&lines, |(_, _, line)| line.unit_fen.0),
        &column(&lines, |(_, _, line)| line.total_fen.0),
        jobs::Kind::ExpireOrder.code(),
        &column(orders, |order| order.fulfilment.code().to_owned()),
        &column(orders, |order| order.freight_fen.0),
        &column(orders, |order| order.checkout.as_ref().map(|checkout| checkout.id)) as &[Option<Uuid>],
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(written.into_iter().flatten().collect())
}

fn column<T, V>(rows: &[T], of: impl Fn(&T) -> V) -> Vec<V> {
    rows.iter().map(of).collect()
}

/// What an order holds: each SKU once, whatever options its lines have.
fn promises(order: &NewOrder) -> Vec<Promise> {
    let promise = |(sku, quantity)| Promise {
        order: order.id(),
        location: order.store,
        sku,
        quantity,
        expires_at: order.placed.pay_before,
        member: order.member,
        at: order.placed_at,
    };
    super::share::wanted(&order.lines).into_iter().map(promise).collect()
}
