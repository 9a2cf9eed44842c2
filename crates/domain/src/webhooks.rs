//! Webhooks: who is told of what happened to orders, and what came of telling them (P3).

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::{Fault, Fields, orders::OrderState, stores::words};

/// The longest name, in characters.
pub const NAME_MOST: usize = 60;

/// How long after a failed try the next one comes, in seconds; the last failure is final. The waits that
/// Standard Webhooks recommends: about three days in all.
const WAITS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// How long to wait after so many failed tries of a message; `None` where it is given up.
pub fn wait_after(tries: usize) -> Option<Duration> {
    WAITS.get(tries.checked_sub(1)?).map(|seconds| Duration::seconds(*seconds))
}

/// How long a receiver may fail before nothing is sent to it any more.
pub const FAILING_MOST: Duration = Duration::days(5);

/// How long messages are kept for looking up and sending again.
pub const KEPT: Duration = Duration::days(30);

/// The type of the message that tells of this state: `order.paid`.
pub fn message_type(state: OrderState) -> String {
    format!("order.{}", state.code())
}

/// A webhook as somebody sets it up or changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveWebhook {
    /// Whose it is, for people.
    pub name: String,
    /// Where messages go.
    pub url: String,
    /// Of which changes it is told.
    pub states: Vec<OrderState>,
    /// The codes of the stores of which; empty is all of them.
    pub stores: Vec<String>,
}

impl SaveWebhook {
    /// Reads the command from a form: `name`, `url`, `of.{state}`, `stores` as of
    /// [`Fields::codes`](crate::Fields::codes).
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let name = read.text("name", NAME_MOST);
        if fields.given("name").is_none() {
            read.complain("name", "请填写接收方名称");
        }
        if fields.given("url").is_none() {
            read.complain("url", "请填写接收地址");
        }
        let states: Vec<OrderState> = OrderState::ALL
            .iter()
            .copied()
            .filter(|one| fields.given(&format!("of.{}", one.code())).is_some())
            .collect();
        if states.is_empty() {
            read.complain("of", "请至少勾选一种消息");
        }
        let (url, stores) = (fields.text("url").to_owned(), fields.codes("stores"));
        read.finish(|| Some(Self { name: name?, url, states, stores }))
    }
}

/// Why nothing is sent to a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Somebody of staff paused it.
    Staff,
    /// The receiver answered 410: it wants no more.
    Gone,
    /// Every try failed for days.
    Failing,
}

words!(Pause:
    Staff = "staff" / "已暂停", Gone = "gone" / "对方已停收", Failing = "failing" / "连续失败，已停发");

/// A webhook as head office sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookView {
    /// Its identity.
    pub id: Uuid,
    /// Whose it is.
    pub name: String,
    /// Where messages go.
    pub url: String,
    /// Of which changes it is told.
    pub states: Vec<OrderState>,
    /// The stores of which, with code and name; `None` is all of them.
    pub stores: Option<Vec<(String, String)>>,
    /// Why nothing is sent, where nothing is.
    pub paused: Option<Pause>,
    /// Since when every try has failed.
    pub failing_since: Option<DateTime<Utc>>,
    /// Who set it up.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Until when the secret before this one signs too.
    pub old_secret_until: Option<DateTime<Utc>>,
    /// When a message was last delivered.
    pub delivered_at: Option<DateTime<Utc>>,
    /// How many messages of the last [`KEPT`] wait for a try.
    pub waiting: u64,
    /// How many of them were given up.
    pub failed: u64,
}

impl WebhookView {
    /// Whether it works.
    pub fn state_text(&self) -> &'static str {
        match (self.paused, self.failing_since) {
            (Some(pause), _) => pause.label(),
            (None, Some(_)) => "发送失败，重试中",
            (None, None) => "正常",
        }
    }

    /// Of which changes it is told.
    pub fn states_text(&self) -> String {
        if self.states.len() == OrderState::ALL.len() {
            return "全部订单变化".into();
        }
        self.states.iter().map(|state| state.label()).collect::<Vec<_>>().join("、")
    }

    /// The names of the stores of which.
    pub fn stores_text(&self) -> String {
        let names = |stores: &Vec<(String, String)>| {
            stores.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("、")
        };
        self.stores.as_ref().map_or("全部门店".into(), names)
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It waits for a try.
    Waiting,
    /// The receiver took it.
    Delivered,
    /// It was given up.
    Failed,
}

words!(DeliveryState: Waiting = "waiting" / "待发送", Delivered = "delivered" / "已送达", Failed = "failed" / "未送达");

/// One message in a webhook's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryView {
    /// Its `webhook-id`.
    pub id: Uuid,
    /// `order.paid`.
    pub kind: String,
    /// What is sent, as JSON.
    pub body: String,
    /// When it came to be.
    pub created_at: DateTime<Utc>,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next.
    pub next_try_at: Option<DateTime<Utc>>,
    /// When it was last tried.
    pub tried_at: Option<DateTime<Utc>>,
    /// How long the last try took, in milliseconds.
    pub took_ms: Option<u32>,
    /// The receiver's HTTP status.
    pub status: Option<u16>,
    /// How the receiver's answer began.
    pub answer: String,
    /// Why there was no answer.
    pub error: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_ten_times_over_three_days() {
        let waits: Vec<Duration> = (1..).map_while(wait_after).collect();
        assert_eq!(waits.len() + 1, 10);
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]), "{waits:?}");
        let all: Duration = waits.into_iter().sum();
        assert!((3..4).contains(&all.num_days()), "{all}");
        assert_eq!(wait_after(0), None);
    }

    #[test]
    fn every_mistake_of_a_webhook_is_told_at_once() {
        let fault = SaveWebhook::from_fields(&Fields::default()).unwrap_err();
        let named: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(named, ["name", "url", "of"]);
    }
}
