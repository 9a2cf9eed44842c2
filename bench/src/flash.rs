//! A flash sale: many buyers want one variant at one store. Each makes sure of a piece by a hold of its own,
//! through the API, and goes on until nothing is left.

use std::{
    fs,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use hdrhistogram::Histogram;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    client::Client,
    report::{Report, Row},
    rowlock,
    town::Town,
};

/// How many pieces each store of the brand has of what warms up, of what is measured, of what two servers sell, and of
/// what is sold by a plain lock.
const PIECES: [u32; 4] = [6_000, 30_000, 1_000, 30_000];
const BRAND: &str = "青禾茶铺";
/// How many pieces one member may hold at a time: the server's own limit, which is not raised.
const EACH: u32 = 3;

/// Members who have not held anything yet.
type Crowd = Mutex<Vec<String>>;

/// Lets `buyers` at a time hold one piece each at the same moment, again and again until none is left. Behind
/// each buyer come others, since a member may hold a few pieces only.
pub async fn measure(town: &mut Town, buyers: usize, report: &mut Report) -> Result<()> {
    let mut table = String::from("商品编码,商品名称,品牌,分类,价格(元),期初库存\n");
    // Data that is kept has the goods of earlier runs.
    let codes = PIECES.map(|_| format!("bench-{}", Uuid::now_v7()));
    for (code, pieces) in codes.iter().zip(PIECES) {
        table.push_str(&format!("{code},{code},{BRAND},抢购,9.90,{pieces}\n"));
    }
    let file = town.folder().join("flash.csv");
    fs::write(&file, table)?;
    town.import_products(&file)?;
    let pieces: u32 = PIECES[..3].iter().sum();
    // Whoever meets the end of a sale has pieces left to take.
    let members = pieces as usize / EACH as usize + 3 * buyers;
    eprintln!("{members} members log in …");
    let (mut clients, crowd) = gather(town, buyers, members).await?;
    let store = open_store(&mut clients[0]).await?;
    // Each of the database's connections plans a statement anew for its first calls.
    let [warm, hot, shared, plain] = &codes;
    sell(&mut clients, &crowd, &store, warm).await?;
    let pieces = PIECES[1];
    let what = format!("flash sale: {buyers} buyers at a time hold the {pieces} pieces of one variant");
    report.add(sale(&mut clients, &crowd, &store, (hot, pieces), what).await?);
    let other = town.another_server().await?;
    for client in clients.iter_mut().step_by(2) {
        *client = Client::connect(other).await?;
    }
    let pieces = PIECES[2];
    let what = format!("the same at two servers, {pieces} pieces");
    report.add(sale(&mut clients, &crowd, &store, (shared, pieces), what).await?);
    report.add(rowlock::measure(town, &store, plain).await?);
    Ok(())
}

/// Sells all pieces of a product's only variant, and not one more.
async fn sale(
    clients: &mut [Client],
    crowd: &Crowd,
    store: &str,
    (product, pieces): (&str, u32),
    what: String,
) -> Result<Row> {
    let began = Instant::now();
    let histogram = sell(clients, crowd, store, product).await?;
    let took = began.elapsed();
    let held = histogram.len();
    ensure!(held == u64::from(pieces), "{pieces} pieces were there and {held} were held");
    let quantile = |quantile| Duration::from_micros(histogram.value_at_quantile(quantile));
    Ok(Row {
        what: format!("{what}, {held} held"),
        floor: Some(5000.0),
        per_second: held as f64 / took.as_secs_f64(),
        times: vec![("p50", quantile(0.5)), ("p99", quantile(0.99))],
    })
}

/// So many connections, and so many members who have logged in.
async fn gather(town: &Town, connections: usize, members: usize) -> Result<(Vec<Client>, Crowd)> {
    let come = (0..connections).map(|first| async move {
        let (mut last, mut tokens) = (None, Vec::new());
        for place in (first..members).step_by(connections) {
            let client = town.member(&format!("138{place:08}")).await?;
            tokens.extend(client.token.clone());
            last = Some(client);
        }
        anyhow::Ok((last.context("fewer members than connections")?, tokens))
    });
    let (clients, tokens): (Vec<_>, Vec<_>) = try_join_all(come).await?.into_iter().unzip();
    Ok((clients, Mutex::new(tokens.concat())))
}

/// A store of the brand that takes orders now.
async fn open_store(client: &mut Client) -> Result<String> {
    let stores = client.api(Method::GET, "/stores?brand=qinghe&limit=100", None).await?;
    let mut stores = stores.as_array().context("stores")?.iter();
    let open = stores.find(|store| store["opening"]["takes_orders"] == true);
    Ok(open.and_then(|store| store["id"].as_str()).context("no store takes orders at this hour")?.to_owned())
}

/// Sells a product's only variant out; answers how long the holds that were granted took.
async fn sell(clients: &mut [Client], crowd: &Crowd, store: &str, product: &str) -> Result<Histogram<u64>> {
    let product = clients[0].api(Method::GET, &format!("/stores/{store}/products/{product}"), None).await?;
    let wish = json!({ "store_id": store, "sku_id": product["skus"][0]["id"], "quantity": 1 });
    let start = Barrier::new(clients.len());
    let grabbing = clients.iter_mut().map(|client| grab(client, crowd, wish.clone(), &start));
    let mut histogram = Histogram::new(3)?;
    for held in try_join_all(grabbing).await? {
        histogram.add(held)?;
    }
    Ok(histogram)
}

/// Holds piece after piece, a few for each member, until they are sold out.
async fn grab(client: &mut Client, crowd: &Crowd, mut wish: Value, start: &Barrier) -> Result<Histogram<u64>> {
    let mut histogram = Histogram::new(3)?;
    start.wait().await;
    loop {
        client.token = crowd.lock().unwrap_or_else(PoisonError::into_inner).pop();
        ensure!(client.token.is_some(), "nobody is left and goods are");
        for _ in 0..EACH {
            wish["id"] = json!(Uuid::now_v7());
            let began = Instant::now();
            let (status, answer) = client.send(Method::POST, "/api/v1/holds", Some(&wish)).await?;
            let took = began.elapsed().as_micros() as u64;
            if status == StatusCode::OK {
                histogram.record(took)?;
                continue;
            }
            let answer: Value = serde_json::from_slice(&answer)?;
            ensure!(answer["code"] == "sold_out", "holding: {status} {answer}");
            return Ok(histogram);
        }
    }
}
