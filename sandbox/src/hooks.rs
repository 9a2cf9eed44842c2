//! A partner's program that is told what happens, as Standard Webhooks says it: it checks signatures
//! with the library of the specification, not with ours.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Form, Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::LOCATION},
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::{any, get, post},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use standardwebhooks::Webhook;

use crate::{
    faults::{Change, Faults, Plan},
    page::{BEIJING, escape, page},
};

/// Older messages are forgotten.
const MOST_MESSAGES: usize = 500;
/// The page shows the newest; the JSON has all.
const MOST_SHOWN: usize = 50;

/// A message that came, also one that was answered with a fault.
#[derive(Clone, Debug, Serialize)]
struct Heard {
    /// `webhook-id`.
    id: String,
    /// Whether the signature is right; `None` before a secret is known.
    verified: Option<bool>,
    body: Value,
    answered: u16,
    received_at: DateTime<Utc>,
}

#[derive(Default)]
struct Receiver {
    memory: Mutex<Memory>,
    faults: Faults,
}

/// Newest first.
#[derive(Default)]
struct Memory {
    heard: VecDeque<Heard>,
    secret: Option<Webhook>,
    /// What every message is answered, where it is not 204.
    status: Option<StatusCode>,
    /// How many followed the redirect, which nobody should.
    led_astray: u32,
}

/// What a `POST /control` may change beside the faults every stand-in has.
#[derive(Deserialize)]
struct Orders {
    #[serde(flatten)]
    faults: Change,
    /// The status of every answer; 0 for the right one.
    status: Option<u16>,
    /// The secret that messages are signed with, `whsec_…`.
    secret: Option<String>,
}

#[derive(Deserialize)]
struct Secret {
    secret: String,
}

impl Receiver {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a secret; `false` where it is none.
    fn know(&self, secret: &str) -> bool {
        let known = Webhook::new(secret.trim()).ok();
        let good = known.is_some();
        self.memory().secret = known;
        good
    }
}

/// Everything this stand-in answers.
pub fn router() -> Router {
    Router::new()
        .route("/", get(show))
        .route("/secret", post(learn))
        .route("/hooks", post(hear))
        .route("/messages", get(list))
        .route("/astray", any(astray))
        .route("/control", post(control))
        .layer(DefaultBodyLimit::max(256 * 1024))
        .with_state(Arc::new(Receiver::default()))
}

async fn hear(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> Response {
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let fails = receiver.faults.fails();
    let status = {
        let mut memory = receiver.memory();
        let verified = memory.secret.as_ref().map(|secret| secret.verify(&body, &headers).is_ok());
        let status = match (fails, verified, memory.status) {
            (true, ..) => StatusCode::INTERNAL_SERVER_ERROR,
            (_, Some(false), _) => StatusCode::UNAUTHORIZED,
            (_, _, Some(status)) => status,
            _ => StatusCode::NO_CONTENT,
        };
        let body = serde_json::from_slice(&body).unwrap_or_default();
        memory.heard.push_front(Heard { id, verified, body, answered: status.as_u16(), received_at: Utc::now() });
        memory.heard.truncate(MOST_MESSAGES);
        status
    };
    receiver.faults.delay().await;
    if status.is_redirection() {
        return (status, [(LOCATION, HeaderValue::from_static("/astray"))]).into_response();
    }
    let words = if status.is_success() { "" } else { "the partner's program says no" };
    (status, words).into_response()
}

async fn astray(State(receiver): State<Arc<Receiver>>) -> StatusCode {
    receiver.memory().led_astray += 1;
    StatusCode::NO_CONTENT
}

async fn list(State(receiver): State<Arc<Receiver>>) -> Json<Value> {
    let memory = receiver.memory();
    Json(serde_json::json!({ "messages": memory.heard, "led_astray": memory.led_astray }))
}

async fn control(State(receiver): State<Arc<Receiver>>, Json(orders): Json<Orders>) -> Result<Json<Plan>, StatusCode> {
    if let Some(status) = orders.status {
        receiver.memory().status = StatusCode::from_u16(status).ok();
    }
    if orders.secret.is_some_and(|secret| !receiver.know(&secret)) {
        return Err(StatusCode::BAD_REQUEST);
    }
    Ok(Json(receiver.faults.change(&orders.faults)))
}

async fn learn(State(receiver): State<Arc<Receiver>>, Form(form): Form<Secret>) -> Redirect {
    receiver.know(&form.secret);
    Redirect::to("/")
}

async fn show(State(receiver): State<Arc<Receiver>>) -> Html<String> {
    let memory = receiver.memory();
    let known = if memory.secret.is_some() {
        "已填写签名密钥，每条消息都核对签名。"
    } else {
        "还没有签名密钥，签名未核对。"
    };
    let mut body = format!(
        "<h1>合作方的程序</h1><p class=\"muted\">沙箱：在总部「开放接口 → 消息推送」把地址填成本页地址加 /hooks，消息就会出现在这里。{known}</p>\
         <form class=\"card\" method=\"post\" action=\"/secret\"><label>签名密钥 <input name=\"secret\" autocomplete=\"off\" \
         placeholder=\"whsec_…\" required></label><button>保存</button></form>"
    );
    if memory.heard.is_empty() {
        body.push_str("<div class=\"card center muted\">还没有收到消息。</div>");
    }
    for heard in memory.heard.iter().take(MOST_SHOWN) {
        let time = heard.received_at.with_timezone(&BEIJING).format("%m-%d %H:%M:%S");
        let kind = escape(heard.body["type"].as_str().unwrap_or("?"));
        let signed = match heard.verified {
            Some(true) => "签名正确",
            Some(false) => "签名不对",
            None => "签名未核对",
        };
        let (id, data, answered) = (escape(&heard.id), escape(&heard.body["data"].to_string()), heard.answered);
        // Writing to a string cannot fail.
        let _ = write!(
            body,
            "<article class=\"card\"><div class=\"row\"><span class=\"code\">{kind}</span><span class=\"muted\">{time}</span></div>\
             <div class=\"row\"><span>{signed}</span><span>答复 {answered}</span></div>\
             <p class=\"text muted\">{id}<br>{data}</p></article>"
        );
    }
    page("合作方的程序 · 沙箱", None, &body)
}
