//! The rules of commerce, on a real PostgreSQL, through the functions the faces call.
//!
//! One binary with a module for each subject; `world` builds the little chain they all play in.
//! Every test ends with the books balanced: see [`commerce::books`].

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod after_sales;
mod after_sales_races;
mod after_sales_terms;
mod alerts;
mod append_only;
mod approvals;
mod at_once;
mod authority;
mod batches;
mod cancelling;
mod cart;
mod chain;
mod channels;
mod checkout_ways;
mod checkouts;
mod count_lists;
mod counts;
mod delivery;
mod demo;
mod erasing;
mod express;
mod files;
mod freight;
mod fulfilment;
mod gateway;
mod holds;
mod keys;
mod late;
mod life;
mod limits;
mod losses;
mod member_accounts;
mod member_rules;
mod members;
mod memory;
mod merging;
mod money_beside;
mod order_batches;
mod order_centre;
mod orders;
mod paid_back_anyway;
mod papers;
mod parcels;
mod payments;
mod people;
mod placing;
mod purchase_limits;
mod purchasing;
mod races;
mod replenishing;
mod rides;
mod second_fence;
mod second_step;
mod set_apart;
mod settling;
mod shortage_rules;
mod shortages;
mod staff;
mod stand_in;
mod stock_models;
mod structure;
mod stuck_refunds;
mod transfers;
mod unsent;
mod warehouses;
mod wechat;
mod weights;
mod world;
