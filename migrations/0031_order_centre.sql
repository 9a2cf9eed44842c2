-- Head office's order centre (D8): notes that staff keep about an order. Append-only; shoppers do not see them.

create table order_notes (
    -- Made by the client: the idempotency key of writing it.
    id uuid primary key,
    order_id uuid not null references orders,
    text text not null check (char_length(text) between 1 and 300),
    at timestamptz not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys
);
create index order_notes_of_order on order_notes (order_id, at);
revoke update, delete on order_notes from mendian_app;

-- Whoever sees the order, but for its member.
alter table order_notes enable row level security;
create policy people on order_notes to mendian_app using (
    ((select asking('staff')) is not null or (select asking('key')) is not null)
    and ((select asking_everywhere()) or exists (select from orders o where o.id = order_id))
);
create policy house on order_notes to mendian_house using (true);
