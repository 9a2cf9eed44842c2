//! The page with the jobs, and misbehaviour on command. No part of the protocol, and unsigned.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    Form, Json, Router,
    extract::State,
    http::StatusCode,
    response::{Html, Redirect},
    routing::{get, post},
};
use partners::couriers::Status;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Kept, Platform,
    tell::{Tricks, happen, tell},
};
use crate::{
    faults::{Change, Plan},
    page::{BEIJING, escape, page, yuan},
};

/// The page shows the newest; the JSON has all.
const MOST_SHOWN: usize = 50;

/// `POST /control`: changes the fields it names.
#[derive(Debug, Deserialize)]
struct Order {
    #[serde(flatten)]
    faults: Change,
    callback_url: Option<String>,
    drop_callbacks: Option<bool>,
    hold_callbacks: Option<bool>,
    refuse_next: Option<u32>,
    /// Tells what was kept, the newest first.
    #[serde(default)]
    release: bool,
}

#[derive(Debug, Serialize)]
struct InForce {
    #[serde(flatten)]
    faults: Plan,
    #[serde(flatten)]
    tricks: Tricks,
}

/// `POST /sandbox/happen`.
#[derive(Debug, Deserialize)]
struct Happen {
    number: String,
    /// The protocol's number of it.
    status: i64,
    /// How often more than once it is told.
    #[serde(default)]
    repeat: u32,
}

pub fn router() -> Router<Arc<Platform>> {
    Router::new()
        .route("/", get(show))
        .route("/jobs", get(list))
        .route("/press", post(press))
        .route("/sandbox/happen", post(order))
        .route("/control", post(control))
}

async fn control(State(platform): State<Arc<Platform>>, Json(order): Json<Order>) -> Json<InForce> {
    let faults = platform.faults.change(&order.faults);
    let (tricks, released) = {
        let mut tricks = platform.tricks();
        tricks.drop_callbacks = order.drop_callbacks.unwrap_or(tricks.drop_callbacks);
        tricks.hold_callbacks = order.hold_callbacks.unwrap_or(tricks.hold_callbacks);
        tricks.refuse_next = order.refuse_next.unwrap_or(tricks.refuse_next);
        tricks.callback_url = order.callback_url.or_else(|| tricks.callback_url.take());
        let released = if order.release { tricks.release() } else { Vec::new() };
        (tricks.clone(), released)
    };
    for event in released {
        tell(&platform, &event).await;
    }
    Json(InForce { faults, tricks })
}

/// Answers when it was told, or given up.
async fn order(State(platform): State<Arc<Platform>>, Json(asked): Json<Happen>) -> Result<StatusCode, StatusCode> {
    let status = Status::of(asked.status).ok_or(StatusCode::BAD_REQUEST)?;
    let told = happen(&platform, &asked.number, status, asked.repeat).ok_or(StatusCode::NOT_FOUND)?;
    told.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn press(State(platform): State<Arc<Platform>>, Form(asked): Form<Happen>) -> Redirect {
    if let Some(status) = Status::of(asked.status) {
        drop(happen(&platform, &asked.number, status, 0));
    }
    Redirect::to("/")
}

async fn list(State(platform): State<Arc<Platform>>) -> Json<Value> {
    let jobs = platform.jobs();
    let job = |kept: &Kept| json!({ "number": kept.job.shop_order_id, "job": kept.job, "feed": kept.feed });
    Json(json!({ "jobs": jobs.iter().map(job).collect::<Vec<_>>() }))
}

/// What may be pressed next.
fn next(status: Option<Status>) -> &'static [(Status, &'static str)] {
    const GIVE_UP: (Status, &str) = (Status::Cancelled, "取消");
    match status {
        None => &[(Status::Accepted, "骑手接单"), GIVE_UP],
        Some(Status::Accepted) => &[(Status::AtPickup, "到店"), (Status::PickedUp, "取件"), GIVE_UP],
        Some(Status::AtPickup) => &[(Status::PickedUp, "取件"), GIVE_UP],
        Some(Status::PickedUp) => &[(Status::Delivered, "送达"), (Status::Exception, "上报异常")],
        Some(Status::Exception) => &[(Status::Delivered, "送达")],
        Some(Status::Delivered | Status::Cancelled) => &[],
    }
}

async fn show(State(platform): State<Arc<Platform>>) -> Html<String> {
    let jobs = platform.jobs();
    let mut body =
        "<h1>同城骑手</h1><p class=\"muted\">沙箱：门店「呼叫骑手」后，配送单出现在这里；按按钮代替骑手。</p>"
            .to_owned();
    if jobs.is_empty() {
        body.push_str("<div class=\"card center muted\">还没有配送单。</div>");
    }
    for kept in jobs.iter().take(MOST_SHOWN) {
        let (number, job) = (escape(&kept.job.shop_order_id), &kept.job);
        let mut steps = String::new();
        for feed in &kept.feed {
            let at = chrono::DateTime::from_timestamp(feed.create_time, 0).unwrap_or_default().with_timezone(&BEIJING);
            // Writing to a string cannot fail.
            let _ = write!(
                steps,
                "<div class=\"row\"><span>{}</span><span>{}</span></div>",
                at.format("%H:%M:%S"),
                escape(&feed.status_desc)
            );
        }
        let mut buttons = String::new();
        for (status, label) in next(kept.status()) {
            let _ = write!(
                buttons,
                "<form method=\"post\" action=\"/press\"><input type=\"hidden\" name=\"number\" value=\"{number}\">\
                 <input type=\"hidden\" name=\"status\" value=\"{}\"><button>{label}</button></form>",
                status.number()
            );
        }
        let (to, shop) = (escape(&job.receive.user_address), escape(&job.shop.shop_name));
        let _ = write!(
            body,
            "<article class=\"card\"><div class=\"row\"><span>{shop}</span><span class=\"code\">{}</span></div>\
             <p class=\"text\">送到 {to}</p><p class=\"text muted\">{number}</p>{steps}{buttons}</article>",
            yuan(kept.fee_fen)
        );
    }
    page("同城骑手 · 沙箱", Some(5), &body)
}
