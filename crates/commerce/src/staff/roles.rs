//! Roles that customers make beside those that are there from the first day.

use domain::{
    Fault,
    audit::{Act, ObjectKind},
    staff::{Permission, Role, RoleKey, RoleView, SaveRole},
};
use serde_json::json;
use uuid::Uuid;

use super::within;
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

/// All roles that can be given, with how many grants give them now.
pub async fn list(scope: &Scope) -> Result<Vec<RoleView>, Fault> {
    scope.reach(Permission::ManageStaff).or_else(|_| scope.reach(Permission::ManageRoles))?;
    let given = sqlx::query!(
        r#"select role, count(*) as "grants!" from grants
           where role_id is null and (ends_at is null or ends_at > $1) group by role"#,
        scope.now,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let own = sqlx::query!(
        r#"select r.id, r.name, r.permissions,
                  (select count(*) from grants g where g.role_id = r.id and (g.ends_at is null or g.ends_at > $1)) as "grants!"
           from roles r order by r.name"#,
        scope.now,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let built_in = Role::ALL.iter().map(|role| RoleView {
        key: RoleKey::BuiltIn(*role),
        name: role.label().to_owned(),
        permissions: role.permissions().to_vec(),
        built_in: true,
        grants: given.iter().find(|row| row.role == role.code()).map_or(0, |row| row.grants),
    });
    let own = own.into_iter().map(|row| RoleView {
        key: RoleKey::Own(row.id),
        name: row.name,
        permissions: within::known(&row.permissions),
        built_in: false,
        grants: row.grants,
    });
    Ok(built_in.chain(own).collect())
}

/// Makes a role under an id of the client's, or changes what it is. Everybody who has it can do at once what it
/// then allows.
///
/// Faults: `Forbidden`; `Invalid` beside `may` for permissions that whoever asks does not have everywhere, beside
/// `name` for one that another role has.
pub async fn save(scope: &Scope, id: Uuid, role: SaveRole) -> Result<(), Fault> {
    let person = scope.staff_everywhere(Permission::ManageRoles)?.id;
    role.check()?;
    let lacking: Vec<&str> =
        role.permissions.iter().filter(|one| scope.staff_everywhere(**one).is_err()).map(|one| one.label()).collect();
    if !lacking.is_empty() {
        return Err(Fault::invalid("may", format!("您自己没有这些权限，不能放进角色：{}", lacking.join("、"))));
    }
    let name = role.name.trim();
    if Role::ALL.iter().any(|built_in| built_in.label() == name) {
        return Err(Fault::invalid("name", "已有同名角色，请换一个名称"));
    }
    let permissions: Vec<String> = role.permissions.iter().map(|one| one.code().to_owned()).collect();
    let mut tx = scope.begin().await?;
    let before = sqlx::query!("select name, permissions from roles where id = $1 for update", id)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    sqlx::query!(
        "insert into roles (id, name, permissions, created_at, created_by) values ($1, $2, $3, $4, $5)
         on conflict (id) do update set name = excluded.name, permissions = excluded.permissions",
        id,
        name,
        &permissions,
        scope.now,
        person.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let change = Change {
        act: Act::SaveRole,
        object: ObjectKind::Role,
        object_id: id,
        store_id: None,
        before: before.map_or(json!(null), |row| json!({ "name": row.name, "permissions": row.permissions })),
        after: json!({ "name": name, "permissions": permissions }),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    tx.commit().await.or_fault()
}

/// Removes a role that nobody has. One that has gone is removed already.
///
/// Faults: `Forbidden`; `Conflict` (`role_given`) while somebody has it.
pub async fn remove(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageRoles)?;
    let mut tx = scope.begin().await?;
    let found = sqlx::query!("select name, permissions from roles where id = $1 for update", id)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    let Some(found) = found else { return Ok(()) };
    sqlx::query!("delete from grants where role_id = $1 and ends_at <= $2", id, scope.now)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let given = sqlx::query_scalar!(r#"select count(*) as "given!" from grants where role_id = $1"#, id)
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
    if given > 0 {
        return Err(Fault::conflict("role_given", format!("还有 {given} 项授权使用这个角色，请先收回")));
    }
    sqlx::query!("delete from roles where id = $1", id).execute(&mut *tx).await.or_fault()?;
    let change = Change {
        act: Act::RemoveRole,
        object: ObjectKind::Role,
        object_id: id,
        store_id: None,
        before: json!({ "name": found.name, "permissions": found.permissions }),
        after: json!(null),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    tx.commit().await.or_fault()
}
