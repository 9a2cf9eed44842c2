//! Rows of what is bought, priced and allotted, checked.

use chrono::NaiveDate;

use crate::{Fen, LocationId, SkuId, SupplierId, supply::PriceFor};

/// What a row tells of a supplier. What it leaves empty stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupplierRow {
    /// Their code.
    pub code: String,
    /// Their name; there for one that is new.
    pub name: Option<String>,
    /// Whom to speak to.
    pub contact: Option<String>,
    /// Their phone.
    pub phone: Option<String>,
    /// How many days after its date an invoice is due.
    pub terms_days: Option<i32>,
    /// How many days after an order its goods arrive.
    pub lead_days: Option<i32>,
    /// One of their prices.
    pub price: Option<SupplierPriceGiven>,
}

/// What a variant costs at a supplier from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupplierPriceGiven {
    /// Which variant.
    pub sku: SkuId,
    /// The price of one piece, taxes included.
    pub price_fen: Fen,
    /// How many pieces a pack has.
    pub pack: i64,
    /// The fewest pieces of an order.
    pub minimum: i64,
    /// From which day on; today where nothing is said.
    pub valid_from: Option<NaiveDate>,
}

/// A line of an order to a supplier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseRow {
    /// From whom.
    pub supplier: SupplierId,
    /// To which store or warehouse.
    pub location: LocationId,
    /// Which variant.
    pub sku: SkuId,
    /// How many pieces.
    pub quantity: i64,
    /// The price of one piece, where it is not the supplier's.
    pub price_fen: Option<Fen>,
    /// When it is to arrive.
    pub expected_on: Option<NaiveDate>,
}

/// What stores pay for what a warehouse sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupplyPriceRow {
    /// For which variant.
    pub sku: SkuId,
    /// For whom.
    pub whom: PriceFor,
    /// The store, where it is for one.
    pub store: Option<LocationId>,
    /// The price of one piece; nothing removes it.
    pub price_fen: Option<Fen>,
}

/// What a warehouse sends to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllocationRow {
    /// From which warehouse.
    pub from: LocationId,
    /// To which store.
    pub to: LocationId,
    /// Which variant.
    pub sku: SkuId,
    /// How many pieces.
    pub quantity: i64,
}
