//! A server is killed (`kill -9`) at each place between a write, its commit and the answer (K2, D5). Whoever was not
//! answered asks again, and everything ends as if nothing had happened.
//!
//! - `mortal`: a town whose server ends at a place, once
//! - `orders`: orders, payments, refunds
//! - `documents`: what documents do to pieces: transfers, counts, losses, purchases
//! - `returns`: parcels, and goods that come back
//! - `centre`: what head office does with several orders, and refunds that it has tried again

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod centre;
mod documents;
mod mortal;
mod orders;
mod returns;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use commerce::{Deed, FaultPoint};
use domain::orders::OrderAct;

/// A job that was cut off is taken again after a minute.
const AFTER_A_MINUTE: Duration = Duration::from_secs(90);
/// Another store of the same brand.
const ELSEWHERE: &str = "QH-HZ-001";
const SOON: Duration = Duration::from_secs(20);

/// Before the commit of a deed and after it.
fn around(deed: Deed) -> [FaultPoint; 2] {
    [FaultPoint::DeedWritten(deed), FaultPoint::DeedCommitted(deed)]
}

/// The acts of staff and shoppers among the places are all that end in a commit of their own.
#[test]
fn every_act_by_a_person_has_its_places() {
    for act in OrderAct::ALL.iter().copied() {
        let by_a_person = !matches!(act, OrderAct::Place | OrderAct::Pay | OrderAct::Revive | OrderAct::Expire);
        assert_eq!(FaultPoint::ALL.contains(&FaultPoint::StepWritten(act)), by_a_person, "{act:?}");
    }
}

/// Whoever adds a deed says what becomes of it where the server ends.
#[test]
fn every_deed_is_one_of_those_at_which_a_server_is_killed() {
    let moved = documents::MOVING.iter().chain(&documents::KEEPING).chain(&documents::PAYING);
    let killed =
        moved.chain(&returns::RETURNING).chain(&returns::APART).chain(&returns::ENDING).chain(&orders::SETTLING);
    let killed = killed.chain(&returns::COUNTER);
    let killed = killed.chain(&centre::BATCHES).chain(&centre::RETRYING);
    let mut killed: Vec<String> = killed.map(|deed| format!("{deed:?}")).collect();
    let mut all: Vec<String> = Deed::ALL.iter().map(|deed| format!("{deed:?}")).collect();
    killed.sort();
    all.sort();
    assert_eq!(killed, all);
}
