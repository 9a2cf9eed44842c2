-- Merchants as a reach of grants, and departments of head office as rows (O2, O4).

-- Joined third parties 商户. Their stores are those whose ownership says so.
create table merchants (
    -- Made by the client.
    id uuid primary key,
    code text not null constraint merchants_code unique check (code ~ '^[A-Z0-9][A-Z0-9-]{1,19}$'),
    name text not null constraint merchants_name unique check (name <> ''),
    created_at timestamptz not null,
    -- Nobody, where the demo made it.
    created_by uuid references staff
);

-- A store belongs to one merchant at most.
alter table stores
    add column merchant_id uuid references merchants,
    add constraint stores_of_merchants check (merchant_id is null or ownership = 'merchant');
create index stores_merchant on stores (merchant_id) where merchant_id is not null;

-- A server of the release before takes a grant without a place that it knows for one that reaches every store: give
-- none at a merchant while one of those still runs. From this release on such a grant reaches nothing.
alter table grants
    add column merchant_id uuid references merchants,
    drop constraint grants_one_reach,
    add constraint grants_one_reach check (
        everywhere::int + (region_code is not null)::int + (group_id is not null)::int + (merchant_id is not null)::int
        + (store_id is not null)::int = 1
    );
create index grants_merchant on grants (merchant_id) where merchant_id is not null;

-- Which stores each grant reaches at this moment, but for those that reach every store.
create or replace view stores_of_grants as
with recursive below as (
    select code as root, code from regions
    union all
    select b.root, r.code from below b join regions r on r.parent_code = b.code
)
select g.id as grant_id, g.store_id from grants g where g.store_id is not null
union all
select g.id, s.id from grants g join below b on b.root = g.region_code join stores s on s.region_code = b.code
union all
select g.id, m.store_id from grants g join store_group_members m on m.group_id = g.group_id
union all
select g.id, s.id from grants g join stores s on s.merchant_id = g.merchant_id;

create table departments (
    -- Made by the client.
    id uuid primary key,
    name text not null constraint departments_name unique check (name <> '' and char_length(name) <= 30)
);
insert into departments (id, name)
select gen_random_uuid(), d.name from (select distinct btrim(department) as name from staff where btrim(department) <> '') d;

alter table staff add column department_id uuid references departments;
update staff p set department_id = d.id from departments d where d.name = btrim(p.department);
create index staff_department on staff (department_id) where department_id is not null;

-- The text of before is what the release before reads and writes. It is kept filled for that release, and goes, with
-- these two triggers, in the next one.
create function keep_department_text() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' and new.department_id is null and btrim(new.department) <> '' then
        -- A server of the release before hires.
        insert into departments (id, name) values (gen_random_uuid(), btrim(new.department)) on conflict (name) do nothing;
        new.department_id := (select id from departments where name = btrim(new.department));
    else
        new.department := coalesce((select name from departments where id = new.department_id), '');
    end if;
    return new;
end
$$;
create trigger keep_department_text before insert or update of department_id on staff
    for each row execute function keep_department_text();

create function rename_department_text() returns trigger language plpgsql as $$
begin
    update staff set department = new.name where department_id = new.id;
    return null;
end
$$;
create trigger rename_department_text after update of name on departments
    for each row execute function rename_department_text();
