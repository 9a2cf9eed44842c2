//! Whom goods are bought from, and what they ask.

use domain::{
    Fault, Fen, SkuId, SupplierId,
    audit::{Act, ObjectKind},
    purchasing::{ListSuppliers, PriceRow, PricedRow, SaveSupplier, SetPrices, Supplier, SupplierPriceView},
    staff::{Column, Permission},
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{NO_SUPPLIER, everywhere, must_buy, today};
use crate::{
    Scope,
    audit::{self, Change},
    catalog::named,
    database::OrFault,
};

/// How many suppliers a list has at most.
pub const LIST_MOST: usize = 1_000;

/// The suppliers whose code or name has these words, those that are open first; for those who buy or pay. At most
/// [`LIST_MOST`].
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn list(scope: &Scope, ask: &ListSuppliers) -> Result<Vec<Supplier>, Fault> {
    must_buy(scope).or_else(|fault| everywhere(scope, Permission::PaySuppliers).map_err(|_| fault))?;
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select s.id, s.code, s.name, s.contact, s.phone, s.terms_days, s.lead_days, s.closed,
                  (select count(distinct p.sku_id) from supplier_prices p where p.supplier_id = s.id) as "skus!",
                  (select count(*) from purchases u where u.supplier_id = s.id
                   and u.state in ('submitted', 'approved', 'part_received')) as "open_orders!"
           from suppliers s where $1 = '' or strpos(lower(s.code || ' ' || s.name), $1) > 0
           order by s.closed, s.code limit $2"#,
        ask.words.trim().to_lowercase(),
        LIST_MOST as i64,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let supplier = rows.into_iter().map(|row| Supplier {
        id: SupplierId(row.id),
        code: row.code,
        name: row.name,
        contact: row.contact,
        phone: row.phone,
        terms_days: row.terms_days,
        lead_days: row.lead_days,
        closed: row.closed,
        skus: row.skus,
        open_orders: row.open_orders,
    });
    Ok(supplier.collect())
}

/// Makes a supplier under an id of the client's, or changes what is known of them. Doing it twice is doing it once.
///
/// Faults: `Forbidden`; `Invalid` beside the fields.
pub async fn save(scope: &Scope, id: SupplierId, command: SaveSupplier) -> Result<(), Fault> {
    must_buy(scope)?;
    command.check()?;
    let mut tx = scope.begin().await?;
    let before = read(&mut tx, id).await?;
    let spoken_to = sqlx::query!(
        "with old as (select contact, phone from suppliers where id = $1)
         insert into suppliers (id, code, name, contact, phone, terms_days, lead_days, closed, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (id) do update set code = excluded.code, name = excluded.name, contact = excluded.contact,
             phone = excluded.phone, terms_days = excluded.terms_days, lead_days = excluded.lead_days, closed = excluded.closed
         returning coalesce((select o.contact <> $4 or o.phone <> $5 from old o), false) as \"changed!\"",
        id.0,
        command.code,
        command.name.trim(),
        command.contact.trim(),
        command.phone.trim(),
        command.terms_days,
        command.lead_days,
        command.closed,
        scope.now,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    let mut after = read(&mut tx, id).await?;
    if before != after || spoken_to.changed {
        // The log holds no personal values; that they changed is told.
        if let (true, Some(after)) = (spoken_to.changed, after.as_object_mut()) {
            after.insert("contact".into(), json!("已修改"));
        }
        record(&mut tx, scope, id, Act::SaveSupplier, before, after).await?;
    }
    tx.commit().await.or_fault()
}

/// A supplier as the log has it; nothing where there is none.
async fn read(tx: &mut PgConnection, id: SupplierId) -> Result<Value, Fault> {
    let row =
        sqlx::query!("select code, name, terms_days, lead_days, closed from suppliers where id = $1 for update", id.0,)
            .fetch_optional(tx)
            .await
            .or_fault()?;
    Ok(row.map_or(Value::Null, |row| {
        json!({ "code": row.code, "name": row.name, "terms_days": row.terms_days, "lead_days": row.lead_days, "closed": row.closed })
    }))
}

pub(super) async fn record(
    tx: &mut PgConnection,
    scope: &Scope,
    id: SupplierId,
    act: Act,
    before: Value,
    after: Value,
) -> Result<(), Fault> {
    let object = ObjectKind::Supplier;
    audit::record(tx, scope, Change { act, object, object_id: id.0, store_id: None, before, after, reason: "" }).await
}

/// What a supplier asks for each variant today, and what it becomes next, by name.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound`.
pub async fn prices(scope: &Scope, id: SupplierId) -> Result<Vec<SupplierPriceView>, Fault> {
    must_buy(scope)?;
    let whole = scope.sight(Column::Cost).is_whole_everywhere();
    let mut tx = scope.begin().await?;
    if read(&mut tx, id).await?.is_null() {
        return Err(NO_SUPPLIER);
    }
    let rows = sqlx::query!(
        r#"select k.id, concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!", k.code,
                  p.price_fen, p.pack, p.minimum, p.valid_from, n.price_fen as "next_fen?", n.valid_from as "next_from?"
           from (select distinct on (sku_id) sku_id, price_fen, pack, minimum, valid_from from supplier_prices
                 where supplier_id = $1 and valid_from <= $2 order by sku_id, valid_from desc) p
           join skus k on k.id = p.sku_id join products d on d.id = k.product_id
           left join lateral (select f.price_fen, f.valid_from from supplier_prices f
                              where f.supplier_id = $1 and f.sku_id = p.sku_id and f.valid_from > $2
                              order by f.valid_from limit 1) n on true
           order by d.sort, d.name, k.sort, k.code"#,
        id.0,
        today(scope),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let price = rows.into_iter().map(|row| SupplierPriceView {
        sku_id: SkuId(row.id),
        name: row.name,
        code: row.code,
        price_fen: whole.then_some(Fen(row.price_fen)),
        pack: row.pack,
        minimum: row.minimum,
        valid_from: row.valid_from,
        next_fen: row.next_fen.map(Fen).filter(|_| whole),
        next_from: row.next_from,
    });
    Ok(price.collect())
}

/// Sets prices, row by row: one with something wrong is answered with what is wrong, the others are set. Orders that
/// were written keep theirs. Doing it twice is doing it once.
///
/// Faults: `Forbidden`, also for who may not see costs; `Invalid` beside `rows`; `NotFound`.
pub async fn set_prices(scope: &Scope, id: SupplierId, command: SetPrices) -> Result<Vec<PricedRow>, Fault> {
    must_buy(scope)?;
    if !scope.sight(Column::Cost).is_whole_everywhere() {
        return Err(Fault::Forbidden);
    }
    command.check()?;
    let mut tx = scope.begin().await?;
    if read(&mut tx, id).await?.is_null() {
        return Err(NO_SUPPLIER);
    }
    let skus = named(&mut tx, command.rows.iter().map(|row| row.sku.as_str())).await?;
    let mut answered = Vec::new();
    let mut set = 0;
    for row in &command.rows {
        let said = match (skus.find(&row.sku), row.complaint()) {
            (Err(wrong), _) => Err(wrong.to_owned()),
            (Ok(_), Some(complaint)) => Err(complaint.to_owned()),
            (Ok(sku), None) => {
                set += write(&mut tx, id, sku.id.0, row, today(scope)).await?;
                Ok(sku.name.clone())
            }
        };
        let sku = row.sku.trim().to_owned();
        answered.push(match said {
            Ok(said) => PricedRow { sku, set: true, said },
            Err(said) => PricedRow { sku, set: false, said },
        });
    }
    if set > 0 {
        record(&mut tx, scope, id, Act::SetSupplierPrices, Value::Null, json!({ "rows": set })).await?;
    }
    tx.commit().await.or_fault()?;
    Ok(answered)
}

/// Writes one price; answers how many changed.
async fn write(
    tx: &mut PgConnection,
    id: SupplierId,
    sku: Uuid,
    row: &PriceRow,
    today: chrono::NaiveDate,
) -> Result<u64, Fault> {
    let written = sqlx::query!(
        "insert into supplier_prices as p (supplier_id, sku_id, valid_from, price_fen, pack, minimum)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (supplier_id, sku_id, valid_from) do update
         set price_fen = excluded.price_fen, pack = excluded.pack, minimum = excluded.minimum
         where (p.price_fen, p.pack, p.minimum) <> (excluded.price_fen, excluded.pack, excluded.minimum)",
        id.0,
        sku,
        row.valid_from.unwrap_or(today),
        row.price_fen.0,
        row.pack,
        row.minimum,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(written.rows_affected())
}
