//! Callbacks: signed, repeated until they are taken, and wrong in whatever way somebody orders.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use partners::couriers::{Account, Event, Feed, Status, signing};
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::{Platform, event_of};

/// How long is waited after each try that was not taken; then it is given up.
const RETRY_AFTER_MS: [u64; 5] = [300, 1_000, 3_000, 10_000, 30_000];

/// What this platform does wrong beyond being slow or failing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tricks {
    /// Where callbacks go.
    pub callback_url: Option<String>,
    /// New callbacks are not sent.
    pub drop_callbacks: bool,
    /// They are kept until somebody lets them go, in the reverse order.
    pub hold_callbacks: bool,
    /// So many of the next requests are refused: no rider is near.
    pub refuse_next: u32,
    #[serde(skip)]
    pub(super) held: Vec<Event>,
}

impl Tricks {
    /// Whether this request is to be refused; counts it.
    pub fn refuses(&mut self) -> bool {
        let refuses = self.refuse_next > 0;
        self.refuse_next = self.refuse_next.saturating_sub(1);
        refuses
    }

    /// What was kept, the newest first.
    pub fn release(&mut self) -> Vec<Event> {
        self.hold_callbacks = false;
        self.held.drain(..).rev().collect()
    }
}

/// The rider of all jobs.
const RIDER: (&str, &str) = ("骑手小周", "13900000066");

/// Something happens to a job and is told, `repeat` times more than once; `false` where there is no such job. The
/// task ends when it was told or given up.
pub fn happen(platform: &Arc<Platform>, number: &str, status: Status, repeat: u32) -> Option<JoinHandle<()>> {
    let event = {
        let mut jobs = platform.jobs();
        let kept = jobs.iter_mut().find(|kept| kept.job.shop_order_id == number)?;
        let words = match status {
            Status::Accepted => "骑手已接单",
            Status::AtPickup => "骑手已到店",
            Status::PickedUp => "骑手已取件，配送中",
            Status::Delivered => "已送达",
            Status::Cancelled => "配送已取消",
            Status::Exception => "骑手上报异常：联系不上收件人",
        };
        let (name, phone) = RIDER;
        // Two steps in one second are still told apart by their status.
        let feed = Feed {
            order_status: status.number(),
            status_desc: words.into(),
            operator_name: name.into(),
            operator_phone: phone.into(),
            create_time: Utc::now().timestamp(),
        };
        kept.feed.push(feed.clone());
        event_of(kept, &feed, status)
    };
    let mut tricks = platform.tricks();
    if tricks.drop_callbacks {
        return Some(tokio::spawn(async {}));
    }
    if tricks.hold_callbacks {
        tricks.held.push(event);
        return Some(tokio::spawn(async {}));
    }
    drop(tricks);
    let platform = platform.clone();
    Some(tokio::spawn(async move {
        for _ in 0..=repeat.min(100) {
            tell(&platform, &event).await;
        }
    }))
}

/// Tells one event until it is taken or given up.
pub async fn tell(platform: &Platform, event: &Event) {
    if platform.tricks().callback_url.is_none() {
        return;
    }
    for wait in RETRY_AFTER_MS.map(Some).into_iter().chain([None]) {
        if send(platform, event).await {
            return;
        }
        let Some(ms) = wait else { return };
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

async fn send(platform: &Platform, event: &Event) -> bool {
    let Some(url) = platform.tricks().callback_url.clone() else { return false };
    let Ok(body) = serde_json::to_vec(event) else { return false };
    let Account { dev_id, dev_key, .. } = &platform.account;
    let sign = signing::sign(&body, *dev_id, dev_key);
    let sent = platform.client.post(url).query(&[("sign", sign)]).header("content-type", "application/json").body(body);
    let Ok(answer) = sent.send().await else { return false };
    answer.json::<Value>().await.is_ok_and(|answer| answer["error_code"] == 0)
}
