-- The organisation: regions, brands, locations, stores (O1, O2).

-- The administrative tree 国 → 省 → 市 → 区, by the codes of GB/T 2260.
create table regions (
    code text primary key,
    name text not null,
    level text not null check (level in ('country', 'province', 'city', 'area')),
    parent_code text references regions
);
create index regions_parent on regions (parent_code);

-- Places a shopper can choose by hand where the browser tells no position.
create table places (
    name text primary key,
    pinyin text not null,
    region_code text references regions,
    latitude double precision not null check (latitude between -90 and 90),
    longitude double precision not null check (longitude between -180 and 180),
    kind text not null check (kind in ('city', 'landmark'))
);

create table brands (
    id uuid primary key,
    code text not null constraint brands_code unique,
    name text not null,
    kind text not null check (kind in ('tea', 'baby', 'courses', 'other')),
    slogan text not null default '',
    color text not null default ''
);

-- Where stock can lie. A store is a location that sells; a warehouse is one that does not.
create table locations (
    id uuid primary key,
    kind text not null check (kind in ('store', 'warehouse')),
    created_at timestamptz not null default now(),
    unique (id, kind)
);

create table stores (
    id uuid primary key,
    kind text not null default 'store' check (kind = 'store'),
    code text not null constraint stores_code unique,
    brand_id uuid not null references brands,
    name text not null check (name <> ''),
    ownership text not null check (ownership in ('direct', 'franchise', 'joint', 'merchant')),
    state text not null default 'open' check (state in ('open', 'busy', 'paused', 'closed')),
    region_code text not null references regions,
    -- The city as people write it, where the region tree stops at the province.
    city text not null default '',
    address text not null,
    postcode text,
    phone text,
    timezone text not null default 'Asia/Shanghai',
    -- WGS-84 degrees; other systems are converted on the way in.
    latitude double precision not null check (latitude between -90 and 90),
    longitude double precision not null check (longitude between -180 and 180),
    -- Weekly spans and special days, in the shape of `domain::hours::Hours`.
    hours jsonb not null,
    features text[] not null default '{}',
    -- How long goods take to be ready for pickup, in minutes.
    prepare_minutes integer not null default 10 check (prepare_minutes between 0 and 1440),
    updated_at timestamptz not null default now(),
    foreign key (id, kind) references locations (id, kind)
);
create index stores_brand on stores (brand_id);
create index stores_region on stores (region_code);

create table warehouses (
    id uuid primary key,
    kind text not null default 'warehouse' check (kind = 'warehouse'),
    code text not null constraint warehouses_code unique,
    name text not null check (name <> ''),
    region_code text not null references regions,
    address text not null,
    foreign key (id, kind) references locations (id, kind)
);

-- Over which faces orders come.
create table channels (
    code text primary key,
    name text not null
);
insert into channels (code, name) values
    ('shop', '商城'), ('api', '接口'), ('console', '门店端'), ('hq', '总部'), ('system', '系统');
