-- By which rule a store is found for what riders bring (D2): a rule of its own beside that for express. Servers of the
-- release before leave it as it is; until one is chosen it is the nearest, as theirs. A freight template
-- that they save loses how many days its parcels are under way, which they do not know of.
alter table order_routing add column delivery_rule text not null default 'nearest';

-- Head office's order of stores for what riders bring: the lower comes first. Stores without a row have the usual one.
-- A table of its own: the order for express is a part of what lets a store send by express at all.
create table delivery_priorities (
    store_id uuid primary key references stores,
    priority integer not null check (priority between 1 and 999)
);

-- Servers keep it in memory with the stores (migration 0010).
create trigger bump after insert or update or delete or truncate on delivery_priorities for each statement execute function bump_version('stores');
