-- What came in exchange for other goods can be asked for again like what it came for (D4). It is a line of its own: its
-- number goes on where the order's lines end, its goods are what was given, and its money is what is left of what was
-- paid for the pieces that went back for it. So requests, what came of them and what lies apart name it as any other.
-- Whoever got the same again has the same line as before (migration 0072).

-- In the order in which servers read them, so that they and this do not wait for each other: dropping the key below locks
-- order_lines as well.
lock table order_lines, after_sales, after_sales_lines in access exclusive mode;

alter table after_sales_lines
    -- The number of what was given for these pieces, once it was, where that is something else.
    add column given_line integer,
    -- Where these pieces had come in exchange: the line of the order that they were bought as, however often they have
    -- been exchanged since.
    add column came_for integer,
    add column bought_line integer generated always as (coalesce(came_for, line)) stored;
-- `line` may now be a number beyond the order's lines; a server of the release before writes no such line.
alter table after_sales_lines
    drop constraint after_sales_lines_order_id_line_fkey,
    add constraint after_sales_lines_bought foreign key (order_id, bought_line) references order_lines (order_id, line),
    add constraint after_sales_lines_given check (given_line is null or exchange_sku_id <> sku_id);
create unique index after_sales_lines_given_line on after_sales_lines (order_id, given_line) where given_line is not null;

-- Written by a trigger, so that what a server of the release before gives in exchange can be asked for as well. Whoever
-- ends a request has locked its order, so no number is given twice.
create function number_what_was_given() returns trigger language plpgsql security definer set search_path from current as $$
begin
    update after_sales_lines l set given_line = n.number
    from (
        select r.line, row_number() over (order by r.line) + greatest(
                   (select max(o.line) from order_lines o where o.order_id = new.order_id),
                   (select max(g.given_line) from after_sales_lines g where g.order_id = new.order_id)) as number
        from after_sales_lines r where r.after_sales_id = new.id and r.exchange_sku_id <> r.sku_id
    ) n
    where l.after_sales_id = new.id and l.line = n.line;
    return null;
end
$$;
create trigger given_lines after update of state on after_sales for each row
    when (new.state = 'exchanged' and old.state <> 'exchanged') execute function number_what_was_given();

-- What was exchanged before today.
update after_sales_lines l set given_line = n.number
from (
    select r.after_sales_id, r.line, row_number() over (partition by r.order_id order by a.id, r.line)
           + (select max(o.line) from order_lines o where o.order_id = r.order_id) as number
    from after_sales_lines r join after_sales a on a.id = r.after_sales_id
    where a.state = 'exchanged' and r.exchange_sku_id <> r.sku_id
) n
where l.after_sales_id = n.after_sales_id and l.line = n.line;

-- What can be asked for of an order: its lines, and what came in exchange for pieces of them.
create view claimable_lines with (security_invoker = true) as
    select order_id, line, sku_id, name, spec, options_text, picture, quantity, total_fen, null::integer as came_for
    from order_lines
    union all
    select order_id, given_line, exchange_sku_id, name, coalesce(exchange_spec, ''), options_text, picture, quantity,
           paid_fen - refund_fen, bought_line
    from after_sales_lines where given_line is not null;
grant select on claimable_lines to mendian_app, mendian_house;
revoke insert, update, delete on claimable_lines from mendian_app;

-- What comes in exchange for goods that were posted may be sent as well: where to, as the address in the member's book was
-- when they said so. Personal: it goes with the member. A server of the release before lets them come for it.
create table after_sales_addresses (
    after_sales_id uuid primary key references after_sales,
    -- Which one of the book.
    address_id uuid not null,
    name text not null,
    phone text not null,
    -- All of it, from the province on.
    address text not null
);
alter table after_sales_addresses enable row level security;
create policy people on after_sales_addresses to mendian_app using (
    (select asking_everywhere()) or exists (select from after_sales a where a.id = after_sales_id)
);
create policy house on after_sales_addresses to mendian_house using (true);

-- Under which number it left, with the end of the request.
alter table after_sales_parcels
    add column sent_carrier text,
    add column sent_number text check (char_length(sent_number) between 6 and 40),
    add column sent_at timestamptz,
    add constraint after_sales_parcels_sent check (num_nonnulls(sent_carrier, sent_number, sent_at) in (0, 3));
