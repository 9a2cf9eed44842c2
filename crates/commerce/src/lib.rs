//! What happens: the use cases of the product, one module for each context, and the only SQL.
//!
//! Every use case is a function whose first argument is the [`Scope`] of whoever asks. Pages and
//! JSON are thin adapters over these functions. Nothing here knows HTTP.

pub mod after_sales;
pub mod alerts;
pub mod approvals;
pub mod audit;
pub mod books;
pub mod cart;
pub mod catalog;
pub mod costs;
pub mod counter_sales;
pub mod counts;
pub mod demo;
pub mod events;
pub mod exports;
pub mod express;
pub mod figures;
pub mod files;
pub mod flashes;
pub mod freight;
pub mod fulfilment;
pub mod holds;
pub mod imports;
pub mod jobs;
pub mod keys;
pub mod losses;
pub mod members;
pub mod nearby;
pub mod orders;
pub mod payments;
pub mod purchasing;
pub mod sessions;
pub mod staff;
pub mod stock;
pub mod stores;
pub mod supply;
pub mod transfers;
pub mod webhooks;

mod database;
mod devices;
mod faults;
mod house;
mod limits;
mod memory;
mod password;
mod scope;
mod stockroom;
mod together;

pub use database::{MIGRATIONS, Pools, refuse_unsafe_durability};
pub use devices::DEVICE_DAYS;
pub use faults::{Deed, FaultPoint};
pub use house::{House, Partners, Patience, Settings};
pub use scope::{Partner, Scope, StaffMember, Who};
