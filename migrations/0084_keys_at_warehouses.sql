-- A partner's key can be given warehouses (T5). Alone, as are the next two: servers read keys before and after files, counts
-- and losses, so a transaction that held two of them whole could wait for one that waits for it.

-- The warehouses at which a key works, beside its stores. Null stores are all places, as before. A server of the release
-- before lets a key work at its stores alone: less, never more.
alter table api_keys
    add column warehouses uuid[] not null default '{}',
    add constraint api_keys_warehouses check (stores is not null or warehouses = '{}');
