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
