//! What the server does by itself: jobs, the inbox, the outbox's relay, forgetting.

use std::time::{Duration, Instant};

use chrono::Utc;
use commerce::{
    House, Scope, alerts, events, holds,
    jobs::{self, Lane},
    orders, webhooks,
};
use domain::Fault;
use tokio::{sync::watch, task::JoinSet};

use crate::import;

/// A database or gateway that vanished says nothing: whatever waits for it this long begins anew.
const LONGEST: Duration = Duration::from_secs(60);
/// A whole list of shops takes longer.
const LONGEST_IMPORT: Duration = Duration::from_secs(3_600);

/// How many rounds of callbacks are acted on at once: while one waits for its durable commit, the next
/// gathers.
const INBOX_WORKERS: usize = 2;
/// How many webhooks are served at once: one that is slow has its worker for most of a minute.
const WEBHOOK_WORKERS: usize = 8;
/// How many times as long as a look at a place's alerts took this server looks at no other.
const ALERTS_REST: u32 = 5;
/// But never longer than this: five hundred places that take two seconds each have had their turn within the hour; with
/// 146 ms each it is seven minutes.
const ALERTS_REST_MOST: Duration = Duration::from_secs(5);

/// Starts the workers; each ends at its next pause once `ending` turns true.
pub fn start(house: &House, ending: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    for _ in 0..INBOX_WORKERS {
        workers.spawn(repeat("inbox", Pause::OrInboxFilled(1_000), house.clone(), ending.clone(), async |scope| {
            jobs::work_inbox(&scope).await
        }));
    }
    workers.spawn(repeat("ride notices", Pause::Ms(500), house.clone(), ending.clone(), async |scope| {
        jobs::work_ride_notices(&scope).await
    }));
    workers.spawn(repeat("parcel notices", Pause::Ms(500), house.clone(), ending.clone(), async |scope| {
        jobs::work_parcel_notices(&scope).await
    }));
    for lane in [Lane::Own, Lane::Gateway, Lane::Gateway] {
        workers.spawn(repeat("jobs", Pause::Ms(500), house.clone(), ending.clone(), async move |scope| {
            jobs::run_one(&scope, lane).await
        }));
    }
    workers.spawn(repeat("holds", Pause::Ms(500), house.clone(), ending.clone(), async |scope| {
        holds::expire(&scope).await
    }));
    workers.spawn(repeat("late orders", Pause::Ms(20_000), house.clone(), ending.clone(), async |scope| {
        orders::look(&scope).await
    }));
    workers.spawn(repeat("unclaimed orders", Pause::Ms(20_000), house.clone(), ending.clone(), async |scope| {
        orders::call_off_unclaimed(&scope).await
    }));
    workers.spawn(repeat(
        "orders long on their way",
        Pause::Ms(20_000),
        house.clone(),
        ending.clone(),
        async |scope| orders::complete_taken(&scope).await,
    ));
    let told = ending.clone();
    workers.spawn(repeat("alerts", Pause::Ms(15_000), house.clone(), ending.clone(), async move |scope| {
        let begun = Instant::now();
        let looked = alerts::check(&scope).await?;
        // Nobody waits for it, and a server that has just begun finds every place due: shoppers go first. The server's
        // end does not wait for the rest.
        let rest = (begun.elapsed() * ALERTS_REST).min(ALERTS_REST_MOST);
        let mut ending = told.clone();
        drop(tokio::time::timeout(rest, ending.wait_for(|ends| *ends)).await);
        Ok(looked)
    }));
    for _ in 0..WEBHOOK_WORKERS {
        workers.spawn(repeat("webhooks", Pause::Ms(1_000), house.clone(), ending.clone(), async |scope| {
            webhooks::send::work(&scope).await
        }));
    }
    workers.spawn(repeat_for(
        LONGEST_IMPORT,
        "imports",
        Pause::Ms(500),
        house.clone(),
        ending.clone(),
        async |scope| import::job::work(scope).await,
    ));
    workers.spawn(repeat("relay", Pause::Ms(100), house.clone(), ending.clone(), async |scope| {
        // A full batch is followed at once by the next; a small one waits for company.
        events::relay(&scope).await.map(|sent| sent >= 500)
    }));
    workers.spawn(repeat("sweep", Pause::Ms(600_000), house.clone(), ending.clone(), async |scope| {
        jobs::sweep(&scope).await.map(|()| false)
    }));
    workers
}

/// What a worker with nothing to do waits for, in milliseconds.
#[derive(Clone, Copy)]
enum Pause {
    Ms(u64),
    /// Or until this server stores a callback. Those of another server, and those that failed, are
    /// found when the time is up.
    OrInboxFilled(u64),
}

impl Pause {
    fn time(self) -> Duration {
        let (Self::Ms(ms) | Self::OrInboxFilled(ms)) = self;
        Duration::from_millis(ms)
    }

    async fn wait(self, house: &House, at_least: Duration) {
        let time = tokio::time::sleep(self.time().max(at_least));
        match self {
            Self::OrInboxFilled(_) if at_least.is_zero() => tokio::select! {
                () = time => {}
                () = house.inbox_filled() => {}
            },
            _ => time.await,
        }
    }
}

/// Does `work` again at once while there is more, else after `pause`; a fault waits longer.
async fn repeat<F>(name: &'static str, pause: Pause, house: House, ending: watch::Receiver<bool>, work: F)
where
    F: AsyncFn(Scope) -> Result<bool, Fault>,
{
    repeat_for(LONGEST, name, pause, house, ending, work).await;
}

/// As [`repeat`], for work that may take so long.
async fn repeat_for<F>(
    longest: Duration,
    name: &'static str,
    pause: Pause,
    house: House,
    mut ending: watch::Receiver<bool>,
    work: F,
) where
    F: AsyncFn(Scope) -> Result<bool, Fault>,
{
    while !*ending.borrow() {
        let done = tokio::time::timeout(longest, work(Scope::system(&house, Utc::now()))).await;
        let at_least = match done.unwrap_or_else(|_| Err(Fault::Internal("no end in sight".into()))) {
            Ok(true) => continue,
            Ok(false) => Duration::ZERO,
            Err(fault) => {
                tracing::warn!(worker = name, ?fault, "work failed; trying again in a second");
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = pause.wait(&house, at_least) => {}
            _ = ending.changed() => {}
        }
    }
}
