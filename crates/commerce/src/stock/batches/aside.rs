//! What is over by now is set aside.

use domain::Fault;
use sqlx::PgConnection;
use uuid::Uuid;

use super::follow::settle;
use crate::{Scope, database::OrFault};

/// Sets aside what is over by now at a place, of these variants or of all, so that the shop promises none of it. Locks
/// the balances of these variants, or of all that have batches.
pub(crate) async fn keep_back(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    skus: Option<&[Uuid]>,
) -> Result<(), Fault> {
    let locked = sqlx::query!(
        r#"select s.sku_id, k.kept as "kept!"
           from stock s cross join lateral (
               select s.expired > 0
                   or exists (select from batch_pieces p where p.location_id = $1 and p.sku_id = s.sku_id and p.quantity > 0) as kept
           ) k
           where s.location_id = $1 and case when $2::uuid[] is null then k.kept else s.sku_id = any($2) end
           order by s.sku_id for update of s"#,
        location,
        skus,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let skus: Vec<Uuid> = locked.into_iter().filter(|row| row.kept).map(|row| row.sku_id).collect();
    if skus.is_empty() {
        return Ok(());
    }
    let over = sqlx::query!(
        "select p.sku_id, p.batch_id from batch_pieces p join batches b on b.id = p.batch_id
         where p.location_id = $1 and p.sku_id = any($2) and not p.set_aside and p.quantity > 0 and b.expires_on <
             ($3::timestamptz at time zone coalesce((select timezone from stores where id = $1), 'Asia/Shanghai'))::date",
        location,
        &skus,
        scope.now,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    if !over.is_empty() {
        let (ended, batches): (Vec<Uuid>, Vec<Uuid>) = over.into_iter().map(|row| (row.sku_id, row.batch_id)).unzip();
        // What was sold until now was sold of what ended first.
        settle(tx, scope, location, &ended).await?;
        sqlx::query!(
            "update batch_pieces set set_aside = true where location_id = $1 and batch_id = any($2)",
            location,
            &batches,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    sqlx::query!(
        "with over as materialized (
             select s.sku_id, coalesce((
                 select sum(r.remains) from batch_remains r
                 where r.location_id = s.location_id and r.sku_id = s.sku_id and r.set_aside
             ), 0)::bigint as pieces
             from stock s where s.location_id = $1 and s.sku_id = any($2)
         )
         update stock s set expired = o.pieces, kept_back = greatest(s.kept_back + o.pieces - s.expired, 0)
         from over o where s.location_id = $1 and s.sku_id = o.sku_id and s.expired <> o.pieces",
        location,
        &skus,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
