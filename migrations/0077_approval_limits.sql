-- From which pieces and amounts on somebody else must agree (K4, K5): head office's word, and a store's own limits, which go
-- before it. Where nothing is said it is what a server of the release before always has: 20 pieces and 500 yuan of counts,
-- losses and what is scrapped, 5,000 yuan of orders to suppliers.
create table approval_limits (
    store_id uuid references stores,
    -- Of what a store counts otherwise, loses or scraps; worth at the store's prices.
    pieces bigint not null check (pieces between 0 and 100000),
    value_fen bigint not null check (value_fen between 0 and 1000000000),
    -- Of an order to a supplier, which no single store hands in.
    purchase_fen bigint check (purchase_fen between 0 and 1000000000),
    set_by uuid not null references staff,
    set_at timestamptz not null,
    constraint approval_limits_one unique nulls not distinct (store_id),
    constraint approval_limits_purchase check ((store_id is null) = (purchase_fen is not null))
);
alter table approval_limits enable row level security;
-- Whoever hands something in reads what holds there.
create policy seen on approval_limits for select to mendian_app using (
    store_id is null or store_id = any ((select asking_stores())::uuid[])
);
create policy people on approval_limits to mendian_app using ((select asking_everywhere()));
create policy house on approval_limits to mendian_house using (true);

-- What held when something was handed in: its page says why it waits, whatever holds by then. A server of the release
-- before does not write it down.
alter table counts
    add column alone_pieces bigint,
    add column alone_value_fen bigint,
    add constraint counts_alone check (num_nulls(alone_pieces, alone_value_fen) in (0, 2));
alter table losses
    add column alone_pieces bigint,
    add column alone_value_fen bigint,
    add constraint losses_alone check (num_nulls(alone_pieces, alone_value_fen) in (0, 2));
alter table purchases add column alone_fen bigint;
