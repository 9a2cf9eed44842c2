//! Parcels of orders that are sent, riders who are called, and what is told of both on their way (D2).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Complaint, Fault, Fen, Fields, ParcelId, RideId,
    parcels::{Afterwards, ParcelState},
    stores::words,
    unsent::UnsentEnd,
};

/// Who brings a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Carrier {
    Shunfeng,
    Zhongtong,
    Yuantong,
    Yunda,
    Shentong,
    Jitu,
    Jingdong,
    Youzheng,
    Debang,
    Other,
}

words!(Carrier:
    Shunfeng = "shunfeng" / "顺丰速运", Zhongtong = "zhongtong" / "中通快递", Yuantong = "yuantong" / "圆通速递",
    Yunda = "yunda" / "韵达快递", Shentong = "shentong" / "申通快递", Jitu = "jitu" / "极兔速递",
    Jingdong = "jingdong" / "京东快递", Youzheng = "youzheng" / "中国邮政", Debang = "debang" / "德邦快递",
    Other = "other" / "其他快递");

/// Pieces of one line of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PackedLine {
    /// Which line, as the order numbers them: from 1 on.
    pub line: i32,
    /// How many; 1 to 999.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 999))]
    pub quantity: i64,
}

/// Sends a parcel with pieces of an order off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ShipParcel {
    /// Made by the client; the idempotency key.
    pub id: ParcelId,
    /// Who brings it.
    pub carrier: Carrier,
    /// The carrier's number: 6 to 40 letters, digits and hyphens. Small letters become capital ones.
    #[cfg_attr(feature = "api", schema(min_length = 6, max_length = 40, pattern = "^[0-9A-Za-z-]{6,40}$"))]
    pub tracking_number: String,
    /// What is in it; all that has not been sent where nothing is said.
    #[serde(default)]
    pub lines: Vec<PackedLine>,
}

impl ShipParcel {
    /// The tracking number as it is kept.
    ///
    /// Faults: `Invalid` beside `tracking_number`, or `pieces.{line}`.
    pub fn checked(mut self) -> Result<Self, Fault> {
        self.tracking_number = checked_number(&self.tracking_number)?;
        self.lines.sort_unstable();
        let twice = self.lines.windows(2).find(|pair| pair[0].line == pair[1].line).map(|pair| pair[0].line);
        let odd = self.lines.iter().find(|line| !(1..=999).contains(&line.quantity)).map(|line| line.line);
        match twice.or(odd) {
            Some(line) => Err(Fault::invalid(&format!("pieces.{line}"), "请填写 1 到 999 的整数，每种商品一行")),
            None => Ok(self),
        }
    }

    /// Reads the command from a form: `key`, `carrier`, `tracking_number`, and `pieces.{line}` for what is in it.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "页面已过期，请刷新后再提交");
        let carrier = Carrier::from_code(fields.text("carrier"));
        if carrier.is_none() {
            read.complain("carrier", "请选择快递公司");
        }
        let mut lines = Vec::new();
        for (line, pieces) in fields.under("pieces.") {
            let Ok(number) = line.parse() else { continue };
            match pieces.parse() {
                Ok(0) => {}
                Ok(quantity) => lines.push(PackedLine { line: number, quantity }),
                Err(_) => read.complain(&format!("pieces.{line}"), "请填写整数"),
            }
        }
        if lines.is_empty() && fields.under("pieces.").next().is_some() {
            read.complain("lines", "请填写这个包裹里的商品数量");
        }
        let tracking_number = fields.text("tracking_number").to_owned();
        read.finish(|| Some(Self { id: id?, carrier: carrier?, tracking_number, lines }))?.checked()
    }
}

/// A carrier's number as it is kept.
///
/// Faults: `Invalid` beside `tracking_number`.
pub fn checked_number(typed: &str) -> Result<String, Fault> {
    let number: String = typed.chars().filter(|sign| !sign.is_whitespace()).collect();
    let fits = number.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '-');
    if fits && (6..=40).contains(&number.len()) {
        return Ok(number.to_ascii_uppercase());
    }
    Err(Fault::invalid("tracking_number", "请扫描或填写快递单号：6 到 40 位字母、数字"))
}

/// What of a line's pieces is to be sent still. `sent` are the lines of earlier parcels.
pub fn left(ordered: &[PackedLine], sent: &[PackedLine]) -> Vec<PackedLine> {
    let gone = |line: i32| -> i64 { sent.iter().filter(|one| one.line == line).map(|one| one.quantity).sum() };
    let left = ordered.iter().map(|one| PackedLine { quantity: one.quantity - gone(one.line), ..*one });
    left.filter(|one| one.quantity > 0).collect()
}

/// What goes into a parcel: what is asked for, or all that is left.
///
/// Faults: `Invalid` beside `pieces.{line}` for more than is left, or beside `lines` where nothing is left.
pub fn pack(left: &[PackedLine], asked: &[PackedLine]) -> Result<Vec<PackedLine>, Fault> {
    choose(left, asked, "这个订单的商品已全部发出")
}

/// What is asked for of what no parcel holds yet, or all of it. `none` is said where nothing is left.
pub(crate) fn choose(left: &[PackedLine], asked: &[PackedLine], none: &str) -> Result<Vec<PackedLine>, Fault> {
    if left.is_empty() {
        return Err(Fault::invalid("lines", none));
    }
    if asked.is_empty() {
        return Ok(left.to_vec());
    }
    let beyond = asked.iter().filter_map(|one| {
        let there = left.iter().find(|other| other.line == one.line).map_or(0, |other| other.quantity);
        let told = format!("这件商品只剩 {there} 件没有发出");
        (one.quantity > there).then(|| Complaint::new(format!("pieces.{}", one.line), told))
    });
    let beyond: Vec<Complaint> = beyond.collect();
    if beyond.is_empty() { Ok(asked.to_vec()) } else { Err(Fault::Invalid(beyond)) }
}

/// A parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ParcelView {
    /// Its identity.
    pub id: ParcelId,
    /// Who brings it.
    pub carrier: Carrier,
    /// The carrier's number.
    pub tracking_number: String,
    /// What is in it: `珍珠奶茶 中杯 × 2`.
    pub goods: Vec<String>,
    /// When it left.
    pub shipped_at: DateTime<Utc>,
    /// Who sent it off; nothing for shoppers.
    pub by: Option<String>,
    /// Where it is.
    #[serde(default)]
    pub state: ParcelState,
    /// Why it came back, and what becomes of its pieces; nothing where it did not.
    #[serde(default)]
    pub came_back: Option<CameBack>,
    /// What its carrier told last.
    #[serde(default)]
    pub last: Option<TrackingStep>,
}

/// One time that a rider took an order along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct DeliveryView {
    /// Who took it.
    pub rider_name: String,
    /// The number to call.
    pub rider_phone: String,
    /// When it left.
    pub dispatched_at: DateTime<Utc>,
    /// When it was there, or back; nothing while it is on its way.
    pub ended_at: Option<DateTime<Utc>>,
}

/// That a parcel came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CameBack {
    /// Why.
    pub reason: String,
    /// What becomes of its pieces.
    pub afterwards: Afterwards,
    /// Whether they are spoilt.
    pub spoilt: bool,
    /// When the store said so.
    pub at: DateTime<Utc>,
}

/// How a rider's job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum RideState {
    /// Asked for; whether anybody comes is not known yet.
    Calling,
    /// Asked for; nobody has taken it on yet.
    Called,
    /// A rider comes.
    Accepted,
    /// The rider is at the store.
    AtStore,
    /// The rider has the goods.
    PickedUp,
    /// The shopper has them.
    Delivered,
    /// Called off.
    Cancelled,
    /// The courier would not.
    Refused,
}

words!(RideState:
    Calling = "calling" / "呼叫中", Called = "called" / "待骑手接单", Accepted = "accepted" / "骑手赶往门店",
    AtStore = "at_store" / "骑手已到店", PickedUp = "picked_up" / "骑手配送中", Delivered = "delivered" / "已送达",
    Cancelled = "cancelled" / "已取消", Refused = "refused" / "没有叫到骑手");

impl RideState {
    /// Whether nothing more comes of it.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Delivered | Self::Cancelled | Self::Refused)
    }

    /// Whether it can be called off.
    pub fn can_cancel(self) -> bool {
        matches!(self, Self::Calling | Self::Called | Self::Accepted | Self::AtStore)
    }

    /// Where it stands after it is told that it stands at `told`. What is told may be late or come twice: a job never
    /// goes back, and one that is over stays as it ended.
    pub fn after(self, told: Self) -> Self {
        let is_later = Self::ALL.iter().position(|&one| one == told) > Self::ALL.iter().position(|&one| one == self);
        if self.is_over() || !is_later { self } else { told }
    }
}

/// A rider's job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RideView {
    /// Its identity, and our number for it at the courier.
    pub id: RideId,
    /// How it stands.
    pub state: RideState,
    /// What the courier takes for it; nothing before that is known.
    pub fee_fen: Option<Fen>,
    /// Who comes.
    pub rider_name: String,
    /// The number to call.
    pub rider_phone: String,
    /// Why nobody comes, where the courier said.
    pub problem: String,
    /// When it was asked for.
    pub called_at: DateTime<Utc>,
}

/// What a rider would cost now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RideQuote {
    /// What the courier would take.
    pub fee_fen: Fen,
    /// Within how many minutes it promises to be there, where it does.
    pub minutes: Option<i64>,
}

/// One thing that was told of an order's way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct TrackingStep {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What, for people.
    pub words: String,
}

/// What of a line is to be sent still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct LineLeft {
    /// Which line.
    pub line: i32,
    /// What it is called: `珍珠奶茶 中杯`.
    pub goods: String,
    /// How many pieces.
    pub quantity: i64,
}

/// All that is known of how an order is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Shipment {
    /// Its parcels, the first one first.
    pub parcels: Vec<ParcelView>,
    /// What is to be sent still, of an express order.
    pub left: Vec<LineLeft>,
    /// What is sent no more, and what goes back for it; the first one first.
    #[serde(default)]
    pub ended: Vec<UnsentEnd>,
    /// The riders that were called, the last one first; none for shoppers.
    pub rides: Vec<RideView>,
    /// The times that a rider took it along, the last one first; none for shoppers.
    #[serde(default)]
    pub deliveries: Vec<DeliveryView>,
    /// What was told on the way, the newest first.
    pub steps: Vec<TrackingStep>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(line: i32, quantity: i64) -> PackedLine {
        PackedLine { line, quantity }
    }

    fn parcel(number: &str, lines: Vec<PackedLine>) -> ShipParcel {
        let (id, tracking_number) = (ParcelId(uuid::Uuid::nil()), number.to_owned());
        ShipParcel { id, carrier: Carrier::Shunfeng, tracking_number, lines }
    }

    proptest! {
        #[test]
        fn parcels_together_hold_what_was_ordered_and_never_more(
            ordered in prop::collection::vec(1..=20i64, 1..6), asked in prop::collection::vec((1..7i32, 1..=20i64), 0..12),
        ) {
            let ordered: Vec<_> = (1i32..).zip(ordered).map(|(at, quantity)| line(at, quantity)).collect();
            let mut sent = Vec::new();
            for (at, quantity) in asked {
                if let Ok(packed) = pack(&left(&ordered, &sent), &[line(at, quantity)]) {
                    sent.extend(packed);
                }
            }
            // What is left goes at last, as long as something is.
            if let Ok(packed) = pack(&left(&ordered, &sent), &[]) {
                sent.extend(packed);
            }
            prop_assert!(left(&ordered, &sent).is_empty());
            for one in &ordered {
                prop_assert_eq!(sent.iter().filter(|other| other.line == one.line).map(|other| other.quantity).sum::<i64>(), one.quantity);
            }
        }

        #[test]
        fn a_ride_never_goes_back_whatever_is_told_in_whatever_order(told in prop::collection::vec(0..RideState::ALL.len(), 0..20)) {
            let mut state = RideState::Calling;
            for at in told {
                let next = state.after(RideState::ALL[at]);
                prop_assert!(!state.is_over() || next == state);
                prop_assert!(next as usize >= state as usize);
                state = next;
            }
        }
    }

    #[test]
    fn a_tracking_number_is_read_as_scanners_and_people_give_it() {
        assert_eq!(parcel(" sf 123-4567 ", Vec::new()).checked().unwrap().tracking_number, "SF123-4567");
        for wrong in ["", "12345", "SF12345；", "<script>", &"1".repeat(41)] {
            let fault = parcel(wrong, Vec::new()).checked().unwrap_err();
            assert_eq!(fault.complaints()[0].field, "tracking_number", "{wrong}");
        }
        let twice = parcel("SF123456", vec![line(2, 1), line(1, 1), line(2, 3)]).checked().unwrap_err();
        assert_eq!(twice.complaints()[0].field, "pieces.2");
    }

    #[test]
    fn more_than_is_left_is_refused_beside_its_line() {
        let fault = pack(&[line(1, 2)], &[line(1, 3), line(2, 1)]).unwrap_err();
        let fields: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["pieces.1", "pieces.2"]);
    }
}
