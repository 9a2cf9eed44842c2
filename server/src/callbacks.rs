//! What gateways tell us. A callback is verified, stored, answered; acted on afterwards.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use chrono::Utc;
use commerce::{Scope, express, payments};
use partners::{couriers::Refusal, trackers, wechat_pay::CallbackHeaders};
use serde::Deserialize;
use serde_json::json;

use crate::site::Site;

/// The routes under /callbacks.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/wechat-pay", post(wechat_pay))
        .route("/couriers", post(couriers))
        .route("/trackers", post(trackers))
}

/// WeChat Pay's notices, of transactions and refunds alike.
async fn wechat_pay(State(site): State<Site>, headers: HeaderMap, body: Bytes) -> Response {
    let now = Utc::now();
    let Some(gateway) = site.house.wechat_pay() else {
        return refuse(StatusCode::NOT_FOUND, "not configured");
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let signed = CallbackHeaders {
        timestamp: text("wechatpay-timestamp"),
        nonce: text("wechatpay-nonce"),
        signature: text("wechatpay-signature"),
        serial: text("wechatpay-serial"),
    };
    let notice = match gateway.open_callback(&signed, &body, now.timestamp()) {
        Ok(notice) => notice,
        Err(refusal) => {
            tracing::warn!(%refusal, "a callback was refused");
            return refuse(StatusCode::UNAUTHORIZED, "the signature does not hold");
        }
    };
    match payments::receive(&Scope::system(&site.house, now), &notice).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(fault) => {
            tracing::error!(?fault, "a callback could not be stored; the gateway will repeat it");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "try again")
        }
    }
}

/// What a courier puts behind its address.
#[derive(Deserialize)]
struct Signed {
    #[serde(default)]
    sign: String,
}

/// What the courier tells of its riders. It repeats whatever is not answered with `error_code` 0.
async fn couriers(State(site): State<Site>, Query(signed): Query<Signed>, body: Bytes) -> Response {
    let answer = |status, code: i64, message: &str| {
        (status, Json(json!({ "error_code": code, "error_msg": message }))).into_response()
    };
    let Some(riders) = site.house.riders() else {
        return answer(StatusCode::NOT_FOUND, 1, "not configured");
    };
    let event = match riders.open_callback(&signed.sign, &body) {
        Ok(event) => event,
        Err(Refusal::Malformed(what)) => {
            // Signed, and repeating it would not make it understood.
            tracing::warn!(what, "a courier's callback is not understood");
            return answer(StatusCode::OK, 0, "success");
        }
        Err(refusal) => {
            tracing::warn!(%refusal, "a courier's callback was refused");
            return answer(StatusCode::UNAUTHORIZED, 1, "the signature does not hold");
        }
    };
    match express::receive(&Scope::system(&site.house, Utc::now()), &event).await {
        Ok(()) => answer(StatusCode::OK, 0, "success"),
        Err(fault) => {
            tracing::error!(?fault, "a courier's callback could not be stored; it will be repeated");
            answer(StatusCode::INTERNAL_SERVER_ERROR, 1, "try again")
        }
    }
}

/// What is told of parcels. It repeats whatever is not answered with `returnCode` 200.
async fn trackers(State(site): State<Site>, body: Bytes) -> Response {
    let answer = |status, code: &str, message: &str| {
        (status, Json(json!({ "result": code == "200", "returnCode": code, "message": message }))).into_response()
    };
    let Some(trackers) = site.house.trackers() else {
        return answer(StatusCode::NOT_FOUND, "500", "not configured");
    };
    let (push, signature) = match trackers.open_callback(&body) {
        Ok(opened) => opened,
        Err(trackers::Refusal::Malformed(what)) => {
            // Signed, and repeating it would not make it understood.
            tracing::warn!(what, "what was told of a parcel is not understood");
            return answer(StatusCode::OK, "200", "成功");
        }
        Err(refusal) => {
            tracing::warn!(%refusal, "what was told of a parcel was refused");
            return answer(StatusCode::UNAUTHORIZED, "500", "the signature does not hold");
        }
    };
    match express::receive_way(&Scope::system(&site.house, Utc::now()), &push, &signature).await {
        Ok(()) => answer(StatusCode::OK, "200", "成功"),
        Err(fault) => {
            tracing::error!(?fault, "what was told of a parcel could not be stored; it will be repeated");
            answer(StatusCode::INTERNAL_SERVER_ERROR, "500", "try again")
        }
    }
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "code": "FAIL", "message": message }))).into_response()
}
