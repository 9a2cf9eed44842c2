//! How a variant's pieces are shared between the shop and the counter, everywhere or at one store (K2).
//!
//! A balance keeps what follows from it (`stock.kept_back`, `stock.separate`), so that whoever promises pieces reads one
//! row; what is said anew is carried to the balances in its own transaction, and those to come ask for it (the trigger
//! of migration 0038).

use domain::{
    Fault, LocationId, SkuId, StoreId,
    audit::{Act, ObjectKind},
    stock_models::{SetStockModel, ShareOut, SharedStock, StockModel, StockModelRule},
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::RULES_MOST;
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    faults::{self, Deed},
    house::new_id,
    stockroom::{self, NO_GOODS, NO_PLACE, Sight, may_set, named, sees},
};

const NO_RULE: Fault = Fault::NotFound("这条库存方式");

fn place(store: StoreId) -> LocationId {
    LocationId(store.0)
}

/// What was said for all stores, and by stores within reach; by one store where it is named. At most [`RULES_MOST`].
///
/// Faults: `Forbidden`.
pub async fn rules(scope: &Scope, store: Option<StoreId>) -> Result<Vec<StockModelRule>, Fault> {
    let sight = Sight::of(scope)?;
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select r.id, k.code, d.name as product, coalesce(array_to_string(k.spec_values, ' '), '') as "spec!",
                  r.store_id, s.name as "store_name?", r.model, r.kept_back
           from stock_models r join skus k on k.id = r.sku_id join products d on d.id = k.product_id
           left join stores s on s.id = r.store_id
           where (r.store_id is null or $1::uuid[] is null or r.store_id = any($1))
             and ($2::uuid is null or r.store_id is null or r.store_id = $2)
           order by d.name, k.code, r.store_id is not null, s.name limit $3"#,
        sight.seen.as_deref(),
        store.map(|store| store.0),
        RULES_MOST as i64,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let rule = rows.into_iter().map(|row| StockModelRule {
        id: row.id,
        sku: row.code,
        name: named(&row.product, &row.spec),
        store_id: row.store_id.map(StoreId),
        store_name: row.store_name,
        model: StockModel::from_code(&row.model).unwrap_or_default(),
        kept_back: row.kept_back,
    });
    Ok(rule.collect())
}

/// How a variant's pieces are shared at a store.
///
/// Faults: `Forbidden`; `NotFound`, also for a store out of reach and goods that it never had.
pub async fn show(scope: &Scope, store: StoreId, sku: SkuId) -> Result<SharedStock, Fault> {
    sees(scope, place(store))?;
    let mut tx = scope.begin().await?;
    let row = sqlx::query!(
        r#"select k.code, s.on_hand, s.held + s.allocated as "promised!", s.on_hand - s.held - s.allocated as "free!",
                  s.kept_back, s.expired, s.separate, r.id as "rule?", r.store_id as "own?"
           from stock s join skus k on k.id = s.sku_id join stores t on t.id = s.location_id
           left join lateral (
               select m.id, m.store_id from stock_models m
               where m.sku_id = s.sku_id and (m.store_id is null or m.store_id = s.location_id)
               order by m.store_id nulls last limit 1
           ) r on true
           where s.location_id = $1 and s.sku_id = $2"#,
        store.0,
        sku.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(NO_GOODS)?;
    let online = (row.free - row.kept_back).max(0);
    Ok(SharedStock {
        sku_id: sku,
        code: row.code,
        model: if row.separate { StockModel::Separate } else { StockModel::Pool },
        rule: row.rule,
        is_own: row.own.is_some(),
        on_hand: row.on_hand,
        promised: row.promised,
        online,
        counter: row.free.max(0) - online,
        kept_back: if row.separate { 0 } else { row.kept_back - row.expired },
    })
}

/// Says how a variant's pieces are shared. A shop that sold from one pool keeps what it could sell at that moment.
/// Answers the identity of what was said. Saying the same again changes nothing.
///
/// Faults: `Invalid` beside `kept_back` or `sku`; `NotFound` for a store out of reach; `Forbidden`.
pub async fn set(scope: &Scope, command: SetStockModel) -> Result<Uuid, Fault> {
    command.check()?;
    let me = may_set(scope, command.store_id.map(place))?;
    let mut tx = scope.begin().await?;
    if let Some(store) = command.store_id {
        stockroom::room(&mut tx, place(store)).await?.store.ok_or(NO_PLACE)?;
    }
    let sku = sqlx::query_scalar!("select id from skus where lower(code) = lower($1)", command.sku.trim())
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or_else(|| Fault::invalid("sku", "没有这个商品编码"))?;
    lock(&mut tx, sku).await?;
    let (before, after) = (said(&mut tx, sku, command.store_id).await?, told(command.model, command.kept_back));
    let id = sqlx::query_scalar!(
        "insert into stock_models (id, sku_id, store_id, model, kept_back, set_by, set_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict on constraint stock_models_one do update
         set model = excluded.model, kept_back = excluded.kept_back, set_by = excluded.set_by, set_at = excluded.set_at
         returning id",
        new_id(),
        sku,
        command.store_id.map(|store| store.0),
        command.model.code(),
        command.kept_back,
        me,
        scope.now,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    carry(&mut tx, sku, command.store_id).await?;
    if before != after {
        note(&mut tx, scope, Act::SetStockModel, (sku, command.store_id), [before, after]).await?;
    }
    faults::commit(tx, scope, Deed::SetStockModel).await?;
    Ok(id)
}

/// Takes back what was said: what is said of all stores applies again, or one pool of which nothing stays.
///
/// Faults: `NotFound`, also for a store out of reach; `Forbidden`.
pub async fn remove(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    Sight::of(scope)?;
    let mut tx = scope.begin().await?;
    let found = sqlx::query!("select sku_id, store_id from stock_models where id = $1", id)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(NO_RULE)?;
    let store = found.store_id.map(StoreId);
    may_set(scope, store.map(place)).map_err(|fault| match fault {
        Fault::NotFound(_) => NO_RULE,
        other => other,
    })?;
    lock(&mut tx, found.sku_id).await?;
    let before = said(&mut tx, found.sku_id, store).await?;
    sqlx::query!("delete from stock_models where id = $1", id).execute(&mut *tx).await.or_fault()?;
    carry(&mut tx, found.sku_id, store).await?;
    note(&mut tx, scope, Act::RemoveStockModel, (found.sku_id, store), [before, json!(null)]).await?;
    tx.commit().await.or_fault()
}

/// Gives the shop of a store so many pieces of a variant of which the counter has its own.
///
/// Faults: `Invalid` beside `online` for more than is promised to nobody; `Conflict` (`one_pool`) where they are not
/// parted; `NotFound`; `Forbidden`.
pub async fn share_out(scope: &Scope, store: StoreId, sku: SkuId, command: ShareOut) -> Result<(), Fault> {
    command.check()?;
    may_set(scope, Some(place(store)))?;
    let mut tx = scope.begin().await?;
    let row = sqlx::query!(
        r#"select on_hand - held - allocated as "free!", kept_back, expired, separate from stock
           where location_id = $1 and sku_id = $2 and exists (select from stores where id = $1) for update"#,
        store.0,
        sku.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(NO_GOODS)?;
    if !row.separate {
        return Err(Fault::conflict("one_pool", "这个商品是统一库存，不用分配线上数量；请先改为线上线下分开"));
    }
    let free = row.free.max(0);
    // What may not be sold any more is nobody's to sell.
    let most = (free - row.expired).max(0);
    if command.online > most {
        return Err(Fault::invalid("online", format!("没有被占用、没有过期的只有 {most} 件")));
    }
    let kept_back = free - command.online;
    if kept_back == row.kept_back {
        return Ok(());
    }
    sqlx::query!("update stock set kept_back = $3 where location_id = $1 and sku_id = $2", store.0, sku.0, kept_back)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let shared = |kept_back: i64| json!({ "online": (free - kept_back).max(0), "counter": kept_back.min(free) });
    let change = [shared(row.kept_back), shared(kept_back)];
    note(&mut tx, scope, Act::ShareOutStock, (sku.0, Some(store)), change).await?;
    faults::commit(tx, scope, Deed::ShareOut).await
}

/// One after the other says something of a variant.
async fn lock(tx: &mut PgConnection, sku: Uuid) -> Result<(), Fault> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('mendian: stock model ' || $1::text))", sku.to_string())
        .execute(tx)
        .await
        .or_fault()?;
    Ok(())
}

/// What was said of a variant at a store, or everywhere, for the log.
async fn said(tx: &mut PgConnection, sku: Uuid, store: Option<StoreId>) -> Result<Value, Fault> {
    let found = sqlx::query!(
        "select model, kept_back from stock_models where sku_id = $1 and store_id is not distinct from $2",
        sku,
        store.map(|store| store.0),
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(found.map_or(json!(null), |row| told(StockModel::from_code(&row.model).unwrap_or_default(), row.kept_back)))
}

fn told(model: StockModel, kept_back: i64) -> Value {
    json!({ "model": model.label(), "kept_back": kept_back })
}

/// Carries what is said now to the balances of a store, or of all: in key order, since orders lock them too.
async fn carry(tx: &mut PgConnection, sku: Uuid, store: Option<StoreId>) -> Result<(), Fault> {
    sqlx::query!(
        "with shelf as materialized (
             select s.location_id from stores t join stock s on s.location_id = t.id and s.sku_id = $1
             where $2::uuid is null or t.id = $2
             order by s.location_id for update of s
         ), said as materialized (
             select h.location_id, coalesce(r.model = 'separate', false) as separate, coalesce(r.kept_back, 0) as kept_back
             from shelf h left join lateral (
                 select m.model, m.kept_back from stock_models m
                 where m.sku_id = $1 and (m.store_id is null or m.store_id = h.location_id)
                 order by m.store_id nulls last limit 1
             ) r on true
         )
         update stock s set separate = a.separate,
                kept_back = case when not a.separate then a.kept_back + s.expired
                                 -- What stays for the counter of a pool is no more than is there.
                                 else greatest(least(s.kept_back, s.on_hand - s.held - s.allocated), 0) end
         from said a
         where s.location_id = a.location_id and s.sku_id = $1
           and (s.separate <> a.separate or (not a.separate and s.kept_back <> a.kept_back + s.expired))",
        sku,
        store.map(|store| store.0),
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    (sku, store): (Uuid, Option<StoreId>),
    [before, after]: [Value; 2],
) -> Result<(), Fault> {
    let (object, store_id) = (ObjectKind::Sku, store.map(|store| store.0));
    audit::record(tx, scope, Change { act, object, object_id: sku, store_id, before, after, reason: "" }).await
}
