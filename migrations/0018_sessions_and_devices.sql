-- Where staff are logged in, and on which devices they have been (O4).

alter table sessions
    -- By what a session is named where its token must not be.
    add column id uuid not null default gen_random_uuid() constraint sessions_id unique,
    -- What the browser or program called itself when it logged in, and from where it asked.
    add column agent text not null default '',
    add column address text not null default '',
    -- When it was last used, to some minutes: a session of staff that rests too long is over.
    add column seen_at timestamptz not null default now();

-- Devices on which somebody has logged in. Tries there are counted by themselves, so that whoever guesses
-- elsewhere locks nobody out. Only the token's hash is kept.
create table staff_devices (
    token_hash bytea primary key,
    staff_id uuid not null references staff,
    made_at timestamptz not null,
    used_at timestamptz not null
);
create index staff_devices_staff on staff_devices (staff_id);
create index staff_devices_used on staff_devices (used_at);
