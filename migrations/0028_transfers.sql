-- Between stores and warehouses (K3): goods that arrive, transfers 调拨 and requisitions 要货, what franchise stores
-- pay for what head office sends them. The ledger's `transfers` are of money; these are of goods.

-- Where a warehouse is, for the way from it to a store; not everybody knows the degrees. A closed one keeps its past.
alter table warehouses
    add column latitude double precision check (latitude between -90 and 90),
    add column longitude double precision check (longitude between -180 and 180),
    add constraint warehouses_placed check ((latitude is null) = (longitude is null)),
    add column created_at timestamptz not null default now(),
    add column closed_at timestamptz;

-- Stores and warehouses alike, as places where stock lies. Nothing of it is fenced.
create view stock_places as
select l.id, l.kind, coalesce(s.code, w.code) as code, coalesce(s.name, w.name) as name, s.ownership, s.merchant_id, s.brand_id,
       coalesce(s.latitude, w.latitude) as latitude, coalesce(s.longitude, w.longitude) as longitude,
       coalesce(s.state = 'closed', w.closed_at is not null) as closed
from locations l left join stores s on s.id = l.id left join warehouses w on w.id = l.id;

-- Goods that came in from outside, with what says so: a delivery note, a phone call. The document of `receive`.
create table goods_receipts (
    -- Made by the client: the idempotency key of receiving.
    id uuid primary key,
    location_id uuid not null references locations,
    note text not null check (char_length(note) <= 200),
    at timestamptz not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys
);
create index goods_receipts_of_location on goods_receipts (location_id, id desc);
revoke update, delete on goods_receipts from mendian_app;

create table goods_receipt_lines (
    receipt_id uuid not null references goods_receipts,
    sku_id uuid not null references skus,
    quantity bigint not null check (quantity > 0),
    primary key (receipt_id, sku_id)
);
revoke update, delete on goods_receipt_lines from mendian_app;

-- What a store pays for what comes from a warehouse: its own price, else that of its ownership, else nothing is said.
create table supply_prices (
    sku_id uuid not null references skus,
    ownership text check (ownership in ('direct', 'franchise', 'joint', 'merchant')),
    store_id uuid references stores,
    price_fen bigint not null check (price_fen between 0 and 9999999),
    constraint supply_prices_for_one check (num_nonnulls(ownership, store_id) = 1)
);
create unique index supply_prices_of_kind on supply_prices (sku_id, ownership) where ownership is not null;
create unique index supply_prices_of_store on supply_prices (sku_id, store_id) where store_id is not null;

create table stock_transfers (
    -- Made by the client: the idempotency key of asking.
    id uuid primary key,
    -- As people say it: `DB000012`.
    number bigint not null generated always as identity constraint stock_transfers_number unique,
    from_id uuid not null references locations,
    to_id uuid not null references locations,
    state text not null check (state in ('requested', 'approved', 'rejected', 'withdrawn', 'cancelled', 'shipped', 'received')),
    -- Why, for whoever agrees.
    reason text not null check (char_length(reason) <= 200),
    -- Where head office sends out to many at once.
    allocation_id uuid,
    created_at timestamptz not null,
    constraint stock_transfers_elsewhere check (from_id <> to_id)
);
create index stock_transfers_from on stock_transfers (from_id, id desc);
create index stock_transfers_to on stock_transfers (to_id, id desc);
create index stock_transfers_open on stock_transfers (state) where state in ('requested', 'approved', 'shipped');
create unique index stock_transfers_allocated on stock_transfers (allocation_id, to_id) where allocation_id is not null;
revoke delete on stock_transfers from mendian_app;

-- How many pieces at each step. Nobody agrees to more than was asked for, ships more than was agreed to, receives more
-- than was shipped. What was shipped and neither arrived nor was accounted for is on the way.
create table stock_transfer_lines (
    transfer_id uuid not null references stock_transfers,
    sku_id uuid not null references skus,
    requested bigint not null check (requested > 0),
    approved bigint constraint stock_transfer_lines_approved check (approved between 0 and requested),
    shipped bigint constraint stock_transfer_lines_shipped check (shipped between 0 and approved),
    received bigint constraint stock_transfer_lines_received check (received between 0 and shipped),
    -- What became of the difference: gone for good, or back on the sender's shelf.
    lost bigint not null default 0 check (lost >= 0),
    returned bigint not null default 0 check (returned >= 0),
    on_the_way bigint not null generated always as (coalesce(shipped, 0) - coalesce(received, 0) - lost - returned) stored
        constraint stock_transfer_lines_accounted check (on_the_way >= 0),
    -- The supply price of the time it was asked for.
    price_fen bigint check (price_fen >= 0),
    primary key (transfer_id, sku_id)
);
create index stock_transfer_lines_on_the_way on stock_transfer_lines (sku_id, transfer_id) where on_the_way > 0;
revoke delete on stock_transfer_lines from mendian_app;

-- Each step: who, when, why. Append-only. One of a person and a program did it, or the server itself.
create table stock_transfer_steps (
    transfer_id uuid not null references stock_transfers,
    step integer not null,
    act text not null,
    state text not null,
    at timestamptz not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys,
    note text not null default '',
    primary key (transfer_id, step)
);
revoke update, delete on stock_transfer_steps from mendian_app;

-- A table of head office's: which store is sent how many of what, and what came of each row.
create table allocations (
    -- Made by the client: the idempotency key of sending out.
    id uuid primary key,
    from_id uuid not null references locations,
    asked jsonb not null,
    answered jsonb not null,
    at timestamptz not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys
);
revoke update, delete on allocations from mendian_app;

alter table goods_receipts enable row level security;
create policy people on goods_receipts to mendian_app using (
    (select asking_everywhere()) or location_id = any ((select asking_stores())::uuid[])
);
create policy house on goods_receipts to mendian_house using (true);
alter table goods_receipt_lines enable row level security;
create policy people on goods_receipt_lines to mendian_app using (
    (select asking_everywhere()) or exists (select from goods_receipts r where r.id = receipt_id)
);
create policy house on goods_receipt_lines to mendian_house using (true);

-- A store sees what it would pay; head office alone says how much.
alter table supply_prices enable row level security;
create policy people on supply_prices to mendian_app using ((select asking_everywhere()));
create policy seen on supply_prices for select to mendian_app using (
    ownership is not null or store_id = any ((select asking_stores())::uuid[])
);
create policy house on supply_prices to mendian_house using (true);

-- A transfer concerns both its ends.
alter table stock_transfers enable row level security;
create policy people on stock_transfers to mendian_app using (
    (select asking_everywhere()) or from_id = any ((select asking_stores())::uuid[])
    or to_id = any ((select asking_stores())::uuid[])
);
create policy house on stock_transfers to mendian_house using (true);
alter table stock_transfer_lines enable row level security;
create policy people on stock_transfer_lines to mendian_app using (
    (select asking_everywhere()) or exists (select from stock_transfers t where t.id = transfer_id)
);
create policy house on stock_transfer_lines to mendian_house using (true);
alter table stock_transfer_steps enable row level security;
create policy people on stock_transfer_steps to mendian_app using (
    (select asking_everywhere()) or exists (select from stock_transfers t where t.id = transfer_id)
);
create policy house on stock_transfer_steps to mendian_house using (true);
alter table allocations enable row level security;
create policy people on allocations to mendian_app using ((select asking_everywhere()));
create policy house on allocations to mendian_house using (true);
