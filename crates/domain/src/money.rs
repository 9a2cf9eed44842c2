//! Money and counts. Integers of the smallest unit, checked arithmetic, never a float.

use std::{fmt, iter::Sum, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::fault::Complaint;

/// An amount in fen, the hundredth part of a yuan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Fen(pub i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The sum, or `None` where it would not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The price of `quantity` pieces, or `None` where it would not fit.
    pub fn checked_times(self, quantity: Quantity) -> Option<Self> {
        self.0.checked_mul(quantity.get()).map(Self)
    }

    /// The amount in yuan as it stands in a field: `12.80`. [`Self::typed`] reads it again.
    pub fn in_yuan(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.unsigned_abs();
        format!("{sign}{}.{:02}", amount / 100, amount % 100)
    }

    /// Yuan as people write them, exact to the fen: `12`, `12.5`, `¥1,200.00`, `12.80元`.
    pub fn typed(text: &str) -> Option<Self> {
        let text = text.trim_start_matches(['¥', '￥']).trim_end_matches('元').trim();
        let (yuan, fen) = text.split_once('.').unwrap_or((text, "0"));
        let mut groups = yuan.split(',');
        let first = groups.next()?;
        let grouped = yuan.contains(',');
        if (grouped && first.len() > 3) || !groups.all(|group| group.len() == 3) {
            return None;
        }
        let yuan = yuan.replace(',', "");
        // A workbook may show `12.8` as `12.800`; what is more exact than a fen is no price.
        let fen = if fen.len() > 2 && fen.bytes().skip(2).all(|digit| digit == b'0') { &fen[..2] } else { fen };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(&yuan) || !is_number(fen) || yuan.len() > 9 || fen.len() > 2 {
            return None;
        }
        let fen: i64 = format!("{fen:0<2}").parse().ok()?;
        Some(Self(yuan.parse::<i64>().ok()? * 100 + fen))
    }
}

/// As people read it: `¥12.80`, `-¥0.05`.
impl fmt::Display for Fen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.unsigned_abs();
        write!(out, "{sign}¥{}.{:02}", amount / 100, amount % 100)
    }
}

impl Sum for Fen {
    /// Saturates: only for figures on a page, never for what is charged.
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        Self(parts.fold(0, |sum, part| sum.saturating_add(part.0)))
    }
}

/// How many pieces somebody asks for: 1 to 999 whole ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Quantity(i64);

impl Quantity {
    /// A single piece.
    pub const ONE: Self = Self(1);
    /// The most pieces of one thing in one order.
    pub const MOST: i64 = 999;

    /// The number itself.
    pub fn get(self) -> i64 {
        self.0
    }
}

#[cfg(feature = "api")]
impl utoipa::PartialSchema for Quantity {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{ObjectBuilder, Type};
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(Self::MOST)).build().into()
    }
}

#[cfg(feature = "api")]
impl utoipa::ToSchema for Quantity {}

impl TryFrom<i64> for Quantity {
    type Error = &'static str;
    fn try_from(number: i64) -> Result<Self, Self::Error> {
        if (1..=Self::MOST).contains(&number) { Ok(Self(number)) } else { Err("数量须是 1 到 999 的整数") }
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl FromStr for Quantity {
    type Err = Complaint;
    fn from_str(text: &str) -> Result<Self, Complaint> {
        let number: i64 = text.trim().parse().unwrap_or(0);
        Self::try_from(number).map_err(|reason| Complaint::new("quantity", reason))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Shares `total` out in proportion to `weights`; the parts always sum to `total`.
///
/// Each part is first rounded down; the fen left over go one each to the largest remainders,
/// the earlier part winning a tie (Hamilton's method). Where all weights are zero the parts are
/// as equal as can be. Negative weights count as zero.
pub fn prorate(total: Fen, weights: &[i64]) -> Vec<Fen> {
    shares(total.0, weights).into_iter().map(Fen).collect()
}

/// As [`prorate`], of pieces or anything else that is whole.
pub fn shares(total: i64, weights: &[i64]) -> Vec<i64> {
    if weights.is_empty() {
        return Vec::new();
    }
    let weights: Vec<i128> = weights.iter().map(|&weight| i128::from(weight.max(0))).collect();
    let sum: i128 = weights.iter().sum();
    let (weights, sum) = if sum == 0 { (vec![1; weights.len()], weights.len() as i128) } else { (weights, sum) };
    let amount = i128::from(total.unsigned_abs());
    let mut parts: Vec<i128> = weights.iter().map(|weight| amount * weight / sum).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|&at| std::cmp::Reverse(amount * weights[at] % sum));
    let left_over = (amount - parts.iter().sum::<i128>()) as usize;
    for &at in by_remainder.iter().take(left_over) {
        parts[at] += 1;
    }
    let sign = total.signum();
    parts.into_iter().map(|part| part as i64 * sign).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_price_is_exact_to_the_fen_however_it_is_written() {
        for (text, fen) in
            [("12", 1200), ("12.5", 1250), ("¥1,200.05", 120_005), ("0.01", 1), ("12.80元", 1280), ("12.800", 1280)]
        {
            assert_eq!(Fen::typed(text), Some(Fen(fen)), "{text}");
            assert_eq!(Fen::typed(&Fen(fen).in_yuan()), Some(Fen(fen)), "{text}");
        }
        for text in ["", "-1", "12.345", "1e3", "12,5", "1,2345", "十二", ".", "1.", "9999999999", "1.2.3", "１２"]
        {
            assert_eq!(Fen::typed(text), None, "{text}");
        }
    }

    #[test]
    fn fen_are_shown_as_yuan() {
        assert_eq!(Fen(1280).to_string(), "¥12.80");
        assert_eq!(Fen(-5).to_string(), "-¥0.05");
        assert_eq!(Fen(i64::MIN).to_string(), "-¥92233720368547758.08");
    }

    #[test]
    fn a_quantity_is_a_whole_number_from_1_to_999() {
        for bad in ["0", "-1", "1.5", "1000", "99999999999999999999", "", "一", "1e2"] {
            assert!(bad.parse::<Quantity>().is_err(), "{bad}");
        }
        assert_eq!(" 12 ".parse::<Quantity>(), Ok(Quantity(12)));
    }

    proptest! {
        #[test]
        fn prorated_parts_always_sum_to_the_whole(
            total in -1_000_000_000_000i64..1_000_000_000_000,
            weights in proptest::collection::vec(-5i64..1_000_000_000, 1..40),
        ) {
            let parts = prorate(Fen(total), &weights);
            prop_assert_eq!(parts.len(), weights.len());
            prop_assert_eq!(parts.iter().map(|part| part.0).sum::<i64>(), total);
        }

        #[test]
        fn a_prorated_part_is_within_one_fen_of_its_exact_share(
            total in 0i64..1_000_000_000,
            weights in proptest::collection::vec(1i64..1_000_000, 1..20),
        ) {
            let sum: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
            for (part, weight) in prorate(Fen(total), &weights).iter().zip(&weights) {
                let low = i128::from(total) * i128::from(*weight) / sum;
                prop_assert!((low..=low + 1).contains(&i128::from(part.0)));
            }
        }
    }
}
