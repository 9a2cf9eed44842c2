//! What is done where nobody has solved a shortage in time: head office's rule, and stores' own (K2, D2).

use domain::{
    Fault, StoreId,
    audit::{Act, ObjectKind},
    shortage_rules::{ShortageAct, ShortageRule, ShortageRules, StoreShortageRule},
    staff::Permission,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::shortages;
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

const NO_STORE: Fault = Fault::NotFound("这家门店");

/// What holds where, as far as whoever asks sees cases.
///
/// Faults: `Forbidden`.
pub async fn rules(scope: &Scope) -> Result<ShortageRules, Fault> {
    let reach = shortages::reach(scope)?;
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select r.store_id, s.name as "name?", r.act, r.wait_hours
           from shortage_rules r left join stores s on s.id = r.store_id
           where r.store_id is null or $1::uuid[] is null or r.store_id = any($1)
           order by r.store_id is not null, s.name, s.id limit 501"#,
        reach.as_deref(),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let mut rules = ShortageRules::default();
    for row in rows {
        let rule = rule(&row.act, row.wait_hours);
        match (row.store_id, row.name) {
            (Some(store), Some(store_name)) if rules.stores.len() < 500 => {
                rules.stores.push(StoreShortageRule { store_id: StoreId(store), store_name, rule });
            }
            (None, _) => rules.house = rule,
            _ => {}
        }
    }
    Ok(rules)
}

fn rule(act: &str, wait_hours: i32) -> ShortageRule {
    ShortageRule { act: ShortageAct::from_code(act).unwrap_or_default(), wait_hours }
}

/// Whoever says what holds at all stores manages orders everywhere; at one store, turns its orders down.
fn must_set(scope: &Scope, store: Option<StoreId>) -> Result<(), Fault> {
    match store {
        None => scope.staff_everywhere(Permission::ManageOrders).map(drop),
        Some(store) if scope.reach(Permission::RejectOrders)?.covers(store) => Ok(()),
        Some(_) => Err(NO_STORE),
    }
}

/// Says what is done from now on: at all stores that have no rule of their own, or at one. Saying the same again changes
/// nothing.
///
/// Faults: `Invalid` beside `wait_hours`; `NotFound` for a store out of reach; `Forbidden`.
pub async fn set(scope: &Scope, store: Option<StoreId>, wanted: ShortageRule) -> Result<(), Fault> {
    wanted.check()?;
    must_set(scope, store)?;
    let mut tx = scope.begin().await?;
    let before = said(&mut tx, store).await?;
    if before == Some(wanted) {
        return Ok(());
    }
    sqlx::query!(
        "insert into shortage_rules (store_id, act, wait_hours) values ($1, $2, $3)
         on conflict on constraint shortage_rules_one do update set act = excluded.act, wait_hours = excluded.wait_hours",
        store.map(|store| store.0),
        wanted.act.code(),
        wanted.wait_hours,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    note(&mut tx, scope, Act::SetShortageRule, store, [before, Some(wanted)]).await?;
    tx.commit().await.or_fault()
}

/// Lets head office's rule hold at a store again. Doing it twice is doing it once.
///
/// Faults: `NotFound` for a store out of reach; `Forbidden`.
pub async fn remove(scope: &Scope, store: StoreId) -> Result<(), Fault> {
    must_set(scope, Some(store))?;
    let mut tx = scope.begin().await?;
    let before = said(&mut tx, Some(store)).await?;
    if before.is_none() {
        return Ok(());
    }
    sqlx::query!("delete from shortage_rules where store_id = $1", store.0).execute(&mut *tx).await.or_fault()?;
    note(&mut tx, scope, Act::RemoveShortageRule, Some(store), [before, None]).await?;
    tx.commit().await.or_fault()
}

/// What was said of a store, or of all others. Nobody else says anything of it until the transaction ends.
async fn said(tx: &mut PgConnection, store: Option<StoreId>) -> Result<Option<ShortageRule>, Fault> {
    let store = store.map(|store| store.0);
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtext('mendian: shortage rule ' || coalesce($1::uuid::text, '')))",
        store
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if let Some(store) = store {
        sqlx::query!("select id from stores where id = $1", store)
            .fetch_optional(&mut *tx)
            .await
            .or_fault()?
            .ok_or(NO_STORE)?;
    }
    let found =
        sqlx::query!("select act, wait_hours from shortage_rules where store_id is not distinct from $1", store)
            .fetch_optional(tx)
            .await
            .or_fault()?;
    Ok(found.map(|row| rule(&row.act, row.wait_hours)))
}

async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    store: Option<StoreId>,
    [before, after]: [Option<ShortageRule>; 2],
) -> Result<(), Fault> {
    let told = |rule: Option<ShortageRule>| {
        rule.map_or(Value::Null, |rule| json!({ "act": rule.act.label(), "wait_hours": rule.wait_hours }))
    };
    let change = Change {
        act,
        object: ObjectKind::Store,
        // What holds of all others is of no store.
        object_id: store.map_or(Uuid::nil(), |store| store.0),
        store_id: store.map(|store| store.0),
        before: told(before),
        after: told(after),
        reason: "",
    };
    audit::record(tx, scope, change).await
}
