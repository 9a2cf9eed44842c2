-- Each document that moves pieces has a number that people say (K1), and goods that go back to a supplier say of which
-- batch they are (K4, K5).

-- As people say them: `PD000012`, `BS000012`, `SQ000012`, `SH000012`. What is there already is numbered as it lies; a
-- server of the release before leaves the numbers to the table as well.
alter table counts add column number bigint not null generated always as identity constraint counts_number unique;
alter table losses add column number bigint not null generated always as identity constraint losses_number unique;
alter table proposals add column number bigint not null generated always as identity constraint proposals_number unique;
alter table goods_receipts
    add column number bigint not null generated always as identity constraint goods_receipts_number unique;

-- `returned`: pieces of this very batch went back to the supplier, as whoever sent them said. Those of which nobody said
-- it are `sold` under their document, as what is over and cleared away.
alter table batch_moves
    drop constraint batch_moves_cause_check,
    add constraint batch_moves_cause_check
        check (cause in ('register', 'sold', 'out', 'in', 'receive', 'loss', 'returned'));

-- What a shopper brought back is of no batch in the books; whoever gives it to the supplier may say of which it is.
alter table set_apart_end_lines add column batch_id uuid references batches;
