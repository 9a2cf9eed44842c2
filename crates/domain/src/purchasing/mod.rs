//! Buying goods 采购: suppliers, orders to them, what arrives, what it costs, what is owed (K5).

mod costs;
mod margins;
mod orders;
mod payables;
mod payments;
mod replenishment;
mod set_apart;
mod shortfalls;
mod suppliers;
mod views;

use serde::{Deserialize, Serialize};

use crate::stores::words;

pub use costs::{CostEntry, CostStep, ListCosts, MilliFen, average, margin_bp, margin_text, value};
pub use margins::PlaceMargin;
pub use orders::{
    DraftPurchase, ListPurchases, PurchaseLineAsked, PurchaseNote, ReceivePurchase, ReturnPurchase, price_field,
};
pub use payables::{
    Ageing, Billable, EnterInvoice, InvoiceCard, InvoiceState, InvoiceView, ListInvoices, Payables, ReceiptPart,
    TakeBackInvoice, ageing, part_field, tax_within,
};
pub use payments::{InvoicePayment, PayInvoice, PayPart, PaymentTakenBack, TakeBackPayment, paid_after};
pub use replenishment::{
    COVER_DAYS, Need, OrderProposed, PROPOSED_MOST, Proposal, ProposalAsked, SOLD_DAYS, propose, sold_a_day,
};
pub use set_apart::{
    CreditHandOver, Fate, HandToSupplier, HandedToSupplier, LyingApart, ScrapSetApart, SetApart, SetApartEnd,
    SupplierChoice,
};
pub use shortfalls::{
    ListShortfalls, OrderShortfalls, SHORTFALL_LINES_MOST, SHORTFALLS_MOST, ShortLine, Shortfall, ShortfallPick,
    Shortfalls, Unpriced,
};
pub(crate) use suppliers::{DAYS_MOST, PRICE_MOST, is_supplier_code};
pub use suppliers::{
    ListSuppliers, PRICE_COLUMNS, PriceRow, PricedRow, SaveSupplier, SetPrices, Supplier, SupplierPriceView, said_of,
};
pub use views::{PurchaseCard, PurchaseLine, PurchaseReceipt, PurchaseStep, PurchaseView, ReceiptBatch};

/// How far an order to a supplier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum PurchaseState {
    /// Being written.
    Draft,
    /// Waits for somebody to agree.
    Submitted,
    /// Agreed to; nothing has arrived.
    Approved,
    /// Turned down.
    Rejected,
    /// Some of it has arrived.
    PartReceived,
    /// All of it has arrived.
    Received,
    /// What has not arrived will not.
    Closed,
    /// Called off before anything arrived.
    Cancelled,
}

words!(PurchaseState:
    Draft = "draft" / "草稿", Submitted = "submitted" / "待审批", Approved = "approved" / "待收货",
    PartReceived = "part_received" / "部分收货", Received = "received" / "已收齐", Closed = "closed" / "已结束",
    Rejected = "rejected" / "已驳回", Cancelled = "cancelled" / "已取消");

/// What happens to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum PurchaseAct {
    /// Written, or written anew.
    Draft,
    /// Handed in.
    Submit,
    /// Agreed to.
    Approve,
    /// Turned down.
    Reject,
    /// Called off.
    Cancel,
    /// Some arrives and more is to come.
    ReceivePart,
    /// The rest arrives.
    ReceiveAll,
    /// What has not arrived will not.
    Close,
    /// Some of what arrived goes back to the supplier.
    Return,
}

words!(PurchaseAct:
    Draft = "draft" / "保存草稿", Submit = "submit" / "提交", Approve = "approve" / "通过", Reject = "reject" / "驳回",
    Cancel = "cancel" / "取消", ReceivePart = "receive_part" / "部分收货", ReceiveAll = "receive_all" / "收齐",
    Close = "close" / "结束", Return = "return" / "退货");

impl PurchaseState {
    /// The transition table: where `act` leads from here; `None` where it is not allowed.
    pub fn after(self, act: PurchaseAct) -> Option<Self> {
        use PurchaseAct as Act;
        match (self, act) {
            (Self::Draft, Act::Draft) => Some(Self::Draft),
            (Self::Draft, Act::Submit) => Some(Self::Submitted),
            (Self::Submitted, Act::Approve) => Some(Self::Approved),
            (Self::Submitted, Act::Reject) => Some(Self::Rejected),
            (Self::Draft | Self::Submitted | Self::Approved, Act::Cancel) => Some(Self::Cancelled),
            (Self::Approved | Self::PartReceived, Act::ReceivePart) => Some(Self::PartReceived),
            (Self::Approved | Self::PartReceived, Act::ReceiveAll) => Some(Self::Received),
            (Self::PartReceived, Act::Close) => Some(Self::Closed),
            (Self::PartReceived | Self::Received | Self::Closed, Act::Return) => Some(self),
            _ => None,
        }
    }

    /// Whether more may arrive.
    pub fn expects_goods(self) -> bool {
        self.after(PurchaseAct::ReceivePart).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goods_arrive_only_on_what_was_agreed_to_and_is_not_over() {
        for state in PurchaseState::ALL {
            let open = matches!(state, PurchaseState::Approved | PurchaseState::PartReceived);
            for act in [PurchaseAct::ReceivePart, PurchaseAct::ReceiveAll] {
                assert_eq!(state.after(act).is_some(), open, "{state:?} {act:?}");
            }
            let decided = state.after(PurchaseAct::Approve).is_some();
            assert_eq!(decided, *state == PurchaseState::Submitted, "{state:?}");
        }
    }

    #[test]
    fn what_is_turned_down_or_called_off_stays_so() {
        for end in [PurchaseState::Rejected, PurchaseState::Cancelled] {
            assert!(PurchaseAct::ALL.iter().all(|act| end.after(*act).is_none()), "{end:?}");
        }
        // What has come in is not called off, only closed.
        assert_eq!(PurchaseState::PartReceived.after(PurchaseAct::Cancel), None);
        let over = [PurchaseState::Received, PurchaseState::Closed];
        let left = |state: PurchaseState| PurchaseAct::ALL.iter().filter(|act| state.after(**act).is_some()).count();
        assert!(over.iter().all(|state| left(*state) == 1), "goods still go back");
    }
}
