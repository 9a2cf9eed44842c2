//! The directions of the house hold: what ARCHITECTURE.md says is absent is absent.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Rust file below a folder of the workspace.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join(folder)];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} holds no Rust");
    found
}

fn assert_absent(folder: &str, words: &[&str]) {
    for (path, text) in sources(folder) {
        for word in words {
            assert!(!text.contains(word), "{} must not say {word:?}", path.display());
        }
    }
}

/// The members of this workspace that a member depends on, tests left out.
fn dependencies(folder: &str, members: &BTreeMap<&str, &str>) -> Vec<String> {
    let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
    let part = text.split("[dependencies]").nth(1).unwrap_or("").split("\n[").next().unwrap().to_owned();
    let names = part.lines().filter_map(|line| line.split(['.', ' ', '=']).next().map(str::to_owned));
    names.filter(|name| members.contains_key(name.as_str())).collect()
}

#[test]
fn dependencies_point_the_way_the_architecture_says() {
    let allowed: BTreeMap<&str, &str> = [
        ("domain", ""),
        ("partners", ""),
        ("intake", ""),
        ("pictures", ""),
        ("commerce", "domain partners pictures"),
        ("ui", ""),
        ("rpc", "commerce domain ui"),
        ("shop", "commerce domain rpc ui"),
        ("views", "commerce domain rpc ui"),
        ("console", "commerce domain rpc ui views"),
        ("hq", "commerce domain rpc ui views"),
        ("app", "console hq rpc shop"),
        ("frontend", "console hq shop"),
        ("server", "app commerce domain intake partners pictures rpc ui"),
        ("sandbox", "partners"),
        // It measures use cases without HTTP as well.
        ("bench", "commerce domain"),
        ("bundle", ""),
    ]
    .into();
    let folder = |name: &str| match name {
        "domain" | "commerce" | "intake" | "partners" | "pictures" => format!("crates/{name}"),
        "ui" | "rpc" | "views" | "shop" | "console" | "hq" => format!("app/{name}"),
        "bundle" => "tools/bundle".to_owned(),
        other => other.to_owned(),
    };
    for (member, may) in &allowed {
        for found in dependencies(&folder(member), &allowed) {
            assert!(may.split(' ').any(|name| name == found), "{member} must not depend on {found}");
        }
    }
}

#[test]
fn sql_is_written_in_commerce_alone() {
    for folder in ["crates/domain", "crates/partners", "app", "server/src", "sandbox/src", "frontend"] {
        for (path, text) in sources(folder) {
            let queries =
                text.contains("sqlx::query") || text.contains("insert into ") || text.contains("select * from");
            assert!(!queries, "{} holds SQL", path.display());
        }
    }
}

#[test]
fn commerce_knows_no_http_and_domain_no_clock() {
    assert_absent("crates/commerce/src", &["axum", "hyper::", "http::", "StatusCode", "Utc::now", "SystemTime::now"]);
    assert_absent(
        "crates/domain/src",
        &["Utc::now", "Local::now", "SystemTime", "Instant", "async fn", "std::fs", "std::net"],
    );
}

#[test]
fn ui_partners_and_pictures_know_no_commerce_noun() {
    let nouns = ["StoreId", "OrderId", "SkuId", "commerce::", "domain::"];
    assert_absent("app/ui/src", &nouns);
    assert_absent("crates/partners/src", &nouns);
    assert_absent("crates/pictures/src", &nouns);
}

#[test]
fn views_has_no_page_and_no_form_of_its_own() {
    assert_absent("app/views/src", &["#[server", "#[island", "Page::new(", "axum"]);
}

#[test]
fn no_file_has_grown_past_what_can_be_read_at_once() {
    for folder in ["crates", "app", "server", "sandbox", "frontend", "tools"] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= 620, "{} has {lines} lines: give its rooms names", path.display());
        }
    }
}
