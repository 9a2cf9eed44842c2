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
              + (select coalesce(sum(refund_fen), 0) from after_sales where state in ('refunded', 'exchanged'))
              - (select coalesce(sum(amount_fen), 0) from refunds where state = 'succeeded')))::int::bigint",
    ),
    (
        "of no line more is asked back than was sold, nor more than was paid",
        "select count(*) from (
             select r.order_id, r.line, sum(r.quantity) as pieces, sum(r.paid_fen) as paid_fen
             from after_sales_lines r join after_sales a on a.id = r.after_sales_id
             where a.state not in ('withdrawn', 'expired') group by r.order_id, r.line
         ) r left join order_lines l on l.order_id = r.order_id and l.line = r.line
         where l.line is null or r.pieces > l.quantity or r.paid_fen > l.total_fen or (r.pieces = l.quantity and r.paid_fen <> l.total_fen)",
    ),
    (
        "what a request gives back is the sum of its lines, what its store gave back and what its refund says",
        "select count(*) from after_sales a
         left join (select after_sales_id, sum(refund_fen) as fen from after_sales_lines group by 1) l on l.after_sales_id = a.id
         full join (select after_sales_id, sum(amount_fen) as fen, bool_and(debit like 'revenue:%' and credit = 'customers:prepaid') as right_way
                    from transfers where cause = 'return' group by 1) t on t.after_sales_id = a.id
         left join refunds r on r.after_sales_id = a.id
         where a.id is null or a.refund_fen <> coalesce(l.fen, 0) or not coalesce(t.right_way, true)
            or coalesce(t.fen, 0) <> (case when a.state in ('refunded', 'exchanged') then a.refund_fen else 0 end)
            or coalesce(t.fen, 0) <> coalesce(r.amount_fen, 0)",
    ),
    (
        "goods that came back, and those given for them, have moved as their requests say",
        "select count(*) from (
             select a.id as document_id, a.received_store_id as location_id, x.sku_id, x.cause, sum(x.pieces) as pieces
             from after_sales a join after_sales_lines l on l.after_sales_id = a.id
             cross join lateral (values
                 (l.sku_id, 'return', l.quantity),
                 (l.sku_id, case l.condition when 'scrap' then 'loss' when 'supplier' then 'supplier_return' end, -l.quantity),
                 (l.exchange_sku_id, 'issue', -l.quantity)
             ) x (sku_id, cause, pieces)
             where a.received_store_id is not null and x.sku_id is not null and x.cause is not null group by 1, 2, 3, 4
         ) e full join (
             select document_id, location_id, sku_id, cause, sum(on_hand) as pieces from movements
             where cause = 'return' or document_id in (select id from after_sales) group by 1, 2, 3, 4
         ) m using (document_id, location_id, sku_id, cause) where e.pieces is distinct from m.pieces",
    ),
    (
        "goods have come back where and only where a request says that they have",
        "select count(*) from after_sales a where (a.received_store_id is not null)
            <> (a.kind <> 'refund_only' and a.state in ('refunded', 'exchanged'))
            or exists (select from after_sales_lines l where l.after_sales_id = a.id
                       and (l.condition is not null) <> (a.received_store_id is not null))",
    ),
    (
        "the last step of a request says its state",
        "select count(*) from after_sales a
         full join (select after_sales_id, max(step) as step from after_sales_steps group by 1) l on l.after_sales_id = a.id
         left join after_sales_steps t on t.after_sales_id = l.after_sales_id and t.step = l.step
         where a.state is distinct from t.state",
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
        "what was shipped has arrived, is accounted for, or is on the way, as far as its transfer has come",
        "select count(*) from stock_transfer_lines l full join stock_transfers t on t.id = l.transfer_id
         where t.id is null or l.transfer_id is null
            or (l.shipped is not null) <> (t.state in ('shipped', 'received')) or (l.received is not null) <> (t.state = 'received')
            or (t.state <> 'received' and l.lost + l.returned > 0)
            or coalesce(l.shipped, 0) <> coalesce(l.received, 0) + l.lost + l.returned + l.on_the_way",
    ),
    (
        "a transfer has moved exactly what it says",
        "select count(*) from (
             select place, sku_id, transfer_id from (
                 select t.from_id as place, l.sku_id, t.id as transfer_id, l.returned - coalesce(l.shipped, 0) as pieces
                 from stock_transfers t join stock_transfer_lines l on l.transfer_id = t.id
                 union all
                 select t.to_id, l.sku_id, t.id, coalesce(l.received, 0)
                 from stock_transfers t join stock_transfer_lines l on l.transfer_id = t.id
                 union all
                 select location_id, sku_id, document_id, -on_hand from movements where cause in ('transfer_out', 'transfer_in')
             ) m group by place, sku_id, transfer_id having sum(pieces) <> 0
         ) d",
    ),
    (
        "what a receipt of goods says has come in once",
        "select count(*) from (
             select r.location_id, r.id, l.sku_id, sum(l.quantity) as quantity
             from goods_receipts r join goods_receipt_lines l on l.receipt_id = r.id group by 1, 2, 3
         ) g left join lateral (
             select sum(m.on_hand) as quantity from movements m
             where m.location_id = g.location_id and m.sku_id = g.sku_id and m.document_id = g.id and m.cause = 'receive'
         ) m on true where g.quantity is distinct from m.quantity",
    ),
    (
        "the last step of a transfer says its state",
        "select count(*) from stock_transfers t
         full join (select transfer_id, max(step) as step from stock_transfer_steps group by transfer_id) l on l.transfer_id = t.id
         left join stock_transfer_steps s on s.transfer_id = l.transfer_id and s.step = l.step
         where t.state is distinct from s.state",
    ),
    (
        "the last step of an order says its state",
        "select count(*) from orders o
         full join (select order_id, max(step) as step from order_steps group by order_id) l on l.order_id = o.id
         left join order_steps t on t.order_id = l.order_id and t.step = l.step
         where o.state is distinct from t.state",
    ),
    (
        "an approved count has moved exactly its differences",
        "select count(*) from (
             select l.count_id, l.location_id, l.sku_id, l.counted - l.book as difference
             from count_lines l join counts c on c.id = l.count_id where c.state = 'approved' and l.counted <> l.book
         ) d full join (
             select document_id as count_id, location_id, sku_id, sum(on_hand) as moved, count(*) as moves
             from movements where cause = 'count' group by 1, 2, 3
         ) m using (count_id, location_id, sku_id)
         where d.difference::numeric is distinct from m.moved or m.moves <> 1",
    ),
    (
        "goods are taken by a count until it is over, and by no other",
        "select count(*) from count_lines l join counts c on c.id = l.count_id
         where l.active <> (c.state in ('open', 'submitted')) or l.location_id <> c.location_id",
    ),
    (
        "a loss that was agreed to has moved what it says",
        "select count(*) from (select id as loss_id, location_id, sku_id, quantity from losses where state = 'approved') l
         full join (
             select document_id as loss_id, location_id, sku_id, sum(on_hand) as moved, count(*) as moves
             -- What was spoilt when it came back is the return's, which has a rule of its own.
             from movements where cause = 'loss' and not exists (select from after_sales a where a.id = document_id)
             group by 1, 2, 3
         ) m using (loss_id, location_id, sku_id)
         where m.moved is distinct from -l.quantity::numeric or m.moves <> 1",
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
