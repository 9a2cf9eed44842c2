//! Where parcels are, as their carriers tell it: subscribed to, told by callbacks, and asked for where nothing comes. It
//! may be late, come twice, or in any order.

use chrono::{DateTime, Duration, FixedOffset, NaiveDateTime, Utc};
use domain::{Fault, OrderId, ParcelId, express::Carrier, parcels::ParcelState};
use partners::trackers::{CALLBACK_PATH, Failure, Parcel, Push, Scan, Status, Trackers, Way};
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgConnection;

use super::parcels::still_here;
use crate::{
    Scope,
    database::OrFault,
    jobs::{self, Kind},
    orders::{self, Ordered},
};

/// Of how many scans of a parcel something is kept; one has some dozens.
const SCANS_MOST: usize = 200;
/// How long nothing may be heard of a parcel before its carrier is asked.
const SILENT_FOR: Duration = Duration::hours(6);
/// For how long after it was sent off a parcel is asked for.
const FOLLOWED_FOR: Duration = Duration::days(30);
/// After how long a shopper who says nothing has what they signed for.
pub(super) const SIGNED_AFTER: Duration = Duration::days(3);
/// Times are told in Beijing's.
const BEIJING_S: i32 = 8 * 3_600;

/// The platform's code of a carrier; nothing for one that it cannot know.
fn company(carrier: Carrier) -> Option<&'static str> {
    Some(match carrier {
        Carrier::Shunfeng => "shunfeng",
        Carrier::Zhongtong => "zhongtong",
        Carrier::Yuantong => "yuantong",
        Carrier::Yunda => "yunda",
        Carrier::Shentong => "shentong",
        Carrier::Jitu => "jtexpress",
        Carrier::Jingdong => "jd",
        Carrier::Youzheng => "youzhengguonei",
        Carrier::Debang => "debangkuaidi",
        Carrier::Other => return None,
    })
}

fn state_of(status: Status) -> ParcelState {
    match status {
        Status::OnTheWay => ParcelState::OnTheWay,
        Status::Collected => ParcelState::Collected,
        Status::Trouble => ParcelState::Trouble,
        Status::Signed => ParcelState::Signed,
        Status::ReturnSigned => ParcelState::ReturnSigned,
        Status::Delivering => ParcelState::Delivering,
        Status::Returning => ParcelState::Returning,
        Status::Refused => ParcelState::Refused,
    }
}

/// When a scan happened; nothing for a time that is none.
fn at(scan: &Scan) -> Option<DateTime<Utc>> {
    let read = NaiveDateTime::parse_from_str(scan.time.trim(), "%Y-%m-%d %H:%M:%S").ok()?;
    let zone = FixedOffset::east_opt(BEIJING_S)?;
    Some(read.and_local_timezone(zone).single()?.with_timezone(&Utc))
}

/// Begins to follow a parcel that was just sent off, where somebody can tell where it is.
pub(super) async fn begin(
    tx: &mut PgConnection,
    scope: &Scope,
    order: &Ordered,
    parcel: ParcelId,
    carrier: Carrier,
) -> Result<(), Fault> {
    sqlx::query!(
        "insert into parcel_ways (parcel_id, order_id, store_id) values ($1, $2, $3) on conflict (parcel_id) do nothing",
        parcel.0,
        order.id.0,
        order.store_id.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if scope.house.trackers().is_none() || company(carrier).is_none() {
        return Ok(());
    }
    jobs::schedule(tx, Kind::FollowParcel, parcel.0, scope.now).await
}

/// Has us told of a parcel, and asks where it is when nothing was heard for long; answers when to look again, while it
/// is not over.
pub(crate) async fn follow(scope: &Scope, id: ParcelId) -> Result<Option<Duration>, Fault> {
    let Some(trackers) = scope.house.trackers() else { return Ok(Some(SILENT_FOR)) };
    let row = sqlx::query!(
        r#"select p.carrier, p.tracking_number, p.shipped_at, coalesce(a.phone, '') as "phone!", w.state, w.subscribed_at,
                  w.heard_at
           from parcels p join parcel_ways w on w.parcel_id = p.id left join order_addresses a on a.order_id = p.order_id
           where p.id = $1"#,
        id.0,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?;
    let Some(row) = row else { return Ok(None) };
    let state = ParcelState::from_code(&row.state).unwrap_or_default();
    let company = Carrier::from_code(&row.carrier).and_then(company);
    let Some(company) = company.filter(|_| !state.is_over() && scope.now - row.shipped_at < FOLLOWED_FOR) else {
        return Ok(None);
    };
    // The last four digits are all that carriers want, so no more of a shopper goes out.
    let phone: String = row.phone.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    let parcel = Parcel { company: company.into(), number: row.tracking_number, phone };
    if row.subscribed_at.is_none() {
        subscribe(scope, trackers, id, &parcel).await?;
        return Ok(Some(SILENT_FOR));
    }
    let silent_since = row.heard_at.or(row.subscribed_at).unwrap_or(row.shipped_at);
    if scope.now - silent_since >= SILENT_FOR {
        ask(scope, trackers, id, &parcel).await?;
    }
    Ok(Some(SILENT_FOR))
}

fn silent(failure: &Failure) -> Fault {
    Fault::Upstream { who: "快递查询", hidden: failure.to_string() }
}

async fn subscribe(scope: &Scope, trackers: &Trackers, id: ParcelId, parcel: &Parcel) -> Result<(), Fault> {
    let url = format!("{}{CALLBACK_PATH}", scope.house.settings.public_url);
    match trackers.subscribe(parcel, &url).await {
        Ok(()) => {}
        // Asking again would not change its mind; it is asked where the parcel is all the same.
        Err(failure @ Failure::Refused { .. }) => {
            tracing::warn!(%id, %failure, "a parcel is not told of; it will be asked for");
        }
        Err(failure) => return Err(silent(&failure)),
    }
    sqlx::query!("update parcel_ways set subscribed_at = $2 where parcel_id = $1", id.0, scope.now)
        .execute(scope.pool())
        .await
        .or_fault()?;
    Ok(())
}

async fn ask(scope: &Scope, trackers: &Trackers, id: ParcelId, parcel: &Parcel) -> Result<(), Fault> {
    let way = trackers.look(parcel).await.map_err(|failure| silent(&failure))?;
    let mut tx = scope.begin().await?;
    if let Some(way) = way {
        apply(&mut tx, scope, id, &way).await?;
    }
    sqlx::query!("update parcel_ways set heard_at = $2 where parcel_id = $1", id.0, scope.now)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    tx.commit().await.or_fault()
}

/// Stores a verified callback, known by its signature; a repeat is stored once. The platform may be answered when this
/// returns.
pub async fn receive(scope: &Scope, push: &Push, signature: &str) -> Result<(), Fault> {
    let payload = serde_json::to_value(push).map_err(|error| Fault::Internal(error.to_string()))?;
    sqlx::query!(
        "insert into parcel_notices (notice_id, payload) values ($1, $2) on conflict (notice_id) do nothing",
        signature,
        payload,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    Ok(())
}

/// Acts on the oldest stored callback that is due; `false` where none is. One that fails is tried again later.
pub(crate) async fn work(scope: &Scope) -> Result<bool, Fault> {
    let mut tx = scope.begin().await?;
    let due = sqlx::query!(
        "select id, payload, tries from parcel_notices where handled_at is null and try_after <= $1
         order by id limit 1 for update skip locked",
        scope.now,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(due) = due else { return Ok(false) };
    match act_on(&mut tx, scope, &due.payload).await {
        Ok(outcome) => {
            sqlx::query!(
                "update parcel_notices set handled_at = $2, outcome = $3, tries = tries + 1 where id = $1",
                due.id,
                scope.now,
                outcome,
            )
            .execute(&mut *tx)
            .await
            .or_fault()?;
            tx.commit().await.or_fault()?;
        }
        Err(fault) => {
            tx.rollback().await.or_fault()?;
            tracing::error!(notice = due.id, tries = due.tries, ?fault, "a carrier's notice will be tried again");
            let after = scope.now + Duration::seconds(1 << due.tries.clamp(0, 12));
            sqlx::query!("update parcel_notices set tries = tries + 1, try_after = $2 where id = $1", due.id, after)
                .execute(scope.pool())
                .await
                .or_fault()?;
        }
    }
    Ok(true)
}

async fn act_on(tx: &mut PgConnection, scope: &Scope, payload: &Value) -> Result<String, Fault> {
    let push = match Push::deserialize(payload) {
        Ok(push) => push,
        Err(error) => return Ok(format!("unreadable: {error}")),
    };
    let Some(way) = &push.last_result else { return Ok("nothing new".into()) };
    let carrier = Carrier::ALL.iter().find(|carrier| company(**carrier) == Some(push.company(way)));
    let Some(carrier) = carrier else { return Ok("not ours".into()) };
    let parcel = sqlx::query_scalar!(
        "select id from parcels where carrier = $1 and tracking_number = $2",
        carrier.code(),
        way.nu.trim().to_ascii_uppercase(),
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(parcel) = parcel.map(ParcelId) else { return Ok("not ours".into()) };
    if push.is_given_up() {
        // It tells no more by itself, so it is asked from now on, and subscribed anew.
        sqlx::query!("update parcel_ways set subscribed_at = null where parcel_id = $1", parcel.0)
            .execute(&mut *tx)
            .await
            .or_fault()?;
    }
    let outcome = apply(tx, scope, parcel, way).await?;
    sqlx::query!("update parcel_ways set heard_at = $2 where parcel_id = $1", parcel.0, scope.now)
        .execute(tx)
        .await
        .or_fault()?;
    Ok(outcome)
}

/// Takes what was told of a parcel: its scans stand in the order's time line once, and it goes as far as the transition
/// table lets it; answers what came of it.
async fn apply(tx: &mut PgConnection, scope: &Scope, id: ParcelId, way: &Way) -> Result<String, Fault> {
    let order = sqlx::query_scalar!("select order_id from parcels where id = $1", id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    let Some(order) = order else { return Ok("no such parcel".into()) };
    // The order's lock comes first, as everywhere.
    let order = orders::lock(tx, OrderId(order)).await?;
    let Some(status) = way.status() else { return Ok("nothing yet".into()) };
    let new = note(tx, scope, &order, id, way).await?;
    let row = sqlx::query!("select state, told_at, scans from parcel_ways where parcel_id = $1 for update", id.0)
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
    let state = ParcelState::from_code(&row.state).unwrap_or_default();
    let scans = i32::try_from(way.data.len()).unwrap_or(i32::MAX);
    let newest = way.data.iter().filter_map(at).max().unwrap_or(scope.now).min(scope.now);
    if row.told_at.is_some_and(|told| (told, row.scans) > (newest, scans)) {
        return Ok("late".into());
    }
    let next = state.after(state_of(status));
    let signed_at = (next == ParcelState::Signed && next != state).then_some(newest);
    sqlx::query!(
        "update parcel_ways set state = $2, told_at = $3, scans = $4, signed_at = coalesce(signed_at, $5) where parcel_id = $1",
        id.0,
        next.code(),
        newest,
        scans,
        signed_at,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if signed_at.is_some() {
        hasten(tx, scope, &order).await?;
    }
    if new > 0 || next != state {
        tell_pages(tx, &order).await?;
    }
    Ok(if next == state { "as before".into() } else { next.code().to_owned() })
}

/// Writes down the scans that were not known; answers how many.
async fn note(tx: &mut PgConnection, scope: &Scope, order: &Ordered, id: ParcelId, way: &Way) -> Result<u64, Fault> {
    let scans = way.data.iter().take(SCANS_MOST).filter_map(|scan| {
        let words: String = scan.context.trim().chars().filter(|sign| !sign.is_control()).take(200).collect();
        // A carrier's clock may be ahead of ours.
        Some((at(scan)?.min(scope.now), words)).filter(|(_, words)| !words.is_empty())
    });
    let (times, words): (Vec<DateTime<Utc>>, Vec<String>) = scans.unzip();
    let written = sqlx::query!(
        "insert into tracking (order_id, parcel_id, words, at)
         select $1, $2, words, at from unnest((select $3::timestamptz[]), (select $4::text[])) as s (at, words)
         on conflict do nothing",
        order.id.0,
        id.0,
        &times,
        &words,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(written.rows_affected())
}

/// Open pages look again.
pub(super) async fn tell_pages(tx: &mut PgConnection, order: &Ordered) -> Result<(), Fault> {
    sqlx::query!(
        "insert into outbox (topic, store_id, order_id) values ('order', $1, $2)",
        order.store_id.0,
        order.id.0
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Once all that was sent has been signed for, the shopper has it some days after, if they say nothing; never later than
/// without anybody's word.
pub(super) async fn hasten(tx: &mut PgConnection, scope: &Scope, order: &Ordered) -> Result<(), Fault> {
    if !still_here(tx, order.id).await?.is_empty() || on_their_way(tx, order.id).await? > 0 {
        return Ok(());
    }
    jobs::hasten(tx, Kind::CompleteExpress, order.id.0, scope.now + SIGNED_AFTER).await
}

/// How many parcels of an order the shopper has not signed for and the store does not have again.
pub(super) async fn on_their_way(tx: &mut PgConnection, order: OrderId) -> Result<i64, Fault> {
    sqlx::query_scalar!(
        r#"select count(*) as "many!" from parcels p left join parcel_ways w on w.parcel_id = p.id
           where p.order_id = $1 and coalesce(w.state, 'sent') not in ('signed', 'back')"#,
        order.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scans_time_is_beijings() {
        let scan = |time: &str| Scan { context: String::new(), time: time.into() };
        assert_eq!(at(&scan("2026-11-23 16:33:19")).unwrap().to_rfc3339(), "2026-11-23T08:33:19+00:00");
        assert_eq!(at(&scan("昨天")), None);
    }

    #[test]
    fn every_carrier_but_an_unknown_one_has_a_code_of_its_own() {
        let mut codes: Vec<_> = Carrier::ALL.iter().filter_map(|carrier| company(*carrier)).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Carrier::ALL.len() - 1);
    }
}
