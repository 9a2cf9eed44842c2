//! What stores pay for what comes from a warehouse.

use serde::{Deserialize, Serialize};

use crate::{Fault, Fen, Fields, SkuId, stores::Ownership};

/// Whom a supply price is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum PriceFor {
    /// Every store of an ownership, unless it has a price of its own.
    Ownership {
        /// Which.
        ownership: Ownership,
    },
    /// One store.
    Store {
        /// By its code.
        code: String,
    },
}

/// Sets or removes a supply price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetSupplyPrice {
    /// Of which variant, by its code or barcode.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 60))]
    pub sku: String,
    /// For whom.
    #[serde(rename = "for")]
    pub whom: PriceFor,
    /// The price of one piece, up to 99,999.99 yuan; nothing removes it.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 9_999_999))]
    pub price_fen: Option<Fen>,
}

impl SetSupplyPrice {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `price`.
    pub fn check(&self) -> Result<(), Fault> {
        match self.price_fen {
            Some(Fen(price)) if !(0..=9_999_999).contains(&price) => Err(Fault::invalid("price", PRICE)),
            _ => Ok(()),
        }
    }

    /// Reads the command from a form: `sku`, `ownership` or `store`, `price` in yuan; an empty price removes it.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let whom = match (fields.given("store"), Ownership::from_code(fields.text("ownership"))) {
            (Some(code), _) => Some(PriceFor::Store { code: code.to_owned() }),
            (None, Some(ownership)) => Some(PriceFor::Ownership { ownership }),
            (None, None) => {
                read.complain("ownership", "请选择经营方式，或填写门店编号");
                None
            }
        };
        let price = match fields.given("price") {
            None => Some(None),
            Some(text) => {
                let price = Fen::typed(text).filter(|price| price.0 <= 9_999_999);
                if price.is_none() {
                    read.complain("price", PRICE);
                }
                price.map(Some)
            }
        };
        if fields.given("sku").is_none() {
            read.complain("sku", "请填写 SKU 编码或条码");
        }
        let sku = read.text("sku", 60);
        read.finish(|| Some(Self { sku: sku?, whom: whom?, price_fen: price? }))
    }
}

const PRICE: &str = "请填写 0 到 99,999.99 元的价格";

/// A supply price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SupplyPrice {
    /// Of which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// Its code.
    pub code: String,
    /// For whom.
    #[serde(rename = "for")]
    pub whom: PriceFor,
    /// For whom, for people: `加盟`, or a store's name.
    pub whom_name: String,
    /// The price of one piece.
    pub price_fen: Fen,
    /// What shoppers pay, before stores set their own.
    pub retail_fen: Fen,
}
