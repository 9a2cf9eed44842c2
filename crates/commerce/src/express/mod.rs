//! Orders on their way (D2): parcels, riders who are called, and what is told of both.
//!
//! - `parcels`: pieces of an express order leave in one or several; the shopper has them
//! - `rides`: a courier's rider is called for an order of same-city delivery, looked for and sent away
//! - `told`: what the courier tells moves the ride, and the order with it
//! - `notices`: callbacks are stored, answered, and acted on afterwards
//! - `read`: all that is known of how an order is sent

mod notices;
mod parcels;
mod read;
mod rides;
mod told;

pub use notices::receive;
pub use parcels::{confirm, ship};
pub use read::{mine, show};
pub use rides::{call, cancel, quote};

pub(crate) use notices::work as work_notices;
pub(crate) use parcels::complete;
pub(crate) use rides::follow;
