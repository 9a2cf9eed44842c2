-- What members have beside their number: a password, WeChat; and how two accounts become one, and how one goes
-- (B1, P8).

alter table members
    -- Nobody's any more once the account was merged into another or erased: the number may be used anew.
    alter column phone drop not null,
    -- argon2id, in PHC form; for members who chose one.
    add column password_hash text,
    -- The account that took over all that this one had. The row stays: append-only history names it.
    add column merged_into uuid references members,
    add column merged_at timestamptz,
    -- The offer that was confirmed: confirming it twice is confirming it once.
    add column merged_by uuid,
    add column erased_at timestamptz,
    add constraint members_live check (
        (phone is null) = (merged_into is not null or erased_at is not null)
        and (phone is not null or password_hash is null)
        and (merged_into is null or erased_at is null)
    );
create index members_merged_into on members (merged_into) where merged_into is not null;

-- Devices on which a member has logged in. Tries of passwords there are counted by themselves, so that whoever
-- guesses elsewhere locks nobody out. Only the token's hash is kept.
create table member_devices (
    token_hash bytea primary key,
    member_id uuid not null references members,
    made_at timestamptz not null,
    used_at timestamptz not null
);
create index member_devices_member on member_devices (member_id);
create index member_devices_used on member_devices (used_at);

-- Who a member is at WeChat. An open id is an app's own; a union id is the same in all apps of one account of the
-- open platform.
create table wechat_identities (
    app_id text not null,
    open_id text not null,
    app text not null check (app in ('mini_program', 'official_account', 'website')),
    union_id text,
    member_id uuid not null references members,
    linked_at timestamptz not null,
    primary key (app_id, open_id)
);
create index wechat_identities_union on wechat_identities (union_id) where union_id is not null;
create index wechat_identities_member on wechat_identities (member_id);

-- Whom WeChat named and nobody here knows yet: the number is still to be confirmed. Only the token's hash is kept.
create table wechat_arrivals (
    token_hash bytea primary key,
    app_id text not null,
    open_id text not null,
    app text not null,
    union_id text,
    expires_at timestamptz not null
);
create index wechat_arrivals_expiry on wechat_arrivals (expires_at);

-- Browsers that were sent to WeChat. A state comes back once, to the session that was given it.
create table wechat_states (
    state_hash bytea primary key,
    session_hash bytea not null,
    -- Where the browser wanted to go.
    back_to text not null,
    expires_at timestamptz not null
);
create index wechat_states_expiry on wechat_states (expires_at);

-- Somebody has shown that both accounts are theirs, and is asked whether they shall become one.
create table merge_offers (
    id uuid primary key,
    kept_id uuid not null references members,
    absorbed_id uuid not null references members,
    -- Whether the kept account takes the other's number over.
    takes_phone boolean not null,
    expires_at timestamptz not null,
    constraint merge_offers_two check (kept_id <> absorbed_id)
);
create index merge_offers_kept on merge_offers (kept_id);
create index merge_offers_absorbed on merge_offers (absorbed_id);
create index merge_offers_expiry on merge_offers (expires_at);

-- Who paid, as the gateway knows them, is of no use here, and would outlive an account that goes.
update inbox set payload = payload #- '{event,transaction,payer}'
where source = 'wechat_pay' and payload #> '{event,transaction,payer}' is not null;

-- Behind the second fence (migration 0020). Who arrives from WeChat is nobody yet: that is the server's business.
alter table member_devices enable row level security;
create policy people on member_devices to mendian_app using (member_id = (select asking('member')));
create policy house on member_devices to mendian_house using (true);
alter table wechat_identities enable row level security;
create policy people on wechat_identities to mendian_app using (member_id = (select asking('member')));
create policy house on wechat_identities to mendian_house using (true);
alter table merge_offers enable row level security;
create policy people on merge_offers to mendian_app using (kept_id = (select asking('member')));
create policy house on merge_offers to mendian_house using (true);
alter table wechat_arrivals enable row level security;
create policy house on wechat_arrivals to mendian_house using (true);
alter table wechat_states enable row level security;
create policy house on wechat_states to mendian_house using (true);
-- What was merged into an account is its own past.
alter policy people on members using (
    (select asking_everywhere()) or id = (select asking('member')) or merged_into = (select asking('member'))
    or exists (select from orders o where o.member_id = members.id)
);
