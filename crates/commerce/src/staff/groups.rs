//! Groups of stores, which a grant can reach (O2).

use domain::{
    Fault,
    audit::{Act, ObjectKind},
    staff::{Permission, Place, SaveStoreGroup, StoreGroup},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::within::{self, Circle};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    stores,
};

fn circle(id: Uuid) -> Circle {
    Circle { id, word: "门店组" }
}

/// All groups by name, with how many grants reach them now.
pub async fn list(scope: &Scope) -> Result<Vec<StoreGroup>, Fault> {
    scope.staff_everywhere(Permission::ManageStaff).or_else(|_| scope.staff_everywhere(Permission::ManageRoles))?;
    read_all(scope, None).await
}

/// Those groups that the grants of whoever asks reach. How many others they reach is not theirs to know.
pub(super) async fn reached(scope: &Scope) -> Result<Vec<StoreGroup>, Fault> {
    let own = scope.staff()?.grants.iter().filter_map(|grant| match grant.place {
        Place::Group { id } => Some(id),
        _ => None,
    });
    read_all(scope, Some(&own.collect::<Vec<Uuid>>())).await
}

async fn read_all(scope: &Scope, only: Option<&[Uuid]>) -> Result<Vec<StoreGroup>, Fault> {
    let rows = sqlx::query!(
        r#"select m.id, m.name,
                  array(select s.code from store_group_members i join stores s on s.id = i.store_id
                        where i.group_id = m.id order by s.code) as "stores!",
                  (select count(*) from grants g
                   where g.group_id = m.id and $2::uuid[] is null and (g.ends_at is null or g.ends_at > $1)) as "grants!"
           from store_groups m where $2::uuid[] is null or m.id = any($2) order by m.name"#,
        scope.now,
        only,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let group =
        rows.into_iter().map(|row| StoreGroup { id: row.id, name: row.name, stores: row.stores, grants: row.grants });
    Ok(group.collect())
}

/// Puts a group together under an id of the client's, or anew. Grants that reach it reach its stores of then.
///
/// Faults: `Forbidden`; `Conflict` (`yourself`) for one that their own grant reaches; `Invalid` beside `stores` for a
/// code no store has, or where somebody would win more by it than whoever asks may give, beside `name` for one that
/// another group has.
pub async fn save(scope: &Scope, id: Uuid, group: SaveStoreGroup) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageRoles)?;
    group.check()?;
    let stores = stores::of_codes(scope, &group.stores).await?.unwrap_or_default();
    let mut tx = scope.begin().await?;
    let authority = within::authority(&mut tx, scope, None).await?;
    let before = read(&mut tx, id).await?;
    let present = sqlx::query_scalar!("select store_id from store_group_members where group_id = $1", id)
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
    let joining: Vec<Uuid> = stores.iter().copied().filter(|store| !present.contains(store)).collect();
    within::may_join(&mut tx, scope, &authority, circle(id), &joining).await?;
    sqlx::query!(
        "insert into store_groups (id, name, created_at, created_by) values ($1, $2, $3, $4)
         on conflict (id) do update set name = excluded.name",
        id,
        group.name.trim(),
        scope.now,
        authority.me.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    sqlx::query!("delete from store_group_members where group_id = $1 and store_id <> all($2)", id, &stores)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    sqlx::query!(
        "insert into store_group_members (group_id, store_id) select $1, unnest($2::uuid[]) on conflict do nothing",
        id,
        &stores,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let after = json!({ "name": group.name.trim(), "stores": group.stores });
    note(&mut tx, scope, Act::SaveStoreGroup, id, (before.unwrap_or_default(), after)).await?;
    tx.commit().await.or_fault()
}

/// Removes a group that no grant reaches. One that has gone is removed already.
///
/// Faults: `Forbidden`; `Conflict` (`group_given`) while a grant reaches it.
pub async fn remove(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageRoles)?;
    let mut tx = scope.begin().await?;
    let Some(before) = read(&mut tx, id).await? else { return Ok(()) };
    let given = within::still_given(&mut tx, scope, circle(id)).await?;
    if given > 0 {
        return Err(Fault::conflict("group_given", format!("还有 {given} 项授权使用这个门店组，请先收回")));
    }
    sqlx::query!("delete from store_groups where id = $1", id).execute(&mut *tx).await.or_fault()?;
    note(&mut tx, scope, Act::RemoveStoreGroup, id, (before, json!(null))).await?;
    tx.commit().await.or_fault()
}

/// Locks a group; answers what it is, for the log.
async fn read(tx: &mut PgConnection, id: Uuid) -> Result<Option<serde_json::Value>, Fault> {
    let found = sqlx::query!(
        r#"select m.name, array(select s.code from store_group_members i join stores s on s.id = i.store_id
                                where i.group_id = m.id order by s.code) as "stores!"
           from store_groups m where m.id = $1 for update of m"#,
        id,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(found.map(|group| json!({ "name": group.name, "stores": group.stores })))
}

async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    id: Uuid,
    (before, after): (serde_json::Value, serde_json::Value),
) -> Result<(), Fault> {
    let change =
        Change { act, object: ObjectKind::StoreGroup, object_id: id, store_id: None, before, after, reason: "" };
    audit::record(tx, scope, change).await
}
