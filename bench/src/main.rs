//! Measures a whole Mendian on this machine: starts the server, its PostgreSQL and the stand-ins in a
//! folder of their own, loads them over HTTP from this process, and prints a table in Markdown.
//!
//! The load runs on the same machine as what it measures, so the figures are of both together.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the output")]

mod client;
mod load;
mod orders;
mod sizes;
mod town;

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Parser, ValueEnum};

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
    #[arg(long, default_value_t = 32)]
    buyers: usize,
    /// An empty database to measure on, in place of one of the server's own.
    #[arg(long)]
    database: Option<String>,
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
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    eprintln!("starting a town …");
    let mut town = Town::start(&cli.programs, &cli.site, cli.database.clone()).await?;
    let mut report = format!("{}\n", about());
    let wanted = |part| cli.only.is_none_or(|only| only == part);
    if wanted(Part::Sizes) {
        sizes(&town, &mut report).await?;
    }
    if wanted(Part::Pages) {
        pages(&town, &cli, &mut report).await?;
    }
    if wanted(Part::Orders) {
        orders(&town, &cli, &mut report).await?;
    }
    town.stop().await;
    println!("{report}");
    Ok(())
}

async fn sizes(town: &Town, report: &mut String) -> Result<()> {
    report.push('\n');
    report.push_str("| first visit, brotli | HTML | CSS | JS + WASM |\n|---|---|---|---|\n");
    for (name, path) in [("home", "/"), ("store", "/s/QH-SH-001"), ("product", "/s/QH-SH-001/p/qh-zhenzhu-naicha")] {
        let sizes = sizes::first_visit(town, path).await?;
        writeln!(report, "| {name} | {} | {} | {} |", kb(sizes.html), kb(sizes.css), kb(sizes.code))?;
    }
    Ok(())
}

async fn pages(town: &Town, cli: &Cli, report: &mut String) -> Result<()> {
    let took = Duration::from_secs(cli.seconds);
    report.push_str("\n| requests | per second | p95 at full load | p95 at half load |\n|---|---|---|---|\n");
    let store = town.store_id("QH-SH-001").await?;
    let targets = [
        ("store page, 22 products".to_owned(), "/s/QH-SH-001".to_owned()),
        ("product page".to_owned(), "/s/QH-SH-001/p/qh-zhenzhu-naicha".to_owned()),
        ("JSON product list, 22 products".to_owned(), format!("/api/v1/stores/{store}/products")),
    ];
    for (name, path) in targets {
        eprintln!("{name} …");
        let full = load::closed(town.address, &path, cli.connections, took).await?;
        let half = load::paced(town.address, &path, cli.connections * 4, took, full.per_second() / 2.0).await?;
        writeln!(report, "| {name} | {:.0} | {} | {} |", full.per_second(), ms(full.p95()), ms(half.p95()))?;
    }

    Ok(())
}

async fn orders(town: &Town, cli: &Cli, report: &mut String) -> Result<()> {
    eprintln!("paid orders …");
    let sold = orders::sell(town, cli.buyers, Duration::from_secs(cli.seconds)).await?;
    report.push_str("\n| orders: cart, quote, place, pay, callback | per second | p50 | p95 |\n|---|---|---|---|\n");
    writeln!(
        report,
        "| {} buyers at all open stores, {} orders, every one paid | {:.0} | {} | {} |",
        cli.buyers,
        sold.orders,
        sold.per_second(),
        ms(sold.quantile(0.5)),
        ms(sold.quantile(0.95))
    )?;
    let books = town.check_books().await?;
    writeln!(report, "\n`mendian check-books` afterwards: {books}")?;
    Ok(())
}

/// When and where.
fn about() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("?", |(_, it)| it);
    let memory = read("/proc/meminfo");
    let memory_kb: u64 = memory.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0);
    format!(
        "{}, {} × {model}, {} GiB; server, PostgreSQL (fsync on), stand-ins and load on one machine; {}",
        chrono::Utc::now().format("%Y-%m-%d"),
        std::thread::available_parallelism().map_or(0, usize::from),
        memory_kb.div_ceil(1024 * 1024),
        town::LIMITS_TEXT,
    )
}

fn kb(bytes: usize) -> String {
    format!("{:.1} kB", bytes as f64 / 1000.0)
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
