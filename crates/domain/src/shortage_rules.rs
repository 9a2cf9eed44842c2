//! What the server does where nobody has solved a shortage in time, and when that is (K2, D2): head office's word, or a
//! store's own.

use serde::{Deserialize, Serialize};

use crate::{
    Fault, Fields, StoreId,
    stock::{LONGEST_WAIT_HOURS, SHORTAGE_WAITS},
    stores::words,
};

/// What the server does with the latest of the orders that cannot be served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum ShortageAct {
    /// Gives their money back.
    #[default]
    Refund,
    /// Has another store bring or send what is to be brought or sent, and gives back the money of the others. Who
    /// fetches goods themselves is never sent to another store.
    RerouteThenRefund,
    /// Nothing: a person decides.
    Wait,
}

words!(ShortageAct:
    Refund = "refund" / "自动退款", RerouteThenRefund = "reroute_then_refund" / "先改由其他门店，改不了再退款",
    Wait = "wait" / "不自动处理，提醒总部");

impl ShortageAct {
    /// What happens when the time is over, as the end of a sentence.
    pub fn then(self) -> &'static str {
        match self {
            Self::Refund => "自动退款",
            Self::RerouteThenRefund => "自动改派或退款",
            Self::Wait => "提醒总部处理",
        }
    }

    /// The same in whole sentences.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Refund => "到时间仍缺货，系统从最晚付款的订单开始退款。",
            Self::RerouteThenRefund => {
                "到时间仍缺货，系统从最晚付款的订单开始，把配送和快递订单改由有货的门店发货；改不了的和自提订单退款。"
            }
            Self::Wait => "到时间仍缺货，系统不改派也不退款，在总部大屏和缺货列表里提醒，由人处理。",
        }
    }
}

/// What is done, and after how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ShortageRule {
    /// What the server does.
    pub act: ShortageAct,
    /// How many hours people have before, 1 to 336. Cases that are open keep their time.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 336))]
    pub wait_hours: i32,
}

impl Default for ShortageRule {
    fn default() -> Self {
        Self { act: ShortageAct::default(), wait_hours: SHORTAGE_WAITS.num_hours() as i32 }
    }
}

impl ShortageRule {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `wait_hours`.
    pub fn check(&self) -> Result<(), Fault> {
        if (1..=LONGEST_WAIT_HOURS).contains(&i64::from(self.wait_hours)) {
            return Ok(());
        }
        Err(Fault::invalid("wait_hours", format!("请填写 1 到 {LONGEST_WAIT_HOURS} 的整数")))
    }

    /// Reads the rule from a form: `act`, `wait_hours`.
    ///
    /// Faults: `Invalid` beside either.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let act = ShortageAct::from_code(fields.text("act"));
        if act.is_none() {
            read.complain("act", "请选择到时怎么办");
        }
        let wait_hours = read.parse("wait_hours", &format!("请填写 1 到 {LONGEST_WAIT_HOURS} 的整数"));
        let rule = read.finish(|| Some(Self { act: act?, wait_hours: wait_hours? }))?;
        rule.check().map(|()| rule)
    }

    /// For people: `24 小时后自动退款`.
    pub fn text(&self) -> String {
        format!("{} 小时后{}", self.wait_hours, self.act.then())
    }
}

/// The rule of a store that has its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StoreShortageRule {
    /// Which store.
    pub store_id: StoreId,
    /// Its name.
    pub store_name: String,
    /// What holds there.
    pub rule: ShortageRule,
}

/// What holds where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ShortageRules {
    /// Of all stores that have no rule of their own.
    pub house: ShortageRule,
    /// Stores within reach that have; at most 500.
    pub stores: Vec<StoreShortageRule>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<ShortageRule, Fault> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ShortageRule::from_fields(&Fields(pairs.collect()))
    }

    #[test]
    fn a_rule_says_what_is_done_and_leaves_people_an_hour_to_two_weeks() {
        let rule = read(&[("act", "wait"), ("wait_hours", "336")]).unwrap();
        assert_eq!(rule, ShortageRule { act: ShortageAct::Wait, wait_hours: 336 });
        for hours in ["0", "337", "-1", "x", ""] {
            let wrong = read(&[("act", "refund"), ("wait_hours", hours)]).unwrap_err();
            assert_eq!(wrong.complaints()[0].field, "wait_hours", "{hours}");
        }
        let both = read(&[("act", "burn")]).unwrap_err();
        let named: Vec<_> = both.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(named, ["act", "wait_hours"]);
    }

    #[test]
    fn where_nothing_is_said_the_money_goes_back_after_a_day() {
        assert_eq!(ShortageRule::default(), ShortageRule { act: ShortageAct::Refund, wait_hours: 24 });
    }
}
