-- When prices and stock last changed, so that a server that has read a shelf once reads only what has
-- changed since. The price and stock of every answer are still those of the answer's own statement.
--
-- The mark is the number of the transaction that wrote the row. Whoever reads a shelf also reads the
-- lowest number that is still running (the xmin of its snapshot): every change it did not see has that
-- number or a higher one. A sequence would not do, since a lower number may commit after a higher one.

alter table listings add column changed xid8 not null default pg_current_xact_id();
alter table stock add column changed xid8 not null default pg_current_xact_id();

create function mark_change() returns trigger language plpgsql as $$
begin
    new.changed := pg_current_xact_id();
    return new;
end
$$;
create trigger mark_change before update on listings for each row execute function mark_change();
create trigger mark_change before update on stock for each row execute function mark_change();

create index listings_changed on listings (store_id, changed);
create index stock_changed on stock (location_id, changed);
