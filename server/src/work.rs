//! What the server does by itself: jobs, the inbox, the outbox's relay, forgetting.

use std::time::Duration;

use chrono::Utc;
use commerce::{
    House, Scope, events,
    jobs::{self, Lane},
};
use domain::Fault;
use tokio::{sync::watch, task::JoinSet};

/// A database or gateway that vanished says nothing: whatever waits for it this long begins anew.
const LONGEST: Duration = Duration::from_secs(60);

/// Starts the workers; each ends at its next pause once `ending` turns true.
pub fn start(house: &House, ending: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    for _ in 0..2 {
        workers.spawn(repeat("inbox", Duration::from_millis(100), house.clone(), ending.clone(), async |scope| {
            jobs::work_inbox(&scope).await
        }));
    }
    for lane in [Lane::Own, Lane::Gateway, Lane::Gateway] {
        workers.spawn(repeat("jobs", Duration::from_millis(500), house.clone(), ending.clone(), async move |scope| {
            jobs::run_one(&scope, lane).await
        }));
    }
    workers.spawn(repeat("relay", Duration::from_millis(100), house.clone(), ending.clone(), async |scope| {
        // A full batch is followed at once by the next; a small one waits for company.
        events::relay(&scope).await.map(|sent| sent >= 500)
    }));
    workers.spawn(repeat("sweep", Duration::from_secs(600), house.clone(), ending.clone(), async |scope| {
        jobs::sweep(&scope).await.map(|()| false)
    }));
    workers
}

/// Does `work` again at once while there is more, else after `pause`; a fault waits longer.
async fn repeat<F>(name: &'static str, pause: Duration, house: House, mut ending: watch::Receiver<bool>, work: F)
where
    F: AsyncFn(Scope) -> Result<bool, Fault>,
{
    while !*ending.borrow() {
        let done = tokio::time::timeout(LONGEST, work(Scope::system(&house, Utc::now()))).await;
        let wait = match done.unwrap_or_else(|_| Err(Fault::Internal("no end in sight".into()))) {
            Ok(true) => continue,
            Ok(false) => pause,
            Err(fault) => {
                tracing::warn!(worker = name, ?fault, "work failed; trying again in a second");
                Duration::from_secs(1).max(pause)
            }
        };
        tokio::select! {
            _ = tokio::time::sleep(wait) => {}
            _ = ending.changed() => {}
        }
    }
}
