-- Partners' programs are told what happened to orders (P3).

create table webhooks (
    id uuid primary key,
    -- Whose it is, for people.
    name text not null check (char_length(name) between 1 and 60),
    -- Where messages go.
    url text not null check (octet_length(url) <= 500),
    -- Signs the messages: 256 random bits, kept as they are since signing needs them.
    secret bytea not null,
    -- The secret before it, which signs beside it until then, so that a receiver can change over.
    old_secret bytea,
    old_secret_until timestamptz,
    -- Of which changes it is told: codes of an order's states.
    states text[] not null,
    -- Of which stores; null is all of them, also those to come.
    stores uuid[],
    created_at timestamptz not null,
    created_by uuid not null references staff,
    -- Nothing is sent while it is paused, and nothing that happens is kept for it.
    paused_at timestamptz,
    -- By staff, because the receiver asked for it (410), or because it failed for days.
    paused_why text check (paused_why in ('staff', 'gone', 'failing')),
    -- Since when every try has failed, and how many rounds of tries.
    failing_since timestamptz,
    failures integer not null default 0,
    -- Nobody sends to it before then: somebody is at it, or it failed just now.
    rests_until timestamptz not null default '-infinity',
    constraint webhooks_paused check ((paused_at is null) = (paused_why is null)),
    constraint webhooks_old_secret check ((old_secret is null) = (old_secret_until is null))
);

-- What a webhook is told, and what came of it. It waits while it has a next try, is delivered where it
-- was, and has failed where neither is.
create table webhook_deliveries (
    -- The message's `webhook-id`, the same for every try.
    id uuid primary key default gen_random_uuid(),
    webhook_id uuid not null references webhooks on delete cascade,
    body jsonb not null,
    created_at timestamptz not null,
    tries integer not null default 0,
    next_try_at timestamptz,
    delivered_at timestamptz,
    -- Of the last try: when, the receiver's status and how its answer began, or why there was none.
    tried_at timestamptz,
    took_ms integer,
    status integer,
    answer text,
    error text,
    constraint webhook_deliveries_one_state check (next_try_at is null or delivered_at is null)
);
create index webhook_deliveries_due on webhook_deliveries (webhook_id, next_try_at) where next_try_at is not null;
create index webhook_deliveries_failed on webhook_deliveries (webhook_id, created_at desc, id desc)
    where next_try_at is null and delivered_at is null;
create index webhook_deliveries_log on webhook_deliveries (webhook_id, created_at desc, id desc);
create index webhook_deliveries_old on webhook_deliveries (created_at);
