//! What a piece of a variant weighs as it is sent: by it freight and riders are priced (D2); and whether a product is kept
//! by batches (K4).

use serde::{Deserialize, Serialize};

use crate::{Complaint, Fault, Fen, Fields, SkuId};

/// The heaviest piece, in grams: a tonne.
pub const GRAMS_MOST: i64 = 1_000_000;
/// How many variants are weighed in one go.
pub const WEIGHED_MOST: usize = 500;

const UNREADABLE: &str = "请填写 0 到 1000000 的整数，单位克；0 表示还不知道";

/// What a piece of one variant weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SkuWeight {
    /// Which variant.
    pub sku_id: SkuId,
    /// In grams, packed; 0 where nobody knows.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 1_000_000))]
    pub weight_grams: i64,
}

/// Says what pieces of a product's variants weigh; those that are not named keep their weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetWeights {
    /// One row for each variant; up to 500.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 500))]
    pub weights: Vec<SkuWeight>,
}

impl SetWeights {
    /// Refuses what cannot be, in the order of the variants.
    ///
    /// Faults: `Invalid` beside `weights`, or `weight.{sku_id}`.
    pub fn checked(mut self) -> Result<Self, Fault> {
        if self.weights.is_empty() || self.weights.len() > WEIGHED_MOST {
            return Err(Fault::invalid("weights", format!("一次填写 1 到 {WEIGHED_MOST} 个规格的重量")));
        }
        self.weights.sort_unstable();
        let field = |one: &SkuWeight| format!("weight.{}", one.sku_id);
        let odd = self.weights.iter().filter(|one| !(0..=GRAMS_MOST).contains(&one.weight_grams));
        let mut complaints: Vec<_> = odd.map(|one| Complaint::new(field(one), UNREADABLE)).collect();
        let twice = self.weights.windows(2).filter(|pair| pair[0].sku_id == pair[1].sku_id);
        complaints.extend(twice.map(|pair| Complaint::new(field(&pair[0]), "这个规格填写了两次")));
        if complaints.is_empty() { Ok(self) } else { Err(Fault::Invalid(complaints)) }
    }

    /// Reads the command from a form: `weight.{sku_id}`; one that is empty stays as it is.
    ///
    /// Faults: those of [`Self::checked`].
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let mut weights = Vec::new();
        for (sku, grams) in fields.under("weight.") {
            let Ok(sku_id) = sku.parse() else { continue };
            match grams.parse() {
                Ok(weight_grams) => weights.push(SkuWeight { sku_id, weight_grams }),
                Err(_) => read.complain(&format!("weight.{sku}"), UNREADABLE),
            }
        }
        read.finish(|| Some(Self { weights }))?.checked()
    }
}

/// Says whether a product's pieces are kept by batches 保质期: nothing of it comes in without a batch and a last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct KeepBatches {
    /// Whether they are.
    pub keeps_batches: bool,
}

impl KeepBatches {
    /// Reads the command from a form: `keeps_batches`, a box that is ticked or not.
    pub fn from_fields(fields: &Fields) -> Self {
        Self { keeps_batches: fields.given("keeps_batches").is_some() }
    }
}

/// One variant, with what it weighs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct WeighedSku {
    /// Its identity.
    pub id: SkuId,
    /// Its code.
    pub code: String,
    /// Its values: `大杯 / 热`; empty for the only variant.
    pub spec: String,
    /// The number below its bars.
    pub barcode: Option<String>,
    /// Its price, before stores set theirs.
    pub price_fen: Fen,
    /// In grams, packed; 0 where nobody knows.
    pub weight_grams: i64,
}

/// A product of the chain with its variants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct WeighedProduct {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether its pieces are kept by batches: nothing of it comes in without a batch and a last day.
    #[serde(default)]
    pub keeps_batches: bool,
    /// Its variants, in its own order; the first 500.
    pub skus: Vec<WeighedSku>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn one(at: u128, weight_grams: i64) -> SkuWeight {
        SkuWeight { sku_id: SkuId(Uuid::from_u128(at)), weight_grams }
    }

    #[test]
    fn a_weight_is_whole_grams_up_to_a_tonne_and_said_once_for_each_variant() {
        let good = SetWeights { weights: vec![one(2, GRAMS_MOST), one(1, 0)] };
        assert_eq!(good.checked().unwrap().weights, [one(1, 0), one(2, GRAMS_MOST)]);
        let bad = SetWeights { weights: vec![one(1, -1), one(2, GRAMS_MOST + 1), one(3, 5), one(3, 6)] };
        let fault = bad.checked().unwrap_err();
        let fields: Vec<_> = fault.complaints().iter().map(|one| one.field.clone()).collect();
        let named = [1, 2, 3].map(|at| format!("weight.{}", Uuid::from_u128(at)));
        assert_eq!(fields, named);
        assert_eq!(SetWeights { weights: Vec::new() }.checked().unwrap_err().complaints()[0].field, "weights");
    }
}
