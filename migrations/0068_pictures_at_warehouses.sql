-- Pictures of what a warehouse has lost (K4). What a store has lost is the store's file, as before.

alter table files
    add column warehouse_id uuid references warehouses,
    drop constraint files_owner,
    add constraint files_owner check (num_nonnulls(store_id, member_id, staff_id, merchant_id, warehouse_id) = 1),
    add constraint files_of_warehouses check (warehouse_id is null or purpose = 'loss_photo');
create index files_warehouse on files (warehouse_id) where warehouse_id is not null;
-- Behind the second fence (migration 0020) a warehouse is within the reach of everywhere alone, and that has its policy.
