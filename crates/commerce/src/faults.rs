//! Places at which a server under test ends as a power cut would end it: between what is written and its commit, and
//! between a commit and the answer. `server/tests/crashes` ends one at each and asks again.

use std::process;

use domain::{Fault, orders::OrderAct};
use sqlx::{Postgres, Transaction};

use crate::{House, Scope, database::OrFault};

/// What a document does to pieces, or to what is owed for them, in one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Goods of a transfer leave.
    ShipTransfer,
    /// They arrive.
    ReceiveTransfer,
    /// What was missing arrives after all.
    ReceiveRestOfTransfer,
    /// What did not arrive is accounted for.
    SettleTransfer,
    /// Head office sends goods out to stores.
    Allocate,
    /// A scanner's list is added to a count.
    EnterCountList,
    /// The differences of a count are booked.
    ApproveCount,
    /// A loss is reported, and booked where it is small.
    ReportLoss,
    /// A loss is agreed to, and booked.
    ApproveLoss,
    /// What somebody proposed of pieces is booked.
    ApproveProposal,
    /// A shopper asks for something after a sale.
    RequestReturn,
    /// It is agreed to; where no goods are to come the money goes back.
    DecideReturn,
    /// Head office has one thing done with several orders.
    StartOrderBatch,
    /// It is done with one of them.
    WorkOrderBatch,
    /// A refund that the gateway refused is to be tried again.
    RetryRefund,
    /// Somebody has paid a refund out in another way than the gateway.
    SettleRefund,
    /// Goods come back, and the money goes.
    ReceiveReturn,
    /// A parcel is back at its store, to be sent again or paid back.
    TakeBackParcel,
    /// The rest of an order is sent no more, and its money goes back.
    EndUnsent,
    /// Goods come in without an order.
    ReceiveGoods,
    /// Goods go back to their supplier.
    ReturnGoods,
    /// A supplier's invoice is paid, or a part of it.
    PayInvoice,
    /// Such a payment is taken back, since it was entered wrongly.
    TakeBackPayment,
    /// Or the invoice is.
    TakeBackInvoice,
    /// What shoppers brought back for a supplier goes to them.
    HandOver,
    /// What the supplier credits for it is said later.
    CreditHandOver,
    /// Or is scrapped.
    ScrapSetApart,
    /// Goods are sold at the counter.
    SellAtCounter,
    /// Pieces of such a sale are back on the shelf.
    TakeBackCounterSale,
    /// Pieces are shared between shop and counter in another way.
    SetStockModel,
    /// The shop gets so many of them.
    ShareOut,
}

impl Deed {
    /// Every deed.
    pub const ALL: [Self; 31] = {
        use Deed::*;
        [
            ShipTransfer,
            ReceiveTransfer,
            ReceiveRestOfTransfer,
            SettleTransfer,
            Allocate,
            EnterCountList,
            ApproveCount,
            ReportLoss,
            ApproveLoss,
            ApproveProposal,
            RequestReturn,
            DecideReturn,
            StartOrderBatch,
            WorkOrderBatch,
            RetryRefund,
            SettleRefund,
            ReceiveReturn,
            TakeBackParcel,
            EndUnsent,
            ReceiveGoods,
            ReturnGoods,
            PayInvoice,
            TakeBackPayment,
            TakeBackInvoice,
            HandOver,
            CreditHandOver,
            ScrapSetApart,
            SellAtCounter,
            TakeBackCounterSale,
            SetStockModel,
            ShareOut,
        ]
    };
}

/// A place at which a server may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultPoint {
    /// Pieces are held before their order; not committed.
    HoldWritten,
    /// As before; committed, not answered.
    HoldCommitted,
    /// An order is written; not committed.
    OrderWritten,
    /// As before; committed, not answered.
    OrderCommitted,
    /// An attempt to pay is stored; the gateway has not heard of it.
    AttemptStored,
    /// The gateway has a cashier for it; that is not stored.
    CashierMade,
    /// A callback is stored; the gateway is not answered.
    NoticeStored,
    /// A callback is acted on; not committed.
    NoticeActedOn,
    /// As before; committed.
    NoticeCommitted,
    /// Staff or a shopper let an order take a step; not committed.
    StepWritten(OrderAct),
    /// As before; committed, not answered.
    StepCommitted(OrderAct),
    /// An order's time to pay is over, and it is ended; not committed.
    ExpiryWritten,
    /// As before; committed, its job not yet forgotten.
    ExpiryCommitted,
    /// The gateway has given money back; that is not booked.
    RefundAnswered,
    /// As before; booked, its job not yet forgotten.
    RefundBooked,
    /// Goods of an order to a supplier are taken in, with what they cost and what is owed; not committed.
    ArrivalWritten,
    /// As before; committed, not answered.
    ArrivalCommitted,
    /// A supplier's invoice is entered; not committed.
    InvoiceWritten,
    /// As before; committed, not answered.
    InvoiceCommitted,
    /// A document has done what it does; not committed.
    DeedWritten(Deed),
    /// As before; committed, not answered.
    DeedCommitted(Deed),
}

impl FaultPoint {
    /// Every place in the lives of orders and purchases, in their order. Each of [`Deed::ALL`] has two more.
    pub const ALL: [Self; 37] = {
        use FaultPoint::*;
        use OrderAct::{Accept, CallOff, Cancel, Deliver, Dispatch, Prepare, Redeem, Reject, Reroute, Undelivered};
        [
            HoldWritten,
            HoldCommitted,
            OrderWritten,
            OrderCommitted,
            AttemptStored,
            CashierMade,
            NoticeStored,
            NoticeActedOn,
            NoticeCommitted,
            StepWritten(Accept),
            StepCommitted(Accept),
            StepWritten(Prepare),
            StepCommitted(Prepare),
            StepWritten(Redeem),
            StepCommitted(Redeem),
            StepWritten(Dispatch),
            StepCommitted(Dispatch),
            StepWritten(Undelivered),
            StepCommitted(Undelivered),
            StepWritten(Deliver),
            StepCommitted(Deliver),
            StepWritten(Cancel),
            StepCommitted(Cancel),
            StepWritten(Reject),
            StepCommitted(Reject),
            StepWritten(Reroute),
            StepCommitted(Reroute),
            StepWritten(CallOff),
            StepCommitted(CallOff),
            ExpiryWritten,
            ExpiryCommitted,
            RefundAnswered,
            RefundBooked,
            ArrivalWritten,
            ArrivalCommitted,
            InvoiceWritten,
            InvoiceCommitted,
        ]
    };
}

/// Makes what a document did durable.
pub(crate) async fn commit(tx: Transaction<'_, Postgres>, scope: &Scope, deed: Deed) -> Result<(), Fault> {
    scope.house().pass(FaultPoint::DeedWritten(deed));
    tx.commit().await.or_fault()?;
    scope.house().pass(FaultPoint::DeedCommitted(deed));
    Ok(())
}

impl House {
    /// Ends this process by `kill -9` where the settings of a build for development say that it shall end here.
    pub(crate) fn pass(&self, point: FaultPoint) {
        if cfg!(debug_assertions) && self.settings.ends_at.as_deref() == Some(format!("{point:?}").as_str()) {
            let _ = process::Command::new("kill").args(["-9", &process::id().to_string()]).status();
            process::abort();
        }
    }
}
