-- What every list of orders shows of one: the order, its store's name, whose it is and what is in it. A list and a look
-- at one order read the same, each with a plan of its own: that of a list is made anew for what is asked (its filters
-- are optional), that of one order is kept. It sees what whoever asks sees.
create view order_cards with (security_invoker = true) as
    select o.id, o.number, o.store_id, s.name as store_name, s.region_code, o.member_id, o.state, o.fulfilment, o.channel,
           o.total_fen, o.freight_fen, l.pieces, l.first_name, l.picture, o.slot_start, o.slot_end, o.placed_at,
           m.phone, m.phone_tail, o.note, o.checkout_id, o.late, o.pickup_code
    from orders o join stores s on s.id = o.store_id join members m on m.id = o.member_id
    cross join lateral (
        select sum(quantity)::bigint as pieces, (array_agg(name order by line))[1] as first_name,
               (array_agg(picture order by line))[1] as picture
        from order_lines where order_id = o.id
    ) l;
