//! What goods cost at each place (K5): the moving average of what was paid, and how it became that. Only those who see
//! [`Column::Cost`] are told.

use domain::{
    Fault, Fen, LocationId, SkuId, StoreId,
    purchasing::{CostEntry, CostStep, ListCosts, MilliFen, PlaceMargin, average, margin_bp, value},
    staff::{Column, Permission},
    stock_lists::Period,
    text,
    transfers::Location,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    database::OrFault,
    stock::{Cause, Document},
    transfers::{location, places},
};

/// Pieces that came, and what each of them cost.
pub(crate) struct Arrival {
    pub sku: Uuid,
    pub quantity: i64,
    pub price: MilliFen,
}

/// Weighs pieces that were just booked in into what goods cost there, each variant once. It comes in the transaction of
/// the booking and after it, so the balance is locked and says how many there were before.
pub(crate) async fn weigh(
    tx: &mut PgConnection,
    scope: &Scope,
    place: Uuid,
    document: Document,
    arrived: &[Arrival],
) -> Result<(), Fault> {
    if arrived.is_empty() {
        return Ok(());
    }
    let skus: Vec<Uuid> = arrived.iter().map(|one| one.sku).collect();
    let quantities: Vec<i64> = arrived.iter().map(|one| one.quantity).collect();
    let prices: Vec<i64> = arrived.iter().map(|one| one.price.0).collect();
    let rows = sqlx::query!(
        r#"select a.sku_id as "sku_id!", a.quantity as "quantity!", a.price as "price!", s.on_hand - a.quantity as "on_hand!",
                  c.milli_fen as "before?"
           from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as a (sku_id, quantity, price)
           join stock s on s.location_id = $1 and s.sku_id = a.sku_id
           left join stock_costs c on c.location_id = $1 and c.sku_id = a.sku_id
           order by a.sku_id"#,
        place,
        &skus,
        &quantities,
        &prices,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    for row in rows {
        let after = average(row.before.map(MilliFen), row.on_hand, MilliFen(row.price), row.quantity);
        sqlx::query!(
            "with kept as (
                 insert into stock_costs (location_id, sku_id, milli_fen) values ($1, $2, $9)
                 on conflict (location_id, sku_id) do update set milli_fen = excluded.milli_fen
             )
             insert into cost_steps (location_id, sku_id, cause, document_id, on_hand, before_milli_fen, quantity,
                                     price_milli_fen, after_milli_fen, at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            place,
            row.sku_id,
            document.cause.code(),
            document.id,
            row.on_hand,
            row.before,
            row.quantity,
            row.price,
            after.0,
            scope.now,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    Ok(())
}

/// Whether whoever asks sees what goods cost at a place. A warehouse is seen by those who see every place, and by a key that
/// names it.
pub(crate) fn seen_at(scope: &Scope, place: &Location) -> bool {
    scope.sight(Column::Cost).is_whole(StoreId(place.id.0))
}

/// What goods cost at the places where whoever asks sees that, and how many entries there are, and what all of them are
/// worth.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn list(scope: &Scope, ask: &ListCosts) -> Result<(Vec<CostEntry>, i64, Fen), Fault> {
    let reach = scope.reach_filter(Permission::SeeCosts)?;
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select p.id as "id!", p.kind as "kind!", p.code as "place_code!", p.name as "place_name!", c.sku_id,
                  concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!", k.code,
                  s.on_hand, c.milli_fen, coalesce(l.price_fen, k.price_fen) as "price_fen!",
                  count(*) over () as "total!",
                  (coalesce(sum(c.milli_fen::numeric * greatest(s.on_hand, 0)) over (), 0) / 1000)::bigint as "worth!"
           from stock_costs c join stock s on s.location_id = c.location_id and s.sku_id = c.sku_id
           join stock_places p on p.id = c.location_id
           join skus k on k.id = c.sku_id join products d on d.id = k.product_id
           left join listings l on l.store_id = c.location_id and l.sku_id = c.sku_id
           where ($1::uuid[] is null or c.location_id = any($1)) and ($2::uuid is null or c.location_id = $2)
             and ($3 = '' or strpos(lower(d.name || ' ' || d.pinyin || ' ' || d.initials), $3) > 0
                  or lower(k.code) = $3 or k.barcode = $3)
           order by p.kind desc, p.name, p.id, d.sort, d.name, k.sort, k.code limit $4 offset $5"#,
        reach.as_deref(),
        ask.location.map(|id| id.0),
        ask.words.trim().to_lowercase(),
        ask.most.clamp(1, 10_000),
        ask.skip.max(0),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let (total, worth) = rows.first().map_or((0, 0), |row| (row.total, row.worth));
    let entry = rows.into_iter().map(|row| {
        let (cost, price) = (MilliFen(row.milli_fen), Fen(row.price_fen));
        CostEntry {
            location: location(row.id, &row.kind, row.place_code, row.place_name),
            sku_id: SkuId(row.sku_id),
            name: row.name,
            code: row.code,
            on_hand: row.on_hand,
            cost_milli_fen: cost,
            value_fen: value(cost, row.on_hand.max(0)),
            price_fen: price,
            margin_bp: margin_bp(MilliFen::of(price), cost),
        }
    });
    Ok((entry.collect(), total, Fen(worth)))
}

/// How many steps a page shows; older ones stay in the table.
const STEPS_MOST: i64 = 200;

/// How the cost of a variant at a place became what it is, newest first.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound` for a place where whoever asks sees no costs.
pub async fn history(scope: &Scope, place: LocationId, sku: SkuId) -> Result<Vec<CostStep>, Fault> {
    scope.reach(Permission::SeeCosts)?;
    let mut tx = scope.begin().await?;
    let [of] = places(&mut tx, [place]).await?;
    if !seen_at(scope, &of.location) {
        return Err(Fault::NotFound("这处门店或仓库"));
    }
    let rows = sqlx::query!(
        "select at, cause, document_id, on_hand, before_milli_fen, quantity, price_milli_fen, after_milli_fen
         from cost_steps where location_id = $1 and sku_id = $2 order by id desc limit $3",
        place.0,
        sku.0,
        STEPS_MOST,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let step = rows.into_iter().map(|row| CostStep {
        at: row.at,
        cause: Cause::label_of(&row.cause).to_owned(),
        document_id: row.document_id,
        on_hand: row.on_hand,
        before_milli_fen: row.before_milli_fen.map(MilliFen),
        quantity: row.quantity,
        price_milli_fen: MilliFen(row.price_milli_fen),
        after_milli_fen: MilliFen(row.after_milli_fen),
    });
    Ok(step.collect())
}

/// What was sold in a period, what it had cost and what is left, at each place where whoever asks sees costs; those of
/// which there is nothing to say are left out. Goods count with their handing over, money with it: what is on its way
/// has cost and no sales yet. What a transfer lost is the sender's loss. What was sold at the counter counts at the store's prices, since its money is the till's.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn margins(scope: &Scope, period: Period) -> Result<Vec<PlaceMargin>, Fault> {
    let reach = scope.reach_filter(Permission::SeeCosts)?;
    let moments = period.moments(text::zone(""));
    let (from, to) = moments.ok_or_else(|| Fault::Internal("a day without a beginning".into()))?;
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"with sold as (
               select o.store_id as location_id,
                      sum(case t.cause when 'fulfil' then t.amount_fen - o.freight_fen else -t.amount_fen end) as sales_fen
               from transfers t join orders o on o.id = t.order_id
               where t.cause in ('fulfil', 'return') and t.occurred_at >= $2 and t.occurred_at < $3
                 and ($1::uuid[] is null or o.store_id = any($1)) group by 1
           ), counter as (
               -- At the store's prices: what the till took is in no ledger.
               select location_id, sum(fen) as fen from (
                   select s.store_id as location_id, l.quantity * l.price_fen as fen
                   from counter_sales s join counter_sale_lines l on l.sale_id = s.id
                   where s.booked_at >= $2 and s.booked_at < $3 and ($1::uuid[] is null or s.store_id = any($1))
                   union all
                   select s.store_id, -b.quantity * l.price_fen
                   from counter_returns r join counter_sales s on s.id = r.sale_id
                   join counter_return_lines b on b.return_id = r.id
                   join counter_sale_lines l on l.sale_id = s.id and l.sku_id = b.sku_id
                   where r.at >= $2 and r.at < $3 and ($1::uuid[] is null or s.store_id = any($1))
               ) c group by 1
           ), moved as (
               select location_id, -sum(on_hand) as pieces from movements
               where cause in ('issue', 'bring_back', 'return', 'counter_sale', 'counter_return') and on_hand <> 0 and occurred_at >= $2 and occurred_at < $3
                 and ($1::uuid[] is null or location_id = any($1)) group by 1
           ), booked as (
               select location_id,
                      -sum(value_milli_fen) filter (where cause in ('issue', 'bring_back', 'return', 'counter_sale', 'counter_return')) as cost,
                      -sum(quantity) filter (where cause in ('issue', 'bring_back', 'return', 'counter_sale', 'counter_return')) as known,
                      -sum(value_milli_fen) filter (where cause = 'loss') as losses,
                      sum(value_milli_fen) filter (where cause = 'count') as counts,
                      sum(value_milli_fen) filter (where cause in ('receive', 'supplier_return')) as bought
               from cost_entries where at >= $2 and at < $3 and ($1::uuid[] is null or location_id = any($1)) group by 1
           ), gone as (
               select t.from_id as location_id, sum(n.value_milli_fen) as value
               from stock_transfer_losses n join stock_transfers t on t.id = n.transfer_id
               where n.at >= $2 and n.at < $3 and ($1::uuid[] is null or t.from_id = any($1)) group by 1
           ), worth as (
               select c.location_id, sum(greatest(s.on_hand, 0) * c.milli_fen) as stock
               from stock_costs c join stock s on s.location_id = c.location_id and s.sku_id = c.sku_id
               where $1::uuid[] is null or c.location_id = any($1) group by 1
           )
           select p.id as "id!", p.kind as "kind!", p.code as "code!", p.name as "name!",
                  (coalesce(s.sales_fen, 0) + coalesce(n.fen, 0))::bigint as "sales_fen!", coalesce(n.fen, 0)::bigint as "counter_fen!", coalesce(m.pieces, 0)::bigint as "pieces!",
                  coalesce(b.cost, 0)::bigint as "cost!", coalesce(b.known, 0)::bigint as "known!",
                  (coalesce(b.losses, 0) + coalesce(g.value, 0))::bigint as "losses!", coalesce(b.counts, 0)::bigint as "counts!",
                  coalesce(b.bought, 0)::bigint as "bought!", coalesce(w.stock, 0)::bigint as "stock!"
           from stock_places p left join sold s on s.location_id = p.id left join moved m on m.location_id = p.id
           left join booked b on b.location_id = p.id left join worth w on w.location_id = p.id
           left join counter n on n.location_id = p.id left join gone g on g.location_id = p.id
           where coalesce(s.location_id, m.location_id, b.location_id, w.location_id, n.location_id, g.location_id) is not null
           order by p.kind, p.name, p.id"#,
        reach.as_deref(),
        from,
        to,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let fen = |milli_fen: i64| MilliFen(milli_fen).fen();
    let margin = rows.into_iter().map(|row| PlaceMargin {
        location: location(row.id, &row.kind, row.code, row.name),
        sales_fen: Fen(row.sales_fen),
        counter_fen: Fen(row.counter_fen),
        cost_fen: fen(row.cost),
        pieces: row.pieces,
        unknown: row.pieces - row.known,
        losses_fen: fen(row.losses),
        counts_fen: fen(row.counts),
        bought_fen: fen(row.bought),
        stock_fen: fen(row.stock),
    });
    Ok(margin.collect())
}
