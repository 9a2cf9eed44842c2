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
revoke insert, update, delete on stock_transfer_losses from mendian_app, mendian_house;

alter table stock_transfer_losses enable row level security;
create policy people on stock_transfer_losses to mendian_app using (
    (select asking_everywhere()) or exists (select from stock_transfers t where t.id = transfer_id)
);
create policy house on stock_transfer_losses to mendian_house using (true);

-- Written by a trigger, so that a server of the release before enters what it settles as well. The step is written by
-- then. That server sets both numbers anew, where it should add to what has been accounted for since: it is stopped.
create function enter_transfer_loss() returns trigger language plpgsql security definer set search_path from current as $$
begin
    if new.lost < old.lost or new.returned < old.returned then
        raise exception 'what a transfer has accounted for stays accounted for';
    end if;
    if new.lost > old.lost then
        insert into stock_transfer_losses (transfer_id, sku_id, quantity, value_milli_fen, at)
        select new.transfer_id, new.sku_id, new.lost - old.lost, (new.lost - old.lost) * new.cost_milli_fen, max(s.at)
        from stock_transfer_steps s where s.transfer_id = new.transfer_id and s.act = 'settle';
    end if;
    return null;
end
$$;
create trigger enter_transfer_loss after update of lost, returned on stock_transfer_lines for each row
    execute function enter_transfer_loss();

insert into stock_transfer_losses (transfer_id, sku_id, quantity, value_milli_fen, at)
select l.transfer_id, l.sku_id, l.lost, l.lost * l.cost_milli_fen, s.at
from stock_transfer_lines l
cross join lateral (select max(at) as at from stock_transfer_steps s where s.transfer_id = l.transfer_id and s.act = 'settle') s
where l.lost > 0;
