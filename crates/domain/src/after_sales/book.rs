//! Head office's book of terms: how long what may be asked for, by category, and where a category says nothing.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AfterSalesKind, Terms};
use crate::{Complaint, Fault, Fields};

/// The longest time, in hours: a year.
pub const HOURS_MOST: i32 = 8_760;

const UNREADABLE: &str = "请填写 1 到 8760 的整数，单位小时；留空表示不支持";

/// Says how long what may be asked for, of goods of a category or of all that have no terms of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetTerms {
    /// Of which category; of all that have none of their own where nothing is said.
    #[serde(default)]
    pub category_id: Option<Uuid>,
    /// Hours from handing over; nothing where the money alone cannot be asked for.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 8760))]
    pub refund_only_hours: Option<i32>,
    /// Nothing where goods cannot be brought back.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 8760))]
    pub return_hours: Option<i32>,
    /// Nothing where they cannot be exchanged.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 8760))]
    pub exchange_hours: Option<i32>,
}

impl SetTerms {
    /// The terms alone.
    pub fn terms(&self) -> Terms {
        let Self { refund_only_hours, return_hours, exchange_hours, .. } = *self;
        Terms { refund_only_hours, return_hours, exchange_hours }
    }

    /// Refuses what cannot be.
    ///
    /// Faults: `Invalid` beside `refund_only_hours`, `return_hours` or `exchange_hours`.
    pub fn check(&self) -> Result<(), Fault> {
        let hours = [self.refund_only_hours, self.return_hours, self.exchange_hours];
        let odd =
            FIELDS.into_iter().zip(hours).filter(|(_, hours)| hours.is_some_and(|h| !(1..=HOURS_MOST).contains(&h)));
        let complaints: Vec<_> = odd.map(|(field, _)| Complaint::new(field, UNREADABLE)).collect();
        if complaints.is_empty() { Ok(()) } else { Err(Fault::Invalid(complaints)) }
    }

    /// Reads the command from a form: `category`, and the hours, each of which may be empty.
    ///
    /// Faults: `Invalid` beside `category`, and those of [`Self::check`].
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let category_id = match fields.given("category") {
            None => Some(None),
            Some(_) => read.parse("category", "请选择分类").map(Some),
        };
        let [refund_only, goes_back, exchange] = FIELDS.map(|field| match fields.given(field) {
            None => Some(None),
            Some(_) => read.parse(field, UNREADABLE).map(Some),
        });
        let command = read.finish(|| {
            Some(Self {
                category_id: category_id?,
                refund_only_hours: refund_only?,
                return_hours: goes_back?,
                exchange_hours: exchange?,
            })
        })?;
        command.check().map(|()| command)
    }
}

/// The hours' fields, in the order of [`AfterSalesKind`].
pub const FIELDS: [&str; 3] = ["refund_only_hours", "return_hours", "exchange_hours"];

impl Terms {
    /// How long this kind may be asked for.
    pub fn hours(self, kind: AfterSalesKind) -> Option<i32> {
        match kind {
            AfterSalesKind::RefundOnly => self.refund_only_hours,
            AfterSalesKind::Return => self.return_hours,
            AfterSalesKind::Exchange => self.exchange_hours,
        }
    }

    /// `7 天`, `36 小时` or `不支持`.
    pub fn text(self, kind: AfterSalesKind) -> String {
        match self.hours(kind) {
            None => "不支持".into(),
            Some(hours) if hours % 24 == 0 => format!("{} 天", hours / 24),
            Some(hours) => format!("{hours} 小时"),
        }
    }
}

/// What holds of one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CategoryTerms {
    /// Which.
    pub category_id: Uuid,
    /// What it is called.
    pub category: String,
    /// Its brand's name.
    pub brand: String,
    /// Whether these are its own; else what holds of all others.
    pub own: bool,
    /// What holds.
    pub terms: Terms,
}

/// The whole book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct TermsBook {
    /// What holds of categories without terms of their own.
    pub default: Terms,
    /// By brand and name; the first 500.
    pub categories: Vec<CategoryTerms>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_hour_to_a_year_or_not_at_all() {
        let of = |return_hours| SetTerms {
            category_id: None,
            refund_only_hours: None,
            return_hours,
            exchange_hours: Some(1),
        };
        assert_eq!((of(None).check(), of(Some(HOURS_MOST)).check()), (Ok(()), Ok(())));
        for wrong in [0, -1, HOURS_MOST + 1] {
            assert_eq!(of(Some(wrong)).check().unwrap_err().complaints()[0].field, "return_hours");
        }
    }

    #[test]
    fn hours_are_told_in_days_where_they_are_whole() {
        let terms = Terms { refund_only_hours: Some(36), return_hours: Some(168), exchange_hours: None };
        let told: Vec<_> = AfterSalesKind::ALL.iter().map(|kind| terms.text(*kind)).collect();
        assert_eq!(told, ["36 小时", "7 天", "不支持"]);
    }
}
