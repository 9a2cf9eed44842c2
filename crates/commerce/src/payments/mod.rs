//! Payments and refunds (D5), and the ledger they are booked in.
//!
//! - `start`: an order's amount becomes a transaction at the gateway
//! - `attempts`: the attempts of one moment, stored together
//! - `together`: one payment of the orders of a checkout
//! - `scan`: the QR code of a payment from a big screen
//! - `notices`: verified callbacks go to the inbox; a worker acts on them
//! - `settle`: what the gateway says of a transaction becomes the order's payment, once
//! - `late`: an order that expired is paid all the same, where its goods are still there
//! - `refunds`: money that goes back, retried under one number
//! - `stuck`: refunds that the gateway refused or that hang
//! - `returns`: what goes back of an order, handed over or never sent
//! - `ledger`: double-entry transfers

mod attempts;
mod late;
mod ledger;
mod notices;
mod refunds;
mod returns;
mod scan;
mod settle;
mod start;
pub mod stuck;
mod together;

pub use notices::receive;
pub use scan::scan_code;
pub use start::start;
pub use together::start_together;

pub(crate) use ledger::fulfilled;
pub(crate) use notices::work_inbox;
pub(crate) use refunds::{send as send_refund, want as want_refund};
pub(crate) use returns::{GiveBack, give_back, give_back_unsent};
pub(crate) use settle::{close, close_open, look_up};

/// Where what concerns payments waits to be written.
pub(crate) struct Desks {
    opening: attempts::Opening,
    keeping: attempts::Keeping,
    hearing: notices::Desk,
}

/// The desks of one server.
pub(crate) fn desks() -> Desks {
    let (opening, keeping) = attempts::desks();
    Desks { opening, keeping, hearing: notices::desk() }
}
