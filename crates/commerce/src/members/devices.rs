//! The devices on which members have logged in.

use chrono::Duration;
use domain::{Fault, members::Phone};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    database::OrFault,
    devices::{self, DEVICE_DAYS},
    sessions::{Token, hash_of},
};

/// Whose tries are counted here.
const WHOSE: &str = "member";

/// Counts a try of a password.
///
/// Faults: `TooMany`.
pub(super) async fn count_try(scope: &Scope, phone: &Phone, device: Option<&str>) -> Result<(), Fault> {
    devices::count_from(scope, WHOSE).await?;
    let known = match device.filter(|device| devices::is_token(device)) {
        Some(device) => is_known(scope, phone, device).await?.then_some(device),
        None => None,
    };
    devices::count_to(scope, WHOSE, phone.as_str(), known).await
}

async fn is_known(scope: &Scope, phone: &Phone, device: &str) -> Result<bool, Fault> {
    sqlx::query_scalar!(
        r#"select exists (
               select from member_devices d join members m on m.id = d.member_id
               where d.token_hash = $1 and m.phone = $2 and d.used_at > $3
           ) as "known!""#,
        hash_of(device),
        phone.as_str(),
        scope.now - Duration::days(DEVICE_DAYS),
    )
    .fetch_one(&scope.house.pool)
    .await
    .or_fault()
}

/// Remembers the device on which somebody has just logged in; answers its token, which is new where it was not
/// known.
pub(super) async fn remember(
    tx: &mut PgConnection,
    scope: &Scope,
    member: Uuid,
    device: Option<&str>,
) -> Result<String, Fault> {
    if let Some(device) = device {
        let known = sqlx::query!(
            "update member_devices set used_at = $3 where token_hash = $1 and member_id = $2",
            hash_of(device),
            member,
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
        "insert into member_devices (token_hash, member_id, made_at, used_at) values ($1, $2, $3, $3)",
        hash_of(token.secret()),
        member,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(token.secret().to_owned())
}

/// Forgets a member's devices: whoever else had them is a stranger again.
pub(super) async fn forget_all(tx: &mut PgConnection, member: Uuid) -> Result<(), Fault> {
    sqlx::query!("delete from member_devices where member_id = $1", member).execute(tx).await.or_fault()?;
    Ok(())
}

/// Forgets devices that nobody has used for long.
pub(super) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    let before = scope.now - Duration::days(DEVICE_DAYS);
    sqlx::query!("delete from member_devices where used_at < $1", before)
        .execute(&scope.house.pool)
        .await
        .or_fault()?;
    Ok(())
}
