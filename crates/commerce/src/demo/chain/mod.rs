//! A whole chain on top of the small demo, to see how everything does at size: hundreds of stores that
//! list thousands of SKUs each, a million members, millions of orders of a year.
//!
//! Rows go in by `COPY`, in parts, each in one transaction: some members, one store's shelf, one day's
//! orders with all that they leave behind. A part depends on nothing but the plan, the moment the load
//! began and its own number, so parts are written by several connections at once, and a load that was
//! cut off goes on with those that lack ([`notes`]).
//!
//! What the time goes to decided the rest; 500 stores × 5,000 SKUs are a hundred million rows.
//! - Nothing is calculated back from the orders: they are told once beforehand, without being written,
//!   so that each shelf is filled with what will be taken from it ([`sales::Ground::taken`]).
//! - Foreign keys cost more than the rows: 762,000 movements took 21.8 s with their checks, 7.8 s without.
//!   Where the owner is a superuser, as of the embedded PostgreSQL, they are not checked row by row
//!   (`session_replication_role`): the rows are right by construction, a test checks the keys, and
//!   `commerce::books` everything else. Elsewhere they are checked.
//! - Indexes that keep no rule are dropped and made again from the whole: without them the same movements
//!   took 4.1 s, and making them 1.5 s. A load cut off meanwhile leaves the database slow but right;
//!   going on puts them back.
//!
//! The rooms: [`year`] when, [`sales`] what was sold, [`goods`] by whom and what, [`written`] the rows
//! of it, [`rows`] their format, [`writers`] who writes them, [`notes`] how far it is.

mod goods;
mod notes;
mod rows;
mod sales;
mod writers;
mod written;
mod year;

use std::sync::Arc;

use domain::Fault;
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::sync::mpsc;

use self::{
    notes::Load,
    sales::{Ground, Taken},
    writers::{Part, Writers},
};
use super::Size;
use crate::{Scope, database::OrFault};

/// The brand that grows.
const BRAND: &str = "beibei";
/// The same chain everywhere, but for the moment in which it is made.
const SEED: u64 = 0x6d65_6e64_6961_6e00;
/// Members of one part.
const MEMBERS_A_PART: u64 = 25_000;
/// Numbers of phones that members can have.
const MEMBERS_MOST: u64 = 50_000_000;

/// How large the chain is, beside the small demo's stores, goods, members and orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Stores of the mother-and-baby brand.
    pub stores: usize,
    /// SKUs of the brand; every store of it lists them all.
    pub skus: usize,
    /// Members.
    pub members: u64,
    /// Orders of the last twelve months.
    pub orders: u64,
}

impl Plan {
    /// What the database takes on disk, as measured at the full size.
    fn bytes(&self) -> u64 {
        (self.stores * self.skus) as u64 * 550 + self.members * 350 + self.orders * 4_000
    }
}

/// What PostgreSQL's log and sorting for the indexes may take besides, at most.
const MEANWHILE_BYTES: u64 = 4 << 30;

/// How much room on its disk the database still needs for the chain.
pub async fn bytes_needed(scope: &Scope, plan: &Plan) -> Result<u64, Fault> {
    let taken = sqlx::query_scalar!(r#"select pg_database_size(current_database()) as "bytes!""#)
        .fetch_one(scope.pool())
        .await
        .or_fault()?;
    let lacking = plan.bytes().saturating_sub(taken.unsigned_abs());
    Ok(lacking + lacking.min(MEANWHILE_BYTES))
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// What is being done.
    pub what: &'a str,
    /// How much of it is done.
    pub done: u64,
    /// How much of it there is; 0 where nobody counts.
    pub total: u64,
    /// Rows written by this run.
    pub rows: u64,
}

/// Makes the chain, telling `progress` how far it is. `owner` is how the schema's owner connects: the
/// load drops indexes and, where it may, leaves the checks of foreign keys out. Answers how many rows
/// were written; none where the chain is there already.
///
/// Faults: `Conflict` where the database holds orders that are no demo's, a chain of another size, or
/// another run is at it; `Invalid` where there are not as many names. Nothing has changed then.
pub async fn make(
    scope: &Scope,
    owner: &PgConnectOptions,
    plan: &Plan,
    mut progress: impl FnMut(Progress<'_>),
) -> Result<u64, Fault> {
    if plan.members == 0 || plan.members > MEMBERS_MOST || plan.stores == 0 || plan.skus == 0 {
        return Err(Fault::invalid("members", format!("门店、SKU 和会员至少要有 1，会员最多 {MEMBERS_MOST}")));
    }
    let mut connection = connect(owner).await?;
    let load = Load::open(&mut connection, plan, scope.now).await?;
    if load.finished {
        return Ok(0);
    }
    let small = |what: &str| progress(Progress { what, done: 0, total: 0, rows: 0 });
    super::make(scope, Size::Lived, small).await?;
    let mut tx = connection.begin().await.or_fault()?;
    goods::make(&mut tx, plan).await?;
    tx.commit().await.or_fault()?;
    let (stores, goods) = goods::read(&mut connection, plan).await?;
    let ground = Arc::new(Ground::new(load.begun_at, plan.members, plan.orders, stores, goods));
    let taken = Arc::new(taken(&ground, &mut progress).await?);
    notes::set_indexes_aside(&mut connection).await?;

    let members = (0..plan.members).step_by(MEMBERS_A_PART as usize);
    let members = members.map(|from| Part::Members(from..plan.members.min(from + MEMBERS_A_PART)));
    let shelves = writers::shelves(&mut connection, &ground).await?;
    let days = (0..ground.days.len()).map(Part::Day);
    let lacks = |part: &Part| !load.parts.contains(&part.name());
    let writers = Writers::new(owner, ground, taken);
    // Orders name their members and shelves.
    let mut rows =
        writers.write("会员与货架", members.chain(shelves).filter(lacks).collect(), 0, &mut progress).await?;
    rows += writers.write("订单", days.filter(lacks).collect(), rows, &mut progress).await?;
    put_indexes_back(&mut connection, rows, &mut progress).await?;
    notes::finish(&mut connection, scope.now).await?;
    connection.close().await.or_fault()?;
    Ok(rows)
}

/// Told by another thread, since it is mere calculation.
async fn taken(ground: &Arc<Ground>, progress: &mut impl FnMut(Progress<'_>)) -> Result<Taken, Fault> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let total = ground.days.iter().map(|day| day.orders).sum();
    let ground = ground.clone();
    let counting = tokio::task::spawn_blocking(move || {
        // Nobody listens any more where the run was called off.
        ground.taken(|orders| tell.send(orders).is_ok())
    });
    while let Some(done) = told.recv().await {
        progress(Progress { what: "算出各店要备的货", done, total, rows: 0 });
    }
    counting.await.map_err(|error| Fault::Internal(format!("counting what is sold: {error}")))
}

/// Also tells the planner what there is now.
async fn put_indexes_back(
    owner: &mut PgConnection,
    rows: u64,
    progress: &mut impl FnMut(Progress<'_>),
) -> Result<(), Fault> {
    let aside = notes::indexes_aside(owner).await?;
    let total = aside.len() as u64 + 1;
    sqlx::query("set maintenance_work_mem = '512MB'").execute(&mut *owner).await.or_fault()?;
    for (done, (_, definition)) in (0..).zip(aside) {
        progress(Progress { what: "重建索引", done, total, rows });
        notes::put_index_back(owner, definition).await?;
    }
    progress(Progress { what: "统计", done: total - 1, total, rows });
    sqlx::query("analyze").execute(owner).await.or_fault()?;
    progress(Progress { what: "统计", done: total, total, rows });
    Ok(())
}

async fn connect(owner: &PgConnectOptions) -> Result<PgConnection, Fault> {
    owner.clone().disable_statement_logging().connect().await.or_fault()
}
