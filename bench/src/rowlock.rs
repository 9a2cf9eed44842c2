//! What rounds are measured against: a hold that locks its row, looks, writes and commits, each by itself.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures::future::try_join_all;
use hdrhistogram::Histogram;
use sqlx::{
    ConnectOptions as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

use crate::{report::Row, town::Town};

/// How many connections hold at once: as many as wait for the disk together, as DESIGN measured it.
const CONNECTIONS: u32 = 16;
const LASTS: Duration = Duration::from_secs(5);

/// Holds pieces of a product's only variant for some seconds, without HTTP.
pub async fn measure(town: &Town, store: &str, product: &str) -> Result<Row> {
    let connect: PgConnectOptions = town.database_url()?.parse()?;
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(connect.disable_statement_logging());
    let pool = pool.await?;
    let store: Uuid = store.parse()?;
    let sku = sqlx::query_scalar("select k.id from skus k join products p on p.id = k.product_id where p.code = $1");
    let sku: Uuid = sku.bind(product).fetch_one(&pool).await?;
    let member: Uuid = sqlx::query_scalar("select id from members limit 1").fetch_one(&pool).await?;
    let began = Instant::now();
    let holding = (0..CONNECTIONS).map(|_| hold_on(&pool, (store, sku, member), began + LASTS));
    let mut histogram = Histogram::<u64>::new(3)?;
    for held in try_join_all(holding).await? {
        histogram.add(held)?;
    }
    let took = began.elapsed();
    pool.close().await;
    let quantile = |quantile| Duration::from_micros(histogram.value_at_quantile(quantile));
    Ok(Row {
        what: format!(
            "the same by a plain row lock, without HTTP: {CONNECTIONS} connections, {} held",
            histogram.len()
        ),
        floor: None,
        per_second: histogram.len() as f64 / took.as_secs_f64(),
        times: vec![("p50", quantile(0.5)), ("p99", quantile(0.99))],
    })
}

async fn hold_on(pool: &PgPool, of: (Uuid, Uuid, Uuid), until: Instant) -> Result<Histogram<u64>> {
    let mut histogram = Histogram::new(3)?;
    while Instant::now() < until {
        let began = Instant::now();
        hold(pool, of).await?;
        histogram.record(began.elapsed().as_micros() as u64)?;
    }
    Ok(histogram)
}

/// One piece: lock, look, write, commit.
async fn hold(pool: &PgPool, (store, sku, member): (Uuid, Uuid, Uuid)) -> Result<()> {
    let id = Uuid::now_v7();
    let mut tx = pool.begin().await?;
    let free = "select on_hand - held - allocated from stock where location_id = $1 and sku_id = $2 for update";
    let free: Option<i64> = sqlx::query_scalar(free).bind(store).bind(sku).fetch_optional(&mut *tx).await?;
    ensure!(free.context("the variant has no balance")? > 0, "sold out before the time was over");
    let taken = "update stock set held = held + 1 where location_id = $1 and sku_id = $2";
    sqlx::query(taken).bind(store).bind(sku).execute(&mut *tx).await?;
    let kept = "insert into early_holds (id, member_id, location_id, sku_id, quantity, state, held_at, expires_at)
                values ($1, $2, $3, $4, 1, 'held', now(), now() + interval '5 minutes')";
    sqlx::query(kept).bind(id).bind(member).bind(store).bind(sku).execute(&mut *tx).await?;
    let moved = "insert into movements (location_id, sku_id, cause, held, early_hold_id, actor_id, occurred_at)
                 values ($1, $2, 'hold', 1, $3, $4, now())";
    sqlx::query(moved).bind(store).bind(sku).bind(id).bind(member).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}
