//! Orders that wait longer than they should. The store sees it first, then head office; the shopper is told (D3).

use domain::{Fault, orders::Lateness, staff::Permission};

use crate::{Scope, database::OrFault};

/// How many orders one look marks.
const AT_A_TIME: i64 = 500;

/// Marks orders that have become late; `false` where there are no more. Any server may look: an order that another one
/// is at is left to it.
///
/// The states stand in the statement itself, or no plan for all cases could use the index of open orders.
///
/// A store need not accept at night what is for the morning: its time runs from an hour before the slot
/// (`Patience::accept_ahead`), or from the payment where that is later, or from when head office gave it the order. What is sent is fetched by nobody:
/// it is overdue once its slot is over (`Patience::finish_within`), and so is what is not even made ready.
/// Whoever asks the store to call an order off waits for its answer (`Patience::answer_within`), whatever else is late.
pub async fn look(scope: &Scope) -> Result<bool, Fault> {
    let patience = scope.house.settings.patience;
    let mut tx = scope.house_begin().await?;
    let marked = sqlx::query!(
        "with open as materialized (
             select id, late, state, fulfilment, slot_end, cancel_asked_at, greatest(paid_at, slot_start - $5::interval, (
                        select max(t.at) from order_steps t where t.order_id = orders.id and t.act = 'reroute'
                    )) as since
             from orders where state in ('paid', 'accepted', 'ready') or (state = 'dispatched' and fulfilment = 'delivery')
         ), waiting as (
             select id, late, case
                 when cancel_asked_at <= $1::timestamptz - $7::interval then 'cancel_unanswered'
                 when state = 'paid' and since <= $1::timestamptz - $3::interval then 'escalated'
                 when state = 'paid' and since <= $1::timestamptz - $2::interval then 'unaccepted'
                 when state = 'ready' and fulfilment in ('pickup', 'in_store') then
                     case when slot_end <= $1::timestamptz - $4::interval then 'unclaimed' end
                 when state <> 'paid' and slot_end <= $1::timestamptz - $8::interval then 'overdue'
             end as is_late
             from open
         ), due as materialized (
             select o.id, w.is_late from waiting w join orders o on o.id = w.id
             where w.is_late is not null and w.late is distinct from w.is_late
             order by o.id limit $6 for update of o skip locked
         ), marked as (
             update orders o set late = d.is_late from due d where o.id = d.id and o.state in ('paid', 'accepted', 'ready', 'dispatched')
             returning o.id, o.store_id, o.late
         )
         insert into outbox (topic, store_id, order_id, payload)
         select 'order', store_id, id, jsonb_build_object('late', late) from marked",
        scope.now,
        patience.accept_within as _,
        patience.escalate_after as _,
        patience.claim_within as _,
        patience.accept_ahead as _,
        AT_A_TIME,
        patience.answer_within as _,
        patience.finish_within as _,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()?;
    Ok(marked.rows_affected() == AT_A_TIME as u64)
}

/// How many orders within a person's reach their stores have not accepted or finished, or whose shoppers have not heard
/// whether they are called off, for so long that it is head office's matter; none for who does not manage orders.
pub async fn escalated(scope: &Scope) -> Result<i64, Fault> {
    let Ok(reach) = scope.reach_filter(Permission::ManageOrders) else { return Ok(0) };
    let mut tx = scope.begin_search().await?;
    sqlx::query_scalar!(
        r#"select count(*) as "many!" from orders
           where (late in ($1, $3) or (late = $4 and slot_end <= $5::timestamptz - $6::interval))
             and ($2::uuid[] is null or store_id = any($2))"#,
        Lateness::Escalated.code(),
        reach.as_deref(),
        Lateness::CancelUnanswered.code(),
        Lateness::Overdue.code(),
        scope.now,
        scope.house.settings.patience.escalate_overdue_after as _,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()
}
