//! What shoppers look at: lists of stores, stores, products; as pages and as JSON.

use std::time::Duration;

use anyhow::{Context, Result};
use hyper::Method;

use crate::{
    client::Client,
    load,
    report::{Report, Row},
    town::Town,
};

/// How many connections, for how long each.
#[derive(Clone, Copy)]
pub struct Load {
    pub connections: usize,
    pub took: Duration,
}

/// How many stores are visited in turn; all of them where there are fewer.
const STORES: usize = 50;

/// Measures each kind of page: at full load with connections that never rest, and at half of what came
/// of that with requests that are due at fixed times.
pub async fn measure(town: &Town, load: Load, report: &mut Report) -> Result<()> {
    let visited = visited(town).await?;
    let goods = visited.goods as f64 / visited.menus.len() as f64;
    let kinds = [
        ("store list, 20 nearest".to_owned(), None, visited.finders),
        (format!("store page, {goods:.0} products"), Some(2000.0), visited.menus),
        ("product page".to_owned(), None, visited.products),
        ("JSON store list, 20 nearest".to_owned(), None, visited.store_lists),
        (format!("JSON product list, {goods:.0} products"), Some(5000.0), visited.product_lists),
    ];
    for (what, floor, paths) in kinds {
        let full = load::closed(town.address, &paths, load.connections, load.took).await?;
        let rate = full.per_second() / 2.0;
        let half = load::paced(town.address, &paths, load.connections * 4, load.took, rate).await?;
        report.add(Row {
            what,
            floor,
            per_second: full.per_second(),
            times: vec![("p95", full.quantile(0.95)), ("p95 at half load", half.quantile(0.95))],
        });
    }
    Ok(())
}

/// The addresses of each kind.
#[derive(Default)]
struct Visited {
    finders: Vec<String>,
    store_lists: Vec<String>,
    menus: Vec<String>,
    product_lists: Vec<String>,
    products: Vec<String>,
    /// How many products the menus show in all.
    goods: usize,
}

async fn visited(town: &Town) -> Result<Visited> {
    let mut client = Client::connect(town.address).await?;
    let stores = client.api(Method::GET, "/stores?limit=100", None).await?;
    let mut visited = Visited::default();
    for store in stores.as_array().context("stores")?.iter().take(STORES) {
        let text = |name: &str| store[name].as_str().with_context(|| format!("a store without {name}"));
        let (id, code) = (text("id")?, text("code")?);
        let near = format!("{},{}", store["point"]["latitude"], store["point"]["longitude"]);
        visited.finders.push(format!("/stores?near={near}"));
        visited.store_lists.push(format!("/api/v1/stores?near={near}"));
        visited.menus.push(format!("/s/{code}"));
        visited.product_lists.push(format!("/api/v1/stores/{id}/products"));
        let list = client.api(Method::GET, &format!("/stores/{id}/products"), None).await?;
        let items = list["items"].as_array().context("products")?;
        visited.goods += items.len();
        let product = items.first().and_then(|product| product["code"].as_str());
        visited.products.extend(product.map(|product| format!("/s/{code}/p/{product}")));
    }
    Ok(visited)
}
