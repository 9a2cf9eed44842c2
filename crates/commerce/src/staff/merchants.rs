//! Joined third parties 商户, which a grant can reach (O2). Their stores are those that say so, each of one merchant
//! at most.

use domain::{
    Fault,
    audit::{Act, ObjectKind},
    staff::{Merchant, Permission, Place, SaveMerchant, marked_until},
    stores::Ownership,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::within::{self, Circle};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

fn circle(id: Uuid) -> Circle {
    Circle { id, word: "商户" }
}

/// All merchants by name, with how many grants reach them now, and for who manages them how many of their papers run
/// out.
pub async fn list(scope: &Scope) -> Result<Vec<Merchant>, Fault> {
    scope.staff_everywhere(Permission::ManageStaff).or_else(|_| scope.staff_everywhere(Permission::ManageRoles))?;
    read_all(scope, None, scope.staff_everywhere(Permission::ManageRoles).is_ok()).await
}

/// Those merchants that the grants of whoever asks reach. How many others they reach is not theirs to know.
pub(super) async fn reached(scope: &Scope) -> Result<Vec<Merchant>, Fault> {
    let own = scope.staff()?.grants.iter().filter_map(|grant| match grant.place {
        Place::Merchant { id } => Some(id),
        _ => None,
    });
    read_all(scope, Some(&own.collect::<Vec<Uuid>>()), false).await
}

async fn read_all(scope: &Scope, only: Option<&[Uuid]>, with_papers: bool) -> Result<Vec<Merchant>, Fault> {
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select t.id, t.code, t.name,
                  array(select s.code from stores s where s.merchant_id = t.id order by s.code) as "stores!",
                  (select count(*) from grants g
                   where g.merchant_id = t.id and $2::uuid[] is null and (g.ends_at is null or g.ends_at > $1)) as "grants!",
                  (select count(*) from merchant_papers p where p.merchant_id = t.id and p.valid_until <= $3) as "papers_due!"
           from merchants t where $2::uuid[] is null or t.id = any($2) order by t.name"#,
        scope.now,
        only,
        with_papers.then(|| marked_until(scope.now)),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let merchant = rows.into_iter().map(|row| Merchant {
        id: row.id,
        code: row.code,
        name: row.name,
        stores: row.stores,
        grants: row.grants,
        papers_due: row.papers_due,
    });
    Ok(merchant.collect())
}

/// Takes a merchant in under an id of the client's, or changes what it is and which stores are its. Grants that
/// reach it reach its stores of then.
///
/// Faults: `Forbidden`; `Conflict` (`yourself`) for one that their own grant reaches; `Invalid` beside `stores` for a
/// code that no joined store has or that is another merchant's, or where somebody would win more by it than whoever
/// asks may give, beside `code` and `name` for what another merchant has.
pub async fn save(scope: &Scope, id: Uuid, merchant: SaveMerchant) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageRoles)?;
    merchant.check()?;
    let mut tx = scope.begin().await?;
    // No store changes hands meanwhile, and no import makes another thing of it.
    sqlx::query!("lock table stores in share row exclusive mode").execute(&mut *tx).await.or_fault()?;
    let authority = within::authority(&mut tx, scope, None).await?;
    let before = read(&mut tx, id).await?;
    let (stores, joining) = stores_of(&mut tx, id, &merchant.stores).await?;
    within::may_join(&mut tx, scope, &authority, circle(id), &joining).await?;
    let name = merchant.name.trim();
    sqlx::query!(
        "insert into merchants (id, code, name, created_at, created_by) values ($1, $2, $3, $4, $5)
         on conflict (id) do update set code = excluded.code, name = excluded.name",
        id,
        merchant.code,
        name,
        scope.now,
        authority.me.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    sqlx::query!(
        "update stores set merchant_id = case when id = any($2) then $1 end, updated_at = $3
         where (merchant_id = $1) is distinct from (id = any($2)) and (merchant_id = $1 or id = any($2))",
        id,
        &stores,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let after = json!({ "code": merchant.code, "name": name, "stores": merchant.stores });
    note(&mut tx, scope, Act::SaveMerchant, id, (before.unwrap_or_default(), after)).await?;
    tx.commit().await.or_fault()
}

/// The stores with these codes as this merchant's, and those of them that are not yet.
///
/// Faults: `Invalid` beside `stores` for a code that no store has, for a store that is not joined, and for another
/// merchant's.
async fn stores_of(tx: &mut PgConnection, id: Uuid, codes: &[String]) -> Result<(Vec<Uuid>, Vec<Uuid>), Fault> {
    let found = sqlx::query!("select id, code, ownership, merchant_id from stores where code = any($1)", codes)
        .fetch_all(tx)
        .await
        .or_fault()?;
    let refuse = |what: &str, codes: Vec<&str>| match codes.as_slice() {
        [] => Ok(()),
        codes => Err(Fault::invalid("stores", format!("{what}：{}", codes.join("、")))),
    };
    let is_unknown = |code: &&String| found.iter().all(|store| store.code != **code);
    refuse("没有这些门店", codes.iter().filter(is_unknown).map(String::as_str).collect())?;
    let not_joined = found.iter().filter(|store| store.ownership != Ownership::Merchant.code());
    refuse("这些门店的经营方式不是「入驻」", not_joined.map(|store| store.code.as_str()).collect())?;
    let taken = found.iter().filter(|store| store.merchant_id.is_some_and(|other| other != id));
    refuse("这些门店已属于其他商户", taken.map(|store| store.code.as_str()).collect())?;
    let joining = found.iter().filter(|store| store.merchant_id.is_none()).map(|store| store.id).collect();
    Ok((found.iter().map(|store| store.id).collect(), joining))
}

/// Removes a merchant without stores and papers that no grant reaches. One that has gone is removed already.
///
/// Faults: `Forbidden`; `Conflict` (`merchant_given`, `merchant_has_stores`, `merchant_has_papers`).
pub async fn remove(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageRoles)?;
    let mut tx = scope.begin().await?;
    let Some(before) = read(&mut tx, id).await? else { return Ok(()) };
    let given = within::still_given(&mut tx, scope, circle(id)).await?;
    if given > 0 {
        return Err(Fault::conflict("merchant_given", format!("还有 {given} 项授权使用这个商户，请先收回")));
    }
    let stores = sqlx::query_scalar!(r#"select count(*) as "stores!" from stores where merchant_id = $1"#, id)
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
    if stores > 0 {
        return Err(Fault::conflict("merchant_has_stores", format!("还有 {stores} 家门店属于这个商户，请先移出")));
    }
    let papers = sqlx::query_scalar!(r#"select count(*) as "papers!" from merchant_papers where merchant_id = $1"#, id)
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
    if papers > 0 {
        return Err(Fault::conflict("merchant_has_papers", format!("这个商户还有 {papers} 份证照，请先移除")));
    }
    sqlx::query!("delete from merchants where id = $1", id).execute(&mut *tx).await.or_fault()?;
    note(&mut tx, scope, Act::RemoveMerchant, id, (before, json!(null))).await?;
    tx.commit().await.or_fault()
}

/// Locks a merchant; answers what it is, for the log.
async fn read(tx: &mut PgConnection, id: Uuid) -> Result<Option<Value>, Fault> {
    let found = sqlx::query!(
        r#"select t.code, t.name, array(select s.code from stores s where s.merchant_id = t.id order by s.code) as "stores!"
           from merchants t where t.id = $1 for update of t"#,
        id,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(found.map(|merchant| json!({ "code": merchant.code, "name": merchant.name, "stores": merchant.stores })))
}

async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    id: Uuid,
    (before, after): (Value, Value),
) -> Result<(), Fault> {
    let change = Change { act, object: ObjectKind::Merchant, object_id: id, store_id: None, before, after, reason: "" };
    audit::record(tx, scope, change).await
}
