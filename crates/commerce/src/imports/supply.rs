//! What rows of suppliers, orders, supply prices and allocations are checked by, and on whose behalf they are written.

use std::collections::{HashMap, HashSet};

use domain::{
    Fault, Fen, LocationId, SkuId, StaffId, SupplierId,
    import::{ImportKind, KnownPlace, KnownSupplier, KnownSupply},
    text,
};
use sqlx::PgConnection;

use crate::{Scope, database::OrFault, staff};

/// What there is of suppliers, places, variants and prices, by which rows are checked.
///
/// Faults: none of its own.
pub async fn known(scope: &Scope) -> Result<KnownSupply, Fault> {
    let mut tx = scope.begin().await?;
    let suppliers = sqlx::query!("select id, code, closed from suppliers").fetch_all(&mut *tx).await.or_fault()?;
    let skus = sqlx::query!("select id, code, barcode from skus").fetch_all(&mut *tx).await.or_fault()?;
    let places = sqlx::query!(
        r#"select id as "id!", kind as "kind!", code as "code!", closed as "closed!", merchant_id from stock_places"#
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let (by_barcode, shared_barcodes) =
        barcodes(skus.iter().filter_map(|row| Some((row.barcode.clone()?, SkuId(row.id)))));
    let by_code = skus.iter().map(|row| (row.code.clone(), SkuId(row.id)));
    let place = |kind: &str| {
        let of_kind = places.iter().filter(|row| row.kind == kind);
        let place = of_kind.map(|row| {
            let id = LocationId(row.id);
            (row.code.clone(), KnownPlace { id, closed: row.closed, is_merchants: row.merchant_id.is_some() })
        });
        place.collect::<HashMap<_, _>>()
    };
    Ok(KnownSupply {
        suppliers: suppliers
            .into_iter()
            .map(|row| (row.code, KnownSupplier { id: SupplierId(row.id), closed: row.closed }))
            .collect(),
        skus: by_barcode.into_iter().chain(by_code).collect(),
        shared_barcodes,
        stores: place("store"),
        warehouses: place("warehouse"),
        left: left(&mut tx).await?,
        asked: asked(&mut tx, scope).await?,
        ..KnownSupply::default()
    })
}

/// Variants by barcode, and the barcodes that several have.
fn barcodes(all: impl Iterator<Item = (String, SkuId)>) -> (HashMap<String, SkuId>, HashSet<String>) {
    let (mut only, mut shared) = (HashMap::new(), HashSet::new());
    for (barcode, sku) in all {
        if only.insert(barcode.clone(), sku).is_some() {
            shared.insert(barcode);
        }
    }
    only.retain(|barcode, _| !shared.contains(barcode));
    (only, shared)
}

/// Pieces in warehouses that are promised to nobody, other transfers included, and are not over.
async fn left(tx: &mut PgConnection) -> Result<HashMap<(LocationId, SkuId), i64>, Fault> {
    let rows = sqlx::query!(
        r#"select s.location_id, s.sku_id, (s.on_hand - s.held - s.allocated - s.expired - coalesce(o.agreed, 0))::bigint as "left!"
           from stock s join warehouses w on w.id = s.location_id
           left join (
               select t.from_id, l.sku_id, sum(l.approved) as agreed
               from stock_transfer_lines l join stock_transfers t on t.id = l.transfer_id
               where t.state = 'approved' group by 1, 2
           ) o on o.from_id = s.location_id and o.sku_id = s.sku_id
           where s.on_hand > 0"#,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| ((LocationId(row.location_id), SkuId(row.sku_id)), row.left)).collect())
}

/// What suppliers ask today.
async fn asked(tx: &mut PgConnection, scope: &Scope) -> Result<HashMap<(SupplierId, SkuId), (Fen, i64)>, Fault> {
    let rows = sqlx::query!(
        "select distinct on (supplier_id, sku_id) supplier_id, sku_id, price_fen, minimum from supplier_prices
         where valid_from <= $1 order by supplier_id, sku_id, valid_from desc",
        scope.now.with_timezone(&text::zone("")).date_naive(),
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let asked = |(supplier, sku, price, minimum)| ((SupplierId(supplier), SkuId(sku)), (Fen(price), minimum));
    Ok(rows.into_iter().map(|row| asked((row.supplier_id, row.sku_id, row.price_fen, row.minimum))).collect())
}

/// The scope of whoever let the rows be written, with what they may do now: documents are theirs, and what was taken
/// away from them meanwhile is not done in their name.
///
/// Faults: `Unauthenticated` for who was suspended; `Forbidden` for who may not do it any more.
pub(super) async fn on_behalf(
    tx: &mut PgConnection,
    scope: &Scope,
    kind: ImportKind,
    person: StaffId,
) -> Result<Scope, Fault> {
    let theirs = staff::in_name_of(tx, scope, person).await?;
    if kind.needs().iter().any(|permission| theirs.staff_everywhere(*permission).is_err()) {
        return Err(Fault::Forbidden);
    }
    Ok(theirs)
}
