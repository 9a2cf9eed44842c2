//! Orders: their lines, their steps, and how they reach who bought.

pub(super) const RULES: &[super::Rule] = &[
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
        "no more of a line is off the shelf than was ordered, and a store picks what it has taken on",
        "select count(*) from order_picks p
         left join order_lines l on l.order_id = p.order_id and l.line = p.line
         left join order_steps s on s.order_id = p.order_id and s.step = p.step
         where l.order_id is null or p.quantity > l.quantity or s.act is distinct from 'accept'",
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
        "orders that were placed together are one member's",
        "select count(*) from checkouts c left join (
             select checkout_id, count(distinct member_id) as members from orders where checkout_id is not null group by checkout_id
         ) o on o.checkout_id = c.id where o.members is distinct from 1",
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
];
