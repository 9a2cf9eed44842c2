-- A supplier's invoice that was entered wrongly is taken back (K5): what it was for waits for an invoice again, and its
-- entries in the ledger are undone by others. It stays, with who took it back and why.

alter table supplier_invoices
    add column taken_back_by uuid references staff,
    add column taken_back_at timestamptz,
    add column taken_back_reason text check (char_length(taken_back_reason) between 1 and 200),
    drop constraint supplier_invoices_state_check,
    add constraint supplier_invoices_state_check check (state in ('open', 'paid', 'taken_back')),
    -- So a server of the release before, which takes what is not paid for open, cannot pay it.
    add constraint supplier_invoices_taken_back check (
        num_nonnulls(taken_back_by, taken_back_at, taken_back_reason) = case state when 'taken_back' then 3 else 0 end
    ),
    drop constraint supplier_invoices_number;
-- The same number may be entered again, rightly.
create unique index supplier_invoices_number on supplier_invoices (supplier_id, number) where state <> 'taken_back';

-- What invoices that count are for, of each receipt.
create view invoiced_receipts with (security_invoker = true) as
    select x.receipt_id, x.invoice_id, x.amount_fen
    from supplier_invoice_receipts x join supplier_invoices i on i.id = x.invoice_id
    where i.state <> 'taken_back';
