//! The books: what must always be true, checked on demand and after every integration test.

use domain::Fault;

use crate::{Scope, database::OrFault};

/// A rule that does not hold, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imbalance {
    /// The rule.
    pub rule: &'static str,
    /// How many rows break it.
    pub rows: i64,
}

/// Each rule is a query that counts what breaks it, or says whether it is broken. What is compared is
/// joined both ways, so that lines, steps, holds or movements of nothing are found as well: a load of the
/// demo's chain leaves the checks of foreign keys out. Where there are five million orders, all rules
/// together take three minutes.
const RULES: &[(&str, &str)] = &[
    (
        "a balance is the sum of its movements",
        "select count(*) from stock s full join (
             select location_id, sku_id, sum(on_hand) as on_hand, sum(held) as held, sum(allocated) as allocated
             from movements group by location_id, sku_id
         ) m using (location_id, sku_id)
         where coalesce(s.on_hand, 0) <> coalesce(m.on_hand, 0) or coalesce(s.held, 0) <> coalesce(m.held, 0)
            or coalesce(s.allocated, 0) <> coalesce(m.allocated, 0)",
    ),
    (
        "held is the sum of open holds, allocated of paid and not yet issued ones",
        "select count(*) from stock s full join (
             select location_id, sku_id, coalesce(sum(quantity) filter (where state = 'held'), 0) as held,
                    coalesce(sum(quantity) filter (where state = 'allocated'), 0) as allocated
             from (select location_id, sku_id, quantity, state from holds where state in ('held', 'allocated')
                   union all select location_id, sku_id, quantity, state from early_holds where state = 'held') o
             group by location_id, sku_id
         ) h using (location_id, sku_id)
         where coalesce(s.held, 0) <> coalesce(h.held, 0) or coalesce(s.allocated, 0) <> coalesce(h.allocated, 0)",
    ),
    (
        "what is promised and not there has an open case",
        "select count(*) from stock s where (s.short > 0 or s.on_hand < 0) and not exists (
             select from shortages c where c.location_id = s.location_id and c.sku_id = s.sku_id and c.solved_at is null)",
    ),
    (
        "an order and its holds agree",
        "select count(*) from holds h join orders o on o.id = h.order_id where h.state <> case o.state
             when 'placed' then 'held' when 'paid' then 'allocated' when 'accepted' then 'allocated' when 'ready' then 'allocated'
             when 'completed' then 'issued' when 'expired' then 'expired' else 'released' end",
    ),
    (
        "an order holds exactly what its lines say",
        "select count(*) from (select order_id, sku_id, sum(quantity) as quantity from order_lines group by 1, 2) l
         full join holds h using (order_id, sku_id) where l.quantity is distinct from h.quantity",
    ),
    (
        "an order's total is the sum of its lines",
        "select count(*) from orders o
         full join (select order_id, sum(total_fen) as total_fen from order_lines group by order_id) l on l.order_id = o.id
         where o.id is null or o.total_fen <> coalesce(l.total_fen, 0)",
    ),
    (
        "per order, paid less refunded is what its ledger says",
        "select count(*) from (select order_id from (
             select order_id, amount_fen as paid_fen, 0 as booked_fen from payments where state in ('kept', 'surplus')
             union all
             select order_id, -amount_fen, 0 from refunds where state = 'succeeded'
             union all
             select order_id, 0, case when debit = 'gateway:wechat_pay' then amount_fen else -amount_fen end
             from transfers where 'gateway:wechat_pay' in (debit, credit)
         ) m group by order_id having sum(paid_fen) <> sum(booked_fen)) d",
    ),
    (
        "an order is paid if and only if one payment was kept for all of it",
        "select count(*) from orders o left join payments p on p.order_id = o.id and p.state = 'kept'
         where (o.paid_at is not null) <> (p.id is not null) or p.amount_fen <> o.total_fen",
    ),
    (
        "an order called off after payment has its money wanted back",
        "select count(*) from orders o join payments p on p.order_id = o.id and p.state = 'kept'
         where o.state in ('cancelled', 'rejected') and not exists (select from refunds r where r.payment_id = p.id)",
    ),
    (
        "a surplus payment is wanted back",
        "select count(*) from payments p where p.state = 'surplus' and not exists (select from refunds r where r.payment_id = p.id)",
    ),
    (
        "no more goes back than came in",
        "select count(*) from payments p where p.amount_fen < (select coalesce(sum(amount_fen), 0) from refunds where payment_id = p.id)",
    ),
    (
        "revenue is booked exactly for what was handed over",
        "select count(*) from orders o left join transfers t on t.order_id = o.id and t.cause = 'fulfil'
         where (o.state = 'completed') <> (t.id is not null) or t.amount_fen <> o.total_fen",
    ),
    (
        "what customers paid ahead is what open orders and refunds still owe",
        "select (((select coalesce(sum(case when credit = 'customers:prepaid' then amount_fen else -amount_fen end), 0)
                 from transfers where 'customers:prepaid' in (debit, credit))
             <> (select coalesce(sum(p.amount_fen), 0) from payments p join orders o on o.id = p.order_id
                 where p.state = 'surplus' or (p.state = 'kept' and o.state <> 'completed'))
              - (select coalesce(sum(amount_fen), 0) from refunds where state = 'succeeded')))::int::bigint",
    ),
    (
        "no hold is older than its time plus one sweep",
        "select count(*) from (select state, expires_at from holds union all select state, expires_at from early_holds) h
         where state = 'held' and expires_at < now() - interval '2 minutes'",
    ),
    (
        "an early hold has moved what it says",
        "select count(*) from early_holds h
         full join (select early_hold_id, sum(held) as held, count(*) as moves from movements
                    where early_hold_id is not null group by early_hold_id) m on m.early_hold_id = h.id
         where m.held is distinct from (case h.state when 'held' then h.quantity else 0 end)::numeric
            or m.moves is distinct from (case h.state when 'held' then 1 else 2 end)",
    ),
    (
        "what an absorbed account had is the kept one's, which was not absorbed itself",
        "select count(*) from members m join members k on k.id = m.merged_into
         where k.merged_into is not null or exists (select from orders o where o.member_id = m.id)
            or exists (select from early_holds h where h.member_id = m.id)",
    ),
    (
        "nobody who is erased has an open order or goods held",
        "select count(*) from members m where m.erased_at is not null
         and (exists (select from orders o where o.member_id = m.id and o.state in ('placed', 'paid', 'accepted', 'ready'))
              or exists (select from early_holds h where h.member_id = m.id and h.state = 'held'))",
    ),
    (
        "the last step of an order says its state",
        "select count(*) from orders o
         full join (select order_id, max(step) as step from order_steps group by order_id) l on l.order_id = o.id
         left join order_steps t on t.order_id = l.order_id and t.step = l.step
         where o.state is distinct from t.state",
    ),
];

/// Checks every rule; an empty answer is a balanced house.
pub async fn check(scope: &Scope) -> Result<Vec<Imbalance>, Fault> {
    let mut found = Vec::new();
    // One snapshot for all rules, or an order placed between two of them would look like a fault.
    let mut tx = scope.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *tx).await.or_fault()?;
    // Sums of millions of orders are to fit into memory; what does not is still right, but slower.
    sqlx::query("set local work_mem = '128MB'").execute(&mut *tx).await.or_fault()?;
    for (rule, query) in RULES {
        let rows: i64 = sqlx::query_scalar(*query).fetch_one(&mut *tx).await.or_fault()?;
        if rows > 0 {
            found.push(Imbalance { rule, rows });
        }
    }
    Ok(found)
}

/// How many rules there are.
pub fn rules() -> usize {
    RULES.len()
}
