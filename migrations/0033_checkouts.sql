-- One payment for orders of several stores (D1): orders that were placed together, and what each has of a payment.

-- Orders that were placed with one request: all of them or none.
create table checkouts (
    -- Made by the client: the idempotency key of placing them.
    id uuid primary key,
    placed_at timestamptz not null,
    -- What was asked, to tell a repeat from another request under the same id.
    request_hash bytea not null
);
revoke update, delete on checkouts from mendian_app;
alter table orders add column checkout_id uuid references checkouts;
create index orders_of_checkout on orders (checkout_id) where checkout_id is not null;

-- A payment is of one order, as ever, or of those of a checkout that could be paid when it was begun.
alter table payments alter column order_id drop not null;
alter table payments add column checkout_id uuid references checkouts;
alter table payments add constraint payments_of_either check ((order_id is null) <> (checkout_id is null));
create index payments_of_checkout on payments (checkout_id) where checkout_id is not null;

-- The share of each order. Its state is that of a payment of one order: kept for it, or surplus and on its way
-- back; a payment whose shares are not all kept is `kept` itself as soon as one of them is.
create table payment_parts (
    payment_id uuid not null references payments,
    order_id uuid not null references orders,
    amount_fen bigint not null check (amount_fen > 0),
    state text not null check (state in ('open', 'kept', 'surplus')),
    primary key (payment_id, order_id)
);
create unique index payment_parts_one_kept on payment_parts (order_id) where state = 'kept';
create index payment_parts_of_order on payment_parts (order_id);

-- What each order has of each payment, however many orders that is of. It sees what whoever asks sees.
create view payment_shares with (security_invoker = true) as
    select id as payment_id, order_id, amount_fen, state from payments where order_id is not null
    union all
    select payment_id, order_id, amount_fen, state from payment_parts;

-- Behind the second fence (migration 0020): whoever sees one of the orders.
alter table checkouts enable row level security;
create policy people on checkouts to mendian_app using (
    (select asking_everywhere()) or exists (select from orders o where o.checkout_id = checkouts.id)
);
create policy house on checkouts to mendian_house using (true);
alter table payment_parts enable row level security;
create policy people on payment_parts to mendian_app using (
    (select asking_everywhere()) or exists (select from orders o where o.id = order_id)
);
create policy house on payment_parts to mendian_house using (true);
drop policy people on payments;
create policy people on payments to mendian_app using (
    (select asking_everywhere()) or exists (select from orders o where o.id = order_id)
    or (checkout_id is not null and exists (select from orders o where o.checkout_id = payments.checkout_id))
);
