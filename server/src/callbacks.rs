//! What gateways tell us. A callback is verified, stored, answered; acted on afterwards.

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use chrono::Utc;
use commerce::{Scope, payments};
use partners::wechat_pay::CallbackHeaders;
use serde_json::json;

use crate::site::Site;

/// The routes under /callbacks.
pub fn routes() -> Router<Site> {
    Router::new().route("/wechat-pay", post(wechat_pay))
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

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "code": "FAIL", "message": message }))).into_response()
}
