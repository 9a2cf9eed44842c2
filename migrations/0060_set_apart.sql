-- What shoppers bring back for the supplier (D4, K5) lies apart at the store until the supplier takes it or it is
-- scrapped. It left the store's balance as it came (`supplier_return`), at what it cost.

create table set_apart (
    after_sales_id uuid not null,
    line integer not null,
    location_id uuid not null references locations,
    sku_id uuid not null references skus,
    -- How many came, and how many still lie there.
    quantity bigint not null check (quantity > 0),
    remains bigint not null constraint set_apart_remains check (remains between 0 and quantity),
    since timestamptz not null,
    primary key (after_sales_id, line),
    foreign key (after_sales_id, line) references after_sales_lines
);
create index set_apart_lying on set_apart (location_id, sku_id, since) where remains > 0;

-- Written by a trigger, so that a server of the release before sets apart as well. The request knows by then who took
-- the goods, and when.
create function set_goods_apart() returns trigger language plpgsql security definer set search_path from current as $$
begin
    insert into set_apart (after_sales_id, line, location_id, sku_id, quantity, remains, since)
    select new.after_sales_id, new.line, a.received_store_id, new.sku_id, new.quantity, new.quantity, t.at
    from after_sales a join after_sales_steps t on t.after_sales_id = a.id and t.act = 'receive'
    where a.id = new.after_sales_id;
    return null;
end
$$;
create trigger set_apart after update of condition on after_sales_lines for each row
    when (new.condition = 'supplier' and old.condition is distinct from new.condition) execute function set_goods_apart();

insert into set_apart (after_sales_id, line, location_id, sku_id, quantity, remains, since)
select l.after_sales_id, l.line, a.received_store_id, l.sku_id, l.quantity, l.quantity, t.at
from after_sales_lines l join after_sales a on a.id = l.after_sales_id
join after_sales_steps t on t.after_sales_id = a.id and t.act = 'receive'
where l.condition = 'supplier';

revoke insert, delete on set_apart from mendian_app, mendian_house;

-- The supplier took some of it, or it was scrapped: a document with a number. Append-only.
create table set_apart_ends (
    -- Made by the client: the idempotency key.
    id uuid primary key,
    -- As people say it: `TG000012`.
    number bigint not null generated always as identity constraint set_apart_ends_number unique,
    fate text not null check (fate in ('hand_over', 'scrap')),
    location_id uuid not null references locations,
    supplier_id uuid references suppliers,
    -- Why it was scrapped; the number of the supplier's credit note, where there is one already.
    note text not null check (char_length(note) <= 200),
    at timestamptz not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys,
    constraint set_apart_ends_supplier check ((supplier_id is not null) = (fate = 'hand_over')),
    constraint set_apart_ends_reason check (fate = 'hand_over' or note <> '')
);
create index set_apart_ends_of_place on set_apart_ends (location_id, number desc);
create index set_apart_ends_of_supplier on set_apart_ends (supplier_id) where supplier_id is not null;

create table set_apart_end_lines (
    end_id uuid not null references set_apart_ends,
    after_sales_id uuid not null,
    line integer not null,
    quantity bigint not null check (quantity > 0),
    -- What the supplier credits for a piece, where it was said with the handing over.
    price_fen bigint check (price_fen between 0 and 9999999),
    primary key (end_id, after_sales_id, line),
    foreign key (after_sales_id, line) references set_apart
);
create index set_apart_end_lines_of on set_apart_end_lines (after_sales_id, line);
revoke update, delete on set_apart_ends, set_apart_end_lines from mendian_app, mendian_house;

-- What a supplier credits for it waits for their invoice like goods of an order that went back; it has the id of the
-- handing over, so that there is one credit for each.
alter table purchase_receipts
    alter column purchase_id drop not null,
    add column handed_over_id uuid references set_apart_ends,
    add constraint purchase_receipts_of check (num_nonnulls(purchase_id, handed_over_id) = 1),
    add constraint purchase_receipts_handed_over check (handed_over_id is null or (handed_over_id = id and returned));
create index purchase_receipts_of_handed_over on purchase_receipts (handed_over_id) where handed_over_id is not null;

-- Behind the second fence (migration 0020) it is seen with its store.
alter table set_apart enable row level security;
create policy people on set_apart to mendian_app
    using ((select asking_everywhere()) or location_id = any ((select asking_stores())::uuid[]));
create policy house on set_apart to mendian_house using (true);
alter table set_apart_ends enable row level security;
create policy people on set_apart_ends to mendian_app
    using ((select asking_everywhere()) or location_id = any ((select asking_stores())::uuid[]));
create policy house on set_apart_ends to mendian_house using (true);
alter table set_apart_end_lines enable row level security;
create policy people on set_apart_end_lines to mendian_app
    using ((select asking_everywhere()) or exists (select from set_apart_ends e where e.id = end_id));
create policy house on set_apart_end_lines to mendian_house using (true);
create policy handed_over on purchase_receipts to mendian_app
    using (handed_over_id is not null and exists (select from set_apart_ends e where e.id = handed_over_id));
