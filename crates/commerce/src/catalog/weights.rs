//! What pieces weigh as they are sent, and whether they are kept by batches: set by whoever says what sending costs.

use domain::{
    Complaint, Fault, Fen, SkuId,
    audit::{Act, ObjectKind},
    staff::Permission,
    weights::{KeepBatches, SetWeights, WeighedProduct, WeighedSku},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

const NO_PRODUCT: Fault = Fault::NotFound("这件商品");

/// A product of the chain with its variants and what they weigh.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound` for a code that no product has.
pub async fn show(scope: &Scope, code: &str) -> Result<WeighedProduct, Fault> {
    scope.staff_everywhere(Permission::ManageFreight)?;
    let rows = sqlx::query!(
        r#"select p.code as product, p.name, p.keeps_batches, k.id as "id?", k.code as "code?", k.spec_values as "spec_values?", k.barcode,
                  k.price_fen as "price_fen?", k.weight_grams as "weight_grams?"
           from products p left join skus k on k.product_id = p.id where p.code = $1 order by k.sort, k.code limit 500"#,
        code,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let first = rows.first().ok_or(NO_PRODUCT)?;
    let (code, name, keeps_batches) = (first.product.clone(), first.name.clone(), first.keeps_batches);
    let skus = rows.into_iter().filter_map(|row| {
        Some(WeighedSku {
            id: SkuId(row.id?),
            code: row.code?,
            spec: row.spec_values?.join(" / "),
            barcode: row.barcode,
            price_fen: Fen(row.price_fen?),
            weight_grams: row.weight_grams?.into(),
        })
    });
    Ok(WeighedProduct { code, name, keeps_batches, skus: skus.collect() })
}

/// Says what pieces of a product's variants weigh. What has been ordered keeps the freight of its time.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound` for a code that no product has; `Invalid` beside `weights`, beside
/// `weight.{sku_id}`, also for a variant that is not the product's.
pub async fn set(scope: &Scope, code: &str, command: SetWeights) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageFreight)?;
    let command = command.checked()?;
    let mut tx = scope.begin().await?;
    let product = sqlx::query_scalar!("select id from products where code = $1", code)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(NO_PRODUCT)?;
    let (ids, grams): (Vec<Uuid>, Vec<i32>) =
        command.weights.iter().map(|one| (one.sku_id.0, i32::try_from(one.weight_grams).unwrap_or(0))).unzip();
    // In one order, so that two who weigh the same goods do not wait for each other for ever.
    let before = sqlx::query!(
        "select id, weight_grams from skus where id = any($1) and product_id = $2 order by id for no key update",
        &ids,
        product,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let strange = ids.iter().filter(|id| before.iter().all(|row| row.id != **id));
    let strange: Vec<_> =
        strange.map(|id| Complaint::new(format!("weight.{id}"), "这个规格不属于这件商品，请刷新后再试")).collect();
    if !strange.is_empty() {
        return Err(Fault::Invalid(strange));
    }
    sqlx::query!(
        "update skus k set weight_grams = w.grams from unnest((select $1::uuid[]), (select $2::integer[])) as w (id, grams)
         where k.id = w.id and k.weight_grams <> w.grams",
        &ids,
        &grams,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    for (id, grams) in ids.into_iter().zip(grams) {
        let Some(was) = before.iter().find(|row| row.id == id && row.weight_grams != grams) else { continue };
        let change = Change {
            act: Act::WeighGoods,
            object: ObjectKind::Sku,
            object_id: id,
            store_id: None,
            before: json!({ "weight_grams": was.weight_grams }),
            after: json!({ "weight_grams": grams }),
            reason: "",
        };
        audit::record(&mut tx, scope, change).await?;
    }
    tx.commit().await.or_fault()
}

/// Says whether a product's pieces are kept by batches from now on. What lies there without a batch stays so, and batches
/// that were said stay said.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound` for a code that no product has.
pub async fn keep_batches(scope: &Scope, code: &str, command: KeepBatches) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageFreight)?;
    let mut tx = scope.begin().await?;
    let product = sqlx::query!("select id, keeps_batches from products where code = $1 for no key update", code)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(NO_PRODUCT)?;
    let keeps = command.keeps_batches;
    if product.keeps_batches == keeps {
        return Ok(());
    }
    sqlx::query!("update products set keeps_batches = $2, updated_at = $3 where id = $1", product.id, keeps, scope.now)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let change = Change {
        act: Act::KeepBatches,
        object: ObjectKind::Product,
        object_id: product.id,
        store_id: None,
        before: json!({ "keeps_batches": product.keeps_batches }),
        after: json!({ "keeps_batches": keeps }),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    tx.commit().await.or_fault()
}
