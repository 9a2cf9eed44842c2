//! Goods as every server keeps them in memory: everything about them except prices and stock, which
//! are of the moment and of a store.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
};

use domain::{
    Fault, Fen, ProductId, SkuId,
    catalog::{BrowseGoods, Category, Modifier, ProductCard, SkuView, Spec},
    channel_quotas::ChannelQuota,
    orders::Channel,
    purchase_limits::PurchaseLimit,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::modifiers_of;
use crate::{database::OrFault, memory::Offer, stock::purchase_limits::Cap};

/// A product of the catalogue.
pub(crate) struct Product {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    subtitle: String,
    pub description: String,
    pub picture: String,
    /// Its place in [`Catalogue::categories`].
    category: usize,
    tags: Vec<String>,
    pub specs: Vec<Spec>,
    pub modifiers: Vec<Modifier>,
    sort: i32,
    published: bool,
    /// Name, pinyin and initials as a search reads them.
    words: [String; 3],
}

/// A variant of a product.
pub(crate) struct Sku {
    pub id: Uuid,
    /// Its place in [`Catalogue::products`].
    pub product: usize,
    pub values: Vec<String>,
    barcode: Option<String>,
    /// 0 where nobody has said so.
    pub weight_grams: i64,
    /// What one member may have of it.
    pub limit: Option<PurchaseLimit>,
    /// What channels may sell of it.
    quotas: Vec<KeptQuota>,
}

/// What a channel may sell of a variant, at one store or at each.
struct KeptQuota {
    store: Option<Uuid>,
    channel: Channel,
    quota: ChannelQuota,
}

struct KeptCategory {
    code: String,
    name: String,
}

/// All goods, published or not, in the order of menus.
#[derive(Default)]
pub(crate) struct Catalogue {
    /// Which state of the tables this is.
    pub version: i64,
    /// In the order of menus.
    products: Vec<Product>,
    /// By product, then in the order of the product.
    skus: Vec<Sku>,
    /// In their own order.
    categories: Vec<KeptCategory>,
    sku_by_id: HashMap<Uuid, usize>,
    product_by_code: HashMap<String, usize>,
}

impl Catalogue {
    /// The variant with this identity.
    pub fn sku(&self, id: Uuid) -> Option<&Sku> {
        self.sku_by_id.get(&id).map(|at| &self.skus[*at])
    }

    /// The product of a variant.
    pub fn product_of(&self, sku: &Sku) -> &Product {
        &self.products[sku.product]
    }

    /// Whether any store may sell a variant.
    pub fn is_published(&self, sku: Uuid) -> bool {
        self.sku(sku).is_some_and(|sku| self.product_of(sku).published)
    }

    /// What is limited of these variants for each member.
    pub fn limited(&self, skus: impl IntoIterator<Item = Uuid>) -> Vec<Cap> {
        let skus: BTreeSet<Uuid> = skus.into_iter().collect();
        skus.into_iter().filter_map(|sku| Some((sku, self.sku(sku)?.limit?))).collect()
    }

    /// What a channel may sell of a variant at a store: by the store's own word, or by that of all.
    pub fn quota(&self, sku: Uuid, store: Uuid, channel: Channel) -> Option<ChannelQuota> {
        let of = |whose: Option<Uuid>| {
            let mut quotas = self.sku(sku)?.quotas.iter();
            quotas.find(|one| one.channel == channel && one.store == whose).map(|one| one.quota)
        };
        of(Some(store)).or_else(|| of(None))
    }

    /// Reads all goods; within a transaction, so that they are of one moment.
    pub async fn read(tx: &mut PgConnection) -> Result<Self, Fault> {
        let version = sqlx::query_scalar!("select version from versions where what = 'catalogue'")
            .fetch_one(&mut *tx)
            .await
            .or_fault()?;
        let (categories, category_at) = read_categories(tx).await?;
        let products = read_products(tx, &category_at).await?;
        let product_at: HashMap<Uuid, usize> =
            products.iter().enumerate().map(|(at, product)| (product.id, at)).collect();
        let skus = read_skus(tx, &product_at).await?;
        Ok(Self {
            version,
            sku_by_id: skus.iter().enumerate().map(|(at, sku)| (sku.id, at)).collect(),
            product_by_code: products.iter().enumerate().map(|(at, product)| (product.code.clone(), at)).collect(),
            products,
            skus,
            categories,
        })
    }
}

async fn read_categories(tx: &mut PgConnection) -> Result<(Vec<KeptCategory>, HashMap<Uuid, usize>), Fault> {
    let rows =
        sqlx::query!("select id, code, name from categories order by sort, code").fetch_all(tx).await.or_fault()?;
    let at = rows.iter().enumerate().map(|(at, row)| (row.id, at)).collect();
    Ok((rows.into_iter().map(|row| KeptCategory { code: row.code, name: row.name }).collect(), at))
}

async fn read_products(tx: &mut PgConnection, category_at: &HashMap<Uuid, usize>) -> Result<Vec<Product>, Fault> {
    let rows = sqlx::query!(
        "select id, code, category_id, name, subtitle, description, pinyin, initials, picture, tags, specs, sort, published
         from products order by sort, id",
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut modifiers = modifiers_of(&mut *tx, &ids).await?;
    let products = rows.into_iter().map(|row| Product {
        category: category_at.get(&row.category_id).copied().unwrap_or_default(),
        modifiers: modifiers.remove(&row.id).unwrap_or_default(),
        words: [plain(&row.name), plain(&row.pinyin), plain(&row.initials)],
        id: row.id,
        code: row.code,
        name: row.name,
        subtitle: row.subtitle,
        description: row.description,
        picture: row.picture,
        tags: row.tags,
        specs: serde_json::from_value(row.specs).unwrap_or_default(),
        sort: row.sort,
        published: row.published,
    });
    Ok(products.collect())
}

async fn read_skus(tx: &mut PgConnection, product_at: &HashMap<Uuid, usize>) -> Result<Vec<Sku>, Fault> {
    let rows = sqlx::query!(
        r#"select k.id, k.product_id, k.spec_values, k.barcode, k.weight_grams, l.most as "most?", l.days, l.pay_minutes
           from skus k left join purchase_limits l on l.sku_id = k.id order by k.sort, k.code"#,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let mut quotas = read_quotas(tx).await?;
    let mut skus: Vec<_> = rows
        .into_iter()
        .filter_map(|row| {
            let product = *product_at.get(&row.product_id)?;
            Some(Sku {
                id: row.id,
                product,
                values: row.spec_values,
                barcode: row.barcode,
                weight_grams: i64::from(row.weight_grams),
                limit: row.most.map(|most| PurchaseLimit { most, days: row.days, pay_minutes: row.pay_minutes }),
                quotas: quotas.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect();
    // Stable: within a product they stay in the product's own order.
    skus.sort_by_key(|sku| sku.product);
    Ok(skus)
}

/// What channels may sell, by variant.
async fn read_quotas(tx: &mut PgConnection) -> Result<HashMap<Uuid, Vec<KeptQuota>>, Fault> {
    let rows = sqlx::query!("select sku_id, store_id, channel, most, set_at from channel_quotas")
        .fetch_all(tx)
        .await
        .or_fault()?;
    let mut quotas: HashMap<Uuid, Vec<KeptQuota>> = HashMap::new();
    for row in rows {
        // A channel that this release does not know sells nothing here.
        let Some(channel) = Channel::from_code(&row.channel) else { continue };
        let quota = ChannelQuota { most: row.most, since: row.set_at };
        quotas.entry(row.sku_id).or_default().push(KeptQuota { store: row.store_id, channel, quota });
    }
    Ok(quotas)
}

/// Words as they are compared: small letters without spaces.
fn plain(words: &str) -> String {
    words.to_lowercase().split_whitespace().collect()
}

/// A product of a menu: which variants of it the store has on its shelf.
struct OnMenu {
    product: usize,
    /// Their places in [`Menu::shelf`].
    skus: Range<usize>,
}

/// What one store sells, in order.
#[derive(Default)]
pub(crate) struct Menu {
    /// Which state of the store's listings this is.
    pub version: i64,
    /// Of which catalogue.
    pub catalogue: i64,
    /// What is on the shelf: places in [`Catalogue::skus`], by product.
    shelf: Vec<usize>,
    /// Every variant that is listed as being on the shelf, published or not, by identity.
    listed: Vec<Uuid>,
    goods: Vec<OnMenu>,
    categories: Vec<Category>,
}

impl Menu {
    /// Reads what a store has on its shelf.
    pub async fn read(tx: &mut PgConnection, store: Uuid, catalogue: &Catalogue) -> Result<Self, Fault> {
        let version = sqlx::query_scalar!("select version from menu_versions where store_id = $1", store)
            .fetch_optional(&mut *tx)
            .await
            .or_fault()?;
        let mut listed = sqlx::query_scalar!("select sku_id from listings where store_id = $1 and on_shelf", store)
            .fetch_all(tx)
            .await
            .or_fault()?;
        listed.sort_unstable();
        let mut shelf: Vec<usize> = listed.iter().filter_map(|id| catalogue.sku_by_id.get(id).copied()).collect();
        shelf.retain(|at| catalogue.products[catalogue.skus[*at].product].published);
        shelf.sort_unstable();
        let goods = goods_of(&shelf, catalogue);
        let categories = categories_of(&goods, catalogue);
        Ok(Self { version: version.unwrap_or(0), catalogue: catalogue.version, shelf, listed, goods, categories })
    }

    /// The categories of the menu, with how many products each has.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// Every variant that is listed as being on the shelf, published or not, by identity: in the order of
    /// the bytes, which is PostgreSQL's too.
    pub fn listed(&self) -> &[Uuid] {
        &self.listed
    }

    /// The goods that are asked for, in the order of the menu, one more than asked for where there is one.
    ///
    /// Faults: `Invalid` for a cursor that is none.
    pub fn choose(&self, catalogue: &Catalogue, ask: &BrowseGoods) -> Result<Vec<Chosen>, Fault> {
        let after = ask.after.as_deref().map(read_cursor).transpose()?;
        let words = plain(&ask.words);
        let from = after.map_or(0, |after| {
            self.goods.partition_point(|one| {
                let product = &catalogue.products[one.product];
                (product.sort, product.id) <= after
            })
        });
        let fits = |one: &&OnMenu| {
            let product = &catalogue.products[one.product];
            let in_category =
                ask.category.as_ref().is_none_or(|code| catalogue.categories[product.category].code == *code);
            in_category && (words.is_empty() || self.says(catalogue, one, &words))
        };
        let found = self.goods[from..].iter().filter(fits).take(ask.most + 1);
        Ok(found.map(|one| self.chosen(one)).collect())
    }

    /// The product with this code, if it is on the shelf.
    pub fn product(&self, catalogue: &Catalogue, code: &str) -> Option<Chosen> {
        let product = *catalogue.product_by_code.get(code)?;
        let at = self.goods.binary_search_by_key(&product, |one| one.product).ok()?;
        Some(self.chosen(&self.goods[at]))
    }

    /// Whether a variant is on the shelf.
    pub fn has(&self, catalogue: &Catalogue, sku: Uuid) -> bool {
        catalogue.sku_by_id.get(&sku).is_some_and(|at| self.shelf.binary_search(at).is_ok())
    }

    /// Whether the words are in a product's name, pinyin or initials, or are one of its tags or barcodes.
    fn says(&self, catalogue: &Catalogue, one: &OnMenu, words: &str) -> bool {
        let product = &catalogue.products[one.product];
        let barcodes = self.shelf[one.skus.clone()].iter().map(|at| &catalogue.skus[*at].barcode);
        product.words.iter().any(|text| text.contains(words))
            || product.tags.iter().any(|tag| tag == words)
            || barcodes.flatten().any(|barcode| barcode == words)
    }

    fn chosen(&self, one: &OnMenu) -> Chosen {
        Chosen { product: one.product, skus: self.shelf[one.skus.clone()].to_vec() }
    }
}

/// The runs of one product in a shelf that is in the catalogue's order.
fn goods_of(shelf: &[usize], catalogue: &Catalogue) -> Vec<OnMenu> {
    let mut goods: Vec<OnMenu> = Vec::new();
    for (at, sku) in shelf.iter().enumerate() {
        let product = catalogue.skus[*sku].product;
        match goods.last_mut() {
            Some(last) if last.product == product => last.skus.end = at + 1,
            _ => goods.push(OnMenu { product, skus: at..at + 1 }),
        }
    }
    goods
}

fn categories_of(goods: &[OnMenu], catalogue: &Catalogue) -> Vec<Category> {
    let mut counts = vec![0; catalogue.categories.len()];
    for one in goods {
        counts[catalogue.products[one.product].category] += 1;
    }
    let counted = catalogue.categories.iter().zip(counts).filter(|(_, products)| *products > 0);
    counted.map(|(one, products)| Category { code: one.code.clone(), name: one.name.clone(), products }).collect()
}

fn read_cursor(text: &str) -> Result<(i32, Uuid), Fault> {
    let parts = text.split_once('.').and_then(|(sort, id)| Some((sort.parse().ok()?, id.parse().ok()?)));
    parts.ok_or_else(|| Fault::invalid("after", "翻页位置无效，请从第一页开始"))
}

/// A product that is going to be shown, with its variants on the shelf.
pub(crate) struct Chosen {
    product: usize,
    skus: Vec<usize>,
}

impl Chosen {
    /// The product.
    pub fn product<'a>(&self, catalogue: &'a Catalogue) -> &'a Product {
        &catalogue.products[self.product]
    }

    /// The identities of its variants.
    pub fn sku_ids<'a>(&'a self, catalogue: &'a Catalogue) -> impl Iterator<Item = Uuid> + 'a {
        self.skus.iter().map(|at| catalogue.skus[*at].id)
    }

    /// Where a list is read on after it.
    pub fn cursor(&self, catalogue: &Catalogue) -> String {
        let product = self.product(catalogue);
        format!("{}.{}", product.sort, product.id)
    }

    /// What a list shows of it, at these offers of its variants.
    pub fn card(&self, catalogue: &Catalogue, offers: &[Offer]) -> ProductCard {
        let product = self.product(catalogue);
        let prices = offers.iter().filter_map(|offer| offer.price_fen);
        let lowest = prices.clone().min().unwrap_or_default();
        ProductCard {
            id: ProductId(product.id),
            code: product.code.clone(),
            name: product.name.clone(),
            subtitle: product.subtitle.clone(),
            picture: product.picture.clone(),
            category: catalogue.categories[product.category].code.clone(),
            tags: product.tags.clone(),
            price_fen: lowest,
            from: prices.max() != Some(lowest),
            available: offers.iter().map(|offer| offer.available).sum(),
        }
    }

    /// Its variants at these offers.
    pub fn skus(&self, catalogue: &Catalogue, offers: &[Offer]) -> Vec<SkuView> {
        let view = |(at, offer): (&usize, &Offer)| SkuView {
            id: SkuId(catalogue.skus[*at].id),
            values: catalogue.skus[*at].values.clone(),
            price_fen: offer.price_fen.unwrap_or(Fen::ZERO),
            available: offer.available,
            weight_grams: catalogue.skus[*at].weight_grams,
            limit: catalogue.skus[*at].limit.map(|limit| limit.seen(0)),
        };
        self.skus.iter().zip(offers).map(view).collect()
    }
}
