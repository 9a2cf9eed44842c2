//! Random lives of one variant at two stores and a warehouse: everything that people do with its pieces, in whatever
//! order, against a model that knows the transition tables and what each deed does to the balances. A smaller variant
//! comes in exchange for it, and can be asked for then.
//!
//! - `tries`: what somebody tries
//! - `model`, `shelf`: what should follow
//! - `cast`: everybody who takes part
//! - `selling`, `sending`, `returning`: orders, early holds, parcels, goods that come back
//! - `counter`: sales at the counter
//! - `moving`, `keeping`: transfers and purchases; counts, losses, what is for the counter, quotas, batches
//! - `ruling`: limits, refunds and batches of orders by head office
//!
//! `PROPTEST_CASES=10000` lives as many lives, `PROPTEST_RNG_SEED` those of a failure again.

mod cast;
mod counter;
mod keeping;
mod model;
mod moving;
mod returning;
mod ruling;
mod selling;
mod sending;
mod shelf;
mod tries;

use std::{env, sync::Arc};

use commerce::orders;
use domain::orders::OrderState;
use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed, TestRunner},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::runtime::Handle;

use self::{
    cast::Cast,
    model::Model,
    tries::{Try, tries},
};

impl Cast {
    /// Tries one deed, here and in the model; whether it succeeds is the model's to know.
    async fn tried(&self, one: &Try, model: &mut Model) -> Result<(), TestCaseError> {
        match one {
            Try::Sell(deed) => self.sell(deed, model).await?,
            Try::Send(deed) => self.send(deed, model).await?,
            Try::Return(deed) => self.after_sales(deed, model).await?,
            Try::Counter(deed) => self.counter(deed, model).await?,
            Try::Move(deed) => self.transfer(deed, model).await?,
            Try::Keep(deed) => self.keep(deed, model).await?,
            Try::Rule(deed) => self.rule(deed, model).await?,
        }
        prop_assert_eq!(self.balances(model.sku).await, model.balances());
        prop_assert_eq!(self.batches(model.sku).await, model.batches());
        Ok(())
    }

    async fn live(&self, tries: Vec<Try>) -> Result<(), TestCaseError> {
        let mut model = Model::new(self.new_sku().await, self.small_sku().await);
        for one in tries {
            let tried = self.tried(&one, &mut model).await;
            tried.map_err(|failure| TestCaseError::fail(format!("{one:?}: {failure}\n{model:?}")))?;
        }
        // What is left open ends here, so that the next life may place and hold its own.
        for order in model.orders.iter().filter(|order| order.state == OrderState::Placed) {
            orders::cancel(&self.buyer, order.id).await.unwrap();
        }
        for hold in model.holds {
            commerce::holds::release(&self.buyer, hold.id).await.unwrap();
        }
        Ok(())
    }
}

impl Cast {
    /// How often things have come how far, so that whoever reads a run sees what it has proved.
    async fn reached(&self) -> String {
        let reached: Vec<(String, i64)> = sqlx::query_as(
            "select 'order ' || fulfilment || ' ' || state, count(*) from orders group by 1
             union all select 'early hold ' || state, count(*) from early_holds group by 1
             union all select 'transfer ' || state, count(*) from stock_transfers group by 1
             union all select 'count ' || state, count(*) from counts group by 1
             union all select 'loss ' || state, count(*) from losses group by 1
             union all select 'after-sales ' || kind || ' ' || state, count(*) from after_sales group by 1
             union all select 'purchase ' || state, count(*) from purchases group by 1
             union all select 'batch ' || cause, count(*) from batch_moves group by 1
             union all select 'movement ' || cause, count(*) from movements group by 1
             union all select 'order batch ' || b.act || ' ' || l.outcome, count(*)
                       from order_batch_lines l join order_batches b on b.id = l.batch_id group by 1
             union all select 'case ' || (solved_at is not null), count(*) from shortages group by 1
             union all select 'quota of ' || channel, count(*) from channel_quotas group by 1
             union all select 'posted ' || (arrived_at is not null), count(*) from after_sales_parcels group by 1
             union all select 'missing of a return', count(*) from after_sales_missing
             union all select 'of what came in exchange ' || a.kind || ' ' || a.state, count(*)
                       from after_sales_lines l join after_sales a on a.id = l.after_sales_id
                       where l.came_for is not null group by 1
             union all select 'apart ' || separate || (expired > 0), count(*) from stock group by 1 order by 1",
        )
        .fetch_all(&self.world.owner)
        .await
        .unwrap();
        reached.iter().map(|(what, many)| format!("{what}: {many}")).collect::<Vec<_>>().join(", ")
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
#[allow(clippy::print_stdout, reason = "whoever lets it run for an hour wants to know what came of it")]
async fn whatever_is_tried_in_whatever_order_the_balances_are_those_of_the_model(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = Arc::new(Cast::gather(options, connect).await);
    let (kept, runtime) = (cast.clone(), Handle::current());
    let asked = Config::default();
    let seed = match asked.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => rand::random(),
    };
    let cases = env::var("PROPTEST_CASES").map_or(24, |_| asked.cases);
    let rng_seed = RngSeed::Fixed(seed);
    let config = Config { cases, rng_seed, max_shrink_iters: 200, failure_persistence: None, ..asked };
    // proptest is not asynchronous: it runs on a thread of its own and blocks there.
    let lived = tokio::task::spawn_blocking(move || {
        TestRunner::new(config).run(&tries(), |tries| runtime.block_on(cast.live(tries)))
    });
    if let Err(failure) = lived.await.unwrap() {
        panic!("PROPTEST_RNG_SEED={seed}: {failure}");
    }
    println!("PROPTEST_RNG_SEED={seed}: {cases} lives, of which came {}", kept.reached().await);
    let Ok(cast) = Arc::try_unwrap(kept).map_err(drop) else { panic!("somebody still plays") };
    cast.world.balanced().await;
}
