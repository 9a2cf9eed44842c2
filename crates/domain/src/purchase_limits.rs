//! How many pieces of a variant one member may buy (K2): 限购.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::{Fault, Fields, SkuId};

/// The most pieces that a limit can be of: no line of a cart has more.
pub const LIMIT_MOST: i64 = 999;
/// The most days that are counted back.
pub const LIMIT_DAYS_MOST: i32 = 3650;
/// The most minutes that an order is given to pay.
pub const PAY_MINUTES_MOST: i32 = 60;

/// What one member may have of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurchaseLimit {
    /// How many pieces of open, paid and completed orders and of what is held, at all stores.
    pub most: i64,
    /// Of orders of so many days; of all where nothing is said.
    pub days: Option<i32>,
    /// How long an order waits for its payment, where that is shorter than for others.
    pub pay_minutes: Option<i32>,
}

impl PurchaseLimit {
    /// From when on orders count; from the first where nothing is said.
    pub fn since(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.days.map(|days| now - Duration::days(days.into()))
    }

    /// How long goods wait for whoever has taken them, where others wait as long as `usual`.
    pub fn within(&self, usual: Duration) -> Duration {
        self.pay_minutes.map_or(usual, |minutes| usual.min(Duration::minutes(minutes.into())))
    }

    /// What whoever has had so many is told of it.
    pub fn refusal(&self, had: i64) -> String {
        match had {
            0 => self.words(),
            had => format!("{}，您已买 {had} 件", self.words()),
        }
    }

    /// What is shown of it to whoever has had so many.
    pub fn seen(&self, had: i64) -> LimitView {
        LimitView { most: self.most, days: self.days, had }
    }

    /// The limit as shoppers read it.
    pub fn words(&self) -> String {
        match self.days {
            Some(days) => format!("每人 {days} 天内限购 {} 件", self.most),
            None => format!("每人限购 {} 件", self.most),
        }
    }
}

/// What one member may have of a variant, and has had, as its page tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct LimitView {
    /// How many pieces one member may have, at all stores.
    pub most: i64,
    /// Of orders of so many days; of all where nothing is said.
    pub days: Option<i32>,
    /// How many whoever asks has had, with what is held for them; 0 for visitors.
    pub had: i64,
}

impl LimitView {
    /// For people: `每人限购 2 件，您已买 1 件`.
    pub fn text(&self) -> String {
        PurchaseLimit { most: self.most, days: self.days, pay_minutes: None }.refusal(self.had)
    }
}

/// Limits what one member may buy of a variant, at all stores; what was said of it before is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetPurchaseLimit {
    /// The variant's code.
    pub sku: String,
    /// How many pieces of open, paid and completed orders and of what is held, at all stores.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 999))]
    pub most: i64,
    /// Of orders of so many days; of all where nothing is said.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 3650))]
    pub days: Option<i32>,
    /// How many minutes an order with such goods waits for its payment; no longer than others wait.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 60))]
    pub pay_minutes: Option<i32>,
}

impl SetPurchaseLimit {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `most`, `days` or `pay_minutes`.
    pub fn check(&self) -> Result<(), Fault> {
        let within = |number: Option<i32>, most: i32| number.is_none_or(|number| (1..=most).contains(&number));
        if !(1..=LIMIT_MOST).contains(&self.most) {
            return Err(Fault::invalid("most", format!("请填写 1 到 {LIMIT_MOST} 的整数")));
        }
        if !within(self.days, LIMIT_DAYS_MOST) {
            return Err(Fault::invalid("days", format!("请填写 1 到 {LIMIT_DAYS_MOST} 的整数，不限时间请留空")));
        }
        if !within(self.pay_minutes, PAY_MINUTES_MOST) {
            return Err(Fault::invalid("pay_minutes", format!("请填写 1 到 {PAY_MINUTES_MOST} 的整数，或留空")));
        }
        Ok(())
    }

    /// Reads the command from a form: `sku`, `most`, `days`, `pay_minutes`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let sku = read.text("sku", 64);
        if fields.given("sku").is_none() {
            read.complain("sku", "请填写商品编码");
        }
        let most = read.parse("most", "请填写每人最多几件");
        let mut number = |name: &'static str| match fields.given(name) {
            None => Some(None),
            Some(_) => read.parse(name, "请填写整数，或留空").map(Some),
        };
        let (days, pay_minutes) = (number("days"), number("pay_minutes"));
        let command = read.finish(|| Some(Self { sku: sku?, most: most?, days: days?, pay_minutes: pay_minutes? }))?;
        command.check().map(|()| command)
    }
}

/// What was said of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PurchaseLimitRule {
    /// Which variant.
    pub sku_id: SkuId,
    /// Its code.
    pub sku: String,
    /// Its name for people: `珍珠奶茶 · 中杯`.
    pub name: String,
    /// How many pieces one member may buy.
    pub most: i64,
    /// Of orders of so many days; of all where nothing is said.
    pub days: Option<i32>,
    /// How many minutes an order with such goods waits for its payment, where that was said.
    pub pay_minutes: Option<i32>,
}

impl PurchaseLimitRule {
    /// What it means, for people.
    pub fn meaning(&self) -> String {
        let Self { most, days, pay_minutes, .. } = *self;
        let words = PurchaseLimit { most, days, pay_minutes }.words();
        match pay_minutes {
            Some(minutes) => format!("{words}，下单后 {minutes} 分钟内付款"),
            None => words,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_within_its_bounds_and_says_how_many_one_has_had() {
        let set = |most, days, pay_minutes| SetPurchaseLimit { sku: "A".into(), most, days, pay_minutes }.check();
        assert!(set(1, None, None).is_ok() && set(LIMIT_MOST, Some(1), Some(PAY_MINUTES_MOST)).is_ok());
        for (most, days, minutes) in [(0, None, None), (1000, None, None), (1, Some(0), None), (1, None, Some(61))] {
            assert!(set(most, days, minutes).is_err(), "{most} {days:?} {minutes:?}");
        }
        let limit = PurchaseLimit { most: 2, days: None, pay_minutes: None };
        assert_eq!(limit.refusal(1), "每人限购 2 件，您已买 1 件");
        assert_eq!(PurchaseLimit { days: Some(7), ..limit }.refusal(0), "每人 7 天内限购 2 件");
    }

    #[test]
    fn a_limit_makes_the_time_to_pay_shorter_and_never_longer() {
        let limit = |pay_minutes| PurchaseLimit { most: 2, days: None, pay_minutes };
        for (said, minutes) in [(None, 15), (Some(5), 5), (Some(60), 15)] {
            assert_eq!(limit(said).within(Duration::minutes(15)), Duration::minutes(minutes));
        }
    }

    #[test]
    fn what_is_left_empty_is_not_limited() {
        let fields = [("sku", "A-1"), ("most", "2"), ("days", ""), ("pay_minutes", "5")];
        let typed = Fields(fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect());
        let read = SetPurchaseLimit::from_fields(&typed).unwrap();
        assert_eq!((read.most, read.days, read.pay_minutes), (2, None, Some(5)));
    }
}
