//! What head office does with orders of its stores: notes, another store, calling off (D8).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Fault, Fields, OrderId, StoreId, orders::OrderState};

/// The longest note, in characters.
pub const NOTE_MOST: usize = 300;
/// The longest reason, in characters.
pub const REASON_MOST: usize = 100;
/// How many orders are called off at a time.
pub const TOGETHER_MOST: usize = 100;

/// Calls an order off that no shopper has in hand yet; what was paid goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CallOff {
    /// Why; the shopper reads it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 100, pattern = r"\S"))]
    pub reason: String,
}

/// Calls several orders off, each by itself: one that cannot be is left, and said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CallOffAll {
    /// Which, at most 100.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 100))]
    pub orders: Vec<OrderId>,
    /// Why; the shoppers read it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 100, pattern = r"\S"))]
    pub reason: String,
}

/// What became of one of several orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CalledOff {
    /// Which order.
    pub order_id: OrderId,
    /// Why it was left as it is; nothing where it was called off.
    pub problem: Option<String>,
}

/// Lets another store serve an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Reroute {
    /// Which store.
    pub store_id: StoreId,
    /// Why; the shopper reads it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 100, pattern = r"\S"))]
    pub reason: String,
}

impl Reroute {
    /// Reads the command from a form: `store`, `reason`.
    ///
    /// Faults: `Invalid` beside `store` or `reason`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let store_id = fields.text("store").parse().map_err(|_| Fault::invalid("store", "请选择改由哪家门店服务"))?;
        Ok(Self { store_id, reason: checked_reason(fields.text("reason"))?.to_owned() })
    }
}

/// A store that could serve an order in place of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RerouteChoice {
    /// Which store.
    pub store_id: StoreId,
    /// Its name.
    pub name: String,
    /// How far it is from the order's own, in metres.
    pub metres: f64,
    /// How many of the order's variants it does not have enough of; 0 is what one looks for.
    pub lacking: i64,
    /// Whether the order's time is taken there by as many orders as the store serves. It is no bar: the order keeps its
    /// time wherever it goes, and whoever gives it away is told.
    pub slot_full: bool,
}

/// Writes down something about an order that only staff read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Annotate {
    /// Made by the client: the same request again writes no second note.
    pub id: Uuid,
    /// What.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 300, pattern = r"\S"))]
    pub text: String,
}

impl Annotate {
    /// Reads the command from a form: `key`, `text`.
    ///
    /// Faults: `Invalid` beside `key`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let id = fields.text("key").parse().map_err(|_| Fault::invalid("key", "请刷新页面后再试"))?;
        Ok(Self { id, text: fields.text("text").to_owned() })
    }

    /// The text without space around it.
    ///
    /// Faults: `Invalid` beside `text`.
    pub fn checked(&self) -> Result<&str, Fault> {
        Self::checked_text(&self.text).ok_or_else(|| Fault::invalid("text", "请填写备注（300 字以内）"))
    }

    /// A note's text without space around it; nothing where it is none.
    pub(crate) fn checked_text(text: &str) -> Option<&str> {
        Some(text.trim()).filter(|text| !text.is_empty() && text.chars().count() <= NOTE_MOST)
    }
}

/// A note about an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OrderNote {
    /// What.
    pub text: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// The most days that an order waits to be fetched before it is called off.
pub const UNCLAIMED_DAYS_MOST: i32 = 90;

/// After how many days an order is called off that is ready and that nobody fetches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct UnclaimedRule {
    /// Days after its slot, 1 to 90; 0 is never.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 90))]
    pub days: i32,
}

impl UnclaimedRule {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `days`.
    pub fn check(&self) -> Result<(), Fault> {
        if (0..=UNCLAIMED_DAYS_MOST).contains(&self.days) {
            return Ok(());
        }
        Err(Fault::invalid("days", format!("请填写 0 到 {UNCLAIMED_DAYS_MOST} 的整数，0 表示不自动取消")))
    }

    /// Reads the rule from a form: `days`.
    ///
    /// Faults: `Invalid` beside it.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let days = read.parse("days", &format!("请填写 0 到 {UNCLAIMED_DAYS_MOST} 的整数，0 表示不自动取消"));
        let rule = read.finish(|| Some(Self { days: days? }))?;
        rule.check().map(|()| rule)
    }

    /// For people.
    pub fn text(&self) -> String {
        match self.days {
            0 => "逾期未取的订单只提醒，不自动取消。".into(),
            days => format!("自提订单备好后，过了取货时段 {days} 天还没取，系统自动取消并原路退款。"),
        }
    }
}

/// A reason without space around it.
///
/// Faults: `Invalid` beside `reason`.
pub fn checked_reason(reason: &str) -> Result<&str, Fault> {
    let reason = reason.trim();
    let fits = !reason.is_empty() && reason.chars().count() <= REASON_MOST;
    if fits {
        Ok(reason)
    } else {
        Err(Fault::invalid("reason", "请填写原因（100 字以内），顾客会看到"))
    }
}

/// Whether head office can still do something with an order in this state.
pub fn is_in_hand(state: OrderState) -> bool {
    matches!(state, OrderState::Paid | OrderState::Accepted | OrderState::Ready)
}
