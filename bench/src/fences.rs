//! What it costs a read to ask who may see it: the grants of whoever asks, the filter of a use case by their reach,
//! row-level security behind it; and what it costs a change to be written into the log.
//!
//! Measured in this process, without HTTP, one call after another, so that microseconds are seen. The ways that are
//! compared take turns, so that a machine that grows slower or faster meanwhile does so for all.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use chrono::{SubsecRound, Utc};
use commerce::{House, Partners, Pools, Scope, orders, sessions};
use domain::{
    OrderId,
    orders::{Channel, ListOrders, OrderState},
};
use hdrhistogram::Histogram;
use sqlx::{
    ConnectOptions, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

use crate::{report::Report, town::Town};

/// How often each way of a read is taken, and how often they change turns.
const READS: usize = 3_000;
const TURN: usize = 100;
/// How many orders are accepted in each way.
const CHANGES: usize = 300;

/// What stands in for row-level security while it is left out.
const FENCED: &str =
    "select relname::text from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace";

/// Measures it on the town's database.
pub async fn measure(town: &Town, report: &mut Report) -> Result<()> {
    let connect: PgConnectOptions = town.database_url()?.parse()?;
    let mut owner = connect.clone().disable_statement_logging().connect().await?;
    let options = PgPoolOptions::new().max_connections(4).test_before_acquire(false);
    let pools = Pools::connect(options, connect.disable_statement_logging()).await?;
    let people = pools.people.clone();
    let house = House::new(pools, Partners::default(), commerce::Settings::default());
    reads(town, &house, &mut owner, &people, report).await?;
    changes(town, &house, &mut owner, report).await?;
    house.close().await;
    Ok(())
}

async fn scope_of(house: &House, token: &str) -> Result<Scope> {
    let now = Utc::now().trunc_subsecs(6);
    let (id, address, agent) = ("bench".into(), "127.0.0.1".into(), "bench".into());
    let request = sessions::Request { channel: Channel::Console, now, id, address, agent };
    Ok(sessions::identify(house, Some(token), request).await?)
}

/// Times of one way.
struct Way(Histogram<u64>);

impl Way {
    fn new() -> Result<Self> {
        Ok(Self(Histogram::new(3)?))
    }

    async fn time<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        let began = Instant::now();
        let done = work.await;
        self.0.record(began.elapsed().as_nanos() as u64 / 100)?;
        Ok(done)
    }

    /// The median, in microseconds.
    fn median_us(&self) -> f64 {
        self.0.value_at_quantile(0.5) as f64 / 10.0
    }
}

/// A page of orders, read by the manager of a store.
async fn reads(
    town: &Town,
    house: &House,
    owner: &mut PgConnection,
    people: &PgPool,
    report: &mut Report,
) -> Result<()> {
    let member = town.member("13900000001").await?.token.context("a member's session")?;
    let manager = town.staff("manager", "demo-manager-2026").await?.token.context("a manager's session")?;
    let ask = ListOrders { most: 30, ..ListOrders::default() };
    let fenced: Vec<String> = sqlx::query_scalar(FENCED).fetch_all(&mut *owner).await?;
    let [mut anybody, mut staff, mut behind, mut open] = [Way::new()?, Way::new()?, Way::new()?, Way::new()?];
    let scope = scope_of(house, &manager).await?;
    let seen = orders::list(&scope, ask.clone()).await?.items.len();
    ensure!(seen > 0, "the manager's store has no orders to read");
    for _ in 0..READS / TURN {
        for _ in 0..TURN {
            anybody.time(scope_of(house, &member)).await??;
            staff.time(scope_of(house, &manager)).await??;
        }
        for _ in 0..TURN {
            behind.time(orders::list(&scope, ask.clone())).await??;
        }
        switch(owner, &fenced, "disable").await?;
        // The first of a turn plans anew.
        sqlx::query("select 1").execute(people).await?;
        orders::list(&scope, ask.clone()).await?;
        for _ in 0..TURN {
            open.time(orders::list(&scope, ask.clone())).await??;
        }
        switch(owner, &fenced, "enable").await?;
        orders::list(&scope, ask.clone()).await?;
    }
    let [anybody, staff, behind, open] = [&anybody, &staff, &behind, &open].map(Way::median_us);
    let whole = staff + behind;
    let part = |cost: f64| format!("{cost:.0} µs, {:.1} % of it", cost / whole * 100.0);
    report.note(format!(
        "A page of {seen} orders for a store's manager, from the token to the list: {whole:.0} µs. Of these, what the \
         manager may do (session with grants {staff:.0}, session alone {anybody:.0}): {}. Row-level security (list \
         {behind:.0}, without {open:.0}): {}. Medians of {READS} calls in turns of {TURN}, one at a time, without HTTP.",
        part(staff - anybody),
        part(behind - open),
    ));
    Ok(())
}

async fn switch(owner: &mut PgConnection, tables: &[String], how: &str) -> Result<()> {
    let statements: Vec<String> =
        tables.iter().map(|table| format!("alter table {table} {how} row level security")).collect();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements.join("; "))).execute(owner).await?;
    Ok(())
}

/// Orders accepted with and without the row in the log, which a trigger leaves out.
async fn changes(town: &Town, house: &House, owner: &mut PgConnection, report: &mut Report) -> Result<()> {
    let head = town.staff("hq", "demo-hq-2026").await?.token.context("head office's session")?;
    let scope = scope_of(house, &head).await?;
    let ids: Vec<Uuid> = sqlx::query_scalar("select id from orders where state = 'completed' limit $1")
        .bind(2 * CHANGES as i64)
        .fetch_all(&mut *owner)
        .await?;
    ensure!(ids.len() == 2 * CHANGES, "too few orders to accept");
    let was = OrderState::Completed.code();
    let set =
        |state: &'static str| sqlx::query("update orders set state = $2 where id = any($1)").bind(&ids).bind(state);
    set("paid").execute(&mut *owner).await?;
    let [mut with, mut without] = [Way::new()?, Way::new()?];
    let leave_out = "create function leave_out() returns trigger language plpgsql as $$ begin return null; end $$;
                     create trigger leave_out before insert on audit for each row execute function leave_out();
                     alter table audit disable trigger leave_out";
    sqlx::raw_sql(leave_out).execute(&mut *owner).await?;
    for turn in ids.chunks(20) {
        let (logged, silent) = turn.split_at(turn.len() / 2);
        for id in logged {
            with.time(orders::accept(&scope, OrderId(*id))).await??;
        }
        sqlx::query("alter table audit enable trigger leave_out").execute(&mut *owner).await?;
        for id in silent {
            without.time(orders::accept(&scope, OrderId(*id))).await??;
        }
        sqlx::query("alter table audit disable trigger leave_out").execute(&mut *owner).await?;
    }
    // The books are looked at afterwards: the orders become what they were.
    sqlx::raw_sql("drop trigger leave_out on audit; drop function leave_out").execute(&mut *owner).await?;
    let forget = "delete from order_steps t using (select order_id, max(step) as step from order_steps
                  where order_id = any($1) group by order_id) l where t.order_id = l.order_id and t.step = l.step";
    sqlx::query(forget).bind(&ids).execute(&mut *owner).await?;
    set(was).execute(&mut *owner).await?;
    let (with, without) = (with.median_us(), without.median_us());
    let cost = Duration::from_nanos(((with - without).max(0.0) * 1000.0) as u64);
    report.note(format!(
        "Accepting an order: {with:.0} µs with its entry in the log, {without:.0} µs where the database drops the entry \
         it is sent: {:.0} µs, {:.1} %. Medians of {CHANGES} each, in turns of 10; each is a durable commit.",
        cost.as_secs_f64() * 1e6,
        cost.as_secs_f64() * 1e8 / with,
    ));
    Ok(())
}
