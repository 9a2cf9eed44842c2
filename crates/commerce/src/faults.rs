//! Places at which a server under test ends as a power cut would end it: between what is written and its commit, and
//! between a commit and the answer. `server/tests/crashes.rs` ends one at each and asks again.

use std::process;

use domain::orders::OrderAct;

use crate::House;

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
}

impl FaultPoint {
    /// Every place, in the order of an order's life.
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

impl House {
    /// Ends this process by `kill -9` where the settings of a build for development say that it shall end here.
    pub(crate) fn pass(&self, point: FaultPoint) {
        if cfg!(debug_assertions) && self.settings.ends_at.as_deref() == Some(format!("{point:?}").as_str()) {
            let _ = process::Command::new("kill").args(["-9", &process::id().to_string()]).status();
            process::abort();
        }
    }
}
