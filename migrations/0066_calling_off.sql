-- Until when shoppers call paid orders off by themselves, and how they ask their store for it afterwards (D3).

-- Head office's word for each way, and a store's own, which goes before it. Where nothing is said it is until the store
-- takes the order on, as a server of the release before always has it, and the shopper may ask afterwards.
create table cancel_rules (
    store_id uuid references stores,
    fulfilment text not null check (fulfilment in ('pickup', 'delivery', 'express', 'in_store')),
    until text not null check (until in ('accepted', 'ready', 'minutes')),
    -- After paying.
    minutes integer not null check (minutes between 0 and 1440),
    may_ask boolean not null,
    constraint cancel_rules_one unique nulls not distinct (store_id, fulfilment),
    constraint cancel_rules_minutes check ((until = 'minutes') = (minutes > 0))
);
alter table cancel_rules enable row level security;
-- Whoever looks at an order reads it.
create policy seen on cancel_rules for select to mendian_app using (true);
create policy people on cancel_rules to mendian_app using (
    (select asking_everywhere()) or store_id = any ((select asking_stores())::uuid[])
);
create policy house on cancel_rules to mendian_house using (true);

create function cancel_rule_at(of_store uuid, of_way text, out until text, out minutes integer, out may_ask boolean)
language sql stable as $$
    select coalesce(r.until, 'accepted'), coalesce(r.minutes, 0), coalesce(r.may_ask, true)
    from (values (1)) always (one) left join lateral (
        select c.until, c.minutes, c.may_ask from cancel_rules c
        where c.fulfilment = of_way and (c.store_id is null or c.store_id = of_store)
        order by c.store_id nulls last limit 1
    ) r on true
$$;

-- What shoppers ask. The order keeps its state; the request stands beside it until it is answered or over.
create table cancel_requests (
    -- Made by the client: the idempotency key of asking.
    id uuid primary key,
    order_id uuid not null references orders,
    reason text not null check (reason in ('unwanted', 'mistaken', 'too_slow', 'cannot_come', 'other')),
    -- The shopper's own words. They go when the account goes.
    note text not null default '' check (char_length(note) <= 200),
    state text not null check (state in ('open', 'agreed', 'refused', 'withdrawn', 'over')),
    asked_at timestamptz not null,
    ended_at timestamptz,
    -- What the store said.
    answer text not null default '' check (char_length(answer) <= 200),
    staff_id uuid references staff,
    api_key_id uuid references api_keys,
    constraint cancel_requests_ended check ((state = 'open') = (ended_at is null))
);
create unique index cancel_requests_open on cancel_requests (order_id) where state = 'open';
create index cancel_requests_of_order on cancel_requests (order_id, asked_at);
revoke delete on cancel_requests from mendian_app;
alter table cancel_requests enable row level security;
create policy people on cancel_requests to mendian_app using (
    (select asking_everywhere()) or exists (select from orders o where o.id = order_id)
);
create policy house on cancel_requests to mendian_house using (true);

-- Since when an order's open request waits: lists show it, and who locks the order knows it.
alter table orders add column cancel_asked_at timestamptz;
-- Few orders have one; the round that marks those that wait too long finds them by it.
create index orders_cancel_asked on orders (cancel_asked_at) where cancel_asked_at is not null;

-- cancel_unanswered: its shopper has long asked to call it off, so head office sees it.
alter table orders drop constraint orders_late_check, add constraint orders_late_check check (
    late in ('unaccepted', 'escalated', 'unclaimed', 'cancel_unanswered')
);

-- An order that was handed over, left, or was called off in another way has no open request any more. Here, so that no
-- step forgets it, a server of the release before's neither.
create function end_cancel_request() returns trigger language plpgsql as $$
begin
    update cancel_requests set state = 'over', ended_at = greatest(asked_at, now())
    where order_id = new.id and state = 'open';
    new.cancel_asked_at := null;
    return new;
end
$$;
create trigger end_cancel_request before update of state on orders for each row
    when (new.cancel_asked_at is not null and new.state not in ('paid', 'accepted', 'ready'))
    execute function end_cancel_request();

create or replace view order_cards with (security_invoker = true) as
    select o.id, o.number, o.store_id, s.name as store_name, s.region_code, o.member_id, o.state, o.fulfilment, o.channel,
           o.total_fen, o.freight_fen, l.pieces, l.first_name, l.picture, o.slot_start, o.slot_end, o.placed_at,
           m.phone, m.phone_tail, o.note, o.checkout_id, o.late, o.pickup_code, o.cancel_asked_at
    from orders o join stores s on s.id = o.store_id join members m on m.id = o.member_id
    cross join lateral (
        select sum(quantity)::bigint as pieces, (array_agg(name order by line))[1] as first_name,
               (array_agg(picture order by line))[1] as picture
        from order_lines where order_id = o.id
    ) l;
