//! Giving roles and taking them back.

use chrono::{DateTime, Utc};
use domain::{
    Fault, StaffId, StoreId,
    audit::{Act, ObjectKind},
    staff::{GiveGrant, Grant, GrantView, Permission, Place, Reach, RoleKey},
    text,
};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::within::{self, Authority};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    house::new_id,
    sessions,
};

/// Gives somebody a role, at each of the places named. Who has it there already keeps it, with the new end.
///
/// Their sessions end: whoever may do something new logs in anew.
///
/// Faults: `NotFound` for an account out of reach; `Conflict` (`yourself`); `Invalid` beside the fields,
/// also where whoever asks may not give as much.
pub async fn give(scope: &Scope, to: StaffId, grant: GiveGrant) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let authority = within::lock(&mut tx, scope, to).await?;
    write(&mut tx, scope, &authority, to, &grant).await?;
    // An end may have been set to what had none.
    if within::is_administrator(&mut tx, to).await? {
        within::somebody_is_left(&mut tx).await?;
    }
    sessions::end_all_of(&mut tx, to).await?;
    tx.commit().await.or_fault()
}

/// Writes what [`give`] and hiring give.
pub(super) async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    authority: &Authority,
    to: StaffId,
    grant: &GiveGrant,
) -> Result<(), Fault> {
    grant.check()?;
    let permissions = within::permissions_of(tx, grant.role).await?;
    let ends_at = grant.until.map(|day| text::end_of_day_given("until", day)).transpose()?;
    if ends_at.is_some_and(|end| end <= scope.now) {
        return Err(Fault::invalid("until", "这一天已经过去，请选择今天或以后"));
    }
    for place in within::places(tx, authority, &grant.place, &permissions, ends_at).await? {
        let before = write_at(tx, scope, (to, grant.role), &place, ends_at).await?;
        let change = Change {
            act: Act::GiveGrant,
            object: ObjectKind::Staff,
            object_id: to.0,
            store_id: columns(&place).4,
            before,
            after: json!({ "role": grant.role, "place": place, "until": grant.until }),
            reason: "",
        };
        audit::record(tx, scope, change).await?;
    }
    Ok(())
}

/// Writes a grant at one place; answers, for the log, how the same one stood before.
async fn write_at(
    tx: &mut PgConnection,
    scope: &Scope,
    (to, role): (StaffId, RoleKey),
    place: &Place,
    ends_at: Option<DateTime<Utc>>,
) -> Result<Value, Fault> {
    let by = scope.staff()?.id.0;
    let (role, role_id) = within::columns(role);
    let (everywhere, region, group, merchant, store) = columns(place);
    let same = sqlx::query!(
        "select id, ends_at from grants
         where staff_id = $1 and role = $2 and role_id is not distinct from $3 and everywhere = $4
           and region_code is not distinct from $5 and group_id is not distinct from $6
           and merchant_id is not distinct from $7 and store_id is not distinct from $8
         limit 1",
        to.0,
        role,
        role_id,
        everywhere,
        region,
        group,
        merchant,
        store,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    if let Some(same) = same {
        sqlx::query!(
            "update grants set ends_at = $2, granted_by = $3, granted_at = $4 where id = $1",
            same.id,
            ends_at,
            by,
            scope.now,
        )
        .execute(tx)
        .await
        .or_fault()?;
        return Ok(json!({ "role": role, "place": place, "until": same.ends_at.map(text::day_before) }));
    }
    sqlx::query!(
        "insert into grants (id, staff_id, role, role_id, everywhere, region_code, group_id, merchant_id, store_id, ends_at,
                             granted_by, granted_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        new_id(),
        to.0,
        role,
        role_id,
        everywhere,
        region,
        group,
        merchant,
        store,
        ends_at,
        by,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(json!(null))
}

/// Takes a grant back; one that has ended is taken back already. The person's sessions end.
///
/// Faults: `NotFound` for an account out of reach; `Conflict` (`yourself`, `last_admin`).
pub async fn take_back(scope: &Scope, from: StaffId, grant: Uuid) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    within::lock(&mut tx, scope, from).await?;
    // Its row stays: whose people somebody was is told by it.
    let ended = sqlx::query!(
        r#"update grants g set ends_at = $3 from grants was
           where g.id = $1 and was.id = g.id and g.staff_id = $2 and (g.ends_at is null or g.ends_at > $3)
           returning g.role, g.role_id, g.everywhere, g.region_code, g.group_id, g.merchant_id, g.store_id, was.ends_at"#,
        grant,
        from.0,
        scope.now,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(ended) = ended else { return Ok(()) };
    if within::is_administrator(&mut tx, from).await? {
        within::somebody_is_left(&mut tx).await?;
    }
    sessions::end_all_of(&mut tx, from).await?;
    let place = place_of(ended.everywhere, ended.region_code, ended.group_id, ended.merchant_id, ended.store_id);
    let change = Change {
        act: Act::TakeBackGrant,
        object: ObjectKind::Staff,
        object_id: from.0,
        store_id: ended.store_id,
        before: json!({
            "role": ended.role, "role_id": ended.role_id, "place": place, "until": ended.ends_at.map(text::day_before),
        }),
        after: json!(null),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    tx.commit().await.or_fault()
}

/// A place as the columns of a grant: everywhere, region, group, merchant, store.
fn columns(place: &Place) -> (bool, Option<&str>, Option<Uuid>, Option<Uuid>, Option<Uuid>) {
    match place {
        Place::Everywhere => (true, None, None, None, None),
        Place::Region { code } => (false, Some(code), None, None, None),
        Place::Group { id } => (false, None, Some(*id), None, None),
        Place::Merchant { id } => (false, None, None, Some(*id), None),
        Place::Store { id } => (false, None, None, None, Some(id.0)),
    }
}

/// The place of a grant, from its columns; nothing for a place of a later release, which reaches nothing here.
fn place_of(
    everywhere: bool,
    region: Option<String>,
    group: Option<Uuid>,
    merchant: Option<Uuid>,
    store: Option<Uuid>,
) -> Option<Place> {
    match (region, group, merchant, store) {
        _ if everywhere => Some(Place::Everywhere),
        (Some(code), ..) => Some(Place::Region { code }),
        (_, Some(id), ..) => Some(Place::Group { id }),
        (_, _, Some(id), _) => Some(Place::Merchant { id }),
        (.., Some(id)) => Some(Place::Store { id: StoreId(id) }),
        _ => None,
    }
}

/// What a person may do at this moment, for every request of theirs: regions, groups and merchants are resolved to
/// the stores in them. Who decides in another's place decides as far as that person does; nothing else is lent.
pub(crate) async fn grants_of(
    connection: impl PgExecutor<'_>,
    staff: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Grant>, Fault> {
    let rows = sqlx::query!(
        r#"with recursive live as materialized (
               select id, role, role_id, everywhere, region_code, group_id, merchant_id, store_id, ends_at,
                      null::uuid as lender, null::text as lender_name
               from grants where staff_id = $1 and (ends_at is null or ends_at > $2)
               union all
               select g.id, g.role, g.role_id, g.everywhere, g.region_code, g.group_id, g.merchant_id, g.store_id,
                      least(g.ends_at, d.ends_at), p.id, p.name
               from delegations d join staff p on p.id = d.from_staff and p.active
               join grants g on g.staff_id = p.id and (g.ends_at is null or g.ends_at > $2)
               where d.to_staff = $1 and d.ends_at > $2
           ), below as (
               select id as grant_id, region_code as code from live where region_code is not null
               union
               select b.grant_id, r.code from below b join regions r on r.parent_code = b.code
           )
           select g.role as "role!", o.name as "own_name?", o.permissions as "own_permissions?",
                  g.everywhere as "everywhere!", g.region_code, g.group_id, g.merchant_id, g.store_id, g.ends_at,
                  g.lender, g.lender_name,
                  case
                      when g.store_id is not null then array[g.store_id]
                      when g.region_code is not null then array(
                          select s.id from below b join stores s on s.region_code = b.code where b.grant_id = g.id)
                      when g.group_id is not null then array(
                          select m.store_id from store_group_members m where m.group_id = g.group_id)
                      when g.merchant_id is not null then array(
                          select s.id from stores s where s.merchant_id = g.merchant_id)
                      else '{}'
                  end as "stores!: Vec<Uuid>"
           from live g left join roles o on o.id = g.role_id"#,
        staff,
        now,
    )
    .fetch_all(connection)
    .await
    .or_fault()?;
    let grants = rows.into_iter().filter_map(|row| {
        let (role, permissions) = within::role_of(&row.role, row.own_name, row.own_permissions)?;
        let lends = permissions.contains(&Permission::DecideProposals);
        let place = place_of(row.everywhere, row.region_code, row.group_id, row.merchant_id, row.store_id)?;
        let reach = match place {
            Place::Everywhere => Reach::All,
            _ => Reach::Stores(row.stores.into_iter().map(StoreId).collect()),
        };
        let Some((lender, name)) = row.lender.zip(row.lender_name) else {
            return Some(Grant { role, permissions, place, reach, ends_at: row.ends_at, in_place_of: None });
        };
        let permissions = vec![Permission::DecideProposals];
        let (role, in_place_of) = (format!("代{name}审批"), Some(StaffId(lender)));
        lends.then_some(Grant { role, permissions, place, reach, ends_at: row.ends_at, in_place_of })
    });
    Ok(grants.collect())
}

/// The grants of a person that apply now, the widest first.
pub(super) async fn read(tx: &mut PgConnection, scope: &Scope, staff: StaffId) -> Result<Vec<GrantView>, Fault> {
    let rows = sqlx::query!(
        r#"select g.id, g.role, o.name as "own_name?", o.permissions as "own_permissions?",
                  g.everywhere, g.region_code, g.group_id, g.merchant_id, g.store_id, g.ends_at, g.granted_at,
                  b.name as "given_by?", coalesce(r.name, m.name, t.name, s.name, '全部门店') as "place_name!",
                  case when g.everywhere then null
                       else (select count(*) from stores_of_grants i where i.grant_id = g.id) end as stores
           from grants g
           left join roles o on o.id = g.role_id left join staff b on b.id = g.granted_by
           left join regions r on r.code = g.region_code left join store_groups m on m.id = g.group_id
           left join merchants t on t.id = g.merchant_id left join stores s on s.id = g.store_id
           where g.staff_id = $1 and (g.ends_at is null or g.ends_at > $2)
           order by g.everywhere desc, g.region_code is null, g.group_id is null, g.merchant_id is null, g.granted_at, g.id"#,
        staff.0,
        scope.now,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let views = rows.into_iter().filter_map(|row| {
        let (role, permissions) = within::role_of(&row.role, row.own_name, row.own_permissions)?;
        Some(GrantView {
            id: row.id,
            role,
            permissions,
            place: place_of(row.everywhere, row.region_code, row.group_id, row.merchant_id, row.store_id)?,
            place_name: row.place_name,
            stores: row.stores.and_then(|stores| usize::try_from(stores).ok()),
            ends_at: row.ends_at,
            given_at: row.granted_at,
            given_by: row.given_by,
        })
    });
    Ok(views.collect())
}
