//! The devices on which staff have been, and where a manager's people are logged in.

use chrono::Duration;
use domain::{Fault, StaffId, audit::Act, sessions::SessionView, staff::Permission};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{accounts, within};
use crate::{
    Scope,
    database::OrFault,
    devices::{self, DEVICE_DAYS},
    sessions::{self, Token, end_all_of, hash_of},
};

/// Whose tries are counted here.
const WHOSE: &str = "staff";

/// Counts a try to log in to an account.
///
/// Faults: `TooMany`.
pub(super) async fn count_try(scope: &Scope, account: &str, device: Option<&str>) -> Result<(), Fault> {
    devices::count_from(scope, WHOSE).await?;
    let known = match device.filter(|device| devices::is_token(device)) {
        Some(device) => is_known(scope, account, device).await?.then_some(device),
        None => None,
    };
    devices::count_to(scope, WHOSE, account, known).await
}

async fn is_known(scope: &Scope, account: &str, device: &str) -> Result<bool, Fault> {
    sqlx::query_scalar!(
        r#"select exists (
               select from staff_devices d join staff p on p.id = d.staff_id
               where d.token_hash = $1 and p.account = $2 and d.used_at > $3
           ) as "known!""#,
        hash_of(device),
        account,
        scope.now - Duration::days(DEVICE_DAYS),
    )
    .fetch_one(scope.pool())
    .await
    .or_fault()
}

/// The hash of a device on which this person has logged in before; nothing where they have not.
pub(super) async fn known_of(scope: &Scope, staff: StaffId, device: Option<&str>) -> Result<Option<String>, Fault> {
    let Some(device) = device.filter(|device| devices::is_token(device)) else { return Ok(None) };
    let known = sqlx::query_scalar!(
        r#"select exists (select from staff_devices where token_hash = $1 and staff_id = $2 and used_at > $3) as "known!""#,
        hash_of(device),
        staff.0,
        scope.now - Duration::days(DEVICE_DAYS),
    )
    .fetch_one(scope.pool())
    .await
    .or_fault()?;
    Ok(known.then(|| hex::encode(hash_of(device))))
}

/// Remembers the device on which somebody has just logged in; answers its token, which is new where it was not
/// known.
pub(super) async fn remember(
    tx: &mut PgConnection,
    scope: &Scope,
    staff: Uuid,
    device: Option<&str>,
) -> Result<String, Fault> {
    if let Some(device) = device {
        let known = sqlx::query!(
            "update staff_devices set used_at = $3 where token_hash = $1 and staff_id = $2",
            hash_of(device),
            staff,
            scope.now,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
        if known.rows_affected() > 0 {
            return Ok(device.to_owned());
        }
    }
    let token = Token::new();
    sqlx::query!(
        "insert into staff_devices (token_hash, staff_id, made_at, used_at) values ($1, $2, $3, $3)",
        hash_of(token.secret()),
        staff,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(token.secret().to_owned())
}

/// Ends every session of an account and forgets its devices: whoever else had them is a stranger again.
pub(super) async fn forget_all(tx: &mut PgConnection, staff: StaffId) -> Result<(), Fault> {
    end_all_of(tx, staff).await?;
    sqlx::query!("delete from staff_devices where staff_id = $1", staff.0).execute(tx).await.or_fault()?;
    Ok(())
}

/// Where an account within reach is logged in.
///
/// Faults: `NotFound` out of reach.
pub async fn sessions_of(scope: &Scope, staff: StaffId) -> Result<Vec<SessionView>, Fault> {
    let reach = scope.reach_filter(Permission::ManageStaff)?;
    let mut tx = scope.begin().await?;
    if !within::is_seen(&mut tx, scope, staff, reach.as_deref()).await? {
        return Err(Fault::NotFound("这位员工"));
    }
    drop(tx);
    sessions::read(scope, (None, Some(staff.0))).await
}

/// Logs somebody out everywhere.
///
/// Faults: `NotFound` for an account out of reach; `Conflict` (`yourself`); `Forbidden`.
pub async fn log_out_everywhere(scope: &Scope, staff: StaffId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    within::lock(&mut tx, scope, staff).await?;
    forget_all(&mut tx, staff).await?;
    accounts::note(&mut tx, scope, Act::EndSessions, staff, json!(null), json!(null)).await?;
    tx.commit().await.or_fault()
}

/// Forgets devices that nobody has used for long.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    let before = scope.now - Duration::days(DEVICE_DAYS);
    sqlx::query!("delete from staff_devices where used_at < $1", before).execute(scope.pool()).await.or_fault()?;
    Ok(())
}
