//! What sending goods costs, and which stores send them (D2).
//!
//! - `templates`: head office's templates, one of them the default
//! - `order`: head office's order of stores for what riders bring
//! - `stores`: which stores send by express, by which template, in which order

mod order;
mod stores;
mod templates;

use domain::{Fault, staff::Permission};

use crate::Scope;

pub use order::{list as delivery_priorities, set as set_delivery_priority};
pub use stores::{list as stores, set as set_stores};
pub use templates::{list as templates, remove, save};

/// Refuses whoever does not say what sending costs.
///
/// Faults: `Unauthenticated`; `Forbidden`.
fn must_manage(scope: &Scope) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageFreight).map(drop)
}
