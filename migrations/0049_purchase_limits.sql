-- How many pieces of a variant one member may buy 限购 (K2, issue 5): a shopper cannot take a hot variant alone, and
-- whoever does not pay holds it for a shorter time than other goods.

create table purchase_limits (
    sku_id uuid primary key references skus,
    -- Pieces of a member's open, paid and completed orders and of what they hold, at all stores.
    most bigint not null check (most between 1 and 999),
    -- Of orders of so many days; of all where nothing is said.
    days int check (days between 1 and 3650),
    -- How long an order with such goods waits for its payment; as long as others where nothing is said.
    pay_minutes int check (pay_minutes between 1 and 60),
    set_by uuid not null references staff,
    set_at timestamptz not null
);

-- Every server keeps the limits with the goods, so that goods without one cost nobody a statement.
create trigger bump after insert or update or delete or truncate on purchase_limits
for each statement execute function bump_version('catalogue');
