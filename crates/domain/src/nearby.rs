//! Which stores near a place have a variant 附近有货 (K3, O5).

use serde::{Deserialize, Serialize};

use crate::{LocationId, SkuId, StoreId, stores::StoreCard, transfers::LocationKind};

/// How many pieces there are, as shoppers are told it: rivals read no exact stock out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Band {
    /// None.
    None,
    /// 1 to 3, which are said.
    Last,
    /// 4 to 20.
    Some,
    /// More.
    Plenty,
}

/// Up to here the number is said.
const LAST: i64 = 3;
/// Up to here there are some.
const SOME: i64 = 20;

impl Band {
    /// The band of so many pieces.
    pub fn of(available: i64) -> Self {
        if available <= 0 {
            Self::None
        } else if available <= LAST {
            Self::Last
        } else if available <= SOME {
            Self::Some
        } else {
            Self::Plenty
        }
    }
}

/// A variant at a store nearby.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct NearbySku {
    /// Which variant.
    pub sku_id: SkuId,
    /// Its values: `大杯`; empty for the only variant.
    pub label: String,
    /// How many there are, roughly.
    pub band: Band,
    /// How many there are, where they are the last ones.
    pub left: Option<i64>,
}

impl NearbySku {
    /// A variant of which so many can be sold.
    pub fn new(sku_id: SkuId, label: String, available: i64) -> Self {
        let band = Band::of(available);
        Self { sku_id, label, band, left: (band == Band::Last).then_some(available) }
    }

    /// For people: `大杯 仅剩 3 件`.
    pub fn text(&self) -> String {
        let stock = match (self.band, self.left) {
            (Band::None, _) => "已售罄".to_owned(),
            (Band::Last, Some(left)) => format!("仅剩 {left} 件"),
            (Band::Last | Band::Some, _) => "有货".to_owned(),
            (Band::Plenty, _) => "货量充足".to_owned(),
        };
        if self.label.is_empty() { stock } else { format!("{} {stock}", self.label) }
    }
}

/// An open store that has some of a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct NearbyStore {
    /// The store, with the way to it.
    pub store: StoreCard,
    /// The variants that it has.
    pub skus: Vec<NearbySku>,
}

/// A store or warehouse that has a variant, as staff see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StockedAt {
    /// Which store or warehouse.
    pub location_id: LocationId,
    /// Which of the two it is.
    pub kind: LocationKind,
    /// Its code.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// Pieces that are promised to nobody.
    pub available: i64,
    /// Metres from the store that asks; nothing for a warehouse whose place nobody has entered.
    pub distance_m: Option<f64>,
}

/// Where a variant is, seen from a store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct WhereStocked {
    /// Seen from which store.
    pub store_id: StoreId,
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// Pieces at the store itself that are promised to nobody.
    pub here: i64,
    /// Pieces on the way to the store.
    pub in_transit: i64,
    /// Where else there are some: warehouses first, then stores by the way to them.
    pub elsewhere: Vec<StockedAt>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn shoppers_are_told_a_number_only_of_the_last_pieces() {
        let told = |available| NearbySku::new(SkuId(Uuid::nil()), "大杯".into(), available);
        assert_eq!(told(3).text(), "大杯 仅剩 3 件");
        for available in [4, 20, 21, 9_000] {
            assert!(told(available).left.is_none() && !told(available).text().contains("件"));
        }
        assert_eq!((Band::of(-2), Band::of(0)), (Band::None, Band::None), "a fact may have left too little");
    }
}
