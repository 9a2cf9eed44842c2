//! The thresholds: head office's for all places, and a place's own.

use domain::{
    Fault, LocationId,
    alerts::{AlertKind, AlertRule, Goods, SetAlertRule},
    audit::{Act, ObjectKind},
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    house::new_id,
    stockroom::{self, Sight, may_set, named},
};

const NO_RULE: Fault = Fault::NotFound("这条提醒规则");

/// How many thresholds a page shows.
const RULES_SHOWN: i64 = 500;

/// The thresholds that apply to everybody, and those of places within reach; of one place where it is named.
///
/// Faults: `Forbidden`.
pub async fn rules(scope: &Scope, location: Option<LocationId>) -> Result<Vec<AlertRule>, Fault> {
    seen(scope, location, RULES_SHOWN).await
}

/// The same, so many at most.
pub(super) async fn seen(scope: &Scope, location: Option<LocationId>, most: i64) -> Result<Vec<AlertRule>, Fault> {
    let sight = Sight::of(scope)?;
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select r.id, r.kind, r.location_id, coalesce(s.name, w.name) as location_name, c.code as "category?", c.name as "category_name?",
                  k.code as "sku?", d.name as "product?", coalesce(array_to_string(k.spec_values, ' '), '') as "spec!", r.threshold
           from alert_rules r left join stores s on s.id = r.location_id left join warehouses w on w.id = r.location_id
           left join categories c on c.id = r.category_id left join skus k on k.id = r.sku_id
           left join products d on d.id = k.product_id
           where (r.location_id is null or $1::uuid[] is null or r.location_id = any($1))
             and ($2::uuid is null or r.location_id is null or r.location_id = $2)
           order by r.kind, r.location_id is not null, 4, c.name nulls first, d.name, k.code limit $3"#,
        sight.seen.as_deref(),
        location.map(|location| location.0),
        most,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let rules = rows.into_iter().filter_map(|row| {
        let (goods, goods_name) = match (row.sku, row.category) {
            (Some(code), _) => (Goods::Sku { code }, named(&row.product.unwrap_or_default(), &row.spec)),
            (None, Some(code)) => (Goods::Category { code }, row.category_name.unwrap_or_default()),
            (None, None) => (Goods::All, "全部商品".into()),
        };
        Some(AlertRule {
            id: row.id,
            kind: AlertKind::from_code(&row.kind)?,
            location_id: row.location_id.map(LocationId),
            location_name: row.location_name,
            goods,
            goods_name,
            threshold: row.threshold,
        })
    });
    Ok(rules.collect())
}

/// Sets a threshold; one for the same goods at the same place becomes this. Answers its identity.
///
/// Faults: `Invalid` beside `threshold`, `category` or `sku`; `NotFound` for a place out of reach; `Forbidden`.
pub async fn set(scope: &Scope, command: SetAlertRule) -> Result<Uuid, Fault> {
    command.check()?;
    may_set(scope, command.location_id)?;
    let mut tx = scope.begin().await?;
    let id = set_in(&mut tx, scope, &command).await?;
    tx.commit().await.or_fault()?;
    Ok(id)
}

/// [`set`] within a transaction.
pub(super) async fn set_in(tx: &mut PgConnection, scope: &Scope, command: &SetAlertRule) -> Result<Uuid, Fault> {
    let me = may_set(scope, command.location_id)?;
    if let Some(location) = command.location_id {
        stockroom::room(tx, location).await?;
    }
    let (category, sku) = goods(tx, &command.goods).await?;
    let before = sqlx::query_scalar!(
        "select threshold from alert_rules where kind = $1 and location_id is not distinct from $2
           and category_id is not distinct from $3 and sku_id is not distinct from $4 for update",
        command.kind.code(),
        command.location_id.map(|location| location.0),
        category,
        sku,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let id = sqlx::query_scalar!(
        "insert into alert_rules (id, kind, location_id, category_id, sku_id, threshold, set_by, set_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict on constraint alert_rules_one do update set threshold = $6, set_by = $7, set_at = $8 returning id",
        new_id(),
        command.kind.code(),
        command.location_id.map(|location| location.0),
        category,
        sku,
        command.threshold,
        me,
        scope.now,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    let told = |threshold: Option<i64>| json!({ "kind": command.kind.label(), "threshold": threshold });
    let before = before.map_or(json!(null), told);
    record(tx, scope, Act::SetAlertRule, (id, command.location_id), [before, told(command.threshold)]).await?;
    Ok(id)
}

/// Faults: `Invalid` beside `category` or `sku` for a code that nothing has.
async fn goods(tx: &mut PgConnection, goods: &Goods) -> Result<(Option<Uuid>, Option<Uuid>), Fault> {
    match goods {
        Goods::All => Ok((None, None)),
        Goods::Category { code } => {
            let found = sqlx::query_scalar!("select id from categories where code = $1", code.trim());
            let found = found.fetch_optional(tx).await.or_fault()?;
            found.map(|id| (Some(id), None)).ok_or_else(|| Fault::invalid("category", "没有这个分类"))
        }
        Goods::Sku { code } => {
            let found = sqlx::query_scalar!("select id from skus where lower(code) = lower($1)", code.trim());
            let found = found.fetch_optional(tx).await.or_fault()?;
            found.map(|id| (None, Some(id))).ok_or_else(|| Fault::invalid("sku", "没有这个商品编码"))
        }
    }
}

/// Removes a threshold: what says less applies again.
///
/// Faults: `NotFound`, also for a place out of reach; `Forbidden`.
pub async fn remove(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    Sight::of(scope)?;
    let mut tx = scope.begin().await?;
    let found = sqlx::query!("select kind, location_id, threshold from alert_rules where id = $1", id)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(NO_RULE)?;
    let location = found.location_id.map(LocationId);
    may_set(scope, location).map_err(|fault| match fault {
        Fault::NotFound(_) => NO_RULE,
        other => other,
    })?;
    sqlx::query!("delete from alert_rules where id = $1", id).execute(&mut *tx).await.or_fault()?;
    let kind = AlertKind::from_code(&found.kind).map_or("", AlertKind::label);
    let before = json!({ "kind": kind, "threshold": found.threshold });
    record(&mut tx, scope, Act::RemoveAlertRule, (id, location), [before, json!(null)]).await?;
    tx.commit().await.or_fault()
}

async fn record(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    (id, location): (Uuid, Option<LocationId>),
    [before, after]: [Value; 2],
) -> Result<(), Fault> {
    let store = match location {
        Some(location) => stockroom::room(tx, location).await?.store,
        None => None,
    };
    let change = Change {
        act,
        object: ObjectKind::AlertRule,
        object_id: id,
        store_id: store.map(|store| store.0),
        before,
        after,
        reason: "",
    };
    audit::record(tx, scope, change).await
}
