//! The money of orders: payments, refunds, revenue, and what is owed.

pub(super) const RULES: &[super::Rule] = &[
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
];
