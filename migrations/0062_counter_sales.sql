-- What is sold at the counter 柜台销售 (K2): tills and clerks take from the same pieces as the shop. It says what left and
-- what it should have cost; the money is the till's and in no ledger yet (F2). All of it is append-only.

create table counter_sales (
    -- Made by the client: the idempotency key.
    id uuid primary key,
    -- As people say it: `GT000012`.
    number bigint not null generated always as identity constraint counter_sales_number unique,
    store_id uuid not null references stores,
    -- The lines as the client sent them: by these the same request again is told from another.
    asked text not null,
    -- Whether the goods had already gone when it was said: then it is a fact, however few there were.
    handed_over boolean not null,
    -- When they went over the counter, and when it was booked: a till may have been without its network meanwhile.
    occurred_at timestamptz not null,
    booked_at timestamptz not null,
    total_fen bigint not null check (total_fen >= 0),
    staff_id uuid references staff,
    api_key_id uuid references api_keys,
    constraint counter_sales_by check (num_nonnulls(staff_id, api_key_id) = 1)
);
create index counter_sales_of_store on counter_sales (store_id, number desc);
create index counter_sales_when on counter_sales (store_id, booked_at);

create table counter_sale_lines (
    sale_id uuid not null references counter_sales,
    sku_id uuid not null references skus,
    quantity bigint not null check (quantity between 1 and 1000000),
    -- What a piece sold for at the store when it was booked.
    price_fen bigint not null check (price_fen >= 0),
    primary key (sale_id, sku_id)
);

-- Pieces of a sale are back on the shelf.
create table counter_returns (
    -- Made by the client: the idempotency key.
    id uuid primary key,
    sale_id uuid not null references counter_sales,
    -- As above; empty where all that was left of the sale came back.
    asked text not null,
    why text not null check (why in ('mistake', 'returned')),
    at timestamptz not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys,
    constraint counter_returns_by check (num_nonnulls(staff_id, api_key_id) = 1)
);
create index counter_returns_of on counter_returns (sale_id);

create table counter_return_lines (
    return_id uuid not null references counter_returns,
    sku_id uuid not null references skus,
    quantity bigint not null check (quantity > 0),
    primary key (return_id, sku_id)
);

revoke update, delete on counter_sales, counter_sale_lines, counter_returns, counter_return_lines
    from mendian_app, mendian_house;

-- Causes of their own: what an order issues names the order, and what is given in exchange the request after the sale.
alter table movements drop constraint movements_cause_check, add constraint movements_cause_check check (cause in (
    'receive', 'hold', 'allocate', 'issue', 'release', 'expire', 'adjust', 'bring_back',
    'count', 'loss', 'return', 'supplier_return', 'transfer_out', 'transfer_in', 'counter_sale', 'counter_return'
));

-- Behind the second fence (migration 0020) it is seen with its store.
alter table counter_sales enable row level security;
create policy people on counter_sales to mendian_app
    using ((select asking_everywhere()) or store_id = any ((select asking_stores())::uuid[]));
create policy house on counter_sales to mendian_house using (true);
alter table counter_sale_lines enable row level security;
create policy people on counter_sale_lines to mendian_app
    using ((select asking_everywhere()) or exists (select from counter_sales s where s.id = sale_id));
create policy house on counter_sale_lines to mendian_house using (true);
alter table counter_returns enable row level security;
create policy people on counter_returns to mendian_app
    using ((select asking_everywhere()) or exists (select from counter_sales s where s.id = sale_id));
create policy house on counter_returns to mendian_house using (true);
alter table counter_return_lines enable row level security;
create policy people on counter_return_lines to mendian_app
    using ((select asking_everywhere()) or exists (select from counter_returns r where r.id = return_id));
create policy house on counter_return_lines to mendian_house using (true);
