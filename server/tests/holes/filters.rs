//! SQL, and whatever else breaks out of a text, through every parameter of every list.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::{
    inventory::{DOORS, Door},
    people::Foreign,
    support::{Town, program::Program},
};

/// What the pages and files read from an address.
const NAMES: &[&str] = &[
    "act",
    "active",
    "after",
    "brand",
    "c",
    "category",
    "enter",
    "flash",
    "from",
    "kind",
    "lat",
    "limit",
    "location",
    "lon",
    "near",
    "object",
    "offset",
    "open",
    "ownership",
    "place",
    "published",
    "q",
    "role",
    "show",
    "skip",
    "sort",
    "staff",
    "state",
    "store",
    "supplier",
    "to",
    "waiting",
];
/// Those of them that are read as text: in all others a NUL or a long text is one more word that is no day, number or
/// identity.
const TEXTS: &[&str] =
    &["after", "brand", "c", "category", "location", "near", "object", "place", "q", "role", "sort", "supplier"];
/// Would be seen by the time they take, within a text and as a number.
const SLEEPS: &[&str] = &["'; select pg_sleep(3)--", "1 or pg_sleep(3) is not null", "1); select pg_sleep(3)--"];
const OTHERS: &[&str] = &["'", "\" or \"\"=\"", "%27", "\\", "1e308", "-1", "9223372036854775808", "\u{202e}\u{1f375}"];
const NUL: &str = "a\0b";
/// Less than a sleep, more than a list may take.
const SLOW: Duration = Duration::from_millis(2_500);
/// A busy machine may be slow once or twice; a statement that sleeps does so each time.
const TRIES: usize = 3;

/// One request: the door's address and its query.
type Asked = (String, Vec<(String, String)>);

fn of_pages(path: &str, long: &str) -> Vec<Asked> {
    let alone = |names: &'static [&str], value: &str| {
        let value = value.to_owned();
        names.iter().map(move |name| (path.to_owned(), vec![((*name).to_owned(), value.clone())]))
    };
    let together = |value: &str| {
        // A day, a person or a store that can be none ends the request before the rest is looked at.
        let names = NAMES.iter().filter(|name| !matches!(**name, "from" | "to" | "store"));
        (path.to_owned(), names.map(|name| ((*name).to_owned(), value.to_owned())).collect())
    };
    let mut asked: Vec<Asked> = alone(NAMES, SLEEPS[0]).chain(alone(TEXTS, NUL)).chain(alone(TEXTS, long)).collect();
    asked.extend(SLEEPS.iter().chain(OTHERS).copied().map(together));
    asked
}

fn of_api(path: &str, names: &[String], long: &str) -> Vec<Asked> {
    let values = SLEEPS.iter().chain(OTHERS).copied().chain([NUL, long]);
    let near = ["31.2,121.4'", "31.2;select pg_sleep(3),121.4", "NaN,NaN", "91,181", "1e400,1"];
    let mut asked = Vec::new();
    for value in values.chain(near) {
        asked.extend(names.iter().map(|name| (path.to_owned(), vec![(name.clone(), value.to_owned())])));
    }
    asked
}

/// The query parameters that the API's document names, by path.
fn documented() -> BTreeMap<String, Vec<String>> {
    let document: Value = serde_json::from_str(include_str!("../../src/api/openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let named = paths.map(|(path, operations)| {
        let parameters = operations["get"]["parameters"].as_array().into_iter().flatten();
        let queried = parameters.filter(|parameter| parameter["in"] == "query");
        (format!("/api/v1{path}"), queried.map(|one| one["name"].as_str().unwrap().to_owned()).collect())
    });
    named.collect()
}

/// The tables with their columns, as PostgreSQL itself lists them.
async fn tables(town: &Town) -> String {
    let file = fs::read_to_string(town.folder().join("data/postgres/cluster/postmaster.pid")).unwrap();
    let lines: Vec<&str> = file.lines().collect();
    let url = format!("postgres://mendian@localhost:{}/mendian?host={}", lines[3], lines[4]);
    let mut owner = PgConnection::connect(&url).await.unwrap();
    let listed = "select string_agg(table_name || '.' || column_name, ' ' order by table_name, column_name)
                  from information_schema.columns where table_schema = 'public'";
    sqlx::query_scalar(listed).fetch_one(&mut owner).await.unwrap()
}

/// Asks once; what is wrong with the answer, if anything.
async fn wrong(town: &Town, people: [&Program; 2], asked: &Asked) -> Option<String> {
    let (path, query) = asked;
    let [staff, member] = people;
    let mut slowest = Duration::ZERO;
    for _ in 0..TRIES {
        let request = town.raw(Method::GET, path).query(query).header("accept", "text/html");
        let request = if !path.starts_with("/api/v1/") {
            request.header("cookie", format!("mendian-staff={}; mendian={}", staff.token(), member.token()))
        } else if path.starts_with("/api/v1/hq") || path.starts_with("/api/v1/console") {
            request.bearer_auth(staff.token())
        } else {
            request.bearer_auth(member.token())
        };
        let begun = Instant::now();
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        if status >= 500 {
            return Some(format!("{status} for {asked:?}: {text}"));
        }
        slowest = begun.elapsed();
        if slowest < SLOW {
            return None;
        }
    }
    Some(format!("{slowest:?} for {asked:?}, {TRIES} times"))
}

#[tokio::test]
async fn no_parameter_of_any_list_breaks_out_of_its_text() {
    let town = Town::start().await;
    let foreign = Foreign::furnish(&town).await;
    let (staff, member) = (town.staff("hq").await, town.member("13800000072").await);
    let before = tables(&town).await;
    assert!(before.contains("orders.number"), "{before}");

    let (documented, long) = (documented(), "长".repeat(3_333) + "x");
    // A stream of events does not end, and one reads nothing of its address.
    let ends = |door: &&Door| door.method == "GET" && !door.path.ends_with("/events") && !door.path.contains("{*");
    let mut all = Vec::new();
    for door in DOORS.iter().filter(ends) {
        let path = foreign.named(door.path);
        match documented.get(door.path) {
            Some(names) => all.extend(of_api(&path, names, &long)),
            None => all.extend(of_pages(&path, &long)),
        }
    }
    let answers = stream::iter(&all).map(|asked| wrong(&town, [&staff, &member], asked)).buffer_unordered(4);
    let found: Vec<String> = answers.filter_map(std::future::ready).collect().await;
    assert!(found.is_empty(), "{} of {}: {found:#?}", found.len(), all.len());
    assert!(all.len() > 2_000, "only {} requests", all.len());
    assert_eq!(tables(&town).await, before);
    town.check_books().await;
}
