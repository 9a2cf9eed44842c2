//! Goods that a file names, to be taken in.

use domain::{
    Fault, LocationId, SkuId,
    import::{Filled, Listed, Wanted, filled},
    transfers::{LINES_MOST, PIECES_MOST, field_of},
};
use sqlx::PgConnection;

use crate::{
    Scope, costs,
    database::OrFault,
    transfers::{Rights, places},
};

/// What a list says, as the fields of the form that takes goods in at a place: lines of the same variant add up, and of
/// what it has none nothing comes in. `asks_price`: whether the form asks what a piece cost, of those who see it there.
/// It changes nothing.
///
/// Faults: `Invalid` beside each line that is wrong, or beside `table` for too many goods or none; `NotFound` for a place
/// out of reach; `Forbidden`; `Unauthenticated`.
pub async fn of_list(scope: &Scope, location: LocationId, list: &[Listed], asks_price: bool) -> Result<Filled, Fault> {
    let rights = Rights::of(scope)?;
    let mut tx = scope.begin().await?;
    let [place] = places(&mut tx, [location]).await?;
    if !rights.concerned_at(&place.location) {
        return Err(Fault::NotFound("这处门店或仓库"));
    }
    if !rights.books_at(&place.location) {
        return Err(Fault::Forbidden);
    }
    let takes_price = asks_price && costs::seen_at(scope, &place.location);
    let wanted = named(&mut tx, list, takes_price).await?;
    let too_many = || Fault::invalid("table", format!("一张单须有 1 到 {LINES_MOST} 种商品"));
    if wanted.len() > LINES_MOST {
        return Err(too_many());
    }
    let beyond = |most: i64| format!("同一件商品合计超过 {most} 件");
    let mut found = filled(list, &wanted, "没有这个 SKU 编码或条码", beyond)?;
    let none = |goods: &&Wanted| found.fields.text(&field_of(goods.sku_id)) == "0";
    let left_out: Vec<String> = wanted.iter().filter(none).map(|goods| goods.sku_id.to_string()).collect();
    found.fields.0.retain(|name, _| !left_out.iter().any(|sku| name.ends_with(sku.as_str())));
    found.goods -= left_out.len();
    if found.goods == 0 { Err(too_many()) } else { Ok(found) }
}

/// The variants that a list's codes and barcodes name, also those that several have.
async fn named(tx: &mut PgConnection, list: &[Listed], takes_price: bool) -> Result<Vec<Wanted>, Fault> {
    let barcodes: Vec<String> = list.iter().map(|one| one.code.clone()).collect();
    let codes: Vec<String> = barcodes.iter().map(|code| code.to_lowercase()).collect();
    let rows = sqlx::query!(
        "select k.id, k.code, k.barcode, d.keeps_batches from skus k join products d on d.id = k.product_id
         where lower(k.code) = any($1) or k.barcode = any($2)",
        &codes,
        &barcodes,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let wanted = rows.into_iter().map(|row| Wanted {
        sku_id: SkuId(row.id),
        code: row.code,
        barcode: row.barcode,
        most: PIECES_MOST,
        keeps_batches: row.keeps_batches,
        takes_price,
    });
    Ok(wanted.collect())
}
