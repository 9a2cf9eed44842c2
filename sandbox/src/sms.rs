//! A carrier of short messages whose inbox everybody can read.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Query, State},
    http::StatusCode,
    response::Html,
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use partners::sms::Message;
use serde::{Deserialize, Serialize};

use crate::{
    faults::{Change, Faults, Plan},
    page::{BEIJING, escape, page},
};

/// Older messages are forgotten.
const MOST_MESSAGES: usize = 500;
/// The page shows the newest; the JSON has all.
const MOST_SHOWN: usize = 50;

/// A message that was taken.
#[derive(Clone, Debug, Serialize)]
struct Taken {
    id: u64,
    phone: String,
    text: String,
    received_at: DateTime<Utc>,
}

#[derive(Default)]
struct Carrier {
    inbox: Mutex<Inbox>,
    faults: Faults,
}

/// Newest first.
#[derive(Default)]
struct Inbox {
    messages: VecDeque<Taken>,
    last_id: u64,
}

impl Inbox {
    fn take(&mut self, message: Message) {
        self.last_id += 1;
        let Message { phone, text } = message;
        self.messages.push_front(Taken { id: self.last_id, phone, text, received_at: Utc::now() });
        self.messages.truncate(MOST_MESSAGES);
    }
}

impl Carrier {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, phone: Option<&str>) -> Vec<Taken> {
        let fits = |message: &&Taken| phone.is_none_or(|phone| message.phone == phone);
        self.inbox().messages.iter().filter(fits).cloned().collect()
    }
}

/// Everything this stand-in answers.
pub fn router() -> Router {
    Router::new()
        .route("/", get(show))
        .route("/messages", post(take).get(list))
        .route("/control", post(control))
        .layer(DefaultBodyLimit::max(16 * 1024))
        .with_state(Arc::new(Carrier::default()))
}

async fn take(State(carrier): State<Arc<Carrier>>, Json(message): Json<Message>) -> StatusCode {
    if carrier.faults.fails() {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    carrier.inbox().take(message);
    carrier.faults.delay().await;
    StatusCode::CREATED
}

#[derive(Deserialize)]
struct Search {
    phone: Option<String>,
}

async fn list(State(carrier): State<Arc<Carrier>>, Query(search): Query<Search>) -> Json<Vec<Taken>> {
    Json(carrier.find(search.phone.as_deref()))
}

async fn control(State(carrier): State<Arc<Carrier>>, Json(change): Json<Change>) -> Json<Plan> {
    Json(carrier.faults.change(&change))
}

async fn show(State(carrier): State<Arc<Carrier>>, Query(search): Query<Search>) -> Html<String> {
    let messages = carrier.find(search.phone.as_deref());
    let mut body =
        String::from("<h1>短信收件箱</h1><p class=\"muted\">沙箱短信，不会发到真实手机。页面每 3 秒自动刷新。</p>");
    if messages.is_empty() {
        body.push_str(
            "<div class=\"card center muted\">还没有短信。在商城输入手机号并点“获取验证码”，短信就会出现在这里。</div>",
        );
    }
    for message in messages.iter().take(MOST_SHOWN) {
        let time = message.received_at.with_timezone(&BEIJING).format("%m-%d %H:%M:%S");
        let (phone, text) = (escape(&message.phone), highlighted(&message.text));
        // Writing to a string cannot fail.
        let _ = write!(
            body,
            "<article class=\"card\"><div class=\"row\"><span>{phone}</span><span class=\"muted\">{time}</span></div>\
             <p class=\"text\">{text}</p></article>"
        );
    }
    page("短信收件箱 · 沙箱", Some(3), &body)
}

/// The text as HTML, with its code (4 to 8 digits in a row) set large.
fn highlighted(text: &str) -> String {
    let Some(start) = text.find(|letter: char| letter.is_ascii_digit()) else { return escape(text) };
    let (before, rest) = text.split_at(start);
    let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let (code, after) = rest.split_at(digits);
    if (4..=8).contains(&digits) {
        format!("{}<span class=\"code\">{code}</span>{}", escape(before), escape(after))
    } else {
        format!("{}{code}{}", escape(before), highlighted(after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_in_a_message_stands_out() {
        assert_eq!(highlighted("验证码 123456,5 分钟内有效"), "验证码 <span class=\"code\">123456</span>,5 分钟内有效");
        assert_eq!(highlighted("5 分钟内有效:<0042>"), "5 分钟内有效:&lt;<span class=\"code\">0042</span>&gt;");
        assert_eq!(highlighted("没有"), "没有");
    }
}
