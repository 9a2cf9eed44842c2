-- What of an express order that has left in part is sent no more (D2, D3): the goods are missing or broken. A server of
-- the release before sees such an order as it was, and refuses nothing of it that it would not have refused.

-- Append-only: what was ended stays so.
create table unsent_ends (
    -- Made by the client: the idempotency key.
    id uuid primary key,
    order_id uuid not null references orders,
    store_id uuid not null references stores,
    reason text not null check (char_length(reason) between 1 and 100),
    -- Whether the pieces lie on the shelf again, or are lost.
    fate text not null check (fate in ('shelve', 'lose')),
    -- The sum of its lines, which goes back to the shopper under this refund; none where the pieces cost nothing.
    refund_fen bigint not null check (refund_fen >= 0),
    refund_id uuid unique references refunds,
    at timestamptz not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys,
    constraint unsent_ends_refund check ((refund_fen > 0) = (refund_id is not null))
);
create index unsent_ends_of_order on unsent_ends (order_id, at);

-- Pieces of the order's lines, which no parcel holds (`books`).
create table unsent_end_lines (
    end_id uuid not null references unsent_ends,
    order_id uuid not null,
    line integer not null,
    quantity bigint not null check (quantity between 1 and 999),
    -- What was paid for these pieces, with their share of every discount.
    paid_fen bigint not null check (paid_fen >= 0),
    primary key (end_id, line),
    foreign key (order_id, line) references order_lines (order_id, line)
);
create index unsent_end_lines_of_order on unsent_end_lines (order_id, line);

revoke update, delete on unsent_ends, unsent_end_lines from mendian_app;
revoke update, delete on unsent_ends, unsent_end_lines from mendian_house;

-- Behind the second fence (migration 0020) they are seen with their order.
do $$
declare part text;
begin
    foreach part in array array['unsent_ends', 'unsent_end_lines'] loop
        execute format('alter table %I enable row level security', part);
        execute format('create policy people on %I to mendian_app using ((select asking_everywhere())
                        or exists (select from orders o where o.id = order_id))', part);
        execute format('create policy house on %I to mendian_house using (true)', part);
    end loop;
end $$;
