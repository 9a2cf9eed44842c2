//! Figures for head office (R1), from paid orders, within the caller's reach.

use chrono::{DateTime, Duration, TimeZone, Utc};
use chrono_tz::Tz;
use domain::{
    Fault, Fen, StoreId,
    figures::{DaySums, SalesToday, StoreSales},
    staff::Permission,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Scope, database::OrFault};

/// The zone in which head office counts its days.
pub const HQ_ZONE: Tz = chrono_tz::Asia::Shanghai;

/// Sales of today, against the same hours of yesterday, by hour and by store.
pub async fn sales_today(scope: &Scope) -> Result<SalesToday, Fault> {
    let reach = scope.reach_filter(Permission::ReadSales)?;
    let reach = reach.as_deref();
    let mut tx = scope.begin_search().await?;
    let midnight = midnight_before(scope.now);
    let day = Duration::days(1);
    Ok(SalesToday {
        today: sums(&mut tx, reach, midnight, scope.now).await?,
        yesterday: sums(&mut tx, reach, midnight - day, scope.now - day).await?,
        by_hour_fen: by_hour(&mut tx, reach, midnight).await?,
        yesterday_by_hour_fen: by_hour(&mut tx, reach, midnight - day).await?,
        by_store: by_store(&mut tx, reach, midnight).await?,
    })
}

fn midnight_before(now: DateTime<Utc>) -> DateTime<Utc> {
    let local = HQ_ZONE.from_utc_datetime(&now.naive_utc()).date_naive().and_time(chrono::NaiveTime::MIN);
    HQ_ZONE.from_local_datetime(&local).earliest().map_or(now, |at| at.with_timezone(&Utc))
}

async fn sums(
    tx: &mut PgConnection,
    reach: Option<&[Uuid]>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<DaySums, Fault> {
    let row = sqlx::query!(
        r#"select count(*) as "orders!", coalesce(sum(o.total_fen), 0)::bigint as "sales_fen!",
                  count(distinct o.member_id) as "buyers!",
                  coalesce(sum((select sum(quantity) from order_lines l where l.order_id = o.id)), 0)::bigint as "pieces!"
           from orders o
           where o.paid_at >= $1 and o.paid_at < $2 and o.state in ('paid', 'accepted', 'ready', 'dispatched', 'completed')
             and ($3::uuid[] is null or o.store_id = any($3))"#,
        from,
        until,
        reach,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    Ok(DaySums { orders: row.orders, sales_fen: Fen(row.sales_fen), buyers: row.buyers, pieces: row.pieces })
}

async fn by_hour(tx: &mut PgConnection, reach: Option<&[Uuid]>, midnight: DateTime<Utc>) -> Result<Vec<i64>, Fault> {
    let rows = sqlx::query!(
        r#"select floor(extract(epoch from o.paid_at - $1) / 3600)::int as "hour!", sum(o.total_fen)::bigint as "sales_fen!"
           from orders o
           where o.paid_at >= $1 and o.paid_at < $1 + interval '24 hours' and o.state in ('paid', 'accepted', 'ready', 'dispatched', 'completed')
             and ($2::uuid[] is null or o.store_id = any($2))
           group by 1"#,
        midnight,
        reach,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let mut hours = vec![0; 24];
    for row in rows {
        if let Some(hour) = usize::try_from(row.hour).ok().and_then(|hour| hours.get_mut(hour)) {
            *hour = row.sales_fen;
        }
    }
    Ok(hours)
}

async fn by_store(
    tx: &mut PgConnection,
    reach: Option<&[Uuid]>,
    midnight: DateTime<Utc>,
) -> Result<Vec<StoreSales>, Fault> {
    let rows = sqlx::query!(
        r#"select s.id, s.name, count(*) as "orders!", sum(o.total_fen)::bigint as "sales_fen!"
           from orders o join stores s on s.id = o.store_id
           where o.paid_at >= $1 and o.state in ('paid', 'accepted', 'ready', 'dispatched', 'completed')
             and ($2::uuid[] is null or o.store_id = any($2))
           group by s.id order by 4 desc, s.name limit 50"#,
        midnight,
        reach,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let sales = |id, name, orders, fen| StoreSales { store_id: StoreId(id), name, orders, sales_fen: Fen(fen) };
    Ok(rows.into_iter().map(|row| sales(row.id, row.name, row.orders, row.sales_fen)).collect())
}
