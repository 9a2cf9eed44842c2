//! The `/v3` endpoints: the merchant's signature is verified, the answer signed.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::{Path, Query, Request, State},
    http::{StatusCode, header, request::Parts},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chrono::Utc;
use partners::wechat_pay::{
    CallbackHeaders, Complaint, Event, Refund, RefundState, Transaction,
    callback::CLOCK_DIFFERENCE_S,
    signing::{Authorization, request_text},
    wire::{CloseRequest, PrepayReply, PrepayRequest, RefundRequest},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Gateway,
    books::{Kind, Refused, refused},
    notify::{Manner, tell},
};

const MOST_BODY_BYTES: usize = 64 * 1024;

type Shared = State<Arc<Gateway>>;

/// The protocol's endpoints.
pub fn router(gateway: &Arc<Gateway>) -> Router<Arc<Gateway>> {
    Router::new()
        .route("/v3/pay/transactions/{kind}", post(prepay))
        .route("/v3/pay/transactions/out-trade-no/{out_trade_no}", get(query))
        .route("/v3/pay/transactions/out-trade-no/{out_trade_no}/close", post(close))
        .route("/v3/refund/domestic/refunds", post(refund))
        .route("/v3/refund/domestic/refunds/{out_refund_no}", get(query_refund))
        .route_layer(from_fn_with_state(gateway.clone(), gate))
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(Complaint { code: self.code.to_owned(), message: self.message })).into_response()
    }
}

/// Everything passes here, in and out.
async fn gate(State(gateway): Shared, request: Request, next: Next) -> Response {
    if gateway.faults.fails() {
        return refused(500, "SYSTEM_ERROR", "系统异常，请稍后重试").into_response();
    }
    let (parts, body) = request.into_parts();
    let answer = match to_bytes(body, MOST_BODY_BYTES).await {
        Err(_) => refused(400, "PARAM_ERROR", "请求太大").into_response(),
        Ok(body) => match verify(&gateway, &parts, &body) {
            Err(refused) => refused.into_response(),
            Ok(()) => next.run(Request::from_parts(parts, Body::from(body))).await,
        },
    };
    let answer = sign(&gateway, answer).await;
    gateway.faults.delay().await;
    answer
}

/// Whether our merchant signed this request, just now.
fn verify(gateway: &Gateway, parts: &Parts, body: &[u8]) -> Result<(), Refused> {
    let no = |message: &str| refused(401, "SIGN_ERROR", message);
    let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = header.and_then(Authorization::parse).ok_or_else(|| no("Authorization 不正确"))?;
    let merchant = &gateway.keys.merchant;
    if given.mchid != merchant.mch_id || given.serial_no != merchant.merchant_serial {
        return Err(no("商户号或证书序列号不正确"));
    }
    let signed_at: i64 = given.timestamp.parse().map_err(|_| no("时间戳不正确"))?;
    if signed_at.abs_diff(Utc::now().timestamp()) >= CLOCK_DIFFERENCE_S.unsigned_abs() {
        return Err(no("时间戳与标准时间相差太多"));
    }
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let text = request_text(parts.method.as_str(), target, &given.timestamp, &given.nonce_str, body);
    if gateway.keys.merchant_key.verify(&text, &given.signature) { Ok(()) } else { Err(no("签名错误")) }
}

async fn sign(gateway: &Gateway, answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let now = Utc::now().timestamp();
    let signed = CallbackHeaders::sign(&gateway.keys.platform_key, &gateway.keys.platform_id, &body, now);
    parts.headers.extend(signed.present().filter_map(|(name, value)| Some((name, value.parse().ok()?))));
    Response::from_parts(parts, Body::from(body))
}

async fn prepay(State(gateway): Shared, Path(kind): Path<String>, body: Bytes) -> Result<Json<PrepayReply>, Refused> {
    let kind = match kind.as_str() {
        "h5" => Kind::H5,
        "native" => Kind::Native,
        "jsapi" => Kind::Jsapi,
        "app" => Kind::App,
        _ => return Err(refused(404, "RESOURCE_NOT_EXISTS", "没有这个接口")),
    };
    let asked: PrepayRequest = read(&body)?;
    ours(&gateway, &asked.mchid)?;
    if asked.appid != gateway.keys.merchant.app_id {
        return Err(refused(400, "APPID_MCHID_NOT_MATCH", "appid 与 mchid 不匹配"));
    }
    let token = gateway.change(|books| books.prepay(kind, asked, Utc::now()).map(|trade| trade.token.clone()))?;
    let cashier = format!("{}/cashier/{token}", gateway.public_url);
    Ok(Json(match kind {
        Kind::H5 => PrepayReply { h5_url: Some(cashier), ..PrepayReply::default() },
        Kind::Native => PrepayReply { code_url: Some(cashier), ..PrepayReply::default() },
        Kind::Jsapi | Kind::App => PrepayReply { prepay_id: Some(format!("wx{token}")), ..PrepayReply::default() },
    }))
}

#[derive(Deserialize)]
struct OfMerchant {
    mchid: String,
}

async fn query(
    State(gateway): Shared,
    Path(out_trade_no): Path<String>,
    Query(of): Query<OfMerchant>,
) -> Result<Json<Transaction>, Refused> {
    ours(&gateway, &of.mchid)?;
    let transaction = gateway.books().find(&out_trade_no)?.transaction();
    Ok(Json(transaction))
}

async fn close(State(gateway): Shared, Path(out_trade_no): Path<String>, body: Bytes) -> Result<StatusCode, Refused> {
    ours(&gateway, &read::<CloseRequest>(&body)?.mchid)?;
    gateway.change(|books| books.close(&out_trade_no))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn refund(State(gateway): Shared, body: Bytes) -> Result<Json<Refund>, Refused> {
    let asked: RefundRequest = read(&body)?;
    let (refund, is_new) = gateway.change(|books| {
        let mut tricks = gateway.tricks();
        let outcome = tricks.next_refund.unwrap_or(RefundState::Success);
        let refunded = books.refund(&asked, outcome, Utc::now());
        if matches!(refunded, Ok((_, true))) {
            tricks.next_refund = None;
        }
        refunded
    })?;
    if let (true, Some(url)) = (is_new, &asked.notify_url) {
        let mut told = Refund { mchid: Some(gateway.keys.merchant.mch_id.clone()), ..refund.clone() };
        told.amount.currency = None;
        tell(&gateway, url, Event::Refund(told), Manner::default());
    }
    Ok(Json(refund))
}

async fn query_refund(State(gateway): Shared, Path(out_refund_no): Path<String>) -> Result<Json<Refund>, Refused> {
    let refund = gateway.books().refund_of(&out_refund_no)?;
    Ok(Json(refund))
}

fn ours(gateway: &Gateway, mchid: &str) -> Result<(), Refused> {
    if mchid == gateway.keys.merchant.mch_id {
        Ok(())
    } else {
        Err(refused(400, "MCH_NOT_EXISTS", "商户号不存在"))
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| refused(400, "PARAM_ERROR", format!("请求不正确：{error}")))
}
