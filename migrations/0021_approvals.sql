-- What stores propose and somebody above them decides (O4): one table for every kind of it.

create table proposals (
    -- Made by the client: the idempotency key of proposing.
    id uuid primary key,
    kind text not null check (kind in ('price', 'adjustment')),
    store_id uuid not null references stores,
    sku_id uuid not null references skus,
    -- What is proposed, as the API says it.
    content jsonb not null,
    -- How it was when it was proposed: a price in fen, pieces on the shelf. What has changed since is not overwritten.
    value_before bigint not null,
    reason text not null check (char_length(reason) between 1 and 200),
    state text not null check (state in ('draft', 'submitted', 'approved', 'rejected', 'withdrawn', 'expired')),
    proposed_by uuid not null references staff,
    created_at timestamptz not null,
    -- From the submission on.
    expires_at timestamptz,
    constraint proposals_submitted_expires check (state in ('draft', 'withdrawn') or expires_at is not null)
);
-- One open proposal of a kind for a variant at a store: two would decide on each other's ground.
create unique index proposals_one_open on proposals (store_id, sku_id, kind) where state = 'submitted';
create index proposals_of_store on proposals (store_id, id desc);
create index proposals_waiting on proposals (store_id) where state = 'submitted';
create index proposals_of_author on proposals (proposed_by, id desc);
revoke delete on proposals from mendian_app;

-- Each step: who, in whose place, when, why. Append-only. Nobody is the server itself.
create table proposal_steps (
    proposal_id uuid not null references proposals,
    step integer not null,
    act text not null,
    state text not null,
    at timestamptz not null,
    staff_id uuid references staff,
    in_place_of uuid references staff,
    note text not null default '',
    primary key (proposal_id, step)
);
revoke update, delete on proposal_steps from mendian_app;

-- Somebody decides in another's place for some days. It ends by itself, or is taken back.
create table delegations (
    id uuid primary key,
    from_staff uuid not null references staff,
    to_staff uuid not null references staff,
    given_at timestamptz not null,
    ends_at timestamptz not null,
    constraint delegations_to_another check (from_staff <> to_staff)
);
create index delegations_to on delegations (to_staff, ends_at);
create index delegations_from on delegations (from_staff, ends_at);
revoke delete on delegations from mendian_app;

-- Movements name the proposal that they come from, as they name an order.
alter table movements add column proposal_id uuid references proposals;

alter table proposals enable row level security;
create policy people on proposals to mendian_app using (
    (select asking_everywhere()) or store_id = any ((select asking_stores())::uuid[]) or proposed_by = (select asking('staff'))
);
create policy house on proposals to mendian_house using (true);
alter table proposal_steps enable row level security;
create policy people on proposal_steps to mendian_app using (
    (select asking_everywhere()) or exists (select from proposals p where p.id = proposal_id)
);
create policy house on proposal_steps to mendian_house using (true);
