//! One-time messages to a form that failed: what was wrong and what was typed.

use chrono::Duration;
use domain::{Complaint, Fault, Fields};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Scope, database::OrFault, house::new_id};

/// What a page shows again, once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// The form it belongs to, where a page has several.
    pub form: String,
    /// What happened and what to do.
    pub message: String,
    /// What is wrong beside which field.
    pub complaints: Vec<Complaint>,
    /// What was typed, without secrets.
    pub typed: Fields,
    /// Good news rather than bad.
    pub good: bool,
}

impl Flash {
    /// What is wrong with a field.
    pub fn complaint(&self, field: &str) -> Option<&str> {
        self.complaints.iter().find(|one| one.field == field).map(|one| one.message.as_str())
    }
}

/// Keeps a message for ten minutes; its id goes into the address of the page that will show it.
pub async fn keep(scope: &Scope, flash: &Flash) -> Result<Uuid, Fault> {
    let id = Uuid::new_v4();
    let payload = serde_json::to_value(flash).map_err(|error| Fault::Internal(error.to_string()))?;
    sqlx::query!(
        "insert into flashes (id, payload, expires_at) values ($1, $2, $3)",
        id,
        payload,
        scope.now + Duration::minutes(10),
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    Ok(id)
}

/// Takes a message; the second time there is none.
pub async fn take(scope: &Scope, id: Uuid) -> Result<Option<Flash>, Fault> {
    let payload =
        sqlx::query_scalar!("delete from flashes where id = $1 and expires_at > $2 returning payload", id, scope.now)
            .fetch_optional(scope.pool())
            .await
            .or_fault()?;
    Ok(payload.and_then(|payload| serde_json::from_value(payload).ok()))
}

/// Forgets messages nobody came for.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    sqlx::query!("delete from flashes where expires_at < $1", scope.now).execute(scope.pool()).await.or_fault()?;
    Ok(())
}

/// A new key for a form: the id of what submitting it will make.
pub fn new_key() -> Uuid {
    new_id()
}
