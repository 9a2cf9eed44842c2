//! Between HTTP and the use cases, for pages: a request becomes a page, a form becomes a use case
//! and its answer a redirect (PRG). The faces' own code stays free of both.

pub mod cookies;

mod asked;
mod form;
mod page;

pub use asked::{Asked, Nonce};
pub use form::{Next, back_path, cookie_sent, post};
pub use page::{Face, Page, code_reader, cookie_of, fault_page, page, show, status_of, use_assets};
