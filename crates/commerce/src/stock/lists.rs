//! What lies where, and how pieces came and went, for those who look after it. What it cost is told to those alone who
//! see costs there.

use chrono::{DateTime, Utc};
use domain::{
    Fault, SkuId,
    page::Page,
    purchasing::{MilliFen, value},
    stock_lists::{BalanceEntry, DocumentKind, ListBalances, ListMovements, MovementEntry, Period},
    text,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Cause, documents::Opens};
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

/// Pieces that came or went, with the document that says so.
struct Moved {
    id: i64,
    at: DateTime<Utc>,
    place: Uuid,
    place_kind: String,
    place_code: String,
    place_name: String,
    sku_id: Uuid,
    name: String,
    code: String,
    cause: String,
    on_hand: i64,
    held: i64,
    allocated: i64,
    by: String,
    of_order: bool,
    value_milli_fen: Option<i64>,
    document_kind: Option<String>,
    document_id: Option<Uuid>,
    /// The document's own.
    number: Option<i64>,
    /// Of one without: its order's number, or its file's name.
    known_by: Option<String>,
    sold_at: Option<Uuid>,
    taken_back_at: Option<Uuid>,
}

impl Moved {
    fn entry(self, sight: &Sight, opens: &Opens) -> MovementEntry {
        let place = location(self.place, &self.place_kind, self.place_code, self.place_name);
        let kind = self.document_kind.as_deref().and_then(DocumentKind::from_code);
        let own = kind.zip(self.number).map(|(kind, number)| kind.said(number));
        let may_look = kind.is_some_and(|kind| opens.shows(kind, &place, [self.sold_at, self.taken_back_at]));
        MovementEntry {
            id: self.id,
            at: self.at,
            sku_id: SkuId(self.sku_id),
            name: self.name,
            code: self.code,
            cause: why(&self.cause, self.of_order).to_owned(),
            quantity: self.on_hand,
            held: self.held,
            allocated: self.allocated,
            by: self.by,
            document: own.or(self.known_by).unwrap_or_default(),
            document_kind: kind,
            document_id: self.document_id.filter(|_| may_look),
            value_fen: sight.cost(place.id.0, self.value_milli_fen),
            location: place,
        }
    }
}

/// How pieces came and went at places within reach in a period, the latest first.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn movements(scope: &Scope, ask: &ListMovements) -> Result<Page<MovementEntry>, Fault> {
    let (sight, opens) = (Sight::of(scope)?, Opens::of(scope));
    let most = ask.most.clamp(1, FILE_MOST);
    let mut tx = scope.begin_search().await?;
    let rows = moved(&mut tx, &sight, ask, most as i64 + 1).await?;
    Ok(Page::cut(rows, most, |row| row.id.to_string()).map(|row| row.entry(&sight, &opens)))
}

/// The movements, then what says so of each: which document it may be follows from the cause, and what it cannot be is
/// not looked for.
async fn moved(tx: &mut PgConnection, sight: &Sight, ask: &ListMovements, limit: i64) -> Result<Vec<Moved>, Fault> {
    let (from, to) = moments(ask.period)?;
    sqlx::query_as!(
        Moved,
        r#"select m.id as "id!", m.occurred_at as "at!", p.id as "place!", p.kind as "place_kind!", p.code as "place_code!",
                  p.name as "place_name!", m.sku_id as "sku_id!", m.name as "name!", m.code as "code!", m.cause as "cause!",
                  m.on_hand as "on_hand!", m.held as "held!", m.allocated as "allocated!",
                  coalesce(b.name, '合作方 ' || a.name, case when m.actor_id is null then '系统' else '顾客' end) as "by!",
                  m.order_id is not null as "of_order!", e.value_milli_fen as "value_milli_fen?",
                  case when t.id is not null then 'transfer' when u.id is not null then 'purchase'
                       when g.id is not null then 'counter_sale' when w.id is not null then 'set_apart'
                       when c.id is not null then 'count' when l.id is not null then 'loss'
                       when q.id is not null then 'proposal' when i.id is not null then 'receipt'
                       when f.id is not null then 'after_sales' when o.id is not null then 'order'
                       when n.id is not null then 'import' end as "document_kind?",
                  coalesce(t.id, u.id, g.id, w.id, c.id, l.id, q.id, i.id, f.id, o.id, n.id) as "document_id?",
                  coalesce(t.number, u.number, g.number, w.number, c.number, l.number, q.number, i.number) as "number?",
                  coalesce(f.order_number, o.number, n.file_name) as "known_by?",
                  coalesce(f.store_id, o.store_id) as "sold_at?", f.received_store_id as "taken_back_at?"
           from (
               select m.id, m.occurred_at, m.location_id, m.sku_id, m.cause, m.on_hand, m.held, m.allocated, m.actor_id,
                      m.order_id, m.document_id, k.code,
                      concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as name
               from movements m join skus k on k.id = m.sku_id join products d on d.id = k.product_id
               where (m.on_hand <> 0 or $9) and m.occurred_at >= $2 and m.occurred_at < $3
                 and ($1::uuid[] is null or m.location_id = any($1)) and ($4::uuid is null or m.location_id = $4)
                 and ($5 = '' or strpos(lower(d.name || ' ' || d.pinyin || ' ' || d.initials), $5) > 0
                      or lower(k.code) = $5 or k.barcode = $5)
                 and ($6::text is null or m.cause = $6) and ($7::bigint is null or m.id < $7)
                 and ($10::uuid is null or m.sku_id = $10)
               order by m.id desc limit $8
           ) m join stock_places p on p.id = m.location_id
           left join cost_entries e on e.movement_id = m.id
           left join staff b on b.id = m.actor_id left join api_keys a on a.id = m.actor_id
           left join stock_transfers t on t.id = case when m.cause in ('transfer_out', 'transfer_in') then m.document_id end
           left join purchase_receipts r on r.id = case when m.cause in ('receive', 'supplier_return') then m.document_id end
           left join purchases u on u.id = r.purchase_id
           left join goods_receipts i on i.id = case when m.cause = 'receive' then m.document_id end
           left join imports n on n.id = case when m.cause = 'receive' then m.document_id end
           left join counter_returns h on h.id = case when m.cause = 'counter_return' then m.document_id end
           left join counter_sales g
               on g.id = case m.cause when 'counter_sale' then m.document_id when 'counter_return' then h.sale_id end
           left join counts c on c.id = case when m.cause = 'count' then m.document_id end
           left join proposals q on q.id = case when m.cause = 'adjust' then m.document_id end
           left join losses l on l.id = case when m.cause = 'loss' then m.document_id end
           left join set_apart_ends w on w.id = case when m.cause in ('supplier_return', 'loss') then m.document_id end
           left join after_sales f
               on f.id = case when m.cause in ('return', 'issue', 'supplier_return', 'loss') then m.document_id end
           -- What is spoilt of what an order sent, or did not send.
           left join parcel_returns s on s.parcel_id = case when m.cause = 'loss' then m.document_id end
           left join unsent_ends v on v.id = case when m.cause = 'loss' then m.document_id end
           left join lateral (
               select x.order_id from parcel_goods x where m.cause in ('return', 'loss') and x.document_id = m.document_id limit 1
           ) y on true
           left join orders o on o.id = coalesce(m.order_id, s.order_id, v.order_id, y.order_id)
           order by m.id desc"#,
        sight.seen.as_deref(),
        from,
        to,
        ask.location.map(|id| id.0),
        ask.words.trim().to_lowercase(),
        ask.cause.as_deref(),
        ask.after,
        limit,
        ask.promises,
        ask.sku.map(|sku| sku.0),
    )
    .fetch_all(tx)
    .await
    .or_fault()
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
fn moments(period: Period) -> Result<(DateTime<Utc>, DateTime<Utc>), Fault> {
    period.moments(text::zone("")).ok_or_else(|| Fault::Internal("a day without a beginning".into()))
}
