//! How orders reach their shoppers (D2), and the addresses they go to (B6).
//!
//! - `addresses`: a member's address book
//! - `express`: what sending by a courier costs
//! - `routing`: which store sends, by head office's rule
//! - `settings`: what a store offers
//! - `ways`: what a store offers for what is in a cart, what it costs, and when
//! - `orders`: what an order keeps of it

pub mod addresses;
mod express;
mod orders;
pub mod routing;
pub mod settings;
mod ways;

pub(crate) use orders::{SentWith, keep_addresses, rider, sent_to};
pub(crate) use ways::{Load, SlotKey, capacity, destination, is_enough, lock_slots, reaches, serves, ways};
