//! Misbehaviour and shortcuts, for tests and load. No part of the protocol, and unsigned.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::post};
use chrono::Utc;
use partners::wechat_pay::{Event, RefundState, Transaction};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::{
    Gateway,
    books::{Refused, refused},
    notify::{Manner, tell},
};
use crate::faults::{Change, Plan};

/// What this gateway does wrong beyond being slow or failing.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Tricks {
    /// New callbacks are not sent.
    pub drop_notices: bool,
    /// How the next refund ends, where not well.
    pub next_refund: Option<RefundState>,
}

/// `POST /control`: changes the fields it names.
#[derive(Debug, Deserialize)]
struct Order {
    #[serde(flatten)]
    faults: Change,
    drop_notices: Option<bool>,
    next_refund: Option<RefundState>,
}

/// What is in force now.
#[derive(Debug, Serialize)]
struct InForce {
    #[serde(flatten)]
    faults: Plan,
    #[serde(flatten)]
    tricks: Tricks,
}

/// `POST /sandbox/pay`.
#[derive(Debug, Deserialize)]
struct Pay {
    out_trade_no: String,
    #[serde(flatten)]
    manner: Manner,
}

/// The endpoints for programs.
pub fn router() -> Router<Arc<Gateway>> {
    Router::new().route("/control", post(control)).route("/sandbox/pay", post(pay_without_page))
}

/// Pays a transaction and begins to tell the merchant, who asked; the task is the callback's.
pub fn pay(
    gateway: &Arc<Gateway>,
    out_trade_no: &str,
    manner: Manner,
) -> Result<(Transaction, Option<JoinHandle<()>>), Refused> {
    let (transaction, url) = gateway.change(|books| {
        let trade = books.pay(out_trade_no, Utc::now())?;
        Ok((trade.transaction(), trade.asked.notify_url.clone()))
    })?;
    let told = tell(gateway, &url, Event::Transaction(transaction.clone()), manner);
    Ok((transaction, told))
}

async fn control(State(gateway): State<Arc<Gateway>>, Json(order): Json<Order>) -> Result<Json<InForce>, Refused> {
    if order.next_refund == Some(RefundState::Processing) {
        return Err(refused(400, "PARAM_ERROR", "next_refund 须为 SUCCESS、ABNORMAL 或 CLOSED"));
    }
    let faults = gateway.faults.change(&order.faults);
    let mut tricks = gateway.tricks();
    tricks.drop_notices = order.drop_notices.unwrap_or(tricks.drop_notices);
    tricks.next_refund = order.next_refund.or(tricks.next_refund);
    Ok(Json(InForce { faults, tricks: *tricks }))
}

async fn pay_without_page(
    State(gateway): State<Arc<Gateway>>,
    Json(asked): Json<Pay>,
) -> Result<Json<Transaction>, Refused> {
    let (transaction, _) = pay(&gateway, &asked.out_trade_no, asked.manner)?;
    Ok(Json(transaction))
}
