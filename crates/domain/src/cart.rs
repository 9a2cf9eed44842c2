//! The cart, and the quote that says what it costs now.

use serde::{Deserialize, Serialize};

use crate::{
    AddressId, Fault, Fen, Fields, Quantity, SkuId, StoreId,
    catalog::Options,
    fulfilment::{Fulfilment, Way},
    hours::Slot,
    stores::StoreCard,
};

/// Sets a line of the cart to a quantity; it does not add, so a repeat changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetLine {
    /// Which store's goods.
    pub store_id: StoreId,
    /// Which variant.
    pub sku_id: SkuId,
    /// With which options, by code.
    #[serde(default)]
    pub options: Options,
    /// How many.
    pub quantity: Quantity,
}

/// Takes a line out of the cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RemoveLine {
    /// Which store's goods.
    pub store_id: StoreId,
    /// Which variant.
    pub sku_id: SkuId,
    /// With which options, by code.
    #[serde(default)]
    pub options: Options,
}

/// The options a form names: radio buttons as `option.{modifier}`, check boxes as `extra.{option}`,
/// a whole line's as `options`, comma-separated.
fn options_of(fields: &Fields) -> Options {
    let radios = fields.under("option.").map(|(_, code)| code.to_owned());
    let boxes = fields.under("extra.").map(|(code, _)| code.to_owned());
    let listed = fields.text("options").split(',').filter(|code| !code.is_empty()).map(str::to_owned);
    radios.chain(boxes).chain(listed).collect::<Vec<_>>().into()
}

impl SetLine {
    /// Reads the command from a form.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let store_id = read.parse("store_id", "请选择门店");
        let sku_id = read.parse("sku_id", "请选择规格");
        let quantity = read.value("quantity");
        read.finish(|| {
            Some(Self { store_id: store_id?, sku_id: sku_id?, options: options_of(fields), quantity: quantity? })
        })
    }
}

impl RemoveLine {
    /// Reads the command from a form.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let store_id = read.parse("store_id", "请选择门店");
        let sku_id = read.parse("sku_id", "请选择规格");
        read.finish(|| Some(Self { store_id: store_id?, sku_id: sku_id?, options: options_of(fields) }))
    }
}

/// A line at the prices and stock of this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct QuotedLine {
    /// Which variant.
    pub sku_id: SkuId,
    /// The product's code, for its address.
    pub product_code: String,
    /// The product's name.
    pub name: String,
    /// `大杯`, or empty.
    pub spec: String,
    /// The options chosen, by code.
    pub options: Options,
    /// The options chosen, for people: `七分糖、少冰、珍珠`.
    pub options_text: String,
    /// The stem of the picture's file name.
    pub picture: String,
    /// How many.
    pub quantity: Quantity,
    /// The price of one with its options.
    pub unit_fen: Fen,
    /// The price of all.
    pub total_fen: Fen,
    /// What one piece weighs; 0 where nobody has said so.
    pub weight_grams: i64,
    /// Pieces that can be sold now.
    pub available: i64,
    /// Why this line cannot be ordered as it stands, where it cannot.
    pub problem: Option<String>,
}

/// What the lines of one store cost now, in which ways they reach their shopper, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Quote {
    /// The store.
    pub store: StoreCard,
    /// The lines, oldest first.
    pub lines: Vec<QuotedLine>,
    /// What the goods cost.
    pub goods_fen: Fen,
    /// What the way costs that was asked about.
    pub freight_fen: Fen,
    /// What is to be paid.
    pub total_fen: Fen,
    /// The way that was asked about; pickup where none was.
    pub fulfilment: Fulfilment,
    /// The address that was asked about.
    pub address_id: Option<AddressId>,
    /// The ways that the store offers.
    pub ways: Vec<Way>,
    /// When it can be picked up, or brought, in the way that was asked about.
    pub slots: Vec<Slot>,
    /// Whether an order can be placed as it stands.
    pub orderable: bool,
}

impl Quote {
    /// The way that was asked about, where the store offers it.
    pub fn way(&self) -> Option<&Way> {
        self.ways.iter().find(|way| way.fulfilment == self.fulfilment)
    }
}

/// A whole cart: one quote for each store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CartView {
    /// The quotes, the store used last first.
    pub quotes: Vec<Quote>,
    /// Pieces in all of them.
    pub pieces: i64,
}
