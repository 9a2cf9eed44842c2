-- Sending goods (D2): what it costs, which stores send, and which of them an order goes to.

-- What sending costs. A template is read and written whole and priced by one function (domain::freight), so its
-- areas are one document.
create table freight_templates (
    id uuid primary key,
    name text not null constraint freight_templates_name unique,
    terms jsonb not null,
    -- What stores that name none use; one at most.
    is_default boolean not null default false,
    saved_by uuid not null references staff,
    saved_at timestamptz not null
);
create unique index freight_templates_default on freight_templates (is_default) where is_default;

-- Stores that send by express; the others have no row.
create table express_stores (
    store_id uuid primary key references stores,
    -- The default where it names none.
    template_id uuid references freight_templates,
    -- Head office's order of stores: the lower comes first.
    priority integer not null default 100 check (priority between 1 and 999)
);
create index express_stores_template on express_stores (template_id) where template_id is not null;

-- Head office's rule by which a store is found for what goes by express; one row, or none for the usual rule.
create table order_routing (
    id boolean primary key default true check (id),
    rule text not null,
    set_by uuid not null references staff,
    set_at timestamptz not null
);

-- Servers keep all of this in memory with the stores (migration 0010).
create trigger bump after insert or update or delete or truncate on freight_templates for each statement execute function bump_version('stores');
create trigger bump after insert or update or delete or truncate on express_stores for each statement execute function bump_version('stores');
create trigger bump after insert or update or delete or truncate on order_routing for each statement execute function bump_version('stores');

-- Parcels of express orders. With the first one the order has left its store, and all its pieces with it: those that
-- follow in later parcels are set apart for it. Append-only.
create table parcels (
    -- Made by the client: the idempotency key of sending it off.
    id uuid primary key,
    order_id uuid not null references orders,
    store_id uuid not null references stores,
    carrier text not null,
    tracking_number text not null check (tracking_number ~ '^[0-9A-Z-]{6,40}$'),
    shipped_at timestamptz not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys,
    -- A number of a carrier's is one parcel's.
    constraint parcels_number unique (carrier, tracking_number)
);
create index parcels_of_order on parcels (order_id, shipped_at);

-- What is in them: pieces of the order's lines, of all parcels together never more than was ordered (`books`).
create table parcel_lines (
    parcel_id uuid not null references parcels,
    order_id uuid not null,
    line integer not null,
    quantity bigint not null check (quantity between 1 and 999),
    primary key (parcel_id, line),
    foreign key (order_id, line) references order_lines (order_id, line)
);
create index parcel_lines_of_order on parcel_lines (order_id, line);

-- Jobs of riders who were called to bring orders of same-city delivery.
create table rides (
    -- Made by the client: the idempotency key of calling, and our number for it at the courier.
    id uuid primary key,
    order_id uuid not null references orders,
    store_id uuid not null references stores,
    state text not null check (state in (
        'calling', 'called', 'accepted', 'at_store', 'picked_up', 'delivered', 'cancelled', 'refused'
    )),
    fee_fen bigint check (fee_fen >= 0),
    courier_number text,
    rider_name text not null default '',
    rider_phone text not null default '',
    -- Why nobody comes, as the courier says it.
    problem text not null default '',
    called_at timestamptz not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys
);
-- One at a time.
create unique index rides_open on rides (order_id) where state not in ('delivered', 'cancelled', 'refused');
create index rides_of_order on rides (order_id, called_at);

-- What was told of an order's way. Append-only.
create table tracking (
    id bigint generated always as identity primary key,
    order_id uuid not null references orders,
    ride_id uuid references rides,
    -- The courier's number of what happened; what is told twice stands once.
    status bigint,
    words text not null,
    at timestamptz not null,
    constraint tracking_once unique (ride_id, status, at)
);
create index tracking_of_order on tracking (order_id, at);

-- Verified callbacks of the courier: stored, answered, acted on. Not in `inbox`, since a server of the release before
-- takes everything there for the payment gateway's.
create table ride_notices (
    id bigint generated always as identity primary key,
    notice_id text not null unique,
    payload jsonb not null,
    received_at timestamptz not null default now(),
    handled_at timestamptz,
    outcome text,
    tries integer not null default 0,
    try_after timestamptz not null default now()
);
create index ride_notices_open on ride_notices (try_after) where handled_at is null;

revoke update, delete on parcels, parcel_lines, tracking from mendian_app;
revoke update, delete on parcels, parcel_lines, tracking from mendian_house;

-- Behind the second fence (migration 0020) they are seen with their order.
do $$
declare part text;
begin
    foreach part in array array['parcels', 'parcel_lines', 'rides', 'tracking'] loop
        execute format('alter table %I enable row level security', part);
        execute format('create policy people on %I to mendian_app using ((select asking_everywhere())
                        or exists (select from orders o where o.id = order_id))', part);
        execute format('create policy house on %I to mendian_house using (true)', part);
    end loop;
end $$;
