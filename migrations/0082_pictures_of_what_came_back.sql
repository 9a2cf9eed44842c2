-- Pictures that the store that sold, or head office, adds to a request after the sale (D4): what came back looks like
-- this. They are files of that store, apart from the shopper's own.

-- The files come first: of all locks here it is the strongest, which is not to be waited for while those of the foreign
-- keys below are held. What is there has a purpose of the narrower list, so nothing need be read for the check. A server
-- of the release before shows such a file to nobody but those who edit its store.
alter table files
    drop constraint files_purpose_check,
    add constraint files_purpose_check check (
        purpose in ('store_photo', 'store_paper', 'loss_photo', 'after_sales_proof', 'merchant_paper', 'after_sales_store_proof')
    ) not valid;

-- Append-only: what was shown to a shopper, or to whoever decides, stays.
create table after_sales_store_proofs (
    file_id uuid primary key references files,
    after_sales_id uuid not null,
    -- The request's last step by then: what was decided after it is what it was added for.
    after_step integer not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys,
    note text not null default '' check (char_length(note) <= 200),
    at timestamptz not null,
    foreign key (after_sales_id, after_step) references after_sales_steps (after_sales_id, step),
    constraint after_sales_store_proofs_by check (num_nonnulls(staff_id, api_key_id) = 1)
);
create index after_sales_store_proofs_of on after_sales_store_proofs (after_sales_id);
revoke update, delete on after_sales_store_proofs from mendian_app, mendian_house;

-- Whether the shopper sees a picture that was added after so many steps: once somebody has decided with it at hand, or
-- the goods were taken. What is added where the request was turned down already says why, so it is seen at once.
create function store_proof_is_shown(request uuid, added_after integer) returns boolean language sql stable parallel safe as $$
    select exists (
        select from after_sales_steps t
        where t.after_sales_id = request
          and ((t.step > added_after and t.act in ('agree', 'refuse', 'turn_away', 'uphold', 'dismiss', 'receive'))
               or (t.step = added_after and t.state = 'refused'))
    )
$$;

-- Behind the second fence (migration 0020): the stores that the request concerns, and the shopper once it is shown.
alter table after_sales_store_proofs enable row level security;
create policy people on after_sales_store_proofs to mendian_app using (
    (select asking_everywhere()) or exists (
        select from after_sales a where a.id = after_sales_id
          and (a.member_id is distinct from (select asking('member')) or store_proof_is_shown(after_sales_id, after_step))
    )
);
create policy house on after_sales_store_proofs to mendian_house using (true);
create policy store_proofs on files for select to mendian_app using (
    purpose = 'after_sales_store_proof' and exists (select from after_sales_store_proofs p where p.file_id = files.id)
);
