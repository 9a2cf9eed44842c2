-- The second fence (O4): what belongs to a store or a member is seen and changed only by those whom it
-- concerns, also where a use case forgets to ask. Each use case looks from its asker's reach; this holds where
-- one does not.
--
-- Two roles work for the server. As `mendian_app` it does what a person or a program asks for, in a
-- transaction that begins by saying who asks. As `mendian_house` it does its own work: finding out who asks,
-- rounds that serve many askers in one statement, callbacks, jobs. A transaction that says nothing sees nothing.
--
-- Not fenced: goods, prices, shelves, stores and balances of stock, which everybody may see (a balance is changed
-- only beside its movement, and movements are fenced); accounts, roles, grants, keys, webhooks and imports of
-- head office, which belong to no store.

do $$
begin
    create role mendian_house nologin nosuperuser nocreatedb nocreaterole inherit nobypassrls;
exception
    when duplicate_object or unique_violation then null;
end
$$;

do $$
begin
    grant mendian_app to mendian_house;
    if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant mendian_house to %I', current_user);
    end if;
exception
    when duplicate_object or unique_violation then null;
end
$$;

-- Who asks, as the transaction said at its beginning. Policies read these in a subquery, so that each is
-- worked out once a statement and not once a row.
create function asking(what text) returns uuid language sql stable parallel safe as $$
    select nullif(current_setting('mendian.' || what, true), '')::uuid
$$;
-- The stores that their grants reach.
create function asking_stores() returns uuid[] language sql stable parallel safe as $$
    select case when current_setting('mendian.stores', true) in ('', '*') then '{}'
                else coalesce(current_setting('mendian.stores', true), '{}') end::uuid[]
$$;
create function asking_everywhere() returns boolean language sql stable parallel safe as $$
    select coalesce(current_setting('mendian.stores', true) = '*', false)
$$;

create policy people on orders to mendian_app using (
    (select asking_everywhere()) or store_id = any ((select asking_stores())::uuid[]) or member_id = (select asking('member'))
);

-- What is an order's is seen by those who see the order: its own policy answers within these.
create policy people on order_lines to mendian_app using (
    (select asking_everywhere()) or exists (select from orders o where o.id = order_id)
);
create policy people on order_steps to mendian_app using (
    (select asking_everywhere()) or exists (select from orders o where o.id = order_id)
);
create policy people on payments to mendian_app using (
    (select asking_everywhere()) or exists (select from orders o where o.id = order_id)
);
create policy people on refunds to mendian_app using (
    (select asking_everywhere()) or exists (select from orders o where o.id = order_id)
);
create policy people on transfers to mendian_app using (
    (select asking_everywhere()) or exists (select from orders o where o.id = order_id)
);
create policy people on outbox to mendian_app using (
    (select asking_everywhere()) or store_id = any ((select asking_stores())::uuid[])
    or exists (select from orders o where o.id = order_id)
);
create policy people on holds to mendian_app using (
    (select asking_everywhere()) or location_id = any ((select asking_stores())::uuid[])
    or exists (select from orders o where o.id = order_id)
);
create policy people on early_holds to mendian_app using (member_id = (select asking('member')));
create policy people on movements to mendian_app using (
    (select asking_everywhere()) or location_id = any ((select asking_stores())::uuid[])
    or exists (select from orders o where o.id = order_id) or exists (select from early_holds h where h.id = early_hold_id)
);

create policy people on carts to mendian_app using (id = (select asking('cart')));
create policy people on cart_lines to mendian_app using (cart_id = (select asking('cart')));

-- A store knows the members who have bought from it.
create policy people on members to mendian_app using (
    (select asking_everywhere()) or id = (select asking('member')) or exists (select from orders o where o.member_id = members.id)
);
-- A session of staff is ended by whoever manages them; who that may be, the use case knows.
create policy people on sessions to mendian_app using (
    member_id = (select asking('member')) or (staff_id is not null and (select asking('staff')) is not null)
);

-- Everybody signs for themselves, and reads what they did and what concerns their stores.
create policy signs on audit for insert to mendian_app with check (
    staff_id = (select asking('staff')) or api_key_id = (select asking('key'))
);
create policy people on audit for select to mendian_app using (
    (select asking_everywhere()) or store_id = any ((select asking_stores())::uuid[]) or staff_id = (select asking('staff'))
);

-- `inbox` and `phone_codes` are the server's own business: people have no policy there.
do $$
declare fenced text;
begin
    foreach fenced in array array[
        'orders', 'order_lines', 'order_steps', 'payments', 'refunds', 'transfers', 'outbox', 'holds', 'early_holds',
        'movements', 'carts', 'cart_lines', 'members', 'sessions', 'audit', 'inbox', 'phone_codes'
    ] loop
        execute format('alter table %I enable row level security', fenced);
        execute format('create policy house on %I to mendian_house using (true)', fenced);
    end loop;
end
$$;

-- Behind the fence an index serves only comparisons that cannot tell what they see; the end of a phone is one
-- where it is a column of its own.
alter table members add column phone_tail text not null generated always as (coalesce(right(phone, 4), '')) stored;
drop index members_phone_tail;
create index members_phone_tail on members (phone_tail);
