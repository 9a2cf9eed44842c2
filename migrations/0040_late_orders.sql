-- Orders that wait longer than they should: nobody accepts them, or nobody fetches them (D3).

alter table orders
    -- unaccepted: the store has been late for some minutes. escalated: still, so head office sees it. unclaimed: ready,
    -- and its slot is long over. Nothing again with the order's next step.
    add column late text check (late in ('unaccepted', 'escalated', 'unclaimed'));
create index orders_late on orders (late, store_id) where late is not null;
