-- Carts and orders (D1, D2 pickup, D3).

create table cart_lines (
    cart_id uuid not null references carts on delete cascade,
    store_id uuid not null references stores,
    sku_id uuid not null references skus,
    -- The codes of the options chosen, sorted, joined by commas.
    options text not null default '',
    quantity bigint not null check (quantity between 1 and 999),
    set_at timestamptz not null,
    primary key (cart_id, store_id, sku_id, options)
);

create table orders (
    -- Made by the client: the idempotency key of placing.
    id uuid primary key,
    number text not null constraint orders_number unique,
    store_id uuid not null references stores,
    member_id uuid not null references members,
    channel text not null references channels,
    state text not null check (state in ('placed', 'paid', 'accepted', 'ready', 'completed', 'cancelled', 'expired', 'rejected')),
    total_fen bigint not null check (total_fen >= 0),
    note text not null default '' check (char_length(note) <= 100),
    slot_start timestamptz not null,
    slot_end timestamptz not null,
    -- 8 digits from payment on. Kept after the pickup, to say when and by whom it was used.
    pickup_code text check (pickup_code ~ '^[0-9]{8}$'),
    pay_before timestamptz not null,
    paid_at timestamptz,
    occurred_at timestamptz not null,
    placed_at timestamptz not null,
    -- What was asked, to tell a repeat from another order under the same id.
    request_hash bytea not null,
    constraint orders_paid_has_code check ((paid_at is null) = (pickup_code is null))
);
create unique index orders_open_code on orders (store_id, pickup_code) where state in ('paid', 'accepted', 'ready');
create index orders_code on orders (pickup_code, store_id) where pickup_code is not null;
create index orders_of_store on orders (store_id, id desc);
create index orders_of_member on orders (member_id, id desc);
create index orders_of_state on orders (store_id, state) where state in ('placed', 'paid', 'accepted', 'ready');
create index orders_of_store_paid on orders (store_id, paid_at) where paid_at is not null;
create index orders_paid_at on orders (paid_at) where paid_at is not null;

-- Lines keep the name and price of their time.
create table order_lines (
    order_id uuid not null references orders,
    line integer not null,
    sku_id uuid not null references skus,
    name text not null,
    spec text not null,
    options text not null,
    options_text text not null,
    picture text not null,
    quantity bigint not null check (quantity between 1 and 999),
    unit_fen bigint not null check (unit_fen >= 0),
    total_fen bigint not null,
    primary key (order_id, line),
    constraint order_lines_total check (total_fen = unit_fen * quantity)
);

-- What an order holds of each SKU. Its life: held → allocated → issued | released | expired.
create table holds (
    order_id uuid not null,
    location_id uuid not null,
    sku_id uuid not null,
    quantity bigint not null check (quantity > 0),
    state text not null check (state in ('held', 'allocated', 'issued', 'released', 'expired')),
    expires_at timestamptz not null,
    primary key (order_id, sku_id),
    foreign key (location_id, sku_id) references stock (location_id, sku_id)
);
create index holds_open on holds (location_id, sku_id) where state in ('held', 'allocated');
create index holds_expiry on holds (expires_at) where state = 'held';

-- Each step of an order: who, when, why. Append-only.
create table order_steps (
    order_id uuid not null references orders,
    step integer not null,
    act text not null,
    state text not null,
    at timestamptz not null,
    member_id uuid references members,
    staff_id uuid references staff,
    note text not null default '',
    primary key (order_id, step)
);
revoke update, delete on order_steps, order_lines from mendian_app;
