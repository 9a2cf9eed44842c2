//! Making, listing, showing and suspending accounts.

use domain::{
    Fault, StaffId,
    audit::{Act, ObjectKind},
    staff::{Hire, ListStaff, Permission, Role, StaffCard, StaffEntry},
};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{departments, devices, grants, within};
use crate::{
    Scope, approvals,
    audit::{self, Change},
    database::OrFault,
    house::new_id,
    password,
};

/// The accounts within reach, those that can log in first; and how many there are in all. Whoever does not reach
/// every store sees those people whose every grant is within their own stores (see [`within::is_seen`]).
pub async fn list(scope: &Scope, ask: &ListStaff) -> Result<(Vec<StaffEntry>, i64), Fault> {
    let reach = scope.reach_filter(Permission::ManageStaff)?;
    let (role, role_id) = ask.role.map(within::columns).unzip();
    let rows = sqlx::query!(
        r#"select p.id, p.account, p.name, coalesce(d.name, '') as "department!", p.department_id, p.active, p.last_log_in_at,
                  count(*) over () as "total!",
                  array(
                      select coalesce(o.name, g.role) || ' · ' || coalesce(r.name, m.name, t.name, s.name, '全部门店')
                      from grants g left join roles o on o.id = g.role_id left join regions r on r.code = g.region_code
                      left join store_groups m on m.id = g.group_id left join merchants t on t.id = g.merchant_id
                      left join stores s on s.id = g.store_id
                      where g.staff_id = p.id and (g.ends_at is null or g.ends_at > $8)
                      order by g.everywhere desc, g.granted_at, g.id
                  ) as "roles!"
           from staff p left join departments d on d.id = p.department_id
           where ($1::uuid[] is null or (
                     exists (select from grants g where g.staff_id = p.id)
                     and not exists (
                         select from grants g
                         where g.staff_id = p.id
                           and (g.ends_at is null or g.ends_at > $8
                                or not exists (select from grants l where l.staff_id = p.id and (l.ends_at is null or l.ends_at > $8)))
                           and (g.everywhere
                                or not exists (select from stores_of_grants i where i.grant_id = g.id)
                                or exists (select from stores_of_grants i where i.grant_id = g.id and i.store_id <> all($1))))))
             and ($2 = '' or strpos(lower(concat_ws(' ', p.account, p.name, d.name)), $2) > 0)
             and ($3::text is null or exists (
                     select from grants g where g.staff_id = p.id and g.role = $3 and g.role_id is not distinct from $4
                       and (g.ends_at is null or g.ends_at > $8)))
             and ($5::bool is null or p.active = $5) and ($9::uuid is null or p.department_id = $9)
           order by p.active desc, p.name, p.id limit $6 offset $7"#,
        reach.as_deref(),
        ask.words.trim().to_lowercase(),
        role,
        role_id.flatten(),
        ask.active,
        ask.most.clamp(1, 200),
        ask.skip.max(0),
        scope.now,
        ask.department,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let total = rows.first().map_or(0, |row| row.total);
    let entries = rows.into_iter().map(|row| StaffEntry {
        id: StaffId(row.id),
        account: row.account,
        name: row.name,
        department: row.department,
        department_id: row.department_id,
        active: row.active,
        roles: row.roles.into_iter().map(|role| in_words(&role)).collect(),
        last_log_in_at: row.last_log_in_at,
    });
    Ok((entries.collect(), total))
}

/// `clerk · 人民广场店` with the role as people read it.
fn in_words(text: &str) -> String {
    match text.split_once(" · ") {
        Some((role, place)) => format!("{} · {place}", Role::from_code(role).map_or(role, |role| role.label())),
        None => text.to_owned(),
    }
}

/// An account with everything that it may do, and why.
///
/// Faults: `NotFound` out of reach.
pub async fn show(scope: &Scope, id: StaffId) -> Result<StaffCard, Fault> {
    let reach = scope.reach_filter(Permission::ManageStaff)?;
    let mut tx = scope.begin().await?;
    let found = sqlx::query!(
        r#"select p.account, p.name, coalesce(d.name, '') as "department!", p.department_id, p.active, p.must_change_password,
                  p.totp_since, p.last_log_in_at
           from staff p left join departments d on d.id = p.department_id where p.id = $1"#,
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let found = found.ok_or(Fault::NotFound("这位员工"))?;
    if !within::is_seen(&mut tx, scope, id, reach.as_deref()).await? {
        return Err(Fault::NotFound("这位员工"));
    }
    let grants = grants::read(&mut tx, scope, id).await?;
    let may_change = scope.staff()?.id != id && within::may_change(&mut tx, scope, &scope.staff()?.grants, id).await?;
    let entry = StaffEntry {
        id,
        account: found.account,
        name: found.name,
        department: found.department,
        department_id: found.department_id,
        active: found.active,
        roles: grants.iter().map(|grant| format!("{} · {}", grant.role, grant.place_name)).collect(),
        last_log_in_at: found.last_log_in_at,
    };
    let (must_change_password, second_step) = (found.must_change_password, found.totp_since.is_some());
    let delegations = approvals::delegations_of(&mut tx, scope, id).await?;
    Ok(StaffCard { must_change_password, second_step, delegations, may_change, ..StaffCard::new(entry, grants) })
}

/// Makes an account with a first grant. Its id is the idempotency key: the same account again is there already.
///
/// Faults: `Forbidden`; `Invalid` beside the fields, also for an account's name that is taken, a password that is
/// easily guessed, a department that is not there, or more than whoever asks may give.
pub async fn hire(scope: &Scope, command: Hire) -> Result<(), Fault> {
    scope.reach(Permission::ManageStaff)?;
    command.check()?;
    password::judge(&command.password, &[&command.account, &command.name])?;
    let hash = password::hash(command.password.clone()).await?;
    let mut tx = scope.begin().await?;
    let authority = within::authority(&mut tx, scope, None).await?;
    let department = departments::named(&mut tx, command.department_id).await?;
    let made = sqlx::query_scalar!(
        "insert into staff (id, account, name, department_id, password_hash, must_change_password, created_at)
         values ($1, $2, $3, $4, $5, true, $6) on conflict do nothing returning id",
        command.id.0,
        command.account,
        command.name.trim(),
        command.department_id,
        hash,
        scope.now,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    if made.is_none() {
        drop(tx);
        return hired_before(scope, command).await;
    }
    let after = json!({ "department": department });
    note(&mut tx, scope, Act::Hire, command.id, json!(null), after).await?;
    grants::write(&mut tx, scope, &authority, command.id, &command.grant).await?;
    tx.commit().await.or_fault()
}

/// Whether the account is there because of the same request: by whoever asks, for the same person. Its password is
/// not compared, or it could be guessed here.
async fn hired_before(scope: &Scope, command: Hire) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let found = sqlx::query!(
        r#"select p.account = $2 and p.name = $3 and p.department_id is not distinct from $4
                  and exists (select from audit a where a.object_id = p.id and a.act = $5 and a.staff_id = $6) as "same!"
           from staff p where p.id = $1"#,
        command.id.0,
        command.account,
        command.name.trim(),
        command.department_id,
        Act::Hire.code(),
        scope.staff()?.id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    match found {
        Some(found) if found.same => Ok(()),
        Some(_) => Err(Fault::conflict("key_reused", "这个页面已经提交过另一个账号，请刷新后再试")),
        None => Err(Fault::invalid("account", "这个账号已有人使用，请换一个")),
    }
}

/// The person cannot log in any more, and is logged out everywhere. Doing it twice is doing it once.
///
/// Faults: `NotFound` for an account out of reach; `Conflict` (`yourself`, `last_admin`).
pub async fn suspend(scope: &Scope, id: StaffId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    within::lock(&mut tx, scope, id).await?;
    if set_active(&mut tx, scope, id, false).await? {
        if within::is_administrator(&mut tx, id).await? {
            within::somebody_is_left(&mut tx).await?;
        }
        devices::forget_all(&mut tx, id).await?;
    }
    tx.commit().await.or_fault()
}

/// The person can log in again, with what they could do before.
pub async fn restore(scope: &Scope, id: StaffId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    within::lock(&mut tx, scope, id).await?;
    set_active(&mut tx, scope, id, true).await?;
    tx.commit().await.or_fault()
}

/// Whether it was otherwise before.
async fn set_active(tx: &mut PgConnection, scope: &Scope, id: StaffId, active: bool) -> Result<bool, Fault> {
    let turned = sqlx::query!("update staff set active = $2 where id = $1 and active <> $2", id.0, active)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    if turned.rows_affected() == 0 {
        return Ok(false);
    }
    let act = if active { Act::RestoreStaff } else { Act::SuspendStaff };
    note(tx, scope, act, id, json!({ "active": !active }), json!({ "active": active })).await?;
    Ok(true)
}

/// Gives the person a new first password, which they must change; they are logged out everywhere.
///
/// Faults: `NotFound` for an account out of reach; `Conflict` (`yourself`); `Invalid` beside `password`.
pub async fn reset_password(scope: &Scope, id: StaffId, password: String) -> Result<(), Fault> {
    let known = show(scope, id).await?.entry;
    password::judge(&password, &[&known.account, &known.name])?;
    // Hashing takes its time and waits for its turn, so nothing is locked meanwhile.
    let hash = password::hash(password).await?;
    let mut tx = scope.begin().await?;
    within::lock(&mut tx, scope, id).await?;
    sqlx::query!("update staff set password_hash = $2, must_change_password = true where id = $1", id.0, hash)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    devices::forget_all(&mut tx, id).await?;
    note(&mut tx, scope, Act::ResetPassword, id, json!(null), json!(null)).await?;
    tx.commit().await.or_fault()
}

/// Writes what was done to an account into the log.
pub(super) async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    id: StaffId,
    before: Value,
    after: Value,
) -> Result<(), Fault> {
    let change = Change { act, object: ObjectKind::Staff, object_id: id.0, store_id: None, before, after, reason: "" };
    audit::record(tx, scope, change).await
}

/// Where a first account's role reaches.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NewReach<'a> {
    Everywhere,
    Region(&'a str),
    /// By its code, as the store.
    Merchant(&'a str),
    Store(&'a str),
}

/// An account that a command makes, when nobody is there yet who could hire.
pub(crate) struct NewStaff<'a> {
    pub account: &'a str,
    pub name: &'a str,
    /// Its name; empty for none.
    pub department: &'a str,
    pub password: &'a str,
    pub role: Role,
    pub reach: NewReach<'a>,
}

/// Makes the account, unless one of that name is there; `false` where there was.
pub(crate) async fn install(tx: &mut PgConnection, new: NewStaff<'_>) -> Result<bool, Fault> {
    let hash = password::hash(new.password.to_owned()).await?;
    let made = sqlx::query_scalar!(
        "insert into staff (id, account, name, department_id, password_hash) values ($1, $2, $3, $4, $5)
         on conflict (account) do nothing returning id",
        new_id(),
        new.account,
        new.name,
        departments::found_or_made(tx, new.department).await?,
        hash,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(staff) = made else { return Ok(false) };
    let (region, merchant, store) = match new.reach {
        NewReach::Everywhere => (None, None, None),
        NewReach::Region(code) => (Some(code), None, None),
        NewReach::Merchant(code) => (None, Some(code), None),
        NewReach::Store(code) => (None, None, Some(code)),
    };
    sqlx::query!(
        "insert into grants (id, staff_id, role, region_code, merchant_id, store_id, everywhere)
         values ($1, $2, $3, $4::text, (select id from merchants where code = $5::text),
                 (select id from stores where code = $6::text), num_nonnulls($4::text, $5::text, $6::text) = 0)",
        new_id(),
        staff,
        new.role.code(),
        region,
        merchant,
        store,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(true)
}
