//! Live events for browsers: what any server's relay sends reaches every open page it concerns.

use std::{collections::HashSet, convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::{Path, Query, State},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use chrono::{DateTime, Utc};
use commerce::{
    House, Scope,
    events::{Happened, Listener, Watch},
    imports::sent,
};
use domain::{Fault, OrderId};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use tokio::sync::{broadcast, watch};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};
use uuid::Uuid;

use crate::site::Site;

/// The topic of an event that says only that something may have been missed.
const LOOK_AGAIN: &str = "look_again";
/// How long one stream lasts, and so how long somebody who has logged out may still hear.
const LONGEST: Duration = Duration::from_secs(600);
/// How often an import's progress is looked at for a page that shows it.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Hands events on to open pages.
#[derive(Clone)]
pub struct Live {
    events: broadcast::Sender<Happened>,
    ending: watch::Receiver<bool>,
}

impl Live {
    /// Streams end when `ending` turns true, before anything else does.
    pub fn new(ending: watch::Receiver<bool>) -> Self {
        Self { events: broadcast::channel(1024).0, ending }
    }

    /// Listens to the database until the server ends; reconnects by itself.
    pub async fn listen(self, house: House) {
        let mut ending = self.ending.clone();
        loop {
            tokio::select! {
                () = ended(&mut ending) => return,
                fault = self.hear(&house) => {
                    tracing::warn!(?fault, "events are not heard just now; trying again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    async fn hear(&self, house: &House) -> Option<Fault> {
        let mut listener = match Listener::connect(house).await {
            Ok(listener) => listener,
            Err(fault) => return Some(fault),
        };
        // What was sent while nobody listened is not told again.
        drop(self.events.send(look_again()));
        loop {
            match listener.next().await {
                // A page that nobody watches is no fault.
                Ok(Some(events)) => events.into_iter().for_each(|event| drop(self.events.send(event))),
                Ok(None) => drop(self.events.send(look_again())),
                Err(fault) => return Some(fault),
            }
        }
    }

    /// What happens from now on, until the server ends.
    fn stream(&self) -> impl Stream<Item = Happened> + Send + 'static {
        let mut ending = self.ending.clone();
        BroadcastStream::new(self.events.subscribe())
            // A page that fell behind should look for itself.
            .map(|event| event.unwrap_or_else(|BroadcastStreamRecvError::Lagged(_)| look_again()))
            .take_until(async move { ended(&mut ending).await })
    }

    /// An open page's events: first those sent after the page was made and before this listens.
    async fn answer(&self, scope: &Scope, watch: Watch, page: PageMade) -> Result<Response, Fault> {
        let coming = self.stream();
        let missed = match page.since.and_then(DateTime::from_timestamp_millis) {
            None => Vec::new(),
            Some(since) => watch.missed(scope, since).await?.unwrap_or_else(|| vec![look_again()]),
        };
        let told: HashSet<i64> = missed.iter().map(|event| event.id).collect();
        let news = coming.filter(move |event| {
            let wanted = event.topic == LOOK_AGAIN || (watch.covers(event) && !told.contains(&event.id));
            futures::future::ready(wanted)
        });
        let texts = stream::iter(missed).chain(news).filter_map(|event| {
            // An order that was just paid is new to its store: a console rings for it.
            let named =
                if event.state.as_deref() == Some("paid") { Event::default().event("new") } else { Event::default() };
            futures::future::ready(named.json_data(&event).ok().map(Ok::<_, Infallible>))
        });
        // The browser connects anew at once, and is asked again who it is.
        let texts = texts.take_until(tokio::time::sleep(LONGEST));
        Ok(Sse::new(texts).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response())
    }
}

/// A page of an import is told how far it is, until it stands still: `progress` events of three lines, how
/// many rows are done, of how many, and the same in words; then `done`.
pub async fn import(State(site): State<Site>, Extension(scope): Extension<Scope>, Path(id): Path<Uuid>) -> Response {
    if let Err(fault) = sent::progress(&scope, id).await {
        return rpc::status_of(&fault).into_response();
    }
    let told = stream::unfold(Some((scope, None)), move |before| async move {
        let (scope, last) = before?;
        loop {
            // Whoever may look no longer, or finds nothing, has no progress to hear of.
            let progress = sent::progress(&scope, id).await.ok()?;
            if !progress.state.is_running() {
                // A browser passes over an event without data.
                return Some((Event::default().event("done").data(progress.state.code()), None));
            }
            let now = Utc::now();
            if last != Some(progress) {
                let text = format!("{}\n{}\n{}", progress.done, progress.total, progress.text(now));
                let next = Some((scope, Some(progress)));
                return Some((Event::default().event("progress").data(text), next));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    });
    let mut ending = site.live.ending.clone();
    let told = told
        .map(Ok::<_, Infallible>)
        .take_until(async move { ended(&mut ending).await })
        .take_until(tokio::time::sleep(LONGEST));
    Sse::new(told).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

/// Waits until the server ends.
async fn ended(ending: &mut watch::Receiver<bool>) {
    drop(ending.wait_for(|ends| *ends).await);
}

/// What a page is told that must look for itself what changed.
fn look_again() -> Happened {
    Happened { id: 0, topic: LOOK_AGAIN.into(), store_id: None, order_id: None, state: None }
}

/// When the page was made that asks for its events.
#[derive(Deserialize)]
pub struct PageMade {
    /// Milliseconds since 1970. Without it, only what comes is told.
    since: Option<i64>,
}

/// A console hears of orders at the stores it may see.
pub async fn console(
    State(site): State<Site>,
    Extension(scope): Extension<Scope>,
    Query(page): Query<PageMade>,
) -> Response {
    let answer = async { site.live.answer(&scope, Watch::stores(&scope)?, page).await };
    answer.await.unwrap_or_else(|fault| rpc::status_of(&fault).into_response())
}

/// A shopper hears of their own order.
pub async fn order(
    State(site): State<Site>,
    Extension(scope): Extension<Scope>,
    Path(id): Path<OrderId>,
    Query(page): Query<PageMade>,
) -> Response {
    let answer = async { site.live.answer(&scope, Watch::order(&scope, id).await?, page).await };
    answer.await.unwrap_or_else(|fault| rpc::status_of(&fault).into_response())
}
