//! A table that a formula makes, for people to look over before they send it.

use chrono::Duration;
use domain::{
    Fault, SkuId,
    purchasing::SOLD_DAYS,
    supply::{
        AllocateRow, AllocationProposal, FORMULA_ROWS_MOST, ProposeAllocation, ProposedRow, ProposedSku, StoreNeed,
        share_by, share_reason,
    },
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{allocate::left_at, must_supply};
use crate::{
    Scope,
    catalog::{NamedSku, named},
    database::OrFault,
    transfers::places,
};

/// Shares what a warehouse can give of variants out among the chain's open stores that have them on the shelf. Changes
/// nothing: what is right in it is sent as any table is.
///
/// What stores handed over in the last 28 days is the speed of sales; the threshold of alerts for too little is what is
/// to be left over.
///
/// Faults: `Forbidden`; `Invalid` beside `source` for a warehouse that is none, `skus`, `days` or `pieces`.
pub async fn propose(scope: &Scope, ask: &ProposeAllocation) -> Result<AllocationProposal, Fault> {
    must_supply(scope)?;
    ask.check()?;
    let mut tx = scope.begin_search().await?;
    let from = places(&mut tx, [ask.from_id]).await.ok().filter(|[from]| from.location.store().is_none());
    if from.is_none() {
        return Err(Fault::invalid("source", "没有这个仓库，请从列表中选择"));
    }
    let skus = chosen(&mut tx, ask).await?;
    let ids: Vec<SkuId> = skus.iter().map(|sku| sku.id).collect();
    let left = left_at(&mut tx, ask.from_id, &ids).await?;
    let mut proposal = AllocationProposal { skus: Vec::new(), rows: Vec::new() };
    let needs = needs(&mut tx, scope, ask, &ids).await?;
    for sku in skus {
        let here: Vec<&NeedRow> = needs.iter().filter(|row| row.sku == sku.id.0).collect();
        let there = left.get(&sku.id).copied().unwrap_or(0).max(0);
        let pieces = ask.pieces.map_or(there, |most| most.min(there));
        let of_stores: Vec<StoreNeed> = here.iter().map(|row| row.need).collect();
        let parts = share_by(ask.formula, pieces, ask.days, &of_stores);
        let given = parts.iter().sum();
        proposal.rows.extend(here.into_iter().zip(parts).map(|(row, quantity)| ProposedRow {
            row: AllocateRow { store: row.store.clone(), sku: sku.code.clone(), quantity },
            store_name: row.store_name.clone(),
            sku_name: sku.name.clone(),
            need: row.need,
            why: share_reason(ask.formula, ask.days, &row.need),
        }));
        proposal.skus.push(ProposedSku { code: sku.code, name: sku.name, left: there, given });
    }
    Ok(proposal)
}

/// The variants that were asked for, each once, in their order.
async fn chosen(tx: &mut PgConnection, ask: &ProposeAllocation) -> Result<Vec<NamedSku>, Fault> {
    let named = named(tx, ask.skus.iter().map(String::as_str)).await?;
    let mut chosen = Vec::<NamedSku>::new();
    for text in &ask.skus {
        let sku = named.find(text).map_err(|wrong| Fault::invalid("skus", format!("“{text}”：{wrong}")))?;
        if chosen.iter().all(|other| other.id != sku.id) {
            chosen.push(sku.clone());
        }
    }
    Ok(chosen)
}

/// What a store needs of a variant.
struct NeedRow {
    store: String,
    store_name: String,
    sku: Uuid,
    need: StoreNeed,
}

async fn needs(
    tx: &mut PgConnection,
    scope: &Scope,
    ask: &ProposeAllocation,
    skus: &[SkuId],
) -> Result<Vec<NeedRow>, Fault> {
    let skus: Vec<Uuid> = skus.iter().map(|sku| sku.0).collect();
    let rows = sqlx::query!(
        r#"with recursive below as (
               select $4 as code union all select r.code from below b join regions r on r.parent_code = b.code
           )
           select s.code, s.name, l.sku_id,
                  coalesce(t.on_hand - t.held - t.allocated - t.expired, 0) as "available!",
                  -- What left and came back was not sold.
                  (select greatest(coalesce(-sum(m.on_hand), 0), 0) from movements m
                   where m.location_id = s.id and m.sku_id = l.sku_id and m.cause in ('issue', 'bring_back', 'counter_sale', 'counter_return')
                     and m.occurred_at > $5)::bigint as "sold!",
                  (select coalesce(sum(case f.state when 'approved' then c.approved else c.on_the_way end), 0)
                   from stock_transfers f join stock_transfer_lines c on c.transfer_id = f.id
                   where f.to_id = s.id and c.sku_id = l.sku_id and f.state in ('approved', 'shipped'))::bigint as "coming!",
                  coalesce(threshold_at('low', s.id, l.sku_id), 0) as "safety!"
           from stores s join listings l on l.store_id = s.id and l.on_shelf
           left join stock t on t.location_id = s.id and t.sku_id = l.sku_id
           where l.sku_id = any($1) and s.state <> 'closed' and s.merchant_id is null
             and ($2::text is null or s.ownership = $2)
             and ($3 or s.region_code in (select code from below))
           order by s.name, s.id limit $6"#,
        &skus,
        ask.ownership.map(|kind| kind.code()),
        ask.region.is_none(),
        ask.region.as_deref(),
        scope.now - Duration::days(SOLD_DAYS),
        FORMULA_ROWS_MOST as i64 + 1,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    if rows.len() > FORMULA_ROWS_MOST {
        let message = format!("一次最多 {FORMULA_ROWS_MOST} 行（门店 × 商品）；请少选商品，或按区域、经营方式分批");
        return Err(Fault::invalid("skus", message));
    }
    let row = rows.into_iter().map(|row| NeedRow {
        store: row.code,
        store_name: row.name,
        sku: row.sku_id,
        need: StoreNeed { sold: row.sold, available: row.available, coming: row.coming, safety: row.safety },
    });
    Ok(row.collect())
}
