-- Several orders that head office does one thing with (D8): what would happen, and what became of each.

-- Each order is written in a transaction of its own, together with what became of it here: cut off, the batch goes on
-- where it was, and nothing is done twice.
create table order_batches (
    -- Made by the client: the idempotency key of putting it together.
    id uuid primary key,
    request_hash bytea not null,
    act text not null check (act in ('annotate', 'reroute', 'call_off', 'refund')),
    -- Which store is to serve the orders; nothing where the rule of routing says so for each.
    to_store_id uuid references stores,
    reason text not null check (char_length(reason) between 1 and 300),
    staff_id uuid references staff,
    api_key_id uuid references api_keys,
    drafted_at timestamptz not null,
    started_at timestamptz,
    ended_at timestamptz check (ended_at is null or started_at is not null),
    constraint order_batches_of_somebody check ((staff_id is null) <> (api_key_id is null))
);
create index order_batches_of_staff on order_batches (staff_id, drafted_at desc);
create index order_batches_of_key on order_batches (api_key_id, drafted_at desc) where api_key_id is not null;

create table order_batch_lines (
    batch_id uuid not null references order_batches on delete cascade,
    order_id uuid not null references orders,
    -- As it stood in the list.
    place integer not null,
    outcome text not null check (outcome in ('waiting', 'refused', 'done')),
    -- Why it was refused; of what waits, why it would be.
    problem text,
    -- Where the order goes, or would.
    to_store_id uuid references stores,
    at timestamptz,
    primary key (batch_id, order_id)
);
create index order_batch_lines_waiting on order_batch_lines (batch_id, place) where outcome = 'waiting';

-- Only the server itself forgets what nobody has started.
revoke delete on order_batches, order_batch_lines from mendian_app;
grant delete on order_batches to mendian_house;

-- Behind the second fence (migration 0020): a batch is whoever's put it together.
alter table order_batches enable row level security;
create policy people on order_batches to mendian_app using (
    staff_id = (select asking('staff')) or api_key_id = (select asking('key'))
);
create policy house on order_batches to mendian_house using (true);
alter table order_batch_lines enable row level security;
create policy people on order_batch_lines to mendian_app using (exists (select from order_batches b where b.id = batch_id));
create policy house on order_batch_lines to mendian_house using (true);
