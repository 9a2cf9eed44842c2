-- Where parcels are (D2), and those that come back (D3). A server of the release before sees parcels as it did.

-- What is known of each parcel's way; one without a row has been sent off and no more is known. Apart from `parcels`,
-- which is append-only.
create table parcel_ways (
    parcel_id uuid primary key references parcels,
    order_id uuid not null references orders,
    store_id uuid not null references stores,
    state text not null default 'sent' check (state in (
        'sent', 'collected', 'on_the_way', 'delivering', 'trouble', 'signed', 'refused', 'returning', 'return_signed', 'back'
    )),
    -- When the newest scan happened, and how many there were: what is told later and knows less is late.
    told_at timestamptz,
    scans integer not null default 0,
    -- When the carriers' platform last said anything, or was asked.
    heard_at timestamptz,
    -- Since when it tells by itself.
    subscribed_at timestamptz,
    signed_at timestamptz
);
create index parcel_ways_of_order on parcel_ways (order_id);
-- What the stores' pages look for: parcels that come back and are not dealt with.
create index parcel_ways_coming_back on parcel_ways (store_id) where state in ('refused', 'returning', 'return_signed');

-- Parcels that a store has again. Append-only: what became of them is said once.
create table parcel_returns (
    parcel_id uuid primary key references parcels,
    order_id uuid not null references orders,
    store_id uuid not null references stores,
    reason text not null check (char_length(reason) between 1 and 100),
    afterwards text not null check (afterwards in ('send_again', 'refund')),
    spoilt boolean not null default false,
    at timestamptz not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys
);
create index parcel_returns_of_order on parcel_returns (order_id);
revoke update, delete on parcel_returns from mendian_app;
revoke update, delete on parcel_returns from mendian_house;

-- Scans stand in the order's time line, each once.
alter table tracking add column parcel_id uuid references parcels;
create unique index tracking_scan on tracking (parcel_id, at, words) where parcel_id is not null;

-- Verified callbacks of the carriers' platform: stored, answered, acted on.
create table parcel_notices (
    id bigint generated always as identity primary key,
    -- The signature: the same content has the same.
    notice_id text not null unique,
    payload jsonb not null,
    received_at timestamptz not null default now(),
    handled_at timestamptz,
    outcome text,
    tries integer not null default 0,
    try_after timestamptz not null default now()
);
create index parcel_notices_open on parcel_notices (try_after) where handled_at is null;

-- Behind the second fence (migration 0020) they are seen with their order.
do $$
declare part text;
begin
    foreach part in array array['parcel_ways', 'parcel_returns'] loop
        execute format('alter table %I enable row level security', part);
        execute format('create policy people on %I to mendian_app using ((select asking_everywhere())
                        or exists (select from orders o where o.id = order_id))', part);
        execute format('create policy house on %I to mendian_house using (true)', part);
    end loop;
end $$;
