-- Ways to rows that a busy hour reads all the time.

-- Of a member who orders, how many orders are unpaid and how many were placed of late; not all there ever were.
create index orders_unpaid on orders (member_id) where state = 'placed';
create index orders_lately on orders (member_id, placed_at);

-- Callbacks are acted on in the order in which they came.
drop index inbox_open;
create index inbox_open on inbox (id) where handled_at is null;
