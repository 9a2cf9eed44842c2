//! Logging in, oneself, one's own password.

use chrono::Duration;
use domain::{
    Fault, StaffId,
    audit::Act,
    staff::{ACCOUNT_MOST, ChangePassword, PASSWORD_MOST, Permission, StaffLogIn, StaffView},
};
use serde_json::json;
use sqlx::PgPool;

use super::{accounts, devices};
use crate::{
    Scope,
    database::OrFault,
    demo, devices as known, limits, password,
    sessions::{self, Person, Token},
};

/// What a log-in answers.
pub struct LoggedIn {
    /// The new session's.
    pub token: Token,
    /// Shown at the next log-in on this device; empty where a code is still to come.
    pub device: String,
    /// Who it is.
    pub person: StaffView,
}

/// Logs a person of staff in. Where they have a second step, the session opens nothing before its code was taken
/// ([`super::second_step::enter`]).
///
/// Faults: `Invalid` beside `password`, the same words for an unknown account; `TooMany`.
pub async fn log_in(scope: &Scope, command: StaffLogIn) -> Result<LoggedIn, Fault> {
    let device = command.device.as_deref();
    let wrong = || Fault::invalid("password", "账号或密码不对");
    if command.account.len() > ACCOUNT_MOST || command.password.len() > PASSWORD_MOST {
        return Err(wrong());
    }
    known::check(device)?;
    devices::count_try(scope, &command.account, device).await?;
    let found =
        sqlx::query!("select id, name, password_hash from staff where account = $1 and active", command.account,)
            .fetch_optional(scope.pool())
            .await
            .or_fault()?;
    let hash = found.as_ref().map(|row| row.password_hash.clone());
    let right = password::is_right(command.password.clone(), hash).await?;
    let row = found.filter(|_| right).ok_or_else(wrong)?;
    let mut tx = scope.house_begin().await?;
    // Only where nobody has replaced the password or suspended the account since it was looked at; and what is
    // asked for besides is as it stands now.
    let current = sqlx::query_scalar!(
        "update staff set last_log_in_at = $2 where id = $1 and active and password_hash = $3
         returning totp_since is not null as \"has_second_step!\"",
        row.id,
        scope.now,
        row.password_hash,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    if current.ok_or_else(wrong)? {
        let token = sessions::begin(&mut tx, scope, Person::StaffWithoutCode(StaffId(row.id))).await?;
        tx.commit().await.or_fault()?;
        let person = StaffView {
            id: StaffId(row.id),
            name: row.name,
            roles: Vec::new(),
            uses_hq: false,
            must_change_password: false,
            must_set_up_second_step: false,
            awaits_code: true,
        };
        return Ok(LoggedIn { token, device: String::new(), person });
    }
    let device = devices::remember(&mut tx, scope, row.id, device).await?;
    let token = sessions::begin(&mut tx, scope, Person::Staff(StaffId(row.id))).await?;
    tx.commit().await.or_fault()?;
    greet(scope, token, device).await
}

/// The answer to who has just logged in.
pub(super) async fn greet(scope: &Scope, token: Token, device: String) -> Result<LoggedIn, Fault> {
    let request = sessions::Request {
        channel: scope.channel,
        now: scope.now,
        id: scope.request_id.clone(),
        address: scope.address.clone(),
        agent: scope.agent.clone(),
    };
    let person = me(&sessions::identify(&scope.house, Some(token.secret()), request).await?)?;
    Ok(LoggedIn { token, device, person })
}

/// The person of staff who asks.
pub fn me(scope: &Scope) -> Result<StaffView, Fault> {
    let person = scope.staff()?;
    let mut roles: Vec<_> = person.grants.iter().map(|grant| grant.role.clone()).collect();
    roles.sort();
    roles.dedup();
    Ok(StaffView {
        id: person.id,
        name: person.name.clone(),
        roles,
        uses_hq: scope.may(Permission::UseHq),
        must_change_password: person.must_change_password,
        must_set_up_second_step: person.must_set_up_second_step,
        awaits_code: false,
    })
}

/// Replaces one's own password. Every session of theirs ends and a new one begins, so that whoever knew the old
/// password is out.
///
/// Faults: `Invalid` beside `old_password` and `password`; `TooMany`.
pub async fn change_password(scope: &Scope, command: ChangePassword) -> Result<Token, Fault> {
    let me = scope.staff()?.id;
    let most = scope.house.settings.log_ins_in_ten_minutes;
    limits::count(scope, &format!("staff-password:{me}"), most, Duration::minutes(10)).await?;
    let person = sqlx::query!("select account, name, password_hash from staff where id = $1", me.0)
        .fetch_one(scope.pool())
        .await
        .or_fault()?;
    if !password::is_right(command.old_password.clone(), Some(person.password_hash.clone())).await? {
        return Err(Fault::invalid("old_password", "现在的密码不对"));
    }
    if command.password == command.old_password {
        return Err(Fault::invalid("password", "新密码不能与现在的相同"));
    }
    password::judge(&command.password, &[&person.account, &person.name])?;
    let hash = password::hash(command.password).await?;
    let mut tx = scope.begin().await?;
    // Only where nobody has replaced it since it was looked at.
    let changed = sqlx::query!(
        "update staff set password_hash = $2, must_change_password = false where id = $1 and password_hash = $3",
        me.0,
        hash,
        person.password_hash,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if changed.rows_affected() == 0 {
        return Err(Fault::invalid("old_password", "现在的密码不对"));
    }
    sessions::must_live(&mut tx, scope).await?;
    devices::forget_all(&mut tx, me).await?;
    let token = sessions::begin(&mut tx, scope, Person::Staff(me)).await?;
    accounts::note(&mut tx, scope, Act::ChangePassword, me, json!(null), json!(null)).await?;
    tx.commit().await.or_fault()?;
    Ok(token)
}

/// The demo's accounts that open with the demo's passwords.
pub async fn demo_log_ins(pool: &PgPool) -> Result<Vec<String>, Fault> {
    let mut open = Vec::new();
    for log_in in demo::LOG_INS {
        let hash = sqlx::query_scalar!("select password_hash from staff where account = $1 and active", log_in.account)
            .fetch_optional(pool)
            .await
            .or_fault()?;
        if hash.is_some() && password::is_right(log_in.password.to_owned(), hash).await? {
            open.push(log_in.account.to_owned());
        }
    }
    Ok(open)
}
