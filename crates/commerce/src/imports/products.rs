//! Many products at once, from rows that have been checked (C1). Safe to repeat.

use std::collections::{HashMap, HashSet};

use domain::{
    Fault,
    catalog::Spec,
    import::{Known, KnownProduct, KnownSku, ProductGiven, slug},
};
use pinyin::ToPinyin;
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{Imported, Trial, brands, look_up_by_key};
use crate::{
    Scope,
    database::OrFault,
    house::new_id,
    stock::{self, Cause, Document, Pieces},
};

/// Products that one statement writes; small enough that progress is seen.
const CHUNK: usize = 200;

/// At which stores new variants are put on the shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// At none: an import says what there is, not who sells it.
    Nowhere,
    /// At every store of the brand, for the price and with the stock of the file. What a store has listed
    /// stays as it is.
    AtAllStoresOfTheBrand,
}

/// The products and variants that there are, by which rows are checked.
pub async fn known(scope: &Scope) -> Result<Known, Fault> {
    let products = sqlx::query!(
        r#"select p.code, p.name, b.name as brand, p.specs as "specs: Json<Vec<Spec>>"
           from products p join brands b on b.id = p.brand_id"#,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let skus = sqlx::query!(
        "select s.code, p.code as product, s.spec_values from skus s join products p on p.id = s.product_id",
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    Ok(Known {
        products: products
            .into_iter()
            .map(|row| (row.code, KnownProduct { brand: row.brand, name: row.name, specs: row.specs.0 }))
            .collect(),
        skus: skus
            .into_iter()
            .map(|row| (row.code, KnownSku { product: row.product, values: row.spec_values }))
            .collect(),
    })
}

/// Imports all products, or none where it fails. No two have the same code. A product and a variant are
/// known by their codes; what a file leaves empty stays as it is, and so do options and stock. Counted
/// are variants, which are the rows of a file.
///
/// `progress` is told after each chunk how many rows are done; where it fails, nothing stays.
pub async fn import(
    scope: &Scope,
    products: &[ProductGiven],
    listing: Listing,
    trial: Trial,
    progress: impl AsyncFnMut(usize) -> Result<(), Fault>,
) -> Result<Imported, Fault> {
    let mut tx = scope.begin().await?;
    let imported = import_in(&mut tx, scope, None, products, listing, progress).await?;
    trial.end(tx).await?;
    Ok(imported)
}

/// [`import`] within a transaction. `sent` is the table that was sent in: what it puts on shelves names it.
pub(crate) async fn import_in(
    tx: &mut PgConnection,
    scope: &Scope,
    sent: Option<Uuid>,
    products: &[ProductGiven],
    listing: Listing,
    mut progress: impl AsyncFnMut(usize) -> Result<(), Fault>,
) -> Result<Imported, Fault> {
    // Two imports at a time would both find the same product lacking.
    sqlx::query!("lock table products in share row exclusive mode").execute(&mut *tx).await.or_fault()?;
    look_up_by_key(tx).await?;
    let brands = brands(tx, products.iter().map(|product| product.brand.as_str())).await?;
    let categories = categories(tx, &brands, products).await?;
    let mut imported = Imported::default();
    for chunk in products.chunks(CHUNK) {
        let changes = write_products(tx, scope, &brands, &categories, chunk).await?;
        let (inserted, updated) = write_skus(tx, &changes, chunk).await?;
        if listing == Listing::AtAllStoresOfTheBrand {
            list(tx, scope, sent, chunk).await?;
        }
        let rows = chunk.iter().map(|product| product.skus.len()).sum::<usize>();
        imported.inserted += inserted;
        imported.updated += updated;
        imported.unchanged += rows - inserted - updated;
        progress(imported.rows()).await?;
    }
    Ok(imported)
}

/// The categories that the products name, by brand and name; those that lack are made, last in the menu.
async fn categories<'a>(
    tx: &mut PgConnection,
    brands: &HashMap<&str, Uuid>,
    products: &'a [ProductGiven],
) -> Result<HashMap<(&'a str, &'a str), Uuid>, Fault> {
    let names: HashSet<_> =
        products.iter().map(|product| (product.brand.as_str(), product.category.as_str())).collect();
    let mut categories = HashMap::with_capacity(names.len());
    for (brand, name) in names {
        let id = sqlx::query_scalar!(
            r#"with there as (
                   select id from categories where brand_id = $2 and (name = $4 or code = $3)
                   order by name = $4 desc, id limit 1
               ), made as (
                   insert into categories (id, code, brand_id, name, sort)
                   select $1, $3, $2, $4, (select coalesce(max(sort), 0) + 1 from categories where brand_id = $2)
                   where not exists (select from there)
                   returning id
               )
               select id as "id!" from there union all select id from made"#,
            new_id(),
            brands[brand],
            format!("{}-{}", slug(brand), slug(name)),
            name,
        )
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
        categories.insert((brand, name), id);
    }
    Ok(categories)
}

/// A product as the statement below takes it.
#[derive(Serialize)]
struct Given<'a> {
    /// Its identity, should it be new.
    id: Uuid,
    brand_id: Uuid,
    category_id: Uuid,
    code: &'a str,
    name: &'a str,
    subtitle: Option<&'a str>,
    description: Option<&'a str>,
    pinyin: String,
    initials: String,
    picture: Option<&'a str>,
    published: Option<bool>,
    keeps_batches: Option<bool>,
    specs: &'a [Spec],
}

/// `奶茶 A1` → `naicha a1` and `nca1`, as people type who do not switch to Chinese.
fn spelled(name: &str) -> (String, String) {
    let (mut pinyin, mut initials) = (String::new(), String::new());
    for sign in name.to_lowercase().chars() {
        match sign.to_pinyin() {
            Some(sound) => {
                pinyin.push_str(sound.plain());
                initials.push_str(sound.first_letter());
            }
            None if sign.is_alphanumeric() => {
                pinyin.push(sign);
                initials.push(sign);
            }
            None if !pinyin.is_empty() && !pinyin.ends_with(' ') => pinyin.push(' '),
            None => {}
        }
    }
    (pinyin.trim_end().to_owned(), initials)
}

/// A product after it was written: its identity, and whether anything of it changed.
type Changes = HashMap<String, (Uuid, bool)>;

fn hidden(error: serde_json::Error) -> Fault {
    Fault::Internal(error.to_string())
}

async fn write_products(
    tx: &mut PgConnection,
    scope: &Scope,
    brands: &HashMap<&str, Uuid>,
    categories: &HashMap<(&str, &str), Uuid>,
    chunk: &[ProductGiven],
) -> Result<Changes, Fault> {
    let given = chunk.iter().map(|product| {
        let (pinyin, initials) = spelled(&product.name);
        Given {
            id: new_id(),
            brand_id: brands[product.brand.as_str()],
            category_id: categories[&(product.brand.as_str(), product.category.as_str())],
            code: &product.code,
            name: &product.name,
            subtitle: product.subtitle.as_deref(),
            description: product.description.as_deref(),
            pinyin,
            initials,
            picture: product.picture.as_deref(),
            published: product.published,
            keeps_batches: product.keeps_batches,
            specs: &product.specs,
        }
    });
    // A spelling that somebody mended stays while the name does. Who imports goods wants them seen, so a
    // new one is published unless the file says no; nothing is sold before a store lists it.
    let rows = sqlx::query!(
        r#"with given as materialized (
               select * from jsonb_to_recordset($1) as g (
                   id uuid, brand_id uuid, category_id uuid, code text, name text, subtitle text, description text,
                   pinyin text, initials text, picture text, published boolean, keeps_batches boolean, specs jsonb)
           ), wanted as materialized (
               select coalesce(p.id, g.id) as id, g.brand_id, g.category_id, g.code, g.name,
                      coalesce(g.subtitle, p.subtitle, '') as subtitle,
                      coalesce(g.description, p.description, '') as description,
                      case when p.name = g.name then p.pinyin else g.pinyin end as pinyin,
                      case when p.name = g.name then p.initials else g.initials end as initials,
                      coalesce(g.picture, p.picture, '') as picture,
                      coalesce(g.published, p.published, true) as published,
                      coalesce(g.keeps_batches, p.keeps_batches, false) as keeps_batches, g.specs, p.id is null as is_new
               from given g left join products p on p.code = g.code
           ), changed as (
               update products p
               set category_id = w.category_id, name = w.name, subtitle = w.subtitle, description = w.description,
                   pinyin = w.pinyin, initials = w.initials, picture = w.picture, published = w.published, keeps_batches = w.keeps_batches,
                   specs = w.specs, updated_at = $2
               from wanted w
               where p.id = w.id
                 and (p.category_id, p.name, p.subtitle, p.description, p.picture, p.published, p.keeps_batches, p.specs)
                     is distinct from
                     (w.category_id, w.name, w.subtitle, w.description, w.picture, w.published, w.keeps_batches, w.specs)
               returning p.id
           ), made as (
               insert into products (id, code, brand_id, category_id, name, subtitle, description, pinyin, initials,
                                     picture, published, keeps_batches, specs, sort, updated_at)
               select id, code, brand_id, category_id, name, subtitle, description, pinyin, initials,
                      picture, published, keeps_batches, specs, 1000, $2
               from wanted where is_new
           )
           select w.code as "code!", w.id as "id!", (w.is_new or c.id is not null) as "changed!"
           from wanted w left join changed c on c.id = w.id"#,
        serde_json::to_value(given.collect::<Vec<_>>()).map_err(hidden)?,
        scope.now,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| (row.code, (row.id, row.changed))).collect())
}

/// A variant as the statement below takes it.
#[derive(Serialize)]
struct GivenSku<'a> {
    id: Uuid,
    product_id: Uuid,
    product_changed: bool,
    code: &'a str,
    spec_values: &'a [String],
    barcode: Option<&'a str>,
    price_fen: i64,
    weight_grams: Option<i64>,
    sort: usize,
}

/// Writes the variants of a chunk; tells how many were inserted, and how many changed themselves or with
/// their product.
async fn write_skus(tx: &mut PgConnection, changes: &Changes, chunk: &[ProductGiven]) -> Result<(usize, usize), Fault> {
    let given: Vec<_> = chunk
        .iter()
        .flat_map(|product| {
            let (product_id, product_changed) = changes[&product.code];
            product.skus.iter().enumerate().map(move |(sort, sku)| GivenSku {
                id: new_id(),
                product_id,
                product_changed,
                code: &sku.code,
                spec_values: &sku.values,
                barcode: sku.barcode.as_deref(),
                price_fen: sku.price_fen.0,
                weight_grams: sku.weight_grams,
                sort,
            })
        })
        .collect();
    let wrote = sqlx::query!(
        r#"with given as materialized (
               select * from jsonb_to_recordset($1) as g (
                   id uuid, product_id uuid, product_changed boolean, code text, spec_values text[], barcode text,
                   price_fen bigint, weight_grams integer, sort integer)
           ), wanted as materialized (
               select g.id, g.product_id, g.product_changed, g.code, g.spec_values, g.price_fen, g.sort,
                      coalesce(g.barcode, s.barcode) as barcode,
                      coalesce(g.weight_grams, s.weight_grams, 0) as weight_grams, s.id is null as is_new
               from given g left join skus s on s.code = g.code
           ), changed as (
               update skus s set barcode = w.barcode, price_fen = w.price_fen, weight_grams = w.weight_grams
               from wanted w
               where s.code = w.code
                 and (s.barcode, s.price_fen, s.weight_grams) is distinct from (w.barcode, w.price_fen, w.weight_grams)
               returning s.code
           ), made as (
               insert into skus (id, code, product_id, spec_values, barcode, price_fen, weight_grams, sort)
               select w.id, w.code, w.product_id, w.spec_values, w.barcode, w.price_fen, w.weight_grams,
                      w.sort + (select count(*) from skus s where s.product_id = w.product_id)
               from wanted w where w.is_new
           )
           select count(*) filter (where w.is_new) as "inserted!",
                  count(*) filter (where not w.is_new and (w.product_changed or c.code is not null)) as "updated!"
           from wanted w left join changed c on c.code = w.code"#,
        serde_json::to_value(&given).map_err(hidden)?,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    Ok((wrote.inserted as usize, wrote.updated as usize))
}

/// Puts the variants on the shelf of every store of their brand; a store that had not listed one begins with
/// what the file says there is of it.
async fn list(tx: &mut PgConnection, scope: &Scope, sent: Option<Uuid>, chunk: &[ProductGiven]) -> Result<(), Fault> {
    let skus = || chunk.iter().flat_map(|product| &product.skus);
    let codes: Vec<String> = skus().map(|sku| sku.code.clone()).collect();
    let pieces: Vec<i64> = skus().map(|sku| sku.stock.unwrap_or(0)).collect();
    let listed = sqlx::query!(
        r#"with given as materialized (
               select k.id, k.price_fen, p.brand_id, g.pieces
               from unnest($1::text[], $2::bigint[]) as g (code, pieces)
               join skus k on k.code = g.code join products p on p.id = k.product_id
           ), listed as (
               insert into listings (store_id, sku_id, price_fen)
               select s.id, g.id, g.price_fen from given g join stores s on s.brand_id = g.brand_id order by s.id, g.id
               on conflict do nothing returning store_id, sku_id
           )
           select l.store_id as "store_id!", array_agg(l.sku_id order by l.sku_id) as "skus!",
                  array_agg(g.pieces order by l.sku_id) as "pieces!"
           from listed l join given g on g.id = l.sku_id where g.pieces > 0 group by l.store_id order by l.store_id"#,
        &codes,
        &pieces,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    for store in listed {
        let pieces: Vec<Pieces> =
            store.skus.into_iter().zip(store.pieces).map(|(sku, quantity)| Pieces { sku, quantity }).collect();
        let first = Document { cause: Cause::Receive, id: sent };
        stock::book(tx, scope, store.store_id, first, &pieces).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_is_spelled_for_search() {
        assert_eq!(super::spelled("珍珠奶茶(大) A1"), ("zhenzhunaicha da a1".into(), "zzncda1".into()));
        assert_eq!(super::spelled("Cold Brew"), ("cold brew".into(), "coldbrew".into()));
    }
}
