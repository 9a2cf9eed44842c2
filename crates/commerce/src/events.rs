//! What others must hear of: written into the outbox in the transaction that makes it so (`orders`
//! does, in the statements of its steps), sent by a relay after it: to every server's open pages, and
//! to the webhooks of partners' programs.

use chrono::{DateTime, Duration, Utc};
use domain::{
    Fault, OrderId, StoreId,
    staff::{Permission, Reach},
};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgListener;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{House, Scope, database::OrFault, orders};

/// The PostgreSQL channel on which every server listens.
const CHANNEL: &str = "mendian_events";

/// What happened, as it travels between servers and to browsers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// Its place in the outbox; rises.
    pub id: i64,
    /// `order`.
    pub topic: String,
    /// The store it concerns.
    pub store_id: Option<StoreId>,
    /// The order it concerns.
    pub order_id: Option<OrderId>,
    /// The order's new state, by code.
    pub state: Option<String>,
}

impl Happened {
    fn read(id: i64, topic: String, store: Option<Uuid>, order: Option<Uuid>, payload: &serde_json::Value) -> Self {
        let state = payload.get("state").and_then(|state| state.as_str()).map(str::to_owned);
        Self { id, topic, store_id: store.map(StoreId), order_id: order.map(OrderId), state }
    }
}

/// Sends what stands in the outbox, many events in one notifying commit; answers how many.
///
/// PostgreSQL limits one notification to 8,000 bytes, so a batch is sent in chunks.
pub async fn relay(scope: &Scope) -> Result<usize, Fault> {
    let mut tx = scope.begin().await?;
    // What webhooks are told of comes to be in the same commit, so that none is lost or told twice.
    let rows = sqlx::query!(
        r#"with batch as (
               select id from outbox where sent_at is null order by id limit 500 for update skip locked
           ), sent as (
               update outbox o set sent_at = $1 from batch b where o.id = b.id returning o.*
           ), told as (
               insert into webhook_deliveries (webhook_id, body, created_at, next_try_at)
               select w.id,
                      jsonb_build_object(
                          'type', s.topic || '.' || (s.payload->>'state'),
                          'timestamp', to_char(s.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                          'data', jsonb_build_object(
                              'order_id', s.order_id, 'store_id', s.store_id, 'state', s.payload->>'state')),
                      $1, $1
               from sent s
               join webhooks w on w.paused_at is null and s.topic = 'order' and s.payload->>'state' = any(w.states)
                   and (w.stores is null or s.store_id = any(w.stores))
           )
           select id, topic, store_id, order_id, payload from sent"#,
        scope.now,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let mut events: Vec<Happened> = rows
        .into_iter()
        .map(|row| Happened::read(row.id, row.topic, row.store_id, row.order_id, &row.payload))
        .collect();
    events.sort_by_key(|event| event.id);
    for chunk in events.chunks(25) {
        let text = serde_json::to_string(chunk).map_err(|error| Fault::Internal(error.to_string()))?;
        sqlx::query!("select pg_notify($1, $2)", CHANNEL, text).execute(&mut *tx).await.or_fault()?;
    }
    tx.commit().await.or_fault()?;
    Ok(events.len())
}

/// How long the database may say nothing before it is asked whether it is there.
const QUIET: std::time::Duration = std::time::Duration::from_secs(30);
const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);

fn gone() -> Fault {
    Fault::Upstream { who: "数据库", hidden: "the listening connection is silent".into() }
}

/// Hears what any server's relay sends.
pub struct Listener(PgListener);

impl Listener {
    /// Begins to listen.
    pub async fn connect(house: &House) -> Result<Self, Fault> {
        let mut listener = PgListener::connect_with(&house.pool).await.or_fault()?;
        listener.listen(CHANNEL).await.or_fault()?;
        Ok(Self(listener))
    }

    /// The next batch. `None` where the connection was lost and made anew: something may have been
    /// missed, and whoever watches should look for themselves.
    pub async fn next(&mut self) -> Result<Option<Vec<Happened>>, Fault> {
        loop {
            if let Ok(heard) = timeout(QUIET, self.0.try_recv()).await {
                let heard = heard.or_fault()?;
                return Ok(heard.map(|heard| serde_json::from_str(heard.payload()).unwrap_or_default()));
            }
            // Quiet, or cut off: a host that vanished sends nothing, not even that it has gone.
            let alive = timeout(ANSWER_WITHIN, sqlx::query!("select 1 as one").fetch_one(&mut self.0)).await;
            alive.map_err(|_| gone())?.or_fault()?;
        }
    }
}

/// What an open page hears of: no more than whoever opened it may see.
#[derive(Clone, Debug)]
pub struct Watch {
    order: Option<OrderId>,
    stores: Reach,
}

impl Watch {
    /// Orders at the stores that the person of staff may see.
    pub fn stores(scope: &Scope) -> Result<Self, Fault> {
        Ok(Self { order: None, stores: scope.reach(Permission::ReadOrders)? })
    }

    /// One order that whoever asks may see.
    pub async fn order(scope: &Scope, id: OrderId) -> Result<Self, Fault> {
        orders::show(scope, id).await?;
        Ok(Self { order: Some(id), stores: Reach::All })
    }

    /// Whether this event is among what is watched.
    pub fn covers(&self, event: &Happened) -> bool {
        let at_a_store = match (&self.stores, event.store_id) {
            (Reach::All, _) => true,
            (Reach::Stores(stores), Some(store)) => stores.contains(&store),
            (Reach::Stores(_), None) => false,
        };
        event.topic == "order" && at_a_store && self.order.is_none_or(|order| event.order_id == Some(order))
    }

    /// What was sent since the page was made and before it began to listen, oldest first. `None` where
    /// that is too long ago or too much to tell one by one.
    pub async fn missed(&self, scope: &Scope, since: DateTime<Utc>) -> Result<Option<Vec<Happened>>, Fault> {
        if scope.now - since > Duration::minutes(10) {
            return Ok(None);
        }
        let stores: Option<Vec<Uuid>> = match &self.stores {
            Reach::All => None,
            Reach::Stores(stores) => Some(stores.iter().map(|store| store.0).collect()),
        };
        let mut tx = scope.begin().await?;
        let rows = sqlx::query!(
            "select id, topic, store_id, order_id, payload from outbox
             where sent_at >= $1 and topic = 'order' and ($2::uuid is null or order_id = $2)
               and ($3::uuid[] is null or store_id = any($3))
             order by id limit 100",
            since,
            self.order.map(|order| order.0),
            stores.as_deref(),
        )
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
        let events: Vec<Happened> = rows
            .into_iter()
            .map(|row| Happened::read(row.id, row.topic, row.store_id, row.order_id, &row.payload))
            .collect();
        Ok((events.len() < 100).then_some(events))
    }
}

/// Forgets events that were sent a week ago.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    let before = scope.now - Duration::days(7);
    sqlx::query!("delete from outbox where sent_at < $1", before).execute(scope.pool()).await.or_fault()?;
    Ok(())
}
