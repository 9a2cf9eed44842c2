//! Cases of too little: facts have left fewer pieces at a store than orders are promised. Somebody gets the pieces,
//! turns orders down, or lets the case wait; after its time the server does what the rule says (`shortage_rules`).

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::{
    Fault, Fen, OrderId, ShortageId, SkuId, StoreId,
    audit::{Act, ObjectKind},
    fulfilment::Fulfilment,
    orders::{OrderAct, OrderState},
    page::Page,
    shortage_rules::ShortageAct,
    staff::Permission,
    stock::{LetWait, ListShortages, SHORTAGE_WAITS, ShortOrder, Shortage, ShortageView},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Cause;
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    jobs::{self, Kind},
    orders,
};

/// The most orders that are shown of a case.
const SHOWN: i64 = 50;

struct Row {
    id: Uuid,
    store_id: Uuid,
    store_name: String,
    sku_id: Uuid,
    name: String,
    short: i64,
    on_hand: i64,
    promised: i64,
    cause: String,
    opened_at: DateTime<Utc>,
    note: String,
    wait_until: Option<DateTime<Utc>>,
    act: String,
    waits_by: Option<String>,
    solved_at: Option<DateTime<Utc>>,
}

impl From<Row> for Shortage {
    fn from(row: Row) -> Self {
        Self {
            id: ShortageId(row.id),
            store_id: StoreId(row.store_id),
            store_name: row.store_name,
            sku_id: SkuId(row.sku_id),
            name: row.name,
            short: if row.solved_at.is_some() { 0 } else { row.short },
            on_hand: row.on_hand,
            promised: row.promised,
            cause: Cause::label_of(&row.cause).into(),
            opened_at: row.opened_at,
            note: row.note,
            waits_until: row.wait_until.unwrap_or(row.opened_at + SHORTAGE_WAITS),
            then: ShortageAct::from_code(&row.act).unwrap_or_default(),
            waits_by: row.waits_by,
            solved_at: row.solved_at,
        }
    }
}

async fn rows(
    tx: &mut PgConnection,
    reach: Option<&[Uuid]>,
    ask: &ListShortages,
    id: Option<ShortageId>,
    limit: i64,
) -> Result<Vec<Row>, Fault> {
    sqlx::query_as!(
        Row,
        r#"select c.id, c.location_id as store_id, coalesce(s.name, w.name, '') as "store_name!", c.sku_id,
                  concat_ws(' · ', p.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!",
                  t.short, t.on_hand, t.held + t.allocated as "promised!",
                  c.cause, c.opened_at, c.note, c.wait_until, r.act as "act!", b.name as "waits_by?", c.solved_at
           from shortages c left join stores s on s.id = c.location_id left join warehouses w on w.id = c.location_id
           left join staff b on b.id = c.waits_by
           join stock t on t.location_id = c.location_id and t.sku_id = c.sku_id
           join skus k on k.id = c.sku_id join products p on p.id = k.product_id
           cross join lateral shortage_rule_at(c.location_id) r
           where ($1::uuid[] is null or c.location_id = any($1)) and ($2::uuid is null or c.location_id = $2)
             and ($3::uuid is null or c.id = $3) and ($4 or (c.solved_at is null and t.short > 0))
             and ($5::uuid is null or (c.opened_at, c.id) < (select a.opened_at, a.id from shortages a where a.id = $5))
           order by c.opened_at desc, c.id desc limit $6"#,
        reach,
        ask.store.map(|store| store.0),
        id.map(|id| id.0),
        ask.solved || id.is_some(),
        ask.after.map(|id| id.0),
        limit,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

/// Where somebody sees cases: where they fulfil orders, or give them to another store. A warehouse is within the reach
/// of everywhere alone.
///
/// Faults: `Forbidden`.
pub(super) fn reach(scope: &Scope) -> Result<Option<Vec<Uuid>>, Fault> {
    match [Permission::FulfilOrders, Permission::ManageOrders].map(|permission| scope.reach_filter(permission)) {
        [Ok(None), _] | [_, Ok(None)] => Ok(None),
        [Ok(Some(fulfil)), Ok(Some(manage))] => Ok(Some([fulfil, manage].concat())),
        [Ok(some), Err(_)] | [Err(_), Ok(some)] => Ok(some),
        [Err(fault), Err(_)] => Err(fault),
    }
}

/// Cases of places within reach, the newest first.
///
/// Faults: `Forbidden`.
pub async fn list(scope: &Scope, ask: &ListShortages) -> Result<Page<Shortage>, Fault> {
    let reach = reach(scope)?;
    let most = ask.most.clamp(1, 100);
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, reach.as_deref(), ask, None, most as i64 + 1).await?;
    Ok(Page::cut(found, most, |row| row.id.to_string()).map(Shortage::from))
}

/// How many cases are open where whoever asks sees them: those of [`list`]; none for who sees none.
pub async fn open(scope: &Scope) -> Result<i64, Fault> {
    let Ok(reach) = reach(scope) else { return Ok(0) };
    let mut tx = scope.begin().await?;
    sqlx::query_scalar!(
        r#"select count(*) as "open!" from shortages c join stock t using (location_id, sku_id)
           where c.solved_at is null and t.short > 0 and ($1::uuid[] is null or c.location_id = any($1))"#,
        reach.as_deref(),
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()
}

/// How many cases of places within reach have waited longer than they should and are still open, as their rule leaves
/// them to people or their orders are ready; none for who manages no orders.
pub async fn overdue(scope: &Scope) -> Result<i64, Fault> {
    let Ok(reach) = scope.reach_filter(Permission::ManageOrders) else { return Ok(0) };
    let mut tx = scope.begin_search().await?;
    sqlx::query_scalar!(
        r#"select count(*) as "overdue!" from shortages c join stock t using (location_id, sku_id)
           where c.solved_at is null and t.short > 0 and ($1::uuid[] is null or c.location_id = any($1))
             and coalesce(c.wait_until, c.opened_at + ($3::timestamptz - $2::timestamptz)) <= $2"#,
        reach.as_deref(),
        scope.now,
        scope.now + SHORTAGE_WAITS,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()
}

/// A case within reach, with the orders that wait for its pieces.
///
/// Faults: `NotFound`; `Forbidden`.
pub async fn show(scope: &Scope, id: ShortageId) -> Result<ShortageView, Fault> {
    let reach = reach(scope)?;
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, reach.as_deref(), &ListShortages::default(), Some(id), 1).await?;
    let shortage: Shortage = found.into_iter().next().ok_or_else(not_found)?.into();
    let waiting = waiting(&mut tx, &shortage).await?;
    Ok(ShortageView { shortage, waiting })
}

fn not_found() -> Fault {
    Fault::NotFound("这条缺货记录")
}

/// Who is promised the pieces, whoever paid first first.
async fn waiting(tx: &mut PgConnection, shortage: &Shortage) -> Result<Vec<ShortOrder>, Fault> {
    let rows = sqlx::query!(
        "select o.id, o.number, o.state, h.quantity, o.total_fen, o.paid_at
         from holds h join orders o on o.id = h.order_id
         where h.location_id = $1 and h.sku_id = $2 and h.state in ('held', 'allocated')
         order by o.paid_at, o.id limit $3",
        shortage.store_id.0,
        shortage.sku_id.0,
        SHOWN,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(rows
        .into_iter()
        .map(|row| ShortOrder {
            order_id: OrderId(row.id),
            number: row.number,
            state: OrderState::from_code(&row.state).unwrap_or(OrderState::Expired),
            pieces: row.quantity,
            total_fen: Fen(row.total_fen),
            paid_at: row.paid_at,
        })
        .collect())
}

/// Lets an open case wait, and says what is being done.
///
/// Faults: `Invalid` beside `hours` or `note`; `NotFound`; `Conflict` (`shortage_over`).
pub async fn let_wait(scope: &Scope, id: ShortageId, wait: &LetWait) -> Result<(), Fault> {
    wait.check()?;
    let reach = reach(scope)?;
    let mut tx = scope.begin().await?;
    let found = sqlx::query!(
        r#"select c.location_id, s.id as "store?", c.note, c.wait_until, c.solved_at
           from shortages c left join stores s on s.id = c.location_id
           where c.id = $1 and ($2::uuid[] is null or c.location_id = any($2)) for update of c"#,
        id.0,
        reach.as_deref(),
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or_else(not_found)?;
    if found.solved_at.is_some() {
        return Err(Fault::conflict("shortage_over", "货已补足，这条缺货记录已经结束"));
    }
    let (note, until) = (wait.note.trim(), scope.now + chrono::Duration::hours(wait.hours));
    sqlx::query!(
        "update shortages set note = $2, wait_until = $3, waits_by = $4 where id = $1",
        id.0,
        note,
        until,
        scope.actor().staff,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    jobs::unschedule(&mut tx, [(Kind::SolveShortage, id.0)]).await?;
    jobs::schedule(&mut tx, Kind::SolveShortage, id.0, until).await?;
    let change = Change {
        act: Act::LetShortageWait,
        object: ObjectKind::Shortage,
        object_id: id.0,
        store_id: found.store,
        before: json!({ "note": found.note, "wait_until": found.wait_until }),
        after: json!({ "note": note, "wait_until": until }),
        reason: note,
    };
    audit::record(&mut tx, scope, change).await?;
    tx.commit().await.or_fault()
}

/// The time of a case is over, and its rule says what becomes of the latest orders, until those that are left are
/// covered: another store serves them, or their money goes back, or a person is to decide. What is ready for its shopper
/// is left to people.
pub(crate) async fn solve(scope: &Scope, id: ShortageId) -> Result<(), Fault> {
    let rule = rule_of(scope, id).await?;
    if rule == ShortageAct::Wait {
        return Ok(());
    }
    let mut kept = HashSet::new();
    loop {
        let mut tx = scope.begin().await?;
        let Some((order, from, way)) = latest(&mut tx, id).await? else { return Ok(()) };
        let is_sent = matches!(way, Fulfilment::Delivery | Fulfilment::Express);
        if rule == ShortageAct::RerouteThenRefund && is_sent && kept.insert(order) {
            drop(tx);
            // Whether another store has it or none does, the case is looked at anew.
            orders::give_away(scope, order, from).await?;
            continue;
        }
        orders::turn_down(&mut tx, scope, order, "门店缺货，系统已自动退款").await?;
        orders::commit(tx, scope, OrderAct::Reject).await?;
    }
}

/// The rule for the place of a case.
async fn rule_of(scope: &Scope, id: ShortageId) -> Result<ShortageAct, Fault> {
    let mut tx = scope.begin().await?;
    let act = sqlx::query_scalar!(
        "select r.act from shortages c cross join lateral shortage_rule_at(c.location_id) r where c.id = $1",
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .flatten();
    Ok(act.as_deref().and_then(ShortageAct::from_code).unwrap_or_default())
}

/// Whoever paid last of those that wait for what is short, where it lies, and how it reaches its shopper.
async fn latest(tx: &mut PgConnection, id: ShortageId) -> Result<Option<(OrderId, StoreId, Fulfilment)>, Fault> {
    let found = sqlx::query!(
        "select o.id, c.location_id, o.fulfilment
         from shortages c join stock t using (location_id, sku_id) join holds h using (location_id, sku_id)
         join orders o on o.id = h.order_id
         where c.id = $1 and c.solved_at is null and t.short > 0 and h.state = 'allocated'
           and o.state in ('paid', 'accepted')
         order by o.paid_at desc, o.id desc limit 1",
        id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(found.map(|row| {
        let way = Fulfilment::from_code(&row.fulfilment).unwrap_or_default();
        (OrderId(row.id), StoreId(row.location_id), way)
    }))
}

/// Closes the cases of which enough is there again. The balance is locked: a fact that leaves too little meanwhile
/// waits, and then opens a case of its own. Of what is left over after its time somebody goes on to look: what nobody
/// had paid for then may be paid for by now.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    let mut tx = scope.house_begin().await?;
    sqlx::query!(
        "with covered as materialized (
             select c.id from shortages c join stock t using (location_id, sku_id)
             where c.solved_at is null and t.short = 0 order by c.location_id, c.sku_id for update of t
         )
         update shortages set solved_at = $1 from covered where shortages.id = covered.id",
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    sqlx::query!(
        "insert into jobs (kind, subject, run_at)
         select $1, c.id, greatest(coalesce(c.wait_until, c.opened_at + ($3::timestamptz - $2::timestamptz)), $2)
         from shortages c join stock t using (location_id, sku_id) where c.solved_at is null and t.short > 0
         on conflict (kind, subject) do nothing",
        Kind::SolveShortage.code(),
        scope.now,
        scope.now + SHORTAGE_WAITS,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()
}
