-- Members, staff, and who is logged in (B1, O4).

-- A cart belongs to a visitor's session or to a member; it is a thing of its own so that logging
-- in can hand it over.
create table carts (
    id uuid primary key,
    created_at timestamptz not null default now()
);

create table members (
    id uuid primary key,
    phone text not null constraint members_phone unique check (phone ~ '^1[3-9][0-9]{9}$'),
    name text not null,
    cart_id uuid not null references carts,
    joined_at timestamptz not null
);
-- Staff look for orders by the end of the shopper's phone.
create index members_phone_tail on members (right(phone, 4));

-- A code sent by SMS; only its hash is kept. One open code a number: a new one replaces it.
create table phone_codes (
    phone text primary key,
    code_hash bytea not null,
    sent_at timestamptz not null,
    expires_at timestamptz not null,
    -- Wrong tries so far; the code dies with the fifth.
    wrong_tries integer not null default 0
);

create table staff (
    id uuid primary key,
    account text not null constraint staff_account unique,
    name text not null,
    -- argon2id, in PHC form.
    password_hash text not null,
    active boolean not null default true,
    created_at timestamptz not null default now()
);

-- A role within a reach: everything, one region with all below it, or one store.
create table grants (
    id uuid primary key,
    staff_id uuid not null references staff,
    role text not null check (role in ('super_admin', 'regional_manager', 'store_manager', 'clerk')),
    region_code text references regions,
    store_id uuid references stores,
    everywhere boolean not null default false,
    granted_at timestamptz not null default now(),
    constraint grants_one_reach check (everywhere::int + (region_code is not null)::int + (store_id is not null)::int = 1)
);
create index grants_staff on grants (staff_id);

-- Whoever bears the token is this visitor, member or member of staff. Only the token's hash is kept.
create table sessions (
    token_hash bytea primary key,
    cart_id uuid references carts,
    member_id uuid references members,
    staff_id uuid references staff,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint sessions_one_person check (member_id is null or staff_id is null)
);
create index sessions_member on sessions (member_id) where member_id is not null;
create index sessions_staff on sessions (staff_id) where staff_id is not null;
-- A cart that goes looks for whom it belonged to.
create index sessions_cart on sessions (cart_id) where cart_id is not null;
create index members_cart on members (cart_id);
create index sessions_expiry on sessions (expires_at);
