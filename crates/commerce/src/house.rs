//! What every use case stands on: the database, the parties outside, the settings.

use std::{ops::Deref, sync::Arc};

use chrono::Duration;
use partners::{
    couriers::Riders, sms::SmsSender, trackers::Trackers, webhooks::Courier, wechat_log_in::WeChatLogIn,
    wechat_pay::WeChatPay,
};
use sqlx::PgPool;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{Pools, cart, holds, memory::Memory, orders, payments, sessions, staff};

/// The parties outside; absent ones are not configured, and what needs them says so.
#[derive(Default)]
pub struct Partners {
    /// Sends codes.
    pub sms: Option<SmsSender>,
    /// Takes payments.
    pub wechat_pay: Option<WeChatPay>,
    /// Says who somebody is at WeChat.
    pub wechat_log_in: Option<WeChatLogIn>,
    /// Calls riders who bring orders.
    pub riders: Option<Riders>,
    /// Tells where parcels are.
    pub trackers: Option<Trackers>,
    /// Brings webhooks' messages.
    pub courier: Option<Courier>,
}

/// How long orders wait before they count as late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long a store may take to accept an order before it counts as late.
    pub accept_within: Duration,
    /// After how long it is head office's matter as well.
    pub escalate_after: Duration,
    /// How long before its slot an order should be accepted at the latest: until then nothing is late.
    pub accept_ahead: Duration,
    /// How long after its slot an order may still be made ready, sent or brought.
    pub finish_within: Duration,
    /// How long after its slot head office sees that it still is not.
    pub escalate_overdue_after: Duration,
    /// How long after its slot an order that is ready may still wait to be fetched.
    pub claim_within: Duration,
    /// How long a store may take to answer a shopper who asks it to call an order off; then it is head office's matter.
    pub answer_within: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            accept_within: Duration::minutes(5),
            escalate_after: Duration::minutes(15),
            accept_ahead: Duration::minutes(60),
            finish_within: Duration::minutes(15),
            escalate_overdue_after: Duration::hours(1),
            claim_within: Duration::hours(2),
            answer_within: Duration::minutes(30),
        }
    }
}

/// What a deployment may decide.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long an unpaid order holds its stock.
    pub pay_within: Duration,
    /// How many unpaid orders one member may have, so that nobody hoards stock.
    pub unpaid_most: i64,
    /// How long orders wait before they count as late.
    pub patience: Patience,
    /// How many orders one member may place in ten minutes.
    pub orders_in_ten_minutes: i64,
    /// How long goods are held for a member before they are ordered.
    pub hold_for: Duration,
    /// How many such holds one member may have, so that nobody hoards stock.
    pub holds_most: i64,
    /// How many of them one member may take in ten minutes.
    pub holds_in_ten_minutes: i64,
    /// How many codes one phone may be sent in an hour.
    pub codes_an_hour: i32,
    /// How many log-in tries one address may make in ten minutes.
    pub log_ins_in_ten_minutes: i32,
    /// Whether whoever uses head office's pages must have a second step of the log-in.
    pub second_step_for_hq: bool,
    /// Leaves out the filters by which use cases look from their asker's reach, so that a test sees the second
    /// fence hold alone. Only builds for development heed it, and no setting of the server reaches it in others.
    pub without_first_fence: bool,
    /// The [`FaultPoint`](crate::FaultPoint) at which this process ends, by its name. Only builds for development heed
    /// it, and no setting of the server reaches it in others.
    pub ends_at: Option<String>,
    /// The address people reach this server at, without a slash at the end.
    pub public_url: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pay_within: Duration::minutes(15),
            unpaid_most: 5,
            patience: Patience::default(),
            orders_in_ten_minutes: 30,
            hold_for: Duration::minutes(3),
            holds_most: 3,
            holds_in_ten_minutes: 30,
            codes_an_hour: 10,
            log_ins_in_ten_minutes: 30,
            second_step_for_hq: false,
            without_first_fence: false,
            ends_at: None,
            public_url: "http://127.0.0.1:3000".into(),
        }
    }
}

/// One running Mendian. Cheap to clone.
#[derive(Clone)]
pub struct House(Arc<Inner>);

/// See [`House`].
pub struct Inner {
    /// For the server's own work, beyond the fence of who asks.
    pub(crate) pool: PgPool,
    /// For what people ask for; see [`Pools`].
    pub(crate) people: PgPool,
    pub(crate) partners: Partners,
    pub(crate) memory: Memory,
    pub(crate) sessions: sessions::Desk,
    pub(crate) authorities: staff::Kept,
    pub(crate) placing: orders::Desk,
    pub(crate) holding: holds::Desk,
    pub(crate) carts: cart::Desks,
    pub(crate) paying: payments::Desks,
    pub(crate) inbox: Notify,
    /// What this deployment decided.
    pub settings: Settings,
}

impl Deref for House {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl House {
    /// A house on this database, with these parties.
    pub fn new(pools: Pools, partners: Partners, settings: Settings) -> Self {
        Self(Arc::new(Inner {
            pool: pools.house,
            people: pools.people,
            partners,
            memory: Memory::default(),
            sessions: sessions::desk(),
            authorities: staff::Kept::default(),
            placing: orders::desk(),
            holding: holds::desk(),
            carts: cart::desks(),
            paying: payments::desks(),
            inbox: Notify::new(),
            settings,
        }))
    }

    /// Whether the database answers.
    pub async fn is_ready(&self) -> bool {
        sqlx::query("select 1").execute(&self.pool).await.is_ok()
    }

    /// Waits until this server has put something into its inbox.
    pub async fn inbox_filled(&self) {
        self.inbox.notified().await;
    }

    /// The gateway, where one is configured: its callbacks are opened with it.
    pub fn wechat_pay(&self) -> Option<&WeChatPay> {
        self.partners.wechat_pay.as_ref()
    }

    /// Who calls riders, where one is configured: their callbacks are opened with it.
    pub fn riders(&self) -> Option<&Riders> {
        self.partners.riders.as_ref()
    }

    /// Who tells where parcels are, where one is configured: its callbacks are opened with it.
    pub fn trackers(&self) -> Option<&Trackers> {
        self.partners.trackers.as_ref()
    }

    /// Closes the database's connections, when the server ends.
    pub async fn close(&self) {
        self.memory.close().await;
        self.people.close().await;
        self.pool.close().await;
    }
}

/// A new identity; ordered by time, so that it is kind to indexes.
pub(crate) fn new_id() -> Uuid {
    Uuid::now_v7()
}
