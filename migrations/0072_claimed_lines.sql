-- What the requests after a sale take of what can be asked back (D4). Whoever got the same goods in exchange has them as
-- before, and may ask again: such a line takes no pieces and no money, since nothing went back for it.
create view claimed_lines with (security_invoker = true) as
    select r.after_sales_id, r.order_id, r.line,
           case when x.swapped then 0 else r.quantity end as quantity,
           case when x.swapped then 0 else r.paid_fen end as paid_fen
    from after_sales_lines r join after_sales a on a.id = r.after_sales_id
    cross join lateral (select a.state = 'exchanged' and r.exchange_sku_id = r.sku_id as swapped) x;
grant select on claimed_lines to mendian_app, mendian_house;
revoke insert, update, delete on claimed_lines from mendian_app;
