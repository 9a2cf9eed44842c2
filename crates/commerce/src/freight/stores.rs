//! Which stores send by express.

use std::collections::BTreeSet;

use domain::{
    Fault, FreightId, StoreId,
    audit::{Act, ObjectKind},
    freight::{ExpressStore, SetExpressStores},
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::must_manage;
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

/// The stores that send, in head office's order; 1,000 at most.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn list(scope: &Scope) -> Result<Vec<ExpressStore>, Fault> {
    must_manage(scope)?;
    let rows = sqlx::query!(
        "select e.store_id, s.code, s.name, e.template_id, e.priority
         from express_stores e join stores s on s.id = e.store_id order by e.priority, s.code limit 1000",
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let store = rows.into_iter().map(|row| ExpressStore {
        store_id: StoreId(row.store_id),
        code: row.code,
        name: row.name,
        template_id: row.template_id.map(FreightId),
        priority: row.priority,
    });
    Ok(store.collect())
}

/// A store, as it sends so far.
pub(super) struct Found {
    /// Which.
    pub id: Uuid,
    code: String,
    sends: bool,
    template_id: Option<Uuid>,
    priority: Option<i32>,
}

/// The stores with these codes, locked against whoever sets the same of them.
///
/// Faults: `Invalid` beside `stores` for a code that no store has.
pub(super) async fn with_codes(tx: &mut PgConnection, codes: &[String]) -> Result<Vec<Found>, Fault> {
    let codes: BTreeSet<String> = codes.iter().map(|code| code.trim().to_owned()).collect();
    let codes: Vec<String> = codes.into_iter().collect();
    let found = sqlx::query_as!(
        Found,
        r#"select s.id, s.code, e.store_id is not null as "sends!", e.template_id as "template_id?", e.priority as "priority?"
           from stores s left join express_stores e on e.store_id = s.id where s.code = any($1) order by s.id for no key update of s"#,
        &codes,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    match codes.iter().find(|code| found.iter().all(|store| store.code != **code)) {
        Some(unknown) => {
            let unknown: String = unknown.chars().take(40).collect();
            Err(Fault::invalid("stores", format!("没有编号为 {unknown} 的门店")))
        }
        None => Ok(found),
    }
}

/// Lets stores send by express, or no longer; orders that they have stay as they are. Doing it twice is doing it once.
///
/// Faults: `Forbidden`; `Invalid` beside `stores` for a code that no store has, beside `template_id`, where nothing is
/// named and there is no default too.
pub async fn set(scope: &Scope, command: SetExpressStores) -> Result<(), Fault> {
    must_manage(scope)?;
    command.check()?;
    let mut tx = scope.begin().await?;
    let found = with_codes(&mut tx, &command.stores).await?;
    let named = command.template_id.map(|template| template.0);
    let known = sqlx::query_scalar!(
        r#"select exists (select from freight_templates where case when $1::uuid is null then is_default else id = $1 end) as "known!""#,
        named,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    if command.sends && !known {
        return Err(Fault::invalid("template_id", "请先建立运费模板，再选择一个"));
    }
    let ids: Vec<Uuid> = found.iter().map(|store| store.id).collect();
    if command.sends {
        sqlx::query!(
            "insert into express_stores (store_id, template_id, priority) select id, $2, $3 from unnest((select $1::uuid[])) s (id)
             on conflict (store_id) do update set template_id = $2, priority = $3",
            &ids,
            named,
            command.priority,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    } else {
        sqlx::query!("delete from express_stores where store_id = any($1)", &ids).execute(&mut *tx).await.or_fault()?;
    }
    let told = |sends: bool, template: Option<Uuid>, priority: i32| match sends {
        true => json!({ "express": true, "template": template, "priority": priority }),
        false => json!({ "express": false }),
    };
    let after: Value = told(command.sends, named, command.priority);
    for store in found {
        let before = told(store.sends, store.template_id, store.priority.unwrap_or_default());
        if before == after {
            continue;
        }
        let change = Change {
            act: Act::SetExpressStores,
            object: ObjectKind::Store,
            object_id: store.id,
            store_id: Some(store.id),
            before,
            after: after.clone(),
            reason: "",
        };
        audit::record(&mut tx, scope, change).await?;
    }
    tx.commit().await.or_fault()
}
