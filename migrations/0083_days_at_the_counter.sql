-- A day's sales at a counter are asked for by when they went over it (K2), and the newest come first: without this an old
-- day is found by reading all that the store has sold since.
--
-- Not `concurrently`, since a migration is one transaction: tills wait while it is built, about a second for each million
-- sales. Where a large chain's tills must not wait, it is built `concurrently` under this name beforehand, and nothing is
-- left to do here. It takes no other lock, so nobody who holds one of these rows is waited for in turn.
create index if not exists counter_sales_of_day on counter_sales (store_id, occurred_at);
