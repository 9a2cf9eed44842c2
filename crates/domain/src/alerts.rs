//! What a store should know of its stock before a shopper does: too little, too much, nothing sold (K4).

mod list;

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AlertId, Fault, Fields, LocationId, SkuId, stores::words};
pub use list::{RULES_MOST, RuleChange, SetAlertRules};

/// What is the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum AlertKind {
    /// So few can still be promised.
    Low,
    /// So many lie there.
    High,
    /// There are some, and none was handed over for so many days.
    Slow,
    /// Pieces of a batch may be sold for so many more days at most, or no longer.
    Expiring,
}

words!(AlertKind: Low = "low" / "库存不足", High = "high" / "库存过多", Slow = "slow" / "滞销",
    Expiring = "expiring" / "临期");

impl AlertKind {
    /// The unit of its threshold, for people.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Low | Self::High => "件",
            Self::Slow | Self::Expiring => "天",
        }
    }

    /// The thresholds that it may have.
    pub fn bounds(self) -> RangeInclusive<i64> {
        match self {
            Self::Low => 0..=THRESHOLD_MOST,
            Self::High => 1..=THRESHOLD_MOST,
            Self::Slow | Self::Expiring => 1..=DAYS_MOST,
        }
    }

    /// What a threshold means, for people.
    pub fn meaning(self, threshold: i64) -> String {
        match self {
            Self::Low => format!("可售 ≤ {threshold} 件时提醒"),
            Self::High => format!("在库 ≥ {threshold} 件时提醒"),
            Self::Slow => format!("有货但 {threshold} 天没有售出时提醒"),
            Self::Expiring => format!("有批次还能卖的天数 ≤ {threshold} 或已过期时提醒"),
        }
    }
}

/// Whether somebody has taken note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum AlertState {
    /// Nobody yet.
    Open,
    /// Somebody has.
    Seen,
    /// It is over.
    Solved,
}

words!(AlertState: Open = "open" / "未读", Seen = "seen" / "已读", Solved = "solved" / "已解除");

/// Which alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListAlerts {
    /// Only in this state; those that are not over where none is named.
    pub state: Option<AlertState>,
    /// Only of this kind.
    pub kind: Option<AlertKind>,
    /// Only of this store or warehouse.
    pub location: Option<LocationId>,
    /// How many at most; 1 to 100.
    pub most: usize,
    /// Where to read on.
    pub after: Option<AlertId>,
}

impl ListAlerts {
    /// Reads the filters of an address: `state`, `kind`, `location`, `after`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            state: AlertState::from_code(fields.text("state")),
            kind: AlertKind::from_code(fields.text("kind")),
            location: fields.text("location").parse().ok(),
            most: 0,
            after: fields.text("after").parse().ok(),
        }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("state", self.state.map_or("", AlertState::code).to_owned()),
            ("kind", self.kind.map_or("", AlertKind::code).to_owned()),
            ("location", self.location.map(|id| id.to_string()).unwrap_or_default()),
        ]
    }
}

/// Something that a store should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Alert {
    /// Its identity.
    pub id: AlertId,
    /// What is the matter.
    pub kind: AlertKind,
    /// At which store or warehouse.
    pub location_id: LocationId,
    /// What that is called.
    pub location_name: String,
    /// With which variant.
    pub sku_id: SkuId,
    /// Its code.
    pub code: String,
    /// Its name for people: `珍珠奶茶 · 中杯`.
    pub name: String,
    /// The threshold it crossed, in pieces or days.
    pub threshold: i64,
    /// How many pieces there were at the last look: those that could still be promised, or those that lay there.
    pub pieces: i64,
    /// Whether somebody has taken note, or it is over.
    pub state: AlertState,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Who took note.
    pub seen_by: Option<String>,
}

/// For which goods a threshold is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Goods {
    /// All that have none of their own.
    All,
    /// Those in a category, with all below it.
    Category {
        /// The category's code.
        code: String,
    },
    /// One variant.
    Sku {
        /// The variant's code.
        code: String,
    },
}

/// A threshold. The one that says most applies: a store's own before head office's, and among those one variant's
/// before its category's before that of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AlertRule {
    /// Its identity.
    pub id: Uuid,
    /// Of what.
    pub kind: AlertKind,
    /// A store's or a warehouse's own; of all where there is none.
    pub location_id: Option<LocationId>,
    /// What that is called.
    pub location_name: Option<String>,
    /// For which goods.
    pub goods: Goods,
    /// What those are called.
    pub goods_name: String,
    /// In pieces or days; nothing where there is to be no alert.
    pub threshold: Option<i64>,
}

/// The highest threshold.
pub const THRESHOLD_MOST: i64 = 100_000;
/// The most days after which what does not sell is told.
pub const DAYS_MOST: i64 = 365;

/// Sets a threshold; one for the same goods at the same place becomes this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetAlertRule {
    /// Of what.
    pub kind: AlertKind,
    /// At which store or warehouse; everywhere where none is named.
    #[serde(default)]
    pub location_id: Option<LocationId>,
    /// For which goods.
    pub goods: Goods,
    /// In pieces 0 to 100,000, or days 1 to 365; nothing for no alert.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 100_000))]
    pub threshold: Option<i64>,
}

impl SetAlertRule {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `threshold`.
    pub fn check(&self) -> Result<(), Fault> {
        let bounds = self.kind.bounds();
        match self.threshold {
            Some(threshold) if !bounds.contains(&threshold) => {
                let (least, most) = bounds.into_inner();
                Err(Fault::invalid("threshold", format!("请填写 {least} 到 {most}，或留空表示不提醒")))
            }
            _ => Ok(()),
        }
    }

    /// Reads the command from a form: `kind`, `location`, `category` or `sku`, `threshold`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let kind = AlertKind::from_code(fields.text("kind"));
        if kind.is_none() {
            read.complain("kind", "请选择提醒种类");
        }
        let location_id = match fields.given("location") {
            None => Some(None),
            Some(_) => read.parse("location", "请选择门店或仓库").map(Some),
        };
        let goods = match (fields.given("sku"), fields.given("category")) {
            (Some(code), _) => Goods::Sku { code: code.to_owned() },
            (None, Some(code)) => Goods::Category { code: code.to_owned() },
            (None, None) => Goods::All,
        };
        let threshold = match fields.given("threshold") {
            None => Some(None),
            Some(_) => read.parse("threshold", "请填写整数，或留空表示不提醒").map(Some),
        };
        let rule =
            read.finish(|| Some(Self { kind: kind?, location_id: location_id?, goods, threshold: threshold? }))?;
        rule.check().map(|()| rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_within_its_bounds_or_none() {
        let rule = |kind, threshold| SetAlertRule { kind, location_id: None, goods: Goods::All, threshold };
        for (kind, threshold) in
            [(AlertKind::Low, -1), (AlertKind::High, 0), (AlertKind::Slow, 0), (AlertKind::Slow, 366)]
        {
            assert!(rule(kind, Some(threshold)).check().is_err(), "{kind:?} {threshold}");
        }
        assert!(rule(AlertKind::Low, Some(0)).check().is_ok());
        assert!(rule(AlertKind::Slow, None).check().is_ok(), "no alert at all");
    }
}
