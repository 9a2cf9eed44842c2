//! Batches and their last day (K4). First expired, first out: what is handed over is of the batch that ends first.

use chrono::{Duration, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Fault, Fields, SkuId};

/// The longest code of a batch, in characters.
pub const CODE_MOST: usize = 40;
/// The most pieces of a batch at a place.
pub const PIECES_MOST: i64 = 1_000_000;

/// Says how many of the pieces that lie at a place are of a batch, whatever was said before; none takes it away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RegisterBatch {
    /// As it stands on the package; 1 to 40 characters.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 40))]
    pub code: String,
    /// The last day on which it may be sold.
    pub expires_on: NaiveDate,
    /// How many pieces: 0 to 1,000,000.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 1_000_000))]
    pub quantity: i64,
}

impl RegisterBatch {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `code` or `quantity`.
    pub fn check(&self) -> Result<(), Fault> {
        if self.code.trim().is_empty() || self.code.trim().chars().count() > CODE_MOST {
            return Err(Fault::invalid("code", format!("请填写批次号，最多 {CODE_MOST} 个字")));
        }
        if !(0..=PIECES_MOST).contains(&self.quantity) {
            return Err(Fault::invalid("quantity", format!("请填写 0 到 {PIECES_MOST} 的整数")));
        }
        Ok(())
    }

    /// Reads the command from a form: `code`, `expires_on`, `quantity`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let code = read.text("code", CODE_MOST);
        if fields.given("code").is_none() {
            read.complain("code", "请填写批次号");
        }
        let expires_on = read.parse("expires_on", "请选择到期日");
        let quantity = read.parse("quantity", "请填写件数");
        let command = read.finish(|| Some(Self { code: code?, expires_on: expires_on?, quantity: quantity? }))?;
        command.check().map(|()| command)
    }
}

/// What is left of a batch at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct BatchLeft {
    /// Its identity.
    pub id: Uuid,
    /// As it stands on the package.
    pub code: String,
    /// The last day on which it may be sold.
    pub expires_on: NaiveDate,
    /// How many pieces are left of it, where what ends first was handed over first.
    pub pieces: i64,
    /// How many days it may still be sold, with today; 0 or less once it may not.
    pub days: i64,
}

impl BatchLeft {
    /// How many days something may still be sold, with today.
    pub fn days_from(expires_on: NaiveDate, today: NaiveDate) -> i64 {
        (expires_on + Duration::days(1) - today).num_days()
    }

    /// How it stands, for people.
    pub fn standing(&self) -> String {
        match self.days {
            ..=0 => "已过期".into(),
            1 => "今天到期".into(),
            days => format!("还剩 {days} 天"),
        }
    }
}

/// The batch that is to be taken first of a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstOut {
    /// Which variant.
    pub sku_id: SkuId,
    /// The batch, as it stands on the package.
    pub code: String,
    /// The last day on which it may be sold.
    pub expires_on: NaiveDate,
}

/// What is left of a variant at a place, batch by batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct BatchesLeft {
    /// What ends first comes first.
    pub batches: Vec<BatchLeft>,
    /// Pieces that lie there.
    pub on_hand: i64,
    /// Of them, those of which nobody has said of which batch they are.
    pub unknown: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_day_counts_and_the_day_after_does_not() {
        for (today, days, told) in
            [("2026-11-24", 3, "还剩 3 天"), ("2026-11-26", 1, "今天到期"), ("2026-11-27", 0, "已过期")]
        {
            let days_left = BatchLeft::days_from(day("2026-11-26"), day(today));
            let left = BatchLeft {
                id: Uuid::nil(),
                code: "A".into(),
                expires_on: day("2026-11-26"),
                pieces: 1,
                days: days_left,
            };
            assert_eq!((days_left, left.standing().as_str()), (days, told));
        }
    }

    #[test]
    fn a_batch_has_a_code_and_no_less_than_nothing() {
        let batch = |code: &str, quantity| RegisterBatch { code: code.into(), expires_on: day("2026-12-01"), quantity };
        assert!(batch("B-1", 0).check().is_ok());
        for wrong in [batch(" ", 1), batch(&"长".repeat(41), 1), batch("B", -1), batch("B", PIECES_MOST + 1)] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
