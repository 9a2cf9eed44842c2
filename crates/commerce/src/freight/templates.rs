//! Head office's templates.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Fault, FreightId,
    audit::{Act, ObjectKind},
    freight::{FreightTemplate, FreightTerms, SaveFreight},
};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::must_manage;
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

const NO_TEMPLATE: Fault = Fault::NotFound("这个运费模板");

/// All templates, the default first; and what their regions are called, by code.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn list(scope: &Scope) -> Result<(Vec<FreightTemplate>, BTreeMap<String, String>), Fault> {
    must_manage(scope)?;
    let mut tx = scope.begin().await?;
    let rows = sqlx::query!(
        r#"select id, name, terms, is_default,
                  (select count(*) from express_stores e where e.template_id = t.id) as "stores!"
           from freight_templates t order by not is_default, name"#,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let template = |row: (uuid::Uuid, String, Value, bool, i64)| {
        let (id, name, terms, default, stores) = row;
        Ok(FreightTemplate { id: FreightId(id), name, terms: terms_of(terms)?, default, stores })
    };
    let rows = rows.into_iter().map(|row| (row.id, row.name, row.terms, row.is_default, row.stores));
    let templates: Vec<FreightTemplate> = rows.map(template).collect::<Result<_, Fault>>()?;
    let areas = templates.iter().flat_map(|template| &template.terms.areas);
    let codes: BTreeSet<String> = areas.flat_map(|area| area.regions.iter().cloned()).collect();
    let codes: Vec<String> = codes.into_iter().collect();
    let named = sqlx::query!("select code, name from regions where code = any($1)", &codes)
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
    Ok((templates, named.into_iter().map(|row| (row.code, row.name)).collect()))
}

/// What a template says, as it is kept.
pub(super) fn terms_of(kept: Value) -> Result<FreightTerms, Fault> {
    serde_json::from_value(kept).map_err(|error| Fault::Internal(format!("freight terms: {error}")))
}

/// Makes a template under an id of the client's, or changes it. The first one is the default by itself. Doing it
/// twice is doing it once; what was ordered keeps the freight of its time.
///
/// Faults: `Forbidden`; `Invalid` beside the fields, beside `name` where another has it, beside `areas` for a region
/// that there is not or that is named twice.
pub async fn save(scope: &Scope, id: FreightId, mut command: SaveFreight) -> Result<(), Fault> {
    must_manage(scope)?;
    command.check()?;
    let mut tx = scope.begin().await?;
    // Two who save at once wait for each other, so that there is one default.
    sqlx::query!("lock table freight_templates in share row exclusive mode").execute(&mut *tx).await.or_fault()?;
    by_code(&mut tx, &mut command.terms).await?;
    let before = read(&mut tx, id).await?;
    let first = sqlx::query_scalar!(
        r#"select not exists (select from freight_templates where is_default and id <> $1) as "first!""#,
        id.0,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    let default = command.default || first;
    if default {
        sqlx::query!("update freight_templates set is_default = false where is_default and id <> $1", id.0)
            .execute(&mut *tx)
            .await
            .or_fault()?;
    }
    let terms = serde_json::to_value(&command.terms).map_err(|error| Fault::Internal(error.to_string()))?;
    sqlx::query!(
        "insert into freight_templates (id, name, terms, is_default, saved_by, saved_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do update set name = $2, terms = $3, is_default = $4, saved_by = $5, saved_at = $6",
        id.0,
        command.name.trim(),
        terms,
        default,
        scope.staff()?.id.0,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let after = read(&mut tx, id).await?;
    if before != after {
        record(&mut tx, scope, id, Act::SaveFreight, before, after).await?;
    }
    tx.commit().await.or_fault()
}

/// Regions that were told by their names become codes; a province comes before a city that is called the same.
async fn by_code(tx: &mut PgConnection, terms: &mut FreightTerms) -> Result<(), Fault> {
    let told: Vec<String> = terms.areas.iter().flat_map(|area| area.regions.iter().cloned()).collect();
    let found = sqlx::query!(
        r#"select told as "told!", (select min(code) from regions where code = told or name = told) as code
           from unnest((select $1::text[])) told"#,
        &told,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let codes: BTreeMap<String, Option<String>> = found.into_iter().map(|row| (row.told, row.code)).collect();
    let mut seen = BTreeSet::new();
    for region in terms.areas.iter_mut().flat_map(|area| &mut area.regions) {
        let code = codes.get(region).cloned().flatten();
        // All of China is what there is elsewhere.
        let Some(code) = code.filter(|code| code != "CN") else {
            let region: String = region.chars().take(40).collect();
            return Err(Fault::invalid("areas", format!("没有“{region}”这个地区，请填写省市的名称或国标代码")));
        };
        if !seen.insert(code.clone()) {
            return Err(Fault::invalid("areas", format!("“{region}”出现了两次，请只保留一处")));
        }
        *region = code;
    }
    Ok(())
}

/// Removes a template that no store names and that is not the default.
///
/// Faults: `Forbidden`; `NotFound`; `Conflict` (`freight_in_use`).
pub async fn remove(scope: &Scope, id: FreightId) -> Result<(), Fault> {
    must_manage(scope)?;
    let mut tx = scope.begin().await?;
    let before = read(&mut tx, id).await?;
    if before.is_null() {
        return Err(NO_TEMPLATE);
    }
    let used = sqlx::query!(
        r#"select t.is_default, (select count(*) from express_stores e where e.template_id = t.id) as "stores!"
           from freight_templates t where t.id = $1"#,
        id.0,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    if used.is_default {
        return Err(Fault::conflict("freight_in_use", "这是默认模板，请先把另一个模板设为默认"));
    }
    if used.stores > 0 {
        let why = format!("有 {} 家门店在用这个模板，请先给它们换一个", used.stores);
        return Err(Fault::conflict("freight_in_use", why));
    }
    sqlx::query!("delete from freight_templates where id = $1", id.0).execute(&mut *tx).await.or_fault()?;
    record(&mut tx, scope, id, Act::RemoveFreight, before, Value::Null).await?;
    tx.commit().await.or_fault()
}

/// A template as the log has it, locked; nothing where there is none.
async fn read(tx: &mut PgConnection, id: FreightId) -> Result<Value, Fault> {
    let row = sqlx::query!("select name, terms, is_default from freight_templates where id = $1 for update", id.0)
        .fetch_optional(tx)
        .await
        .or_fault()?;
    Ok(row.map_or(Value::Null, |row| json!({ "name": row.name, "terms": row.terms, "default": row.is_default })))
}

async fn record(
    tx: &mut PgConnection,
    scope: &Scope,
    id: FreightId,
    act: Act,
    before: Value,
    after: Value,
) -> Result<(), Fault> {
    let object = ObjectKind::Freight;
    audit::record(tx, scope, Change { act, object, object_id: id.0, store_id: None, before, after, reason: "" }).await
}
