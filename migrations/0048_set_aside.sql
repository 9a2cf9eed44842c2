-- Pieces whose last day is over stay where they lie (K4): who sells takes good ones, so a sale is not reckoned off a
-- batch that is set aside. Only what says so takes those: a loss, a count, goods that go back to the supplier.

-- Its last day was over when somebody last looked (`stock::batches::keep_back`); what had been sold until then is
-- written off before. A server of the release before sets it nowhere, and so reckons as before.
alter table batch_pieces add column set_aside boolean not null default false;

-- What is left of each batch: the pieces that lie there are of those that are set aside, then of those that end last.
create or replace view batch_remains with (security_invoker = true) as
select p.location_id, p.sku_id, p.batch_id, b.code, b.expires_on, p.quantity,
       greatest(least(p.quantity, greatest(s.on_hand, 0) - p.later), 0)::bigint as remains,
       p.set_aside
from (
    select q.location_id, q.sku_id, q.batch_id, q.quantity, q.set_aside,
           coalesce(sum(q.quantity) over (partition by q.location_id, q.sku_id
                                          order by q.set_aside desc, e.expires_on desc, q.batch_id desc
                                          rows between unbounded preceding and 1 preceding), 0) as later
    from batch_pieces q join batches e on e.id = q.batch_id
) p
join batches b on b.id = p.batch_id
join stock s on s.location_id = p.location_id and s.sku_id = p.sku_id;
