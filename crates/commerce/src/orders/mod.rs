//! Orders: placing, the steps of their life, and how shoppers and staff see them (D1-D3).
//!
//! - `place`: from the cart to an order that holds its stock
//! - `write`: orders that are ready at the same moment are written together
//! - `share`: who of them gets what is there
//! - `steps`: everything that happens afterwards, by the transition table of `domain`
//! - `centre`: what head office does with orders of its stores
//! - `read`: one order, and lists that begin from what the caller may see

mod centre;
mod codes;
mod place;
mod read;
mod share;
mod steps;
mod write;

pub use centre::{annotate, call_off, call_off_all, notes, reroute, reroute_choices};
pub use place::place;
pub use read::{board, list, mine, show, show_for_staff, whole_list};
pub use steps::{accept, cancel, prepare, redeem, reject};

pub(crate) use codes::{note_miss, refuse_guessing};
pub(crate) use steps::{Ordered, expire, lock_all, paid, turn_down};
pub(crate) use write::{Desk, desk};
