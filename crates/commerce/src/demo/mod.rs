//! Demo data: three brands with their stores, goods, stock and staff, and what they sold. Safe to
//! repeat: what is there stays, what lacks is added.

mod aftermath;
pub mod chain;
mod history;
mod people;
mod sending;
mod supply;

use std::collections::HashMap;

use domain::{Fault, after_sales::Terms};
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

pub use people::{DemoLogIn, LOG_INS};

use crate::{
    Scope,
    database::OrFault,
    house::new_id,
    stock::{self, Cause, Document, Pieces},
};

/// What each store has of each variant at the start.
const PIECES: i64 = 200;

#[derive(Deserialize)]
struct Catalogue {
    brands: Vec<Brand>,
    categories: Vec<Category>,
    /// Groups of options that many products share, by a name of the catalogue's own.
    modifiers: HashMap<String, Modifier>,
    products: Vec<Product>,
}

#[derive(Deserialize)]
struct Brand {
    code: String,
    name: String,
    kind: String,
    slogan: String,
    color: String,
}

#[derive(Deserialize)]
struct Category {
    code: String,
    brand: String,
    name: String,
    sort: i32,
    /// Whether its goods are made when they are ordered, and so cannot come back.
    #[serde(default)]
    made_to_order: bool,
}

#[derive(Deserialize)]
struct Product {
    code: String,
    brand: String,
    category: String,
    name: String,
    subtitle: String,
    description: String,
    pinyin: String,
    initials: String,
    picture: String,
    tags: Vec<String>,
    specs: Value,
    skus: Vec<Sku>,
    /// Names of `Catalogue::modifiers`.
    #[serde(default)]
    modifiers: Vec<String>,
    /// The feature without which a store does not sell it: no swimming where there is no pool.
    needs: Option<String>,
}

#[derive(Deserialize)]
struct Sku {
    code: String,
    values: Vec<String>,
    price_fen: i64,
    barcode: Option<String>,
}

#[derive(Deserialize)]
struct Modifier {
    code: String,
    name: String,
    at_least: i32,
    at_most: i32,
    options: Vec<OptionOf>,
}

#[derive(Deserialize)]
struct OptionOf {
    code: String,
    name: String,
    price_fen: i64,
}

#[derive(Deserialize)]
struct Store {
    code: String,
    name: String,
    brand: String,
    ownership: String,
    region_code: String,
    #[serde(default)]
    city: String,
    address: String,
    phone: Option<String>,
    latitude: f64,
    longitude: f64,
    #[serde(default)]
    features: Vec<String>,
    hours: Value,
}

/// What was there or added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Stores of the demo.
    pub stores: usize,
    /// Products of the demo.
    pub products: usize,
    /// Listings added by this call.
    pub listings_added: usize,
    /// Orders added by this call.
    pub orders_added: usize,
}

/// How much to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Nobody has bought anything yet.
    New,
    /// With members and six months of orders.
    Lived,
}

/// Makes the demo, telling `progress` what it is at.
pub async fn make(scope: &Scope, size: Size, mut progress: impl FnMut(&str)) -> Result<Made, Fault> {
    let catalogue: Catalogue = read(include_str!("../../../../demo/catalogue.json"))?;
    let stores: Vec<Store> = read(include_str!("../../../../demo/stores.json"))?;
    progress("商品");
    let mut tx = scope.begin().await?;
    brands_and_categories(&mut tx, &catalogue).await?;
    for (sort, product) in (0i32..).zip(&catalogue.products) {
        product_of(&mut tx, &catalogue, product, sort).await?;
    }
    progress("门店");
    for store in &stores {
        store_of(&mut tx, store).await?;
    }
    progress("上架与库存");
    let mut listings_added = 0;
    for store in &stores {
        listings_added += list_and_stock(&mut tx, scope, &catalogue, store).await?;
    }
    progress("员工");
    people::merchant(&mut tx, scope).await?;
    people::hire(&mut tx).await?;
    sending::begin(&mut tx, scope).await?;
    let orders_added = if size == Size::Lived { history::write(&mut tx, scope, &mut progress).await? } else { 0 };
    tx.commit().await.or_fault()?;
    if size == Size::Lived {
        progress("采购、调拨与盘点");
        supply::make(scope).await?;
    }
    Ok(Made { stores: stores.len(), products: catalogue.products.len(), listings_added, orders_added })
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::Internal(format!("the demo's data: {error}")))
}

async fn brands_and_categories(tx: &mut PgConnection, catalogue: &Catalogue) -> Result<(), Fault> {
    for brand in &catalogue.brands {
        sqlx::query!(
            "insert into brands (id, code, name, kind, slogan, color) values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
            new_id(),
            brand.code,
            brand.name,
            brand.kind,
            brand.slogan,
            brand.color,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    for category in &catalogue.categories {
        sqlx::query!(
            "insert into categories (id, code, brand_id, name, sort)
             select $1, $2, id, $4, $5 from brands where code = $3 on conflict do nothing",
            new_id(),
            category.code,
            category.brand,
            category.name,
            category.sort,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    let made: Vec<String> =
        catalogue.categories.iter().filter(|one| one.made_to_order).map(|one| one.code.clone()).collect();
    sqlx::query!(
        "insert into after_sales_terms (category_id, refund_only_hours, return_hours, exchange_hours)
         select id, $2, $3, $4 from categories where code = any($1) on conflict do nothing",
        &made,
        Terms::MADE_TO_ORDER.refund_only_hours,
        Terms::MADE_TO_ORDER.return_hours,
        Terms::MADE_TO_ORDER.exchange_hours,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

async fn product_of(tx: &mut PgConnection, catalogue: &Catalogue, product: &Product, sort: i32) -> Result<(), Fault> {
    let made = sqlx::query_scalar!(
        "insert into products (id, code, brand_id, category_id, name, subtitle, description, pinyin, initials, picture, tags, specs, sort, published)
         select $1, $2, b.id, c.id, $5, $6, $7, $8, $9, $10, $11, $12, $13, true
         from brands b join categories c on c.code = $4 where b.code = $3
         on conflict do nothing returning id",
        new_id(),
        product.code,
        product.brand,
        product.category,
        product.name,
        product.subtitle,
        product.description,
        product.pinyin,
        product.initials,
        product.picture,
        &product.tags,
        product.specs,
        sort,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(id) = made else { return Ok(()) };
    for (sort, sku) in (0i32..).zip(&product.skus) {
        sqlx::query!(
            "insert into skus (id, code, product_id, spec_values, barcode, price_fen, sort) values ($1, $2, $3, $4, $5, $6, $7)",
            new_id(),
            sku.code,
            id,
            &sku.values,
            sku.barcode,
            sku.price_fen,
            sort,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    for (sort, name) in (0i32..).zip(&product.modifiers) {
        let modifier = catalogue.modifiers.get(name);
        let modifier = modifier.ok_or_else(|| Fault::Internal(format!("the demo's data: no modifier {name}")))?;
        modifier_of(tx, id, modifier, sort).await?;
    }
    Ok(())
}

async fn modifier_of(tx: &mut PgConnection, product: Uuid, modifier: &Modifier, sort: i32) -> Result<(), Fault> {
    sqlx::query!(
        "insert into modifiers (product_id, code, name, at_least, at_most, sort) values ($1, $2, $3, $4, $5, $6)",
        product,
        modifier.code,
        modifier.name,
        modifier.at_least,
        modifier.at_most,
        sort,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    for (sort, option) in (0i32..).zip(&modifier.options) {
        sqlx::query!(
            "insert into modifier_options (product_id, modifier_code, code, name, price_fen, sort) values ($1, $2, $3, $4, $5, $6)",
            product,
            modifier.code,
            option.code,
            option.name,
            option.price_fen,
            sort,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    Ok(())
}

async fn store_of(tx: &mut PgConnection, store: &Store) -> Result<(), Fault> {
    let hours = serde_json::json!({ "weekly": store.hours, "special": [] });
    sqlx::query!(
        "with place as (
             insert into locations (id, kind) select $1, 'store' where not exists (select from stores where code = $2) returning id
         )
         insert into stores (id, code, brand_id, name, ownership, region_code, city, address, phone, latitude, longitude, hours, features)
         select p.id, $2, b.id, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 from place p cross join brands b where b.code = $3",
        new_id(),
        store.code,
        store.brand,
        store.name,
        store.ownership,
        store.region_code,
        store.city,
        store.address,
        store.phone,
        store.latitude,
        store.longitude,
        hours,
        &store.features,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Every store sells its brand's goods at their own price, but for those that it lacks something for, and
/// begins with some of each.
async fn list_and_stock(
    tx: &mut PgConnection,
    scope: &Scope,
    catalogue: &Catalogue,
    store: &Store,
) -> Result<usize, Fault> {
    let fits = |product: &&Product| product.needs.as_ref().is_none_or(|needs| store.features.contains(needs));
    let products: Vec<String> = catalogue.products.iter().filter(fits).map(|product| product.code.clone()).collect();
    let added = sqlx::query!(
        "insert into listings (store_id, sku_id, price_fen)
         select s.id, k.id, k.price_fen
         from stores s join products p on p.brand_id = s.brand_id join skus k on k.product_id = p.id
         where s.code = $1 and p.code = any($2) on conflict do nothing returning store_id, sku_id",
        store.code,
        &products,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    if let Some(first) = added.first() {
        let pieces: Vec<Pieces> = added.iter().map(|row| Pieces { sku: row.sku_id, quantity: PIECES }).collect();
        let opening = Document { cause: Cause::Receive, id: None };
        stock::book(tx, scope, first.store_id, opening, &pieces).await?;
    }
    Ok(added.len())
}
