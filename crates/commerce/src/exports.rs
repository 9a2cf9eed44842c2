//! Stores and products as tables that can be imported again, within a person's reach.

use domain::{
    Fault, Fen,
    catalog::{ListProducts, Spec},
    hours::Hours,
    import::{Field, ProductField, StoreField, specs_text},
    staff::Permission,
    stores::{ListStores, Ownership, StoreState},
};
use sqlx::types::Json;

use crate::{Scope, database::OrFault};

/// A header and rows of the same width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The columns' names, as an import knows them.
    pub header: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// The stores that head office's list shows with these filters, on all its pages.
pub async fn stores(scope: &Scope, ask: &ListStores) -> Result<Exported, Fault> {
    scope.reach(Permission::UseHq)?;
    let reach = scope.reach_filter(Permission::ReadStores)?;
    let rows = sqlx::query!(
        r#"select b.name as brand, s.code, s.name, s.ownership, s.address, s.city, s.region_code, s.postcode, s.phone,
                  s.timezone, s.longitude, s.latitude, s.hours as "hours: Json<Hours>"
           from stores s join brands b on b.id = s.brand_id
           where ($1::uuid[] is null or s.id = any($1))
             and ($2 = '' or strpos(lower(s.name || ' ' || s.code || ' ' || s.address || ' ' || s.city), $2) > 0)
             and ($3::text is null or s.ownership = $3)
             and ($4::text is null or store_state(s.state, s.state_until, $5) = $4)
           order by s.name, s.id"#,
        reach.as_deref(),
        ask.words.trim().to_lowercase(),
        ask.ownership.map(Ownership::code),
        ask.state.map(StoreState::code),
        scope.now,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let rows = rows.into_iter().map(|row| {
        let ownership = Ownership::from_code(&row.ownership).map_or("", Ownership::label);
        vec![
            row.brand,
            row.code,
            row.name,
            ownership.to_owned(),
            row.address,
            row.city,
            row.region_code,
            row.postcode.unwrap_or_default(),
            row.phone.unwrap_or_default(),
            row.timezone,
            row.longitude.to_string(),
            row.latitude.to_string(),
            row.hours.0.weekly_text(),
        ]
    });
    Ok(Exported { header: StoreField::ALL.iter().map(|field| field.label()).collect(), rows: rows.collect() })
}

/// The products that head office's list shows with these filters, on all its pages, one row for each variant.
pub async fn products(scope: &Scope, ask: &ListProducts) -> Result<Exported, Fault> {
    scope.reach(Permission::UseHq)?;
    let rows = sqlx::query!(
        r#"select p.code, p.name, b.name as brand, c.name as category, p.specs as "specs: Json<Vec<Spec>>",
                  k.spec_values, k.code as sku, k.barcode, k.price_fen, k.weight_grams, p.subtitle, p.description, p.picture,
                  p.published, p.keeps_batches
           from skus k join products p on p.id = k.product_id
           join brands b on b.id = p.brand_id join categories c on c.id = p.category_id
           where ($1 = '' or strpos(lower(p.name || ' ' || p.code || ' ' || p.pinyin || ' ' || p.initials), $1) > 0
                  or exists (select from skus v where v.product_id = p.id and (lower(v.code) = $1 or v.barcode = $1)))
             and ($2::text is null or b.code = $2) and ($3::bool is null or p.published = $3)
           order by b.name, p.sort, p.code, k.sort, k.code"#,
        ask.words.trim().to_lowercase(),
        ask.brand,
        ask.published,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let rows = rows.into_iter().map(|row| {
        let names = row.specs.0.iter().map(|spec| spec.name.as_str());
        let specs = specs_text(names.zip(row.spec_values.iter().map(String::as_str)));
        vec![
            row.code,
            row.name,
            row.brand,
            row.category,
            specs,
            row.sku,
            row.barcode.unwrap_or_default(),
            yuan(Fen(row.price_fen)),
            row.weight_grams.to_string(),
            // Stores have their own stock; an opening one is for what they do not list yet.
            String::new(),
            row.subtitle,
            row.description,
            row.picture,
            if row.published { "是" } else { "否" }.to_owned(),
            if row.keeps_batches { "是" } else { "否" }.to_owned(),
        ]
    });
    Ok(Exported { header: ProductField::ALL.iter().map(|field| field.label()).collect(), rows: rows.collect() })
}

/// Yuan without a sign, as a table holds them.
fn yuan(price: Fen) -> String {
    format!("{}.{:02}", price.0 / 100, price.0 % 100)
}
