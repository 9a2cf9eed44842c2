-- Counting what is there, losses, and what a store should know of its stock before a shopper does (K4).

-- A count at a store or a warehouse.
create table counts (
    -- Made by the client: the idempotency key of beginning it.
    id uuid primary key,
    location_id uuid not null references locations,
    kind text not null check (kind in ('full', 'partial', 'cycle')),
    -- What was to be taken in, as the API says it.
    selection jsonb not null,
    -- Whether whoever counts is not told what the books say.
    blind boolean not null,
    note text not null default '' check (char_length(note) <= 200),
    state text not null check (state in ('open', 'submitted', 'approved', 'cancelled')),
    opened_by uuid not null references staff,
    opened_at timestamptz not null,
    submitted_by uuid references staff,
    -- How far off it is, from the submission on: shortages and surpluses do not cancel out.
    off_pieces bigint,
    off_value_fen bigint,
    -- Whether that is too far for the store to decide itself.
    above boolean not null default false,
    constraint counts_submitted check (state not in ('submitted', 'approved') or num_nulls(submitted_by, off_pieces, off_value_fen) = 0)
);
create index counts_of_location on counts (location_id, id desc);
create index counts_waiting on counts (location_id) where state = 'submitted';
revoke delete on counts from mendian_app;

-- The goods of a count. What was found is kept from the submission on, with what the books said when it was found.
create table count_lines (
    count_id uuid not null references counts,
    location_id uuid not null,
    sku_id uuid not null,
    -- Until the count is over.
    active boolean not null default true,
    counted bigint constraint count_lines_not_negative check (counted >= 0),
    book bigint,
    price_fen bigint,
    counted_at timestamptz,
    primary key (count_id, sku_id),
    foreign key (location_id, sku_id) references stock (location_id, sku_id),
    constraint count_lines_whole check (num_nulls(counted, book, price_fen, counted_at) in (0, 4))
);
-- Two counts of the same goods at once would book the same difference twice.
create unique index count_lines_one_open on count_lines (location_id, sku_id) where active;
-- When something was counted last.
create index count_lines_counted on count_lines (location_id, sku_id, counted_at) where not active and counted is not null;
revoke delete on count_lines from mendian_app;

-- What was found: added rows, so that several people who count the same goods at once add to each other. A line's
-- pieces are the sum of those that were not undone.
create table count_entries (
    -- Made by the client: a request that is sent again adds nothing.
    id uuid primary key,
    -- In the order in which they came, under the lock of the balance.
    place bigint generated always as identity,
    count_id uuid not null,
    sku_id uuid not null,
    pieces bigint not null check (pieces between 0 and 100000),
    -- How many the books said there were at that moment, read under the lock of the balance: what came or went
    -- before is in it, what comes or goes afterwards is not.
    book bigint not null,
    staff_id uuid not null references staff,
    at timestamptz not null,
    undone_at timestamptz,
    undone_by uuid references staff,
    foreign key (count_id, sku_id) references count_lines
);
create index count_entries_of_line on count_entries (count_id, sku_id, place);
create index count_entries_latest on count_entries (count_id, place desc);
revoke delete on count_entries from mendian_app;

-- Each step: who, in whose place, when, why. Append-only.
create table count_steps (
    count_id uuid not null references counts,
    step integer not null,
    act text not null,
    state text not null,
    at timestamptz not null,
    staff_id uuid not null references staff,
    in_place_of uuid references staff,
    note text not null default '',
    primary key (count_id, step)
);
revoke update, delete on count_steps from mendian_app;

-- What is broken, expired, stolen or given away.
create table losses (
    -- Made by the client: the idempotency key of reporting it.
    id uuid primary key,
    location_id uuid not null,
    sku_id uuid not null,
    quantity bigint not null check (quantity between 1 and 100000),
    kind text not null check (kind in ('broken', 'expired', 'stolen', 'tasting', 'own_use', 'other')),
    reason text not null check (char_length(reason) between 1 and 200),
    state text not null check (state in ('reported', 'approved', 'rejected', 'withdrawn')),
    -- Of a piece at the place, when it was reported.
    price_fen bigint not null,
    -- Whether it is too much for the store to decide itself.
    above boolean not null,
    reported_by uuid not null references staff,
    reported_at timestamptz not null,
    decided_by uuid references staff,
    in_place_of uuid references staff,
    decided_at timestamptz,
    note text not null default '',
    foreign key (location_id, sku_id) references stock (location_id, sku_id),
    constraint losses_decided check (state not in ('approved', 'rejected') or num_nulls(decided_by, decided_at) = 0)
);
create index losses_of_location on losses (location_id, id desc);
create index losses_waiting on losses (location_id) where state = 'reported';
create index losses_booked on losses (decided_at) where state = 'approved';
revoke delete on losses from mendian_app;

-- Pictures of it, private as the report.
create table loss_photos (
    file_id uuid primary key references files on delete cascade,
    loss_id uuid not null references losses
);
create index loss_photos_of_loss on loss_photos (loss_id);
alter table files drop constraint files_purpose_check;
alter table files add constraint files_purpose_check check (purpose in ('store_photo', 'store_paper', 'loss_photo'));

-- Thresholds: head office's for all places, or a place's own; of all goods, a category with all below it, or one
-- variant. The one that says most applies. Without a number there is no alert.
create table alert_rules (
    id uuid primary key,
    kind text not null check (kind in ('low', 'high', 'slow')),
    location_id uuid references locations,
    category_id uuid references categories,
    sku_id uuid references skus,
    threshold bigint check (threshold >= 0),
    set_by uuid references staff,
    set_at timestamptz not null,
    constraint alert_rules_goods check (num_nonnulls(category_id, sku_id) <= 1),
    constraint alert_rules_one unique nulls not distinct (kind, location_id, category_id, sku_id)
);
-- From the first day on: few enough to be looked at. What is too much differs from shop to shop.
insert into alert_rules (id, kind, threshold, set_at) values
    (gen_random_uuid(), 'low', 5, now()), (gen_random_uuid(), 'slow', 60, now());

-- What crossed a threshold. Each is told once: it stays until it is over, whether somebody has taken note or not.
create table alerts (
    id uuid primary key,
    kind text not null,
    location_id uuid not null,
    sku_id uuid not null,
    threshold bigint not null,
    pieces bigint not null,
    state text not null check (state in ('open', 'seen', 'solved')),
    since timestamptz not null,
    seen_at timestamptz,
    seen_by uuid references staff,
    solved_at timestamptz,
    foreign key (location_id, sku_id) references stock (location_id, sku_id)
);
create unique index alerts_one_open on alerts (location_id, sku_id, kind) where state <> 'solved';
create index alerts_of_location on alerts (location_id, id desc);
create index alerts_unread on alerts (location_id) where state = 'open';
create index alerts_solved on alerts (solved_at) where state = 'solved';

-- When each place was last looked at; what does not sell is looked for less often, since it reads the movements.
create table alert_checks (
    location_id uuid primary key references locations,
    checked_at timestamptz not null,
    slow_checked_at timestamptz not null
);
create index alert_checks_due on alert_checks (checked_at);

-- Behind the second fence (migration 0020): a place's people and those above it.
do $$
declare fenced text;
begin
    foreach fenced in array array['counts', 'count_lines', 'losses', 'alerts'] loop
        execute format('alter table %I enable row level security', fenced);
        execute format('create policy people on %I to mendian_app using (
            (select asking_everywhere()) or location_id = any ((select asking_stores())::uuid[]))', fenced);
        execute format('create policy house on %I to mendian_house using (true)', fenced);
    end loop;
    foreach fenced in array array['count_entries', 'count_steps'] loop
        execute format('alter table %I enable row level security', fenced);
        execute format('create policy people on %I to mendian_app using (
            (select asking_everywhere()) or exists (select from counts c where c.id = count_id))', fenced);
        execute format('create policy house on %I to mendian_house using (true)', fenced);
    end loop;
end
$$;
alter table loss_photos enable row level security;
create policy people on loss_photos to mendian_app using (
    (select asking_everywhere()) or exists (select from losses l where l.id = loss_id)
);
create policy house on loss_photos to mendian_house using (true);
-- Head office's thresholds are everybody's to see, and a place's own its people's.
alter table alert_rules enable row level security;
create policy seen on alert_rules for select to mendian_app using (location_id is null);
create policy people on alert_rules to mendian_app using (
    (select asking_everywhere()) or location_id = any ((select asking_stores())::uuid[])
);
create policy house on alert_rules to mendian_house using (true);
-- The server's own.
alter table alert_checks enable row level security;
create policy house on alert_checks to mendian_house using (true);
