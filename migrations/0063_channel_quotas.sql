-- How much of a variant one channel sells at a store 渠道额度 (K2, 总库存 + 分配): so many pieces through the shop's pages,
-- mini-programs or other programs, counted from the moment it was said. The pieces stay one pool; what a channel does not
-- sell is there for the others.

create table channel_quotas (
    id uuid primary key,
    sku_id uuid not null references skus,
    -- At one store, which goes before; at each store where none is named.
    store_id uuid references stores,
    channel text not null references channels check (channel in ('shop', 'mini_program', 'api')),
    -- Pieces of orders placed since that are not over without them, and of what is held since.
    most bigint not null check (most between 0 and 100000),
    set_by uuid not null references staff,
    set_at timestamptz not null,
    constraint channel_quotas_one unique nulls not distinct (sku_id, store_id, channel)
);
create index channel_quotas_of_store on channel_quotas (store_id) where store_id is not null;

-- Over which channel pieces are held; nothing where a server of the release before holds them.
alter table early_holds add column channel text references channels;

-- Every server keeps quotas with the goods, so that goods without one cost nobody a statement.
create trigger bump after insert or update or delete or truncate on channel_quotas
for each statement execute function bump_version('catalogue');

alter table channel_quotas enable row level security;
create policy seen on channel_quotas for select to mendian_app using (store_id is null);
create policy people on channel_quotas to mendian_app using (
    (select asking_everywhere()) or store_id = any ((select asking_stores())::uuid[])
);
create policy house on channel_quotas to mendian_house using (true);
