//! What happens to an order after it is placed. One function applies the transition table; each
//! step records who and when, tells the relay, and moves stock and money with it.

use std::{collections::HashSet, slice};

use domain::{
    Fault, Fen, OrderId, StoreId,
    audit::{Act, ObjectKind},
    cancelling::CancelRule,
    fulfilment::Fulfilment,
    orders::{OrderAct, OrderState, Pack, PickupCode},
    staff::Permission,
    text,
};
use rand::Rng;
use serde_json::json;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use crate::{
    FaultPoint, Scope,
    audit::{self, Change},
    database::OrFault,
    orders::{cancel_rules, codes},
    payments,
    scope::Actor,
    stock::{self, Turn},
};

/// An order locked for a step.
#[derive(Clone, Debug)]
pub(crate) struct Ordered {
    pub id: OrderId,
    pub store_id: StoreId,
    pub state: OrderState,
    pub fulfilment: Fulfilment,
    pub total_fen: Fen,
    pub number: String,
}

/// Locks an order; nothing else happens to it until the transaction ends.
pub(crate) async fn lock(tx: &mut PgConnection, id: OrderId) -> Result<Ordered, Fault> {
    lock_all(tx, &[id.0]).await?.pop().ok_or(Fault::NotFound("这个订单"))
}

/// Locks orders in the order of their ids, so that two who lock the same ones wait for each other.
pub(crate) async fn lock_all(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Ordered>, Fault> {
    // `any($1)` would be planned anew each time, as PostgreSQL then counts the ids; behind the second fence that takes
    // longer than the rest.
    let rows = sqlx::query!(
        "select id, store_id, state, fulfilment, total_fen, number from orders
         where id = any(array(select unnest($1::uuid[]))) order by id for update",
        ids,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    rows.into_iter()
        .map(|row| {
            let state = OrderState::from_code(&row.state);
            let state = state.ok_or_else(|| Fault::Internal(format!("state {}", row.state)))?;
            let (id, store_id) = (OrderId(row.id), StoreId(row.store_id));
            let fulfilment = Fulfilment::from_code(&row.fulfilment);
            let fulfilment = fulfilment.ok_or_else(|| Fault::Internal(format!("fulfilment {}", row.fulfilment)))?;
            Ok(Ordered { id, store_id, state, fulfilment, total_fen: Fen(row.total_fen), number: row.number })
        })
        .collect()
}

/// Applies the transition table to a locked order, and records who did it and why.
///
/// Faults: `Conflict` (`not_now`) where the table does not allow it, (`other_way`) where the order reaches its shopper
/// in a way to which this cannot happen.
pub(super) async fn advance(
    tx: &mut PgConnection,
    scope: &Scope,
    order: &Ordered,
    act: OrderAct,
    note: &str,
) -> Result<OrderState, Fault> {
    advance_saying(tx, scope, order, act, Said { note, packages: None }).await
}

/// What is said with a step.
#[derive(Clone, Copy)]
struct Said<'a> {
    /// Why.
    note: &'a str,
    /// In how many packages an order was made ready, where that is said.
    packages: Option<i32>,
}

/// [`advance`], with all that is said of it.
async fn advance_saying(
    tx: &mut PgConnection,
    scope: &Scope,
    order: &Ordered,
    act: OrderAct,
    said: Said<'_>,
) -> Result<OrderState, Fault> {
    let next = advance_all(tx, scope, slice::from_ref(order), act, said).await?;
    if let Some(act) = Act::on_order(act) {
        let change = Change {
            act,
            object: ObjectKind::Order,
            object_id: order.id.0,
            store_id: Some(order.store_id.0),
            before: json!({ "state": order.state }),
            after: json!({ "state": next }),
            reason: said.note,
        };
        audit::record(tx, scope, change).await?;
    }
    Ok(next)
}

/// Applies the transition table to locked orders that are in one state.
///
/// Faults: `Conflict` (`not_now`) where the table does not allow it.
async fn advance_all(
    tx: &mut PgConnection,
    scope: &Scope,
    orders: &[Ordered],
    act: OrderAct,
    said: Said<'_>,
) -> Result<OrderState, Fault> {
    let next = next_state(orders, act)?;
    let codes: Vec<Option<String>> = orders.iter().map(|_| None).collect();
    turn(tx, scope, orders, Step { act, next, codes: &codes, said }).await?;
    Ok(next)
}

/// Where the act leads orders that are in one state.
fn next_state(orders: &[Ordered], act: OrderAct) -> Result<OrderState, Fault> {
    let state = orders.first().map(|order| order.state).ok_or_else(|| Fault::Internal("no order to advance".into()))?;
    if orders.iter().any(|order| order.state != state) {
        return Err(Fault::Internal(format!("orders of several states: {act:?}")));
    }
    if let Some(order) = orders.iter().find(|order| !act.fits(order.fulfilment)) {
        let (number, way) = (&order.number, order.fulfilment.label());
        let message =
            format!("订单 {number} 是{way}订单，不能{}", if act == OrderAct::Redeem { "核销取货" } else { "配送" });
        return Err(Fault::conflict("other_way", message));
    }
    let label = orders.first().map_or("", |order| state.label_of(order.fulfilment));
    let not_now = || Fault::conflict("not_now", format!("订单{label}，不能再执行这一步"));
    state.after(act).ok_or_else(not_now)
}

/// A step that several orders take.
struct Step<'a> {
    act: OrderAct,
    next: OrderState,
    /// The code that each gets with it; one whose code is another's stays where it is.
    codes: &'a [Option<String>],
    said: Said<'a>,
}

/// Lets orders take a step; answers which have. State, code, step and event are written in one statement, for
/// every step of every order passes here, and each change of an order writes all its indexes anew.
async fn turn(
    tx: &mut PgConnection,
    scope: &Scope,
    orders: &[Ordered],
    step: Step<'_>,
) -> Result<HashSet<Uuid>, Fault> {
    let Actor { member, staff, key } = scope.actor();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id.0).collect();
    let turned = sqlx::query_scalar!(
        "with asked as materialized (
             select * from unnest((select $1::uuid[]), (select $2::text[])) as a (id, code)
         ), turned as (
             update orders o set state = $3, late = null, pickup_code = coalesce(a.code, o.pickup_code),
                    paid_at = (case when a.code is null then o.paid_at else $5 end)
             from asked a
             where o.id = a.id
               and not exists (select from orders other where other.store_id = o.store_id and other.pickup_code = a.code)
             returning o.id, o.store_id
         ), stepped as (
             insert into order_steps (order_id, step, act, state, at, member_id, staff_id, api_key_id, note, packages)
             select id, coalesce((select max(step) from order_steps t where t.order_id = turned.id), 0) + 1,
                    $4, $3, $5, $6, $7, $8, $9, $10
             from turned
         ), told as (
             insert into outbox (topic, store_id, order_id, payload)
             select 'order', store_id, id, jsonb_build_object('state', $3::text) from turned
         )
         select id from turned",
        &ids,
        step.codes as &[Option<String>],
        step.next.code(),
        step.act.code(),
        scope.now,
        member,
        staff,
        key,
        step.said.note,
        step.said.packages,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(turned.into_iter().collect())
}

/// The payments of these locked, unpaid orders arrived: they get their codes, their stock is allocated.
pub(crate) async fn paid(tx: &mut PgConnection, scope: &Scope, orders: &[Ordered]) -> Result<(), Fault> {
    give_codes(tx, scope, orders, OrderAct::Pay).await?;
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    stock::turn(tx, scope, &ids, Turn::Allocate).await
}

/// The payments of these locked, expired orders arrived, and their stock is allocated again: they get their codes.
pub(crate) async fn revived(tx: &mut PgConnection, scope: &Scope, orders: &[Ordered]) -> Result<(), Fault> {
    give_codes(tx, scope, orders, OrderAct::Revive).await
}

/// Orders become paid, each with a code.
///
/// No other order of a store has the same code. With 10⁸ codes and a few hundred open orders the first try is
/// free all but always; the unique index decides should two pick the same at once.
async fn give_codes(tx: &mut PgConnection, scope: &Scope, orders: &[Ordered], act: OrderAct) -> Result<(), Fault> {
    let next = next_state(orders, act)?;
    let mut without = orders.to_vec();
    for _ in 0..8 {
        let mut drawn = HashSet::new();
        // One that draws a code of this round waits for the next.
        let mut draw = || {
            Some(format!("{:08}", rand::rng().random_range(0..100_000_000))).filter(|code| drawn.insert(code.clone()))
        };
        let (now, codes): (Vec<Ordered>, Vec<Option<String>>) =
            without.iter().filter_map(|order| Some((order.clone(), Some(draw()?)))).unzip();
        let said = Said { note: "", packages: None };
        let turned = turn(tx, scope, &now, Step { act, next, codes: &codes, said }).await?;
        without.retain(|order| !turned.contains(&order.id.0));
        if without.is_empty() {
            return Ok(());
        }
    }
    Err(Fault::Internal("no free pickup code in eight tries".into()))
}

/// The time to pay ran out. `false` where the order had moved on.
pub(crate) async fn expire(tx: &mut PgConnection, scope: &Scope, id: OrderId) -> Result<bool, Fault> {
    let order = lock(tx, id).await?;
    if order.state != OrderState::Placed {
        return Ok(false);
    }
    advance(tx, scope, &order, OrderAct::Expire, "").await?;
    stock::turn(tx, scope, &[id], Turn::Expire).await?;
    payments::close_open(tx, scope, id).await?;
    Ok(true)
}

/// Locks an order of whoever asks; another's is not found.
pub(super) async fn lock_own(tx: &mut PgConnection, scope: &Scope, id: OrderId) -> Result<Ordered, Fault> {
    let own = scope.own_filter()?;
    let theirs = sqlx::query_scalar!(
        r#"select exists (select from orders where id = $1 and ($2::uuid is null or member_id = $2)) as "theirs!""#,
        id.0,
        own,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    if theirs { lock(tx, id).await } else { Err(Fault::NotFound("这个订单")) }
}

/// The shopper calls their own order off, as long as the rule of its way lets them; what was paid goes back.
///
/// Faults: `NotFound` for an order that is not theirs; `Conflict` (`not_now`) where the rule or its state lets them no
/// more.
pub async fn cancel(scope: &Scope, id: OrderId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let order = lock_own(&mut tx, scope, id).await?;
    if order.state == OrderState::Cancelled {
        return Ok(());
    }
    if CancelRule::decides(order.state) {
        let (rule, paid_at) = cancel_rules::rule_of(&mut tx, id).await?;
        if !rule.allows(order.state, paid_at, scope.now) {
            let state = order.state.label_of(order.fulfilment);
            let instead = if rule.may_ask { "可以向门店申请取消" } else { "有问题请联系门店" };
            return Err(Fault::conflict("not_now", format!("订单{state}，不能再自行取消；{instead}")));
        }
    }
    advance(&mut tx, scope, &order, OrderAct::Cancel, "").await?;
    stock::turn(&mut tx, scope, &[id], Turn::Release).await?;
    payments::close_open(&mut tx, scope, id).await?;
    payments::want_refund(&mut tx, scope, id, "顾客取消订单").await?;
    commit(tx, scope, OrderAct::Cancel).await
}

/// Makes a step durable.
pub(crate) async fn commit(tx: Transaction<'_, Postgres>, scope: &Scope, act: OrderAct) -> Result<(), Fault> {
    scope.house.pass(FaultPoint::StepWritten(act));
    tx.commit().await.or_fault()?;
    scope.house.pass(FaultPoint::StepCommitted(act));
    Ok(())
}

/// Locks an order within the reach of a person of staff; another store's is not found.
pub(crate) async fn lock_within(
    tx: &mut PgConnection,
    scope: &Scope,
    id: OrderId,
    permission: Permission,
) -> Result<Ordered, Fault> {
    let reach = scope.reach_filter(permission)?;
    let order = lock(tx, id).await?;
    match reach {
        Some(stores) if !stores.contains(&order.store_id.0) => Err(Fault::NotFound("这个订单")),
        _ => Ok(order),
    }
}

/// The store takes a paid order on. Doing it twice is doing it once.
///
/// Faults: `NotFound` for another store's order; `Conflict` (`not_now`); `Forbidden`.
pub async fn accept(scope: &Scope, id: OrderId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let order = lock_within(&mut tx, scope, id, Permission::FulfilOrders).await?;
    if order.state == OrderState::Accepted {
        return Ok(());
    }
    advance(&mut tx, scope, &order, OrderAct::Accept, "").await?;
    commit(tx, scope, OrderAct::Accept).await
}

/// The store has made the order ready, in packages that nobody has counted: see [`pack`].
pub async fn prepare(scope: &Scope, id: OrderId) -> Result<(), Fault> {
    pack(scope, id, Pack::default()).await
}

/// The store has made the order ready, whether or not its lines were ticked off, and says in how many packages where
/// they were counted. Doing it twice is doing it once.
///
/// Faults: `Invalid` beside `packages`; `NotFound` for another store's order; `Conflict` (`not_now`), (`already_prepared`)
/// where it was made ready in another number of packages; `Forbidden`.
pub async fn pack(scope: &Scope, id: OrderId, command: Pack) -> Result<(), Fault> {
    command.check()?;
    let mut tx = scope.begin().await?;
    let order = lock_within(&mut tx, scope, id, Permission::FulfilOrders).await?;
    if order.state == OrderState::Ready {
        return packed_so(&mut tx, id, command).await;
    }
    let said = Said { note: "", packages: command.packages };
    advance_saying(&mut tx, scope, &order, OrderAct::Prepare, said).await?;
    commit(tx, scope, OrderAct::Prepare).await
}

/// Refuses what says of a ready order that it is in other packages than it is.
async fn packed_so(tx: &mut PgConnection, id: OrderId, command: Pack) -> Result<(), Fault> {
    let kept = sqlx::query_scalar!(
        "select packages from order_steps where order_id = $1 and act = 'prepare' order by step desc limit 1",
        id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .flatten();
    if command.packages.is_none() || command.packages == kept {
        return Ok(());
    }
    let so = kept.map_or_else(|| "没有登记包数".to_owned(), |many| format!("共 {many} 包"));
    Err(Fault::conflict("already_prepared", format!("订单已经备好，{so}，不能再改")))
}

/// The store cannot serve a paid order, also where it is at it or has made it ready: the oven died, or goods broke. The
/// money goes back by itself and the pieces are free; what of them is broken leaves by a report of a loss alone.
///
/// Faults: `Invalid` beside `reason`; `NotFound` outside the person's reach; `Conflict` (`not_now`) where it has left or
/// was handed over.
pub async fn reject(scope: &Scope, id: OrderId, reason: &str) -> Result<(), Fault> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 100 {
        return Err(Fault::invalid("reason", "请填写拒单原因（100 字以内），顾客会看到"));
    }
    let mut tx = scope.begin().await?;
    let order = lock_within(&mut tx, scope, id, Permission::RejectOrders).await?;
    turn_down_locked(&mut tx, scope, &order, reason).await?;
    commit(tx, scope, OrderAct::Reject).await
}

/// The server turns an order down that a store has not made ready: what is ready is left to people.
///
/// Faults: `Conflict` (`not_now`).
pub(crate) async fn turn_down(tx: &mut PgConnection, scope: &Scope, id: OrderId, reason: &str) -> Result<(), Fault> {
    let order = lock(tx, id).await?;
    if order.state == OrderState::Ready {
        return Err(Fault::conflict("not_now", format!("订单{}，由人处理", order.state.label_of(order.fulfilment))));
    }
    turn_down_locked(tx, scope, &order, reason).await
}

async fn turn_down_locked(tx: &mut PgConnection, scope: &Scope, order: &Ordered, reason: &str) -> Result<(), Fault> {
    if order.state == OrderState::Rejected {
        return Ok(());
    }
    advance(tx, scope, order, OrderAct::Reject, reason).await?;
    stock::turn(tx, scope, &[order.id], Turn::Release).await?;
    payments::want_refund(tx, scope, order.id, reason).await
}

/// Hands an order over against its code, at a store within the person's reach.
///
/// Faults: `NotFound` for a code no order of those stores has, another store's included;
/// `Conflict` (`already_redeemed`) says when and by whom, (`several_orders`) that open orders of two of
/// those stores have this code; `TooMany` past so many codes that nobody has.
pub async fn redeem(scope: &Scope, code: &PickupCode) -> Result<OrderId, Fault> {
    let reach = scope.reach_filter(Permission::FulfilOrders)?;
    codes::refuse_guessing(scope).await?;
    let mut tx = scope.begin().await?;
    let found = sqlx::query!(
        r#"select id, state in ('paid', 'accepted', 'ready', 'dispatched') as "open!" from orders
           where pickup_code = $1 and ($2::uuid[] is null or store_id = any($2))
           order by 2 desc, paid_at desc limit 2"#,
        code.as_str(),
        reach.as_deref(),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    if found.len() == 2 && found.iter().all(|order| order.open) {
        return Err(Fault::conflict("several_orders", "有两家门店的订单用了这个取货码，请用该门店的账号核销"));
    }
    let Some(found) = found.first() else {
        // Nothing was done in it, and counting takes a connection of its own.
        drop(tx);
        codes::note_miss(scope).await?;
        return Err(Fault::NotFound("这个取货码对应的订单；请核对数字，或确认顾客没有走错门店"));
    };
    let id = OrderId(found.id);
    let order = lock(&mut tx, id).await?;
    if order.state == OrderState::Completed && OrderAct::Redeem.fits(order.fulfilment) {
        return Err(already_redeemed(&mut tx, scope, id).await?);
    }
    if order.state == OrderState::Paid && OrderAct::Redeem.fits(order.fulfilment) {
        return Err(Fault::conflict("not_accepted", format!("订单 {} 还没有接单，请先接单", order.number)));
    }
    advance(&mut tx, scope, &order, OrderAct::Redeem, "").await?;
    payments::fulfilled(&mut tx, scope, &order).await?;
    // Last: whoever orders the same goods waits from here to the commit.
    stock::turn(&mut tx, scope, &[id], Turn::Issue).await?;
    commit(tx, scope, OrderAct::Redeem).await?;
    Ok(id)
}

async fn already_redeemed(tx: &mut PgConnection, scope: &Scope, id: OrderId) -> Result<Fault, Fault> {
    let row = sqlx::query!(
        r#"select t.at, coalesce(p.name, k.name, '系统') as "by!", s.timezone
           from order_steps t join orders o on o.id = t.order_id join stores s on s.id = o.store_id
           left join staff p on p.id = t.staff_id left join api_keys k on k.id = t.api_key_id
           where t.order_id = $1 and t.act = 'redeem'"#,
        id.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    let when = text::moment(row.at, scope.now, text::zone(&row.timezone));
    Ok(Fault::conflict("already_redeemed", format!("这个取货码已在 {when} 由 {} 核销，请勿重复交货", row.by)))
}
