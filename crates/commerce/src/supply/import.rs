//! What stores pay, and what warehouses send them, from rows that have been checked.

use std::collections::{BTreeMap, HashMap};

use domain::{
    Fault, LocationId,
    import::{AllocationRow, SupplyPriceRow},
    supply::{Allocate, AllocateRow},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    allocate::{self, Judged},
    prices,
};
use crate::{Scope, database::OrFault, house::new_id, imports::Imported, transfers::places};

/// Rows between which progress is told.
const CHUNK: usize = 200;

/// Sets or removes all prices, or none where it fails.
pub(crate) async fn prices_in(
    tx: &mut PgConnection,
    scope: &Scope,
    rows: &[SupplyPriceRow],
    mut progress: impl AsyncFnMut(usize) -> Result<(), Fault>,
) -> Result<Imported, Fault> {
    let mut imported = Imported::default();
    for chunk in rows.chunks(CHUNK) {
        for row in chunk {
            let whom = (row.sku.0, &row.whom, row.store.map(|store| store.0));
            match (prices::write(tx, scope, whom, row.price_fen).await?, row.price_fen) {
                (before, after) if before == after => imported.unchanged += 1,
                (None, _) => imported.inserted += 1,
                _ => imported.updated += 1,
            }
        }
        progress(imported.rows()).await?;
    }
    Ok(imported)
}

/// Sends goods from warehouses to stores: one transfer for each warehouse and store, agreed to already; all of them, or
/// none where it fails.
pub(crate) async fn allocations_in(
    tx: &mut PgConnection,
    scope: &Scope,
    rows: &[AllocationRow],
    mut progress: impl AsyncFnMut(usize) -> Result<(), Fault>,
) -> Result<Imported, Fault> {
    let codes = codes_of(tx, rows).await?;
    let code = |id: Uuid| codes.get(&id).cloned().unwrap_or_default();
    let mut of_warehouses = BTreeMap::<LocationId, Vec<Judged>>::new();
    for row in rows {
        let said = AllocateRow { store: code(row.to.0), sku: code(row.sku.0), quantity: row.quantity };
        of_warehouses.entry(row.from).or_default().push((said, Ok((row.to, row.sku))));
    }
    let mut imported = Imported::default();
    for (from_id, judged) in of_warehouses {
        let [from] = places(tx, [from_id]).await?;
        let rows = judged.iter().map(|(row, _)| row.clone()).collect();
        let command = Allocate { id: new_id(), from_id, rows, reason: "由表格导入".into() };
        let sent = allocate::write_down(tx, scope, &command, &from, judged).await?;
        imported.inserted += sent.len();
        progress(imported.rows()).await?;
    }
    Ok(imported)
}

/// The codes of the stores and variants that rows name.
async fn codes_of(tx: &mut PgConnection, rows: &[AllocationRow]) -> Result<HashMap<Uuid, String>, Fault> {
    let ids: Vec<Uuid> = rows.iter().flat_map(|row| [row.to.0, row.sku.0]).collect();
    let found = sqlx::query!(
        r#"select id as "id!", code as "code!" from skus where id = any($1) union all select id, code from stores where id = any($1)"#,
        &ids,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(found.into_iter().map(|row| (row.id, row.code)).collect())
}
