//! What head office sends to stores (K3).
//!
//! - `warehouses`: making, closing, what lies in one
//! - `receipts`: goods that arrive from outside, at a warehouse or a store
//! - `listed`: the same, as a file names them
//! - `prices`: what stores pay for what a warehouse sends
//! - `allocate`: one table, many transfers
//! - `propose`: tables that a formula makes
//! - `import`: prices and allocations from tables

mod allocate;
pub(crate) mod import;
mod listed;
mod prices;
mod propose;
mod receipts;
mod warehouses;

use domain::{
    Fault,
    staff::{Permission, Reach},
};

use crate::Scope;

pub use allocate::{allocate, show as show_allocation};
pub use listed::of_list;
pub use prices::{list as prices, set as set_price, whole_list as all_prices};
pub use propose::propose;
pub use receipts::{list as receipts, receive};
pub use warehouses::{close, list as warehouses, reopen, save, sources, stock, stores_of};
pub(crate) use warehouses::{of_codes as warehouses_of_codes, open_places};

/// Refuses whoever does not run the warehouses.
///
/// Faults: `Unauthenticated`; `Forbidden`.
fn must_supply(scope: &Scope) -> Result<(), Fault> {
    match scope.reach(Permission::ManageSupply)? {
        Reach::All => Ok(()),
        Reach::Stores(_) => Err(Fault::Forbidden),
    }
}
