//! Stores: finding one, and its page (O1, O5).

pub mod import;
pub(crate) mod kept;
pub mod opening;
mod sending;

use domain::{
    Fault, StoreId,
    geo::Point,
    staff::Permission,
    stores::{FindStores, ListStores, Ownership, Place, StoreCard, StoreEntry, StoreState, StoreView},
};

use crate::{Scope, database::OrFault, memory};

/// Stores by distance where a place is known, else those open now first, then by name. Closed ones are
/// left out.
pub async fn find(scope: &Scope, ask: FindStores) -> Result<Vec<StoreCard>, Fault> {
    Ok(memory::stores(scope).await?.find(scope, &ask))
}

/// A store's own page, by its code.
pub async fn show(scope: &Scope, code: &str, near: Option<Point>) -> Result<StoreView, Fault> {
    let stores = memory::stores(scope).await?;
    stores.with_code(code).map(|store| store.view(scope, near)).ok_or(Fault::NotFound("这家门店"))
}

/// A store's own page, by its identity.
pub async fn show_by_id(scope: &Scope, id: StoreId, near: Option<Point>) -> Result<StoreView, Fault> {
    let stores = memory::stores(scope).await?;
    stores.with_id(id.0).map(|store| store.view(scope, near)).ok_or(Fault::NotFound("这家门店"))
}

/// The stores a person of staff may see, by name.
pub async fn mine(scope: &Scope, permission: Permission) -> Result<Vec<(StoreId, String)>, Fault> {
    let reach = scope.reach_filter(permission)?;
    let rows = sqlx::query!(
        "select id, name from stores where ($1::uuid[] is null or id = any($1)) order by name, id",
        reach.as_deref(),
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| (StoreId(row.id), row.name)).collect())
}

/// The stores with these codes, for what concerns some stores alone; `None`, all of them, for no code.
///
/// Faults: `Invalid` beside `stores` for a code no store has.
pub(crate) async fn of_codes(scope: &Scope, codes: &[String]) -> Result<Option<Vec<uuid::Uuid>>, Fault> {
    if codes.is_empty() {
        return Ok(None);
    }
    let found = sqlx::query!("select id, code from stores where code = any($1)", codes)
        .fetch_all(scope.pool())
        .await
        .or_fault()?;
    let unknown: Vec<&str> =
        codes.iter().filter(|code| found.iter().all(|store| store.code != **code)).map(String::as_str).collect();
    if !unknown.is_empty() {
        return Err(Fault::invalid("stores", format!("没有这些门店：{}", unknown.join("、"))));
    }
    Ok(Some(found.into_iter().map(|store| store.id).collect()))
}

/// The stores within a person's reach, and how many there are in all.
pub async fn list(scope: &Scope, ask: &ListStores) -> Result<(Vec<StoreEntry>, i64), Fault> {
    let reach = scope.reach_filter(Permission::ReadStores)?;
    let rows = sqlx::query!(
        r#"select s.id, s.code, s.name, b.name as brand, r.name as region, s.address, s.timezone, s.ownership,
                  store_state(s.state, s.state_until, $7) as "state!",
                  case when s.state_until > $7 then s.state_until end as until, count(*) over () as "total!"
           from stores s join brands b on b.id = s.brand_id join regions r on r.code = s.region_code
           where ($1::uuid[] is null or s.id = any($1))
             and ($2 = '' or strpos(lower(s.name || ' ' || s.code || ' ' || s.address || ' ' || s.city), $2) > 0)
             and ($3::text is null or s.ownership = $3)
             and ($4::text is null or store_state(s.state, s.state_until, $7) = $4)
           order by s.name, s.id limit $5 offset $6"#,
        reach.as_deref(),
        ask.words.trim().to_lowercase(),
        ask.ownership.map(Ownership::code),
        ask.state.map(StoreState::code),
        ask.most.clamp(1, 200),
        ask.skip.max(0),
        scope.now,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let total = rows.first().map_or(0, |row| row.total);
    let entries = rows.into_iter().map(|row| StoreEntry {
        id: StoreId(row.id),
        code: row.code,
        name: row.name,
        brand: row.brand,
        region: row.region,
        address: row.address,
        timezone: row.timezone,
        ownership: Ownership::from_code(&row.ownership).unwrap_or(Ownership::Direct),
        state: StoreState::from_code(&row.state).unwrap_or(StoreState::Closed),
        until: row.until,
    });
    Ok((entries.collect(), total))
}

/// Places to choose by hand: cities first, then landmarks; all where no words are given.
pub async fn places(scope: &Scope, words: &str) -> Result<Vec<Place>, Fault> {
    Ok(memory::stores(scope).await?.places(words))
}
