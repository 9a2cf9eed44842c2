//! Goods that go from one store or warehouse to another 调拨, asked for 要货 or sent out by head office (K3).

mod commands;
mod views;

use serde::{Deserialize, Serialize};

use crate::{Complaint, Fault, LocationId, SkuId, StoreId, stores::words};

pub use commands::{
    CancelTransfer, DecideTransfer, LINES_MOST, ListTransfers, PIECES_MOST, ReceiveRest, ReceiveTransfer,
    RequestTransfer, SettleTransfer, Settled, ShipTransfer, TransferTab,
};
pub(crate) use commands::{checked_lines, pieces_of};
pub use views::{TransferCard, TransferLine, TransferStep, TransferView};

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum TransferState {
    /// Asked for; the sender's side has not answered.
    Requested,
    /// Agreed to; the goods are still where they were.
    Approved,
    /// Turned down.
    Rejected,
    /// Taken back by whoever asked.
    Withdrawn,
    /// Agreed to, and then not sent after all.
    Cancelled,
    /// On the way: gone from the sender, not yet with the receiver.
    Shipped,
    /// Arrived. What is missing is settled afterwards.
    Received,
}

words!(TransferState:
    Requested = "requested" / "待同意", Approved = "approved" / "待发货", Rejected = "rejected" / "已拒绝",
    Withdrawn = "withdrawn" / "已撤回", Cancelled = "cancelled" / "已取消", Shipped = "shipped" / "在途",
    Received = "received" / "已收货");

/// What happens to a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum TransferAct {
    /// The receiver's side asks.
    Request,
    /// Head office sends out, which nobody needs to agree to.
    Allocate,
    /// The sender's side agrees.
    Approve,
    /// The sender's side turns it down.
    Reject,
    /// The receiver's side takes it back.
    Withdraw,
    /// The sender's side does not send after all.
    Cancel,
    /// The goods leave.
    Ship,
    /// The goods arrive.
    Receive,
    /// What was missing arrives after all, or a part of it.
    ReceiveRest,
    /// What did not arrive is accounted for, or a part of it.
    Settle,
}

words!(TransferAct:
    Request = "request" / "申请", Allocate = "allocate" / "总部分配", Approve = "approve" / "同意", Reject = "reject" / "拒绝",
    Withdraw = "withdraw" / "撤回", Cancel = "cancel" / "取消", Ship = "ship" / "发货", Receive = "receive" / "收货",
    ReceiveRest = "receive_rest" / "补收", Settle = "settle" / "处理差异");

impl TransferState {
    /// The transition table: where `act` leads from here; `None` where it is not allowed.
    pub fn after(self, act: TransferAct) -> Option<Self> {
        use TransferAct as Act;
        match (self, act) {
            (Self::Requested, Act::Approve) => Some(Self::Approved),
            (Self::Requested, Act::Reject) => Some(Self::Rejected),
            (Self::Requested, Act::Withdraw) => Some(Self::Withdrawn),
            (Self::Approved, Act::Ship) => Some(Self::Shipped),
            (Self::Approved, Act::Cancel) => Some(Self::Cancelled),
            (Self::Shipped, Act::Receive) => Some(Self::Received),
            (Self::Received, Act::ReceiveRest | Act::Settle) => Some(Self::Received),
            _ => None,
        }
    }
}

/// The two kinds of places where stock lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum LocationKind {
    /// It sells.
    Store,
    /// It does not.
    Warehouse,
}

words!(LocationKind: Store = "store" / "门店", Warehouse = "warehouse" / "仓库");

/// A store or a warehouse, as the place where stock lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = StockLocation))]
pub struct Location {
    /// Its identity; a store's is that of the store.
    pub id: LocationId,
    /// Which of the two it is.
    pub kind: LocationKind,
    /// Its code.
    pub code: String,
    /// What it is called.
    pub name: String,
}

impl Location {
    /// The store that it is.
    pub fn store(&self) -> Option<StoreId> {
        (self.kind == LocationKind::Store).then_some(StoreId(self.id.0))
    }
}

/// So many pieces of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Pieces {
    /// Which variant.
    pub sku_id: SkuId,
    /// How many.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 100_000))]
    pub quantity: i64,
}

/// The field of a form, and of a complaint, that says how many pieces of a variant.
pub fn field_of(sku: SkuId) -> String {
    format!("pieces.{sku}")
}

/// The field of the form and of a complaint that says how many pieces of a variant were lost on the way.
pub fn lost_field(sku: SkuId) -> String {
    format!("lost.{sku}")
}

/// The field that says how many pieces of a variant are back on the sender's shelf.
pub fn returned_field(sku: SkuId) -> String {
    format!("returned.{sku}")
}

/// How many pieces of each of a document's variants, in their order: those that `asked` names, none of those that it
/// does not, and all of them where it names nothing.
///
/// `most`: the document's variants, each with the most that there may be. `beyond`: what to say of more.
///
/// Faults: `Invalid` beside the variants for more, fewer than none, a variant twice, or one that is not the document's.
pub fn within(asked: &[Pieces], most: &[Pieces], beyond: impl Fn(i64) -> String) -> Result<Vec<Pieces>, Fault> {
    if asked.is_empty() {
        return Ok(most.to_vec());
    }
    let mut complaints = Vec::new();
    let mut complain = |sku, message: String| complaints.push(Complaint::new(field_of(sku), message));
    for (at, one) in asked.iter().enumerate() {
        if asked[..at].iter().any(|earlier| earlier.sku_id == one.sku_id) {
            complain(one.sku_id, "同一件商品填写了两次".into());
            continue;
        }
        match most.iter().find(|most| most.sku_id == one.sku_id) {
            None => complain(one.sku_id, "单据里没有这件商品".into()),
            Some(_) if one.quantity < 0 => complain(one.sku_id, "数量不能小于 0".into()),
            Some(most) if one.quantity > most.quantity => complain(one.sku_id, beyond(most.quantity)),
            Some(_) => {}
        }
    }
    if !complaints.is_empty() {
        return Err(Fault::Invalid(complaints));
    }
    let quantity = |sku| asked.iter().find(|one| one.sku_id == sku).map_or(0, |one| one.quantity);
    Ok(most.iter().map(|one| Pieces { sku_id: one.sku_id, quantity: quantity(one.sku_id) }).collect())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn pieces(number: u128, quantity: i64) -> Pieces {
        Pieces { sku_id: SkuId(Uuid::from_u128(number)), quantity }
    }

    #[test]
    fn a_transfer_ends_in_one_way_and_moves_goods_once() {
        use TransferAct::{Receive, Ship};
        for state in TransferState::ALL {
            let shipped = state.after(Ship);
            assert_eq!(shipped.is_some(), *state == TransferState::Approved);
            assert_eq!(state.after(Receive).is_some(), *state == TransferState::Shipped);
        }
        for end in [TransferState::Rejected, TransferState::Withdrawn, TransferState::Cancelled] {
            assert!(TransferAct::ALL.iter().all(|act| end.after(*act).is_none()), "{end:?}");
        }
    }

    #[test]
    fn no_more_than_the_document_says_and_no_variant_twice() {
        let most = [pieces(1, 5), pieces(2, 3)];
        let ask = |asked: &[Pieces]| within(asked, &most, |most| format!("最多 {most} 件"));
        assert_eq!(ask(&[]), Ok(most.to_vec()), "nothing said is all of it");
        assert_eq!(ask(&[pieces(2, 0), pieces(1, 5)]), Ok(vec![pieces(1, 5), pieces(2, 0)]));
        assert_eq!(ask(&[pieces(2, 1)]), Ok(vec![pieces(1, 0), pieces(2, 1)]), "what is not named is none");
        for wrong in [[pieces(1, 6)].as_slice(), &[pieces(1, -1)], &[pieces(3, 1)], &[pieces(1, 1), pieces(1, 2)]] {
            assert_eq!(ask(wrong).unwrap_err().complaints().len(), 1, "{wrong:?}");
        }
    }
}
