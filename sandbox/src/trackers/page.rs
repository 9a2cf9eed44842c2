//! The page with the parcels, and misbehaviour on command. No part of the protocol, and unsigned.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    Form, Json, Router,
    extract::State,
    http::StatusCode,
    response::{Html, Redirect},
    routing::{get, post},
};
use partners::trackers::Status;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Kept, Platform,
    tell::{Tricks, happen, tell},
};
use crate::{
    faults::{Change, Plan},
    page::{escape, page},
};

/// The page shows the newest; the JSON has all.
const MOST_SHOWN: usize = 50;

/// `POST /control`: changes the fields it names.
#[derive(Debug, Deserialize)]
struct Order {
    #[serde(flatten)]
    faults: Change,
    drop_callbacks: Option<bool>,
    hold_callbacks: Option<bool>,
    forge_next: Option<u32>,
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
    /// The protocol's basic code of it.
    state: i64,
    /// How often more than once it is told.
    #[serde(default)]
    repeat: u32,
}

pub fn router() -> Router<Arc<Platform>> {
    Router::new()
        .route("/", get(show))
        .route("/parcels", get(list))
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
        tricks.forge_next = order.forge_next.unwrap_or(tricks.forge_next);
        tricks.refuse_next = order.refuse_next.unwrap_or(tricks.refuse_next);
        let released = if order.release { tricks.release() } else { Vec::new() };
        (tricks.clone(), released)
    };
    for told in released {
        tell(&platform, &told).await;
    }
    Json(InForce { faults, tricks })
}

/// Answers when it was told, or given up.
async fn order(State(platform): State<Arc<Platform>>, Json(asked): Json<Happen>) -> Result<StatusCode, StatusCode> {
    let status = Status::of(&asked.state.to_string()).ok_or(StatusCode::BAD_REQUEST)?;
    let told = happen(&platform, &asked.number, status, asked.repeat).ok_or(StatusCode::NOT_FOUND)?;
    told.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn press(State(platform): State<Arc<Platform>>, Form(asked): Form<Happen>) -> Redirect {
    if let Some(status) = Status::of(&asked.state.to_string()) {
        drop(happen(&platform, &asked.number, status, 0));
    }
    Redirect::to("/")
}

async fn list(State(platform): State<Arc<Platform>>) -> Json<Value> {
    let parcels = platform.parcels();
    let parcel = |kept: &Kept| json!({ "number": kept.number, "company": kept.company, "way": kept.way() });
    Json(json!({ "parcels": parcels.iter().map(parcel).collect::<Vec<_>>() }))
}

/// What may be pressed next.
fn next(status: Option<Status>) -> &'static [(Status, &'static str)] {
    const TROUBLE: (Status, &str) = (Status::Trouble, "联系不上收件人");
    match status {
        None => &[(Status::Collected, "揽收")],
        Some(Status::Collected | Status::OnTheWay | Status::Trouble) => {
            &[(Status::OnTheWay, "到达转运中心"), (Status::Delivering, "派件"), (Status::Returning, "退回")]
        }
        Some(Status::Delivering) => &[(Status::Signed, "签收"), TROUBLE, (Status::Refused, "拒收")],
        Some(Status::Refused) => &[(Status::Returning, "退回途中")],
        Some(Status::Returning) => &[(Status::ReturnSigned, "退件签收")],
        Some(Status::Signed | Status::ReturnSigned) => &[],
    }
}

async fn show(State(platform): State<Arc<Platform>>) -> Html<String> {
    let parcels = platform.parcels();
    let mut body =
        "<h1>快递轨迹</h1><p class=\"muted\">沙箱：门店发出包裹后，运单出现在这里；按按钮代替快递员。</p>".to_owned();
    if parcels.is_empty() {
        body.push_str("<div class=\"card center muted\">还没有运单。</div>");
    }
    for kept in parcels.iter().take(MOST_SHOWN) {
        let (number, company) = (escape(&kept.number), escape(&kept.company));
        let mut steps = String::new();
        for scan in &kept.scans {
            // Writing to a string cannot fail.
            let (time, context) = (escape(&scan.time), escape(&scan.context));
            let _ = write!(steps, "<div class=\"row\"><span>{time}</span><span>{context}</span></div>");
        }
        let mut buttons = String::new();
        for (status, label) in next(kept.status) {
            let _ = write!(
                buttons,
                "<form method=\"post\" action=\"/press\"><input type=\"hidden\" name=\"number\" value=\"{number}\">\
                 <input type=\"hidden\" name=\"state\" value=\"{}\"><button>{label}</button></form>",
                status.code()
            );
        }
        let _ = write!(
            body,
            "<article class=\"card\"><div class=\"row\"><span>{company}</span><span class=\"code\">{number}</span></div>\
             {steps}{buttons}</article>"
        );
    }
    page("快递轨迹 · 沙箱", Some(5), &body)
}
