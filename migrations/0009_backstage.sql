-- What happens behind the pages: callbacks that came in, events that go out, timed work, one-time
-- messages to forms, rate limits, and the log of what staff changed.

-- Verified callbacks of gateways. They are stored before they are answered and acted on after.
create table inbox (
    id bigint generated always as identity primary key,
    source text not null,
    -- As the source names it; a repeat is stored once.
    notice_id text not null,
    payload jsonb not null,
    received_at timestamptz not null default now(),
    handled_at timestamptz,
    outcome text,
    tries integer not null default 0,
    try_after timestamptz not null default now(),
    unique (source, notice_id)
);
create index inbox_open on inbox (try_after) where handled_at is null;

-- What others must hear of once a transaction is durable. Order transactions never NOTIFY, since
-- notifying commits run one by one: a relay sends what stands here, many events in one commit.
create table outbox (
    id bigint generated always as identity primary key,
    topic text not null,
    store_id uuid,
    order_id uuid,
    payload jsonb not null default '{}',
    created_at timestamptz not null default now(),
    sent_at timestamptz
);
create index outbox_open on outbox (id) where sent_at is null;
create index outbox_sent on outbox (sent_at) where sent_at is not null;

create table jobs (
    id bigint generated always as identity primary key,
    kind text not null,
    subject uuid not null,
    run_at timestamptz not null,
    tries integer not null default 0,
    last_error text,
    -- One job of a kind for a subject: asking twice is asking once.
    unique (kind, subject)
);
create index jobs_due on jobs (run_at);

-- What a form that failed must show again: the complaints and what was typed. Read once.
create unlogged table flashes (
    id uuid primary key,
    payload jsonb not null,
    expires_at timestamptz not null
);

-- Counters of what may be done only so often. Losing them in a crash is fine.
create unlogged table rate_limits (
    bucket text not null,
    window_start timestamptz not null,
    count integer not null,
    primary key (bucket, window_start)
);

-- Every change by staff, written in the transaction of the change. It holds ids, never personal
-- values, so that a person can be erased and the log stay. Append-only.
create table audit (
    id bigint generated always as identity primary key,
    staff_id uuid not null references staff,
    act text not null,
    object_kind text not null,
    object_id uuid not null,
    store_id uuid,
    before jsonb,
    after jsonb,
    reason text not null default '',
    request_id text not null,
    at timestamptz not null
);
create index audit_object on audit (object_id);
create index audit_staff on audit (staff_id, at);
revoke update, delete on audit from mendian_app;
