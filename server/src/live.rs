//! Live events for browsers: what any server's relay sends reaches every open page it concerns.

use std::{convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::{Path, State},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use commerce::{
    House, Scope,
    events::{Happened, Listener},
    orders,
};
use domain::{
    Fault, OrderId, StoreId,
    staff::{Permission, Reach},
};
use futures::{StreamExt, stream::BoxStream};
use tokio::sync::{broadcast, watch};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

use crate::site::Site;

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
        loop {
            match listener.next().await {
                // A page that nobody watches is no fault.
                Ok(Some(events)) => events.into_iter().for_each(|event| drop(self.events.send(event))),
                Ok(None) => drop(self.events.send(look_again())),
                Err(fault) => return Some(fault),
            }
        }
    }

    fn stream(
        &self,
        concerns: impl Fn(&Happened) -> bool + Send + 'static,
    ) -> BoxStream<'static, Result<Event, Infallible>> {
        let mut ending = self.ending.clone();
        let events = BroadcastStream::new(self.events.subscribe()).filter_map(move |event| {
            let event = match event {
                Ok(event) => event,
                // This page fell behind: it should look for itself.
                Err(BroadcastStreamRecvError::Lagged(_)) => look_again(),
            };
            let wanted = event.topic == "look_again" || concerns(&event);
            futures::future::ready(wanted.then_some(event))
        });
        let texts = events.filter_map(|event| {
            // An order that was just paid is new to its store: a console rings for it.
            let named =
                if event.state.as_deref() == Some("paid") { Event::default().event("new") } else { Event::default() };
            futures::future::ready(named.json_data(&event).ok().map(Ok))
        });
        texts.take_until(async move { ended(&mut ending).await }).boxed()
    }
}

/// Waits until the server ends.
async fn ended(ending: &mut watch::Receiver<bool>) {
    drop(ending.wait_for(|ends| *ends).await);
}

fn look_again() -> Happened {
    Happened { id: 0, topic: "look_again".into(), store_id: None, order_id: None, state: None }
}

fn answer(stream: BoxStream<'static, Result<Event, Infallible>>) -> Response {
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

/// A console hears of orders at the stores it may see.
pub async fn console(State(site): State<Site>, Extension(scope): Extension<Scope>) -> Response {
    match scope.reach(Permission::ReadOrders) {
        Ok(reach) => answer(site.live.stream(move |event| event.topic == "order" && within(&reach, event.store_id))),
        Err(fault) => rpc::status_of(&fault).into_response(),
    }
}

fn within(reach: &Reach, store: Option<StoreId>) -> bool {
    match (reach, store) {
        (Reach::All, _) => true,
        (Reach::Stores(stores), Some(store)) => stores.contains(&store),
        (Reach::Stores(_), None) => false,
    }
}

/// A shopper hears of their own order.
pub async fn order(State(site): State<Site>, Extension(scope): Extension<Scope>, Path(id): Path<OrderId>) -> Response {
    match orders::show(&scope, id).await {
        Ok(_) => answer(site.live.stream(move |event| event.order_id == Some(id))),
        Err(fault) => rpc::status_of(&fault).into_response(),
    }
}
