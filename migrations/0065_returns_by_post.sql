-- Goods come back by post as well (D4): where to, and under which number.

-- Where a store takes parcels with goods that come back; without a row they are brought alone.
create table return_addresses (
    store_id uuid primary key references stores,
    name text not null check (char_length(name) between 1 and 30),
    phone text not null check (char_length(phone) between 5 and 20),
    address text not null check (char_length(address) between 5 and 120),
    changed_at timestamptz not null
);

-- What a shopper has sent of a request that was agreed to. The request stays `agreed`, which a server of the release
-- before knows: it only would let it expire, fifteen days later than goods that were never sent.
create table after_sales_parcels (
    after_sales_id uuid primary key references after_sales,
    carrier text not null,
    tracking_number text not null check (char_length(tracking_number) between 6 and 40),
    posted_at timestamptz not null,
    -- Of an exchange: the goods lie at the store until the shopper comes for what they get instead.
    arrived_at timestamptz
);
revoke delete on after_sales_parcels from mendian_app, mendian_house;

-- Behind the second fence (migration 0020): a store's own address, and what was sent with its request. The server tells
-- shoppers the address of the store that sold to them.
alter table return_addresses enable row level security;
create policy people on return_addresses to mendian_app
    using ((select asking_everywhere()) or store_id = any ((select asking_stores())::uuid[]));
create policy house on return_addresses to mendian_house using (true);
alter table after_sales_parcels enable row level security;
create policy people on after_sales_parcels to mendian_app using (
    (select asking_everywhere()) or exists (select from after_sales a where a.id = after_sales_id)
);
create policy house on after_sales_parcels to mendian_house using (true);
