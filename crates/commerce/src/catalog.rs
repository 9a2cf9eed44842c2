//! Goods as a store offers them: browsing, searching, one product (C1, C3).

use std::collections::HashMap;

use domain::{
    Fault, Fen, ProductId, SkuId, StoreId,
    catalog::{BrowseGoods, Category, Modifier, ModifierOption, ProductCard, ProductView, SkuView, Spec},
    page::Page,
};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{Scope, database::OrFault, stores};

/// The categories of a store's menu, with how many products each has there.
pub async fn categories(scope: &Scope, store: StoreId) -> Result<Vec<Category>, Fault> {
    let rows = sqlx::query!(
        r#"select c.code, c.name, count(distinct p.id) as "products!"
           from listings l join skus k on k.id = l.sku_id join products p on p.id = k.product_id
           join categories c on c.id = p.category_id
           where l.store_id = $1 and l.on_shelf and p.published
           group by c.id order by c.sort, c.code"#,
        store.0,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| Category { code: row.code, name: row.name, products: row.products }).collect())
}

/// A store's goods in the order of its menu, by category or by words: a name, its pinyin, its
/// initials. Price and stock are those of this store at this moment.
///
/// Faults: `Invalid` for a cursor that is none.
pub async fn browse(scope: &Scope, store: StoreId, ask: BrowseGoods) -> Result<Page<ProductCard>, Fault> {
    let after = ask.after.as_deref().map(read_cursor).transpose()?;
    let most = ask.most.clamp(1, 100);
    let words = ask.words.trim().to_lowercase().replace(' ', "");
    let rows = sqlx::query!(
        r#"select p.id, p.code, p.name, p.subtitle, p.picture, c.code as category, p.tags, p.sort,
                  min(l.price_fen) as "lowest!", max(l.price_fen) as "highest!",
                  coalesce(sum(s.on_hand - s.held - s.allocated), 0)::bigint as "available!"
           from listings l join skus k on k.id = l.sku_id join products p on p.id = k.product_id
           join categories c on c.id = p.category_id
           left join stock s on s.location_id = l.store_id and s.sku_id = l.sku_id
           where l.store_id = $1 and l.on_shelf and p.published
             and ($2::text is null or c.code = $2)
             and ($3 = '' or strpos(lower(replace(p.name, ' ', '')), $3) > 0 or strpos(replace(p.pinyin, ' ', ''), $3) > 0
                  or strpos(p.initials, $3) > 0 or $3 = any(p.tags) or k.barcode = $3)
             and ($4::int is null or (p.sort, p.id) > ($4, $5::uuid))
           group by p.id, c.code order by p.sort, p.id limit $6"#,
        store.0,
        ask.category,
        words,
        after.map(|(sort, _)| sort),
        after.map(|(_, id)| id),
        most as i64 + 1,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    if rows.is_empty() {
        // Nothing found at a store is an empty list; nothing found at no store is a fault.
        stores::show_by_id(scope, store, None).await?;
    }
    let page = Page::cut(rows, most, |row| format!("{}.{}", row.sort, row.id));
    Ok(page.map(|row| ProductCard {
        id: ProductId(row.id),
        code: row.code,
        name: row.name,
        subtitle: row.subtitle,
        picture: row.picture,
        category: row.category,
        tags: row.tags,
        price_fen: Fen(row.lowest),
        from: row.lowest != row.highest,
        available: row.available,
    }))
}

fn read_cursor(text: &str) -> Result<(i32, Uuid), Fault> {
    let parts = text.split_once('.').and_then(|(sort, id)| Some((sort.parse().ok()?, id.parse().ok()?)));
    parts.ok_or_else(|| Fault::invalid("after", "翻页位置无效，请从第一页开始"))
}

/// A product at a store, with its variants, prices, stock and options there.
pub async fn show(scope: &Scope, store: StoreId, code: &str) -> Result<ProductView, Fault> {
    let product = sqlx::query!(
        r#"select p.id, p.code, p.name, p.subtitle, p.description, p.picture, c.code as category, p.tags, p.specs
           from products p join categories c on c.id = p.category_id where p.code = $1 and p.published"#,
        code,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?
    .ok_or(Fault::NotFound("这件商品"))?;
    let skus = skus_at(scope, store, product.id).await?;
    if skus.is_empty() {
        return Err(Fault::NotFound("这件商品"));
    }
    let mut modifiers = modifiers_of(scope.pool(), &[product.id]).await?;
    let specs: Vec<Spec> = serde_json::from_value(product.specs).unwrap_or_default();
    let prices = skus.iter().map(|sku| sku.price_fen);
    let lowest = prices.clone().min().unwrap_or_default();
    let card = ProductCard {
        id: ProductId(product.id),
        code: product.code,
        name: product.name,
        subtitle: product.subtitle,
        picture: product.picture,
        category: product.category,
        tags: product.tags,
        price_fen: lowest,
        from: prices.max() != Some(lowest),
        available: skus.iter().map(|sku| sku.available).sum(),
    };
    Ok(ProductView {
        card,
        store_id: store,
        description: product.description,
        specs,
        skus,
        modifiers: modifiers.remove(&product.id).unwrap_or_default(),
    })
}

async fn skus_at(scope: &Scope, store: StoreId, product: Uuid) -> Result<Vec<SkuView>, Fault> {
    let rows = sqlx::query!(
        r#"select k.id, k.spec_values, l.price_fen, coalesce(s.on_hand - s.held - s.allocated, 0) as "available!"
           from skus k join listings l on l.sku_id = k.id and l.store_id = $1 and l.on_shelf
           left join stock s on s.location_id = $1 and s.sku_id = k.id
           where k.product_id = $2 order by k.sort, k.code"#,
        store.0,
        product,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let sku = |id, values, price, available| SkuView { id: SkuId(id), values, price_fen: Fen(price), available };
    Ok(rows.into_iter().map(|row| sku(row.id, row.spec_values, row.price_fen, row.available)).collect())
}

/// The modifiers of several products at once.
pub(crate) async fn modifiers_of(
    db: impl PgExecutor<'_>,
    products: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Modifier>>, Fault> {
    let rows = sqlx::query!(
        "select m.product_id, m.code as modifier, m.name as modifier_name, m.at_least, m.at_most, o.code, o.name, o.price_fen
         from modifiers m join modifier_options o on o.product_id = m.product_id and o.modifier_code = m.code
         where m.product_id = any($1) order by m.product_id, m.sort, m.code, o.sort, o.code",
        products,
    )
    .fetch_all(db)
    .await
    .or_fault()?;
    let mut found: HashMap<Uuid, Vec<Modifier>> = HashMap::new();
    for row in rows {
        let modifiers = found.entry(row.product_id).or_default();
        if modifiers.last().is_none_or(|last| last.code != row.modifier) {
            modifiers.push(Modifier {
                code: row.modifier,
                name: row.modifier_name,
                at_least: row.at_least,
                at_most: row.at_most,
                options: Vec::new(),
            });
        }
        if let Some(modifier) = modifiers.last_mut() {
            modifier.options.push(ModifierOption { code: row.code, name: row.name, price_fen: Fen(row.price_fen) });
        }
    }
    Ok(found)
}
