//! Looking at one place after the other. Any server may: a place is looked at by one at a time.

use chrono::Duration;
use domain::Fault;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Scope, database::OrFault, stock};

/// How often each place is looked at.
const EVERY: Duration = Duration::minutes(10);
/// How often what does not sell is looked for, which reads a place's movements.
const SLOW_EVERY: Duration = Duration::hours(6);
/// How long what is over is kept.
const KEPT: Duration = Duration::days(90);

/// Looks at the place whose turn it is; `false` where it is no place's turn.
pub async fn check(scope: &Scope) -> Result<bool, Fault> {
    let mut tx = scope.house_begin().await?;
    let due = sqlx::query!(
        r#"select l.id, coalesce(c.slow_checked_at <= $2, true) as "slow!"
           from locations l left join alert_checks c on c.location_id = l.id
           where c.location_id is null or c.checked_at <= $1
           order by c.checked_at nulls first limit 1 for no key update of l skip locked"#,
        scope.now - EVERY,
        scope.now - SLOW_EVERY,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(place) = due else { return Ok(false) };
    stock::batches::keep_back(&mut tx, scope, place.id, None).await?;
    tell(&mut tx, scope, place.id, place.slow).await?;
    sqlx::query!(
        "insert into alert_checks (location_id, checked_at, slow_checked_at) values ($1, $2, $2)
         on conflict (location_id) do update set checked_at = $2,
             slow_checked_at = case when $3 then $2 else alert_checks.slow_checked_at end",
        place.id,
        scope.now,
        place.slow,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()?;
    Ok(true)
}

/// Tells what has crossed the threshold that says most about it, where that is not told yet, and ends what has come
/// back. What is told goes on telling how many pieces it is about; what somebody has seen is told anew where the last
/// piece has gone since, or more pieces near their last day. Too little is told only of what is on the shelf: what is no
/// longer sold may run out.
async fn tell(tx: &mut PgConnection, scope: &Scope, place: Uuid, slow: bool) -> Result<(), Fault> {
    sqlx::query!("select id from alerts where location_id = $1 and state <> 'solved' order by id for update", place)
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
    sqlx::query!(
        "with recursive up as (
             -- Each category with itself and all above it, and how far up they are.
             select id as category_id, id as above_id, 0 as far from categories
             union all
             select u.category_id, c.parent_id, u.far + 1 from up u join categories c on c.id = u.above_id where c.parent_id is not null
         ), goods as (
             select t.sku_id, t.on_hand, t.on_hand - t.held - t.allocated - t.kept_back as available, d.category_id,
                    coalesce(l.on_shelf, l.sku_id is null and w.id is not null) as on_shelf
             from stock t join skus k on k.id = t.sku_id join products d on d.id = k.product_id
             left join listings l on l.store_id = t.location_id and l.sku_id = t.sku_id
             left join warehouses w on w.id = t.location_id
             where t.location_id = $1
         ), ruled as (
             select distinct on (g.sku_id, r.kind) g.sku_id, g.on_hand, g.available, g.on_shelf, r.kind, r.threshold
             from goods g join alert_rules r on (r.location_id is null or r.location_id = $1) and (r.sku_id is null or r.sku_id = g.sku_id)
             left join up u on u.category_id = g.category_id and u.above_id = r.category_id
             where (r.category_id is null or u.above_id is not null) and ($2 or r.kind <> 'slow')
             order by g.sku_id, r.kind, r.location_id is null, r.sku_id is null, r.category_id is null, u.far
         ), crossed as materialized (
             select sku_id, kind, threshold, case kind when 'low' then available when 'expiring' then ending else on_hand end as pieces
             from ruled left join lateral (
                 select coalesce(sum(b.remains), 0)::bigint as ending from batch_remains b
                 where kind = 'expiring' and b.location_id = $1 and b.sku_id = ruled.sku_id
                   and b.expires_on < ($3::timestamptz at time zone coalesce((select timezone from stores where id = $1), 'Asia/Shanghai'))::date
                                      + threshold::int
             ) e on true
             where case kind
                 when 'low' then on_shelf and available <= threshold
                 when 'high' then on_hand >= threshold
                 when 'expiring' then ending > 0
                 else on_hand > 0
                      and exists (select from movements m where m.location_id = $1 and m.sku_id = ruled.sku_id and m.on_hand > 0
                                  and m.occurred_at <= $3::timestamptz - make_interval(days => threshold::int))
                      and not exists (select from movements m where m.location_id = $1 and m.sku_id = ruled.sku_id and m.cause in ('issue', 'counter_sale')
                                      and m.occurred_at > $3::timestamptz - make_interval(days => threshold::int))
                 end
         ), ended as (
             update alerts a set state = 'solved', solved_at = $3::timestamptz
             where a.location_id = $1 and a.state <> 'solved' and ($2 or a.kind <> 'slow')
               and not exists (select from crossed c where c.sku_id = a.sku_id and c.kind = a.kind)
         ), told as materialized (
             select a.id, c.pieces, c.threshold, case a.kind when 'low' then c.pieces <= 0 and a.pieces > 0
                                                             when 'expiring' then c.pieces > a.pieces else false end as anew
             from alerts a join crossed c on c.sku_id = a.sku_id and c.kind = a.kind
             where a.location_id = $1 and a.state <> 'solved' and (a.pieces, a.threshold) is distinct from (c.pieces, c.threshold)
         ), retold as (
             update alerts a set pieces = t.pieces, threshold = t.threshold,
                 state = case when t.anew then 'open' else a.state end, since = case when t.anew then $3 else a.since end,
                 seen_at = case when t.anew then null else a.seen_at end, seen_by = case when t.anew then null else a.seen_by end
             from told t where a.id = t.id
         )
         insert into alerts (id, kind, location_id, sku_id, threshold, pieces, state, since)
         select gen_random_uuid(), kind, $1, sku_id, threshold, pieces, 'open', $3::timestamptz from crossed order by sku_id
         on conflict do nothing",
        place,
        slow,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Forgets what has long been over.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    sqlx::query!("delete from alerts where state = 'solved' and solved_at < $1", scope.now - KEPT)
        .execute(scope.pool())
        .await
        .or_fault()?;
    Ok(())
}
