-- What of an order has been taken off the shelf, by whom and when, and in how many packages it was made ready (D3). A
-- server of the release before prepares orders as it always did: it writes none of this, and shows none.

-- Bags and boxes, counted by whoever makes an order ready; nothing where nobody counts them.
-- It comes first: of all locks here it takes the strongest, which is not to be raised from the weaker one of the foreign
-- keys below, nor waited for while those are held. What is there says nothing, so millions of rows need not be read for
-- the check.
alter table order_steps
    add column packages integer,
    add constraint order_steps_packages check (packages is null or (act = 'prepare' and packages between 1 and 99)) not valid;

-- How many of a line are off the shelf from then on: the last row of a line says it, the ones before are its history.
-- They belong to the step with which the store took the order on, so whoever takes it on after it was given to another
-- store begins anew. Append-only.
create table order_picks (
    -- Made by the client of a scan: the idempotency key.
    id uuid not null constraint order_picks_id unique,
    order_id uuid not null references orders,
    -- The order's step of acceptance.
    step integer not null,
    line integer not null,
    -- Counts what was said of the line, from 1.
    nth integer not null,
    quantity bigint not null check (quantity between 0 and 999),
    at timestamptz not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys,
    primary key (order_id, step, line, nth),
    foreign key (order_id, step) references order_steps (order_id, step),
    foreign key (order_id, line) references order_lines (order_id, line),
    constraint order_picks_by check (num_nonnulls(staff_id, api_key_id) = 1)
);
revoke update, delete on order_picks from mendian_app, mendian_house;

-- Behind the second fence (migration 0020) it is seen with its order.
alter table order_picks enable row level security;
create policy people on order_picks to mendian_app using (
    (select asking_everywhere()) or exists (select from orders o where o.id = order_id)
);
create policy house on order_picks to mendian_house using (true);
