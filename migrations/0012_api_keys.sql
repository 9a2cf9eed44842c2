-- Keys with which partners' programs use the API (T5).

create table api_keys (
    id uuid primary key,
    -- Whose it is, for people.
    name text not null check (char_length(name) between 1 and 60),
    -- The beginning of the key, by which people tell keys apart. Absent until the key is made.
    prefix text,
    -- SHA-256 of the key: 256 random bits need no slower hash. The key itself is kept nowhere.
    key_hash bytea unique,
    -- What it may do: codes of permissions.
    permissions text[] not null,
    -- At which stores; null is all of them, also those to come.
    stores uuid[],
    -- Requests a minute.
    per_minute integer not null check (per_minute between 1 and 60000),
    created_at timestamptz not null,
    created_by uuid not null references staff,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    constraint api_keys_made check ((prefix is null) = (key_hash is null))
);

-- What a program did stands beside what people did.
alter table order_steps add column api_key_id uuid references api_keys;
alter table audit
    add column api_key_id uuid references api_keys,
    alter column staff_id drop not null,
    add constraint audit_somebody check ((staff_id is null) <> (api_key_id is null));
create index audit_api_key on audit (api_key_id, at) where api_key_id is not null;
