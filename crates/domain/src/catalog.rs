//! Goods as a store offers them.

use serde::{Deserialize, Serialize};

use crate::{
    Fen, Fields, ProductId, SkuId, StoreId, page::Page, purchase_limits::LimitView, purchasing::MilliFen,
    stores::StoreView,
};

/// A product in a store's list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ProductCard {
    /// Its identity.
    pub id: ProductId,
    /// Its short name in addresses.
    pub code: String,
    /// Its name.
    pub name: String,
    /// One line below the name.
    pub subtitle: String,
    /// The stem of its picture's file name: `/pictures/{picture}-320.webp`.
    pub picture: String,
    /// Its category's code.
    pub category: String,
    /// Words such as `招牌`.
    pub tags: Vec<String>,
    /// The lowest price at this store.
    pub price_fen: Fen,
    /// Whether its variants differ in price, so that a list says `起`.
    pub from: bool,
    /// Pieces that can be sold at this store, over all variants.
    pub available: i64,
}

/// A category of a store's menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Category {
    /// Its code, for the address.
    pub code: String,
    /// Its name.
    pub name: String,
    /// How many products of it the store sells.
    pub products: i64,
}

/// One specification: `杯型` with `中杯`, `大杯`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Spec {
    /// What is chosen.
    pub name: String,
    /// What it can be.
    pub values: Vec<String>,
}

/// One variant as this store sells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SkuView {
    /// Its identity.
    pub id: SkuId,
    /// Its values, in the order of the product's specs; empty for the only variant.
    pub values: Vec<String>,
    /// Its price at this store, before modifiers.
    pub price_fen: Fen,
    /// Pieces that can be sold.
    pub available: i64,
    /// What a piece weighs as it is sent, in grams; 0 where nobody has said so.
    #[serde(default)]
    pub weight_grams: i64,
    /// What one member may have of it, where that is limited.
    #[serde(default)]
    pub limit: Option<LimitView>,
}

impl SkuView {
    /// `大杯 / 热`, or empty for the only variant.
    pub fn label(&self) -> String {
        self.values.join(" / ")
    }
}

/// One thing that can be chosen with a product, and what it costs more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ModifierOption {
    /// Unique within the product.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it adds to the price of one piece.
    pub price_fen: Fen,
}

/// A group of options: 糖度, 冰度, 加料.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Modifier {
    /// Unique within the product.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The fewest options to choose.
    pub at_least: i32,
    /// The most options to choose.
    pub at_most: i32,
    /// What there is to choose.
    pub options: Vec<ModifierOption>,
}

/// A product's own page at a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ProductView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub card: ProductCard,
    /// The store whose prices and stock these are.
    pub store_id: StoreId,
    /// Some sentences about it.
    pub description: String,
    /// What can be chosen, leading to one variant.
    pub specs: Vec<Spec>,
    /// Its variants on the shelf here.
    pub skus: Vec<SkuView>,
    /// What else can be chosen.
    pub modifiers: Vec<Modifier>,
}

/// A store's own page in the shop.
#[derive(Clone, Debug, PartialEq)]
pub struct MenuView {
    /// What there is to know of the store.
    pub store: StoreView,
    /// The categories of its menu.
    pub categories: Vec<Category>,
    /// The goods that were asked for.
    pub goods: Page<ProductCard>,
}

/// What a store's list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrowseGoods {
    /// Only this category, by code.
    pub category: Option<String>,
    /// Words, pinyin or initials.
    pub words: String,
    /// How many at most; 1 to 100.
    pub most: usize,
    /// Where to read on: the cursor of an earlier page.
    pub after: Option<String>,
}

/// Which products head office's list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListProducts {
    /// Words in the name, its pinyin or initials, the code, or a variant's code or barcode.
    pub words: String,
    /// Only of this brand, by code.
    pub brand: Option<String>,
    /// Only those published, or only those that are not.
    pub published: Option<bool>,
    /// How many at most; 1 to 200.
    pub most: i64,
    /// How many to pass over.
    pub skip: i64,
}

impl ListProducts {
    /// Reads the filters from an address.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            words: fields.words("q"),
            brand: fields.given("brand").map(str::to_owned),
            published: match fields.text("published") {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            ..Self::default()
        }
    }

    /// The filters as [`Self::from_fields`] reads them.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let published = self.published.map_or("", |yes| if yes { "yes" } else { "no" });
        vec![
            ("q", self.words.clone()),
            ("brand", self.brand.clone().unwrap_or_default()),
            ("published", published.to_owned()),
        ]
    }
}

/// What head office's list of products shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductEntry {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The stem of its picture's file name.
    pub picture: String,
    /// Its brand's name.
    pub brand: String,
    /// Its category's name.
    pub category: String,
    /// How many variants it has.
    pub skus: i64,
    /// The lowest price of a variant, before stores set theirs.
    pub lowest_fen: Fen,
    /// The highest.
    pub highest_fen: Fen,
    /// Whether it can be sold at all.
    pub published: bool,
    /// At how many stores within the asker's reach it is on the shelf.
    pub stores: i64,
    /// What a piece costs, of all that are where the asker sees costs; nothing where nobody knows, or where they do not
    /// see it.
    pub cost_milli_fen: Option<MilliFen>,
    /// What is left of its price, in hundredths of a per cent.
    pub margin_bp: Option<i64>,
}

/// The options of one line, as codes: sorted and without repeats, so that equal choices are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(value_type = Vec<String>))]
pub struct Options(Vec<String>);

impl From<Vec<String>> for Options {
    fn from(mut codes: Vec<String>) -> Self {
        codes.sort();
        codes.dedup();
        Self(codes)
    }
}

impl From<Options> for Vec<String> {
    fn from(options: Options) -> Self {
        options.0
    }
}

impl Options {
    /// The codes.
    pub fn codes(&self) -> &[String] {
        &self.0
    }

    /// The options chosen, or what is wrong with the choice: an unknown code, too few, too many.
    pub fn chosen<'a>(&self, modifiers: &'a [Modifier]) -> Result<Vec<&'a ModifierOption>, String> {
        let mut chosen = Vec::new();
        for modifier in modifiers {
            let here: Vec<_> = modifier.options.iter().filter(|option| self.0.contains(&option.code)).collect();
            let count = here.len() as i32;
            if count < modifier.at_least {
                return Err(format!("请选择{}", modifier.name));
            }
            if count > modifier.at_most {
                return Err(format!("{}最多选 {} 项", modifier.name, modifier.at_most));
            }
            chosen.extend(here);
        }
        if chosen.len() == self.0.len() { Ok(chosen) } else { Err("选项已有变化，请重新选择".into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sugar_and_toppings() -> Vec<Modifier> {
        let option = |code: &str, price| ModifierOption { code: code.into(), name: code.into(), price_fen: Fen(price) };
        let modifier = |code: &str, at_least, at_most, options| Modifier {
            code: code.into(),
            name: code.into(),
            at_least,
            at_most,
            options,
        };
        vec![
            modifier("糖度", 1, 1, vec![option("s5", 0), option("s7", 0)]),
            modifier("加料", 0, 2, vec![option("pearl", 200), option("coco", 300), option("red", 300)]),
        ]
    }

    fn choose(codes: &[&str]) -> Result<i64, String> {
        let options = Options::from(codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>());
        let modifiers = sugar_and_toppings();
        options.chosen(&modifiers).map(|chosen| chosen.iter().map(|one| one.price_fen.0).sum())
    }

    #[test]
    fn options_must_keep_to_each_modifiers_bounds() {
        assert_eq!(choose(&["s7", "pearl", "coco"]), Ok(500));
        assert!(choose(&["pearl"]).is_err());
        assert!(choose(&["s5", "s7"]).is_err());
        assert!(choose(&["s7", "pearl", "coco", "red"]).is_err());
        assert!(choose(&["s7", "gold"]).is_err());
    }

    #[test]
    fn equal_choices_are_equal_in_any_order() {
        let (one, two) = (vec!["b".to_owned(), "a".into(), "a".into()], vec!["a".to_owned(), "b".into()]);
        assert_eq!(Options::from(one), Options::from(two));
    }
}
