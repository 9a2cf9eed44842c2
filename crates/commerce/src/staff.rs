//! Staff: logging in, oneself, and making accounts (O4, first form).

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{SaltString, rand_core::OsRng},
};
use chrono::Duration;
use domain::{
    Fault, StaffId,
    staff::{Permission, Role, StaffLogIn, StaffView},
};
use sqlx::{PgConnection, PgPool};
use tokio::sync::Semaphore;

use crate::{
    Scope,
    database::OrFault,
    demo,
    house::new_id,
    limits,
    sessions::{self, Person, Token},
};

/// Password hashing is slow on purpose; no more than this many at once, so that log-ins never
/// take the machine from the shoppers.
static HASHING: Semaphore = Semaphore::const_new(2);

/// A hash of a password nobody has, checked for unknown accounts: an unknown account takes as long
/// as a wrong password. Parameters: argon2id, m = 19,456 KiB, t = 2, p = 1 (the crate's defaults).
async fn password_is(password: String, hash: Option<String>) -> Result<bool, Fault> {
    let _turn = HASHING.acquire().await.map_err(|error| Fault::Internal(error.to_string()))?;
    let checked = tokio::task::spawn_blocking(move || match hash {
        Some(hash) => PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()),
        None => {
            let salt = SaltString::generate(&mut OsRng);
            let _ = Argon2::default().hash_password(password.as_bytes(), &salt);
            false
        }
    });
    checked.await.map_err(|error| Fault::Internal(error.to_string()))
}

/// The hash of a new password.
pub(crate) async fn hash_password(password: String) -> Result<String, Fault> {
    let _turn = HASHING.acquire().await.map_err(|error| Fault::Internal(error.to_string()))?;
    let hashed = tokio::task::spawn_blocking(move || {
        let salt = SaltString::generate(&mut OsRng);
        Argon2::default().hash_password(password.as_bytes(), &salt).map(|hash| hash.to_string())
    });
    let hashed = hashed.await.map_err(|error| Fault::Internal(error.to_string()))?;
    hashed.map_err(|error| Fault::Internal(error.to_string()))
}

/// Logs a person of staff in.
///
/// Faults: `Invalid` beside `password`, the same words for an unknown account; `TooMany`.
pub async fn log_in(scope: &Scope, command: StaffLogIn) -> Result<(Token, StaffView), Fault> {
    let most = scope.house.settings.log_ins_in_ten_minutes;
    limits::count(scope, &format!("staff-log-in-from:{}", scope.address), most, Duration::minutes(10)).await?;
    limits::count(scope, &format!("staff-log-in:{}", command.account), most, Duration::minutes(10)).await?;
    let found = sqlx::query!("select id, password_hash from staff where account = $1 and active", command.account)
        .fetch_optional(scope.pool())
        .await
        .or_fault()?;
    let hash = found.as_ref().map(|row| row.password_hash.clone());
    let right = password_is(command.password, hash).await?;
    let Some(row) = found.filter(|_| right) else {
        return Err(Fault::invalid("password", "账号或密码不对"));
    };
    let mut tx = scope.begin().await?;
    let token = sessions::begin(&mut tx, scope, Person::Staff(StaffId(row.id))).await?;
    tx.commit().await.or_fault()?;
    let request = sessions::Request {
        channel: scope.channel,
        now: scope.now,
        id: scope.request_id.clone(),
        address: scope.address.clone(),
    };
    let view = me(&sessions::identify(&scope.house, Some(token.secret()), request).await?)?;
    Ok((token, view))
}

/// The person of staff who asks.
pub fn me(scope: &Scope) -> Result<StaffView, Fault> {
    let person = scope.staff()?;
    let mut roles: Vec<_> = person.grants.iter().map(|grant| grant.role.label().to_owned()).collect();
    roles.sort();
    roles.dedup();
    Ok(StaffView { id: person.id, name: person.name.clone(), roles, uses_hq: scope.may(Permission::UseHq) })
}

/// The demo's accounts that open with the demo's passwords.
pub async fn demo_log_ins(pool: &PgPool) -> Result<Vec<String>, Fault> {
    let mut open = Vec::new();
    for log_in in demo::LOG_INS {
        let hash = sqlx::query_scalar!("select password_hash from staff where account = $1 and active", log_in.account)
            .fetch_optional(pool)
            .await
            .or_fault()?;
        if hash.is_some() && password_is(log_in.password.to_owned(), hash).await? {
            open.push(log_in.account.to_owned());
        }
    }
    Ok(open)
}

/// Where a new account's role reaches.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NewReach<'a> {
    Everywhere,
    Region(&'a str),
    Store(&'a str),
}

/// An account for a person, unless one of that name is there.
pub(crate) struct NewStaff<'a> {
    pub account: &'a str,
    pub name: &'a str,
    pub password: &'a str,
    pub role: Role,
    pub reach: NewReach<'a>,
}

/// Makes the account; `false` where there was one already.
pub(crate) async fn hire(tx: &mut PgConnection, new: NewStaff<'_>) -> Result<bool, Fault> {
    let hash = hash_password(new.password.to_owned()).await?;
    let made = sqlx::query_scalar!(
        "insert into staff (id, account, name, password_hash) values ($1, $2, $3, $4)
         on conflict (account) do nothing returning id",
        new_id(),
        new.account,
        new.name,
        hash,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(staff) = made else { return Ok(false) };
    let (region, store) = match new.reach {
        NewReach::Everywhere => (None, None),
        NewReach::Region(code) => (Some(code), None),
        NewReach::Store(code) => (None, Some(code)),
    };
    sqlx::query!(
        "insert into grants (id, staff_id, role, region_code, store_id, everywhere)
         values ($1, $2, $3, $4::text, (select id from stores where code = $5::text), $4::text is null and $5::text is null)",
        new_id(),
        staff,
        new.role.code(),
        region,
        store,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(true)
}
