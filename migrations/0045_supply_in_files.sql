-- What head office buys, prices and allots as tables, and batches that are named as goods come in and go (K3, K4, K5).

-- A server of the release before takes a table of these kinds for one of stores, finds none of its columns and asks
-- for them; a newer one reads it again.
alter table imports
    drop constraint imports_kind_check,
    add constraint imports_kind_check
        check (kind in ('stores', 'products', 'suppliers', 'purchases', 'supply_prices', 'allocations')),
    -- Who let the rows be written: documents that come of them are theirs.
    add column confirmed_by uuid references staff;

-- Goods with a last day: whoever takes them in says which batch they are of.
alter table products add column keeps_batches boolean not null default false;

-- `receive`: goods came from outside, and somebody said of which batch. `loss`: pieces of this very batch went.
alter table batch_moves
    drop constraint batch_moves_cause_check,
    add constraint batch_moves_cause_check check (cause in ('register', 'sold', 'out', 'in', 'receive', 'loss'));

-- Of which batch the lost pieces are, where somebody says so; else they are of the one that ends first.
alter table losses add column batch_id uuid references batches;

-- An invoice may be for a part of a receipt: how much of what it comes to at the order's prices, with its sign; all of it
-- where nothing is said, as a server of the release before writes it.
alter table supplier_invoice_receipts
    drop constraint supplier_invoice_receipts_pkey,
    add primary key (receipt_id, invoice_id),
    add column amount_fen bigint check (amount_fen <> 0);

-- The rate of tax that an invoice's amount includes, where it says so.
alter table supplier_invoices add column tax_percent smallint check (tax_percent between 0 and 100);
