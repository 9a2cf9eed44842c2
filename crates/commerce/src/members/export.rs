//! Everything about oneself as one file (P8).

use chrono::Duration;
use domain::Fault;
use serde_json::{Map, Value, json};

use super::rules::{Exporting, RULES};
use crate::{Scope, database::OrFault, limits};

/// How many files one member may have made in an hour: each reads all their orders.
const FILES_AN_HOUR: i32 = 10;

/// Everything that is known about the member who asks, by the rules, under keys that people can read.
///
/// Faults: `Unauthenticated`; `TooMany`.
pub async fn export(scope: &Scope) -> Result<Value, Fault> {
    let me = super::me(scope).await?;
    limits::count(scope, &format!("export:{}", me.id), FILES_AN_HOUR, Duration::hours(1)).await?;
    let mut tx = scope.begin().await?;
    let mut file = Map::new();
    file.insert("导出时间".into(), json!(scope.now));
    for rule in RULES {
        if let Exporting::Under(key, statement) = rule.exporting {
            let value: Value = sqlx::query_scalar(statement).bind(me.id.0).fetch_one(&mut *tx).await.or_fault()?;
            file.insert(key.into(), value);
        }
    }
    Ok(Value::Object(file))
}
