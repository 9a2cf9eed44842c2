//! Roles that customers make beside those that are there from the first day.

use std::collections::BTreeSet;

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

/// All roles that can be given, with how many grants within reach give them now.
pub async fn list(scope: &Scope) -> Result<Vec<RoleView>, Fault> {
    let reach = scope
        .reach_filter(Permission::ManageStaff)
        .or_else(|_| scope.staff_everywhere(Permission::ManageRoles).map(|_| None))?;
    let given = sqlx::query!(
        r#"select g.role, g.role_id, count(*) as "grants!" from grants g
           where (g.ends_at is null or g.ends_at > $1)
             and ($2::uuid[] is null or (
                 not g.everywhere and exists (select from stores_of_grants i where i.grant_id = g.id)
                 and not exists (select from stores_of_grants i where i.grant_id = g.id and i.store_id <> all($2))))
           group by g.role, g.role_id"#,
        scope.now,
        reach.as_deref(),
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let count = |role: &str, id: Option<Uuid>| {
        given.iter().find(|row| row.role == role && row.role_id == id).map_or(0, |row| row.grants)
    };
    let own = sqlx::query!("select id, name, permissions from roles order by name")
        .fetch_all(scope.pool())
        .await
        .or_fault()?;
    let built_in = Role::ALL.iter().map(|role| RoleView {
        key: RoleKey::BuiltIn(*role),
        name: role.label().to_owned(),
        permissions: role.permissions().to_vec(),
        built_in: true,
        grants: count(role.code(), None),
    });
    let own = own.into_iter().map(|row| RoleView {
        key: RoleKey::Own(row.id),
        name: row.name,
        permissions: within::known(&row.permissions),
        built_in: false,
        grants: count("own", Some(row.id)),
    });
    Ok(built_in.chain(own).collect())
}

/// Makes a role under an id of the client's, or changes what it is. Everybody who has it can do at once what it
/// then allows.
///
/// Faults: `Forbidden`; `Invalid` beside `may` where it allowed or is to allow what whoever asks does not have
/// everywhere and for good, beside `name` for one that another role has.
pub async fn save(scope: &Scope, id: Uuid, role: SaveRole) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageRoles)?;
    role.check()?;
    let name = role.name.trim();
    if Role::ALL.iter().any(|built_in| built_in.label() == name) {
        return Err(Fault::invalid("name", "已有同名角色，请换一个名称"));
    }
    let permissions: Vec<String> = role.permissions.iter().map(|one| one.code().to_owned()).collect();
    let mut tx = scope.begin().await?;
    let authority = within::authority(&mut tx, scope, None).await?;
    let before = sqlx::query!("select name, permissions from roles where id = $1 for update", id)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    // What it allowed counts too: whoever has it would lose it.
    let concerned = before.iter().flat_map(|before| within::known(&before.permissions)).chain(role.permissions.clone());
    let lacking: BTreeSet<&str> =
        concerned.filter(|one| !authority.has_for_good_everywhere(*one)).map(|one| one.label()).collect();
    if !lacking.is_empty() {
        let lacking: Vec<&str> = lacking.into_iter().collect();
        return Err(Fault::invalid("may", format!("您自己没有长期的全部门店权限，不能改动：{}", lacking.join("、"))));
    }
    sqlx::query!(
        "insert into roles (id, name, permissions, created_at, created_by) values ($1, $2, $3, $4, $5)
         on conflict (id) do update set name = excluded.name, permissions = excluded.permissions",
        id,
        name,
        &permissions,
        scope.now,
        authority.me.0,
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
