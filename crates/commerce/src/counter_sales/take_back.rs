//! Pieces of a sale at the counter are back on the shelf.

use domain::{
    CounterSaleId, Fault, SkuId, StoreId,
    audit::Act,
    counter_sales::{CounterSale, NOTHING, TakeBack},
    transfers::{Pieces, within},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{NO_SALE, number_text, read, record, serves_at};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
    stock::{self, Cause, Document},
};

/// Puts pieces of a sale back on the shelf of its store, all that is left of it where none are named. They are the
/// counter's again, and of the batches that were reckoned off since. The request's id is the idempotency key.
///
/// Faults: `Invalid` beside `pieces.{sku}` for more than was sold and has not come back, beside `lines` for none;
/// `NotFound`, also out of reach; `Conflict` (`key_reused`); `Unauthenticated`; `Forbidden`.
pub async fn take_back(scope: &Scope, id: CounterSaleId, command: TakeBack) -> Result<CounterSale, Fault> {
    command.check()?;
    let mut tx = scope.begin().await?;
    let sale = sqlx::query!("select store_id, number from counter_sales where id = $1", id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    // Who sells nowhere is told so, whatever there is.
    let store = sale.as_ref().map_or(StoreId(Uuid::nil()), |sale| StoreId(sale.store_id));
    serves_at(scope, store).map_err(|fault| if matches!(fault, Fault::NotFound(_)) { NO_SALE } else { fault })?;
    let number = sale.ok_or(NO_SALE)?.number;
    let actor = scope.actor();
    let written = sqlx::query!(
        "insert into counter_returns (id, sale_id, asked, why, at, staff_id, api_key_id)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing",
        command.id.0,
        id.0,
        command.asked(),
        command.why.code(),
        scope.now,
        actor.staff,
        actor.key,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if written.rows_affected() == 0 {
        taken_before(&mut tx, id, &command).await?;
        return read::one(&mut tx, id).await;
    }
    let left = lock_left(&mut tx, store, id).await?;
    let back = within(&command.lines, &left, |most| match most {
        0 => "这件商品已经全部退回".to_owned(),
        most => format!("这笔销售里最多还能退 {most} 件"),
    })?;
    let back: Vec<Pieces> = back.into_iter().filter(|one| one.quantity > 0).collect();
    if back.is_empty() {
        return Err(Fault::invalid("lines", NOTHING));
    }
    let (skus, quantities): (Vec<Uuid>, Vec<i64>) = back.iter().map(|one| (one.sku_id.0, one.quantity)).unzip();
    sqlx::query!(
        "insert into counter_return_lines (return_id, sku_id, quantity)
         select $1, sku_id, quantity from unnest($2::uuid[], $3::bigint[]) as l (sku_id, quantity)",
        command.id.0,
        &skus,
        &quantities,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let came: Vec<stock::Pieces> =
        back.iter().map(|one| stock::Pieces { sku: one.sku_id.0, quantity: one.quantity }).collect();
    let document = Document { cause: Cause::CounterReturn, id: Some(command.id.0) };
    stock::book(&mut tx, scope, store.0, document, &came).await?;
    let after = json!({ "number": number_text(number), "pieces": quantities.iter().sum::<i64>() });
    record(&mut tx, scope, (Act::TakeBackCounterSale, id, store), (after, command.why.label())).await?;
    let answer = read::one(&mut tx, id).await?;
    faults::commit(tx, scope, Deed::TakeBackCounterSale).await?;
    Ok(answer)
}

/// Locks the balances of all that was sold, and answers how many of each have not come back. Whoever else takes pieces of
/// the sale back waits for them.
async fn lock_left(tx: &mut PgConnection, store: StoreId, id: CounterSaleId) -> Result<Vec<Pieces>, Fault> {
    let skus = sqlx::query_scalar!("select sku_id from counter_sale_lines where sale_id = $1", id.0)
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
    stock::lock_free(tx, skus.into_iter().map(|sku| (store.0, sku)).collect()).await?;
    let rows = sqlx::query!(
        r#"select l.sku_id, (l.quantity - coalesce((
               select sum(b.quantity) from counter_returns r join counter_return_lines b on b.return_id = r.id
               where r.sale_id = l.sale_id and b.sku_id = l.sku_id), 0))::bigint as "left!"
           from counter_sale_lines l where l.sale_id = $1 order by l.sku_id"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| Pieces { sku_id: SkuId(row.sku_id), quantity: row.left }).collect())
}

/// Whether what stands under this id is there because of the same request.
///
/// Faults: `Conflict` (`key_reused`).
async fn taken_before(tx: &mut PgConnection, id: CounterSaleId, command: &TakeBack) -> Result<(), Fault> {
    let found = sqlx::query!("select sale_id, asked, why from counter_returns where id = $1", command.id.0)
        .fetch_optional(tx)
        .await
        .or_fault()?;
    let asked = command.asked();
    let same = |sale, told: &str, why: &str| (sale, told, why) == (id.0, asked.as_str(), command.why.code());
    match found {
        Some(found) if same(found.sale_id, &found.asked, &found.why) => Ok(()),
        _ => Err(Fault::conflict("key_reused", "这个页面已经提交过另一次退回，请刷新后再试")),
    }
}
