//! A second step of the log-in: codes that an app makes every half minute (RFC 6238).

use chrono::Duration;
use domain::{
    Fault, StaffId,
    audit::Act,
    staff::{EnterCode, Permission, SecondStepSetUp, SecondStepView},
};
use rand::Rng;
use serde_json::json;
use sqlx::PgConnection;
use totp_rs::{Builder, Totp};

use super::{LoggedIn, accounts, devices, log_in, within};
use crate::{
    Scope, StaffMember,
    database::OrFault,
    limits, password,
    scope::password_must_change,
    sessions::{self, Person},
};

/// Who the app says it is for.
const ISSUER: &str = "Mendian 门店";
/// How many codes may be tried in ten minutes, on a device that is known and by all strangers together: a guesser
/// has 6 chances of 3 in a million.
const TRIES_MOST: i32 = 6;
/// How many codes strangers may try in a day.
const STRANGERS_TRIES_MOST: i32 = 50;
/// The secret's length in bytes, as RFC 4226 wants it.
const SECRET_BYTES: usize = 20;

/// Whoever asks, once their password is their own.
///
/// Faults: `Unauthenticated`; `Conflict` (`password_must_change`).
fn settled(scope: &Scope) -> Result<&StaffMember, Fault> {
    let me = scope.staff()?;
    if me.must_change_password { Err(password_must_change()) } else { Ok(me) }
}

/// How whoever asks stands with the second step. A secret that is being set up is shown to the session alone that
/// began to, so that nobody plants or reads one.
pub async fn mine(scope: &Scope) -> Result<SecondStepView, Fault> {
    let me = scope.staff()?;
    let row = sqlx::query!("select account, totp_secret, totp_since, totp_begun_by from staff where id = $1", me.id.0)
        .fetch_one(scope.pool())
        .await
        .or_fault()?;
    let begun_here = row.totp_begun_by.is_some() && row.totp_begun_by == scope.token_hash;
    let pending = row.totp_secret.filter(|_| row.totp_since.is_none() && begun_here);
    let set_up = pending.map(|secret| set_up(&row.account, secret)).transpose()?;
    let is_required =
        me.must_set_up_second_step || (scope.house.settings.second_step_for_hq && scope.may(Permission::UseHq));
    Ok(SecondStepView { since: row.totp_since, set_up, is_required })
}

fn totp(account: &str, secret: Vec<u8>) -> Result<Totp, Fault> {
    let built = Builder::new().with_secret(secret).with_account_name(account).with_issuer(Some(ISSUER)).build();
    built.map_err(|error| Fault::Internal(error.to_string()))
}

fn set_up(account: &str, secret: Vec<u8>) -> Result<SecondStepSetUp, Fault> {
    let totp = totp(account, secret)?;
    let url = totp.to_url().map_err(|error| Fault::Internal(error.to_string()))?;
    let text = totp.secret().to_base32();
    let groups: Vec<&str> = text.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    Ok(SecondStepSetUp { url, secret: groups.join(" ") })
}

/// Begins to set a second step up, with a new secret; nothing is asked for until [`confirm`].
///
/// Faults: `Conflict` (`second_step_on`) where it is on.
pub async fn begin(scope: &Scope) -> Result<(), Fault> {
    let me = settled(scope)?.id;
    let mut secret = vec![0; SECRET_BYTES];
    rand::rng().fill(secret.as_mut_slice());
    let begun = sqlx::query!(
        "update staff set totp_secret = $2, totp_begun_by = $3 where id = $1 and totp_since is null",
        me.0,
        secret,
        scope.token_hash,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    if begun.rows_affected() == 0 {
        return Err(Fault::conflict("second_step_on", "两步验证已经开启"));
    }
    Ok(())
}

/// Turns the second step on with a first code, which shows that the app has the secret. Other sessions end.
///
/// Faults: `Invalid` beside `code`; `TooMany`; `Conflict` (`second_step_not_begun`).
pub async fn confirm(scope: &Scope, command: EnterCode) -> Result<(), Fault> {
    let me = settled(scope)?.id;
    let digits = command.digits()?;
    // Counting takes a connection of its own, so nothing is begun before.
    limits::count(scope, &format!("staff-code-set-up:{me}"), TRIES_MOST, Duration::minutes(10)).await?;
    let mut tx = scope.begin().await?;
    if !take_code(&mut tx, scope, me, &digits, Stage::SettingUp).await? {
        return Err(Fault::conflict("second_step_not_begun", "请先开始设置两步验证"));
    }
    sqlx::query!("update staff set totp_since = $2 where id = $1", me.0, scope.now)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    sqlx::query!(
        "delete from sessions where staff_id = $1 and token_hash is distinct from $2",
        me.0,
        scope.token_hash,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    accounts::note(&mut tx, scope, Act::TurnOnSecondStep, me, json!(null), json!(null)).await?;
    tx.commit().await.or_fault()
}

/// The second step of a log-in: the session that waited for a code becomes one that is logged in, under a new token.
///
/// Faults: `Unauthenticated` where no session waits for a code; `Invalid` beside `code`; `TooMany`.
pub async fn enter(scope: &Scope, command: EnterCode, device: Option<&str>) -> Result<LoggedIn, Fault> {
    let person = scope.awaits_code_of.ok_or(Fault::Unauthenticated)?;
    let digits = command.digits()?;
    count_try(scope, person, device).await?;
    let mut tx = scope.house_begin().await?;
    if !take_code(&mut tx, scope, person, &digits, Stage::LoggingIn).await? {
        return Err(Fault::Unauthenticated);
    }
    sessions::must_live(&mut tx, scope).await?;
    let device = devices::remember(&mut tx, scope, person.0, device).await?;
    let token = sessions::begin(&mut tx, scope, Person::Staff(person)).await?;
    tx.commit().await.or_fault()?;
    log_in::greet(scope, token, device).await
}

/// Gives one's own second step up.
///
/// Faults: `Invalid` beside `password`; `Conflict` (`second_step_required`); `TooMany`.
pub async fn turn_off(scope: &Scope, password: String) -> Result<(), Fault> {
    let me = settled(scope)?.id;
    if mine(scope).await?.is_required {
        return Err(Fault::conflict("second_step_required", "总部账号必须使用两步验证，不能关闭"));
    }
    let most = scope.house.settings.log_ins_in_ten_minutes;
    limits::count(scope, &format!("staff-password:{me}"), most, Duration::minutes(10)).await?;
    let hash = sqlx::query_scalar!("select password_hash from staff where id = $1", me.0)
        .fetch_one(scope.pool())
        .await
        .or_fault()?;
    if !password::is_right(password, Some(hash)).await? {
        return Err(Fault::invalid("password", "现在的密码不对"));
    }
    let mut tx = scope.begin().await?;
    clear(&mut tx, scope, me).await?;
    tx.commit().await.or_fault()
}

/// Takes the second step away from somebody who has lost the app, and logs them out everywhere.
///
/// Faults: `NotFound` for an account out of reach; `Conflict` (`yourself`); `Forbidden`.
pub async fn remove(scope: &Scope, staff: StaffId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    within::lock(&mut tx, scope, staff).await?;
    devices::forget_all(&mut tx, staff).await?;
    clear(&mut tx, scope, staff).await?;
    tx.commit().await.or_fault()
}

/// Takes the second step away from an account by a command of whoever runs the server: the last administrator has
/// nobody else to ask. `false` where there is none.
pub async fn clear_by_command(scope: &Scope, account: &str) -> Result<bool, Fault> {
    let found = sqlx::query_scalar!("select id from staff where account = $1 and totp_secret is not null", account)
        .fetch_optional(scope.pool())
        .await
        .or_fault()?;
    let Some(id) = found else { return Ok(false) };
    let mut tx = scope.begin().await?;
    devices::forget_all(&mut tx, StaffId(id)).await?;
    clear(&mut tx, scope, StaffId(id)).await?;
    tx.commit().await.or_fault()?;
    tracing::warn!(account, "the second step of an account was taken away by a command");
    Ok(true)
}

/// Counts a code that is tried at a log-in: on a device where this person has logged in before by the device, else
/// with all strangers, so that who knows the password alone locks out strangers alone.
///
/// Faults: `TooMany`.
async fn count_try(scope: &Scope, staff: StaffId, device: Option<&str>) -> Result<(), Fault> {
    let known = devices::known_of(scope, staff, device).await?;
    if known.is_none() {
        let bucket = format!("staff-code-day:{staff}");
        limits::count(scope, &bucket, STRANGERS_TRIES_MOST, Duration::days(1)).await?;
    }
    let bucket = known.map_or_else(|| format!("staff-code:{staff}"), |device| format!("staff-code-on:{device}"));
    limits::count(scope, &bucket, TRIES_MOST, Duration::minutes(10)).await
}

async fn clear(tx: &mut PgConnection, scope: &Scope, staff: StaffId) -> Result<(), Fault> {
    let cleared = sqlx::query!(
        "update staff set totp_secret = null, totp_since = null, totp_begun_by = null
         where id = $1 and totp_secret is not null",
        staff.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if cleared.rows_affected() > 0 {
        accounts::note(tx, scope, Act::TurnOffSecondStep, staff, json!(null), json!(null)).await?;
    }
    Ok(())
}

/// What a code is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    SettingUp,
    LoggingIn,
}

/// Takes a code, once; `false` where none is expected at this stage. Whoever asks has counted the try.
///
/// Faults: `Invalid` beside `code`.
async fn take_code(
    tx: &mut PgConnection,
    scope: &Scope,
    staff: StaffId,
    digits: &str,
    stage: Stage,
) -> Result<bool, Fault> {
    let row = sqlx::query!(
        "select account, totp_secret, totp_since, totp_period, totp_begun_by from staff
         where id = $1 and active for no key update",
        staff.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(row) = row else { return Ok(false) };
    let expected = match stage {
        Stage::LoggingIn => row.totp_since.is_some(),
        Stage::SettingUp => {
            row.totp_since.is_none() && row.totp_begun_by.is_some() && row.totp_begun_by == scope.token_hash
        }
    };
    let Some(secret) = row.totp_secret.filter(|_| expected) else { return Ok(false) };
    let now = u64::try_from(scope.now.timestamp()).unwrap_or(0);
    let period = totp(&row.account, secret)?.check(digits, now).and_then(|period| i64::try_from(period).ok());
    let Some(period) = period.filter(|period| *period > row.totp_period) else {
        return Err(Fault::invalid("code", "验证码不对或已经用过，请等下一个；手机时间须准确"));
    };
    sqlx::query!("update staff set totp_period = $2 where id = $1", staff.0, period).execute(tx).await.or_fault()?;
    Ok(true)
}
