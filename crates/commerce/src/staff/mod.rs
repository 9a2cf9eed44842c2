//! Staff: who they are and what they may do (O4).
//!
//! - `accounts`: making, listing, showing and suspending accounts
//! - `grants`: giving roles and taking them back
//! - `roles`: what customers make beside the roles that are there from the first day
//! - `groups`: groups of stores, which a grant can reach
//! - `merchants`: joined third parties, which a grant can reach
//! - `papers`: their licences and contracts
//! - `departments`: of head office
//! - `log_in`: logging in, oneself, one's own password
//! - `kept`: grants in memory, for every request
//! - `choices`: what somebody can give, for the forms
//! - `devices`: on which devices somebody has been, and where a manager's people are logged in
//! - `second_step`: codes of an app
//! - `within`: which accounts, places and permissions are within somebody's authority

mod accounts;
mod choices;
mod departments;
mod devices;
mod grants;
mod groups;
mod kept;
mod log_in;
mod merchants;
mod papers;
mod roles;
pub mod second_step;
mod within;

pub use accounts::{hire, list, reset_password, restore, show, suspend};
pub use choices::{choices, regions_with_places, regions_with_stores};
pub use devices::{log_out_everywhere, sessions_of};
pub use grants::{give, take_back};
pub use log_in::{LoggedIn, change_password, demo_log_ins, log_in, me};

/// Roles that customers make.
pub mod own_roles {
    pub use super::roles::{list, remove, save};
}

/// Groups of stores.
pub mod store_groups {
    pub use super::groups::{list, remove, save};
}

/// Joined third parties.
pub mod joined_merchants {
    pub use super::merchants::{list, remove, save};
}

/// Papers of joined third parties.
pub mod merchant_papers {
    pub use super::papers::{add, list, may, owned, read, remove};
}

/// Departments of head office.
pub mod office_departments {
    pub use super::departments::{assign, list, names, remove, save};
}

pub(crate) use accounts::{NewReach, NewStaff, install};
pub(crate) use devices::sweep as sweep_devices;
pub(crate) use kept::Kept;
pub(crate) use within::{authority_of, in_name_of};
