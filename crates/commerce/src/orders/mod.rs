//! Orders: placing, the steps of their life, and how shoppers and staff see them (D1-D3).
//!
//! - `place`: from the cart to an order that holds its stock
//! - `checkout`: orders at several stores with one request
//! - `write`: orders that are ready at the same moment are written together
//! - `share`: who of them gets what is there
//! - `steps`: everything that happens afterwards, by the transition table of `domain`
//! - `send`: what leaves the store for its shopper, and arrives or comes back
//! - `cancel_rules`: until when shoppers call orders off by themselves
//! - `cancel_requests`: asking the store for it afterwards
//! - `centre`: what head office does with orders of its stores
//! - `reroute`: an order of one store is given to another
//! - `batches`: several orders that head office does one thing with
//! - `late`: orders that wait longer than they should
//! - `taken`: those that a rider took along and of which nobody says that they came
//! - `due`: rounds over orders whose time is over
//! - `unclaimed`: those that nobody fetches, called off after as many days as head office says
//! - `pick`: what somebody takes off the shelf for an order, and what of it is taken
//! - `read`: one order, and lists that begin from what the caller may see

pub mod batches;
mod cancel_requests;
mod cancel_rules;
mod centre;
mod checkout;
mod codes;
mod due;
mod late;
mod looked_for;
mod pick;
mod place;
mod read;
mod reroute;
mod send;
mod share;
mod steps;
mod taken;
mod unclaimed;
mod write;

pub use cancel_requests::{answer_cancel, ask_cancel, withdraw_cancel};
pub use cancel_rules::{cancel_rules, remove_cancel_rules, set_cancel_rule};
pub use centre::{annotate, call_off, call_off_all, notes};
pub use checkout::{checkout, place_all};
pub use late::{escalated, look};
pub use pick::{pick_list, scan_pick, set_picked};
pub use place::place;
pub use read::{board, list, mine, show, show_for_staff, whole_list};
pub use reroute::{reroute, reroute_choices};
pub use send::{deliver, dispatch, undelivered};
pub use steps::{accept, cancel, pack, prepare, redeem, reject};
pub use taken::complete_taken;
pub use unclaimed::{call_off_unclaimed, set_unclaimed_rule, unclaimed_rule};

pub(crate) use codes::{note_miss, refuse_guessing};
pub(crate) use reroute::give_away;
pub(crate) use send::{arrive, brought, come_back, give_up, leave};
pub(crate) use steps::{Ordered, commit, expire, lock, lock_all, lock_within, paid, revived, turn_down};
pub(crate) use write::{Desk, desk};
