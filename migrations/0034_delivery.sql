-- How an order reaches its shopper (D2), the addresses it may go to (B6), and same-city delivery.

-- What a variant weighs, for fees that grow with it; 0 where nobody has said so.
alter table skus add column weight_grams integer not null default 0
    constraint skus_weight check (weight_grams between 0 and 1000000);

-- Where a member has things sent.
create table addresses (
    -- Made by the client: the idempotency key of adding it.
    id uuid primary key,
    member_id uuid not null references members,
    name text not null check (char_length(name) between 1 and 30),
    phone text not null check (phone ~ '^1[3-9][0-9]{9}$'),
    region_code text not null references regions,
    detail text not null check (char_length(detail) between 1 and 120),
    -- WGS-84 degrees, where they are known: delivery needs them, express does not.
    latitude double precision check (latitude between -90 and 90),
    longitude double precision check (longitude between -180 and 180),
    is_default boolean not null default false,
    saved_at timestamptz not null,
    constraint addresses_point check ((latitude is null) = (longitude is null))
);
create index addresses_of_member on addresses (member_id, saved_at desc);
create unique index addresses_one_default on addresses (member_id) where is_default;

alter table addresses enable row level security;
create policy people on addresses to mendian_app using (member_id = (select asking('member')));
create policy house on addresses to mendian_house using (true);

-- Orders say how they reach their shopper. What is paid for that is part of the total.
alter table orders
    add column fulfilment text not null default 'pickup' constraint orders_fulfilment check (fulfilment in ('pickup', 'delivery', 'express', 'in_store')),
    add column freight_fen bigint not null default 0 constraint orders_freight check (freight_fen between 0 and total_fen);
alter table orders drop constraint orders_state_check, add constraint orders_state_check check (state in (
    'placed', 'paid', 'accepted', 'ready', 'dispatched', 'completed', 'cancelled', 'expired', 'rejected'
));
-- An order on its way is open, and its code still to be shown. The new indexes stand before the old ones go.
create unique index orders_code_of_open on orders (store_id, pickup_code) where state in ('paid', 'accepted', 'ready', 'dispatched');
drop index orders_open_code;
create index orders_open_of_store on orders (store_id, state) where state in ('placed', 'paid', 'accepted', 'ready', 'dispatched');
drop index orders_of_state;

-- The address of its time, which another in the member's book does not change. Personal: it goes with the member.
create table order_addresses (
    order_id uuid primary key references orders,
    name text not null,
    phone text not null,
    region_code text not null references regions,
    -- The region's names of that time, the widest first.
    region text not null,
    detail text not null,
    latitude double precision,
    longitude double precision
);
alter table order_addresses enable row level security;
create policy people on order_addresses to mendian_app using (
    (select asking_everywhere()) or exists (select from orders o where o.id = order_id)
);
create policy house on order_addresses to mendian_house using (true);

-- Each time an order leaves with a rider.
create table deliveries (
    order_id uuid not null references orders,
    attempt integer not null,
    rider_name text not null check (char_length(rider_name) between 1 and 30),
    rider_phone text not null check (rider_phone ~ '^1[3-9][0-9]{9}$'),
    dispatched_at timestamptz not null,
    ended_at timestamptz,
    primary key (order_id, attempt)
);
alter table deliveries enable row level security;
create policy people on deliveries to mendian_app using (
    (select asking_everywhere()) or exists (select from orders o where o.id = order_id)
);
create policy house on deliveries to mendian_house using (true);

-- What a store offers, in the shape of `domain::fulfilment::FulfilmentSettings`. It names riders, so only the store's
-- own people see it; servers keep it in memory with the store (migration 0010) and show shoppers what concerns them.
create table fulfilment_settings (
    store_id uuid primary key references stores,
    settings jsonb not null,
    changed_at timestamptz not null
);
create trigger bump after insert or update or delete or truncate on fulfilment_settings for each statement execute function bump_version('stores');
alter table fulfilment_settings enable row level security;
create policy people on fulfilment_settings to mendian_app using (
    (select asking_everywhere()) or store_id = any ((select asking_stores())::uuid[])
);
create policy house on fulfilment_settings to mendian_house using (true);

-- Goods that could not be handed over are back at the store and promised to the same order as before.
alter table movements drop constraint movements_cause_check, add constraint movements_cause_check check (cause in (
    'receive', 'hold', 'allocate', 'issue', 'release', 'expire', 'adjust', 'bring_back',
    'transfer_out', 'transfer_in', 'count', 'loss', 'return', 'supplier_return'
));
