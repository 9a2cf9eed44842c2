-- No store has a warehouse's id, so what lies at a place, and its documents, is fenced by the place's id already: a key's
-- warehouses (migration 0084) stand among `asking_stores()`. Pictures of a warehouse's losses have a column of their own
-- (migration 0068).
create policy warehouses on files to mendian_app using (warehouse_id = any ((select asking_stores())::uuid[]));
