//! Measures a whole Mendian on this machine: starts the server, its PostgreSQL and the stand-ins in a
//! folder of their own, loads them over HTTP from this process, and prints a table in Markdown.
//!
//! The load runs on the same machine as what it measures, so the figures are of both together.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the output")]

mod client;
mod fences;
mod flash;
mod load;
mod orders;
mod pace;
mod pages;
mod report;
mod rowlock;
mod sizes;
mod town;

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Parser, ValueEnum};

use pages::Load;
use report::{Report, Row};
use town::Town;

/// Settings of a run.
#[derive(Parser, Debug)]
#[command(about)]
struct Cli {
    /// Where the built programs are.
    #[arg(long, default_value = "target/release")]
    programs: PathBuf,
    /// The built site, as `bundle` leaves it.
    #[arg(long, default_value = "target/site")]
    site: PathBuf,
    /// Seconds of each measurement; two more before it warm up.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Connections that ask for pages at once.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Members who order at once.
    #[arg(long, default_value_t = 256)]
    buyers: usize,
    /// An empty database to measure on, in place of one of the server's own.
    #[arg(long)]
    database: Option<String>,
    /// Buyers who want the same goods at the same moment.
    #[arg(long, default_value_t = 256)]
    crowd: usize,
    /// How much demo data to measure on.
    #[arg(long, default_value = "lived")]
    size: String,
    /// A data folder in which demo data of that size has been made already. It is used and kept.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Adds the figures to this file, a line of JSON for each run.
    #[arg(long)]
    history: Option<PathBuf>,
    /// Only one part of the measurements.
    #[arg(long)]
    only: Option<Part>,
}

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Sizes,
    Pages,
    Orders,
    Flash,
    Fences,
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    eprintln!("starting a town …");
    let mut town = Town::start(
        &cli.programs,
        &cli.site,
        town::Ground { database: cli.database.clone(), data: cli.data.clone(), size: cli.size.clone() },
    )
    .await?;
    let mut report = Report::new(&cli.size);
    let took = Duration::from_secs(cli.seconds);
    let wanted = |part| cli.only.is_none_or(|only| only == part);
    if wanted(Part::Sizes) {
        for path in ["/", "/s/QH-SH-001", "/s/QH-SH-001/p/qh-zhenzhu-naicha"] {
            let sizes = sizes::first_visit(&town, path).await?;
            let [html, css, code] = [sizes.html, sizes.css, sizes.code].map(|bytes| bytes as f64 / 1000.0);
            report.note(format!(
                "First visit of {path}, brotli: HTML {html:.1} kB, CSS {css:.1} kB, JS + WASM {code:.1} kB"
            ));
        }
    }
    if wanted(Part::Pages) {
        pages::measure(&town, Load { connections: cli.connections, took }, &mut report).await?;
    }
    if wanted(Part::Orders) {
        let mut crowd = orders::Crowd::gather(&town, cli.buyers).await?;
        let sold = crowd.sell(took).await?;
        report.add(Row {
            what: format!(
                "paid orders: cart, quote, place, pay, callback; {} buyers, {} orders",
                cli.buyers, sold.orders
            ),
            floor: Some(500.0),
            per_second: sold.per_second(),
            times: vec![("p50", sold.quantile(0.5)), ("p95", sold.quantile(0.95))],
        });
        // With the store's side each order is twice the work.
        let pace = sold.per_second() / 4.0;
        let served = crowd.serve(pace, took).await?;
        let quantile = |quantile| Duration::from_micros(served.value_at_quantile(quantile));
        report.add(Row {
            what: format!("place, pay, accept, redeem: due at fixed times, {} orders", served.len()),
            floor: None,
            per_second: served.len() as f64 / took.as_secs_f64(),
            times: vec![("p50", quantile(0.5)), ("p95", quantile(0.95)), ("p99", quantile(0.99))],
        });
    }
    if wanted(Part::Flash) {
        flash::measure(&mut town, cli.crowd, &mut report).await?;
    }
    if wanted(Part::Fences) {
        fences::measure(&town, &mut report).await?;
    }
    let books = town.check_books().await?;
    report.note(format!("`mendian check-books` afterwards: {books}"));
    town.stop().await;
    println!("{}", report.table());
    cli.history.iter().try_for_each(|history| report.keep(history))
}
