//! The same kind of request again and again over many connections, each time of another store or product.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use hdrhistogram::Histogram;

use crate::client::Client;

/// What Chrome takes since version 123, and Firefox since 126.
pub const ENCODINGS: &str = "gzip, deflate, br, zstd";
const WARM_UP: Duration = Duration::from_secs(2);

/// What a load measured.
pub struct Figures {
    histogram: Histogram<u64>,
    took: Duration,
}

impl Figures {
    pub fn per_second(&self) -> f64 {
        self.histogram.len() as f64 / self.took.as_secs_f64()
    }

    pub fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.histogram.value_at_quantile(quantile))
    }
}

/// Each connection asks again as soon as it is answered, for one of `paths` after another.
pub async fn closed(address: SocketAddr, paths: &[String], connections: usize, took: Duration) -> Result<Figures> {
    run(address, paths, connections, took, None).await
}

/// Requests are due at fixed times, `per_second` in all, and measured from when they were due: one
/// that had to wait for its connection counts with its wait.
pub async fn paced(
    address: SocketAddr,
    paths: &[String],
    connections: usize,
    took: Duration,
    per_second: f64,
) -> Result<Figures> {
    run(address, paths, connections, took, Some(Duration::from_secs_f64(connections as f64 / per_second))).await
}

async fn run(
    address: SocketAddr,
    paths: &[String],
    connections: usize,
    took: Duration,
    every: Option<Duration>,
) -> Result<Figures> {
    let start = Instant::now() + WARM_UP;
    let workers = (0..connections).map(|place| {
        // Each begins elsewhere, so that neighbours in time are not neighbours in the list.
        let mut paths = paths.to_vec();
        let turn = place * paths.len() / connections;
        paths.rotate_left(turn);
        // Spread over one interval, or all connections would ask at the same moment.
        let offset = every.unwrap_or_default().mul_f64(place as f64 / connections as f64);
        tokio::spawn(async move { work(address, &paths, start, took, every, offset).await })
    });
    let mut histogram = Histogram::new(3)?;
    for worker in try_join_all(workers).await? {
        histogram.add(worker?)?;
    }
    Ok(Figures { histogram, took })
}

async fn work(
    address: SocketAddr,
    paths: &[String],
    start: Instant,
    took: Duration,
    every: Option<Duration>,
    offset: Duration,
) -> Result<Histogram<u64>> {
    let mut client = Client::connect(address).await?;
    let mut histogram = Histogram::new(3)?;
    let mut due = start - WARM_UP + offset;
    for path in paths.iter().cycle() {
        match every {
            None => due = Instant::now(),
            Some(every) => {
                tokio::time::sleep_until(due.into()).await;
                due += every;
            }
        }
        let asked = every.map_or(due, |every| due - every);
        if asked >= start + took {
            return Ok(histogram);
        }
        let body = client.load(path, ENCODINGS).await?;
        ensure!(!body.is_empty(), "{path}");
        if asked >= start {
            histogram.record(asked.elapsed().as_micros() as u64)?;
        }
    }
    Ok(histogram)
}
