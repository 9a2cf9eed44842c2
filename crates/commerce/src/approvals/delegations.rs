//! Deciding in another's place, while they are away. What is lent are only decisions, only as far as whoever
//! lends them decides themselves at that moment, and nobody lends on what is lent to them: see
//! `staff::grants`.

use chrono::Duration;
use domain::{
    Fault, StaffId,
    approvals::{Delegate, Delegation},
    audit::{Act, ObjectKind},
    staff::{Grant, Permission},
    text,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    staff,
};

/// The longest that somebody stands in without being asked anew.
const DAYS_MOST: i64 = 90;
/// How many may stand in for one person at a time.
const DELEGATIONS_MOST: i64 = 5;

/// Lets another person of staff decide in one's place until a day. The same request again is the same delegation.
///
/// Faults: `Invalid` beside `account` or `until`; `Forbidden` for who does not decide by their own right;
/// `Conflict` (`too_many_delegations`).
pub async fn delegate(scope: &Scope, command: Delegate) -> Result<(), Fault> {
    scope.reach(Permission::DecideProposals)?;
    let ends_at = text::end_of_day_given("until", command.until)?;
    if ends_at <= scope.now || ends_at > scope.now + Duration::days(DAYS_MOST + 1) {
        return Err(Fault::invalid("until", format!("请选择今天起 {DAYS_MOST} 天以内的日期")));
    }
    let mut tx = scope.begin().await?;
    let (me, grants) = staff::authority_of(&mut tx, scope).await?;
    let decides =
        |grant: &&Grant| grant.in_place_of.is_none() && grant.permissions.contains(&Permission::DecideProposals);
    if grants.iter().find(decides).is_none() {
        return Err(Fault::Forbidden);
    }
    let other = sqlx::query!("select id, name from staff where account = $1 and active", command.account.trim())
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or_else(|| Fault::invalid("account", "没有这个账号，或已停用"))?;
    if other.id == me.0 {
        return Err(Fault::invalid("account", "请填写同事的账号，而不是自己的"));
    }
    let open = sqlx::query_scalar!(
        r#"select count(*) as "open!" from delegations where from_staff = $1 and ends_at > $2 and id <> $3"#,
        me.0,
        scope.now,
        command.id,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    if open >= DELEGATIONS_MOST {
        return Err(Fault::conflict("too_many_delegations", "最多委托 5 位同事，请先收回一项"));
    }
    let given = sqlx::query!(
        "insert into delegations (id, from_staff, to_staff, given_at, ends_at) values ($1, $2, $3, $4, $5)
         on conflict (id) do nothing",
        command.id,
        me.0,
        other.id,
        scope.now,
        ends_at,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if given.rows_affected() == 0 {
        return Ok(());
    }
    let after = json!({ "name": other.name, "until": command.until });
    record(&mut tx, scope, Act::Delegate, me, json!(null), after).await?;
    tx.commit().await.or_fault()
}

async fn record(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    me: StaffId,
    before: Value,
    after: Value,
) -> Result<(), Fault> {
    let change = Change { act, object: ObjectKind::Staff, object_id: me.0, store_id: None, before, after, reason: "" };
    audit::record(tx, scope, change).await
}

/// Takes a delegation of one's own back; one that has ended is taken back already.
///
/// Faults: `NotFound` for one that is not theirs; `PeopleOnly`.
pub async fn take_back(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    let me = scope.person()?.id;
    let mut tx = scope.begin().await?;
    let found = sqlx::query!(
        "select d.ends_at, p.name from delegations d join staff p on p.id = d.to_staff
         where d.id = $1 and d.from_staff = $2 for update of d",
        id,
        me.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(Fault::NotFound("这项委托"))?;
    if found.ends_at <= scope.now {
        return Ok(());
    }
    sqlx::query!("update delegations set ends_at = $2 where id = $1", id, scope.now)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let before = json!({ "name": found.name, "until": text::day_before(found.ends_at) });
    record(&mut tx, scope, Act::EndDelegation, me, before, json!(null)).await?;
    tx.commit().await.or_fault()
}

/// The delegations that apply now of whoever asks, and to them.
///
/// Faults: `Forbidden` for who neither decides nor stands in.
pub async fn delegations(scope: &Scope) -> Result<Vec<Delegation>, Fault> {
    scope.reach(Permission::DecideProposals)?;
    let mut tx = scope.begin().await?;
    of(&mut tx, scope, scope.staff()?.id).await
}

/// The delegations that apply now of a person, and to them.
pub(crate) async fn of(tx: &mut PgConnection, scope: &Scope, person: StaffId) -> Result<Vec<Delegation>, Fault> {
    let rows = sqlx::query!(
        r#"select d.id, d.from_staff, f.name as "from!", t.name as "to!", d.ends_at
           from delegations d join staff f on f.id = d.from_staff join staff t on t.id = d.to_staff
           where (d.from_staff = $1 or d.to_staff = $1) and d.ends_at > $2 order by d.ends_at, d.id"#,
        person.0,
        scope.now,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let delegation = rows.into_iter().map(|row| Delegation {
        id: row.id,
        from_id: StaffId(row.from_staff),
        from: row.from,
        to: row.to,
        ends_at: row.ends_at,
        mine: row.from_staff == person.0,
    });
    Ok(delegation.collect())
}
