//! What lies where, and how pieces came and went, for those who look after it. What it cost is told to those alone who
//! see costs there.

use domain::{
    Fault, SkuId,
    page::Page,
    purchasing::{MilliFen, value},
    stock_lists::{BalanceEntry, ListBalances, ListMovements, MovementEntry, Period},
    text,
};

use super::Cause;
use crate::{Scope, costs::seen_at, database::OrFault, stockroom::Sight, transfers::location};

/// The most balances or movements that are read at once: those of a file.
const FILE_MOST: usize = 100_000;

/// What places within reach have, place by place, and how many entries there are.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn balances(scope: &Scope, ask: &ListBalances) -> Result<(Vec<BalanceEntry>, i64), Fault> {
    let sight = Sight::of(scope)?;
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select p.id as "id!", p.kind as "kind!", p.code as "place_code!", p.name as "place_name!", s.sku_id,
                  concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!", k.code,
                  s.on_hand, s.held, s.allocated, s.kept_back, s.short, c.milli_fen as "milli_fen?",
                  (select coalesce(sum(l.on_the_way), 0)::bigint from stock_transfer_lines l
                   join stock_transfers t on t.id = l.transfer_id
                   where l.sku_id = s.sku_id and l.on_the_way > 0 and t.to_id = s.location_id and t.state = 'shipped') as "in_transit!",
                  count(*) over () as "total!"
           from stock s join stock_places p on p.id = s.location_id
           join skus k on k.id = s.sku_id join products d on d.id = k.product_id
           left join stock_costs c on c.location_id = s.location_id and c.sku_id = s.sku_id
           where ($1::uuid[] is null or s.location_id = any($1)) and ($2::uuid is null or s.location_id = $2)
             and (s.on_hand <> 0 or s.short > 0)
             and ($3 = '' or strpos(lower(d.name || ' ' || d.pinyin || ' ' || d.initials), $3) > 0
                  or lower(k.code) = $3 or k.barcode = $3)
           order by p.kind desc, p.name, p.id, d.sort, d.name, k.sort, k.code limit $4 offset $5"#,
        sight.seen.as_deref(),
        ask.location.map(|id| id.0),
        ask.words.trim().to_lowercase(),
        ask.most.clamp(1, FILE_MOST as i64),
        ask.skip.max(0),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let total = rows.first().map_or(0, |row| row.total);
    let entry = rows.into_iter().map(|row| {
        let place = location(row.id, &row.kind, row.place_code, row.place_name);
        let cost = row.milli_fen.filter(|_| seen_at(scope, &place)).map(MilliFen);
        BalanceEntry {
            location: place,
            sku_id: SkuId(row.sku_id),
            name: row.name,
            code: row.code,
            on_hand: row.on_hand,
            held: row.held,
            allocated: row.allocated,
            kept_back: row.kept_back,
            short: row.short,
            in_transit: row.in_transit,
            cost_milli_fen: cost,
            value_fen: cost.map(|cost| value(cost, row.on_hand)),
        }
    });
    Ok((entry.collect(), total))
}

/// How pieces came and went at places within reach in a period, the latest first.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn movements(scope: &Scope, ask: &ListMovements) -> Result<Page<MovementEntry>, Fault> {
    let sight = Sight::of(scope)?;
    let most = ask.most.clamp(1, FILE_MOST);
    let (from, to) = moments(ask.period)?;
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select m.id, m.occurred_at, p.id as "place!", p.kind as "kind!", p.code as "place_code!", p.name as "place_name!", m.sku_id,
                  concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!", k.code, m.cause, m.on_hand,
                  m.held, m.allocated, coalesce(b.name, '合作方 ' || a.name, case when m.actor_id is null then '系统' else '顾客' end) as "by!",
                  m.order_id is not null as "of_order!", e.value_milli_fen as "value?",
                  coalesce('DB' || lpad(t.number::text, 6, '0'), 'CG' || lpad(u.number::text, 6, '0'), o.number,
                           'GT' || lpad(g.number::text, 6, '0'), '') as "document!"
           from movements m join stock_places p on p.id = m.location_id
           join skus k on k.id = m.sku_id join products d on d.id = k.product_id
           left join orders o on o.id = m.order_id
           left join stock_transfers t on t.id = m.document_id
           left join purchase_receipts r on r.id = m.document_id left join purchases u on u.id = r.purchase_id
           left join counter_returns q on q.id = m.document_id left join counter_sales g on g.id = coalesce(q.sale_id, m.document_id)
           left join cost_entries e on e.movement_id = m.id
           left join staff b on b.id = m.actor_id left join api_keys a on a.id = m.actor_id
           where (m.on_hand <> 0 or $9) and m.occurred_at >= $2 and m.occurred_at < $3
             and ($1::uuid[] is null or m.location_id = any($1)) and ($4::uuid is null or m.location_id = $4)
             and ($5 = '' or strpos(lower(d.name || ' ' || d.pinyin || ' ' || d.initials), $5) > 0
                  or lower(k.code) = $5 or k.barcode = $5)
             and ($6::text is null or m.cause = $6) and ($7::bigint is null or m.id < $7)
             and ($10::uuid is null or m.sku_id = $10)
           order by m.id desc limit $8"#,
        sight.seen.as_deref(),
        from,
        to,
        ask.location.map(|id| id.0),
        ask.words.trim().to_lowercase(),
        ask.cause.as_deref(),
        ask.after,
        most as i64 + 1,
        ask.promises,
        ask.sku.map(|sku| sku.0),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let page = Page::cut(rows, most, |row| row.id.to_string());
    Ok(page.map(|row| {
        let place = location(row.place, &row.kind, row.place_code, row.place_name);
        MovementEntry {
            id: row.id,
            at: row.occurred_at,
            sku_id: SkuId(row.sku_id),
            name: row.name,
            code: row.code,
            cause: why(&row.cause, row.of_order).to_owned(),
            quantity: row.on_hand,
            held: row.held,
            allocated: row.allocated,
            by: row.by,
            document: row.document,
            value_fen: sight.cost(place.id.0, row.value),
            location: place,
        }
    }))
}

/// Goods of an order that had been issued are there again.
const BROUGHT_BACK: &str = "未送达或未发出退回";

/// Why pieces came or went, as people read it. An order's are sold.
fn why(cause: &str, of_order: bool) -> &'static str {
    match cause {
        "issue" if of_order => "售出",
        "bring_back" => BROUGHT_BACK,
        "hold" => "下单占用",
        "allocate" => "付款分配",
        "release" => "释放",
        "expire" => "超时释放",
        other => Cause::label_of(other),
    }
}

/// The causes that a list can be narrowed to, by their codes.
pub fn causes() -> Vec<(&'static str, &'static str)> {
    let documents = Cause::ALL.iter().map(|cause| {
        (cause.code(), if cause.code() == "issue" { "售出与换出" } else { Cause::label_of(cause.code()) })
    });
    documents.chain([("bring_back", BROUGHT_BACK)]).collect()
}

/// The first moment of a period and the first after it, in China.
fn moments(period: Period) -> Result<(chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>), Fault> {
    period.moments(text::zone("")).ok_or_else(|| Fault::Internal("a day without a beginning".into()))
}
