//! Goods as a store offers them: browsing, searching, one product (C1, C3).

pub(crate) mod kept;
mod named;
mod weights;

use std::collections::HashMap;

use domain::{
    Fault, Fen, StoreId,
    catalog::{
        BrowseGoods, Category, ListProducts, MenuView, Modifier, ModifierOption, ProductCard, ProductEntry, ProductView,
    },
    geo::Point,
    page::Page,
    purchase_limits::LimitView,
    purchasing::{MilliFen, margin_bp},
    staff::Permission,
    stores::StoreView,
};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    Scope,
    database::OrFault,
    memory::{self, Key, Offer, Sight},
    stock::purchase_limits,
};
use kept::Chosen;

pub(crate) use named::{Named, NamedSku, named};

pub use weights::{keep_batches, set as set_weights, show as weights};

/// The categories of a store's menu, with how many products each has there.
pub async fn categories(scope: &Scope, store: StoreId) -> Result<Vec<Category>, Fault> {
    let (_, categories, _) =
        memory::look(scope, Key::Id(store), |sight| Ok((sight.menu.categories().to_vec(), Vec::new()))).await?;
    Ok(categories)
}

/// A store's goods in the order of its menu, by category or by words: a name, its pinyin, its
/// initials. Price and stock are those of this store at this moment.
///
/// Faults: `NotFound` for a store that is none; `Invalid` for a cursor that is none.
pub async fn browse(scope: &Scope, store: StoreId, ask: BrowseGoods) -> Result<Page<ProductCard>, Fault> {
    let (sight, chosen, offers) = look_for(scope, Key::Id(store), &ask).await?;
    Ok(page_of(&sight, chosen, &offers, &ask))
}

/// A store's own page: what there is to know of it, its categories, and its goods as [`browse`] lists them.
///
/// Faults: those of [`browse`].
pub async fn menu(scope: &Scope, store: &str, near: Option<Point>, ask: BrowseGoods) -> Result<MenuView, Fault> {
    let (sight, chosen, offers) = look_for(scope, Key::Code(store), &ask).await?;
    Ok(MenuView {
        store: sight.store()?.view(scope, near),
        categories: sight.menu.categories().to_vec(),
        goods: page_of(&sight, chosen, &offers, &ask),
    })
}

async fn look_for(scope: &Scope, key: Key<'_>, ask: &BrowseGoods) -> Result<(Sight, Vec<Chosen>, Vec<Offer>), Fault> {
    let ask = BrowseGoods { most: ask.most.clamp(1, 100), ..ask.clone() };
    memory::look(scope, key, |sight| {
        let chosen = sight.menu.choose(&sight.catalogue, &ask)?;
        let skus = chosen.iter().flat_map(|one| one.sku_ids(&sight.catalogue)).collect();
        Ok((chosen, skus))
    })
    .await
}

fn page_of(sight: &Sight, chosen: Vec<Chosen>, offers: &[Offer], ask: &BrowseGoods) -> Page<ProductCard> {
    let catalogue = &sight.catalogue;
    let mut rest = offers;
    let with_offers = chosen.into_iter().map(|one| {
        let own;
        (own, rest) = rest.split_at(one.sku_ids(catalogue).count());
        (one, own)
    });
    let page = Page::cut(with_offers.collect(), ask.most.clamp(1, 100), |(one, _)| one.cursor(catalogue));
    page.map(|(one, own)| one.card(catalogue, own))
}

/// A product at a store, with its variants, prices, stock and options there.
///
/// Faults: `NotFound` for a store that is none, and for a product that is not on its shelf.
pub async fn show(scope: &Scope, store: StoreId, code: &str) -> Result<ProductView, Fault> {
    Ok(product(scope, Key::Id(store), code).await?.1)
}

/// A product's own page at a store: the store as [`crate::stores::show`] answers it, and the product.
///
/// Faults: those of [`show`].
pub async fn show_at(
    scope: &Scope,
    store: &str,
    near: Option<Point>,
    code: &str,
) -> Result<(StoreView, ProductView), Fault> {
    let (sight, view) = product(scope, Key::Code(store), code).await?;
    Ok((sight.store()?.view(scope, near), view))
}

async fn product(scope: &Scope, key: Key<'_>, code: &str) -> Result<(Sight, ProductView), Fault> {
    let (sight, chosen, offers) = memory::look(scope, key, |sight| {
        let chosen = sight.menu.product(&sight.catalogue, code).ok_or(Fault::NotFound("这件商品"))?;
        let skus = chosen.sku_ids(&sight.catalogue).collect();
        Ok((chosen, skus))
    })
    .await?;
    let product = chosen.product(&sight.catalogue);
    let mut skus = chosen.skus(&sight.catalogue, &offers);
    let had = purchase_limits::had_of(scope, None, &sight.catalogue.limited(chosen.sku_ids(&sight.catalogue))).await?;
    for sku in &mut skus {
        let had = had.get(&sku.id.0).copied().unwrap_or(0);
        sku.limit = sku.limit.map(|limit| LimitView { had, ..limit });
    }
    let view = ProductView {
        card: chosen.card(&sight.catalogue, &offers),
        store_id: sight.store_id(),
        description: product.description.clone(),
        specs: product.specs.clone(),
        skus,
        modifiers: product.modifiers.clone(),
    };
    Ok((sight, view))
}

/// The whole chain's products, and how many there are in all.
///
/// Faults: `Forbidden` for those who do not use head office's pages.
pub async fn list(scope: &Scope, ask: &ListProducts) -> Result<(Vec<ProductEntry>, i64), Fault> {
    scope.reach(Permission::UseHq)?;
    let reach = scope.reach_filter(Permission::ReadStores)?;
    let (sees_costs, costed) = match scope.reach_filter(Permission::SeeCosts) {
        Ok(costed) => (true, costed),
        Err(_) => (false, None),
    };
    let mut tx = scope.begin_search().await?;
    // Only what the page shows is counted at the stores.
    let rows = sqlx::query!(
        r#"with found as materialized (
               select p.id, p.code, p.name, p.picture, p.published, p.sort, b.name as brand, c.name as category,
                      count(*) over () as total
               from products p join brands b on b.id = p.brand_id join categories c on c.id = p.category_id
               where ($1 = '' or strpos(lower(p.name || ' ' || p.code || ' ' || p.pinyin || ' ' || p.initials), $1) > 0
                      or exists (select from skus v where v.product_id = p.id and (lower(v.code) = $1 or v.barcode = $1)))
                 and ($2::text is null or b.code = $2) and ($3::bool is null or p.published = $3)
               order by b.name, p.sort, p.code limit $4 offset $5
           )
           select f.code, f.name, f.picture, f.published, f.brand, f.category, f.total as "total!",
                  k.skus as "skus!", k.lowest as "lowest!", k.highest as "highest!",
                  (select count(*) from stores s
                   where ($6::uuid[] is null or s.id = any($6))
                     and exists (select from listings l
                                 where l.store_id = s.id and l.sku_id = any(k.ids) and l.on_shelf)) as "stores!",
                  w.cost, w.price
           from found f
           cross join lateral (
               select count(*) as skus, coalesce(min(k.price_fen), 0) as lowest, coalesce(max(k.price_fen), 0) as highest,
                      array_agg(k.id) as ids
               from skus k where k.product_id = f.id
           ) k
           -- What a piece costs on the whole, and what it sells for, by how many there are of each variant at each place.
           left join lateral (
               select (sum(c.milli_fen::numeric * x.weight) / sum(x.weight))::bigint as cost,
                      (sum(v.price_fen::numeric * 1000 * x.weight) / sum(x.weight))::bigint as price
               from stock_costs c join stock t on t.location_id = c.location_id and t.sku_id = c.sku_id
               join skus v on v.id = c.sku_id cross join lateral (select greatest(t.on_hand, 1) as weight) x
               where $7 and c.sku_id = any(k.ids) and ($8::uuid[] is null or c.location_id = any($8))
           ) w on true
           order by f.brand, f.sort, f.code"#,
        ask.words.trim().to_lowercase(),
        ask.brand,
        ask.published,
        ask.most.clamp(1, 200),
        ask.skip.max(0),
        reach.as_deref(),
        sees_costs,
        costed.as_deref(),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let total = rows.first().map_or(0, |row| row.total);
    let entries = rows.into_iter().map(|row| ProductEntry {
        margin_bp: row.price.zip(row.cost).and_then(|(price, cost)| margin_bp(MilliFen(price), MilliFen(cost))),
        cost_milli_fen: row.cost.map(MilliFen),
        code: row.code,
        name: row.name,
        picture: row.picture,
        brand: row.brand,
        category: row.category,
        skus: row.skus,
        lowest_fen: Fen(row.lowest),
        highest_fen: Fen(row.highest),
        published: row.published,
        stores: row.stores,
    });
    Ok((entries.collect(), total))
}

/// The brands, with code and name, by name.
pub async fn brands(scope: &Scope) -> Result<Vec<(String, String)>, Fault> {
    let rows = sqlx::query!("select code, name from brands order by name, code").fetch_all(scope.pool()).await;
    Ok(rows.or_fault()?.into_iter().map(|row| (row.code, row.name)).collect())
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
