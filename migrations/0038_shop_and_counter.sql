-- How a variant's pieces are shared between the shop and the counter (K2): one pool of which some stay for the
-- counter, or the shop has what was given to it and all else is the counter's.

alter table stock
    -- Pieces that the shop does not promise: of a pool those that stay for the counter, else all that are the counter's.
    add column kept_back bigint not null default 0 constraint stock_kept_back_not_negative check (kept_back >= 0),
    -- Whether the counter has pieces of its own, so that what comes is its.
    add column separate boolean not null default false;

-- Which way it is: for a variant everywhere, or at one store, which goes before. One pool of which nothing stays
-- where nothing is said.
create table stock_models (
    id uuid primary key,
    sku_id uuid not null references skus,
    store_id uuid references stores,
    model text not null check (model in ('pool', 'separate')),
    -- Of a pool.
    kept_back bigint not null default 0 check (kept_back between 0 and 100000),
    set_by uuid not null references staff,
    set_at timestamptz not null,
    constraint stock_models_one unique nulls not distinct (sku_id, store_id),
    constraint stock_models_separate check (model = 'pool' or kept_back = 0)
);
create index stock_models_of_store on stock_models (store_id) where store_id is not null;

-- A variant that comes to a store for the first time.
create function shared_as_said() returns trigger language plpgsql as $$
declare
    said record;
begin
    select model, kept_back into said from stock_models m
    where m.sku_id = new.sku_id and (m.store_id is null or m.store_id = new.location_id)
    order by m.store_id nulls last limit 1;
    if found and exists (select from stores where id = new.location_id) then
        new.separate := said.model = 'separate';
        new.kept_back := case when new.separate then greatest(new.on_hand, 0) else said.kept_back end;
    end if;
    return new;
end
$$;
create trigger shared_as_said before insert on stock for each row execute function shared_as_said();

alter table stock_models enable row level security;
-- What is said of a variant everywhere is everybody's to see: the statement that books pieces reads it.
create policy seen on stock_models for select to mendian_app using (store_id is null);
create policy people on stock_models to mendian_app using (
    (select asking_everywhere()) or store_id = any ((select asking_stores())::uuid[])
);
create policy house on stock_models to mendian_house using (true);
