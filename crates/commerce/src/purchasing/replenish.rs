//! What a store or warehouse is to order from suppliers, and why.

use std::collections::BTreeMap;

use chrono::Duration;
use domain::{
    Fault, Fen, LocationId, PurchaseId, SkuId, SupplierId,
    purchasing::{DraftPurchase, Need, OrderProposed, Proposal, PurchaseLineAsked, SOLD_DAYS, propose},
    transfers::{LINES_MOST, LocationKind},
};

use super::{draft, must_buy, today};
use crate::{Scope, costs, database::OrFault, transfers::places};

/// What a place is to order: of what it sells or keeps, and what some supplier has a price for, all that does not last
/// over the delivery and 14 days. Who asks the least delivers.
///
/// What a store handed over, and what a warehouse sent out, in the last 28 days is the speed of sales; the threshold of
/// alerts for too little is what is to be left over; drafts count as ordered, what is agreed to come as on its way, and
/// what is over or agreed to leave as gone.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound`.
pub async fn proposals(scope: &Scope, place: LocationId) -> Result<Vec<Proposal>, Fault> {
    must_buy(scope)?;
    let mut tx = scope.begin_search().await?;
    let [of] = places(&mut tx, [place]).await?;
    let goes_by = if of.location.kind == LocationKind::Warehouse { "transfer_out" } else { "issue" };
    let rows = sqlx::query!(
        r#"with listed as (
               select distinct on (supplier_id, sku_id) supplier_id, sku_id, price_fen, pack, minimum from supplier_prices
               where valid_from <= $2 order by supplier_id, sku_id, valid_from desc
           ), offered as (
               select distinct on (p.sku_id) p.sku_id, p.supplier_id, s.name as supplier, p.price_fen, p.pack, p.minimum, s.lead_days
               from listed p join suppliers s on s.id = p.supplier_id where not s.closed
               order by p.sku_id, p.price_fen, s.lead_days, s.code
           ), sold as (
               -- What left and came back, from a shopper or from the way to a store, has not gone.
               select m.sku_id, greatest(-sum(m.on_hand), 0) as pieces from movements m
               where m.location_id = $1 and m.occurred_at > $3
                 and (m.cause = $4 or $4 = 'issue' and m.cause in ('bring_back', 'counter_sale', 'counter_return')
                      or $4 = 'transfer_out' and m.cause = 'transfer_in'
                         and exists (select from stock_transfers t where t.id = m.document_id and t.from_id = $1))
               group by m.sku_id
           ), ordered as (
               select l.sku_id, sum(l.quantity - l.received) as pieces
               from purchases u join purchase_lines l on l.purchase_id = u.id
               where u.location_id = $1 and u.state in ('draft', 'submitted', 'approved', 'part_received') and l.received < l.quantity
               group by l.sku_id
           ), coming as (
               select l.sku_id, sum(case t.state when 'approved' then l.approved else l.on_the_way end) as pieces
               from stock_transfers t join stock_transfer_lines l on l.transfer_id = t.id
               where t.to_id = $1 and t.state in ('approved', 'shipped') group by l.sku_id
           ), leaving as (
               select l.sku_id, sum(l.approved) as pieces
               from stock_transfers t join stock_transfer_lines l on l.transfer_id = t.id
               where t.from_id = $1 and t.state = 'approved' group by l.sku_id
           )
           select o.sku_id as "sku_id!", concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!", k.code,
                  o.supplier_id as "supplier_id!", o.supplier as "supplier!", o.price_fen as "price_fen!", o.pack as "pack!",
                  o.minimum as "minimum!", o.lead_days as "lead_days!",
                  (coalesce(t.on_hand - t.held - t.allocated - t.expired, 0) - coalesce(g.pieces, 0))::bigint as "available!",
                  coalesce(v.pieces, 0)::bigint as "sold!",
                  coalesce(e.pieces, 0)::bigint as "on_order!", coalesce(c.pieces, 0)::bigint as "in_transit!",
                  coalesce(threshold_at('low', $1, o.sku_id), 0) as "safety!"
           from offered o join skus k on k.id = o.sku_id join products d on d.id = k.product_id
           left join stock t on t.location_id = $1 and t.sku_id = o.sku_id
           left join listings i on i.store_id = $1 and i.sku_id = o.sku_id
           left join sold v on v.sku_id = o.sku_id left join ordered e on e.sku_id = o.sku_id left join coming c on c.sku_id = o.sku_id
           left join leaving g on g.sku_id = o.sku_id
           -- What is no longer sold may run out.
           where coalesce(i.on_shelf, i.sku_id is null and t.sku_id is not null)
           order by o.supplier, d.sort, d.name, k.sort, k.code"#,
        place.0,
        today(scope),
        scope.now - Duration::days(SOLD_DAYS),
        goes_by,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let whole = costs::seen_at(scope, &of.location);
    let proposal = rows.into_iter().map(|row| {
        let need = Need {
            sold: row.sold,
            available: row.available,
            on_order: row.on_order,
            in_transit: row.in_transit,
            safety: row.safety,
            lead_days: i64::from(row.lead_days),
            pack: row.pack,
            minimum: row.minimum,
        };
        Proposal {
            location: of.location.clone(),
            sku_id: SkuId(row.sku_id),
            name: row.name,
            code: row.code,
            supplier_id: SupplierId(row.supplier_id),
            supplier: row.supplier,
            price_fen: whole.then_some(Fen(row.price_fen)),
            quantity: propose(&need),
            why: need.to_string(),
            need,
        }
    });
    Ok(proposal.filter(|proposal| proposal.quantity > 0).collect())
}

/// Makes drafts of what is to be ordered, one for each supplier and place, or several where it is more than one has room
/// for, all or none; answers which. The same request
/// again is answered the same and makes none.
///
/// Faults: `Forbidden`; `Invalid` beside `lines` or `pieces.{sku}`; `NotFound`; `Conflict` (`not_now`, `supplier_closed`,
/// `location_closed`).
pub async fn order_proposed(scope: &Scope, command: OrderProposed) -> Result<Vec<PurchaseId>, Fault> {
    must_buy(scope)?;
    command.check()?;
    let mut drafts = BTreeMap::<PurchaseId, DraftPurchase>::new();
    let mut lines_of = BTreeMap::<(SupplierId, LocationId), usize>::new();
    for line in &command.lines {
        let lines = lines_of.entry((line.supplier_id, line.location_id)).or_default();
        let id = command.draft_id(line.supplier_id, line.location_id, *lines / LINES_MOST);
        *lines += 1;
        let draft = drafts.entry(id).or_insert_with(|| DraftPurchase {
            supplier_id: line.supplier_id,
            location_id: line.location_id,
            lines: Vec::new(),
            expected_on: None,
            note: "按补货建议".into(),
        });
        draft.lines.push(PurchaseLineAsked { sku_id: line.sku_id, quantity: line.quantity, price_fen: None });
    }
    let mut tx = scope.begin().await?;
    // In the order of their ids, as all documents are locked.
    for (id, draft) in &drafts {
        draft.check()?;
        draft::write(&mut tx, scope, *id, draft).await?;
    }
    tx.commit().await.or_fault()?;
    Ok(drafts.into_keys().collect())
}
