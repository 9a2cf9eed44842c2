//! What both faces of the staff show of commerce: pieces of pages that the console and head office would otherwise each
//! write, on the server alone. What differs with the face, an address or a word, is handed in; pages, forms' functions and
//! frames are the faces' own.

pub mod alert_rules;
pub mod batches;
pub mod cancel_rules;
pub mod goods;
mod links;
mod listed;
pub mod movements;
mod said;
pub mod shortage_rules;
pub mod store_proofs;
mod store_rules;
pub mod transfers;

pub use links::address;
pub use listed::fill_in;
pub use said::said;
pub use store_rules::Ending;
