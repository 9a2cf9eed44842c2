//! Papers of merchants 证照: licences, permits, contracts (O3).

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{Fault, Fields, FileId, stores::words, text};

/// The most papers of one merchant.
pub const PAPERS_MOST: usize = 50;
/// How many days before its end a paper is marked, so that another can be had in time.
pub const PAPER_DAYS: u64 = 30;

/// What a paper is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum PaperKind {
    /// The business licence.
    Licence,
    /// The permit to deal in food.
    FoodPermit,
    /// A contract with the chain.
    Contract,
    /// Something else.
    #[default]
    Other,
}

words!(PaperKind:
    Licence = "licence" / "营业执照", FoodPermit = "food_permit" / "食品经营许可证", Contract = "contract" / "合同",
    Other = "other" / "其他");

/// Whether a paper still counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum PaperStanding {
    /// For more than 30 days, or for good.
    Valid,
    /// It runs out within 30 days.
    EndsSoon,
    /// It has run out.
    Ended,
}

words!(PaperStanding: Valid = "valid" / "有效", EndsSoon = "ends_soon" / "即将到期", Ended = "ended" / "已过期");

impl PaperStanding {
    /// How a paper stands whose last day is this one.
    pub fn of(valid_until: Option<NaiveDate>, now: DateTime<Utc>) -> Self {
        match valid_until {
            Some(day) if day < today(now) => Self::Ended,
            Some(day) if day <= marked_until(now) => Self::EndsSoon,
            _ => Self::Valid,
        }
    }
}

fn today(now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&text::zone("")).date_naive()
}

/// The last day of those papers that are marked at this moment.
pub fn marked_until(now: DateTime<Utc>) -> NaiveDate {
    today(now).checked_add_days(Days::new(PAPER_DAYS)).unwrap_or(NaiveDate::MAX)
}

/// A merchant's paper. It is private to the merchant's owners and those who manage merchants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct MerchantPaper {
    /// Its identity.
    pub id: FileId,
    /// What it is.
    pub kind: PaperKind,
    /// What it was called by whoever sent it.
    pub name: String,
    /// The last day on which it counts; nothing where it does not run out.
    pub valid_until: Option<NaiveDate>,
    /// Whether it still counts.
    pub standing: PaperStanding,
    /// Who added it.
    pub added_by: String,
    /// When.
    pub added_at: DateTime<Utc>,
}

/// Adds a paper to a merchant, beside the file itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddPaper {
    /// What it is.
    pub kind: PaperKind,
    /// The last day on which it counts; nothing where it does not run out.
    pub valid_until: Option<NaiveDate>,
}

impl AddPaper {
    /// Reads the command from a form: `kind`, `valid_until` (may be empty).
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let kind = PaperKind::from_code(fields.text("kind"));
        if kind.is_none() {
            read.complain("kind", "请选择证照类型");
        }
        let valid_until = fields.given("valid_until").map(|text| text.parse::<NaiveDate>());
        if matches!(valid_until, Some(Err(_))) {
            read.complain("valid_until", "请选择日期");
        }
        let valid_until = valid_until.and_then(Result::ok);
        let command = read.finish(|| Some(Self { kind: kind?, valid_until }))?;
        command.check()?;
        Ok(command)
    }

    /// Refuses a day beyond what people mean by a date. One that is over is not refused: it is marked.
    ///
    /// Faults: `Invalid` beside `valid_until`.
    pub fn check(&self) -> Result<(), Fault> {
        self.valid_until.map_or(Ok(()), |day| text::end_of_day_given("valid_until", day).map(drop))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn a_paper_is_marked_thirty_days_before_it_runs_out_and_counts_through_its_last_day() {
        // In Shanghai the 27th has begun.
        let now = Utc.with_ymd_and_hms(2026, 11, 26, 16, 30, 0).unwrap();
        let standing = |day: &str| PaperStanding::of(Some(day.parse().unwrap()), now);
        assert_eq!(PaperStanding::of(None, now), PaperStanding::Valid);
        assert_eq!(standing("2026-12-28"), PaperStanding::Valid);
        assert_eq!(standing("2026-12-27"), PaperStanding::EndsSoon);
        assert_eq!(standing("2026-11-27"), PaperStanding::EndsSoon);
        assert_eq!(standing("2026-11-26"), PaperStanding::Ended);
    }

    #[test]
    fn a_day_of_a_paper_may_be_left_out_but_not_be_none() {
        let fields = |day: &str| {
            Fields([("kind", "licence"), ("valid_until", day)].map(|(name, value)| (name.into(), value.into())).into())
        };
        assert_eq!(AddPaper::from_fields(&fields("")).unwrap().valid_until, None);
        for wrong in ["31.12.2026", "2026-02-30", "99999-01-01", "0001-01-01"] {
            let fault = AddPaper::from_fields(&fields(wrong)).unwrap_err();
            assert_eq!(fault.complaints()[0].field, "valid_until", "{wrong}");
        }
    }
}
