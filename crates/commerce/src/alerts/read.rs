//! The inbox, and taking note.

use domain::{
    AlertId, Fault, LocationId, SkuId,
    alerts::{Alert, AlertKind, AlertState, ListAlerts},
    page::Page,
};
use uuid::Uuid;

use crate::{
    Scope,
    database::OrFault,
    stockroom::{Sight, named},
};

/// Alerts of places within reach, the newest first; those that are not over where no state is named.
///
/// Faults: `Forbidden`.
pub async fn list(scope: &Scope, ask: &ListAlerts) -> Result<Page<Alert>, Fault> {
    let sight = Sight::of(scope)?;
    let most = ask.most.clamp(1, 100);
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select a.id, a.kind, a.location_id, coalesce(s.name, w.name, '') as "location_name!", a.sku_id, k.code,
                  d.name as product, array_to_string(k.spec_values, ' ') as "spec!", a.threshold, a.pieces, a.state, a.since,
                  p.name as "seen_by?"
           from alerts a join skus k on k.id = a.sku_id join products d on d.id = k.product_id
           left join stores s on s.id = a.location_id left join warehouses w on w.id = a.location_id
           left join staff p on p.id = a.seen_by
           where ($1::uuid[] is null or a.location_id = any($1))
             and case when $2::text is null then a.state <> 'solved' else a.state = $2 end
             and ($3::text is null or a.kind = $3) and ($4::uuid is null or a.location_id = $4)
             and ($5::uuid is null or (a.since, a.id) < (select b.since, b.id from alerts b where b.id = $5))
           order by a.since desc, a.id desc limit $6"#,
        sight.seen.as_deref(),
        ask.state.map(AlertState::code),
        ask.kind.map(AlertKind::code),
        ask.location.map(|location| location.0),
        ask.after.map(|id| id.0),
        most as i64 + 1,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let alerts = rows.into_iter().filter_map(|row| {
        Some(Alert {
            id: AlertId(row.id),
            kind: AlertKind::from_code(&row.kind)?,
            location_id: LocationId(row.location_id),
            location_name: row.location_name,
            sku_id: SkuId(row.sku_id),
            code: row.code,
            name: named(&row.product, &row.spec),
            threshold: row.threshold,
            pieces: row.pieces,
            state: AlertState::from_code(&row.state)?,
            since: row.since,
            seen_by: row.seen_by,
        })
    });
    Ok(Page::cut(alerts.collect(), most, |alert| alert.id.to_string()))
}

/// How many alerts nobody has taken note of, at places within reach.
///
/// Faults: `Unauthenticated` for who is not of staff.
pub async fn unread(scope: &Scope) -> Result<i64, Fault> {
    scope.staff()?;
    let Ok(sight) = Sight::of(scope) else { return Ok(0) };
    let mut tx = scope.begin().await?;
    sqlx::query_scalar!(
        r#"select count(*) as "unread!" from alerts where state = 'open' and ($1::uuid[] is null or location_id = any($1))"#,
        sight.seen.as_deref(),
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()
}

/// Takes note of an alert. Doing it twice is doing it once, and one that is over stays over.
///
/// Faults: `NotFound`, also for another place's; `Forbidden`; `PeopleOnly`.
pub async fn see(scope: &Scope, id: AlertId) -> Result<(), Fault> {
    scope.person()?;
    let sight = Sight::of(scope)?;
    let mut tx = scope.begin().await?;
    sqlx::query!(
        "select id from alerts where id = $1 and ($2::uuid[] is null or location_id = any($2))",
        id.0,
        sight.seen.as_deref(),
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(Fault::NotFound("这条提醒"))?;
    note(&mut tx, scope, &sight, &[id.0]).await?;
    tx.commit().await.or_fault()
}

/// Takes note of all alerts of a place that nobody has taken note of.
///
/// Faults: `NotFound` for a place out of reach; `Forbidden`; `PeopleOnly`.
pub async fn see_all(scope: &Scope, location: LocationId) -> Result<(), Fault> {
    scope.person()?;
    let sight = Sight::of(scope)?;
    if sight.seen.as_ref().is_some_and(|some| !some.contains(&location.0)) {
        return Err(crate::stockroom::NO_PLACE);
    }
    let mut tx = scope.begin().await?;
    let open = sqlx::query_scalar!("select id from alerts where location_id = $1 and state = 'open'", location.0)
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
    note(&mut tx, scope, &sight, &open).await?;
    tx.commit().await.or_fault()
}

async fn note(tx: &mut sqlx::PgConnection, scope: &Scope, sight: &Sight, alerts: &[Uuid]) -> Result<(), Fault> {
    // In the order in which the round locks them that tells them, so that neither waits for the other.
    sqlx::query!(
        "with open as materialized (select id from alerts where id = any($1) and state = 'open' order by id for update)
         update alerts a set state = 'seen', seen_at = $2, seen_by = $3 from open o where a.id = o.id",
        alerts,
        scope.now,
        sight.me,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
