-- Suppliers' invoices are paid in parts (K5). Each payment is a row that stays; one that was entered wrongly is taken back
-- by another, with a reason. What is paid of an invoice is the sum of those that count: it stands beside the amount as
-- well, written under the invoice's lock, so that the database itself refuses more than is left.

-- At once: the references below lock less first, and whoever pays holds the weaker lock already, so that each would wait
-- for the other.
lock table supplier_invoices in access exclusive mode;

-- Append-only.
create table supplier_payments (
    -- Made by the client: the idempotency key of entering it.
    id uuid primary key,
    invoice_id uuid not null references supplier_invoices,
    -- Of a credit it is what the supplier has paid back.
    amount_fen bigint not null check (amount_fen > 0),
    paid_on date not null,
    -- The bank's number of it.
    reference text not null check (char_length(reference) between 1 and 60),
    note text not null check (char_length(note) <= 200),
    entered_by uuid not null references staff,
    entered_at timestamptz not null
);
create index supplier_payments_of_invoice on supplier_payments (invoice_id, entered_at);

-- A payment is taken back once. Append-only.
create table supplier_payments_taken_back (
    payment_id uuid primary key references supplier_payments,
    reason text not null check (char_length(reason) between 1 and 200),
    staff_id uuid not null references staff,
    at timestamptz not null
);
revoke update, delete on supplier_payments, supplier_payments_taken_back from mendian_app, mendian_house;

-- Head office's, as the invoices are.
alter table supplier_payments enable row level security;
create policy people on supplier_payments to mendian_app using ((select asking_everywhere()));
create policy house on supplier_payments to mendian_house using (true);
alter table supplier_payments_taken_back enable row level security;
create policy people on supplier_payments_taken_back to mendian_app using ((select asking_everywhere()));
create policy house on supplier_payments_taken_back to mendian_house using (true);

-- With the sign of the amount.
alter table supplier_invoices add column paid_fen bigint not null default 0;

-- What was paid before today was paid whole. An invoice of nothing is paid without a payment.
update supplier_invoices set paid_fen = amount_fen where state = 'paid';
insert into supplier_payments (id, invoice_id, amount_fen, paid_on, reference, note, entered_by, entered_at)
select gen_random_uuid(), id, abs(amount_fen), paid_on, reference, '', paid_by, paid_at
from supplier_invoices where state = 'paid' and amount_fen <> 0;

-- Never more than the amount; paid is where nothing is left. So a server of the release before, which knows whole payments
-- alone, cannot pay or take back an invoice of which a part is paid.
alter table supplier_invoices add constraint supplier_invoices_paid_parts check (
    case state
        when 'paid' then paid_fen = amount_fen
        when 'taken_back' then paid_fen = 0
        else paid_fen between least(amount_fen, 0) and greatest(amount_fen, 0) and (paid_fen <> amount_fen or amount_fen = 0)
    end
);

-- A server of the release before says that an invoice is paid and nothing of how much: it is a payment of the whole. A
-- newer one says both at once.
create function enter_whole_payment() returns trigger language plpgsql security definer set search_path from current as $$
begin
    new.paid_fen := new.amount_fen;
    insert into supplier_payments (id, invoice_id, amount_fen, paid_on, reference, note, entered_by, entered_at)
    values (gen_random_uuid(), new.id, abs(new.amount_fen), new.paid_on, new.reference, '', new.paid_by, new.paid_at);
    return new;
end
$$;
create trigger paid_whole before update of state on supplier_invoices for each row
    when (old.state = 'open' and new.state = 'paid' and new.paid_fen = 0 and new.amount_fen <> 0)
    execute function enter_whole_payment();
