//! Suppliers with their prices, and drafts of orders, from rows that have been checked.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use domain::{
    Fault, LocationId, PurchaseId, SupplierId,
    audit::Act,
    import::{PurchaseRow, SupplierRow},
    purchasing::{DraftPurchase, PurchaseLineAsked},
};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{draft, suppliers::record, today};
use crate::{Scope, database::OrFault, house::new_id, imports::Imported};

/// Rows that one statement writes; small enough that progress is seen.
const CHUNK: usize = 200;
/// The most lines of one order.
const LINES_MOST: usize = 200;

/// Imports all rows, or none where it fails. A supplier is known by their code; what a row leaves empty stays as it is.
/// A new supplier's invoices are due after 30 days and their goods come after 7, unless the rows say otherwise.
pub(crate) async fn suppliers_in(
    tx: &mut PgConnection,
    scope: &Scope,
    rows: &[SupplierRow],
    mut progress: impl AsyncFnMut(usize) -> Result<(), Fault>,
) -> Result<Imported, Fault> {
    // Two imports at a time would both find the same supplier lacking.
    sqlx::query!("lock table suppliers in share row exclusive mode").execute(&mut *tx).await.or_fault()?;
    let (mut imported, mut told) = (Imported::default(), HashSet::new());
    let mut set = BTreeMap::<Uuid, usize>::new();
    for chunk in rows.chunks(CHUNK) {
        let written = write_suppliers(tx, scope, chunk).await?;
        let priced = write_prices(tx, scope, chunk, &written).await?;
        for row in chunk {
            let Some(supplier) = written.get(&row.code) else { continue };
            let price = row.price.as_ref().and_then(|one| {
                priced.get(&(supplier.id, one.sku.0, one.valid_from.unwrap_or_else(|| today(scope)))).copied()
            });
            if price.is_some() {
                *set.entry(supplier.id).or_default() += 1;
            }
            // What the rows say of a supplier counts with the first of them.
            let first = told.insert(row.code.as_str());
            match price {
                Some(Wrote::New) => imported.inserted += 1,
                _ if first && supplier.wrote == Some(Wrote::New) => imported.inserted += 1,
                Some(Wrote::Changed) => imported.updated += 1,
                _ if first && supplier.wrote == Some(Wrote::Changed) => imported.updated += 1,
                _ => imported.unchanged += 1,
            }
        }
        progress(imported.rows()).await?;
    }
    for (id, rows) in set {
        record(tx, scope, SupplierId(id), Act::SetSupplierPrices, Value::Null, json!({ "rows": rows })).await?;
    }
    Ok(imported)
}

/// What was written of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrote {
    New,
    Changed,
}

/// A supplier after its rows were written.
struct Written {
    id: Uuid,
    wrote: Option<Wrote>,
}

/// A supplier as the statement below takes it.
#[derive(Serialize)]
struct Given<'a> {
    /// Its identity, should it be new.
    id: Uuid,
    code: &'a str,
    name: Option<&'a str>,
    contact: Option<&'a str>,
    phone: Option<&'a str>,
    terms_days: Option<i32>,
    lead_days: Option<i32>,
}

/// Writes what a chunk says of suppliers: of several rows the last that says something counts.
async fn write_suppliers(
    tx: &mut PgConnection,
    scope: &Scope,
    chunk: &[SupplierRow],
) -> Result<HashMap<String, Written>, Fault> {
    let mut given = BTreeMap::<&str, Given<'_>>::new();
    for row in chunk {
        let one = given.entry(&row.code).or_insert_with(|| Given {
            id: new_id(),
            code: &row.code,
            name: None,
            contact: None,
            phone: None,
            terms_days: None,
            lead_days: None,
        });
        one.name = row.name.as_deref().or(one.name);
        one.contact = row.contact.as_deref().or(one.contact);
        one.phone = row.phone.as_deref().or(one.phone);
        one.terms_days = row.terms_days.or(one.terms_days);
        one.lead_days = row.lead_days.or(one.lead_days);
    }
    let given: Vec<_> = given.into_values().collect();
    let rows = sqlx::query!(
        r#"with given as materialized (
               select * from jsonb_to_recordset($1) as g (
                   id uuid, code text, name text, contact text, phone text, terms_days integer, lead_days integer)
           ), wanted as materialized (
               select coalesce(s.id, g.id) as id, g.code, coalesce(g.name, s.name) as name,
                      coalesce(g.contact, s.contact, '') as contact, coalesce(g.phone, s.phone, '') as phone,
                      coalesce(g.terms_days, s.terms_days, 30) as terms_days, coalesce(g.lead_days, s.lead_days, 7) as lead_days,
                      s.id is null as is_new
               from given g left join suppliers s on s.code = g.code
           ), changed as (
               update suppliers s set name = w.name, contact = w.contact, phone = w.phone, terms_days = w.terms_days,
                                      lead_days = w.lead_days
               from wanted w
               where s.id = w.id and (s.name, s.contact, s.phone, s.terms_days, s.lead_days)
                     is distinct from (w.name, w.contact, w.phone, w.terms_days, w.lead_days)
               returning s.id
           ), made as (
               insert into suppliers (id, code, name, contact, phone, terms_days, lead_days, created_at)
               select id, code, name, contact, phone, terms_days, lead_days, $2 from wanted where is_new
           )
           select w.id as "id!", w.code as "code!", w.name as "name!", w.terms_days as "terms_days!", w.lead_days as "lead_days!",
                  w.is_new as "is_new!", c.id is not null as "changed!"
           from wanted w left join changed c on c.id = w.id order by w.code"#,
        serde_json::to_value(&given).map_err(|error| Fault::Internal(error.to_string()))?,
        scope.now,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let mut written = HashMap::new();
    for row in rows {
        let wrote = if row.is_new { Some(Wrote::New) } else { row.changed.then_some(Wrote::Changed) };
        if wrote.is_some() {
            // The log holds no personal values.
            let after =
                json!({ "code": row.code, "name": row.name, "terms_days": row.terms_days, "lead_days": row.lead_days });
            record(tx, scope, SupplierId(row.id), Act::SaveSupplier, Value::Null, after).await?;
        }
        written.insert(row.code, Written { id: row.id, wrote });
    }
    Ok(written)
}

/// A price by supplier, variant and first day.
type PriceKey = (Uuid, Uuid, NaiveDate);

/// Writes the prices of a chunk; tells which were new or changed.
async fn write_prices(
    tx: &mut PgConnection,
    scope: &Scope,
    chunk: &[SupplierRow],
    suppliers: &HashMap<String, Written>,
) -> Result<HashMap<PriceKey, Wrote>, Fault> {
    // A row of today and one that names no day are the same; the last counts.
    let mut given = BTreeMap::<PriceKey, [i64; 3]>::new();
    for row in chunk {
        if let (Some(supplier), Some(price)) = (suppliers.get(&row.code), &row.price) {
            let key = (supplier.id, price.sku.0, price.valid_from.unwrap_or_else(|| today(scope)));
            given.insert(key, [price.price_fen.0, price.pack, price.minimum]);
        }
    }
    let key = |of: fn(&PriceKey) -> Uuid| given.keys().map(of).collect::<Vec<Uuid>>();
    let column = |at: usize| given.values().map(|numbers| numbers[at]).collect::<Vec<i64>>();
    let days: Vec<NaiveDate> = given.keys().map(|key| key.2).collect();
    let rows = sqlx::query!(
        r#"insert into supplier_prices as p (supplier_id, sku_id, valid_from, price_fen, pack, minimum)
           select * from unnest($1::uuid[], $2::uuid[], $3::date[], $4::bigint[], $5::bigint[], $6::bigint[])
           on conflict (supplier_id, sku_id, valid_from) do update
           set price_fen = excluded.price_fen, pack = excluded.pack, minimum = excluded.minimum
           where (p.price_fen, p.pack, p.minimum) <> (excluded.price_fen, excluded.pack, excluded.minimum)
           returning supplier_id, sku_id, valid_from, xmax = 0 as "is_new!""#,
        &key(|key| key.0),
        &key(|key| key.1),
        &days,
        &column(0),
        &column(1),
        &column(2),
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let wrote = |is_new| if is_new { Wrote::New } else { Wrote::Changed };
    Ok(rows.into_iter().map(|row| ((row.supplier_id, row.sku_id, row.valid_from), wrote(row.is_new))).collect())
}

/// Writes drafts, one for each supplier, place and day, and another where there are more than 200 lines; all of them, or
/// none where it fails.
///
/// Faults: those of [`draft::draft`], where something has changed since the rows were checked.
pub(crate) async fn drafts_in(
    tx: &mut PgConnection,
    scope: &Scope,
    rows: &[PurchaseRow],
    mut progress: impl AsyncFnMut(usize) -> Result<(), Fault>,
) -> Result<Imported, Fault> {
    let mut orders = BTreeMap::<(SupplierId, LocationId, Option<NaiveDate>), Vec<PurchaseLineAsked>>::new();
    for row in rows {
        let line = PurchaseLineAsked { sku_id: row.sku, quantity: row.quantity, price_fen: row.price_fen };
        orders.entry((row.supplier, row.location, row.expected_on)).or_default().push(line);
    }
    let mut imported = Imported::default();
    for ((supplier_id, location_id, expected_on), lines) in orders {
        for lines in lines.chunks(LINES_MOST) {
            let note = "由表格导入".to_owned();
            let order = DraftPurchase { supplier_id, location_id, lines: lines.to_vec(), expected_on, note };
            order.check()?;
            draft::write(tx, scope, PurchaseId(new_id()), &order).await?;
            imported.inserted += lines.len();
            progress(imported.rows()).await?;
        }
    }
    Ok(imported)
}
