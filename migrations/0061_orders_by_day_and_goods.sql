-- Head office looks orders up by the days they were placed on, and by their goods (D8). A day of last spring is not found
-- by reading back to it from today, nor is what sells twice a year.
create index orders_placed_at on orders (placed_at);
create index order_lines_of_sku on order_lines (sku_id, order_id);
