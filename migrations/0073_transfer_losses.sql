-- What of a transfer is gone for good (K3, K5): the sender's loss, at what a piece cost when it left; without a value
-- where nobody knew that. Append-only.
create table stock_transfer_losses (
    id bigint generated always as identity primary key,
    transfer_id uuid not null references stock_transfers,
    sku_id uuid not null references skus,
    quantity bigint not null check (quantity > 0),
    value_milli_fen bigint check (value_milli_fen >= 0),
    at timestamptz not null,
    foreign key (transfer_id, sku_id) references stock_transfer_lines
);
create index stock_transfer_losses_of_transfer on stock_transfer_losses (transfer_id);
create index stock_transfer_losses_by_time on stock_transfer_losses (at);
revoke update, delete on stock_transfer_losses from mendian_app;

alter table stock_transfer_losses enable row level security;
create policy people on stock_transfer_losses to mendian_app using (
    (select asking_everywhere()) or exists (select from stock_transfers t where t.id = transfer_id)
);
create policy house on stock_transfer_losses to mendian_house using (true);

insert into stock_transfer_losses (transfer_id, sku_id, quantity, value_milli_fen, at)
select l.transfer_id, l.sku_id, l.lost, l.lost * l.cost_milli_fen, s.at
from stock_transfer_lines l
cross join lateral (select max(at) as at from stock_transfer_steps s where s.transfer_id = l.transfer_id and s.act = 'settle') s
where l.lost > 0;
