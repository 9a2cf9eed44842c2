-- Goods, and what each store offers of them (C1, C2).

create table categories (
    id uuid primary key,
    code text not null constraint categories_code unique,
    brand_id uuid not null references brands,
    parent_id uuid references categories,
    name text not null,
    sort integer not null default 0
);

-- The product, SPU.
create table products (
    id uuid primary key,
    code text not null constraint products_code unique,
    brand_id uuid not null references brands,
    category_id uuid not null references categories,
    name text not null check (name <> ''),
    subtitle text not null default '',
    description text not null default '',
    -- For search: `zhenzhu naicha` and `zznc`.
    pinyin text not null default '',
    initials text not null default '',
    -- The stem of the picture's file name.
    picture text not null,
    tags text[] not null default '{}',
    -- `[{"name": "杯型", "values": ["中杯", "大杯"]}]`, in order.
    specs jsonb not null default '[]',
    sort integer not null default 0,
    published boolean not null default false,
    updated_at timestamptz not null default now()
);
create index products_category on products (category_id);

-- What is sold: one row for each combination of specification values.
create table skus (
    id uuid primary key,
    code text not null constraint skus_code unique,
    product_id uuid not null references products,
    -- One value for each specification of the product, in its order.
    spec_values text[] not null default '{}',
    barcode text,
    price_fen bigint not null check (price_fen >= 0),
    sort integer not null default 0,
    unique (product_id, spec_values)
);

-- Groups of options 糖度, 冰度, 加料: how many must and may be chosen.
create table modifiers (
    product_id uuid not null references products,
    code text not null,
    name text not null,
    at_least integer not null check (at_least >= 0),
    at_most integer not null check (at_most >= at_least),
    sort integer not null default 0,
    primary key (product_id, code)
);

create table modifier_options (
    product_id uuid not null,
    modifier_code text not null,
    -- Unique within the product, so that a line names its options without their groups.
    code text not null check (code ~ '^[a-z0-9-]+$'),
    name text not null,
    price_fen bigint not null default 0 check (price_fen >= 0),
    sort integer not null default 0,
    primary key (product_id, code),
    foreign key (product_id, modifier_code) references modifiers (product_id, code)
);

-- What a store sells, and for how much. The key begins with the store.
create table listings (
    store_id uuid not null references stores,
    sku_id uuid not null references skus,
    price_fen bigint not null check (price_fen >= 0),
    on_shelf boolean not null default true,
    primary key (store_id, sku_id)
);
