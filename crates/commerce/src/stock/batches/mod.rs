//! Batches and their last day (K4): what ends first leaves first, so what is left of each follows from the balance
//! (the view `batch_remains` of migration 0048), and a sale writes nothing here. What was sold is written off before
//! pieces come again, since those would otherwise be taken for what had gone. A batch whose last day is over is set
//! aside: nobody sells of it, so no sale is reckoned off it.
//!
//! - `read`: what is left of each, what is to be taken first
//! - `said`: what people say of which batch pieces are, as they come or where they lie
//! - `follow`: what becomes of batches as pieces go and come back
//! - `aside`: what is over by now, which nobody sells
//! - `moves`: how a change of a batch is written

mod aside;
mod follow;
mod moves;
mod read;
mod said;

pub use read::{at_hand, first, left, list};
pub use said::register;

pub(crate) use aside::keep_back;
pub(crate) use follow::lose;
pub(in crate::stock) use follow::{arrive, clear_away, come_back, come_back_to_counter, go_back, send, settle};
pub(crate) use said::{came, must_be_named, must_be_said, named};
