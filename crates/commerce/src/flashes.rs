//! One-time messages to a form that failed: what was wrong and what was typed.

use chrono::Duration;
use domain::{Complaint, Fault, Fields};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Scope, database::OrFault, house::new_id, limits};

/// For how long a message waits for its page.
const KEPT_FOR: Duration = Duration::minutes(10);
/// A message up to so long is small: what happened, with a few fields. A form may hold 128 KB.
const SMALL_BYTES: usize = 4 * 1024;

/// How many messages may be left in that time: by a person, or by all visitors of an address, behind which there
/// may be a whole neighbourhood. A clerk at a busy counter is told something every few seconds, in few words.
fn most(by_person: bool, small: bool) -> i32 {
    match (by_person, small) {
        (true, true) => 600,
        (false, true) => 3_000,
        (_, false) => 50,
    }
}

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
///
/// Faults: `TooMany`; the form then stands there as it did before anything was typed.
pub async fn keep(scope: &Scope, flash: &Flash) -> Result<Uuid, Fault> {
    let payload = serde_json::to_value(flash).map_err(|error| Fault::Internal(error.to_string()))?;
    let small = payload.to_string().len() <= SMALL_BYTES;
    let person = scope.actor_id();
    let whose = person.map_or_else(|| scope.address.to_string(), |id| id.to_string());
    let kind = if small { "messages" } else { "long-messages" };
    limits::count(scope, &format!("{kind}:{whose}"), most(person.is_some(), small), KEPT_FOR).await?;
    let id = Uuid::new_v4();
    sqlx::query!(
        "insert into flashes (id, payload, expires_at) values ($1, $2, $3)",
        id,
        payload,
        scope.now + KEPT_FOR,
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
