-- Money that goes back beside pieces (D4, D8): what of an order's way, and a compensation. Both are parts of what the
-- request gives back (refund_fen), the rest of which is the sum of its lines; so a server of the release before, which
-- knows neither, settles such a request with all of its money.
alter table after_sales
    add column freight_fen bigint not null default 0 check (freight_fen >= 0),
    add column extra_fen bigint not null default 0 check (extra_fen >= 0),
    add constraint after_sales_beside check (freight_fen + extra_fen <= refund_fen);
