//! What is true: the values, rules, commands and views of the product.
//!
//! Nothing here reads a clock, a file, a socket or a database: "now" and everything else a rule
//! needs are passed in. The same types are compiled for the server and for the browser, and are
//! the wire types of the JSON API.

pub mod after_sales;
pub mod alerts;
pub mod approval_limits;
pub mod approvals;
pub mod audit;
pub mod batches;
pub mod cancelling;
pub mod cart;
pub mod catalog;
pub mod channel_quotas;
pub mod checkout;
pub mod counter_sales;
pub mod counts;
pub mod express;
pub mod fault;
pub mod fields;
pub mod figures;
pub mod files;
pub mod freight;
pub mod fulfilment;
pub mod geo;
pub mod holds;
pub mod hours;
pub mod id;
pub mod import;
pub mod keys;
pub mod losses;
pub mod members;
pub mod money;
pub mod nearby;
pub mod opening;
pub mod order_batches;
pub mod order_centre;
pub mod orders;
pub mod page;
pub mod parcels;
pub mod payments;
pub mod purchase_limits;
pub mod purchasing;
pub mod refunds;
pub mod route;
pub mod sessions;
pub mod shortage_rules;
pub mod staff;
pub mod stock;
pub mod stock_lists;
pub mod stock_models;
pub mod stores;
pub mod supply;
pub mod text;
pub mod transfers;
pub mod unsent;
pub mod webhooks;
pub mod weights;

pub use fault::{Complaint, Fault};
pub use fields::Fields;
pub use id::*;
pub use money::{Fen, Quantity, prorate};
