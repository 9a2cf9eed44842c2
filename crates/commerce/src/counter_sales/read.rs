//! Sales at the counter as those who sell see them, and what lies on it before it is sold.

use chrono::{DateTime, NaiveTime, Utc};
use domain::{
    CounterSaleId, Fault, Fen, SkuId, StoreId,
    counter_sales::{CounterDay, CounterLine, CounterSale, CounterSaleLine, ListCounterSales, OnCounter},
    page::Page,
    staff::Permission,
    text,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{NO_SALE, number_text, place, serves_at};
use crate::{
    Scope,
    database::OrFault,
    stock,
    stockroom::{self, named},
};

struct Row {
    id: Uuid,
    number: i64,
    store_id: Uuid,
    store_name: String,
    occurred_at: DateTime<Utc>,
    booked_at: DateTime<Utc>,
    by: String,
    handed_over: bool,
}

/// The one query behind lists and single sales.
async fn rows(
    tx: &mut PgConnection,
    store: Option<StoreId>,
    id: Option<CounterSaleId>,
    ask: &ListCounterSales,
    most: i64,
) -> Result<Vec<CounterSale>, Fault> {
    let [from, until] = ask.sold()?;
    let rows = sqlx::query_as!(
        Row,
        r#"select s.id, s.number, s.store_id, t.name as store_name, s.occurred_at, s.booked_at,
                  coalesce(p.name, '合作方 ' || k.name, '') as "by!", s.handed_over
           from counter_sales s join stores t on t.id = s.store_id
           left join staff p on p.id = s.staff_id left join api_keys k on k.id = s.api_key_id
           where ($1::uuid is null or s.store_id = $1) and ($2::uuid is null or s.id = $2)
             and ($3::bigint is null or s.number < $3)
             and ($5::uuid is null or s.number <= (select f.number from counter_sales f where f.id = $5))
             and ($6::timestamptz is null or s.occurred_at >= $6) and ($7::timestamptz is null or s.occurred_at < $7)
           order by s.number desc limit $4"#,
        store.map(|store| store.0),
        id.map(|id| id.0),
        ask.after,
        most,
        ask.first.map(|id| id.0),
        from,
        until,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let lines = sqlx::query!(
        r#"select l.sale_id, l.sku_id, d.name as product, coalesce(array_to_string(k.spec_values, ' '), '') as "spec!",
                  k.code, l.quantity, l.price_fen, coalesce((
                      select sum(b.quantity) from counter_returns r join counter_return_lines b on b.return_id = r.id
                      where r.sale_id = l.sale_id and b.sku_id = l.sku_id), 0)::bigint as "taken_back!"
           from counter_sale_lines l join skus k on k.id = l.sku_id join products d on d.id = k.product_id
           where l.sale_id = any($1) order by d.name, k.sort, k.code"#,
        &ids,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let lines_of = |sale: Uuid| -> Vec<CounterSaleLine> {
        let of = lines.iter().filter(|line| line.sale_id == sale);
        of.map(|line| CounterSaleLine {
            sku_id: SkuId(line.sku_id),
            name: named(&line.product, &line.spec),
            code: line.code.clone(),
            pieces: line.quantity,
            taken_back: line.taken_back,
            price_fen: Fen(line.price_fen),
        })
        .collect()
    };
    let sale = |row: Row| {
        let lines = lines_of(row.id);
        let total = lines.iter().map(|line| line.price_fen.0.saturating_mul(line.left())).sum();
        CounterSale {
            id: CounterSaleId(row.id),
            number: number_text(row.number),
            store_id: StoreId(row.store_id),
            store_name: row.store_name,
            occurred_at: row.occurred_at,
            booked_at: row.booked_at,
            by: row.by,
            handed_over: row.handed_over,
            lines,
            total_fen: Fen(total),
        }
    };
    Ok(rows.into_iter().map(sale).collect())
}

/// The sale under this id.
pub(super) async fn one(tx: &mut PgConnection, id: CounterSaleId) -> Result<CounterSale, Fault> {
    rows(tx, None, Some(id), &ListCounterSales::default(), 1).await?.into_iter().next().ok_or(NO_SALE)
}

/// Sales of a store within reach, the one booked last first.
///
/// Faults: `Invalid` beside `to` where its days are the wrong way round; `NotFound` for a store out of reach;
/// `Unauthenticated`; `Forbidden`.
pub async fn list(scope: &Scope, store: StoreId, ask: &ListCounterSales) -> Result<Page<CounterSale>, Fault> {
    serves_at(scope, store)?;
    let most = ask.most.clamp(1, 100);
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, Some(store), None, ask, most as i64 + 1).await?;
    Ok(Page::cut(found, most, |sale| sale.number.trim_start_matches("GT").trim_start_matches('0').to_owned()))
}

/// One sale within reach.
///
/// Faults: `NotFound`; `Unauthenticated`; `Forbidden`.
pub async fn show(scope: &Scope, id: CounterSaleId) -> Result<CounterSale, Fault> {
    let reach = scope.reach(Permission::FulfilOrders)?;
    let mut tx = scope.begin_search().await?;
    let sale = one(&mut tx, id).await?;
    if reach.covers(sale.store_id) { Ok(sale) } else { Err(NO_SALE) }
}

/// What the counter of a store sold today, in the store's zone.
///
/// Faults: `NotFound` for a store out of reach; `Unauthenticated`; `Forbidden`.
pub async fn day(scope: &Scope, store: StoreId) -> Result<CounterDay, Fault> {
    serves_at(scope, store)?;
    let mut tx = scope.begin_search().await?;
    let zone = sqlx::query_scalar!("select timezone from stores where id = $1", store.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(super::NO_STORE)?;
    let zone = text::zone(&zone);
    let today = scope.now.with_timezone(&zone).date_naive().and_time(NaiveTime::MIN);
    let from = today.and_local_timezone(zone).earliest().map_or(scope.now, |start| start.to_utc());
    let row = sqlx::query!(
        r#"select count(distinct s.id) filter (where l.quantity > coalesce(b.pieces, 0)) as "sales!",
                  coalesce(sum(l.quantity - coalesce(b.pieces, 0)), 0)::bigint as "pieces!",
                  coalesce(sum((l.quantity - coalesce(b.pieces, 0)) * l.price_fen), 0)::bigint as "total_fen!"
           from counter_sales s join counter_sale_lines l on l.sale_id = s.id
           left join lateral (
               select sum(x.quantity) as pieces from counter_returns r join counter_return_lines x on x.return_id = r.id
               where r.sale_id = s.id and x.sku_id = l.sku_id
           ) b on true
           -- What a till says later is of the day on which it was sold.
           where s.store_id = $1 and s.booked_at >= $2 and s.occurred_at >= $2"#,
        store.0,
        from,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    Ok(CounterDay { sales: row.sales, pieces: row.pieces, total_fen: Fen(row.total_fen) })
}

/// What these lines mean at a store within reach, in their order, or what is wrong with each.
///
/// Faults: `NotFound` for a store out of reach; `Unauthenticated`; `Forbidden`.
pub async fn on_counter(
    scope: &Scope,
    store: StoreId,
    lines: &[CounterLine],
) -> Result<Vec<Result<OnCounter, &'static str>>, Fault> {
    serves_at(scope, store)?;
    let mut tx = scope.begin_search().await?;
    let codes: Vec<&str> = lines.iter().map(|line| line.code.as_str()).collect();
    let meant = stockroom::of_codes(&mut tx, place(store), &codes).await?;
    let skus: Vec<Uuid> = meant.iter().flatten().map(|sku| sku.0).collect();
    let goods = goods(&mut tx, store, (Some(&skus), ""), i64::MAX).await?;
    let told = |sku: SkuId| {
        goods.iter().find(|one| one.sku_id == sku).cloned().ok_or("没有找到：不是这里的商品，请核对编码或条码")
    };
    Ok(meant.into_iter().map(|one| one.and_then(told)).collect())
}

/// How many variants are offered to choose from; more words find the others.
const GOODS_MOST: i64 = 20;

/// What a store within reach sells or has on its books whose name has these words.
///
/// Faults: `NotFound` for a store out of reach; `Unauthenticated`; `Forbidden`.
pub async fn find(scope: &Scope, store: StoreId, words: &str) -> Result<Vec<OnCounter>, Fault> {
    serves_at(scope, store)?;
    let mut tx = scope.begin_search().await?;
    goods(&mut tx, store, (None, words), GOODS_MOST).await
}

async fn goods(
    tx: &mut PgConnection,
    store: StoreId,
    (skus, words): (Option<&[Uuid]>, &str),
    most: i64,
) -> Result<Vec<OnCounter>, Fault> {
    let rows = sqlx::query!(
        r#"select k.id, k.code, d.name, coalesce(array_to_string(k.spec_values, ' '), '') as "spec!",
                  coalesce(l.price_fen, k.price_fen) as "price_fen!"
           from skus k join products d on d.id = k.product_id
           left join listings l on l.store_id = $1 and l.sku_id = k.id
           where (l.sku_id is not null or exists (select from stock t where t.location_id = $1 and t.sku_id = k.id))
             and ($2::uuid[] is null or k.id = any($2))
             and ($3 = '' or strpos(lower(d.name || ' ' || d.pinyin || ' ' || d.initials), $3) > 0
                  or lower(k.code) = $3 or k.barcode = $3)
           order by d.sort, d.name, k.sort, k.code limit $4"#,
        store.0,
        skus,
        words.trim().to_lowercase(),
        most,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let skus: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let left = stock::left_at_counter(tx, store.0, &skus).await?;
    let one = rows.into_iter().map(|row| OnCounter {
        sku_id: SkuId(row.id),
        name: named(&row.name, &row.spec),
        code: row.code,
        price_fen: Fen(row.price_fen),
        left: left.get(&row.id).copied().unwrap_or(0),
    });
    Ok(one.collect())
}

/// The stores at whose counter whoever asks sells, by their names.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn stores(scope: &Scope) -> Result<Vec<(StoreId, String)>, Fault> {
    let reach = scope.reach_filter(Permission::FulfilOrders)?;
    let rows = sqlx::query!(
        "select id, name from stores where ($1::uuid[] is null or id = any($1)) and state <> 'closed' order by name, id",
        reach.as_deref(),
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| (StoreId(row.id), row.name)).collect())
}
