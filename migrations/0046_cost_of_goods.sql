-- What comes and goes at cost (K5): the cost of goods sold, of losses and of what counts find, and what goods at a place
-- are worth as the sum of it. Written by triggers, so that no statement that moves pieces can forget it, a server of the
-- release before included; both run at the end of their statement, when it has the balance's lock.

create table cost_entries (
    id bigint primary key generated always as identity,
    location_id uuid not null,
    sku_id uuid not null,
    -- The movement's; `opening` for what lay there when this began to be kept.
    cause text not null,
    document_id uuid,
    order_id uuid,
    -- Nothing where what goods are worth has changed alone.
    movement_id bigint,
    -- How many pieces came, or went; none where what they are worth has changed alone.
    quantity bigint not null,
    -- In thousandths of a fen; negative for what went.
    value_milli_fen bigint not null,
    at timestamptz not null
);
create index cost_entries_of_place on cost_entries (location_id, at);
create index cost_entries_of_document on cost_entries (document_id) where document_id is not null;
create unique index cost_entries_of_movement on cost_entries (movement_id) where movement_id is not null;
-- Triggers alone write it.
revoke insert, update, delete on cost_entries from mendian_app, mendian_house;

alter table cost_entries enable row level security;
create policy people on cost_entries to mendian_app using (
    (select asking_everywhere()) or location_id = any ((select asking_stores())::uuid[])
);
create policy house on cost_entries to mendian_house using (true);

-- Pieces come and go at what they cost there at that moment; what came at another price is weighed in after it. Where
-- nobody knows what they cost there is nothing to enter. A member's order must be able to, who sees no costs: hence by
-- the owner's right.
create function enter_at_cost() returns trigger language plpgsql security definer set search_path from current as $$
begin
    insert into cost_entries (location_id, sku_id, cause, document_id, order_id, movement_id, quantity, value_milli_fen, at)
    select new.location_id, new.sku_id, new.cause, new.document_id, new.order_id, new.id, new.on_hand,
           new.on_hand * c.milli_fen, new.occurred_at
    from stock_costs c where c.location_id = new.location_id and c.sku_id = new.sku_id;
    return null;
end
$$;
create trigger enter_at_cost after insert on movements for each row when (new.on_hand <> 0) execute function enter_at_cost();

-- What a new cost makes of all that is there then.
create function enter_new_cost() returns trigger language plpgsql security definer set search_path from current as $$
begin
    insert into cost_entries (location_id, sku_id, cause, document_id, quantity, value_milli_fen, at)
    values (new.location_id, new.sku_id, new.cause, new.document_id,
            -- Pieces of which nobody knew what they cost were not entered as they came.
            case when new.before_milli_fen is null then new.on_hand + new.quantity else 0 end,
            (new.after_milli_fen - coalesce(new.before_milli_fen, 0)) * (new.on_hand + new.quantity), new.at);
    return null;
end
$$;
create trigger enter_new_cost after insert on cost_steps for each row execute function enter_new_cost();

insert into cost_entries (location_id, sku_id, cause, quantity, value_milli_fen, at)
select c.location_id, c.sku_id, 'opening', s.on_hand, s.on_hand * c.milli_fen, now()
from stock_costs c join stock s on s.location_id = c.location_id and s.sku_id = c.sku_id;

-- Movements of a period: they are written in the order of time, so that this finds it for next to nothing.
create index movements_when on movements using brin (occurred_at);
