//! What a store should know of its stock before a shopper does (K4): too little, too much, nothing sold, ending soon.
//!
//! - `check`: looks at one place after the other, tells each thing once, and ends what is over
//! - `rules`: the thresholds, head office's and a place's own
//! - `table`: several of them at once, as a file brings them, and as one
//! - `read`: the inbox, and taking note

mod check;
mod read;
mod rules;
mod table;

pub use check::check;
pub(crate) use check::sweep;
pub use read::{list, see, see_all, unread};
pub use rules::{remove, rules, set};
pub use table::{TABLE_MOST, as_table, changes, of_table, set_all};
