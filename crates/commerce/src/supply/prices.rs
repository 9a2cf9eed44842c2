//! What stores pay for what a warehouse sends them.

use std::iter;

use domain::{
    Fault, Fen, SkuId,
    audit::{Act, ObjectKind},
    stores::Ownership,
    supply::{PriceFor, SetSupplyPrice, SupplyPrice},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::must_supply;
use crate::{
    Scope,
    audit::{self, Change},
    catalog::named,
    database::OrFault,
};

/// How many prices a list has at most.
const LIST_MOST: i64 = 500;
/// And a file.
const FILE_MOST: i64 = 100_000;

/// The supply prices of variants whose name or code has these words, 500 at most.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn list(scope: &Scope, words: &str) -> Result<Vec<SupplyPrice>, Fault> {
    listed(scope, words, LIST_MOST).await
}

/// All of them, for a file.
///
/// Faults: `Unauthenticated`; `Forbidden`; `Invalid` beside `q` where there are more than a file may have.
pub async fn whole_list(scope: &Scope, words: &str) -> Result<Vec<SupplyPrice>, Fault> {
    let found = listed(scope, words, FILE_MOST + 1).await?;
    if found.len() as i64 > FILE_MOST {
        let message = format!("供货价超过 {FILE_MOST} 条，请先按商品或门店查找，分几次导出");
        return Err(Fault::invalid("q", message));
    }
    Ok(found)
}

async fn listed(scope: &Scope, words: &str, most: i64) -> Result<Vec<SupplyPrice>, Fault> {
    must_supply(scope)?;
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select p.sku_id, concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!", k.code,
                  p.ownership, s.code as "store?", s.name as "store_name?", p.price_fen, k.price_fen as retail_fen
           from supply_prices p join skus k on k.id = p.sku_id join products d on d.id = k.product_id
           left join stores s on s.id = p.store_id
           where $1 = '' or strpos(lower(d.name || ' ' || d.pinyin || ' ' || d.initials || ' ' || k.code || ' ' || coalesce(s.name, '')), $1) > 0
           order by d.sort, d.name, k.sort, k.code, p.ownership nulls last, s.name limit $2"#,
        words.trim().to_lowercase(),
        most,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let price = rows.into_iter().filter_map(|row| {
        let (whom, whom_name) = match (row.store, row.ownership.as_deref().and_then(Ownership::from_code)) {
            (Some(code), _) => (PriceFor::Store { code }, row.store_name.unwrap_or_default()),
            (None, Some(ownership)) => (PriceFor::Ownership { ownership }, ownership.label().to_owned()),
            (None, None) => return None,
        };
        Some(SupplyPrice {
            sku_id: SkuId(row.sku_id),
            name: row.name,
            code: row.code,
            whom,
            whom_name,
            price_fen: Fen(row.price_fen),
            retail_fen: Fen(row.retail_fen),
        })
    });
    Ok(price.collect())
}

/// Sets a supply price, or removes it. Transfers that were asked for keep the price of their time. Doing it twice is
/// doing it once.
///
/// Faults: `Forbidden`; `Invalid` beside `price`, beside `sku` or `store` for one that is none.
pub async fn set(scope: &Scope, command: SetSupplyPrice) -> Result<(), Fault> {
    must_supply(scope)?;
    command.check()?;
    let mut tx = scope.begin().await?;
    let sku = named(&mut tx, iter::once(command.sku.as_str())).await?.only(&command.sku)?.id.0;
    let store = match &command.whom {
        PriceFor::Ownership { .. } => None,
        PriceFor::Store { code } => Some(store_of(&mut tx, code).await?),
    };
    write(&mut tx, scope, (sku, &command.whom, store), command.price_fen).await?;
    tx.commit().await.or_fault()
}

/// Sets or removes the price of a variant, for an ownership or a store; answers what it was.
pub(super) async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    (sku, whom, store): (Uuid, &PriceFor, Option<Uuid>),
    price: Option<Fen>,
) -> Result<Option<Fen>, Fault> {
    let ownership = match whom {
        PriceFor::Ownership { ownership } => Some(ownership.code()),
        PriceFor::Store { .. } => None,
    };
    // Two who set the same price wait for each other.
    sqlx::query!("select from skus where id = $1 for no key update", sku).fetch_one(&mut *tx).await.or_fault()?;
    let before = sqlx::query_scalar!(
        "delete from supply_prices where sku_id = $1 and ownership is not distinct from $2 and store_id is not distinct from $3
         returning price_fen",
        sku,
        ownership,
        store,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .map(Fen);
    if let Some(price) = price {
        sqlx::query!(
            "insert into supply_prices (sku_id, ownership, store_id, price_fen) values ($1, $2, $3, $4)",
            sku,
            ownership,
            store,
            price.0,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    if before == price {
        return Ok(before);
    }
    let said = |price: Option<Fen>| json!({ "price": price.map(|price| price.to_string()), "for": whom });
    let change = Change {
        act: Act::SetSupplyPrice,
        object: ObjectKind::Sku,
        object_id: sku,
        store_id: store,
        before: said(before),
        after: said(price),
        reason: "",
    };
    audit::record(tx, scope, change).await?;
    Ok(before)
}

async fn store_of(tx: &mut PgConnection, code: &str) -> Result<Uuid, Fault> {
    sqlx::query_scalar!("select id from stores where code = $1", code.trim())
        .fetch_optional(tx)
        .await
        .or_fault()?
        .ok_or_else(|| Fault::invalid("store", "没有这个门店编号"))
}
