-- Papers of merchants: licences, permits, contracts (O3). Each is a file (migration 0024) that is never published.

alter table files
    -- One that was removed stays for a day; it does not keep its merchant.
    add column merchant_id uuid references merchants on delete cascade,
    drop constraint files_owner,
    add constraint files_owner check (num_nonnulls(store_id, member_id, staff_id, merchant_id) = 1),
    drop constraint files_purpose_check,
    add constraint files_purpose_check check (
        purpose in ('store_photo', 'store_paper', 'loss_photo', 'after_sales_proof', 'merchant_paper')
    ),
    add constraint files_of_merchants check ((purpose = 'merchant_paper') = (merchant_id is not null)),
    add constraint files_papers_private check (purpose <> 'merchant_paper' or state = 'private');
create index files_merchant on files (merchant_id) where merchant_id is not null;

create table merchant_papers (
    file_id uuid primary key references files on delete cascade,
    merchant_id uuid not null references merchants,
    kind text not null check (kind in ('licence', 'food_permit', 'contract', 'other')),
    -- The last day on which it counts; nothing where it does not run out.
    valid_until date,
    added_by uuid not null references staff,
    added_at timestamptz not null
);
create index merchant_papers_of on merchant_papers (merchant_id, valid_until);

-- The merchants at which whoever asks has a grant, also where it has ended: who of them may, the use case knows. By
-- the merchant and not by its stores, since it has papers before it has stores.
create function asking_merchants() returns uuid[] language sql stable parallel safe as $$
    select coalesce(array_agg(merchant_id), '{}') from grants
    where staff_id = asking('staff') and merchant_id is not null
$$;

-- Behind the second fence (migration 0020): head office, and the merchant's own people.
create policy merchants on files to mendian_app using (merchant_id = any ((select asking_merchants())::uuid[]));
alter table merchant_papers enable row level security;
create policy people on merchant_papers to mendian_app using (
    (select asking_everywhere()) or merchant_id = any ((select asking_merchants())::uuid[])
);
create policy house on merchant_papers to mendian_house using (true);
