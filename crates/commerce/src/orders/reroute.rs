//! An order of one store is given to another (D8): by hand, or to the store that the rule of routing names; by the server
//! where it cannot be served (K2).

use std::collections::HashMap;

use domain::{
    Fault, OrderId, SkuId, StoreId,
    fulfilment::Fulfilment,
    geo::Point,
    order_centre::{Reroute, RerouteChoice, checked_reason, is_in_hand},
    orders::{OrderAct, OrderState},
    route::Wanted,
    staff::Permission,
    stores::StoreState,
};
use rand::Rng;
use sqlx::PgConnection;
use uuid::Uuid;

use super::steps::{self, Ordered};
use crate::{
    Scope,
    database::OrFault,
    fulfilment::{
        self,
        routing::{self, Goal, Search},
    },
    memory, stock,
    stores::kept::{Store, Stores},
};

/// Lets another store serve a paid order: its pieces are allocated there, and free here. What was paid stays; the
/// code changes only where an open order of that store has it. What is to be brought is given only to a store that brings
/// things there; what its way costs stays. Doing it twice is doing it once.
///
/// Faults: `Invalid` beside `reason`; `NotFound` for an order or a store out of reach; `SoldOut` for what that store has
/// too little of; `Conflict` (`not_now`, `other_merchant`, `store_closed`, `not_sold_there`, `cannot_bring`).
pub async fn reroute(scope: &Scope, id: OrderId, command: &Reroute) -> Result<(), Fault> {
    let stores = memory::stores(scope).await?;
    let mut tx = scope.begin().await?;
    if !reroute_in(&mut tx, scope, &stores, id, command).await? {
        return Ok(());
    }
    steps::commit(tx, scope, OrderAct::Reroute).await
}

/// [`reroute`], for the caller to commit; `false` where that store serves it already.
pub(super) async fn reroute_in(
    tx: &mut PgConnection,
    scope: &Scope,
    stores: &Stores,
    id: OrderId,
    command: &Reroute,
) -> Result<bool, Fault> {
    let reason = checked_reason(&command.reason)?;
    let to = command.store_id;
    if !scope.reach(Permission::ManageOrders)?.covers(to) {
        return Err(Fault::NotFound("这家门店"));
    }
    let order = steps::lock_within(tx, scope, id, Permission::ManageOrders).await?;
    if order.store_id == to && is_in_hand(order.state) {
        return Ok(false);
    }
    give(tx, scope, stores, (&order, to), reason).await?;
    Ok(true)
}

/// Gives a locked order to another store that serves it, or changes nothing.
async fn give(
    tx: &mut PgConnection,
    scope: &Scope,
    stores: &Stores,
    (order, to): (&Ordered, StoreId),
    reason: &str,
) -> Result<(), Fault> {
    let id = order.id;
    must_serve(tx, scope, id, to).await?;
    // Of what is not in hand any more the table says why.
    if order.fulfilment != Fulfilment::Pickup && is_in_hand(order.state) {
        let address = fulfilment::sent_to(tx, id).await?;
        let store = stores.with_id(to.0).ok_or(Fault::NotFound("这家门店"))?;
        if !fulfilment::serves(store, order.fulfilment, address.as_ref()) {
            let message = match order.fulfilment {
                Fulfilment::InStore => format!("{}不提供到店服务，请选择提供的门店", store.name()),
                _ => format!("{}送不到这个地址，请选择能配送到的门店", store.name()),
            };
            return Err(Fault::conflict("cannot_bring", message));
        }
    }
    steps::advance(tx, scope, order, OrderAct::Reroute, reason).await?;
    stock::relocate(tx, scope, id, to).await?;
    move_to(tx, order, to).await
}

/// The server gives an order that its store cannot serve to the one that the rule of routing names; `false` where none
/// has everything, or the order is no longer `from`'s to give away. Who fetches an order is never sent to another store.
pub(crate) async fn give_away(scope: &Scope, id: OrderId, from: StoreId) -> Result<bool, Fault> {
    match give_by_rule(scope, id, from).await {
        Err(Fault::Conflict { .. } | Fault::SoldOut(_) | Fault::NotFound(_)) => Ok(false),
        given => given,
    }
}

async fn give_by_rule(scope: &Scope, id: OrderId, from: StoreId) -> Result<bool, Fault> {
    let stores = memory::stores(scope).await?;
    let to = named(scope, &stores, id, None, &HashMap::new()).await?;
    let mut tx = scope.begin().await?;
    let order = steps::lock(&mut tx, id).await?;
    let word = match order.fulfilment {
        Fulfilment::Delivery => "配送",
        Fulfilment::Express => "发货",
        Fulfilment::Pickup | Fulfilment::InStore => return Ok(false),
    };
    // What is ready is there for its shopper.
    let waits = matches!(order.state, OrderState::Paid | OrderState::Accepted);
    if order.store_id != from || !waits {
        return Ok(false);
    }
    let name = stores.with_id(to.0).map_or("其他门店", Store::name);
    let reason = format!("门店缺货，系统按规则改由{name}{word}");
    give(&mut tx, scope, &stores, (&order, to), &reason).await?;
    steps::commit(tx, scope, OrderAct::Reroute).await.map(|()| true)
}

/// Refuses an order that was just given to a store, where less is left there than others are to have.
///
/// Faults: `SoldOut` for what is too few.
pub(super) async fn must_leave(
    tx: &mut PgConnection,
    (id, to): (OrderId, StoreId),
    spoken: &HashMap<(StoreId, SkuId), i64>,
) -> Result<(), Fault> {
    if spoken.is_empty() {
        return Ok(());
    }
    let wanted = wanted(tx, id).await?;
    let others = |sku: SkuId| spoken.get(&(to, sku)).copied().unwrap_or(0);
    let both = wanted.iter().map(|one| (one.sku_id.0, one.quantity, others(one.sku_id)));
    stock::must_leave(tx, to, &both.collect::<Vec<_>>()).await
}

/// Refuses a store that takes no orders, is another brand's or another merchant's, or does not sell what was ordered.
async fn must_serve(tx: &mut PgConnection, scope: &Scope, order: OrderId, store: StoreId) -> Result<(), Fault> {
    let row = sqlx::query!(
        r#"select s.name, store_state(s.state, s.state_until, $3) as "state!",
                  (select s.brand_id <> own.brand_id or s.merchant_id is distinct from own.merchant_id
                   from orders o join stores own on own.id = o.store_id where o.id = $1) as "foreign!",
                  -- What it holds: pieces that are sent no more are nobody's to have.
                  (select count(distinct h.sku_id) from holds h where h.order_id = $1
                   and not exists (select from listings i where i.store_id = s.id and i.sku_id = h.sku_id and i.on_shelf)) as "missing!"
           from stores s where s.id = $2"#,
        order.0,
        store.0,
        scope.now,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .ok_or(Fault::NotFound("这家门店"))?;
    if row.foreign {
        let message = format!("{}属于其他品牌或商户，不能接这笔订单", row.name);
        return Err(Fault::conflict("other_merchant", message));
    }
    let state = StoreState::from_code(&row.state);
    if !state.is_some_and(StoreState::takes_orders) {
        let label = state.map_or("未营业", StoreState::label);
        return Err(Fault::conflict("store_closed", format!("{}{label}，不能接这笔订单", row.name)));
    }
    if row.missing > 0 {
        return Err(Fault::conflict("not_sold_there", format!("{}没有上架这笔订单里的商品", row.name)));
    }
    Ok(())
}

/// The order is the other store's from now on; both stores hear of it.
async fn move_to(tx: &mut PgConnection, order: &Ordered, to: StoreId) -> Result<(), Fault> {
    let taken = sqlx::query_scalar!(
        r#"select exists (select from orders o join orders mine on mine.id = $1
                          where o.store_id = $2 and o.pickup_code = mine.pickup_code and o.id <> $1) as "taken!""#,
        order.id.0,
        to.0,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    let code = taken.then(|| format!("{:08}", rand::rng().random_range(0..100_000_000)));
    sqlx::query!(
        "with moved as (
             update orders set store_id = $2, pickup_code = coalesce($3, pickup_code) where id = $1
         )
         insert into outbox (topic, store_id, order_id, payload)
         values ('order', $2, $1, jsonb_build_object('state', 'paid'))",
        order.id.0,
        to.0,
        code,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// How many stores are offered.
const CHOICES_MOST: i64 = 20;

/// Stores of the same brand and merchant within reach that could serve an order: those that have everything first, then the nearest.
/// Which of them its way leads from is asked before the nearest are taken, and each is told of whose slot is full.
///
/// Faults: `NotFound` out of reach; `Forbidden`.
pub async fn reroute_choices(scope: &Scope, id: OrderId) -> Result<Vec<RerouteChoice>, Fault> {
    let reach = scope.reach_filter(Permission::ManageOrders)?;
    let mut tx = scope.begin_search().await?;
    let own = sqlx::query!(
        "select s.latitude, s.longitude, o.fulfilment, o.slot_start from orders o join stores s on s.id = o.store_id
         where o.id = $1 and ($2::uuid[] is null or o.store_id = any($2))",
        id.0,
        reach.as_deref(),
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(Fault::NotFound("这个订单"))?;
    // A store that cannot bring it is no choice.
    let way = Fulfilment::from_code(&own.fulfilment).unwrap_or_default();
    let address = fulfilment::sent_to(&mut tx, id).await?;
    let stores = memory::stores(scope).await?;
    let within = |store: &Uuid| reach.as_ref().is_none_or(|reach| reach.contains(store));
    let serving = stores.all().filter(|store| fulfilment::serves(store, way, address.as_ref()));
    let serving: Vec<Uuid> = serving.map(|store| store.id).filter(within).collect();
    let rows = sqlx::query!(
        r#"with wanted as materialized (
               select sku_id, sum(quantity)::bigint as quantity from holds where order_id = $1 group by sku_id
           ), own as (
               select s.id, s.brand_id, s.merchant_id, s.latitude, s.longitude from orders o join stores s on s.id = o.store_id where o.id = $1
           ), near as materialized (
               select s.id, s.name, s.latitude, s.longitude, count(*) filter (where not coalesce(
                          i.on_shelf and t.on_hand - t.held - t.allocated - t.kept_back >= w.quantity, false)) as lacking,
                      -- Near enough to sort by; metres are worked out for those that are shown.
                      (s.latitude - own.latitude) ^ 2 + ((s.longitude - own.longitude) * cosd(own.latitude)) ^ 2 as far
               from own join stores s on s.brand_id = own.brand_id and s.merchant_id is not distinct from own.merchant_id
                    and s.id <> own.id and store_state(s.state, s.state_until, $6) in ('open', 'busy')
               cross join wanted w
               left join listings i on i.store_id = s.id and i.sku_id = w.sku_id
               left join stock t on t.location_id = s.id and t.sku_id = w.sku_id
               where s.id = any($2)
               group by s.id, own.latitude, own.longitude
               order by lacking, far limit $3
           )
           select n.id as "id!", n.name as "name!", n.latitude as "latitude!", n.longitude as "longitude!", n.lacking as "lacking!",
                  (select count(*) from orders o where o.store_id = n.id and o.fulfilment = $4 and o.slot_start = $5
                   and o.state in ('placed', 'paid', 'accepted', 'ready', 'dispatched')) as "booked!"
           from near n order by n.lacking, n.far"#,
        id.0,
        &serving,
        CHOICES_MOST,
        own.fulfilment,
        own.slot_start,
        scope.now,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let most = |id: Uuid| fulfilment::capacity(scope, stores.with_id(id)?, way, own.slot_start);
    let own_point = Point { latitude: own.latitude, longitude: own.longitude };
    let choice = |row: (Uuid, String, Point, i64, i64)| {
        let (id, name, point, lacking, booked) = row;
        let slot_full = most(id).is_some_and(|most| booked >= most);
        RerouteChoice { store_id: StoreId(id), name, metres: own_point.metres_to(point), lacking, slot_full }
    };
    let rows = rows.into_iter().map(|row| {
        let point = Point { latitude: row.latitude, longitude: row.longitude };
        (row.id, row.name, point, row.lacking, row.booked)
    });
    Ok(rows.map(choice).collect())
}

/// The store that an order goes to by the rule of routing: head office's for express and for what riders bring, otherwise
/// the nearest, among stores of the same brand and merchant within reach that serve it there, take orders now and have
/// everything beside what is spoken for.
///
/// Faults: `NotFound` out of reach; `Forbidden`; `Conflict` (`no_store`) where there is none.
pub(super) async fn by_rule_beside(
    scope: &Scope,
    stores: &Stores,
    id: OrderId,
    taken: &HashMap<(StoreId, SkuId), i64>,
) -> Result<StoreId, Fault> {
    let reach = scope.reach_filter(Permission::ManageOrders)?;
    named(scope, stores, id, reach, taken).await
}

/// [`by_rule_beside`] among stores within this reach; `None` is all of them.
async fn named(
    scope: &Scope,
    stores: &Stores,
    id: OrderId,
    reach: Option<Vec<Uuid>>,
    taken: &HashMap<(StoreId, SkuId), i64>,
) -> Result<StoreId, Fault> {
    let mut tx = scope.begin_search().await?;
    let own = sqlx::query!(
        r#"select s.latitude, s.longitude, o.fulfilment,
                  (select array_agg(n.id) from stores n where n.brand_id = s.brand_id and n.id <> s.id
                   and n.merchant_id is not distinct from s.merchant_id and ($2::uuid[] is null or n.id = any($2))) as others
           from orders o join stores s on s.id = o.store_id
           where o.id = $1 and ($2::uuid[] is null or o.store_id = any($2))"#,
        id.0,
        reach.as_deref(),
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(Fault::NotFound("这个订单"))?;
    let wanted = wanted(&mut tx, id).await?;
    let way = Fulfilment::from_code(&own.fulfilment).unwrap_or_default();
    let address = fulfilment::sent_to(&mut tx, id).await?;
    drop(tx);
    let others = own.others.unwrap_or_default();
    let others = others.iter().filter_map(|other| stores.with_id(*other));
    let others: Vec<&Store> = others.filter(|store| fulfilment::serves(store, way, address.as_ref())).collect();
    let to = address.as_ref().map(|to| Goal { region: &to.region_code, point: to.point });
    let near = Some(Point { latitude: own.latitude, longitude: own.longitude });
    let search = Search { to, near, taken: taken.clone(), ..Search::new(way, &wanted) };
    let parts = routing::choose_another(scope, stores, &others, &search).await?;
    match parts.as_slice() {
        [whole] => Ok(whole.store.id),
        _ => Err(Fault::conflict("no_store", "没有其他门店能备齐这笔订单，请改派到指定门店或取消")),
    }
}

/// What an order holds.
pub(super) async fn wanted(tx: &mut PgConnection, id: OrderId) -> Result<Vec<Wanted>, Fault> {
    let rows = sqlx::query!(
        r#"select sku_id, sum(quantity)::bigint as "quantity!" from holds where order_id = $1 group by sku_id"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| Wanted { sku_id: SkuId(row.sku_id), quantity: row.quantity }).collect())
}
