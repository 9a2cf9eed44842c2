-- Of what was asked back, what really came (D4): so many pieces in each state, and what did not come is no more part of
-- the request.

alter table after_sales_lines
    add column restock_pieces bigint check (restock_pieces >= 0),
    add column scrap_pieces bigint check (scrap_pieces >= 0),
    add column supplier_pieces bigint check (supplier_pieces >= 0);

update after_sales_lines set
    restock_pieces = case condition when 'restock' then quantity else 0 end,
    scrap_pieces = case condition when 'scrap' then quantity else 0 end,
    supplier_pieces = case condition when 'supplier' then quantity else 0 end
where condition is not null;

-- `condition` stays: it says in which state most of them are, and a server of the release before knows no other.
alter table after_sales_lines add constraint after_sales_lines_came check (
    num_nonnulls(restock_pieces, scrap_pieces, supplier_pieces) = case when condition is null then 0 else 3 end
    and (condition is null or restock_pieces + scrap_pieces + supplier_pieces = quantity)
);

-- A server of the release before says one state for all of a line.
create function count_pieces_that_came() returns trigger language plpgsql set search_path from current as $$
begin
    new.restock_pieces := case new.condition when 'restock' then new.quantity else 0 end;
    new.scrap_pieces := case new.condition when 'scrap' then new.quantity else 0 end;
    new.supplier_pieces := case new.condition when 'supplier' then new.quantity else 0 end;
    return new;
end
$$;
create trigger pieces_that_came before update of condition on after_sales_lines for each row
    when (new.condition is not null and new.restock_pieces is null) execute function count_pieces_that_came();

-- Only the pieces for the supplier lie apart, not all of their line.
create or replace function set_goods_apart() returns trigger language plpgsql security definer set search_path from current as $$
begin
    insert into set_apart (after_sales_id, line, location_id, sku_id, quantity, remains, since)
    select new.after_sales_id, new.line, a.received_store_id, new.sku_id, new.supplier_pieces, new.supplier_pieces, t.at
    from after_sales a join after_sales_steps t on t.after_sales_id = a.id and t.act = 'receive'
    where a.id = new.after_sales_id;
    return null;
end
$$;
drop trigger set_apart on after_sales_lines;
create trigger set_apart after update of condition on after_sales_lines for each row
    when (new.supplier_pieces > 0 and old.supplier_pieces is null) execute function set_goods_apart();

-- Pieces that were asked back and did not come with the others. The request's own lines are what came, so all that
-- counts pieces and money counts these no more, and they can be asked for again. Append-only.
create table after_sales_missing (
    after_sales_id uuid not null references after_sales,
    line integer not null,
    name text not null,
    spec text not null,
    quantity bigint not null check (quantity between 1 and 999),
    -- What would have gone back for them.
    refund_fen bigint not null check (refund_fen >= 0),
    primary key (after_sales_id, line)
);
revoke update, delete on after_sales_missing from mendian_app, mendian_house;
-- A line of which nothing came is there alone.
grant delete on after_sales_lines to mendian_house;

-- Behind the second fence (migration 0020) it is seen with its request.
alter table after_sales_missing enable row level security;
create policy people on after_sales_missing to mendian_app using (
    (select asking_everywhere()) or exists (select from after_sales a where a.id = after_sales_id)
);
create policy house on after_sales_missing to mendian_house using (true);
