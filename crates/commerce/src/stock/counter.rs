//! What the counter of a store can sell: of pieces that are shared out its own, of a pool all that nobody is promised.

use std::collections::HashMap;

use domain::Fault;
use sqlx::PgConnection;
use uuid::Uuid;

use super::batches;
use crate::{Scope, database::OrFault};

/// Locks the balances of these variants at a store and sets aside what is over there by now; answers how many pieces of
/// each the counter can sell.
pub(crate) async fn lock_for_counter(
    tx: &mut PgConnection,
    scope: &Scope,
    store: Uuid,
    skus: &[Uuid],
) -> Result<HashMap<Uuid, i64>, Fault> {
    batches::keep_back(tx, scope, store, Some(skus)).await?;
    left_at_counter(tx, store, skus).await
}

/// How many pieces of each variant the counter of a store can sell. What it keeps has what is over in it.
pub(crate) async fn left_at_counter(
    tx: &mut PgConnection,
    store: Uuid,
    skus: &[Uuid],
) -> Result<HashMap<Uuid, i64>, Fault> {
    let rows = sqlx::query!(
        r#"select sku_id, greatest(case when separate then least(kept_back, on_hand - held - allocated)
                                        else on_hand - held - allocated end - expired, 0) as "left!"
           from stock where location_id = $1 and sku_id = any($2)"#,
        store,
        skus,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| (row.sku_id, row.left)).collect())
}
