//! `mendian demo --size chain`: room on the disk is seen to first, then the load is watched.
#![allow(clippy::print_stdout, reason = "a command's answer is its output")]

use std::time::Instant;

use anyhow::{Context, bail, ensure};
use commerce::{
    Scope,
    demo::chain::{self, Plan, Progress},
};
use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use nix::sys::statvfs::statvfs;

use crate::{
    config::{ChainSize, Settings},
    tasks::with_house_and_owner,
};

/// Makes the chain. Interrupted, it stops what it started; run again, it goes on.
pub async fn make(settings: &Settings, size: &ChainSize) -> anyhow::Result<()> {
    let plan = plan(size);
    let begun = Instant::now();
    let rows = with_house_and_owner(settings, async |scope, owner| {
        see_to_room(scope, settings, &plan).await?;
        let mut shown = Shown::new()?;
        let making = Box::pin(chain::make(scope, owner, &plan, |progress| shown.show(progress)));
        tokio::select! {
            rows = making => Ok(rows?),
            _ = tokio::signal::ctrl_c() => bail!("called off; the same command goes on from here"),
        }
    })
    .await?;
    if rows == 0 {
        println!("demo: the chain is there already");
    } else {
        println!("demo: {} rows in {}", HumanCount(rows), HumanDuration(begun.elapsed()));
    }
    Ok(())
}

fn plan(size: &ChainSize) -> Plan {
    Plan {
        stores: size.stores.unwrap_or(500),
        skus: size.skus.unwrap_or(5_000),
        members: size.members.unwrap_or(1_000_000),
        orders: size.orders.unwrap_or(5_000_000),
    }
}

/// Says how much disk it takes, and refuses where the disk is seen to have less. Whose PostgreSQL is
/// elsewhere knows alone.
async fn see_to_room(scope: &Scope, settings: &Settings, plan: &Plan) -> anyhow::Result<()> {
    let needed = chain::bytes_needed(scope, plan).await?;
    let Plan { stores, skus, members, orders } = plan;
    println!("demo: {stores} stores × {skus} SKUs, {members} members, {orders} orders");
    println!("demo: this takes about {} of disk", HumanBytes(needed));
    if settings.database_url.is_none() {
        let disk = statvfs(&settings.data).context("the data folder's disk cannot be looked at")?;
        let free = disk.blocks_available() * disk.fragment_size();
        ensure!(
            free >= needed,
            "{} has {} free; nothing was changed. Choose another --data, or a smaller chain (--orders)",
            settings.data.display(),
            HumanBytes(free)
        );
    }
    Ok(())
}

/// What is seen of the load: a line for each thing begun, and on a terminal a bar.
struct Shown {
    bar: ProgressBar,
    what: String,
    begun: Instant,
}

impl Shown {
    fn new() -> anyhow::Result<Self> {
        let style = ProgressStyle::with_template("{bar:30} {percent}%  {msg}, {eta} left")?;
        Ok(Self { bar: ProgressBar::no_length().with_style(style), what: String::new(), begun: Instant::now() })
    }

    fn show(&mut self, progress: Progress<'_>) {
        if progress.what != self.what {
            self.what = progress.what.to_owned();
            self.bar.suspend(|| println!("demo: {} …", self.what));
            self.bar.reset();
        }
        if progress.rows == 0 {
            self.begun = Instant::now();
        }
        if progress.total == 0 {
            return;
        }
        let each_s = progress.rows as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
        self.bar.set_message(format!("{} rows, {}/s", HumanCount(progress.rows), HumanCount(each_s as u64)));
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.done);
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
