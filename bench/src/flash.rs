//! A flash sale: many buyers, one variant at one store, fewer pieces than they want. Every hold is an
//! order placed through the API, priced and checked as any other.

use std::{
    sync::Arc,
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
    orders::Goods,
    report::{Report, Row},
    town::Town,
};

/// Lets `buyers` order one piece each at the same moment, again and again until none is left.
pub async fn measure(town: &Town, goods: &Goods, buyers: usize, report: &mut Report) -> Result<()> {
    let mut clients = Vec::new();
    for place in 0..buyers {
        clients.push(town.member(&format!("138{place:08}")).await?);
    }
    let pieces = available(&mut clients[0], goods).await?;
    let start = Arc::new(Barrier::new(buyers));
    let began = Instant::now();
    let workers = clients.into_iter().map(|client| tokio::spawn(grab(client, goods.clone(), start.clone())));
    let (mut histogram, mut held) = (Histogram::<u64>::new(3)?, 0);
    for worker in try_join_all(workers).await? {
        let (answered, won) = worker?;
        histogram.add(answered)?;
        held += won;
    }
    let took = began.elapsed();
    ensure!(held == pieces, "{pieces} pieces were there and {held} were held");
    report.add(Row {
        what: format!("flash sale: {buyers} buyers order the last {pieces} pieces of one variant, {held} held"),
        floor: Some(5000.0),
        per_second: held as f64 / took.as_secs_f64(),
        times: vec![("p99 of placing", Duration::from_micros(histogram.value_at_quantile(0.99)))],
    });
    Ok(())
}

async fn available(client: &mut Client, goods: &Goods) -> Result<u64> {
    let path = format!("/stores/{}/products/{}", goods.store_id, goods.product);
    let product = client.api(Method::GET, &path, None).await?;
    let skus = product["skus"].as_array().context("variants")?;
    let sku = skus.iter().find(|sku| sku["id"] == goods.line["sku_id"]).context("the variant")?;
    sku["available"].as_u64().context("a number of pieces")
}

/// Orders piece after piece until it is sold out; answers how long placing took, and how many were won.
async fn grab(mut client: Client, goods: Goods, start: Arc<Barrier>) -> Result<(Histogram<u64>, u64)> {
    let (mut histogram, mut won) = (Histogram::new(3)?, 0);
    start.wait().await;
    loop {
        let (status, _) = client.send(Method::PUT, "/api/v1/cart/lines", Some(&goods.line)).await?;
        if status == StatusCode::CONFLICT {
            return Ok((histogram, won));
        }
        let quote = client.api(Method::GET, &format!("/cart/quotes/{}", goods.store_id), None).await?;
        let body: Value = json!({
            "id": Uuid::now_v7(), "store_id": goods.store_id, "slot": quote["slots"][0]["start"],
            "expected_total_fen": quote["total_fen"], "note": "",
        });
        let began = Instant::now();
        let (status, answer) = client.send(Method::POST, "/api/v1/orders", Some(&body)).await?;
        histogram.record(began.elapsed().as_micros() as u64)?;
        match status {
            StatusCode::CONFLICT => return Ok((histogram, won)),
            status if status.is_success() => won += 1,
            status => anyhow::bail!("placing: {status} {}", String::from_utf8_lossy(&answer)),
        }
    }
}
