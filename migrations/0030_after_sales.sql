-- After-sales (D4): what shoppers ask for once the goods were handed over, who decided, and what came back.

-- How long what may be asked for after handing over, in hours; nothing where it may not at all. A category without
-- a row has the default of `domain::after_sales::Terms`.
create table after_sales_terms (
    category_id uuid primary key references categories,
    refund_only_hours integer check (refund_only_hours > 0),
    return_hours integer check (return_hours > 0),
    exchange_hours integer check (exchange_hours > 0)
);

-- What goods are called and what they cost is copied from the order: the store that takes them back may be one that
-- never sees the order itself.
create table after_sales (
    -- Made by the client: the idempotency key of asking.
    id uuid primary key,
    order_id uuid not null references orders,
    order_number text not null,
    -- Whose order it is.
    member_id uuid not null references members,
    -- The store that sold.
    store_id uuid not null references stores,
    kind text not null check (kind in ('refund_only', 'return', 'exchange')),
    state text not null check (state in ('requested', 'agreed', 'refused', 'appealed', 'dismissed', 'received', 'refunded',
                                         'exchanged', 'withdrawn', 'expired')),
    reason text not null check (reason in ('quality', 'missing', 'wrong', 'unwanted', 'other')),
    -- The shopper's own words, to the store and to head office. They go when the account goes.
    note text not null default '' check (char_length(note) <= 200),
    appeal text not null default '' check (char_length(appeal) <= 200),
    -- What goes back, the sum of the lines.
    refund_fen bigint not null check (refund_fen >= 0),
    -- 10 digits from the agreement on, where goods are to come: the shopper's secret, good at every store's counter.
    code text constraint after_sales_code unique check (code ~ '^[0-9]{10}$'),
    -- The store that took the goods back.
    received_store_id uuid references stores,
    requested_at timestamptz not null,
    -- When something happens by itself: head office is asked, or the request expires.
    due_at timestamptz,
    -- What was asked, to tell a repeat from another request under the same id.
    request_hash bytea not null
);
create index after_sales_of_order on after_sales (order_id);
create index after_sales_of_member on after_sales (member_id, id desc);
create index after_sales_of_store on after_sales (store_id, id desc);
create index after_sales_received on after_sales (received_store_id, id desc) where received_store_id is not null;
create index after_sales_open on after_sales (store_id, state) where state in ('requested', 'agreed', 'appealed');
revoke delete on after_sales from mendian_app;

create table after_sales_lines (
    after_sales_id uuid not null references after_sales,
    order_id uuid not null,
    line integer not null,
    sku_id uuid not null references skus,
    name text not null,
    spec text not null,
    options_text text not null,
    picture text not null,
    quantity bigint not null check (quantity between 1 and 999),
    -- What was paid for these pieces, with their share of every discount.
    paid_fen bigint not null check (paid_fen >= 0),
    -- What of it goes back: less where something cheaper comes in exchange.
    refund_fen bigint not null check (refund_fen between 0 and paid_fen),
    exchange_sku_id uuid references skus,
    exchange_spec text,
    -- How the goods came back. What is for the supplier has left the shelf's balance and is set apart: these rows are
    -- the list of it.
    condition text check (condition in ('restock', 'scrap', 'supplier')),
    primary key (after_sales_id, line),
    foreign key (order_id, line) references order_lines (order_id, line)
);
create index after_sales_lines_of_order on after_sales_lines (order_id, line);
revoke delete on after_sales_lines from mendian_app;

-- Each step: who, when, why. Append-only; what shoppers write stands in the request itself, since it must be able to go.
create table after_sales_steps (
    after_sales_id uuid not null references after_sales,
    step integer not null,
    act text not null,
    state text not null,
    at timestamptz not null,
    member_id uuid references members,
    staff_id uuid references staff,
    api_key_id uuid references api_keys,
    note text not null default '',
    primary key (after_sales_id, step)
);
revoke update, delete on after_sales_steps from mendian_app;

-- Pictures as proof. They are the member's, and private to them and the stores that the request concerns.
alter table files drop constraint files_purpose_check, add constraint files_purpose_check check (
    purpose in ('store_photo', 'store_paper', 'loss_photo', 'after_sales_proof')
);
create table after_sales_proofs (
    file_id uuid primary key references files on delete cascade,
    after_sales_id uuid not null references after_sales
);
create index after_sales_proofs_of on after_sales_proofs (after_sales_id);

-- Money and its request: one refund for each, and the revenue that the store gives back.
alter table refunds add column after_sales_id uuid constraint refunds_of_after_sales unique references after_sales;
alter table transfers add column after_sales_id uuid references after_sales;
create index transfers_of_after_sales on transfers (after_sales_id) where after_sales_id is not null;
alter table transfers drop constraint transfers_cause_check, add constraint transfers_cause_check check (
    cause in ('pay', 'fulfil', 'refund', 'return')
);

-- Behind the second fence (migration 0020): the member, the store that sold, and the one that took the goods back.
alter table after_sales enable row level security;
create policy people on after_sales to mendian_app using (
    (select asking_everywhere()) or member_id = (select asking('member')) or store_id = any ((select asking_stores())::uuid[])
    or received_store_id = any ((select asking_stores())::uuid[])
);
create policy house on after_sales to mendian_house using (true);
do $$
declare part text;
begin
    foreach part in array array['after_sales_lines', 'after_sales_steps', 'after_sales_proofs'] loop
        execute format('alter table %I enable row level security', part);
        execute format('create policy people on %I to mendian_app using ((select asking_everywhere())
                        or exists (select from after_sales a where a.id = after_sales_id))', part);
        execute format('create policy house on %I to mendian_house using (true)', part);
    end loop;
end
$$;
create policy proofs on files for select to mendian_app using (
    purpose = 'after_sales_proof' and exists (select from after_sales_proofs p where p.file_id = files.id)
);
