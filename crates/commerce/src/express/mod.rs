//! Orders on their way (D2): parcels, riders who are called, and what is told of both.
//!
//! - `parcels`: pieces of an express order leave in one or several; the shopper has them
//! - `rides`: a courier's rider is called for an order of same-city delivery, looked for and sent away
//! - `told`: what the courier tells moves the ride, and the order with it
//! - `notices`: callbacks are stored, answered, and acted on afterwards
//! - `returns`: parcels that come back
//! - `unsent`: the rest of an order that is sent no more
//! - `ways`: where carriers say that parcels are
//! - `read`: all that is known of how an order is sent

mod notices;
mod parcels;
mod read;
mod returns;
mod rides;
mod told;
mod unsent;
mod ways;

pub use notices::receive;
pub use parcels::{confirm, ship};
pub use read::{mine, show};
pub use returns::take_back;
pub use rides::{call, cancel, quote};
pub use unsent::end_unsent;
pub use ways::receive as receive_way;

pub(crate) use notices::work as work_notices;
pub(crate) use parcels::complete;
pub(crate) use rides::follow;
pub(crate) use ways::{follow as follow_parcel, work as work_parcel_notices};
