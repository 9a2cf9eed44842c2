//! Every door of the site, who may pass it, and that nobody else does: for every role and every door, with what
//! belongs to another store or another person.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod inventory;
mod people;
#[path = "../support/mod.rs"]
mod support;

use std::{collections::BTreeSet, fs, path::Path};

use domain::staff::Permission::{
    self, ArbitrateReturns, DecideProposals, DecideReturns, FulfilOrders, ManageOrders, MoveStock, ReceiveGoods,
    RefundOrders,
};
use reqwest::Method;

use inventory::{DOORS, Door, Needs, declared};
use people::{Foreign, Person, people};
use support::Town;

/// Every address that the sources and the API's document name has an entry that says who may pass, and every entry
/// has such an address.
#[test]
fn every_door_says_who_may_pass_it() {
    let named: BTreeSet<String> = DOORS.iter().map(|door| format!("{} {}", door.method, door.address())).collect();
    assert_eq!(named.len(), DOORS.len(), "a door stands twice in the inventory");
    let declared = declared();
    let silent: Vec<_> = declared.difference(&named).collect();
    let gone: Vec<_> = named.difference(&declared).collect();
    assert!(silent.is_empty(), "doors that do not say who may pass: {silent:#?}");
    assert!(gone.is_empty(), "entries without a door: {gone:#?}");
}

/// What must be answered.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    /// As nobody who is known.
    LogIn,
    /// As somebody who may not do this.
    Forbidden,
    /// As if the object were not there.
    NotFound,
    /// Some refusal, since what is sent names another's store.
    Refused,
    /// An answer without a word of what is another's.
    Without,
}

fn expected(person: &Person, door: &Door) -> Expected {
    let forbidden = |permission: Permission| !person.permissions.contains(&permission);
    match door.needs {
        Needs::Member if person.is_member => of_objects(door),
        Needs::Member => Expected::LogIn,
        Needs::Staff(_)
        | Needs::Everywhere(_)
        | Needs::Proposals
        | Needs::Stock
        | Needs::Shortages
        | Needs::Returns
        | Needs::Goods
        | Needs::Batches
            if !person.is_staff =>
        {
            Expected::LogIn
        }
        Needs::Batches if [ManageOrders, RefundOrders].into_iter().all(forbidden) => Expected::Forbidden,
        Needs::Batches if door.path.starts_with("/hq") && forbidden(Permission::UseHq) => Expected::Forbidden,
        // Nobody's reach here is everywhere.
        Needs::Everywhere(_) => Expected::Forbidden,
        Needs::Staff(permission) if forbidden(permission) => Expected::Forbidden,
        Needs::Staff(_) if door.path.starts_with("/hq") && forbidden(Permission::UseHq) => Expected::Forbidden,
        Needs::Proposals if forbidden(Permission::ProposeChanges) && forbidden(Permission::DecideProposals) => {
            Expected::Forbidden
        }
        Needs::Proposals if door.path.starts_with("/hq") && forbidden(Permission::UseHq) => Expected::Forbidden,
        Needs::Stock if forbidden(Permission::CountStock) && forbidden(Permission::DecideProposals) => {
            Expected::Forbidden
        }
        Needs::Shortages if forbidden(Permission::FulfilOrders) && forbidden(Permission::ManageOrders) => {
            Expected::Forbidden
        }
        Needs::Returns if [DecideReturns, FulfilOrders, ArbitrateReturns].into_iter().all(forbidden) => {
            Expected::Forbidden
        }
        Needs::Goods if [MoveStock, ReceiveGoods, DecideProposals].into_iter().all(forbidden) => Expected::Forbidden,
        Needs::Stock | Needs::Shortages | Needs::Goods
            if door.path.starts_with("/hq") && forbidden(Permission::UseHq) =>
        {
            Expected::Forbidden
        }
        Needs::Staff(_)
        | Needs::Proposals
        | Needs::Stock
        | Needs::Shortages
        | Needs::Returns
        | Needs::Goods
        | Needs::Batches => of_objects(door),
        Needs::Nothing | Needs::Oneself => Expected::Without,
    }
}

fn of_objects(door: &Door) -> Expected {
    match (door.path.contains('{') && !door.path.contains("{kind}"), door.method) {
        (true, _) => Expected::NotFound,
        (false, "GET") => Expected::Without,
        (false, _) => Expected::Refused,
    }
}

/// Whether the answer is as it must be; a form's is a redirect, whatever comes of it.
fn fits(expected: &Expected, door: &Door, answer: &people::Answer) -> bool {
    let status = answer.status;
    if door.is_form() {
        return (300..400).contains(&status);
    }
    match expected {
        Expected::LogIn if door.is_api() => status == 401,
        Expected::LogIn => status == 401 || ((300..400).contains(&status) && answer.leads_to_log_in()),
        Expected::Forbidden => status == 403,
        Expected::NotFound => status == 404,
        // A form that brings files goes back to its page.
        Expected::Refused if door.sends.starts_with("--") => (300..500).contains(&status),
        Expected::Refused => (400..500).contains(&status),
        Expected::Without => status < 500,
    }
}

#[tokio::test]
async fn nobody_passes_a_door_to_what_is_anothers() {
    let (people, cases) = knock_everywhere(Town::start().await, |_| true).await;
    let passed = format!("{cases} role × route × foreign-object cases passed: {people} people, {} doors", DOORS.len());
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("doors.txt"), passed + "\n").unwrap();
}

/// Where no query is filtered by who asks, row-level security holds what belongs to stores and members. Accounts,
/// roles, groups, merchants and departments are not behind it.
#[tokio::test]
async fn without_the_first_fence_nobody_passes_to_orders_either() {
    let town = Town::start_with(&[("MENDIAN_WITHOUT_FIRST_FENCE", "1")]).await;
    let of_head_office = [
        "/staff",
        "/roles",
        "/groups",
        "store-groups",
        "merchant",
        "department",
        "/hire",
        "_staff",
        "grant",
        "role",
        "second_step",
    ];
    let fenced = |door: &Door| of_head_office.iter().all(|part| !door.path.contains(part));
    let (_, cases) = knock_everywhere(town, fenced).await;
    assert!(cases > 1_000, "only {cases} cases");
}

/// Everybody tries every door among `those` with what is another's; answers how many people and tries there were.
async fn knock_everywhere(town: Town, those: impl Fn(&Door) -> bool) -> (usize, usize) {
    let foreign = Foreign::furnish(&town).await;
    let people = people(&town).await;
    let mut cases = 0;
    let mut wrong = Vec::new();
    for person in &people {
        let before = foreign.state(&town).await;
        for door in DOORS.iter().filter(|door| person.tries(door) && those(door)) {
            let answer = person.knock(&town, door, &foreign).await;
            let expected = expected(person, door);
            let tells = foreign.secrets.iter().find(|secret| answer.text.contains(*secret));
            if !fits(&expected, door, &answer) || (door.needs != Needs::Nothing && tells.is_some()) {
                let (name, status) = (&person.name, answer.status);
                wrong.push(format!(
                    "{name}: {} {}: {status}, expected {expected:?}; tells {tells:?}",
                    door.method, door.path
                ));
            }
            cases += 1;
        }
        assert_eq!(foreign.state(&town).await, before, "{} changed what is another's", person.name);
    }
    assert!(wrong.is_empty(), "{} of {cases}: {wrong:#?}", wrong.len());
    town.check_books().await;
    (people.len(), cases)
}

/// A request with a method that the door does not have changes nothing and is no fault of ours.
#[tokio::test]
async fn a_door_knocked_at_in_another_way_stays_shut() {
    let town = Town::start().await;
    let hq = town.staff("hq").await;
    for door in DOORS.iter().filter(|door| door.path.starts_with("/rpc/")) {
        let cookie = format!("mendian-staff={}", hq.token());
        let answer = town.raw(Method::GET, door.path).header("cookie", cookie).send().await.unwrap();
        assert!(matches!(answer.status().as_u16(), 400 | 404 | 405), "GET {}: {}", door.path, answer.status());
    }
}
