-- Accounts, roles and groups of stores, as people manage them (O2, O4).

alter table staff
    -- A department of head office, a post; for people.
    add column department text not null default '' check (char_length(department) <= 30),
    -- Somebody else knows the password: nothing can be done with the account before it is changed.
    add column must_change_password boolean not null default false,
    add column last_log_in_at timestamptz;

-- What customers make beside the roles that the server knows. A permission that a release does not know
-- allows nothing there.
create table roles (
    id uuid primary key,
    name text not null constraint roles_name unique check (name <> ''),
    permissions text[] not null check (cardinality(permissions) > 0),
    created_at timestamptz not null,
    created_by uuid not null references staff
);

create table store_groups (
    id uuid primary key,
    name text not null constraint store_groups_name unique check (name <> ''),
    created_at timestamptz not null,
    created_by uuid not null references staff
);

create table store_group_members (
    group_id uuid not null references store_groups on delete cascade,
    store_id uuid not null references stores,
    primary key (group_id, store_id)
);
create index store_group_members_store on store_group_members (store_id);

-- The role of a grant is one that the server knows, or `own` with the customer's; a server of the release
-- before passes over those. Which codes there are is told by the program.
alter table grants drop constraint grants_role_check;
alter table grants
    add column role_id uuid references roles,
    add column group_id uuid references store_groups,
    -- A temporary grant ends by itself.
    add column ends_at timestamptz,
    -- Nobody, where the first accounts were made.
    add column granted_by uuid references staff,
    add constraint grants_own_role check ((role = 'own') = (role_id is not null)),
    drop constraint grants_one_reach,
    add constraint grants_one_reach check (
        everywhere::int + (region_code is not null)::int + (group_id is not null)::int + (store_id is not null)::int = 1
    );
create index grants_role on grants (role_id) where role_id is not null;
create index grants_group on grants (group_id) where group_id is not null;
create index grants_region on grants (region_code) where region_code is not null;
create index grants_store on grants (store_id) where store_id is not null;

-- The log is searched by time, by kind and by store.
create index audit_at on audit (at desc, id desc);
create index audit_store on audit (store_id, at desc) where store_id is not null;
-- From where the request came, of staff and programs alone.
alter table audit add column address text not null default '';

-- Which stores each grant reaches at this moment, but for those that reach every store.
create view stores_of_grants as
with recursive below as (
    select code as root, code from regions
    union all
    select b.root, r.code from below b join regions r on r.parent_code = b.code
)
select g.id as grant_id, g.store_id from grants g where g.store_id is not null
union all
select g.id, s.id from grants g join below b on b.root = g.region_code join stores s on s.region_code = b.code
union all
select g.id, m.store_id from grants g join store_group_members m on m.group_id = g.group_id;
