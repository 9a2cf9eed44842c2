-- How long what may be asked for after the sale, where a category says nothing of its own (D4): head office's word in
-- place of the default of `domain::after_sales::Terms`; one row, or none. A server of the release before goes on by its
-- own default.
create table after_sales_default_terms (
    id boolean primary key default true check (id),
    refund_only_hours integer check (refund_only_hours > 0),
    return_hours integer check (return_hours > 0),
    exchange_hours integer check (exchange_hours > 0)
);
