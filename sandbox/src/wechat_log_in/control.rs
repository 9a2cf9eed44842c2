//! Misbehaviour and shortcuts, for tests. No part of the protocol.

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use chrono::Utc;
use partners::wechat_log_in::AppKind;
use serde::{Deserialize, Serialize};

use super::{WeChat, codes};
use crate::faults::{Change, Plan};

/// What this WeChat does wrong beyond being slow or failing.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Tricks {
    /// So many of the next exchanges are told that it is busy; their codes stay good.
    pub busy_next: u32,
    /// So many of the next answers are not JSON; their codes are used up.
    pub garble_next: u32,
    /// So many of the next people in a browser are made up, as in snapshot mode.
    pub snapshot_next: u32,
    /// Nobody has a union id, as where the apps are bound to no account of the open platform.
    pub without_union_id: bool,
}

/// `POST /control`: changes the fields it names.
#[derive(Debug, Deserialize)]
struct Order {
    #[serde(flatten)]
    faults: Change,
    busy_next: Option<u32>,
    garble_next: Option<u32>,
    snapshot_next: Option<u32>,
    without_union_id: Option<bool>,
}

/// What is in force now.
#[derive(Debug, Serialize)]
struct InForce {
    #[serde(flatten)]
    faults: Plan,
    #[serde(flatten)]
    tricks: Tricks,
}

/// `POST /sandbox/code`.
#[derive(Debug, Deserialize)]
struct Ask {
    person: String,
    app: AppKind,
}

/// Its answer.
#[derive(Debug, Serialize)]
struct Given {
    code: String,
}

/// The endpoints for programs.
pub fn router() -> Router<Arc<WeChat>> {
    Router::new().route("/control", post(control)).route("/sandbox/code", post(give))
}

/// Whether this time is one of those still to come; counts it.
pub fn is_next(left: &mut u32) -> bool {
    let is = *left > 0;
    *left = left.saturating_sub(1);
    is
}

async fn control(State(wechat): State<Arc<WeChat>>, Json(order): Json<Order>) -> Json<InForce> {
    let faults = wechat.faults.change(&order.faults);
    let mut tricks = wechat.tricks();
    tricks.busy_next = order.busy_next.unwrap_or(tricks.busy_next);
    tricks.garble_next = order.garble_next.unwrap_or(tricks.garble_next);
    tricks.snapshot_next = order.snapshot_next.unwrap_or(tricks.snapshot_next);
    tricks.without_union_id = order.without_union_id.unwrap_or(tricks.without_union_id);
    Json(InForce { faults, tricks: *tricks })
}

/// A code without a page, as `wx.login()` gives one to a mini-program.
async fn give(
    State(wechat): State<Arc<WeChat>>,
    Json(ask): Json<Ask>,
) -> Result<Json<Given>, (StatusCode, &'static str)> {
    let person = codes::name(&ask.person).ok_or((StatusCode::BAD_REQUEST, "person 须为 1 到 20 个字"))?;
    let scope = match ask.app {
        AppKind::MiniProgram => "",
        AppKind::OfficialAccount => "snsapi_userinfo",
        AppKind::Website => "snsapi_login",
    };
    Ok(Json(Given { code: wechat.codes().give(ask.app, person, scope, Utc::now()) }))
}
