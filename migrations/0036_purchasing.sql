-- Buying goods 采购 (K5): suppliers, what they ask, orders to them, what arrived and went back, what a piece costs, what
-- is owed. Money is in fen, a cost in thousandths of a fen.

create table suppliers (
    -- Made by the client.
    id uuid primary key,
    code text not null constraint suppliers_code unique check (code ~ '^[A-Z0-9][A-Z0-9-]{1,19}$'),
    name text not null check (char_length(name) between 1 and 60),
    contact text not null check (char_length(contact) <= 40),
    phone text not null check (char_length(phone) <= 30),
    -- An invoice is due so many days after its date; goods arrive so many days after their order.
    terms_days integer not null check (terms_days between 0 and 365),
    lead_days integer not null check (lead_days between 0 and 365),
    -- Nothing is ordered there any more; what was stays.
    closed boolean not null default false,
    created_at timestamptz not null
);
revoke delete on suppliers from mendian_app;

-- What a piece costs there from a day on: the row of the latest day that has come holds. Those before it stay.
create table supplier_prices (
    supplier_id uuid not null references suppliers,
    sku_id uuid not null references skus,
    valid_from date not null,
    price_fen bigint not null check (price_fen between 0 and 9999999),
    pack bigint not null check (pack between 1 and 100000),
    minimum bigint not null check (minimum between 1 and 100000),
    primary key (supplier_id, sku_id, valid_from)
);
create index supplier_prices_of_sku on supplier_prices (sku_id, valid_from desc);

create table purchases (
    -- Made by the client: the idempotency key of drafting it.
    id uuid primary key,
    -- As people say it: `CG000012`.
    number bigint not null generated always as identity constraint purchases_number unique,
    supplier_id uuid not null references suppliers,
    location_id uuid not null references locations,
    state text not null check (state in ('draft', 'submitted', 'approved', 'rejected', 'part_received', 'received', 'closed', 'cancelled')),
    note text not null check (char_length(note) <= 200),
    expected_on date,
    total_fen bigint not null check (total_fen >= 0),
    -- From the submission on: whether it is too much for whoever hands it in to decide alone, and who that was.
    above boolean not null default false,
    submitted_by uuid references staff,
    created_at timestamptz not null
);
create index purchases_of_supplier on purchases (supplier_id, id desc);
create index purchases_of_location on purchases (location_id, id desc);
create index purchases_open on purchases (state) where state in ('submitted', 'approved', 'part_received');
revoke delete on purchases from mendian_app;

-- Nobody takes in more than was ordered, or sends back more than was taken in. Rows are replaced while it is a draft.
create table purchase_lines (
    purchase_id uuid not null references purchases,
    sku_id uuid not null references skus,
    quantity bigint not null check (quantity between 1 and 100000),
    price_fen bigint not null check (price_fen between 0 and 9999999),
    received bigint not null default 0 constraint purchase_lines_received check (received between 0 and quantity),
    returned bigint not null default 0 constraint purchase_lines_returned check (returned between 0 and received),
    primary key (purchase_id, sku_id)
);
create index purchase_lines_coming on purchase_lines (sku_id, purchase_id) where received < quantity;

-- Each step: who, in whose place, when, why. Append-only.
create table purchase_steps (
    purchase_id uuid not null references purchases,
    step integer not null,
    act text not null,
    state text not null,
    at timestamptz not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys,
    in_place_of uuid references staff,
    note text not null default '',
    primary key (purchase_id, step)
);
revoke update, delete on purchase_steps from mendian_app;

-- What arrived of an order, and what of it went back. The document of `receive` and `supplier_return`. Append-only.
create table purchase_receipts (
    -- Made by the client: the idempotency key of receiving, or of sending back.
    id uuid primary key,
    purchase_id uuid not null references purchases,
    returned boolean not null,
    note text not null check (char_length(note) <= 200),
    -- At the order's prices.
    value_fen bigint not null check (value_fen >= 0),
    at timestamptz not null,
    staff_id uuid references staff,
    api_key_id uuid references api_keys
);
create index purchase_receipts_of_purchase on purchase_receipts (purchase_id, at desc);
revoke update, delete on purchase_receipts from mendian_app;

create table purchase_receipt_lines (
    receipt_id uuid not null references purchase_receipts,
    sku_id uuid not null references skus,
    quantity bigint not null check (quantity > 0),
    price_fen bigint not null check (price_fen >= 0),
    primary key (receipt_id, sku_id)
);
revoke update, delete on purchase_receipt_lines from mendian_app;

-- What a piece costs at a place: the moving average of what was paid, changed at each receipt under the lock of the
-- balance. What leaves does not change it.
create table stock_costs (
    location_id uuid not null,
    sku_id uuid not null,
    milli_fen bigint not null check (milli_fen >= 0),
    primary key (location_id, sku_id),
    foreign key (location_id, sku_id) references stock (location_id, sku_id)
);
create index stock_costs_of_sku on stock_costs (sku_id);
revoke delete on stock_costs from mendian_app;

-- How it became that, so that a report can tell the cost of any moment. Append-only.
create table cost_steps (
    id bigint primary key generated always as identity,
    location_id uuid not null,
    sku_id uuid not null,
    cause text not null check (cause in ('receive', 'transfer_in')),
    document_id uuid not null,
    -- How many pieces there were, and what each cost, where that was known.
    on_hand bigint not null,
    before_milli_fen bigint,
    -- How many came, and what each of them cost.
    quantity bigint not null check (quantity > 0),
    price_milli_fen bigint not null check (price_milli_fen >= 0),
    after_milli_fen bigint not null check (after_milli_fen >= 0),
    at timestamptz not null
);
create index cost_steps_of_stock on cost_steps (location_id, sku_id, id desc);
revoke update, delete on cost_steps from mendian_app;

-- What the sender's pieces cost when they left: the receiver takes them in at that.
alter table stock_transfer_lines add column cost_milli_fen bigint check (cost_milli_fen >= 0);
-- What a piece cost that came without an order, where somebody says so.
alter table goods_receipt_lines add column price_fen bigint check (price_fen between 0 and 9999999);

-- A supplier's invoice, against what arrived. A negative one is a credit.
create table supplier_invoices (
    -- Made by the client: the idempotency key of entering it.
    id uuid primary key,
    supplier_id uuid not null references suppliers,
    number text not null check (char_length(number) between 1 and 40),
    dated date not null,
    due_on date not null,
    amount_fen bigint not null,
    -- What arrived, less what went back, at the orders' prices; where the two differ, somebody says why.
    received_fen bigint not null,
    difference_note text not null check (char_length(difference_note) <= 200),
    state text not null check (state in ('open', 'paid')),
    entered_by uuid not null references staff,
    entered_at timestamptz not null,
    paid_on date,
    reference text,
    paid_by uuid references staff,
    paid_at timestamptz,
    constraint supplier_invoices_number unique (supplier_id, number),
    constraint supplier_invoices_difference check (amount_fen = received_fen or difference_note <> ''),
    constraint supplier_invoices_paid check (num_nonnulls(paid_on, reference, paid_by, paid_at) = case state when 'paid' then 4 else 0 end)
);
create index supplier_invoices_open on supplier_invoices (supplier_id, due_on) where state = 'open';
revoke delete on supplier_invoices from mendian_app;

-- A receipt is invoiced once.
create table supplier_invoice_receipts (
    receipt_id uuid primary key references purchase_receipts,
    invoice_id uuid not null references supplier_invoices
);
create index supplier_invoice_receipts_of_invoice on supplier_invoice_receipts (invoice_id);
revoke update, delete on supplier_invoice_receipts from mendian_app;

-- Double entry, as the ledger of orders: each row takes from one account what it gives to another. The accounts are
-- `goods` (what was bought), `accrued` (arrived and not invoiced), `payable` (invoiced and not paid), `difference`
-- (invoiced otherwise than it arrived) and `bank`. Append-only.
create table supplier_ledger (
    id bigint primary key generated always as identity,
    supplier_id uuid not null references suppliers,
    debit text not null check (debit in ('goods', 'accrued', 'payable', 'difference', 'bank')),
    credit text not null check (credit in ('goods', 'accrued', 'payable', 'difference', 'bank')),
    amount_fen bigint not null check (amount_fen > 0),
    -- A receipt, or an invoice.
    document_id uuid not null,
    at timestamptz not null,
    constraint supplier_ledger_moves check (debit <> credit)
);
create index supplier_ledger_of_supplier on supplier_ledger (supplier_id, id desc);
create index supplier_ledger_of_document on supplier_ledger (document_id);
revoke update, delete on supplier_ledger from mendian_app;

-- An order concerns head office, and the store that it comes to.
alter table purchases enable row level security;
create policy people on purchases to mendian_app using (
    (select asking_everywhere()) or location_id = any ((select asking_stores())::uuid[])
);
create policy house on purchases to mendian_house using (true);
alter table purchase_lines enable row level security;
create policy people on purchase_lines to mendian_app using (
    (select asking_everywhere()) or exists (select from purchases p where p.id = purchase_id)
);
create policy house on purchase_lines to mendian_house using (true);
alter table purchase_steps enable row level security;
create policy people on purchase_steps to mendian_app using (
    (select asking_everywhere()) or exists (select from purchases p where p.id = purchase_id)
);
create policy house on purchase_steps to mendian_house using (true);
alter table purchase_receipts enable row level security;
create policy people on purchase_receipts to mendian_app using (
    (select asking_everywhere()) or exists (select from purchases p where p.id = purchase_id)
);
create policy house on purchase_receipts to mendian_house using (true);
alter table purchase_receipt_lines enable row level security;
create policy people on purchase_receipt_lines to mendian_app using (
    (select asking_everywhere()) or exists (select from purchase_receipts r where r.id = receipt_id)
);
create policy house on purchase_receipt_lines to mendian_house using (true);
alter table stock_costs enable row level security;
create policy people on stock_costs to mendian_app using (
    (select asking_everywhere()) or location_id = any ((select asking_stores())::uuid[])
);
create policy house on stock_costs to mendian_house using (true);
alter table cost_steps enable row level security;
create policy people on cost_steps to mendian_app using (
    (select asking_everywhere()) or location_id = any ((select asking_stores())::uuid[])
);
create policy house on cost_steps to mendian_house using (true);
-- Invoices, and what suppliers ask, are head office's; what a store takes in is still owed for.
alter table supplier_invoices enable row level security;
create policy people on supplier_invoices to mendian_app using ((select asking_everywhere()));
create policy house on supplier_invoices to mendian_house using (true);
alter table supplier_invoice_receipts enable row level security;
create policy people on supplier_invoice_receipts to mendian_app using ((select asking_everywhere()));
create policy house on supplier_invoice_receipts to mendian_house using (true);
alter table supplier_ledger enable row level security;
create policy people on supplier_ledger to mendian_app using ((select asking_everywhere()));
create policy owed on supplier_ledger for insert to mendian_app with check (
    exists (select from purchase_receipts r where r.id = document_id)
);
create policy house on supplier_ledger to mendian_house using (true);
