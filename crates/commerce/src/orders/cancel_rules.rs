//! Until when shoppers call paid orders off by themselves: head office's rules, one for each way, and stores' own (D3).

use chrono::{DateTime, Utc};
use domain::{
    Fault, OrderId, StoreId,
    audit::{Act, ObjectKind},
    cancelling::{CancelRule, CancelRules, CancelUntil, SetCancelRule, StoreCancelRule},
    fulfilment::Fulfilment,
    staff::Permission,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

const NO_STORE: Fault = Fault::NotFound("这家门店");

/// What holds where, as far as whoever asks sees orders.
///
/// Faults: `Forbidden`.
pub async fn cancel_rules(scope: &Scope) -> Result<CancelRules, Fault> {
    let reach = scope.reach_filter(Permission::ReadOrders)?;
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select r.store_id, s.name as "name?", r.fulfilment, r.until, r.minutes, r.may_ask
           from cancel_rules r left join stores s on s.id = r.store_id
           where r.store_id is null or $1::uuid[] is null or r.store_id = any($1)
           order by r.store_id is not null, s.name, s.id, r.fulfilment limit 504"#,
        reach.as_deref(),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let mut rules = CancelRules::default();
    for row in rows {
        let Some(fulfilment) = Fulfilment::from_code(&row.fulfilment) else { continue };
        let rule = rule(&row.until, row.minutes, row.may_ask);
        match (row.store_id, row.name) {
            (Some(store), Some(store_name)) if rules.stores.len() < 500 => {
                let says = SetCancelRule { fulfilment, rule };
                rules.stores.push(StoreCancelRule { store_id: StoreId(store), store_name, says });
            }
            (None, _) => {
                rules.house.iter_mut().filter(|one| one.fulfilment == fulfilment).for_each(|one| one.rule = rule)
            }
            _ => {}
        }
    }
    Ok(rules)
}

fn rule(until: &str, minutes: i32, may_ask: bool) -> CancelRule {
    CancelRule { until: CancelUntil::from_code(until).unwrap_or_default(), minutes, may_ask }
}

/// Whoever says what holds at all stores manages orders everywhere; at one store, turns its orders down.
fn must_set(scope: &Scope, store: Option<StoreId>) -> Result<(), Fault> {
    match store {
        None => scope.staff_everywhere(Permission::ManageOrders).map(drop),
        Some(store) if scope.reach(Permission::RejectOrders)?.covers(store) => Ok(()),
        Some(_) => Err(NO_STORE),
    }
}

/// Says what holds of one way from now on, of orders that there are already too: at all stores that have no rule of their
/// own for it, or at one. Saying the same again changes nothing.
///
/// Faults: `Invalid` beside `minutes`; `NotFound` for a store out of reach; `Forbidden`.
pub async fn set_cancel_rule(scope: &Scope, store: Option<StoreId>, wanted: SetCancelRule) -> Result<(), Fault> {
    wanted.rule.check()?;
    must_set(scope, store)?;
    let mut tx = scope.begin().await?;
    let before = said(&mut tx, store).await?;
    let before = before.into_iter().find(|one| one.fulfilment == wanted.fulfilment);
    if before == Some(wanted) {
        return Ok(());
    }
    sqlx::query!(
        "insert into cancel_rules (store_id, fulfilment, until, minutes, may_ask) values ($1, $2, $3, $4, $5)
         on conflict on constraint cancel_rules_one
         do update set until = excluded.until, minutes = excluded.minutes, may_ask = excluded.may_ask",
        store.map(|store| store.0),
        wanted.fulfilment.code(),
        wanted.rule.until.code(),
        wanted.rule.minutes,
        wanted.rule.may_ask,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    note(&mut tx, scope, Act::SetCancelRule, store, [told(before.as_slice()), told(&[wanted])]).await?;
    tx.commit().await.or_fault()
}

/// Lets head office's rules hold at a store again, of all ways. Doing it twice is doing it once.
///
/// Faults: `NotFound` for a store out of reach; `Forbidden`.
pub async fn remove_cancel_rules(scope: &Scope, store: StoreId) -> Result<(), Fault> {
    must_set(scope, Some(store))?;
    let mut tx = scope.begin().await?;
    let before = said(&mut tx, Some(store)).await?;
    if before.is_empty() {
        return Ok(());
    }
    sqlx::query!("delete from cancel_rules where store_id = $1", store.0).execute(&mut *tx).await.or_fault()?;
    note(&mut tx, scope, Act::RemoveCancelRules, Some(store), [told(&before), Value::Null]).await?;
    tx.commit().await.or_fault()
}

/// What was said of a store, or of all others. Nobody else says anything of it until the transaction ends.
async fn said(tx: &mut PgConnection, store: Option<StoreId>) -> Result<Vec<SetCancelRule>, Fault> {
    let store = store.map(|store| store.0);
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtext('mendian: cancel rule ' || coalesce($1::uuid::text, '')))",
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
    let rows = sqlx::query!(
        "select fulfilment, until, minutes, may_ask from cancel_rules where store_id is not distinct from $1 order by fulfilment",
        store,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let says = rows.into_iter().filter_map(|row| {
        let fulfilment = Fulfilment::from_code(&row.fulfilment)?;
        Some(SetCancelRule { fulfilment, rule: rule(&row.until, row.minutes, row.may_ask) })
    });
    Ok(says.collect())
}

fn told(rules: &[SetCancelRule]) -> Value {
    let lines = rules.iter().map(|one| (one.fulfilment.label().to_owned(), Value::String(one.rule.text())));
    Value::Object(lines.collect())
}

async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    store: Option<StoreId>,
    [before, after]: [Value; 2],
) -> Result<(), Fault> {
    let change = Change {
        act,
        object: ObjectKind::Store,
        // What holds of all others is of no store.
        object_id: store.map_or(Uuid::nil(), |store| store.0),
        store_id: store.map(|store| store.0),
        before: if before == json!({}) { Value::Null } else { before },
        after,
        reason: "",
    };
    audit::record(tx, scope, change).await
}

/// What holds of an order, and when it was paid: the store's own rule for its way before head office's, and where
/// nothing is said what holds by default.
///
/// It stands here and not in a function of SQL: one that answers a single row is planned anew at every call of it.
pub(super) async fn rule_of(
    tx: &mut PgConnection,
    order: OrderId,
) -> Result<(CancelRule, Option<DateTime<Utc>>), Fault> {
    let row = sqlx::query!(
        r#"select r.until as "until?", r.minutes as "minutes?", r.may_ask as "may_ask?", o.paid_at
           from orders o left join lateral (
               select c.until, c.minutes, c.may_ask from cancel_rules c
               where c.fulfilment = o.fulfilment and (c.store_id is null or c.store_id = o.store_id)
               order by c.store_id nulls last limit 1
           ) r on true
           where o.id = $1"#,
        order.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    let said = match (row.until, row.minutes, row.may_ask) {
        (Some(until), Some(minutes), Some(may_ask)) => rule(&until, minutes, may_ask),
        _ => CancelRule::default(),
    };
    Ok((said, row.paid_at))
}
