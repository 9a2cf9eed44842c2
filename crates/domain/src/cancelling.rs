//! Calling a paid order off as its shopper (D3): until when they do it by themselves, which head office says for each
//! way, and how they ask the store for it afterwards.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    CancelRequestId, Fault, Fields, StoreId, after_sales::NOTE_MOST, approvals::checked_reason, fulfilment::Fulfilment,
    order_centre::is_in_hand, orders::OrderState, stores::words,
};

/// The longest time after paying, in minutes: a day.
pub const MINUTES_MOST: i32 = 1_440;
/// How many requests of an order may end without the shopper taking them back.
pub const REQUESTS_MOST: usize = 2;
/// How many requests an order may have in all.
pub const TRIES_MOST: usize = 6;

/// Until when a shopper calls a paid order off by themselves. What the store has not taken on yet can be called off
/// whatever the rule is: nobody has begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum CancelUntil {
    /// Until the store takes it on.
    #[default]
    Accepted,
    /// Until it is made ready.
    Ready,
    /// So many minutes after paying, also where the store has taken it on or made it ready.
    Minutes,
}

words!(CancelUntil: Accepted = "accepted" / "门店接单前", Ready = "ready" / "备货完成前", Minutes = "minutes" / "付款后若干分钟内");

/// The rule of one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CancelRule {
    /// Until when.
    pub until: CancelUntil,
    /// How many minutes after paying, 1 to 1440; 0 where `until` is another.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 1440))]
    pub minutes: i32,
    /// Whether the shopper may ask the store for it afterwards.
    pub may_ask: bool,
}

impl Default for CancelRule {
    fn default() -> Self {
        Self { until: CancelUntil::default(), minutes: 0, may_ask: true }
    }
}

impl CancelRule {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `minutes`.
    pub fn check(&self) -> Result<(), Fault> {
        let fits = match self.until {
            CancelUntil::Minutes => (1..=MINUTES_MOST).contains(&self.minutes),
            CancelUntil::Accepted | CancelUntil::Ready => self.minutes == 0,
        };
        if fits {
            return Ok(());
        }
        let message = match self.until {
            CancelUntil::Minutes => format!("请填写 1 到 {MINUTES_MOST} 的整数"),
            CancelUntil::Accepted | CancelUntil::Ready => "只有选「付款后若干分钟内」才填分钟数".into(),
        };
        Err(Fault::invalid("minutes", message))
    }

    /// Whether a rule decides anything of an order in this state: of all others every rule says the same, at any time.
    pub fn decides(state: OrderState) -> bool {
        matches!(state, OrderState::Accepted | OrderState::Ready)
    }

    /// Whether the shopper may call an order off now by themselves.
    pub fn allows(&self, state: OrderState, paid_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        match state {
            OrderState::Placed | OrderState::Paid => true,
            OrderState::Accepted if self.until == CancelUntil::Ready => true,
            OrderState::Accepted | OrderState::Ready => self.ends(paid_at).is_some_and(|end| now < end),
            _ => false,
        }
    }

    /// When the time is over, where the rule is one of time.
    pub fn ends(&self, paid_at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let minutes = (self.until == CancelUntil::Minutes).then_some(self.minutes)?;
        Some(paid_at? + Duration::minutes(i64::from(minutes)))
    }

    /// Whether the shopper may ask the store to call an order off: they cannot by themselves, and it has not left.
    pub fn may_be_asked(&self, state: OrderState, paid_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        self.may_ask && is_in_hand(state) && !self.allows(state, paid_at, now)
    }

    /// For people: `付款后 30 分钟内可自行取消，之后可以申请取消`.
    pub fn text(&self) -> String {
        let until = match self.until {
            CancelUntil::Minutes => format!("接单前、付款后 {} 分钟内可自行取消", self.minutes),
            other => format!("{}可自行取消", other.label()),
        };
        format!("{until}，之后{}", if self.may_ask { "可以向门店申请取消" } else { "不能取消" })
    }
}

/// Says what holds of one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetCancelRule {
    /// Of which way.
    pub fulfilment: Fulfilment,
    /// What holds.
    #[serde(flatten)]
    pub rule: CancelRule,
}

impl SetCancelRule {
    /// Reads the command from a form: `fulfilment`, `until`, `minutes`, `may_ask`.
    ///
    /// Faults: `Invalid` beside any of them.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let fulfilment = Fulfilment::from_code(fields.text("fulfilment"));
        if fulfilment.is_none() {
            read.complain("fulfilment", "请选择取货或配送方式");
        }
        let until = CancelUntil::from_code(fields.text("until"));
        if until.is_none() {
            read.complain("until", "请选择到什么时候");
        }
        // What stands in the field of minutes means nothing for the others.
        let minutes = match until {
            Some(CancelUntil::Minutes) => read.parse("minutes", &format!("请填写 1 到 {MINUTES_MOST} 的整数")),
            _ => Some(0),
        };
        let may_ask = match fields.text("may_ask") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => {
                read.complain("may_ask", "请选择之后能不能申请取消");
                None
            }
        };
        let command = read.finish(|| {
            let rule = CancelRule { until: until?, minutes: minutes?, may_ask: may_ask? };
            Some(Self { fulfilment: fulfilment?, rule })
        })?;
        command.rule.check().map(|()| command)
    }
}

/// The rule of a way at a store that has its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StoreCancelRule {
    /// Which store.
    pub store_id: StoreId,
    /// Its name.
    pub store_name: String,
    /// What holds there.
    #[serde(flatten)]
    pub says: SetCancelRule,
}

/// What holds where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CancelRules {
    /// Of each way, at all stores that have no rule of their own for it.
    pub house: Vec<SetCancelRule>,
    /// Stores within reach that have; at most 500.
    pub stores: Vec<StoreCancelRule>,
}

impl Default for CancelRules {
    fn default() -> Self {
        let house = Fulfilment::ALL.iter().map(|&fulfilment| SetCancelRule { fulfilment, rule: CancelRule::default() });
        Self { house: house.collect(), stores: Vec::new() }
    }
}

/// Why a shopper wants an order called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum CancelReason {
    /// They do not want it any more.
    Unwanted,
    /// They chose the wrong goods, store, time or address.
    Mistaken,
    /// It takes too long.
    TooSlow,
    /// They cannot come, or be there.
    CannotCome,
    /// What the note says.
    Other,
}

words!(CancelReason:
    Unwanted = "unwanted" / "不想要了", Mistaken = "mistaken" / "商品、门店、时间或地址选错", TooSlow = "too_slow" / "等待太久",
    CannotCome = "cannot_come" / "没有时间取货或收货", Other = "other" / "其他原因");

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum CancelRequestState {
    /// The store is to answer.
    Open,
    /// The store agreed: the order was called off.
    Agreed,
    /// The store did not: the order goes on.
    Refused,
    /// The shopper took it back.
    Withdrawn,
    /// The order was handed over, left, or was called off in another way.
    Over,
}

words!(CancelRequestState:
    Open = "open" / "等待门店答复", Agreed = "agreed" / "门店已同意", Refused = "refused" / "门店未同意",
    Withdrawn = "withdrawn" / "已撤回", Over = "over" / "自动结束");

/// Asks the store to call an order off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AskCancel {
    /// Made by the client; the idempotency key.
    pub id: CancelRequestId,
    /// Why.
    pub reason: CancelReason,
    /// In one's own words; needed where no other reason fits.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub note: String,
}

impl AskCancel {
    /// Reads the command from a form: `key`, `reason`, `note`.
    ///
    /// Faults: `Invalid` beside any of them.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "页面已过期，请刷新后再提交");
        let reason = CancelReason::from_code(fields.text("reason"));
        if reason.is_none() {
            read.complain("reason", "请选择原因");
        }
        let note = read.text("note", NOTE_MOST);
        let command = read.finish(|| Some(Self { id: id?, reason: reason?, note: note? }))?;
        command.check().map(|()| command)
    }

    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `note`.
    pub fn check(&self) -> Result<(), Fault> {
        if self.note.chars().count() > NOTE_MOST {
            return Err(Fault::invalid("note", format!("最多 {NOTE_MOST} 个字")));
        }
        if self.reason == CancelReason::Other && self.note.trim().is_empty() {
            return Err(Fault::invalid("note", "请写明原因，门店会看到"));
        }
        Ok(())
    }
}

/// Answers a request as the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AnswerCancel {
    /// Which request: a later one is not answered by mistake.
    pub request_id: CancelRequestId,
    /// Whether the order is called off.
    pub agree: bool,
    /// For the shopper; needed where it is not.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub note: String,
}

impl AnswerCancel {
    /// Reads the command from a form: `request`, `verdict` (`agree`, `refuse`), `note`.
    ///
    /// Faults: `Invalid` beside `verdict`; `NotFound`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let request_id = fields.text("request").parse().map_err(|_| Fault::NotFound("这次取消申请"))?;
        let agree = match fields.text("verdict") {
            "agree" => true,
            "refuse" => false,
            _ => return Err(Fault::invalid("verdict", "请选择同意或不同意")),
        };
        Ok(Self { request_id, agree, note: fields.text("note").to_owned() })
    }

    /// The note, where it fits the answer.
    ///
    /// Faults: `Invalid` beside `note`.
    pub fn checked_note(&self) -> Result<&str, Fault> {
        if self.agree && self.note.trim().is_empty() {
            return Ok("");
        }
        checked_reason("note", &self.note, "请写明不同意的原因（200 字以内），顾客会看到")
    }
}

/// A request to call an order off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CancelRequest {
    /// Its identity.
    pub id: CancelRequestId,
    /// How far it is.
    pub state: CancelRequestState,
    /// Why.
    pub reason: CancelReason,
    /// In the shopper's words.
    pub note: String,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// What the store said.
    pub answer: String,
}

impl CancelRequest {
    /// Why, for people: `等待太久：排了一个小时`.
    pub fn why(&self) -> String {
        match self.note.is_empty() {
            true => self.reason.label().to_owned(),
            false => format!("{}：{}", self.reason.label(), self.note),
        }
    }

    /// How it stands, for people: `门店未同意：已经在做了`.
    pub fn how(&self) -> String {
        match self.answer.is_empty() {
            true => self.state.label().to_owned(),
            false => format!("{}：{}", self.state.label(), self.answer),
        }
    }
}

/// How an order can be called off by its shopper, and what they have asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Cancelling {
    /// Whether they may by themselves, now.
    pub by_self: bool,
    /// Until when, where that is a question of time.
    pub until: Option<DateTime<Utc>>,
    /// Whether they may ask the store for it, now.
    pub may_ask: bool,
    /// What they have asked for, oldest first.
    pub requests: Vec<CancelRequest>,
}

impl Cancelling {
    /// The request that the store is to answer.
    pub fn open(&self) -> Option<&CancelRequest> {
        self.requests.iter().find(|request| request.state == CancelRequestState::Open)
    }
}

/// Whether one more request may be made after these.
pub fn has_room(requests: impl IntoIterator<Item = CancelRequestState>) -> bool {
    let (mut all, mut answered) = (0, 0);
    for state in requests {
        all += 1;
        answered += usize::from(state != CancelRequestState::Withdrawn);
    }
    all < TRIES_MOST && answered < REQUESTS_MOST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(until: CancelUntil, minutes: i32) -> CancelRule {
        CancelRule { until, minutes, may_ask: true }
    }

    fn read(pairs: &[(&str, &str)]) -> Result<SetCancelRule, Fault> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        SetCancelRule::from_fields(&Fields(pairs.collect()))
    }

    #[test]
    fn what_the_store_has_not_taken_on_can_always_be_called_off_and_what_left_it_never() {
        let now = DateTime::UNIX_EPOCH + Duration::days(1);
        for rule in [rule(CancelUntil::Accepted, 0), rule(CancelUntil::Ready, 0), rule(CancelUntil::Minutes, 1)] {
            for &state in OrderState::ALL {
                let allowed = rule.allows(state, Some(DateTime::UNIX_EPOCH), now);
                match state {
                    OrderState::Placed | OrderState::Paid => assert!(allowed, "{rule:?}"),
                    OrderState::Accepted => assert_eq!(allowed, rule.until == CancelUntil::Ready),
                    _ => assert!(!allowed, "{rule:?} {state:?}"),
                }
                let asked = rule.may_be_asked(state, Some(DateTime::UNIX_EPOCH), now);
                assert_eq!(asked, is_in_hand(state) && !allowed, "{rule:?} {state:?}: either, or neither");
                assert!(!CancelRule { may_ask: false, ..rule }.may_be_asked(state, None, now));
            }
        }
    }

    #[test]
    fn where_a_rule_decides_nothing_every_rule_says_what_is_said_without_one() {
        let paid = DateTime::UNIX_EPOCH;
        for rule in [rule(CancelUntil::Ready, 0), rule(CancelUntil::Minutes, 1), rule(CancelUntil::Minutes, 1_440)] {
            for &state in OrderState::ALL.iter().filter(|state| !CancelRule::decides(**state)) {
                for now in [paid, paid + Duration::minutes(1), paid + Duration::days(2)] {
                    let says = |rule: CancelRule, paid_at| {
                        [rule.allows(state, paid_at, now), rule.may_be_asked(state, paid_at, now)]
                    };
                    let without = says(CancelRule::default(), None);
                    assert_eq!(says(rule, Some(paid)), without, "{rule:?} {state:?}");
                    assert_eq!(says(CancelRule { may_ask: false, ..rule }, Some(paid)), without, "{rule:?} {state:?}");
                }
            }
        }
    }

    #[test]
    fn a_rule_of_minutes_counts_from_the_payment_to_the_moment() {
        let (rule, paid) = (rule(CancelUntil::Minutes, 30), DateTime::UNIX_EPOCH);
        for state in [OrderState::Accepted, OrderState::Ready] {
            assert!(rule.allows(state, Some(paid), paid + Duration::minutes(30) - Duration::seconds(1)));
            assert!(!rule.allows(state, Some(paid), paid + Duration::minutes(30)));
            assert!(!rule.allows(state, None, paid));
        }
    }

    #[test]
    fn a_rule_names_its_way_its_point_and_whether_one_may_ask() {
        let told = |pairs: &[(&str, &str)]| {
            let fault = read(pairs).unwrap_err();
            fault.complaints().iter().map(|one| one.field.clone()).collect::<Vec<_>>()
        };
        assert_eq!(told(&[]), ["fulfilment", "until", "may_ask"]);
        let way = [("fulfilment", "pickup"), ("may_ask", "no")];
        for minutes in ["0", "1441", "-1", "x", ""] {
            assert_eq!(told(&[way[0], way[1], ("until", "minutes"), ("minutes", minutes)]), ["minutes"], "{minutes}");
        }
        let read = read(&[way[0], way[1], ("until", "ready"), ("minutes", "30")]).unwrap();
        let rule = CancelRule { until: CancelUntil::Ready, minutes: 0, may_ask: false };
        assert_eq!(read, SetCancelRule { fulfilment: Fulfilment::Pickup, rule });
        assert!(CancelRule { minutes: 5, ..rule }.check().is_err(), "minutes that mean nothing");
        assert_eq!(CancelRule::default().until, CancelUntil::Accepted, "where nothing is said, as it always was");
    }

    #[test]
    fn one_asks_twice_and_what_was_taken_back_counts_little() {
        use CancelRequestState::{Refused, Withdrawn};
        assert!(has_room([]) && has_room([Refused]) && has_room([Withdrawn, Withdrawn, Refused]));
        assert!(!has_room([Refused, Refused]));
        assert!(!has_room([Withdrawn; TRIES_MOST]));
    }

    #[test]
    fn a_reason_that_is_none_of_the_words_is_written() {
        let ask =
            |reason, note: &str| AskCancel { id: CancelRequestId::from(uuid::Uuid::nil()), reason, note: note.into() };
        assert!(ask(CancelReason::TooSlow, "").check().is_ok());
        assert!(ask(CancelReason::Other, " ").check().is_err() && ask(CancelReason::Other, "搬家了").check().is_ok());
        assert!(ask(CancelReason::TooSlow, &"长".repeat(201)).check().is_err());
    }
}
