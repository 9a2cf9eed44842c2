//! Sharing what a warehouse has out among stores by a formula: a proposal that people look over before it is a table.

use serde::{Deserialize, Serialize};

use super::AllocateRow;
use crate::{
    Fault, Fields, LocationId,
    money::shares,
    purchasing::{COVER_DAYS, SOLD_DAYS, sold_a_day},
    stores::{Ownership, words},
    transfers::PIECES_MOST,
};

/// The most variants shared out at once.
pub const FORMULA_SKUS_MOST: usize = 50;
/// The most rows of one proposal: what a page shows and a form sends.
pub const FORMULA_ROWS_MOST: usize = 500;

/// By what pieces are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Formula {
    /// Each store gets what it lacks to sell for so many days; in proportion to that where there is less.
    Cover,
    /// In proportion to what was sold in the last 28 days, evenly where nobody sold any.
    Sales,
    /// Each store as many, to a piece.
    Even,
}

words!(Formula: Cover = "cover" / "补足可卖天数", Sales = "sales" / "按销量比例", Even = "even" / "平均分");

/// Asks for a proposal: which store is to get how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposeAllocation {
    /// From which warehouse.
    pub from_id: LocationId,
    /// The variants, by code or barcode: 1 to 50.
    pub skus: Vec<String>,
    /// How they are shared out.
    pub formula: Formula,
    /// For how many days stores are to have enough, 1 to 90.
    pub days: i64,
    /// How many pieces of each variant at most; all that can be given where it is not said.
    pub pieces: Option<i64>,
    /// Only to stores that are run so.
    pub ownership: Option<Ownership>,
    /// Only to stores in this region, or below it; by its code.
    pub region: Option<String>,
}

impl ProposeAllocation {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `skus`, `days` or `pieces`.
    pub fn check(&self) -> Result<(), Fault> {
        if self.skus.is_empty() || self.skus.len() > FORMULA_SKUS_MOST {
            return Err(Fault::invalid("skus", format!("请填写 1 到 {FORMULA_SKUS_MOST} 个 SKU 编码或条码")));
        }
        if !(1..=90).contains(&self.days) {
            return Err(Fault::invalid("days", "天数须是 1 到 90"));
        }
        if self.pieces.is_some_and(|pieces| !(1..=PIECES_MOST).contains(&pieces)) {
            return Err(Fault::invalid("pieces", "数量须是 1 到 100,000 的整数"));
        }
        Ok(())
    }

    /// Reads the question from a page's address: `source`, `skus`, `formula`, `days`, `pieces`, `ownership`, `region`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let from_id = read.parse("source", "请选择仓库");
        let mut number = |name: &str, complaint: &str| match fields.given(name).map(str::parse::<i64>) {
            Some(Err(_)) => {
                read.complain(name, complaint);
                None
            }
            given => given.and_then(Result::ok),
        };
        let days = number("days", "天数须是 1 到 90").unwrap_or(COVER_DAYS);
        let pieces = number("pieces", "数量须是 1 到 100,000 的整数");
        let from_id = read.finish(|| from_id)?;
        let asked = Self {
            from_id,
            skus: fields.codes("skus"),
            formula: Formula::from_code(fields.text("formula")).unwrap_or(Formula::Cover),
            days,
            pieces,
            ownership: fields.given("ownership").and_then(Ownership::from_code),
            region: fields.given("region").map(str::to_owned),
        };
        asked.check()?;
        Ok(asked)
    }
}

/// What is known of a variant at a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StoreNeed {
    /// Pieces handed over in the last 28 days.
    pub sold: i64,
    /// Pieces there that are promised to nobody; negative where more is promised than is there.
    pub available: i64,
    /// Pieces on the way to it, or agreed to be sent.
    pub coming: i64,
    /// Pieces that are to be left over at all times.
    pub safety: i64,
}

impl StoreNeed {
    /// How many pieces it lacks to sell for so many days and have left over what is to be.
    pub fn lacks(&self, days: i64) -> i64 {
        let sold = i128::from(self.sold.max(0)) * i128::from(days);
        // A part of a piece is a piece.
        let sold = (sold + i128::from(SOLD_DAYS) - 1) / i128::from(SOLD_DAYS);
        let lacks = sold + i128::from(self.safety) - i128::from(self.available) - i128::from(self.coming);
        i64::try_from(lacks.max(0)).unwrap_or(i64::MAX)
    }
}

/// Shares so many pieces of a variant out among stores. The parts never sum to more than there are.
pub fn share_by(formula: Formula, pieces: i64, days: i64, needs: &[StoreNeed]) -> Vec<i64> {
    let pieces = pieces.max(0);
    match formula {
        Formula::Even => shares(pieces, &vec![1; needs.len()]),
        Formula::Sales => shares(pieces, &needs.iter().map(|need| need.sold).collect::<Vec<_>>()),
        Formula::Cover => {
            let lacking: Vec<i64> = needs.iter().map(|need| need.lacks(days)).collect();
            let sum = lacking.iter().fold(0_i64, |sum, lacks| sum.saturating_add(*lacks));
            // Where nobody lacks anything nobody gets any, rather than all as many.
            shares(pieces.min(sum), &lacking)
        }
    }
}

/// Why a store is to get what it does, for people: `日均 3.2 × 14 天 + 安全库存 5 − 可用 12 − 在途 20 = 缺 18`.
pub fn share_reason(formula: Formula, days: i64, need: &StoreNeed) -> String {
    match formula {
        Formula::Even => "每家一样多".to_owned(),
        Formula::Sales => format!("近 {SOLD_DAYS} 天卖出 {}", need.sold),
        Formula::Cover => {
            let safety = if need.safety == 0 { String::new() } else { format!(" + 安全库存 {}", need.safety) };
            let coming = if need.coming == 0 { String::new() } else { format!(" − 在途 {}", need.coming) };
            let (daily, lacks) = (sold_a_day(need.sold), need.lacks(days));
            format!("日均 {daily} × {days} 天{safety} − 可用 {}{coming} = 缺 {lacks}", need.available)
        }
    }
}

/// What one store is to get of one variant, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ProposedRow {
    /// What would be sent: a row of the table. None where it is to get nothing.
    #[serde(flatten)]
    pub row: AllocateRow,
    /// The store's name.
    pub store_name: String,
    /// The variant's name for people.
    pub sku_name: String,
    /// What it rests on.
    pub need: StoreNeed,
    /// Why so many, for people.
    pub why: String,
}

/// What there is of a variant, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ProposedSku {
    /// Its code.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// Pieces that the warehouse can give.
    pub left: i64,
    /// Pieces that the rows give.
    pub given: i64,
}

/// A table that a formula made. Nothing is sent by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AllocationProposal {
    /// The variants.
    pub skus: Vec<ProposedSku>,
    /// The stores that sell them, by variant and store; at most 500 rows. Those that are to get nothing are told too.
    pub rows: Vec<ProposedRow>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn need(sold: i64, available: i64, coming: i64, safety: i64) -> StoreNeed {
        StoreNeed { sold, available, coming, safety }
    }

    #[test]
    fn stores_get_what_they_lack_and_share_in_its_proportion_what_is_too_little() {
        let needs = [need(28, 4, 0, 0), need(56, 0, 8, 0), need(0, 3, 0, 2)];
        assert_eq!(share_by(Formula::Cover, 100, 14, &needs), [10, 20, 0]);
        assert_eq!(share_by(Formula::Cover, 15, 14, &needs), [5, 10, 0]);
        assert_eq!(share_by(Formula::Cover, -3, 14, &needs), [0, 0, 0]);
    }

    #[test]
    fn where_nobody_sold_any_all_stores_get_as_many() {
        assert_eq!(share_by(Formula::Sales, 9, 14, &[need(10, 0, 0, 0), need(20, 0, 0, 0)]), [3, 6]);
        assert_eq!(share_by(Formula::Sales, 9, 14, &[need(0, 0, 0, 0), need(0, 9, 0, 0)]), [5, 4]);
        assert_eq!(share_by(Formula::Even, 9, 14, &[need(1, 0, 0, 0), need(50, 9, 0, 0)]), [5, 4]);
    }

    #[test]
    fn a_reason_is_a_sum_that_people_can_follow() {
        let said = share_reason(Formula::Cover, 14, &need(90, 12, 20, 5));
        assert_eq!(said, "日均 3.2 × 14 天 + 安全库存 5 − 可用 12 − 在途 20 = 缺 18");
    }

    proptest! {
        #[test]
        fn no_formula_gives_more_than_there_is(
            pieces in -5..5000i64,
            days in 1..90i64,
            needs in prop::collection::vec((0..900i64, -20..300i64, 0..90i64, 0..20i64), 0..30),
        ) {
            let needs: Vec<_> = needs.into_iter().map(|(sold, there, coming, safety)| need(sold, there, coming, safety)).collect();
            for formula in Formula::ALL {
                let parts = share_by(*formula, pieces, days, &needs);
                prop_assert_eq!(parts.len(), needs.len());
                prop_assert!(parts.iter().all(|part| *part >= 0));
                prop_assert!(parts.iter().sum::<i64>() <= pieces.max(0));
            }
        }
    }
}
