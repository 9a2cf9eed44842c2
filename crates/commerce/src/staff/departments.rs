//! Departments of head office (O2). They say where somebody works and allow nothing; what is allowed is told by
//! grants alone.

use domain::{
    Fault, StaffId,
    audit::{Act, ObjectKind},
    staff::{AssignDepartment, Department, Permission, SaveDepartment},
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{accounts, within};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    house::new_id,
};

/// All departments by name, with how many people are in them: for who manages staff everywhere.
pub async fn list(scope: &Scope) -> Result<Vec<Department>, Fault> {
    scope.staff_everywhere(Permission::ManageStaff)?;
    read_all(scope, true).await
}

/// All departments by name, for whoever hires or looks for people.
pub async fn names(scope: &Scope) -> Result<Vec<Department>, Fault> {
    scope.reach(Permission::ManageStaff)?;
    read_all(scope, false).await
}

async fn read_all(scope: &Scope, counted: bool) -> Result<Vec<Department>, Fault> {
    let rows = sqlx::query!(
        "select d.id, d.name, case when $1 then (select count(*) from staff p where p.department_id = d.id) end as people
         from departments d order by d.name",
        counted,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| Department { id: row.id, name: row.name, people: row.people }).collect())
}

/// Makes a department under an id of the client's, or renames it.
///
/// Faults: `Forbidden`; `Invalid` beside `name`, also for one that another department has.
pub async fn save(scope: &Scope, id: Uuid, department: SaveDepartment) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageStaff)?;
    department.check()?;
    let name = department.name.trim();
    let mut tx = scope.begin().await?;
    let before = read(&mut tx, id).await?;
    sqlx::query!(
        "insert into departments (id, name) values ($1, $2) on conflict (id) do update set name = excluded.name",
        id,
        name,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let before = before.map_or(json!(null), |name| json!({ "name": name }));
    note(&mut tx, scope, Act::SaveDepartment, id, (before, json!({ "name": name }))).await?;
    tx.commit().await.or_fault()
}

/// Removes a department that nobody is in. One that has gone is removed already.
///
/// Faults: `Forbidden`; `Conflict` (`department_has_people`).
pub async fn remove(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageStaff)?;
    let mut tx = scope.begin().await?;
    let Some(name) = read(&mut tx, id).await? else { return Ok(()) };
    let people = sqlx::query_scalar!(r#"select count(*) as "people!" from staff where department_id = $1"#, id)
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
    if people > 0 {
        let message = format!("「{name}」还有 {people} 人（含已停用的），请先把他们调到别的部门");
        return Err(Fault::conflict("department_has_people", message));
    }
    sqlx::query!("delete from departments where id = $1", id).execute(&mut *tx).await.or_fault()?;
    note(&mut tx, scope, Act::RemoveDepartment, id, (json!({ "name": name }), json!(null))).await?;
    tx.commit().await.or_fault()
}

/// Puts a person into a department, or into none.
///
/// Faults: `NotFound` for an account out of reach; `Forbidden` for somebody who may do more; `Conflict` (`yourself`);
/// `Invalid` beside `department` for one that is not there.
pub async fn assign(scope: &Scope, id: StaffId, command: AssignDepartment) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    within::lock(&mut tx, scope, id).await?;
    let name = named(&mut tx, command.department_id).await?;
    let before = sqlx::query!(
        r#"update staff p set department_id = $2
           from staff was left join departments d on d.id = was.department_id
           where p.id = $1 and was.id = p.id and was.department_id is distinct from $2 returning d.name as "name?""#,
        id.0,
        command.department_id,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(before) = before else { return Ok(()) };
    let (before, after) = (json!({ "department": before.name }), json!({ "department": name }));
    accounts::note(&mut tx, scope, Act::AssignDepartment, id, before, after).await?;
    tx.commit().await.or_fault()
}

/// The name of a department, which stays there meanwhile.
///
/// Faults: `Invalid` beside `department` for one that is not there.
pub(super) async fn named(tx: &mut PgConnection, id: Option<Uuid>) -> Result<Option<String>, Fault> {
    let Some(id) = id else { return Ok(None) };
    let name = sqlx::query_scalar!("select name from departments where id = $1 for key share", id)
        .fetch_optional(tx)
        .await
        .or_fault()?;
    name.map(Some).ok_or_else(|| Fault::invalid("department", "没有这个部门，请重新选择"))
}

/// The department of this name, for accounts that commands make; none for an empty one.
pub(super) async fn found_or_made(tx: &mut PgConnection, name: &str) -> Result<Option<Uuid>, Fault> {
    if name.is_empty() {
        return Ok(None);
    }
    sqlx::query!("insert into departments (id, name) values ($1, $2) on conflict (name) do nothing", new_id(), name)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let id = sqlx::query_scalar!("select id from departments where name = $1", name).fetch_one(tx).await.or_fault()?;
    Ok(Some(id))
}

/// Locks a department; answers its name.
async fn read(tx: &mut PgConnection, id: Uuid) -> Result<Option<String>, Fault> {
    sqlx::query_scalar!("select name from departments where id = $1 for update", id).fetch_optional(tx).await.or_fault()
}

async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    id: Uuid,
    (before, after): (Value, Value),
) -> Result<(), Fault> {
    let change =
        Change { act, object: ObjectKind::Department, object_id: id, store_id: None, before, after, reason: "" };
    audit::record(tx, scope, change).await
}
