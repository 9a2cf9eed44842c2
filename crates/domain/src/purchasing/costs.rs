//! What goods cost: the moving average of what was paid, in whole thousandths of a fen.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Fen, Fields, LocationId, SkuId, transfers::Location};

/// A cost of one piece in thousandths of a fen: fine enough that a carton's price shared out over its pieces stays
/// within a fen for 500 pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct MilliFen(pub i64);

impl MilliFen {
    /// Of a price in whole fen.
    pub fn of(price: Fen) -> Self {
        Self(price.0.saturating_mul(1_000))
    }

    /// In whole fen, half a fen up.
    pub fn fen(self) -> Fen {
        Fen(halves_up(i128::from(self.0), 1_000))
    }
}

/// As people read it, to the fen; where there is more to it, to the hundredth of one: `¥3.33`, `¥3.3333`.
impl fmt::Display for MilliFen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = halves_up(i128::from(self.0), 10);
        if hundredths % 100 == 0 {
            return Fen(hundredths / 100).fmt(out);
        }
        let sign = if hundredths < 0 { "-" } else { "" };
        let amount = hundredths.unsigned_abs();
        write!(out, "{sign}¥{}.{:04}", amount / 10_000, amount % 10_000)
    }
}

/// The quotient in whole units, half a unit up. `by` is positive.
fn halves_up(amount: i128, by: i128) -> i64 {
    let whole = (2 * amount + by).div_euclid(2 * by);
    i64::try_from(whole).unwrap_or(i64::MAX)
}

/// What a piece costs after `quantity` pieces have come at `price` to `on_hand` that cost `before`:
/// `(before × max(on_hand, 0) + price × quantity) / (max(on_hand, 0) + quantity)`, half a thousandth of a fen up.
///
/// Pieces of which nobody knows what they cost are taken to have cost what comes now, and what is short costs nothing
/// yet: both leave the price as it is.
pub fn average(before: Option<MilliFen>, on_hand: i64, price: MilliFen, quantity: i64) -> MilliFen {
    let there = i128::from(on_hand.max(0));
    let (Some(before), true) = (before, quantity > 0) else { return price };
    let quantity = i128::from(quantity);
    MilliFen(halves_up(i128::from(before.0) * there + i128::from(price.0) * quantity, there + quantity))
}

/// What so many pieces cost, half a fen up.
pub fn value(cost: MilliFen, pieces: i64) -> Fen {
    Fen(halves_up(i128::from(cost.0) * i128::from(pieces), 1_000))
}

/// What is left of a price beyond the cost, in hundredths of a per cent of the price; negative where it is sold at a
/// loss, nothing for what is free.
pub fn margin_bp(price: MilliFen, cost: MilliFen) -> Option<i64> {
    let price = i128::from(price.0);
    (price > 0).then(|| halves_up((price - i128::from(cost.0)) * 10_000, price))
}

/// A margin as people read it: `32.5%`.
pub fn margin_text(basis_points: i64) -> String {
    let sign = if basis_points < 0 { "-" } else { "" };
    let tenths = (basis_points.unsigned_abs() + 5) / 10;
    format!("{sign}{}.{}%", tenths / 10, tenths % 10)
}

/// What a variant costs at a place, and what is left of its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CostEntry {
    /// Where.
    pub location: Location,
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// Its code.
    pub code: String,
    /// Pieces there.
    pub on_hand: i64,
    /// What one costs, in thousandths of a fen.
    pub cost_milli_fen: MilliFen,
    /// What those that are there cost, half a fen up.
    pub value_fen: Fen,
    /// What shoppers pay for one there.
    pub price_fen: Fen,
    /// What is left of that, in hundredths of a per cent; nothing for what is free.
    pub margin_bp: Option<i64>,
}

/// How the cost of a variant at a place became what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CostStep {
    /// When.
    pub at: DateTime<Utc>,
    /// What came, for people: `收货`, `调拨收货`.
    pub cause: String,
    /// The document that says so.
    pub document_id: Uuid,
    /// How many pieces there were.
    pub on_hand: i64,
    /// What each of them cost, where that was known.
    pub before_milli_fen: Option<MilliFen>,
    /// How many came.
    pub quantity: i64,
    /// What each of those cost.
    pub price_milli_fen: MilliFen,
    /// What one costs since then.
    pub after_milli_fen: MilliFen,
}

/// Which costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListCosts {
    /// Only at this store or warehouse.
    pub location: Option<LocationId>,
    /// Words in a name, its pinyin or initials; a whole code or barcode.
    pub words: String,
    /// How many at most; 1 to 10,000.
    pub most: i64,
    /// How many to pass over.
    pub skip: i64,
}

impl ListCosts {
    /// Reads the filters of an address: `location`, `q`, `skip`.
    pub fn from_fields(fields: &Fields) -> Self {
        let skip = fields.text("skip").parse().unwrap_or(0).clamp(0, 1_000_000);
        Self { location: fields.text("location").parse().ok(), words: fields.words("q"), most: 0, skip }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let location = self.location.map(|id| id.to_string()).unwrap_or_default();
        vec![("location", location), ("q", self.words.clone())]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_nobody_knows_or_is_short_costs_what_comes_now() {
        let price = MilliFen(1_234);
        assert_eq!(average(None, 50, price, 3), price);
        assert_eq!(average(Some(MilliFen(9)), -20, price, 3), price);
        assert_eq!(average(Some(MilliFen(1_000)), 1, MilliFen(1_001), 1), MilliFen(1_001), "half is rounded up");
    }

    #[test]
    fn a_cost_is_told_to_the_fen_or_the_hundredth_of_one() {
        assert_eq!(MilliFen(333_000).to_string(), "¥3.33");
        assert_eq!(MilliFen(333_333).to_string(), "¥3.3333");
        assert_eq!(MilliFen(333_500).fen(), Fen(334));
        assert_eq!(value(MilliFen(333_333), 3), Fen(1_000));
        assert_eq!(margin_bp(MilliFen::of(Fen(1_000)), MilliFen(400_000)), Some(6_000));
        assert_eq!(margin_bp(MilliFen::of(Fen(100)), MilliFen(150_000)), Some(-5_000));
        assert_eq!(margin_bp(MilliFen(0), MilliFen(1)), None);
    }

    proptest! {
        /// Against the exact quotient, for receipts and departures in any order.
        #[test]
        fn a_cost_is_within_a_thousandth_of_the_exact_average_and_between_the_prices_paid(
            steps in proptest::collection::vec((1i64..100_000, 1i64..10_000_000, 0i64..150_000), 1..40),
        ) {
            let (mut cost, mut on_hand) = (None::<MilliFen>, 0i64);
            let (mut least, mut most) = (i64::MAX, 0i64);
            for (quantity, fen, gone) in steps {
                let price = MilliFen::of(Fen(fen));
                let after = average(cost, on_hand, price, quantity);
                let there = i128::from(on_hand.max(0));
                let before = i128::from(cost.map_or(price.0, |cost| cost.0));
                let (sum, pieces) =
                    (before * there + i128::from(price.0) * i128::from(quantity), there + i128::from(quantity));
                prop_assert!((i128::from(after.0) * pieces - sum).abs() <= pieces, "more than one off");
                (least, most) = (least.min(price.0), most.max(price.0));
                prop_assert!((least..=most).contains(&after.0));
                on_hand += quantity - gone;
                cost = Some(after);
            }
        }
    }
}
