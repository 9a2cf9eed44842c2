-- Batches and their last day (K4). First expired, first out: what is handed over is of the batch that ends first, so
-- what is left of each follows from how many pieces lie there, and no sale has to write it down.

create table batches (
    id uuid primary key,
    sku_id uuid not null references skus,
    code text not null check (char_length(code) between 1 and 40),
    -- The last day on which it may be sold.
    expires_on date not null,
    constraint batches_code unique (sku_id, code)
);

-- How many pieces of a batch came to a place, less those that are known to have left it. What is sold is written
-- off only when pieces come again (`stock::batches::settle`); until then see `batch_remains`.
create table batch_pieces (
    location_id uuid not null,
    sku_id uuid not null,
    batch_id uuid not null references batches,
    quantity bigint not null check (quantity >= 0),
    primary key (location_id, sku_id, batch_id),
    foreign key (location_id, sku_id) references stock (location_id, sku_id)
);

-- Append-only: why that is so.
create table batch_moves (
    id bigint generated always as identity primary key,
    location_id uuid not null,
    sku_id uuid not null,
    batch_id uuid not null references batches,
    quantity bigint not null,
    -- register: somebody said so; sold: handed over, or lost; out and in: with a transfer.
    cause text not null check (cause in ('register', 'sold', 'out', 'in')),
    document_id uuid,
    at timestamptz not null
);
create index batch_moves_of_document on batch_moves (document_id) where document_id is not null;
create index batch_moves_of_place on batch_moves (location_id, sku_id);
revoke update, delete on batch_moves from mendian_app, mendian_house;

-- What is left of each batch: the pieces that lie there are of those that end last.
create view batch_remains with (security_invoker = true) as
select p.location_id, p.sku_id, p.batch_id, b.code, b.expires_on, p.quantity,
       greatest(least(p.quantity, greatest(s.on_hand, 0) - p.later), 0)::bigint as remains
from (
    select q.location_id, q.sku_id, q.batch_id, q.quantity,
           coalesce(sum(q.quantity) over (partition by q.location_id, q.sku_id order by e.expires_on desc, q.batch_id desc
                                          rows between unbounded preceding and 1 preceding), 0) as later
    from batch_pieces q join batches e on e.id = q.batch_id
) p
join batches b on b.id = p.batch_id
join stock s on s.location_id = p.location_id and s.sku_id = p.sku_id;
grant select on batch_remains to mendian_app, mendian_house;

-- Pieces whose last day is over: a part of those that the shop does not promise.
alter table stock add column expired bigint not null default 0 constraint stock_expired_not_negative check (expired >= 0);

-- What ends soon is told like the rest.
alter table alert_rules drop constraint alert_rules_kind_check,
    add constraint alert_rules_kind_check check (kind in ('low', 'high', 'slow', 'expiring'));
insert into alert_rules (id, kind, threshold, set_at) values (gen_random_uuid(), 'expiring', 30, now());
