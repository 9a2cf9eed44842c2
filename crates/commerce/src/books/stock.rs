//! What places have: balances, holds, counts, losses and sales at the counter.

pub(super) const RULES: &[super::Rule] = &[
    (
        "a balance is the sum of its movements",
        "select count(*) from stock s full join (
             select location_id, sku_id, sum(on_hand) as on_hand, sum(held) as held, sum(allocated) as allocated
             from movements group by location_id, sku_id
         ) m using (location_id, sku_id)
         where coalesce(s.on_hand, 0) <> coalesce(m.on_hand, 0) or coalesce(s.held, 0) <> coalesce(m.held, 0)
            or coalesce(s.allocated, 0) <> coalesce(m.allocated, 0)",
    ),
    (
        "held is the sum of open holds, allocated of paid and not yet issued ones",
        "select count(*) from stock s full join (
             select location_id, sku_id, coalesce(sum(quantity) filter (where state = 'held'), 0) as held,
                    coalesce(sum(quantity) filter (where state = 'allocated'), 0) as allocated
             from (select location_id, sku_id, quantity, state from holds where state in ('held', 'allocated')
                   union all select location_id, sku_id, quantity, state from early_holds where state = 'held') o
             group by location_id, sku_id
         ) h using (location_id, sku_id)
         where coalesce(s.held, 0) <> coalesce(h.held, 0) or coalesce(s.allocated, 0) <> coalesce(h.allocated, 0)",
    ),
    (
        "what is promised and not there has an open case",
        "select count(*) from stock s where (s.short > 0 or s.on_hand < 0) and not exists (
             select from shortages c where c.location_id = s.location_id and c.sku_id = s.sku_id and c.solved_at is null)",
    ),
    (
        "a store's balance keeps pieces back as was said of its variant",
        "select count(*) from stock s join stores t on t.id = s.location_id
         left join lateral (
             select model, kept_back from stock_models m
             where m.sku_id = s.sku_id and (m.store_id is null or m.store_id = s.location_id)
             order by m.store_id nulls last limit 1
         ) r on true
         where s.separate <> coalesce(r.model = 'separate', false)
            or (not s.separate and s.kept_back <> coalesce(r.kept_back, 0) + s.expired)",
    ),
    (
        "what is known of a batch at a place is the sum of its moves",
        "select count(*) from batch_pieces p full join (
             select location_id, sku_id, batch_id, sum(quantity) as quantity from batch_moves group by 1, 2, 3
         ) m using (location_id, sku_id, batch_id)
         where coalesce(p.quantity, 0) <> coalesce(m.quantity, 0)",
    ),
    (
        "no hold is older than its time plus one sweep",
        "select count(*) from (select state, expires_at from holds union all select state, expires_at from early_holds) h
         where state = 'held' and expires_at < now() - interval '2 minutes'",
    ),
    (
        "an early hold has moved what it says",
        "select count(*) from early_holds h
         full join (select early_hold_id, sum(held) as held, count(*) as moves from movements
                    where early_hold_id is not null group by early_hold_id) m on m.early_hold_id = h.id
         where m.held is distinct from (case h.state when 'held' then h.quantity else 0 end)::numeric
            or m.moves is distinct from (case h.state when 'held' then 1 else 2 end)",
    ),
    (
        "an approved count has moved exactly its differences",
        "select count(*) from (
             select l.count_id, l.location_id, l.sku_id, l.counted - l.book as difference
             from count_lines l join counts c on c.id = l.count_id where c.state = 'approved' and l.counted <> l.book
         ) d full join (
             select document_id as count_id, location_id, sku_id, sum(on_hand) as moved, count(*) as moves
             from movements where cause = 'count' group by 1, 2, 3
         ) m using (count_id, location_id, sku_id)
         where d.difference::numeric is distinct from m.moved or m.moves <> 1",
    ),
    (
        "goods are taken by a count until it is over, and by no other",
        "select count(*) from count_lines l join counts c on c.id = l.count_id
         where l.active <> (c.state in ('open', 'submitted')) or l.location_id <> c.location_id",
    ),
    (
        "a loss that was agreed to has moved what it says",
        "select count(*) from (select id as loss_id, location_id, sku_id, quantity from losses where state = 'approved') l
         full join (
             select document_id as loss_id, location_id, sku_id, sum(on_hand) as moved, count(*) as moves
             -- What was spoilt when it came back is the return's, which has a rule of its own.
             from movements m where cause = 'loss' and not exists (select from after_sales a where a.id = document_id)
               and not exists (select from parcel_returns r where r.parcel_id = document_id)
               and not exists (select from unsent_ends u where u.id = document_id)
               and not exists (select from parcel_goods g where g.document_id = m.document_id)
               and not exists (select from set_apart_ends e where e.id = document_id)
             group by 1, 2, 3
         ) m using (loss_id, location_id, sku_id)
         where m.moved is distinct from -l.quantity::numeric or m.moves <> 1",
    ),
    (
        "what was sold at the counter, and what of it came back, has moved once",
        "select count(*) from (
             select s.id as document_id, s.store_id as location_id, l.sku_id, 'counter_sale' as cause, -l.quantity as pieces
             from counter_sales s full join counter_sale_lines l on l.sale_id = s.id
             union all
             select r.id, s.store_id, l.sku_id, 'counter_return', l.quantity
             from counter_returns r join counter_sales s on s.id = r.sale_id full join counter_return_lines l on l.return_id = r.id
         ) e full join (
             select document_id, location_id, sku_id, cause, sum(on_hand) as moved, count(*) as moves
             from movements where cause in ('counter_sale', 'counter_return') group by 1, 2, 3, 4
         ) m using (document_id, location_id, sku_id, cause)
         where m.moved is distinct from e.pieces::numeric or m.moves <> 1",
    ),
    (
        "no more of a sale at the counter comes back than was sold, and its total is the sum of its lines",
        "select (select count(*) from (
                     select r.sale_id, b.sku_id, sum(b.quantity) as pieces
                     from counter_returns r join counter_return_lines b on b.return_id = r.id group by 1, 2
                 ) b left join counter_sale_lines l using (sale_id, sku_id) where l.quantity is null or b.pieces > l.quantity)
              + (select count(*) from counter_sales s left join (
                     select sale_id, sum(quantity * price_fen) as fen from counter_sale_lines group by 1
                 ) l on l.sale_id = s.id where s.total_fen::numeric is distinct from l.fen)",
    ),
];
