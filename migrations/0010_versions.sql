-- How servers know that what they keep in memory of stores and goods is still so: a counter rises
-- with every change, in the transaction of the change. Whoever reads prices and stock reads the
-- counters in the same statement; where one differs, the memory is made anew first.
--
-- A counter is a row and not a sequence: it must rise when a change commits, not before.

create table versions (
    what text primary key,
    version bigint not null
);
insert into versions (what, version) values ('stores', 1), ('catalogue', 1);

-- Which goods are on a store's shelf. Prices and stock are read each time and counted nowhere.
create table menu_versions (
    store_id uuid primary key references stores,
    version bigint not null
);

create function bump_version() returns trigger language plpgsql as $$
begin
    update versions set version = version + 1 where what = tg_argv[0];
    return null;
end
$$;

create trigger bump after insert or update or delete or truncate on regions for each statement execute function bump_version('stores');
create trigger bump after insert or update or delete or truncate on brands for each statement execute function bump_version('stores');
create trigger bump after insert or update or delete or truncate on stores for each statement execute function bump_version('stores');
create trigger bump after insert or update or delete or truncate on places for each statement execute function bump_version('stores');

create trigger bump after insert or update or delete or truncate on categories for each statement execute function bump_version('catalogue');
create trigger bump after insert or update or delete or truncate on products for each statement execute function bump_version('catalogue');
create trigger bump after insert or update or delete or truncate on skus for each statement execute function bump_version('catalogue');
create trigger bump after insert or update or delete or truncate on modifiers for each statement execute function bump_version('catalogue');
create trigger bump after insert or update or delete or truncate on modifier_options for each statement execute function bump_version('catalogue');

-- One statement may list goods at many stores; they are counted in the order of their keys, so that
-- two such statements wait for each other instead of deadlocking.
create function bump_menus() returns trigger language plpgsql as $$
begin
    insert into menu_versions (store_id, version)
    select distinct store_id, 1 from changed order by store_id
    on conflict (store_id) do update set version = menu_versions.version + 1;
    return null;
end
$$;

create function bump_menus_of_shelf() returns trigger language plpgsql as $$
begin
    insert into menu_versions (store_id, version)
    select distinct n.store_id, 1 from now_so n join before b on b.store_id = n.store_id and b.sku_id = n.sku_id
    where n.on_shelf <> b.on_shelf order by n.store_id
    on conflict (store_id) do update set version = menu_versions.version + 1;
    return null;
end
$$;

create trigger bump_listed after insert on listings
    referencing new table as changed for each statement execute function bump_menus();
create trigger bump_dropped after delete on listings
    referencing old table as changed for each statement execute function bump_menus();
create trigger bump_shelf after update on listings
    referencing old table as before new table as now_so for each statement execute function bump_menus_of_shelf();

-- What is there already.
insert into menu_versions (store_id, version) select distinct store_id, 1 from listings;
