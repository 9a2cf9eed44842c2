//! Keys of partners' programs: a key is a caller with permissions, a reach and a limit of its own. It is shown
//! once, when it is made, and kept only as its hash.

use std::sync::Arc;

use chrono::Duration;
use domain::{
    Fault, StoreId,
    audit::{Act, ObjectKind},
    keys::{CreateKey, GIVEN_BY_ITS_OWN, GRANTABLE, KeyState, KeyView},
    staff::{Permission, Reach},
    text,
};
use rand::Rng;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Partner, Scope, Who,
    audit::{self, Change},
    database::OrFault,
    house::new_id,
    limits, stores, supply,
};

/// How every key begins, so that scanners of source code find one that was left there.
const BEGINNING: &str = "mk_";

/// Sets a key up; it works once [`make`] has made it.
///
/// Faults: `Forbidden`; `Invalid` beside `stores` or `warehouses` for a code that none has, beside `until` for a day that is
/// over, beside `may` for what no key is given, or not by whoever asks.
pub async fn create(scope: &Scope, command: CreateKey) -> Result<Uuid, Fault> {
    scope.staff_everywhere(Permission::ManagePartners)?;
    let expires_at = command.until.map(|day| text::end_of_day_given("until", day)).transpose()?;
    if expires_at.is_some_and(|end| end <= scope.now) {
        return Err(Fault::invalid("until", "这一天已经过去，请选择今天或以后"));
    }
    must_give(scope, &command.permissions)?;
    let (stores, warehouses) = places(scope, &command).await?;
    let permissions: Vec<String> = command.permissions.iter().map(|one| one.code().to_owned()).collect();
    let id = new_id();
    let mut tx = scope.begin().await?;
    sqlx::query!(
        "insert into api_keys (id, name, permissions, stores, per_minute, created_at, created_by, expires_at, warehouses)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        command.name,
        &permissions,
        stores.as_deref(),
        i32::try_from(command.per_minute).map_err(|error| Fault::Internal(error.to_string()))?,
        scope.now,
        scope.staff()?.id.0,
        expires_at,
        &warehouses,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let after = json!({
        "name": command.name, "permissions": permissions, "stores": command.stores,
        "warehouses": command.warehouses, "per_minute": command.per_minute, "until": command.until,
    });
    note(&mut tx, scope, Act::CreateKey, id, after).await?;
    tx.commit().await.or_fault()?;
    Ok(id)
}

/// The stores and the warehouses that a key is given: no stores where it has warehouses alone, `None` where it is to work
/// everywhere.
async fn places(scope: &Scope, command: &CreateKey) -> Result<(Option<Vec<Uuid>>, Vec<Uuid>), Fault> {
    let stores = stores::of_codes(scope, &command.stores).await?;
    let warehouses = supply::warehouses_of_codes(scope, &command.warehouses).await?;
    let stores = if warehouses.is_empty() { stores } else { Some(stores.unwrap_or_default()) };
    Ok((stores, warehouses))
}

/// Refuses what no key is given, and what whoever asks may not do everywhere themselves where it has to be theirs.
fn must_give(scope: &Scope, wanted: &[Permission]) -> Result<(), Fault> {
    if wanted.iter().any(|one| !GRANTABLE.contains(one)) {
        return Err(Fault::invalid("may", "这项权限不能授予密钥"));
    }
    let lacks = |one: &&Permission| GIVEN_BY_ITS_OWN.contains(one) && scope.staff_everywhere(**one).is_err();
    match wanted.iter().find(lacks) {
        Some(one) => Err(Fault::invalid("may", format!("您自己没有全部门店的“{}”权限，不能授予密钥", one.label()))),
        None => Ok(()),
    }
}

/// Makes the key and answers it, once. One made before ends at the same moment: this is how a key that was lost
/// or seen by others is replaced.
///
/// Faults: `Forbidden`; `NotFound`; `Conflict` (`key_revoked`).
pub async fn make(scope: &Scope, id: Uuid) -> Result<String, Fault> {
    scope.staff_everywhere(Permission::ManagePartners)?;
    let mut secret = [0u8; 32];
    rand::rng().fill(&mut secret);
    let key = format!("{BEGINNING}{}", hex::encode(secret));
    let prefix = &key[..BEGINNING.len() + 6];
    let mut tx = scope.begin().await?;
    lock(&mut tx, id).await?;
    sqlx::query!("update api_keys set prefix = $2, key_hash = $3 where id = $1", id, prefix, hash_of(&key))
        .execute(&mut *tx)
        .await
        .or_fault()?;
    note(&mut tx, scope, Act::MakeKey, id, json!({ "prefix": prefix })).await?;
    tx.commit().await.or_fault()?;
    Ok(key)
}

/// Ends a key, for good. Doing it twice is doing it once.
pub async fn revoke(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManagePartners)?;
    let mut tx = scope.begin().await?;
    if lock(&mut tx, id).await.is_err_and(|fault| fault.code() == "key_revoked") {
        return Ok(());
    }
    let ended = sqlx::query!("update api_keys set revoked_at = $2 where id = $1", id, scope.now)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    if ended.rows_affected() == 0 {
        return Err(Fault::NotFound("这个密钥"));
    }
    note(&mut tx, scope, Act::RevokeKey, id, json!({ "revoked": true })).await?;
    tx.commit().await.or_fault()
}

async fn lock(tx: &mut PgConnection, id: Uuid) -> Result<(), Fault> {
    let found = sqlx::query!("select revoked_at from api_keys where id = $1 for update", id)
        .fetch_optional(tx)
        .await
        .or_fault()?
        .ok_or(Fault::NotFound("这个密钥"))?;
    match found.revoked_at {
        Some(_) => Err(Fault::conflict("key_revoked", "这个密钥已停用，请新建一个")),
        None => Ok(()),
    }
}

async fn note(tx: &mut PgConnection, scope: &Scope, act: Act, id: Uuid, after: serde_json::Value) -> Result<(), Fault> {
    let (object, before) = (ObjectKind::ApiKey, json!(null));
    audit::record(tx, scope, Change { act, object, object_id: id, store_id: None, before, after, reason: "" }).await
}

/// All keys, those that work first.
pub async fn list(scope: &Scope) -> Result<Vec<KeyView>, Fault> {
    scope.staff_everywhere(Permission::ManagePartners)?;
    let rows = sqlx::query!(
        r#"select k.id, k.name, k.prefix, k.permissions, k.per_minute, k.created_at, k.expires_at, k.last_used_at,
                  k.revoked_at, p.name as created_by,
                  case when k.stores is not null
                       then array(select s.name from stores s where s.id = any(k.stores) order by s.code) end as stores,
                  array(select w.name from warehouses w where w.id = any(k.warehouses) order by w.code) as "warehouses!"
           from api_keys k join staff p on p.id = k.created_by
           order by k.revoked_at is not null, k.created_at desc"#,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    Ok(rows
        .into_iter()
        .map(|row| KeyView {
            id: row.id,
            name: row.name,
            state: match (&row.prefix, row.revoked_at, row.expires_at) {
                (_, Some(_), _) => KeyState::Revoked,
                (_, _, Some(end)) if end <= scope.now => KeyState::Expired,
                (None, ..) => KeyState::New,
                _ => KeyState::Working,
            },
            prefix: row.prefix,
            permissions: permissions_of(&row.permissions),
            stores: row.stores,
            warehouses: row.warehouses,
            per_minute: row.per_minute.unsigned_abs(),
            created_by: row.created_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        })
        .collect())
}

fn permissions_of(codes: &[String]) -> Vec<Permission> {
    codes.iter().filter_map(|code| Permission::from_code(code)).collect()
}

fn hash_of(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).to_vec()
}

/// Whether a token is a key rather than a session's.
pub(crate) fn is_key(token: &str) -> bool {
    token.starts_with(BEGINNING)
}

/// The program that bears a key; `None` for one that does not work. Counts the request.
///
/// Faults: `TooMany` past the key's limit.
pub(crate) async fn identify(scope: &Scope, key: &str) -> Result<Option<Arc<Partner>>, Fault> {
    let found = sqlx::query!(
        "select id, name, permissions, stores, warehouses, per_minute, last_used_at from api_keys
         where key_hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)",
        hash_of(key),
        scope.now,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?;
    let Some(found) = found else { return Ok(None) };
    limits::count(scope, &format!("api-key:{}", found.id), found.per_minute, Duration::minutes(1)).await?;
    if found.last_used_at.is_none_or(|used| scope.now - used > Duration::minutes(1)) {
        sqlx::query!("update api_keys set last_used_at = $2 where id = $1", found.id, scope.now)
            .execute(scope.pool())
            .await
            .or_fault()?;
    }
    let (permissions, reach) = (permissions_of(&found.permissions), reach_of(found.stores, found.warehouses));
    Ok(Some(Arc::new(Partner { id: found.id, name: found.name, permissions, reach })))
}

/// A warehouse stands among the stores: no store has its id, so it is within reach where its own id is asked for alone.
fn reach_of(stores: Option<Vec<Uuid>>, warehouses: Vec<Uuid>) -> Reach {
    stores.map_or(Reach::All, |stores| Reach::Stores(stores.into_iter().chain(warehouses).map(StoreId).collect()))
}

/// The scope of a program with what its key allows at this moment, for what the server does in its name.
///
/// Faults: `Unauthenticated` for a key that does not work any more.
pub(crate) async fn in_name_of(scope: &Scope, id: Uuid) -> Result<Scope, Fault> {
    let found = sqlx::query!(
        "select name, permissions, stores, warehouses from api_keys
         where id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)",
        id,
        scope.now,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?
    .ok_or(Fault::Unauthenticated)?;
    let (permissions, reach) = (permissions_of(&found.permissions), reach_of(found.stores, found.warehouses));
    let program = Partner { id, name: found.name, permissions, reach };
    Ok(Scope { who: Who::Partner(Arc::new(program)), ..scope.clone() })
}
