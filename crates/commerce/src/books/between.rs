//! Transfers, and what receipts of goods say.

pub(super) const RULES: &[super::Rule] = &[
    (
        "what was shipped has arrived, is accounted for, or is on the way, as far as its transfer has come",
        "select count(*) from stock_transfer_lines l full join stock_transfers t on t.id = l.transfer_id
         where t.id is null or l.transfer_id is null
            or (l.shipped is not null) <> (t.state in ('shipped', 'received')) or (l.received is not null) <> (t.state = 'received')
            or (t.state <> 'received' and l.lost + l.returned > 0)
            or coalesce(l.shipped, 0) <> coalesce(l.received, 0) + l.lost + l.returned + l.on_the_way",
    ),
    (
        "what transfers have lost is entered as lost",
        "select count(*) from stock_transfer_lines l left join (
             select transfer_id, sku_id, sum(quantity) as quantity from stock_transfer_losses group by 1, 2
         ) n on n.transfer_id = l.transfer_id and n.sku_id = l.sku_id where l.lost <> coalesce(n.quantity, 0)",
    ),
    (
        "a transfer has moved exactly what it says",
        "select count(*) from (
             select place, sku_id, transfer_id from (
                 select t.from_id as place, l.sku_id, t.id as transfer_id, l.returned - coalesce(l.shipped, 0) as pieces
                 from stock_transfers t join stock_transfer_lines l on l.transfer_id = t.id
                 union all
                 select t.to_id, l.sku_id, t.id, coalesce(l.received, 0)
                 from stock_transfers t join stock_transfer_lines l on l.transfer_id = t.id
                 union all
                 select location_id, sku_id, document_id, -on_hand from movements where cause in ('transfer_out', 'transfer_in')
             ) m group by place, sku_id, transfer_id having sum(pieces) <> 0
         ) d",
    ),
    (
        "what a receipt of goods says has come in once",
        "select count(*) from (
             select r.location_id, r.id, l.sku_id, sum(l.quantity) as quantity
             from goods_receipts r join goods_receipt_lines l on l.receipt_id = r.id group by 1, 2, 3
         ) g left join lateral (
             select sum(m.on_hand) as quantity from movements m
             where m.location_id = g.location_id and m.sku_id = g.sku_id and m.document_id = g.id and m.cause = 'receive'
         ) m on true where g.quantity is distinct from m.quantity",
    ),
    (
        "the last step of a transfer says its state",
        "select count(*) from stock_transfers t
         full join (select transfer_id, max(step) as step from stock_transfer_steps group by transfer_id) l on l.transfer_id = t.id
         left join stock_transfer_steps s on s.transfer_id = l.transfer_id and s.step = l.step
         where t.state is distinct from s.state",
    ),
];
