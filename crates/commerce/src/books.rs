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
        "a store's balance keeps pieces back as was said of its variant",
        "select count(*) from stock s join stores t on t.id = s.location_id
         left join lateral (
             select model, kept_back from stock_models m
             where m.sku_id = s.sku_id and (m.store_id is null or m.store_id = s.location_id)
             order by m.store_id nulls last limit 1
         ) r on true
         where s.separate <> coalesce(r.model = 'separate', false)
            or (not s.separate and s.kept_back <> coalesce(r.kept_back, 0) + s.expired)",
    ),
    (
        "what is known of a batch at a place is the sum of its moves",
        "select count(*) from batch_pieces p full join (
             select location_id, sku_id, batch_id, sum(quantity) as quantity from batch_moves group by 1, 2, 3
         ) m using (location_id, sku_id, batch_id)
         where coalesce(p.quantity, 0) <> coalesce(m.quantity, 0)",
    ),
    (
        "an order and its holds agree",
        "select count(*) from holds h join orders o on o.id = h.order_id where h.state <> case o.state
             when 'placed' then 'held' when 'paid' then 'allocated' when 'accepted' then 'allocated' when 'ready' then 'allocated'
             when 'dispatched' then 'issued' when 'completed' then 'issued' when 'expired' then 'expired' else 'released' end",
    ),
    (
        "an order holds exactly what its lines say, but for what of it is sent no more",
        "select count(*) from (
             select order_id, sku_id, sum(quantity) as quantity from order_lines group by 1, 2
         ) l left join (
             select u.order_id, l.sku_id, sum(u.quantity) as quantity
             from unsent_end_lines u join order_lines l on l.order_id = u.order_id and l.line = u.line group by 1, 2
         ) u using (order_id, sku_id)
         full join holds h using (order_id, sku_id)
         where l.quantity is null or l.quantity - coalesce(u.quantity, 0) <> coalesce(h.quantity, 0)",
    ),
    (
        "an order's total is the sum of its lines and of what its way costs",
        "select count(*) from orders o
         full join (select order_id, sum(total_fen) as total_fen from order_lines group by order_id) l on l.order_id = o.id
         where o.id is null or o.total_fen - o.freight_fen <> coalesce(l.total_fen, 0)",
    ),
    (
        "goods that are sent left their store exactly where their order has left it",
        "select count(*) from (
             select order_id, sku_id, -sum(on_hand) as gone from movements
             where cause in ('issue', 'bring_back') and order_id in (select id from orders where fulfilment in ('delivery', 'express'))
             group by 1, 2
         ) m full join (
             select h.order_id, h.sku_id, h.quantity from holds h join orders o on o.id = h.order_id
             where h.state = 'issued' and o.fulfilment in ('delivery', 'express')
         ) h using (order_id, sku_id)
         where coalesce(m.gone, 0) <> coalesce(h.quantity, 0)",
    ),
    (
        "no more of a line is in parcels, or sent no more, than was ordered, and what is in one has left its store",
        "select (select count(*) from (
                     select p.order_id, p.line, sum(p.quantity) as packed from (
                         select order_id, line, quantity from parcel_lines p
                         -- What came back to be sent again is in a later parcel, or at the store.
                         where not exists (select from parcel_returns r where r.parcel_id = p.parcel_id and r.afterwards = 'send_again')
                         union all select order_id, line, quantity from unsent_end_lines
                     ) p group by 1, 2
                 ) p full join (select order_id, line, quantity from order_lines where exists (
                     select from parcel_lines x where x.order_id = order_lines.order_id)
                 ) l using (order_id, line) where l.quantity is null or p.packed > l.quantity)
              + (select count(*) from parcels p join orders o on o.id = p.order_id
                 where o.fulfilment <> 'express' or (o.state not in ('dispatched', 'completed')
                   and not exists (select from parcel_returns r where r.parcel_id = p.id)))
              + (select count(*) from orders o where o.fulfilment = 'express' and o.state in ('dispatched', 'completed')
                   and not exists (select from parcels p where p.order_id = o.id))",
    ),
    (
        "a parcel is back where and only where its store has said what becomes of it",
        "select count(*) from (select parcel_id from parcel_ways where state = 'back') w
         full join parcel_returns r using (parcel_id) where w.parcel_id is null or r.parcel_id is null",
    ),
    (
        "what is paid back of a parcel is so once its order is over, and what is spoilt of one called off is lost",
        "select (select count(*) from parcel_returns r join orders o on o.id = r.order_id
                 where r.afterwards = 'refund' and o.state not in ('dispatched', 'completed', 'cancelled'))
              + (select count(*) from (
                     select r.parcel_id as document_id, l.sku_id, -sum(i.quantity) as pieces
                     from parcel_returns r join orders o on o.id = r.order_id join parcel_lines i on i.parcel_id = r.parcel_id
                     join order_lines l on l.order_id = i.order_id and l.line = i.line
                     where r.spoilt and o.state = 'cancelled' group by 1, 2
                 ) e full join (
                     select document_id, sku_id, sum(on_hand) as pieces from movements
                     where cause = 'loss' and document_id in (select parcel_id from parcel_returns)
                       and document_id not in (select id from after_sales) group by 1, 2
                 ) m using (document_id, sku_id) where e.pieces is distinct from m.pieces)",
    ),
    (
        "what is sent has an address, unless its member has gone, and what is brought its riders",
        "select (select count(*) from orders o join members m on m.id = o.member_id
                 where (o.fulfilment in ('delivery', 'express')) <> exists (select from order_addresses a where a.order_id = o.id)
                   and m.erased_at is null)
              + (select count(*) from deliveries d join orders o on o.id = d.order_id
                 where (d.ended_at is null) <> (o.state = 'dispatched' and d.attempt = (select max(attempt) from deliveries x where x.order_id = d.order_id)))",
    ),
    (
        "per order, paid less refunded is what its ledger says",
        "select count(*) from (select order_id from (
             select order_id, amount_fen as paid_fen, 0 as booked_fen from payment_shares where state in ('kept', 'surplus')
             union all
             select order_id, -amount_fen, 0 from refunds where state = 'succeeded' or paid_twice_at is not null
             union all
             select order_id, 0, case when debit = 'gateway:wechat_pay' then amount_fen else -amount_fen end
             from transfers where 'gateway:wechat_pay' in (debit, credit)
         ) m group by order_id having sum(paid_fen) <> sum(booked_fen)) d",
    ),
    (
        "an order is paid if and only if one payment was kept for all of it",
        "select count(*) from orders o left join (
             select order_id, sum(amount_fen) as amount_fen, count(*) as many from payment_shares where state = 'kept' group by order_id
         ) p on p.order_id = o.id
         where (o.paid_at is not null) <> (p.order_id is not null) or p.amount_fen <> o.total_fen or p.many <> 1",
    ),
    (
        "a payment of several orders is the sum of their shares, and as kept as those are",
        "select count(*) from (select * from payments where checkout_id is not null) p full join (
             select x.payment_id, sum(x.amount_fen) as amount_fen, bool_or(x.state = 'kept') as kept, bool_or(x.state = 'surplus') as surplus,
                    bool_or(x.state = 'open') as open, min(o.checkout_id::text) as checkout, count(distinct o.checkout_id) as checkouts
             from payment_parts x join orders o on o.id = x.order_id group by x.payment_id
         ) s on s.payment_id = p.id
         where p.id is null or s.payment_id is null or p.amount_fen <> s.amount_fen or p.checkout_id::text <> s.checkout or s.checkouts <> 1
            or p.state <> (case when s.open and (s.kept or s.surplus) then 'torn' when s.open and p.state = 'closed' then 'closed'
                                when s.open then 'open' when s.kept then 'kept' else 'surplus' end)",
    ),
    (
        "orders that were placed together are one member's",
        "select count(*) from checkouts c left join (
             select checkout_id, count(distinct member_id) as members from orders where checkout_id is not null group by checkout_id
         ) o on o.checkout_id = c.id where o.members is distinct from 1",
    ),
    (
        "an order called off after payment has its money wanted back",
        "select count(*) from orders o join payment_shares p on p.order_id = o.id and p.state = 'kept'
         where o.state in ('cancelled', 'rejected')
           and not exists (select from refunds r where r.payment_id = p.payment_id and r.order_id = o.id)",
    ),
    (
        "a surplus payment is wanted back",
        "select count(*) from payment_shares p where p.state = 'surplus'
           and not exists (select from refunds r where r.payment_id = p.payment_id and r.order_id = p.order_id)",
    ),
    (
        "no more goes back than came in",
        "select count(*) from payment_shares p full join (
             select payment_id, order_id, sum(amount_fen) as amount_fen from refunds group by payment_id, order_id
         ) r using (payment_id, order_id) where coalesce(p.amount_fen, 0) < r.amount_fen",
    ),
    (
        "revenue is booked exactly for what was handed over",
        "select count(*) from (
             -- What was never sent has gone back before it could become revenue.
             select o.id, o.state, o.total_fen - coalesce((select sum(u.refund_fen) from unsent_ends u where u.order_id = o.id), 0) as fen
             from orders o
         ) o left join transfers t on t.order_id = o.id and t.cause = 'fulfil'
         where (o.state = 'completed' and o.fen > 0) <> (t.id is not null) or t.amount_fen <> o.fen",
    ),
    (
        "what customers paid ahead is what open orders and refunds still owe",
        "select (((select coalesce(sum(case when credit = 'customers:prepaid' then amount_fen else -amount_fen end), 0)
                 from transfers where 'customers:prepaid' in (debit, credit))
             <> (select coalesce(sum(p.amount_fen), 0) from payment_shares p join orders o on o.id = p.order_id
                 where p.state = 'surplus' or (p.state = 'kept' and o.state <> 'completed'))
              + (select coalesce(sum(refund_fen), 0) from after_sales where state in ('refunded', 'exchanged'))
              + (select coalesce(sum(u.refund_fen), 0) from unsent_ends u join orders o on o.id = u.order_id where o.state = 'completed')
              - (select coalesce(sum(amount_fen), 0) from refunds where state in ('succeeded', 'settled'))))::int::bigint",
    ),
    (
        "what was paid back by other means, or twice, stands so in the ledger",
        "select count(*) from (
             select id as refund_id, amount_fen as settled_fen, case when paid_twice_at is not null then amount_fen else 0 end as twice_fen
             from refunds where state = 'settled'
         ) r full join (
             select refund_id, coalesce(sum(amount_fen) filter (where credit = 'settled:other_means'), 0) as settled_fen,
                    coalesce(sum(amount_fen) filter (where debit = 'customers:paid_twice'), 0) as twice_fen
             from transfers where credit = 'settled:other_means' or debit = 'customers:paid_twice' group by refund_id
         ) t using (refund_id)
         where r.settled_fen is distinct from t.settled_fen or r.twice_fen is distinct from t.twice_fen",
    ),
    (
        "of no line more is asked back or sent no more than was sold, nor for more than was paid",
        "select count(*) from (
             select r.order_id, r.line, sum(r.quantity) as pieces, sum(r.paid_fen) as paid_fen from (
                 select r.order_id, r.line, r.quantity, r.paid_fen
                 from after_sales_lines r join after_sales a on a.id = r.after_sales_id
                 where a.state not in ('withdrawn', 'expired')
                 union all select order_id, line, quantity, paid_fen from unsent_end_lines
             ) r group by r.order_id, r.line
         ) r left join order_lines l on l.order_id = r.order_id and l.line = r.line
         where l.line is null or r.pieces > l.quantity or r.paid_fen > l.total_fen or (r.pieces = l.quantity and r.paid_fen <> l.total_fen)",
    ),
    (
        "what a request gives back is the sum of its lines and what is beside them, what its store gave back and what its refund says",
        "select count(*) from after_sales a
         left join (select after_sales_id, sum(refund_fen) as fen from after_sales_lines group by 1) l on l.after_sales_id = a.id
         full join (select after_sales_id, sum(amount_fen) as fen, bool_and(debit like 'revenue:%' and credit = 'customers:prepaid') as right_way
                    from transfers where cause = 'return' group by 1) t on t.after_sales_id = a.id
         left join refunds r on r.after_sales_id = a.id
         where a.id is null or a.refund_fen <> coalesce(l.fen, 0) + a.freight_fen + a.extra_fen or not coalesce(t.right_way, true)
            or coalesce(t.fen, 0) <> (case when a.state in ('refunded', 'exchanged') then a.refund_fen else 0 end)
            or coalesce(t.fen, 0) <> coalesce(r.amount_fen, 0)",
    ),
    (
        "of what a way cost no more goes back than that",
        "select count(*) from orders o join (
             select order_id, sum(freight_fen) as fen from after_sales
             where freight_fen > 0 and state not in ('withdrawn', 'expired', 'refused', 'dismissed') group by order_id
         ) a on a.order_id = o.id where a.fen > o.freight_fen",
    ),
    (
        "what is sent no more goes back under its refund, and is lost where that was said",
        "select (select count(*) from unsent_ends u
                 full join (select end_id, sum(paid_fen) as fen from unsent_end_lines group by 1) l on l.end_id = u.id
                 left join refunds r on r.id = u.refund_id
                 where u.refund_fen is distinct from l.fen or u.refund_fen <> coalesce(r.amount_fen, 0)
                    or r.order_id <> u.order_id or r.after_sales_id is not null)
              + (select count(*) from (
                     select u.id as document_id, u.store_id as location_id, l.sku_id, -sum(i.quantity) as pieces
                     from unsent_ends u join unsent_end_lines i on i.end_id = u.id
                     join order_lines l on l.order_id = i.order_id and l.line = i.line
                     where u.fate = 'lose' group by 1, 2, 3
                 ) e full join (
                     select document_id, location_id, sku_id, sum(on_hand) as pieces from movements
                     where document_id in (select id from unsent_ends) group by 1, 2, 3
                 ) m using (document_id, location_id, sku_id) where e.pieces is distinct from m.pieces)",
    ),
    (
        "goods that came back, and those given for them, have moved as their requests say",
        "select count(*) from (
             select a.id as document_id, a.received_store_id as location_id, x.sku_id, x.cause, sum(x.pieces) as pieces
             from after_sales a join after_sales_lines l on l.after_sales_id = a.id
             cross join lateral (values
                 (l.sku_id, 'return', l.quantity),
                 (l.sku_id, 'loss', -nullif(l.scrap_pieces, 0)),
                 (l.sku_id, 'supplier_return', -nullif(l.supplier_pieces, 0)),
                 (l.exchange_sku_id, 'issue', -l.quantity)
             ) x (sku_id, cause, pieces)
             where a.received_store_id is not null and x.sku_id is not null and x.pieces is not null group by 1, 2, 3, 4
             union all
             -- Of pieces that had been paid back before their parcel came.
             select g.document_id, r.store_id, l.sku_id, x.cause, sum(x.pieces)
             from parcel_goods g join parcel_returns r using (parcel_id)
             join order_lines l on l.order_id = g.order_id and l.line = g.line
             cross join lateral (values ('return', g.quantity), (case when r.spoilt then 'loss' end, -g.quantity)) x (cause, pieces)
             where x.cause is not null group by 1, 2, 3, 4
         ) e full join (
             select document_id, location_id, sku_id, cause, sum(on_hand) as pieces from movements
             where cause = 'return' or document_id in (select id from after_sales)
                or document_id in (select document_id from parcel_goods) group by 1, 2, 3, 4
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
         and (exists (select from orders o where o.member_id = m.id and o.state in ('placed', 'paid', 'accepted', 'ready', 'dispatched'))
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
        "an order says since when its open request to be called off waits, and what is over has none",
        "select count(*) from orders o
         full join (select order_id, asked_at from cancel_requests where state = 'open') r on r.order_id = o.id
         where o.cancel_asked_at is distinct from r.asked_at
            or (r.order_id is not null and o.state not in ('paid', 'accepted', 'ready'))",
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
             from movements m where cause = 'loss' and not exists (select from after_sales a where a.id = document_id)
               and not exists (select from parcel_returns r where r.parcel_id = document_id)
               and not exists (select from unsent_ends u where u.id = document_id)
               and not exists (select from parcel_goods g where g.document_id = m.document_id)
               and not exists (select from set_apart_ends e where e.id = document_id)
             group by 1, 2, 3
         ) m using (loss_id, location_id, sku_id)
         where m.moved is distinct from -l.quantity::numeric or m.moves <> 1",
    ),
    (
        "what was sold at the counter, and what of it came back, has moved once",
        "select count(*) from (
             select s.id as document_id, s.store_id as location_id, l.sku_id, 'counter_sale' as cause, -l.quantity as pieces
             from counter_sales s full join counter_sale_lines l on l.sale_id = s.id
             union all
             select r.id, s.store_id, l.sku_id, 'counter_return', l.quantity
             from counter_returns r join counter_sales s on s.id = r.sale_id full join counter_return_lines l on l.return_id = r.id
         ) e full join (
             select document_id, location_id, sku_id, cause, sum(on_hand) as moved, count(*) as moves
             from movements where cause in ('counter_sale', 'counter_return') group by 1, 2, 3, 4
         ) m using (document_id, location_id, sku_id, cause)
         where m.moved is distinct from e.pieces::numeric or m.moves <> 1",
    ),
    (
        "no more of a sale at the counter comes back than was sold, and its total is the sum of its lines",
        "select (select count(*) from (
                     select r.sale_id, b.sku_id, sum(b.quantity) as pieces
                     from counter_returns r join counter_return_lines b on b.return_id = r.id group by 1, 2
                 ) b left join counter_sale_lines l using (sale_id, sku_id) where l.quantity is null or b.pieces > l.quantity)
              + (select count(*) from counter_sales s left join (
                     select sale_id, sum(quantity * price_fen) as fen from counter_sale_lines group by 1
                 ) l on l.sale_id = s.id where s.total_fen::numeric is distinct from l.fen)",
    ),
    (
        "what lies apart for suppliers is what came for them, less what they took and what was scrapped",
        "select (select count(*) from (
                     select l.after_sales_id, l.line, l.sku_id, l.supplier_pieces as quantity, a.received_store_id
                     from after_sales_lines l join after_sales a on a.id = l.after_sales_id where l.supplier_pieces > 0
                 ) l full join set_apart s using (after_sales_id, line)
                 left join (select after_sales_id, line, sum(quantity) as gone from set_apart_end_lines group by 1, 2) g
                     using (after_sales_id, line)
                 where l.quantity is distinct from s.quantity or l.sku_id is distinct from s.sku_id
                    or l.received_store_id is distinct from s.location_id
                    or s.remains::numeric is distinct from s.quantity - coalesce(g.gone, 0))
              + (select count(*) from set_apart_ends e left join set_apart_end_lines l on l.end_id = e.id
                 left join set_apart s using (after_sales_id, line) where s.location_id is distinct from e.location_id)",
    ),
    (
        "what was scrapped of what lay apart went from the supplier's to what is lost, and what suppliers took moves nothing",
        "select count(*) from (
             select e.id as document_id, e.location_id, s.sku_id, x.cause, sum(x.sign * l.quantity) as pieces
             from set_apart_ends e join set_apart_end_lines l on l.end_id = e.id join set_apart s using (after_sales_id, line)
             cross join (values ('supplier_return', 1), ('loss', -1)) x (cause, sign)
             where e.fate = 'scrap' group by 1, 2, 3, 4
         ) e full join (
             select document_id, location_id, sku_id, cause, sum(on_hand) as pieces from movements
             where document_id in (select id from set_apart_ends) group by 1, 2, 3, 4
         ) m using (document_id, location_id, sku_id, cause) where e.pieces is distinct from m.pieces",
    ),
    (
        "what a supplier credits is for goods that they took, and what its pieces come to where they were priced",
        "select count(*) from set_apart_ends e left join purchase_receipts r on r.handed_over_id = e.id
         left join (select end_id, sum(quantity * price_fen) as fen from set_apart_end_lines group by 1) l on l.end_id = e.id
         where (e.fate = 'scrap' and (r.id is not null or l.fen is not null)) or (l.fen > 0 and r.value_fen::numeric is distinct from l.fen)",
    ),
    (
        "what came of an order to a supplier and went back is what its receipts say, and has moved once",
        "select count(*) from (
             select r.id as document_id, u.location_id, l.sku_id, sum(case when r.returned then -l.quantity else l.quantity end) as pieces
             from purchase_receipts r join purchases u on u.id = r.purchase_id join purchase_receipt_lines l on l.receipt_id = r.id
             group by 1, 2, 3
         ) e full join (
             select m.document_id, m.location_id, m.sku_id, sum(m.on_hand) as pieces from movements m
             where m.cause in ('receive', 'supplier_return') and m.document_id in (select id from purchase_receipts) group by 1, 2, 3
         ) m using (document_id, location_id, sku_id) where e.pieces is distinct from m.pieces",
    ),
    (
        "an order to a supplier has received and given back what its receipts say",
        "select count(*) from purchase_lines l full join (
             select r.purchase_id, n.sku_id, coalesce(sum(n.quantity) filter (where not r.returned), 0) as received,
                    coalesce(sum(n.quantity) filter (where r.returned), 0) as returned
             from purchase_receipts r join purchase_receipt_lines n on n.receipt_id = r.id group by 1, 2
         ) c using (purchase_id, sku_id)
         where coalesce(l.received, 0) <> coalesce(c.received, 0) or coalesce(l.returned, 0) <> coalesce(c.returned, 0)",
    ),
    (
        "an order to a supplier is as far as its pieces and its last step say, and its total is the sum of its lines",
        "select count(*) from purchases u
         full join (select purchase_id, max(step) as step from purchase_steps group by 1) m on m.purchase_id = u.id
         left join purchase_steps t on t.purchase_id = m.purchase_id and t.step = m.step
         left join (select purchase_id, sum(quantity) as quantity, sum(received) as received, sum(quantity * price_fen) as fen
                    from purchase_lines group by 1) l on l.purchase_id = u.id
         where u.state is distinct from t.state or u.total_fen is distinct from l.fen
            or (u.state = 'received') <> (coalesce(l.received, 0) = coalesce(l.quantity, 1))
            or (u.state in ('draft', 'submitted', 'approved', 'rejected', 'cancelled') and coalesce(l.received, 0) > 0)",
    ),
    (
        "what a piece costs is what its last step says, and each step begins where the one before it ended",
        "select (select count(*) from stock_costs c full join (
                     select distinct on (location_id, sku_id) location_id, sku_id, after_milli_fen from cost_steps
                     order by location_id, sku_id, id desc
                 ) s using (location_id, sku_id) where c.milli_fen is distinct from s.after_milli_fen)
              + (select count(*) from (
                     select before_milli_fen, lag(after_milli_fen) over (partition by location_id, sku_id order by id) as ended
                     from cost_steps
                 ) b where before_milli_fen is distinct from ended)",
    ),
    (
        "what goods at a place are worth is the sum of what came and went at cost, and of what new costs made of it",
        "select count(*) from (
             select c.location_id, c.sku_id, s.on_hand * c.milli_fen as worth
             from stock_costs c join stock s on s.location_id = c.location_id and s.sku_id = c.sku_id
         ) w full join (
             select location_id, sku_id, sum(value_milli_fen) as value from cost_entries group by 1, 2
         ) e using (location_id, sku_id) where w.worth::numeric is distinct from e.value",
    ),
    (
        "what came or went at cost is what its movement says",
        "select count(*) from cost_entries e left join movements m on m.id = e.movement_id
         where e.movement_id is not null and (m.id is null or m.on_hand <> e.quantity or m.location_id <> e.location_id or m.sku_id <> e.sku_id)",
    ),
    (
        "per supplier, the ledger says what arrived, what is invoiced, what is owed and what was paid",
        "select count(*) from suppliers s
         left join lateral (
             select coalesce(sum(case when credit = 'accrued' then amount_fen when debit = 'accrued' then -amount_fen end), 0) as accrued,
                    coalesce(sum(case when credit = 'payable' then amount_fen when debit = 'payable' then -amount_fen end), 0) as payable,
                    coalesce(sum(case when debit = 'goods' then amount_fen when credit = 'goods' then -amount_fen end), 0) as goods,
                    coalesce(sum(case when credit = 'bank' then amount_fen when debit = 'bank' then -amount_fen end), 0) as bank
             from supplier_ledger g where g.supplier_id = s.id
         ) g on true
         left join lateral (
             select coalesce(sum(case when r.returned then -r.value_fen else r.value_fen end), 0) as received,
                    coalesce(sum(case when r.returned then -r.value_fen else r.value_fen end - coalesce(i.amount, 0)), 0) as waiting
             from (
                 select r.* from purchases u join purchase_receipts r on r.purchase_id = u.id where u.supplier_id = s.id
                 union all
                 select r.* from set_apart_ends e join purchase_receipts r on r.handed_over_id = e.id where e.supplier_id = s.id
             ) r left join lateral (
                 select sum(coalesce(x.amount_fen, case when r.returned then -r.value_fen else r.value_fen end)) as amount
                 from invoiced_receipts x where x.receipt_id = r.id
             ) i on true
         ) r on true
         left join lateral (
             select coalesce(sum(amount_fen) filter (where state = 'open'), 0) as owed,
                    coalesce(sum(amount_fen) filter (where state = 'paid'), 0) as paid
             from supplier_invoices i where i.supplier_id = s.id
         ) i on true
         where (g.accrued, g.payable, g.goods, g.bank) is distinct from (r.waiting, i.owed, r.received, i.paid)",
    ),
    (
        "invoices together are for no more of a receipt than it comes to",
        "select count(*) from purchase_receipts r join (
             select receipt_id, sum(amount_fen) as fen, count(*) filter (where amount_fen is null) as whole, count(*) as many
             from invoiced_receipts group by 1
         ) x on x.receipt_id = r.id where abs(coalesce(x.fen, 0)) > r.value_fen or (x.whole > 0 and x.many > 1 and r.value_fen > 0)",
    ),
    (
        "an invoice is for the receipts of its supplier, and says what they come to",
        "select count(*) from supplier_invoices i left join lateral (
             select sum(coalesce(x.amount_fen, case when r.returned then -r.value_fen else r.value_fen end)) as fen, bool_and(coalesce(u.supplier_id, e.supplier_id) = i.supplier_id) as own
             from supplier_invoice_receipts x join purchase_receipts r on r.id = x.receipt_id
             left join purchases u on u.id = r.purchase_id left join set_apart_ends e on e.id = r.handed_over_id
             where x.invoice_id = i.id
         ) r on true where i.received_fen is distinct from r.fen or not coalesce(r.own, false)",
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
