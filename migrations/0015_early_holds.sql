-- Holds that come before their order (K2): in a sale that is over in seconds, a shopper first makes sure of
-- the goods and then orders in peace.

-- What a member holds for a short time. Its life: held → used by an order | released | expired.
create table early_holds (
    -- Made by the client: the idempotency key of holding.
    id uuid primary key,
    member_id uuid not null references members,
    location_id uuid not null,
    sku_id uuid not null,
    quantity bigint not null check (quantity > 0),
    state text not null check (state in ('held', 'used', 'released', 'expired')),
    held_at timestamptz not null,
    expires_at timestamptz not null,
    foreign key (location_id, sku_id) references stock (location_id, sku_id)
);
create index early_holds_of_member on early_holds (member_id, held_at);
create index early_holds_expiry on early_holds (expires_at) where state = 'held';
revoke delete on early_holds from mendian_app;

-- The early hold a movement belongs to, as `order_id` names the order of others.
alter table movements add column early_hold_id uuid;
