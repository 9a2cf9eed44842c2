//! Callbacks: signed, sealed, and repeated on the schedule of the real gateway until they are taken.

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use partners::wechat_pay::{CallbackHeaders, Event, callback::NoticeBody, signing::new_nonce};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::{Gateway, books::rfc3339};

/// How long the real gateway waits after each callback that was not taken. After the last it gives
/// up. Source: "支付成功回调通知".
const RETRY_AFTER_S: [u64; 15] =
    [15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600];

/// A callback that is not delivered yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    /// The same in every repetition.
    pub id: String,
    url: String,
    event: Event,
    created_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    failures: usize,
    /// How often it is still to be delivered; more than once only where somebody asked for it.
    copies: u32,
}

/// How a callback is to go, where not simply at once and once.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Manner {
    /// Wait this long first, seconds.
    pub delay_s: u32,
    /// Deliver it so many times more.
    pub repeat: u32,
    /// Do not send it at all.
    pub silent: bool,
}

/// Begins to tell the merchant; `None` where nothing is to be told. The task ends when the callback
/// is delivered or given up.
pub fn tell(gateway: &Arc<Gateway>, url: &str, event: Event, manner: Manner) -> Option<JoinHandle<()>> {
    const MOST_REPEATS: u32 = 100;
    const MOST_DELAY_S: u32 = 86_400;
    if manner.silent || gateway.tricks().drop_notices {
        return None;
    }
    let now = Utc::now();
    let pending = Pending {
        id: new_nonce().to_lowercase(),
        url: url.to_owned(),
        event,
        created_at: now,
        due_at: now + Duration::from_secs(manner.delay_s.min(MOST_DELAY_S).into()),
        failures: 0,
        copies: 1 + manner.repeat.min(MOST_REPEATS),
    };
    let id = pending.id.clone();
    gateway.change(|books| books.pending.insert(id.clone(), pending));
    Some(tokio::spawn(deliver(gateway.clone(), id)))
}

/// Goes on with what the last run did not deliver.
pub fn resume(gateway: &Arc<Gateway>) {
    let ids: Vec<String> = gateway.books().pending.keys().cloned().collect();
    for id in ids {
        tokio::spawn(deliver(gateway.clone(), id));
    }
}

async fn deliver(gateway: Arc<Gateway>, id: String) {
    loop {
        let Some(pending) = gateway.books().pending.get(&id).cloned() else { return };
        // A time that is past is no duration, and no wait.
        tokio::time::sleep((pending.due_at - Utc::now()).to_std().unwrap_or_default()).await;
        let taken = send(&gateway, &pending).await;
        let next = after(pending, taken, Utc::now(), gateway.retry_scale);
        gateway.change(|books| match next {
            Some(next) => books.pending.insert(id.clone(), next),
            None => books.pending.remove(&id),
        });
    }
}

/// What is left of a callback after a try; `None` where it is done with.
fn after(pending: Pending, taken: bool, now: DateTime<Utc>, retry_scale: f64) -> Option<Pending> {
    if taken {
        let copies = pending.copies - 1;
        return (copies > 0).then_some(Pending { copies, due_at: now, failures: 0, ..pending });
    }
    let wait = Duration::from_secs(*RETRY_AFTER_S.get(pending.failures)?).mul_f64(retry_scale);
    Some(Pending { failures: pending.failures + 1, due_at: now + wait, ..pending })
}

/// One try. Every try is sealed and signed anew, as signatures grow old.
async fn send(gateway: &Gateway, pending: &Pending) -> bool {
    let keys = &gateway.keys;
    let Ok(_place) = gateway.sending.acquire().await else { return false };
    let body = NoticeBody::seal(&keys.api_v3_key, &pending.id, &rfc3339(pending.created_at), &pending.event);
    let Some(body) = body.ok().and_then(|body| serde_json::to_vec(&body).ok()) else { return false };
    let signed = CallbackHeaders::sign(&keys.platform_key, &keys.platform_id, &body, Utc::now().timestamp());
    let mut headers: HeaderMap =
        signed.present().filter_map(|(name, value)| Some((name, value.parse().ok()?))).collect();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    let answer = gateway.client.post(&pending.url).headers(headers).body(body).send().await;
    answer.is_ok_and(|answer| matches!(answer.status().as_u16(), 200 | 204))
}

#[cfg(test)]
mod tests {
    use partners::wechat_pay::{TradeState, Transaction};

    use super::*;

    fn pending(copies: u32) -> Pending {
        let transaction = Transaction {
            mchid: "1900000001".into(),
            appid: None,
            out_trade_no: "order-0001".into(),
            transaction_id: None,
            trade_type: None,
            trade_state: TradeState::Success,
            trade_state_desc: None,
            bank_type: None,
            success_time: None,
            payer: None,
            amount: None,
        };
        let now = DateTime::UNIX_EPOCH;
        let (id, url, event) = ("1".into(), "http://127.0.0.1:9".into(), Event::Transaction(transaction));
        Pending { id, url, event, created_at: now, due_at: now, failures: 0, copies }
    }

    #[test]
    fn a_callback_nobody_takes_is_given_up_after_the_last_of_fifteen_repetitions() {
        let (mut left, mut waited_s) = (Some(pending(1)), Vec::new());
        while let Some(pending) = left {
            let due_at = pending.due_at;
            left = after(pending, false, due_at, 1.0);
            waited_s.extend(left.as_ref().map(|next| (next.due_at - due_at).num_seconds().unsigned_abs()));
        }
        assert_eq!(waited_s, RETRY_AFTER_S);
    }

    #[test]
    fn a_callback_asked_for_twice_is_done_with_when_taken_twice() {
        let now = DateTime::UNIX_EPOCH;
        let once = after(pending(2), true, now, 1.0);
        assert!(once.is_some_and(|once| after(once, true, now, 1.0).is_none()));
    }
}
