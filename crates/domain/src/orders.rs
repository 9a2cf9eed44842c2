//! An order's life: what it can be, what may happen to it, and how it is shown.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    AddressId, CheckoutId, Fault, Fen, Fields, OrderId, Quantity, SkuId, StoreId,
    cancelling::Cancelling,
    cart::Part,
    fulfilment::{Fulfilment, SentTo, Wish},
    geo::Point,
    hours::Slot,
    members::Phone,
    refunds::OtherMeans,
    stores::words,
};

mod list;
mod picking;

pub use list::ListOrders;
pub use picking::{Pack, PickLine, ScanPick, SetPicked};

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
    /// Waits for the shopper, or for whoever brings it to them.
    Ready,
    /// On its way to the shopper.
    Dispatched,
    /// The shopper has it.
    Completed,
    /// Called off before its shopper had it; what was paid goes back.
    Cancelled,
    /// Not paid in time.
    Expired,
    /// The store could not serve it, before or after it had begun; what was paid goes back.
    Rejected,
}

words!(OrderState:
    Placed = "placed" / "待付款", Paid = "paid" / "待接单", Accepted = "accepted" / "备货中",
    Ready = "ready" / "待自提", Dispatched = "dispatched" / "配送中", Completed = "completed" / "已完成", Cancelled = "cancelled" / "已取消",
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
    /// A verified payment arrives after that, and the goods are still there.
    Revive,
    /// The shopper calls it off; until when they may, a rule says (`cancelling`).
    Cancel,
    /// The store takes it on.
    Accept,
    /// The store has made it ready.
    Prepare,
    /// The store hands it over against its code.
    Redeem,
    /// It leaves the store for the shopper.
    Dispatch,
    /// The shopper has got it.
    Deliver,
    /// Nobody took it: it is back at the store.
    Undelivered,
    /// The store cannot serve it.
    Reject,
    /// Head office calls it off.
    CallOff,
    /// Head office lets another store serve it.
    Reroute,
}

words!(OrderAct:
    Place = "place" / "提交订单", Pay = "pay" / "支付成功", Expire = "expire" / "超时未付，已关闭",
    Revive = "revive" / "超时后付款到账，已重新占用库存",
    Cancel = "cancel" / "取消订单", Accept = "accept" / "门店已接单", Prepare = "prepare" / "备货完成，待自提",
    Redeem = "redeem" / "已核销取货", Dispatch = "dispatch" / "商品已发出", Deliver = "deliver" / "已送达",
    Undelivered = "undelivered" / "未送达，商品已回门店", Reject = "reject" / "门店拒单，款项原路退回",
    CallOff = "call_off" / "已取消，款项原路退回", Reroute = "reroute" / "改由其他门店服务");

impl OrderState {
    /// The table of what may happen when, and where it leads. What is not in it may not happen.
    pub fn after(self, act: OrderAct) -> Option<Self> {
        use OrderAct as Act;
        Some(match (self, act) {
            (Self::Placed, Act::Pay) => Self::Paid,
            (Self::Placed, Act::Expire) => Self::Expired,
            (Self::Expired, Act::Revive) => Self::Paid,
            (Self::Placed | Self::Paid | Self::Accepted | Self::Ready, Act::Cancel) => Self::Cancelled,
            (Self::Paid, Act::Accept) => Self::Accepted,
            (Self::Paid | Self::Accepted | Self::Ready, Act::Reject) => Self::Rejected,
            (Self::Accepted, Act::Prepare) => Self::Ready,
            (Self::Accepted | Self::Ready, Act::Redeem) => Self::Completed,
            (Self::Accepted | Self::Ready, Act::Dispatch) => Self::Dispatched,
            (Self::Dispatched, Act::Deliver) => Self::Completed,
            (Self::Dispatched, Act::Undelivered) => Self::Ready,
            (Self::Placed | Self::Paid | Self::Accepted | Self::Ready, Act::CallOff) => Self::Cancelled,
            (Self::Paid | Self::Accepted | Self::Ready, Act::Reroute) => Self::Paid,
            _ => return None,
        })
    }

    /// As people read it of an order that reaches its shopper in this way.
    pub fn label_of(self, fulfilment: Fulfilment) -> &'static str {
        match (self, fulfilment) {
            (Self::Ready, Fulfilment::Delivery) => "待配送",
            (Self::Ready, Fulfilment::Express) => "待发货",
            (Self::Ready, Fulfilment::InStore) => "待到店",
            (Self::Dispatched, Fulfilment::Express) => "已发货",
            _ => self.label(),
        }
    }

    /// Whether nothing more is expected to happen. Only a payment that arrives too late may still revive an order that
    /// expired.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Expired | Self::Rejected)
    }

    /// Whether money was taken and not promised back.
    pub fn is_sale(self) -> bool {
        matches!(self, Self::Paid | Self::Accepted | Self::Ready | Self::Dispatched | Self::Completed)
    }
}

impl OrderAct {
    /// Whether it can happen at all to an order that reaches its shopper in this way; when, the table says.
    pub fn fits(self, fulfilment: Fulfilment) -> bool {
        match self {
            Self::Redeem => !fulfilment.is_sent(),
            Self::Dispatch | Self::Deliver | Self::Undelivered => fulfilment.is_sent(),
            _ => true,
        }
    }

    /// As people read it of an order that reaches its shopper in this way.
    pub fn label_of(self, fulfilment: Fulfilment) -> &'static str {
        match (self, fulfilment) {
            (Self::Prepare, Fulfilment::Delivery) => "备货完成，待配送",
            (Self::Prepare, Fulfilment::Express) => "备货完成，待发货",
            (Self::Dispatch, Fulfilment::Delivery) => "骑手已取货，配送中",
            (Self::Dispatch, Fulfilment::Express) => "快递已揽收",
            _ => self.label(),
        }
    }
}

/// How an order waits longer than it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Lateness {
    /// The store should have accepted it.
    Unaccepted,
    /// It should have long ago, and head office sees that.
    Escalated,
    /// It is ready, and its slot is long over.
    Unclaimed,
    /// Its shopper has long asked to call it off, and head office sees that nobody has answered.
    CancelUnanswered,
    /// The time that was agreed is over, and it is not made ready, sent or brought.
    Overdue,
}

words!(Lateness:
    Unaccepted = "unaccepted" / "超时未接单", Escalated = "escalated" / "久未接单", Unclaimed = "unclaimed" / "逾期未取",
    CancelUnanswered = "cancel_unanswered" / "取消申请久未答复", Overdue = "overdue" / "已过约定时间");

/// Over which face an order came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Channel {
    /// The shop's pages.
    Shop,
    /// A mini-program, which speaks the JSON API and whose session says so.
    MiniProgram,
    /// Any other program, over the JSON API.
    Api,
    /// A store's console.
    Console,
    /// Head office's pages.
    Hq,
    /// The server itself: jobs, callbacks.
    System,
}

words!(Channel:
    Shop = "shop" / "商城", MiniProgram = "mini_program" / "小程序", Api = "api" / "接口", Console = "console" / "门店端",
    Hq = "hq" / "总部", System = "system" / "系统");

impl Channel {
    /// Those over which orders come.
    pub const OF_ORDERS: [Self; 3] = [Self::Shop, Self::MiniProgram, Self::Api];
}

/// Places an order for what the cart holds of one store, of what is set apart there or of all else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PlaceOrder {
    /// Made by the client; the idempotency key.
    pub id: OrderId,
    /// The store whose lines are ordered.
    pub store_id: StoreId,
    /// Whether those that are set apart are.
    #[serde(default)]
    pub apart: bool,
    /// How it reaches the shopper; they come for it where nothing is said.
    #[serde(default)]
    pub fulfilment: Fulfilment,
    /// To which of their addresses, for a way that needs one.
    #[serde(default)]
    pub address_id: Option<AddressId>,
    /// The start of the slot chosen.
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

    /// Which part of the cart is ordered.
    pub fn part(&self) -> Part {
        Part { store_id: self.store_id, apart: self.apart }
    }

    /// Which way, and where to.
    pub fn wish(&self) -> Wish {
        Wish { fulfilment: self.fulfilment, address_id: self.address_id }
    }

    /// Reads the command from a form.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "页面已过期，请刷新后再提交");
        let store_id = read.parse("store_id", "请选择门店");
        let wish = match Wish::from_fields(fields) {
            Ok(wish) => Some(wish),
            Err(fault) => {
                fault.complaints().iter().for_each(|one| read.complain(&one.field, &one.message));
                None
            }
        };
        let slot = read.parse("slot", "请选择时间");
        let total: Option<i64> = read.parse("expected_total_fen", "页面已过期，请刷新后再提交");
        let note = read.text("note", Self::NOTE_MOST);
        read.finish(|| {
            Some(Self {
                id: id?,
                store_id: store_id?,
                apart: fields.given("apart").is_some(),
                fulfilment: wish?.fulfilment,
                address_id: wish?.address_id,
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
    /// In how many packages it was made ready, where that was said.
    #[serde(default)]
    pub packages: Option<i32>,
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
    /// How it reaches its shopper.
    pub fulfilment: Fulfilment,
    /// Over which face it came.
    pub channel: Channel,
    /// What it costs, with what its way costs.
    pub total_fen: Fen,
    /// What its way costs.
    pub freight_fen: Fen,
    /// Pieces in it.
    pub pieces: i64,
    /// `珍珠奶茶 等 3 件`.
    pub summary: String,
    /// The picture of its first line.
    pub picture: String,
    /// When it is to be picked up, or brought.
    pub slot: Slot,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// The end of the shopper's phone number, for the counter.
    pub phone_tail: String,
    /// What the shopper wants the store to know.
    pub note: String,
    /// The orders that it was placed together with, where it was.
    pub checkout_id: Option<CheckoutId>,
    /// Whether it waits longer than it should.
    pub late: Option<Lateness>,
    /// Since when its shopper asks the store to call it off, where they do.
    #[serde(default)]
    pub cancel_asked_at: Option<DateTime<Utc>>,
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
    /// Where it goes, for a way that needs an address.
    pub sent_to: Option<SentTo>,
    /// With whom it left the store last.
    pub rider: Option<Rider>,
    /// The code to show at the counter, or to whoever brings it; from payment until the shopper has it.
    pub pickup_code: Option<String>,
    /// Until when it must be paid.
    pub pay_before: Option<DateTime<Utc>>,
    /// Until when it must be fetched; then it is called off, and its money goes back. Nothing where no such rule is.
    #[serde(default)]
    pub claim_before: Option<DateTime<Utc>>,
    /// How its shopper can call it off, and what they have asked for.
    #[serde(default)]
    pub cancelling: Cancelling,
    /// What was paid.
    pub paid_fen: Fen,
    /// What went back.
    pub refunded_fen: Fen,
    /// What of that went back in another way than the gateway's, which could not.
    #[serde(default)]
    pub refunded_otherwise: Vec<OtherMeans>,
    /// Whether a refund takes longer than it should, or the gateway refused it: head office looks after it.
    #[serde(default)]
    pub refund_delayed: bool,
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

/// Who brings an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Rider {
    /// What they are called.
    pub name: String,
    /// The number to call.
    pub phone: String,
    /// When they left the store.
    pub dispatched_at: DateTime<Utc>,
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
    fn nothing_happens_to_an_order_whose_life_has_ended_but_that_a_late_payment_revives_it() {
        for &state in OrderState::ALL.iter().filter(|state| state.is_final()) {
            for &act in OrderAct::ALL {
                let revived = (state, act) == (OrderState::Expired, OrderAct::Revive);
                assert_eq!(state.after(act), revived.then_some(OrderState::Paid), "{state:?} {act:?}");
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
    fn what_the_store_still_has_can_be_turned_down_and_what_has_left_it_cannot() {
        for &state in OrderState::ALL {
            let here = crate::order_centre::is_in_hand(state);
            assert_eq!(state.after(OrderAct::Reject).is_some(), here, "{state:?}");
            assert_eq!(state.after(OrderAct::Cancel).is_some(), here || state == OrderState::Placed, "{state:?}");
        }
    }

    #[test]
    fn an_unpaid_order_is_never_handed_over() {
        assert_eq!(OrderState::Placed.after(OrderAct::Redeem), None);
        assert_eq!(OrderState::Placed.after(OrderAct::Accept), None);
    }

    #[test]
    fn goods_that_are_sent_are_not_handed_over_at_the_counter_and_the_other_way_round() {
        for &fulfilment in Fulfilment::ALL {
            assert_ne!(OrderAct::Redeem.fits(fulfilment), OrderAct::Deliver.fits(fulfilment), "{fulfilment:?}");
            assert_eq!(OrderAct::Dispatch.fits(fulfilment), OrderAct::Undelivered.fits(fulfilment));
        }
        assert_eq!(OrderState::Dispatched.after(OrderAct::CallOff), None, "what is on its way comes back first");
    }

    #[test]
    fn a_pickup_code_is_read_as_people_type_it() {
        assert_eq!("2048 1357".parse::<PickupCode>().unwrap().as_str(), "20481357");
        assert!("2048135".parse::<PickupCode>().is_err());
        assert!("2048135x".parse::<PickupCode>().is_err());
    }
}
