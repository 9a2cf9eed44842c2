-- What the server does where nobody has solved a case of too little in time, and how long that is (K2, D2): head office's
-- word, and a store's own, which goes before it. Where nothing is said the latest orders are paid back after a day, as
-- a server of the release before always does.
create table shortage_rules (
    store_id uuid references stores,
    act text not null check (act in ('refund', 'reroute_then_refund', 'wait')),
    wait_hours integer not null check (wait_hours between 1 and 336),
    constraint shortage_rules_one unique nulls not distinct (store_id)
);
alter table shortage_rules enable row level security;
-- Whoever books what leaves too little reads it.
create policy seen on shortage_rules for select to mendian_app using (true);
create policy people on shortage_rules to mendian_app using (
    (select asking_everywhere()) or store_id = any ((select asking_stores())::uuid[])
);
create policy house on shortage_rules to mendian_house using (true);

-- The rule for a place. A case keeps the time that held when it was opened (shortages.wait_until); what is done then is
-- asked for when it is over.
create function shortage_rule_at(of_location uuid, out act text, out wait_hours integer) language sql stable as $$
    select coalesce(r.act, 'refund'), coalesce(r.wait_hours, 24)
    from (values (1)) always (one) left join lateral (
        select s.act, s.wait_hours from shortage_rules s where s.store_id is null or s.store_id = of_location
        order by s.store_id nulls last limit 1
    ) r on true
$$;

-- After how many days head office has an order called off that is ready and that nobody fetches (D3); never where nothing
-- is said, or 0, as a server of the release before never does.
create table unclaimed_rule (
    id boolean primary key default true check (id),
    days integer not null check (days between 0 and 90),
    set_at timestamptz not null
);

-- Until when such an order waits: so many days after its slot, after it was made ready and after the rule was set,
-- whichever is latest. Its shopper reads it from the first of these days.
create function claim_before(of_order uuid) returns timestamptz language sql stable as $$
    select greatest(o.slot_end, r.set_at, (
               select max(t.at) from order_steps t where t.order_id = o.id and t.act = 'prepare'
           )) + make_interval(hours => 24 * r.days)
    from orders o cross join unclaimed_rule r
    where o.id = of_order and o.state = 'ready' and o.fulfilment = 'pickup' and r.days > 0
$$;
