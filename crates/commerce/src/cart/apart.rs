//! Lines of a store that go another way than its others: they are a part of their own (D1).

use domain::{
    Fault, SkuId, StoreId,
    cart::{Part, SetLineApart},
    catalog::Options,
};

use super::lines;
use crate::{Scope, database::OrFault};

/// Sets a line apart from the others of its store, or puts it together with them. Saying it twice is saying it once.
///
/// Faults: `Unauthenticated` for a visitor without a session; `NotFound` for a line that is not in the cart.
pub async fn set_apart(scope: &Scope, line: SetLineApart) -> Result<(), Fault> {
    let cart = scope.cart.ok_or(Fault::Unauthenticated)?;
    let mut tx = scope.begin().await?;
    let found = sqlx::query!(
        "update cart_lines set apart = $5 where cart_id = $1 and store_id = $2 and sku_id = $3 and options = $4",
        cart.0,
        line.store_id.0,
        line.sku_id.0,
        line.options.codes().join(","),
        line.apart,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if found.rows_affected() == 0 {
        return Err(Fault::NotFound("购物车里的这件商品"));
    }
    tx.commit().await.or_fault()
}

/// The parts that the cart has, the store used last first; what is set apart follows what else there is of its store.
pub async fn parts(scope: &Scope) -> Result<Vec<Part>, Fault> {
    let Some(cart) = scope.cart else { return Ok(Vec::new()) };
    let mut tx = scope.begin().await?;
    let rows = sqlx::query!(
        r#"select store_id as "store_id!", apart as "apart!" from cart_lines where cart_id = $1
           group by store_id, apart
           order by max(max(set_at)) over (partition by store_id) desc, store_id, apart"#,
        cart.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| Part { store_id: StoreId(row.store_id), apart: row.apart }).collect())
}

/// The part in which a SKU with these options is, or would be.
pub async fn part_of(scope: &Scope, store: StoreId, sku: SkuId, options: &Options) -> Result<Part, Fault> {
    let line = lines::find(scope, store, sku, options).await?;
    Ok(Part { store_id: store, apart: line.is_some_and(|line| line.apart) })
}
