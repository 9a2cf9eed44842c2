//! The log of what staff and partners' programs changed, written in the transaction of the change.

use domain::Fault;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Scope, database::OrFault, scope::Actor};

/// One change.
pub(crate) struct Change<'a> {
    pub act: &'a str,
    pub object_kind: &'a str,
    pub object_id: Uuid,
    pub store_id: Option<Uuid>,
    pub before: Value,
    pub after: Value,
    pub reason: &'a str,
}

/// Records a change where staff or a program made it; what shoppers and the server do is in the steps.
pub(crate) async fn record(tx: &mut PgConnection, scope: &Scope, change: Change<'_>) -> Result<(), Fault> {
    let Actor { staff, key, .. } = scope.actor();
    if staff.is_none() && key.is_none() {
        return Ok(());
    }
    sqlx::query!(
        "insert into audit (staff_id, api_key_id, act, object_kind, object_id, store_id, before, after, reason, request_id, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        staff,
        key,
        change.act,
        change.object_kind,
        change.object_id,
        change.store_id,
        change.before,
        change.after,
        change.reason,
        &*scope.request_id,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
