-- Head office says of a warehouse too up to where it decides itself (K4).

-- In the order in which servers read them, so that they and this do not wait for each other.
lock table counts, losses in access exclusive mode;

-- A warehouse's own limits, which go before head office's word. A table of their own: in `approval_limits` a server of the
-- release before takes each row without a store for that word. Until it is gone it goes by that word at warehouses.
create table warehouse_approval_limits (
    warehouse_id uuid primary key references warehouses,
    -- As of a store.
    pieces bigint not null check (pieces between 0 and 100000),
    value_fen bigint not null check (value_fen between 0 and 1000000000),
    set_by uuid not null references staff,
    set_at timestamptz not null
);
alter table warehouse_approval_limits enable row level security;
-- Whoever hands something in reads what holds there.
create policy seen on warehouse_approval_limits for select to mendian_app using (
    warehouse_id = any ((select asking_stores())::uuid[])
);
create policy people on warehouse_approval_limits to mendian_app using ((select asking_everywhere()));
create policy house on warehouse_approval_limits to mendian_house using (true);

-- Stores and warehouses alike, as places with limits of their own.
create view place_approval_limits with (security_invoker = true) as
    select store_id as location_id, pieces, value_fen, set_by, set_at from approval_limits where store_id is not null
    union all
    select warehouse_id, pieces, value_fen, set_by, set_at from warehouse_approval_limits;
grant select on place_approval_limits to mendian_app, mendian_house;

-- Whose limits held when something was handed in: the place's own, or head office's of all. Nothing where a server of the
-- release before took it in; it means something only beside `alone_pieces`, which that server takes away alone.
alter table counts add column alone_own boolean;
alter table losses add column alone_own boolean;
