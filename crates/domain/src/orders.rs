//! An order's life: what it can be, what may happen to it, and how it is shown.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Fault, Fen, Fields, OrderId, Quantity, SkuId, StoreId, geo::Point, hours::Slot, members::Phone, stores::words,
};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum OrderState {
    /// Waits for its payment; its stock is held until a time.
    Placed,
    /// Paid; waits for the store to accept.
    Paid,
    /// The store prepares it.
    Accepted,
    /// Waits for the shopper.
    Ready,
    /// Picked up.
    Completed,
    /// Called off before it was accepted; what was paid goes back.
    Cancelled,
    /// Not paid in time.
    Expired,
    /// The store could not serve it; what was paid goes back.
    Rejected,
}

words!(OrderState:
    Placed = "placed" / "待付款", Paid = "paid" / "待接单", Accepted = "accepted" / "备货中",
    Ready = "ready" / "待自提", Completed = "completed" / "已完成", Cancelled = "cancelled" / "已取消",
    Expired = "expired" / "超时关闭", Rejected = "rejected" / "商家拒单");

/// What may happen to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum OrderAct {
    /// The shopper places it.
    Place,
    /// A verified payment arrives.
    Pay,
    /// The time to pay runs out.
    Expire,
    /// The shopper calls it off.
    Cancel,
    /// The store takes it on.
    Accept,
    /// The store has made it ready.
    Prepare,
    /// The store hands it over against its code.
    Redeem,
    /// The store cannot serve it.
    Reject,
    /// Head office calls it off.
    CallOff,
    /// Head office lets another store serve it.
    Reroute,
}

words!(OrderAct:
    Place = "place" / "提交订单", Pay = "pay" / "支付成功", Expire = "expire" / "超时未付，已关闭",
    Cancel = "cancel" / "取消订单", Accept = "accept" / "门店已接单", Prepare = "prepare" / "备货完成，待自提",
    Redeem = "redeem" / "已核销取货", Reject = "reject" / "门店拒单，款项原路退回",
    CallOff = "call_off" / "总部取消，款项原路退回", Reroute = "reroute" / "改由其他门店服务");

impl OrderState {
    /// The table of what may happen when, and where it leads. What is not in it may not happen.
    pub fn after(self, act: OrderAct) -> Option<Self> {
        use OrderAct as Act;
        Some(match (self, act) {
            (Self::Placed, Act::Pay) => Self::Paid,
            (Self::Placed, Act::Expire) => Self::Expired,
            (Self::Placed | Self::Paid, Act::Cancel) => Self::Cancelled,
            (Self::Paid, Act::Accept) => Self::Accepted,
            (Self::Paid | Self::Accepted, Act::Reject) => Self::Rejected,
            (Self::Accepted, Act::Prepare) => Self::Ready,
            (Self::Accepted | Self::Ready, Act::Redeem) => Self::Completed,
            (Self::Placed | Self::Paid | Self::Accepted | Self::Ready, Act::CallOff) => Self::Cancelled,
            (Self::Paid | Self::Accepted | Self::Ready, Act::Reroute) => Self::Paid,
            _ => return None,
        })
    }

    /// Whether nothing more can happen.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Expired | Self::Rejected)
    }

    /// Whether money was taken and not promised back.
    pub fn is_sale(self) -> bool {
        matches!(self, Self::Paid | Self::Accepted | Self::Ready | Self::Completed)
    }
}

/// Over which face an order came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Channel {
    /// The shop's pages.
    Shop,
    /// The JSON API.
    Api,
    /// A store's console.
    Console,
    /// Head office's pages.
    Hq,
    /// The server itself: jobs, callbacks.
    System,
}

words!(Channel: Shop = "shop" / "商城", Api = "api" / "接口", Console = "console" / "门店端", Hq = "hq" / "总部", System = "system" / "系统");

/// Places an order for what the cart holds of one store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PlaceOrder {
    /// Made by the client; the idempotency key.
    pub id: OrderId,
    /// The store whose lines are ordered.
    pub store_id: StoreId,
    /// The start of the pickup slot chosen.
    pub slot: DateTime<Utc>,
    /// The total the shopper saw. It is never charged: where it differs from the quote of this
    /// moment the order is refused, so that nobody pays another price than the one shown.
    pub expected_total_fen: Fen,
    /// What the shopper wants the store to know; at most 100 characters.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 100))]
    pub note: String,
    /// When it was placed, by the client's clock, where that differs from its arrival.
    pub occurred_at: Option<DateTime<Utc>>,
}

impl PlaceOrder {
    /// The longest note, in characters.
    pub const NOTE_MOST: usize = 100;

    /// Reads the command from a form.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "页面已过期，请刷新后再提交");
        let store_id = read.parse("store_id", "请选择门店");
        let slot = read.parse("slot", "请选择取货时间");
        let total: Option<i64> = read.parse("expected_total_fen", "页面已过期，请刷新后再提交");
        let note = read.text("note", Self::NOTE_MOST);
        read.finish(|| {
            Some(Self {
                id: id?,
                store_id: store_id?,
                slot: slot?,
                expected_total_fen: Fen(total?),
                note: note?,
                occurred_at: None,
            })
        })
    }
}

/// A line with the name and price of the time it was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OrderLine {
    /// Which variant.
    pub sku_id: SkuId,
    /// The product's name.
    pub name: String,
    /// `大杯`, or empty.
    pub spec: String,
    /// `七分糖、少冰、珍珠`, or empty.
    pub options_text: String,
    /// The stem of the picture's file name.
    pub picture: String,
    /// How many.
    pub quantity: Quantity,
    /// The price of one.
    pub unit_fen: Fen,
    /// The price of all.
    pub total_fen: Fen,
}

/// One step of an order: what, when, by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OrderStep {
    /// What happened.
    pub act: OrderAct,
    /// Where it led.
    pub state: OrderState,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, for people: `本人`, `店员 小林`, `系统`.
    pub by: String,
    /// Why, where a reason was given.
    pub note: String,
}

/// An order in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OrderCard {
    /// Its identity.
    pub id: OrderId,
    /// Its number for people, not guessable.
    pub number: String,
    /// The store that serves it.
    pub store_id: StoreId,
    /// That store's name.
    pub store_name: String,
    /// Where it stands.
    pub state: OrderState,
    /// Over which face it came.
    pub channel: Channel,
    /// What it costs.
    pub total_fen: Fen,
    /// Pieces in it.
    pub pieces: i64,
    /// `珍珠奶茶 等 3 件`.
    pub summary: String,
    /// The picture of its first line.
    pub picture: String,
    /// When it is to be picked up.
    pub slot: Slot,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// The end of the shopper's phone number, for the counter.
    pub phone_tail: String,
    /// What the shopper wants the store to know.
    pub note: String,
}

/// An order's own page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OrderView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub card: OrderCard,
    /// The phone of whoever ordered; `138****8000` to staff who may not see it whole there.
    pub shopper_phone: String,
    /// What was ordered.
    pub lines: Vec<OrderLine>,
    /// What happened, oldest first.
    pub steps: Vec<OrderStep>,
    /// The code to show at the counter; from payment until it is picked up.
    pub pickup_code: Option<String>,
    /// Until when it must be paid.
    pub pay_before: Option<DateTime<Utc>>,
    /// What was paid.
    pub paid_fen: Fen,
    /// What went back.
    pub refunded_fen: Fen,
    /// The store's address.
    pub store_address: String,
    /// The store's code, for its page.
    pub store_code: String,
    /// The store's phone.
    pub store_phone: Option<String>,
    /// Where the store is.
    pub store_point: Point,
    /// The store's zone, by IANA name.
    pub timezone: String,
}

/// What placing an order answers; the same for every repeat of the same request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OrderPlaced {
    /// Its identity.
    pub id: OrderId,
    /// Its number for people.
    pub number: String,
    /// What is to be paid.
    pub total_fen: Fen,
    /// Until when.
    pub pay_before: DateTime<Utc>,
}

/// What a staff list of orders is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOrders {
    /// Only of this store.
    pub store: Option<StoreId>,
    /// Only of stores in this region, or below it; by its code.
    pub region: Option<String>,
    /// Only over this face.
    pub channel: Option<Channel>,
    /// Only in these states; any where empty.
    pub states: Vec<OrderState>,
    /// A number, a pickup code or the end of a phone number.
    pub words: String,
    /// How many at most; 1 to 100.
    pub most: usize,
    /// Where to read on.
    pub after: Option<String>,
}

impl ListOrders {
    /// Reads the filters from an address.
    ///
    /// Faults: `NotFound` for a store that can be none.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let store = fields.given("store").map(|text| text.parse().map_err(|_| Fault::NotFound("这家门店")));
        Ok(Self {
            store: store.transpose()?,
            region: fields.given("region").map(str::to_owned),
            channel: fields.given("channel").and_then(Channel::from_code),
            states: fields.given("state").and_then(OrderState::from_code).into_iter().collect(),
            words: fields.words("q"),
            ..Self::default()
        })
    }

    /// The filters as [`Self::from_fields`] reads them.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("store", self.store.map(|id| id.to_string()).unwrap_or_default()),
            ("region", self.region.clone().unwrap_or_default()),
            ("channel", self.channel.map_or("", Channel::code).to_owned()),
            ("state", self.states.first().map_or("", |state| state.code()).to_owned()),
            ("q", self.words.clone()),
        ]
    }
}

/// A phone as it stands on the order board.
pub fn phone_tail(phone: &Phone) -> String {
    phone.as_str().chars().skip(7).collect()
}

/// The code a shopper shows at the counter: 8 digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[0-9]{8}$", example = "20481357"))]
pub struct PickupCode(String);

impl PickupCode {
    /// How many digits.
    pub const DIGITS: usize = 8;

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for PickupCode {
    type Err = crate::Complaint;
    /// Takes the digits as scanned or typed, with spaces or hyphens between them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String = text.chars().filter(|sign| !sign.is_whitespace() && *sign != '-').collect();
        if digits.len() == Self::DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit()) {
            Ok(Self(digits))
        } else {
            Err(crate::Complaint::new("code", "取货码是 8 位数字，请重新扫描或输入"))
        }
    }
}

impl TryFrom<String> for PickupCode {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|complaint: crate::Complaint| complaint.message)
    }
}

impl From<PickupCode> for String {
    fn from(code: PickupCode) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_happens_to_an_order_whose_life_has_ended() {
        for &state in OrderState::ALL.iter().filter(|state| state.is_final()) {
            for &act in OrderAct::ALL {
                assert_eq!(state.after(act), None, "{state:?} {act:?}");
            }
        }
    }

    #[test]
    fn every_state_but_the_first_can_be_reached_and_every_open_one_left() {
        let reached: Vec<_> =
            OrderState::ALL.iter().flat_map(|state| OrderAct::ALL.iter().filter_map(|&act| state.after(act))).collect();
        for &state in OrderState::ALL {
            assert!(state == OrderState::Placed || reached.contains(&state), "{state:?} cannot be reached");
            assert!(state.is_final() || OrderAct::ALL.iter().any(|&act| state.after(act).is_some()));
        }
    }

    #[test]
    fn an_unpaid_order_is_never_handed_over() {
        assert_eq!(OrderState::Placed.after(OrderAct::Redeem), None);
        assert_eq!(OrderState::Placed.after(OrderAct::Accept), None);
    }

    #[test]
    fn a_pickup_code_is_read_as_people_type_it() {
        assert_eq!("2048 1357".parse::<PickupCode>().unwrap().as_str(), "20481357");
        assert!("2048135".parse::<PickupCode>().is_err());
        assert!("2048135x".parse::<PickupCode>().is_err());
    }
}
