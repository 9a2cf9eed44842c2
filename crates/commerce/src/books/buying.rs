//! What comes from suppliers: orders, what lies apart, costs, invoices and what is owed.

pub(super) const RULES: &[super::Rule] = &[
    (
        "what lies apart for suppliers is what came for them, less what they took and what was scrapped",
        "select (select count(*) from (
                     select l.after_sales_id, l.line, l.sku_id, l.supplier_pieces as quantity, a.received_store_id
                     from after_sales_lines l join after_sales a on a.id = l.after_sales_id where l.supplier_pieces > 0
                 ) l full join set_apart s using (after_sales_id, line)
                 left join (select after_sales_id, line, sum(quantity) as gone from set_apart_end_lines group by 1, 2) g
                     using (after_sales_id, line)
                 where l.quantity is distinct from s.quantity or l.sku_id is distinct from s.sku_id
                    or l.received_store_id is distinct from s.location_id
                    or s.remains::numeric is distinct from s.quantity - coalesce(g.gone, 0))
              + (select count(*) from set_apart_ends e left join set_apart_end_lines l on l.end_id = e.id
                 left join set_apart s using (after_sales_id, line) where s.location_id is distinct from e.location_id)",
    ),
    (
        "what was scrapped of what lay apart went from the supplier's to what is lost, and what suppliers took moves nothing",
        "select count(*) from (
             select e.id as document_id, e.location_id, s.sku_id, x.cause, sum(x.sign * l.quantity) as pieces
             from set_apart_ends e join set_apart_end_lines l on l.end_id = e.id join set_apart s using (after_sales_id, line)
             cross join (values ('supplier_return', 1), ('loss', -1)) x (cause, sign)
             where e.fate = 'scrap' group by 1, 2, 3, 4
         ) e full join (
             select document_id, location_id, sku_id, cause, sum(on_hand) as pieces from movements
             where document_id in (select id from set_apart_ends) group by 1, 2, 3, 4
         ) m using (document_id, location_id, sku_id, cause) where e.pieces is distinct from m.pieces",
    ),
    (
        "what a supplier credits is for goods that they took, and what its pieces come to where they were priced",
        "select count(*) from set_apart_ends e left join purchase_receipts r on r.handed_over_id = e.id
         left join (select end_id, sum(quantity * price_fen) as fen from set_apart_end_lines group by 1) l on l.end_id = e.id
         where (e.fate = 'scrap' and (r.id is not null or l.fen is not null)) or (l.fen > 0 and r.value_fen::numeric is distinct from l.fen)",
    ),
    (
        "what came of an order to a supplier and went back is what its receipts say, and has moved once",
        "select count(*) from (
             select r.id as document_id, u.location_id, l.sku_id, sum(case when r.returned then -l.quantity else l.quantity end) as pieces
             from purchase_receipts r join purchases u on u.id = r.purchase_id join purchase_receipt_lines l on l.receipt_id = r.id
             group by 1, 2, 3
         ) e full join (
             select m.document_id, m.location_id, m.sku_id, sum(m.on_hand) as pieces from movements m
             where m.cause in ('receive', 'supplier_return') and m.document_id in (select id from purchase_receipts) group by 1, 2, 3
         ) m using (document_id, location_id, sku_id) where e.pieces is distinct from m.pieces",
    ),
    (
        "an order to a supplier has received and given back what its receipts say",
        "select count(*) from purchase_lines l full join (
             select r.purchase_id, n.sku_id, coalesce(sum(n.quantity) filter (where not r.returned), 0) as received,
                    coalesce(sum(n.quantity) filter (where r.returned), 0) as returned
             from purchase_receipts r join purchase_receipt_lines n on n.receipt_id = r.id group by 1, 2
         ) c using (purchase_id, sku_id)
         where coalesce(l.received, 0) <> coalesce(c.received, 0) or coalesce(l.returned, 0) <> coalesce(c.returned, 0)",
    ),
    (
        "an order to a supplier is as far as its pieces and its last step say, and its total is the sum of its lines",
        "select count(*) from purchases u
         full join (select purchase_id, max(step) as step from purchase_steps group by 1) m on m.purchase_id = u.id
         left join purchase_steps t on t.purchase_id = m.purchase_id and t.step = m.step
         left join (select purchase_id, sum(quantity) as quantity, sum(received) as received, sum(quantity * price_fen) as fen
                    from purchase_lines group by 1) l on l.purchase_id = u.id
         where u.state is distinct from t.state or u.total_fen is distinct from l.fen
            or (u.state = 'received') <> (coalesce(l.received, 0) = coalesce(l.quantity, 1))
            or (u.state in ('draft', 'submitted', 'approved', 'rejected', 'cancelled') and coalesce(l.received, 0) > 0)",
    ),
    (
        "what a piece costs is what its last step says, and each step begins where the one before it ended",
        "select (select count(*) from stock_costs c full join (
                     select distinct on (location_id, sku_id) location_id, sku_id, after_milli_fen from cost_steps
                     order by location_id, sku_id, id desc
                 ) s using (location_id, sku_id) where c.milli_fen is distinct from s.after_milli_fen)
              + (select count(*) from (
                     select before_milli_fen, lag(after_milli_fen) over (partition by location_id, sku_id order by id) as ended
                     from cost_steps
                 ) b where before_milli_fen is distinct from ended)",
    ),
    (
        "what goods at a place are worth is the sum of what came and went at cost, and of what new costs made of it",
        "select count(*) from (
             select c.location_id, c.sku_id, s.on_hand * c.milli_fen as worth
             from stock_costs c join stock s on s.location_id = c.location_id and s.sku_id = c.sku_id
         ) w full join (
             select location_id, sku_id, sum(value_milli_fen) as value from cost_entries group by 1, 2
         ) e using (location_id, sku_id) where w.worth::numeric is distinct from e.value",
    ),
    (
        "what came or went at cost is what its movement says",
        "select count(*) from cost_entries e left join movements m on m.id = e.movement_id
         where e.movement_id is not null and (m.id is null or m.on_hand <> e.quantity or m.location_id <> e.location_id or m.sku_id <> e.sku_id)",
    ),
    (
        "per supplier, the ledger says what arrived, what is invoiced, what is owed and what was paid",
        "select count(*) from suppliers s
         left join lateral (
             select coalesce(sum(case when credit = 'accrued' then amount_fen when debit = 'accrued' then -amount_fen end), 0) as accrued,
                    coalesce(sum(case when credit = 'payable' then amount_fen when debit = 'payable' then -amount_fen end), 0) as payable,
                    coalesce(sum(case when debit = 'goods' then amount_fen when credit = 'goods' then -amount_fen end), 0) as goods,
                    coalesce(sum(case when credit = 'bank' then amount_fen when debit = 'bank' then -amount_fen end), 0) as bank
             from supplier_ledger g where g.supplier_id = s.id
         ) g on true
         left join lateral (
             select coalesce(sum(case when r.returned then -r.value_fen else r.value_fen end), 0) as received,
                    coalesce(sum(case when r.returned then -r.value_fen else r.value_fen end - coalesce(i.amount, 0)), 0) as waiting
             from (
                 select r.* from purchases u join purchase_receipts r on r.purchase_id = u.id where u.supplier_id = s.id
                 union all
                 select r.* from set_apart_ends e join purchase_receipts r on r.handed_over_id = e.id where e.supplier_id = s.id
             ) r left join lateral (
                 select sum(coalesce(x.amount_fen, case when r.returned then -r.value_fen else r.value_fen end)) as amount
                 from invoiced_receipts x where x.receipt_id = r.id
             ) i on true
         ) r on true
         left join lateral (
             select coalesce(sum(amount_fen - paid_fen) filter (where state <> 'taken_back'), 0) as owed,
                    coalesce(sum(paid_fen), 0) as paid
             from supplier_invoices i where i.supplier_id = s.id
         ) i on true
         where (g.accrued, g.payable, g.goods, g.bank) is distinct from (r.waiting, i.owed, r.received, i.paid)",
    ),
    (
        "what is paid of an invoice is the sum of its payments that count, never more than it comes to, and it is paid where nothing is left",
        "select count(*) from supplier_invoices i full join (
             select p.invoice_id, sum(p.amount_fen) as fen from supplier_payments p
             where not exists (select from supplier_payments_taken_back b where b.payment_id = p.id) group by 1
         ) p on p.invoice_id = i.id
         where abs(i.paid_fen)::numeric is distinct from coalesce(p.fen, 0) or abs(i.paid_fen) > abs(i.amount_fen)
            or sign(i.paid_fen) not in (0, sign(i.amount_fen)) or (i.state = 'taken_back' and i.paid_fen <> 0)
            or (i.amount_fen <> 0 and (i.state = 'paid') <> (i.paid_fen = i.amount_fen))",
    ),
    (
        "invoices together are for no more of a receipt than it comes to",
        "select count(*) from purchase_receipts r join (
             select receipt_id, sum(amount_fen) as fen, count(*) filter (where amount_fen is null) as whole, count(*) as many
             from invoiced_receipts group by 1
         ) x on x.receipt_id = r.id where abs(coalesce(x.fen, 0)) > r.value_fen or (x.whole > 0 and x.many > 1 and r.value_fen > 0)",
    ),
    (
        "an invoice is for the receipts of its supplier, and says what they come to",
        "select count(*) from supplier_invoices i left join lateral (
             select sum(coalesce(x.amount_fen, case when r.returned then -r.value_fen else r.value_fen end)) as fen, bool_and(coalesce(u.supplier_id, e.supplier_id) = i.supplier_id) as own
             from supplier_invoice_receipts x join purchase_receipts r on r.id = x.receipt_id
             left join purchases u on u.id = r.purchase_id left join set_apart_ends e on e.id = r.handed_over_id
             where x.invoice_id = i.id
         ) r on true where i.received_fen is distinct from r.fen or not coalesce(r.own, false)",
    ),
];
