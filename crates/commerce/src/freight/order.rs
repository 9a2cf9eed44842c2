//! Head office's order of stores for what riders bring: it counts where stores are chosen by priority.

use domain::{
    Fault, StoreId,
    audit::{Act, ObjectKind},
    freight::{DeliveryPriority, PRIORITY_USUAL, SetDeliveryPriority},
};
use serde_json::json;
use uuid::Uuid;

use super::{must_manage, stores::with_codes};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

/// The stores that are not in the usual place, in head office's order; 1,000 at most.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn list(scope: &Scope) -> Result<Vec<DeliveryPriority>, Fault> {
    must_manage(scope)?;
    let rows = sqlx::query!(
        "select d.store_id, s.code, s.name, d.priority
         from delivery_priorities d join stores s on s.id = d.store_id order by d.priority, s.code limit 1000",
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let store = rows.into_iter().map(|row| DeliveryPriority {
        store_id: StoreId(row.store_id),
        code: row.code,
        name: row.name,
        priority: row.priority,
    });
    Ok(store.collect())
}

/// Gives stores their place; orders that are placed stay as they are. Doing it twice is doing it once.
///
/// Faults: `Unauthenticated`; `Forbidden`; `Invalid` beside `stores` for a code that no store has, beside `priority`.
pub async fn set(scope: &Scope, command: SetDeliveryPriority) -> Result<(), Fault> {
    must_manage(scope)?;
    command.check()?;
    let mut tx = scope.begin().await?;
    let found = with_codes(&mut tx, &command.stores).await?;
    let ids: Vec<Uuid> = found.iter().map(|store| store.id).collect();
    let before = sqlx::query!("select store_id, priority from delivery_priorities where store_id = any($1)", &ids)
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
    if command.priority == PRIORITY_USUAL {
        sqlx::query!("delete from delivery_priorities where store_id = any($1)", &ids)
            .execute(&mut *tx)
            .await
            .or_fault()?;
    } else {
        sqlx::query!(
            "insert into delivery_priorities (store_id, priority) select id, $2 from unnest((select $1::uuid[])) s (id)
             on conflict (store_id) do update set priority = $2",
            &ids,
            command.priority,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    for store in ids {
        let kept = before.iter().find(|row| row.store_id == store).map_or(PRIORITY_USUAL, |row| row.priority);
        if kept == command.priority {
            continue;
        }
        let change = Change {
            act: Act::SetRouting,
            object: ObjectKind::Store,
            object_id: store,
            store_id: Some(store),
            before: json!({ "delivery_priority": kept }),
            after: json!({ "delivery_priority": command.priority }),
            reason: "",
        };
        audit::record(&mut tx, scope, change).await?;
    }
    tx.commit().await.or_fault()
}
