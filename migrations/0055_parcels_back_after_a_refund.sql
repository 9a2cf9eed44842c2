-- What came back in a parcel of pieces that had been paid back already, without goods (D4): nobody asks for money for
-- them once more, and the goods are here all the same. A server of the release before books in nothing of them.

-- Append-only: the document that booked them in, and as a loss where the parcel was spoilt.
create table parcel_goods (
    parcel_id uuid not null references parcel_returns (parcel_id),
    line integer not null,
    order_id uuid not null,
    document_id uuid not null,
    quantity bigint not null check (quantity between 1 and 999),
    primary key (parcel_id, line),
    foreign key (order_id, line) references order_lines (order_id, line)
);
create index parcel_goods_of_order on parcel_goods (order_id, line);
create index parcel_goods_document on parcel_goods (document_id);

revoke update, delete on parcel_goods from mendian_app;
revoke update, delete on parcel_goods from mendian_house;

-- Behind the second fence (migration 0020) they are seen with their order.
alter table parcel_goods enable row level security;
create policy people on parcel_goods to mendian_app
    using ((select asking_everywhere()) or exists (select from orders o where o.id = order_id));
create policy house on parcel_goods to mendian_house using (true);
