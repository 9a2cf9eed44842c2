//! People who work for head office or a store, and what they may do (O4).
//!
//! - `permission`: single things that can be allowed, and the roles made of them
//! - `grant`: a role within a reach, who may give it, and what a person's grants come to
//! - `account`: accounts as they are managed and seen
//! - `columns`: what of a row not everybody sees whole
//! - `structure`: groups of stores, merchants, departments
//! - `papers`: licences and contracts of merchants
//! - `log_in`: logging in, and oneself

mod account;
mod columns;
mod grant;
mod log_in;
mod papers;
mod permission;
mod structure;

pub use account::*;
pub use columns::*;
pub use grant::*;
pub use log_in::*;
pub use papers::*;
pub use permission::*;
pub use structure::*;
