//! The doors, and what each needs.

// Other tests load this file by its path, from a folder of their own.
#[path = "api.rs"]
mod api;
#[path = "console.rs"]
mod console;
#[path = "goods.rs"]
mod goods;
#[path = "office.rs"]
mod office;
#[path = "shop.rs"]
mod shop;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use domain::staff::Permission;
use serde_json::Value;

/// Who may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Anybody; what is shown is everybody's, or belongs to whoever asks.
    Nothing,
    /// Staff of any kind, about themselves.
    Oneself,
    /// A member, about what is theirs.
    Member,
    /// Staff with the permission, about what is within their reach; on head office's pages, with `UseHq` too.
    Staff(Permission),
    /// Staff who propose or decide, about what is within their reach; on head office's pages, with `UseHq` too.
    Proposals,
    /// Staff who count or decide, about what is within their reach; on head office's pages, with `UseHq` too.
    Stock,
    /// Staff who fulfil orders or manage them, about what is within their reach; on head office's pages, with `UseHq` too.
    Shortages,
    /// Staff who decide on what shoppers ask for after the sale, stand at the counter or arbitrate, about what is within
    /// their reach.
    Returns,
    /// Staff who have to do with goods, about what is within their reach; on head office's pages, with `UseHq` too.
    Goods,
    /// Staff who manage orders or pay them back, about batches of their own; on head office's pages, with `UseHq` too.
    Batches,
    /// Staff whose permission reaches every store.
    Everywhere(Permission),
}

/// A way into the site.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    pub method: &'static str,
    pub path: &'static str,
    pub needs: Needs,
    /// What is sent: JSON to the API, else a form's fields as an address or `multipart/form-data` has them. Names
    /// in braces are those of foreign objects.
    pub sends: &'static str,
}

impl Door {
    /// Its address without the question that some cannot be asked without.
    pub fn address(&self) -> &'static str {
        self.path.split_once('?').map_or(self.path, |(address, _)| address)
    }

    pub fn is_api(&self) -> bool {
        self.path.starts_with("/api/v1/")
    }

    pub fn is_form(&self) -> bool {
        self.path.starts_with("/rpc/")
    }
}

const fn door(method: &'static str, path: &'static str, needs: Needs, sends: &'static str) -> Door {
    Door { method, path, needs, sends }
}

const fn get(path: &'static str, needs: Needs) -> Door {
    door("GET", path, needs, "")
}

const fn form(path: &'static str, needs: Needs, sends: &'static str) -> Door {
    door("POST", path, needs, sends)
}

/// All of them.
pub static DOORS: LazyLock<Vec<Door>> =
    LazyLock::new(|| [shop::PAGES, console::PAGES, office::PAGES, goods::GOODS, api::API].concat());

/// Every door that the sources and the API's document name.
pub fn declared() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = BTreeSet::new();
    for folder in ["app", "server/src"] {
        for text in sources(&root.join(folder)) {
            found.extend(forms_in(&text));
            found.extend(routes_in(&text));
        }
    }
    let document: Value = serde_json::from_str(include_str!("../../src/api/openapi.json")).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let methods = operations.as_object().unwrap().keys().filter(|key| *key != "parameters");
        found.extend(methods.map(|method| format!("{} /api/v1{path}", method.to_uppercase())));
    }
    found
}

fn sources(folder: &Path) -> Vec<String> {
    let (mut texts, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = waiting.pop() {
        let entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        for path in entries {
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                texts.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    texts
}

/// The text of a string literal that follows `name` within an attribute.
fn quoted<'a>(attribute: &'a str, name: &str) -> Option<&'a str> {
    attribute.split(name).nth(1)?.split('"').nth(1)
}

/// Server functions: `#[server(prefix = "…", endpoint = "…")]`.
fn forms_in(text: &str) -> Vec<String> {
    let attributes = text.split("#[server(prefix").skip(1).filter_map(|rest| rest.split(")]").next());
    let path = |attribute: &str| {
        let prefix = attribute.split('"').nth(1)?;
        Some(format!("POST {prefix}/{}", quoted(attribute, "endpoint")?))
    };
    attributes.filter_map(path).collect()
}

/// Routes: `.route("…", …)`, and files' `.route_service`.
fn routes_in(text: &str) -> Vec<String> {
    let calls = text.split(".route").skip(1).filter_map(|rest| {
        let rest = rest.trim_start_matches("_service").trim_start().strip_prefix('(')?.trim_start();
        let path = rest.strip_prefix('"')?.split('"').next()?;
        let handler = rest.get(path.len() + 2..)?.trim_start_matches([',', ' ', '\n']);
        Some((path, handler))
    });
    let entry = |(path, handler): (&str, &str)| {
        let method = if handler.starts_with("post(") { "POST" } else { "GET" };
        // Nested below a prefix; the rest of `/rpc` is found by its functions.
        match path {
            "/rpc/{*function}" => None,
            "/wechat-pay" => Some(format!("{method} /callbacks/wechat-pay")),
            "/couriers" => Some(format!("{method} /callbacks/couriers")),
            "/trackers" => Some(format!("{method} /callbacks/trackers")),
            "/openapi.json" => Some(format!("{method} /api/v1/openapi.json")),
            _ => Some(format!("{method} {path}")),
        }
    };
    calls.filter_map(entry).collect()
}
