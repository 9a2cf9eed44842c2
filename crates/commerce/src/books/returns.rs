//! Goods that come back, and what is given for them.

pub(super) const RULES: &[super::Rule] = &[
    (
        "of no line, and of nothing that came in exchange, more is asked back or sent no more than there was, nor for more than was paid",
        "select count(*) from (
             select r.order_id, r.line, sum(r.quantity) as pieces, sum(r.paid_fen) as paid_fen from (
                 select r.order_id, r.line, r.quantity, r.paid_fen
                 from claimed_lines r join after_sales a on a.id = r.after_sales_id
                 where a.state not in ('withdrawn', 'expired')
                 union all select order_id, line, quantity, paid_fen from unsent_end_lines
             ) r group by r.order_id, r.line
         ) r left join claimable_lines l on l.order_id = r.order_id and l.line = r.line
         where l.line is null or r.pieces > l.quantity or r.paid_fen > l.total_fen or (r.pieces = l.quantity and r.paid_fen <> l.total_fen)",
    ),
    (
        "of no order more has gone back than was paid for it, whatever was exchanged on the way",
        "select count(*) from orders o join (
             select order_id, sum(refund_fen) as fen from (
                 select order_id, refund_fen from after_sales where state in ('refunded', 'exchanged')
                 union all select order_id, refund_fen from unsent_ends
             ) r group by order_id
         ) b on b.order_id = o.id where b.fen > o.total_fen",
    ),
    (
        "what came in exchange for something else, and that alone, has a number beyond the lines of its order",
        "select count(*) from after_sales_lines r join after_sales a on a.id = r.after_sales_id
         where (r.given_line is not null) <> (a.state = 'exchanged' and coalesce(r.exchange_sku_id <> r.sku_id, false))
            or r.given_line <= (select max(o.line) from order_lines o where o.order_id = r.order_id)",
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
        "what was sent in exchange is of a request that ended with it",
        "select count(*) from after_sales_parcels p join after_sales a on a.id = p.after_sales_id
         where p.sent_at is not null and a.state <> 'exchanged'",
    ),
    (
        "the last step of a request says its state",
        "select count(*) from after_sales a
         full join (select after_sales_id, max(step) as step from after_sales_steps group by 1) l on l.after_sales_id = a.id
         left join after_sales_steps t on t.after_sales_id = l.after_sales_id and t.step = l.step
         where a.state is distinct from t.state",
    ),
];
