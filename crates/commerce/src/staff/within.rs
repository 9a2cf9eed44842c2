//! Which accounts, places and permissions are within somebody's authority.

use domain::{
    Fault, StaffId, StoreId,
    staff::{Permission, Place, PlaceAsked, Role, RoleKey, not_theirs_to_give},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::grants;
use crate::{Scope, database::OrFault};

/// Locks an account that is within the authority of whoever asks. Its grants cannot change meanwhile.
///
/// Faults: `NotFound` for one that is not; `Conflict` (`yourself`): nobody changes what they may do themselves;
/// `Forbidden` for somebody who may do more.
pub(super) async fn lock(tx: &mut PgConnection, scope: &Scope, id: StaffId) -> Result<(), Fault> {
    let reach = scope.reach_filter(Permission::ManageStaff)?;
    let locked = sqlx::query!("select id from staff where id = $1 for update", id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    if locked.is_none() || !is_seen(tx, scope, id, reach.as_deref()).await? {
        return Err(Fault::NotFound("这位员工"));
    }
    if scope.staff()?.id == id {
        return Err(Fault::conflict("yourself", "不能修改自己的账号和权限，请让另一位管理员来做"));
    }
    if may_change(tx, scope, id).await? { Ok(()) } else { Err(Fault::Forbidden) }
}

/// Whether an account is among those that a reach sees: all of them, or those all of whose grants are within it.
pub(super) async fn is_seen(
    tx: &mut PgConnection,
    scope: &Scope,
    id: StaffId,
    reach: Option<&[Uuid]>,
) -> Result<bool, Fault> {
    let Some(stores) = reach else { return Ok(true) };
    sqlx::query_scalar!(
        r#"select count(*) > 0 and bool_and(
               not g.everywhere
               and exists (select from stores_of_grants o where o.grant_id = g.id)
               and not exists (select from stores_of_grants o where o.grant_id = g.id and o.store_id <> all($2))
           ) as "seen!"
           from grants g where g.staff_id = $1 and (g.ends_at is null or g.ends_at > $3)"#,
        id.0,
        stores,
        scope.now,
    )
    .fetch_one(tx)
    .await
    .or_fault()
}

/// Whether everything that the person may do, whoever asks could give them.
pub(super) async fn may_change(tx: &mut PgConnection, scope: &Scope, id: StaffId) -> Result<bool, Fault> {
    for grant in grants::read(tx, scope, id).await? {
        let above = above(tx, &grant.place).await?;
        if !not_theirs_to_give(&scope.staff()?.grants, &grant.permissions, &grant.place, &above).is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The region of a place and all regions above it, by their codes.
async fn above(tx: &mut PgConnection, place: &Place) -> Result<Vec<String>, Fault> {
    let Place::Region { code } = place else { return Ok(Vec::new()) };
    sqlx::query_scalar!(
        r#"with recursive above as (
               select code, parent_code from regions where code = $1
               union all
               select r.code, r.parent_code from above a join regions r on r.code = a.parent_code
           )
           select code as "code!" from above"#,
        code,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

/// What a role allows at this moment.
///
/// Faults: `Invalid` beside `role` where there is none.
pub(super) async fn permissions_of(tx: &mut PgConnection, role: RoleKey) -> Result<Vec<Permission>, Fault> {
    let id = match role {
        RoleKey::BuiltIn(role) => return Ok(role.permissions().to_vec()),
        RoleKey::Own(id) => id,
    };
    // No one changes or removes the role while it is given.
    let codes = sqlx::query_scalar!("select permissions from roles where id = $1 for share", id)
        .fetch_optional(tx)
        .await
        .or_fault()?
        .ok_or_else(|| Fault::invalid("role", "没有这个角色，它可能刚被删除"))?;
    Ok(known(&codes))
}

/// The permissions with these codes; those of a later release are left out.
pub(super) fn known(codes: &[String]) -> Vec<Permission> {
    codes.iter().filter_map(|code| Permission::from_code(code)).collect()
}

/// The places that are asked for, each of which whoever asks may give these permissions at.
///
/// Faults: `Invalid` beside the field that names the place, for one that is not there or not theirs.
pub(super) async fn places(
    tx: &mut PgConnection,
    scope: &Scope,
    asked: &PlaceAsked,
    wanted: &[Permission],
) -> Result<Vec<Place>, Fault> {
    let (field, places) = match asked {
        PlaceAsked::Everywhere => ("place", vec![Place::Everywhere]),
        PlaceAsked::Region { code } => ("region", vec![Place::Region { code: code.clone() }]),
        PlaceAsked::Group { id } => ("group", vec![Place::Group { id: *id }]),
        PlaceAsked::Stores { codes } => ("stores", stores_of(tx, scope, codes).await?),
    };
    for place in &places {
        let above = above(tx, place).await?;
        let is_there = match place {
            Place::Region { .. } => !above.is_empty(),
            Place::Group { id } => is_group(tx, *id).await?,
            Place::Everywhere | Place::Store { .. } => true,
        };
        if !is_there {
            return Err(Fault::invalid(field, "没有这个范围，请重新选择"));
        }
        let lacking = not_theirs_to_give(&scope.staff()?.grants, wanted, place, &above);
        if !lacking.is_empty() {
            let names: Vec<&str> = lacking.iter().map(|one| one.label()).collect();
            let message = format!("您在这个范围内不能授予：{}", names.join("、"));
            return Err(Fault::invalid(field, message));
        }
    }
    Ok(places)
}

async fn is_group(tx: &mut PgConnection, id: Uuid) -> Result<bool, Fault> {
    let found = sqlx::query!("select id from store_groups where id = $1 for share", id).fetch_optional(tx).await;
    Ok(found.or_fault()?.is_some())
}

/// The stores with these codes; those out of reach are as unknown as those that are not there.
async fn stores_of(tx: &mut PgConnection, scope: &Scope, codes: &[String]) -> Result<Vec<Place>, Fault> {
    let reach = scope.reach_filter(Permission::ManageStaff)?;
    let found = sqlx::query!(
        "select id, code from stores where code = any($1) and ($2::uuid[] is null or id = any($2)) order by code",
        codes,
        reach.as_deref(),
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let unknown: Vec<&str> =
        codes.iter().filter(|code| found.iter().all(|store| store.code != **code)).map(String::as_str).collect();
    if !unknown.is_empty() || found.is_empty() {
        return Err(Fault::invalid("stores", format!("您的范围内没有这些门店：{}", unknown.join("、"))));
    }
    Ok(found.into_iter().map(|store| Place::Store { id: StoreId(store.id) }).collect())
}

/// A role as its columns in a grant: its code, and the identity of the customer's own.
pub(super) fn columns(role: RoleKey) -> (&'static str, Option<Uuid>) {
    match role {
        RoleKey::BuiltIn(role) => (role.code(), None),
        RoleKey::Own(id) => ("own", Some(id)),
    }
}

/// A grant's role from its columns: its name and what it allows. Nothing for a code of a later release.
pub(super) fn role_of(
    code: &str,
    own_name: Option<String>,
    own_permissions: Option<Vec<String>>,
) -> Option<(String, Vec<Permission>)> {
    match (own_name, own_permissions) {
        (Some(name), Some(permissions)) => Some((name, known(&permissions))),
        _ => Role::from_code(code).map(|role| (role.label().to_owned(), role.permissions().to_vec())),
    }
}

/// Somebody must be left who can give everything back: refuses where that were nobody.
pub(super) async fn somebody_is_left(tx: &mut PgConnection) -> Result<(), Fault> {
    let left = sqlx::query_scalar!(
        r#"select exists (
               select from grants g join staff p on p.id = g.staff_id
               where p.active and g.everywhere and g.role = $1 and g.ends_at is null
           ) as "left!""#,
        Role::SuperAdmin.code(),
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    if left {
        Ok(())
    } else {
        Err(Fault::conflict("last_admin", "这是最后一位总部管理员，请先任命另一位"))
    }
}
