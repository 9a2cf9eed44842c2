-- Stock: a balance for each location and SKU, and the movements it is the sum of (K1, K2).

-- A derived row. `held` is promised to unpaid orders for a time, `allocated` to paid ones without.
create table stock (
    location_id uuid not null references locations,
    sku_id uuid not null references skus,
    on_hand bigint not null default 0,
    held bigint not null default 0 constraint stock_held_not_negative check (held >= 0),
    allocated bigint not null default 0 constraint stock_allocated_not_negative check (allocated >= 0),
    -- Nothing is promised that is not there. It is the second fence: the statement that holds
    -- stock checks first, and answers which line lacks.
    constraint stock_promises_covered check (on_hand >= held + allocated),
    primary key (location_id, sku_id)
) with (fillfactor = 70);

-- Append-only: why a balance is what it is.
create table movements (
    id bigint generated always as identity primary key,
    location_id uuid not null,
    sku_id uuid not null,
    cause text not null check (cause in ('receive', 'hold', 'allocate', 'issue', 'release', 'expire', 'adjust')),
    on_hand bigint not null default 0,
    held bigint not null default 0,
    allocated bigint not null default 0,
    order_id uuid,
    -- Who did it: a member, a member of staff, or nobody, which is the server itself.
    actor_id uuid,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null default now(),
    foreign key (location_id, sku_id) references stock (location_id, sku_id)
);
create index movements_of_stock on movements (location_id, sku_id);
create index movements_of_order on movements (order_id) where order_id is not null;
revoke update, delete on movements from mendian_app;
