//! Which accounts, places and permissions are within somebody's authority.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    Fault, StaffId, StoreId,
    staff::{
        Gift, Grant, GrantView, Permission, Place, PlaceAsked, Reach, Role, RoleKey, not_theirs_to_give, reach_of,
    },
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::grants;
use crate::{Scope, StaffMember, Who, database::OrFault};

/// What whoever asks may do at this moment, as it stands in the transaction that rests on it.
pub(super) struct Authority {
    pub me: StaffId,
    pub grants: Vec<Grant>,
}

impl Authority {
    /// Refuses where this is more than they have: beside `field`, naming what.
    fn must_cover(&self, field: &str, gift: Gift<'_>) -> Result<(), Fault> {
        let lacking = not_theirs_to_give(&self.grants, gift);
        if lacking.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = lacking.iter().map(|one| one.label()).collect();
        Err(Fault::invalid(field, format!("您在这个范围内、到这一天为止，不能授予：{}", names.join("、"))))
    }

    /// Whether they have the permission at every store and for good.
    pub fn has_for_good_everywhere(&self, permission: Permission) -> bool {
        let lasting: Vec<Grant> = self.grants.iter().filter(|grant| grant.ends_at.is_none()).cloned().collect();
        reach_of(&lasting, permission) == Some(Reach::All)
    }
}

/// Locks the account of whoever asks, and another beside it, in the order of their ids; answers what whoever asks
/// may do now: the request may have waited while it was taken away.
///
/// Faults: `PeopleOnly` for a program; `Unauthenticated` for somebody who was suspended meanwhile.
pub(super) async fn authority(
    tx: &mut PgConnection,
    scope: &Scope,
    other: Option<StaffId>,
) -> Result<Authority, Fault> {
    let me = scope.person()?.id;
    let ids: Vec<Uuid> = [Some(me), other].into_iter().flatten().map(|id| id.0).collect();
    // What others write about these people is not held up.
    let locked = sqlx::query!("select id, active from staff where id = any($1) order by id for no key update", &ids)
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
    if !locked.iter().any(|person| person.id == me.0 && person.active) {
        return Err(Fault::Unauthenticated);
    }
    Ok(Authority { me, grants: grants::grants_of(tx, me.0, scope.now).await? })
}

/// Who asks and what they may do now, for what rests on it in this transaction.
///
/// Faults: `PeopleOnly` for a program; `Unauthenticated` for somebody who was suspended meanwhile.
pub(crate) async fn authority_of(tx: &mut PgConnection, scope: &Scope) -> Result<(StaffId, Vec<Grant>), Fault> {
    let Authority { me, grants } = authority(tx, scope, None).await?;
    Ok((me, grants))
}

/// The scope of a person of staff with what they may do at this moment, for what the server does in their name.
///
/// Faults: `Unauthenticated` for who was suspended.
pub(crate) async fn in_name_of(tx: &mut PgConnection, scope: &Scope, person: StaffId) -> Result<Scope, Fault> {
    let member = |grants| StaffMember {
        id: person,
        name: String::new(),
        grants,
        must_change_password: false,
        must_set_up_second_step: false,
    };
    let theirs = Scope { who: Who::Staff(Arc::new(member(Vec::new()))), ..scope.clone() };
    let (_, grants) = authority_of(tx, &theirs).await?;
    Ok(Scope { who: Who::Staff(Arc::new(member(grants))), ..theirs })
}

/// Locks an account that is within the authority of whoever asks. Its grants cannot change meanwhile.
///
/// Faults: `NotFound` for one that is not; `Conflict` (`yourself`): nobody changes what they may do themselves;
/// `Forbidden` for somebody who may do more.
pub(super) async fn lock(tx: &mut PgConnection, scope: &Scope, id: StaffId) -> Result<Authority, Fault> {
    scope.reach(Permission::ManageStaff)?;
    let authority = authority(tx, scope, Some(id)).await?;
    let reach = match reach_of(&authority.grants, Permission::ManageStaff).ok_or(Fault::Forbidden)? {
        Reach::All => None,
        Reach::Stores(stores) => Some(stores.into_iter().map(|store| store.0).collect::<Vec<_>>()),
    };
    if !is_there(tx, id).await? || !is_seen(tx, scope, id, reach.as_deref()).await? {
        return Err(Fault::NotFound("这位员工"));
    }
    if authority.me == id {
        return Err(Fault::conflict("yourself", "不能修改自己的账号和权限，请让另一位管理员来做"));
    }
    if may_change(tx, scope, &authority.grants, id).await? { Ok(authority) } else { Err(Fault::Forbidden) }
}

async fn is_there(tx: &mut PgConnection, id: StaffId) -> Result<bool, Fault> {
    let found = sqlx::query!("select id from staff where id = $1", id.0).fetch_optional(tx).await.or_fault()?;
    Ok(found.is_some())
}

/// Whether an account is among those that a reach sees: all of them, or those all of whose grants are within it.
/// Of somebody whose grants have all ended, those count, so that whoever took the last one back finds them again.
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
           from grants g
           where g.staff_id = $1
             and (g.ends_at is null or g.ends_at > $3
                  or not exists (select from grants l where l.staff_id = $1 and (l.ends_at is null or l.ends_at > $3)))"#,
        id.0,
        stores,
        scope.now,
    )
    .fetch_one(tx)
    .await
    .or_fault()
}

/// Whether everything that the person may do, whoever holds these grants could give them.
pub(super) async fn may_change(
    tx: &mut PgConnection,
    scope: &Scope,
    held: &[Grant],
    id: StaffId,
) -> Result<bool, Fault> {
    for grant in grants::read(tx, scope, id).await? {
        let above = above(tx, &grant.place).await?;
        let GrantView { permissions, place, ends_at, .. } = &grant;
        if !not_theirs_to_give(held, Gift { permissions, place, above: &above, ends_at: *ends_at }).is_empty() {
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

/// The places that are asked for, at each of which whoever asks may give these permissions until then.
///
/// Faults: `Invalid` beside the field that names the place, for one that is not there or not theirs.
pub(super) async fn places(
    tx: &mut PgConnection,
    authority: &Authority,
    asked: &PlaceAsked,
    permissions: &[Permission],
    ends_at: Option<DateTime<Utc>>,
) -> Result<Vec<Place>, Fault> {
    let (field, places) = match asked {
        PlaceAsked::Everywhere => ("place", vec![Place::Everywhere]),
        PlaceAsked::Region { code } => ("region", vec![Place::Region { code: code.clone() }]),
        PlaceAsked::Group { id } => ("group", vec![Place::Group { id: *id }]),
        PlaceAsked::Merchant { id } => ("merchant", vec![Place::Merchant { id: *id }]),
        PlaceAsked::Stores { codes } => ("stores", stores_of(tx, authority, codes).await?),
    };
    for place in &places {
        let above = above(tx, place).await?;
        let is_there = match place {
            Place::Region { .. } => !above.is_empty(),
            Place::Group { id } => is_group(tx, *id).await?,
            Place::Merchant { id } => is_merchant(tx, *id).await?,
            Place::Everywhere | Place::Store { .. } => true,
        };
        if !is_there {
            return Err(Fault::invalid(field, "没有这个范围，请重新选择"));
        }
        authority.must_cover(field, Gift { permissions, place, above: &above, ends_at })?;
    }
    Ok(places)
}

/// A group of stores or a merchant: what grants reach as it is put together at the time.
#[derive(Clone, Copy)]
pub(super) struct Circle {
    pub id: Uuid,
    /// What it is, for people.
    pub word: &'static str,
}

/// Refuses a wider group or merchant where a grant that reaches it would give its holder more than whoever asks may
/// give: at the stores that join, for as long as the grant lasts.
///
/// Faults: `Conflict` (`yourself`) for one that reaches whoever asks; `Invalid` beside `stores`.
pub(super) async fn may_join(
    tx: &mut PgConnection,
    scope: &Scope,
    authority: &Authority,
    circle: Circle,
    joining: &[Uuid],
) -> Result<(), Fault> {
    let reaching = sqlx::query!(
        r#"select g.staff_id, g.role, o.name as "own_name?", o.permissions as "own_permissions?", g.ends_at
           from grants g left join roles o on o.id = g.role_id
           where (g.group_id = $1 or g.merchant_id = $1) and (g.ends_at is null or g.ends_at > $2)"#,
        circle.id,
        scope.now,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    for grant in reaching {
        if grant.staff_id == authority.me.0 {
            let message = format!("您自己的授权用到这个{}，请让另一位管理员来修改", circle.word);
            return Err(Fault::conflict("yourself", message));
        }
        let Some((_, permissions)) = role_of(&grant.role, grant.own_name, grant.own_permissions) else { continue };
        for store in joining {
            let place = Place::Store { id: StoreId(*store) };
            let gift = Gift { permissions: &permissions, place: &place, above: &[], ends_at: grant.ends_at };
            authority.must_cover("stores", gift)?;
        }
    }
    Ok(())
}

/// Lets go of the grants at a group or merchant that have ended; answers how many still reach it, so that it stays.
pub(super) async fn still_given(tx: &mut PgConnection, scope: &Scope, circle: Circle) -> Result<i64, Fault> {
    sqlx::query!(
        "delete from grants where (group_id = $1 or merchant_id = $1) and ends_at <= $2",
        circle.id,
        scope.now
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    sqlx::query_scalar!(r#"select count(*) as "given!" from grants where group_id = $1 or merchant_id = $1"#, circle.id)
        .fetch_one(tx)
        .await
        .or_fault()
}

async fn is_group(tx: &mut PgConnection, id: Uuid) -> Result<bool, Fault> {
    let found = sqlx::query!("select id from store_groups where id = $1 for share", id).fetch_optional(tx).await;
    Ok(found.or_fault()?.is_some())
}

async fn is_merchant(tx: &mut PgConnection, id: Uuid) -> Result<bool, Fault> {
    let found = sqlx::query!("select id from merchants where id = $1 for share", id).fetch_optional(tx).await;
    Ok(found.or_fault()?.is_some())
}

/// The stores with these codes; those out of reach are as unknown as those that are not there.
async fn stores_of(tx: &mut PgConnection, authority: &Authority, codes: &[String]) -> Result<Vec<Place>, Fault> {
    let reach = reach_of(&authority.grants, Permission::ManageStaff).ok_or(Fault::Forbidden)?;
    let found = sqlx::query!("select id, code from stores where code = any($1) order by code", codes)
        .fetch_all(tx)
        .await
        .or_fault()?;
    let found: Vec<_> = found.into_iter().filter(|store| reach.covers(StoreId(store.id))).collect();
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

/// Somebody must be left who can give everything back, for good: refuses where that were nobody.
pub(super) async fn somebody_is_left(tx: &mut PgConnection) -> Result<(), Fault> {
    // One at a time, or two would each find the other's.
    sqlx::query!("select pg_advisory_xact_lock(hashtext('mendian: the last administrator'))")
        .execute(&mut *tx)
        .await
        .or_fault()?;
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

/// Whether an account is one of those [`somebody_is_left`] counts, or was before this transaction.
pub(super) async fn is_administrator(tx: &mut PgConnection, id: StaffId) -> Result<bool, Fault> {
    sqlx::query_scalar!(
        r#"select exists (select from grants where staff_id = $1 and everywhere and role = $2) as "is!""#,
        id.0,
        Role::SuperAdmin.code(),
    )
    .fetch_one(tx)
    .await
    .or_fault()
}
