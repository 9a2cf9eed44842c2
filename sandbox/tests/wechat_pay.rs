//! The gateway, driven by the client the server uses, with a listener in the merchant's place.

#![allow(clippy::unwrap_used, reason = "in a test, the panic is the report")]

mod party;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use chrono::Utc;
use partners::wechat_pay::{
    CALLBACK_PATH, CallbackHeaders, Event, Failure, Merchant, NewRefund, NewTransaction, Notice, Prepay, PrepayAnswer,
    RefundState, TradeState, WeChatPay, signing::new_nonce,
};
use party::{Party, client};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};

/// The merchant's end of callbacks.
#[derive(Clone)]
struct Ear {
    heard: mpsc::UnboundedSender<(CallbackHeaders, Bytes)>,
    refuse_next: Arc<AtomicU32>,
}

async fn hear(State(ear): State<Ear>, headers: HeaderMap, body: Bytes) -> StatusCode {
    ear.heard.send((CallbackHeaders::from(&headers), body)).unwrap();
    let refuse = ear.refuse_next.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    if refuse { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::NO_CONTENT }
}

/// A gateway and a merchant.
struct Scene {
    party: Party,
    data: PathBuf,
    pay: WeChatPay,
    notify_base_url: String,
    heard: mpsc::UnboundedReceiver<(CallbackHeaders, Bytes)>,
    refuse_next: Arc<AtomicU32>,
}

fn start_gateway(data: &Path) -> Party {
    Party::start(&["wechat-pay", "--retry-scale", "0.001", "--data", data.to_str().unwrap()])
}

fn merchant(data: &Path) -> Merchant {
    Merchant::from_file(&data.join("merchant.json")).unwrap()
}

impl Scene {
    async fn new() -> Self {
        let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(new_nonce());
        let party = start_gateway(&data);
        let (sender, heard) = mpsc::unbounded_channel();
        let ear = Ear { heard: sender, refuse_next: Arc::default() };
        let refuse_next = ear.refuse_next.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let notify_base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route(CALLBACK_PATH, post(hear)).with_state(ear);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let pay = WeChatPay::new(merchant(&data), &notify_base_url).unwrap();
        Self { party, data, pay, notify_base_url, heard, refuse_next }
    }

    async fn prepay(&self, out_trade_no: &str, total_fen: i64) -> Result<String, Failure> {
        match self.pay.prepay(Prepay::H5, &asked(out_trade_no, total_fen)).await? {
            PrepayAnswer::H5 { h5_url } => Ok(h5_url),
            other => panic!("{other:?}"),
        }
    }

    async fn post(&self, path: &str, body: Value) -> StatusCode {
        client().post(format!("{}{path}", self.party.url)).json(&body).send().await.unwrap().status()
    }

    async fn refund(&self, out_trade_no: &str, number: &str, refund_fen: i64) -> Result<RefundState, Failure> {
        let refund = NewRefund {
            out_trade_no: out_trade_no.into(),
            out_refund_no: number.into(),
            refund_fen,
            total_fen: 1280,
            reason: "缺货".into(),
        };
        self.pay.refund(&refund).await.map(|refund| refund.status)
    }

    /// The next callback, verified and opened.
    async fn notice(&mut self) -> Notice {
        let (headers, body) = timeout(Duration::from_secs(10), self.heard.recv()).await.unwrap().unwrap();
        self.pay.open_callback(&headers, &body, Utc::now().timestamp()).unwrap()
    }

    async fn hears_nothing_more(&mut self) -> bool {
        timeout(Duration::from_millis(400), self.heard.recv()).await.is_err()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

fn asked(out_trade_no: &str, total_fen: i64) -> NewTransaction {
    NewTransaction {
        out_trade_no: out_trade_no.into(),
        description: "城南店 订单 0001".into(),
        total_fen,
        expires_at: (Utc::now() + chrono::Duration::minutes(15)).to_rfc3339(),
        payer_ip: "127.0.0.1".into(),
    }
}

fn refused_with<T>(result: Result<T, Failure>) -> String {
    match result {
        Err(Failure::Refused { code, .. }) => code,
        Err(other) => other.to_string(),
        Ok(_) => "not refused".into(),
    }
}

fn transaction(notice: &Notice) -> &partners::wechat_pay::Transaction {
    match &notice.event {
        Event::Transaction(transaction) => transaction,
        Event::Refund(refund) => panic!("{refund:?}"),
    }
}

#[tokio::test]
async fn a_payment_goes_from_prepay_over_callback_and_query_to_partial_refunds() {
    let mut scene = Scene::new().await;
    scene.prepay("order-0001", 1280).await.unwrap();
    assert_eq!(scene.pay.query("order-0001").await.unwrap().trade_state, TradeState::NotPay);
    assert_eq!(refused_with(scene.refund("order-0001", "refund-0", 1).await), "INVALID_REQUEST");
    assert_eq!(scene.post("/sandbox/pay", json!({"out_trade_no": "order-0001"})).await, 200);

    let notice = scene.notice().await;
    let told = transaction(&notice);
    let amount = told.amount.as_ref().unwrap();
    assert_eq!((amount.total, amount.currency.as_deref()), (1280, Some("CNY")));
    assert_eq!((told.mchid.as_str(), told.appid.as_deref()), (scene.pay.mch_id(), Some(scene.pay.app_id())));
    assert_eq!(&scene.pay.query("order-0001").await.unwrap(), told);

    assert_eq!(scene.refund("order-0001", "refund-1", 300).await.unwrap(), RefundState::Success);
    let notice = scene.notice().await;
    assert_eq!(notice.event_type, "REFUND.SUCCESS");
    assert!(matches!(&notice.event, Event::Refund(refund) if refund.amount.refund == 300));
    assert_eq!(scene.pay.query("order-0001").await.unwrap().trade_state, TradeState::Refund);
    assert_eq!(refused_with(scene.refund("order-0001", "refund-2", 981).await), "INVALID_REQUEST");
    assert_eq!(scene.refund("order-0001", "refund-2", 980).await.unwrap(), RefundState::Success);
    assert_eq!(scene.pay.query_refund("refund-2").await.unwrap().amount.refund, 980);
}

#[tokio::test]
async fn a_refund_repeated_under_its_number_happens_once_and_with_another_amount_not_at_all() {
    let mut scene = Scene::new().await;
    scene.prepay("order-0001", 1280).await.unwrap();
    scene.post("/sandbox/pay", json!({"out_trade_no": "order-0001", "silent": true})).await;
    assert_eq!(scene.refund("order-0001", "refund-1", 1000).await.unwrap(), RefundState::Success);
    assert_eq!(scene.refund("order-0001", "refund-1", 1000).await.unwrap(), RefundState::Success);
    assert_eq!(refused_with(scene.refund("order-0001", "refund-1", 10).await), "INVALID_REQUEST");
    assert_eq!(scene.notice().await.event_type, "REFUND.SUCCESS");
    assert!(scene.hears_nothing_more().await);
    assert_eq!(refused_with(scene.refund("order-0001", "refund-2", 281).await), "INVALID_REQUEST");
}

#[tokio::test]
async fn at_most_50_refunds_are_given_for_one_transaction() {
    let scene = Scene::new().await;
    scene.prepay("order-0001", 1280).await.unwrap();
    scene.post("/sandbox/pay", json!({"out_trade_no": "order-0001"})).await;
    for number in 0..50 {
        scene.refund("order-0001", &format!("refund-{number}"), 1).await.unwrap();
    }
    assert_eq!(refused_with(scene.refund("order-0001", "refund-50", 1).await), "INVALID_REQUEST");
}

#[tokio::test]
async fn a_number_is_refused_for_another_amount_once_paid_and_once_closed() {
    let scene = Scene::new().await;
    let first = scene.prepay("order-0001", 1280).await.unwrap();
    assert_eq!(scene.prepay("order-0001", 1280).await.unwrap(), first);
    assert_eq!(refused_with(scene.prepay("order-0001", 1).await), "OUT_TRADE_NO_USED");
    scene.post("/sandbox/pay", json!({"out_trade_no": "order-0001"})).await;
    assert_eq!(refused_with(scene.prepay("order-0001", 1280).await), "ORDERPAID");
    assert_eq!(refused_with(scene.pay.close("order-0001").await), "ORDERPAID");

    scene.prepay("order-0002", 1280).await.unwrap();
    scene.pay.close("order-0002").await.unwrap();
    assert_eq!(refused_with(scene.pay.close("order-0002").await), "ORDER_CLOSED");
    assert_eq!(refused_with(scene.prepay("order-0002", 1280).await), "ORDER_CLOSED");
    assert_eq!(scene.post("/sandbox/pay", json!({"out_trade_no": "order-0002"})).await, 400);
    assert!(matches!(scene.pay.query("order-0003").await, Err(Failure::Refused { status: 404, .. })));
}

#[tokio::test]
async fn every_kind_answers_what_its_client_needs() {
    let scene = Scene::new().await;
    let native = scene.pay.prepay(Prepay::Native, &asked("order-native", 1)).await.unwrap();
    assert!(matches!(native, PrepayAnswer::Native { code_url } if code_url.starts_with(&scene.party.url)));
    let jsapi = Prepay::Jsapi { openid: "o-1".into() };
    let PrepayAnswer::Jsapi(jsapi) = scene.pay.prepay(jsapi, &asked("order-jsapi", 1)).await.unwrap() else { panic!() };
    assert!(jsapi.package.starts_with("prepay_id=wx"));
    let PrepayAnswer::App(app) = scene.pay.prepay(Prepay::App, &asked("order-app", 1)).await.unwrap() else { panic!() };
    let app = serde_json::to_value(app).unwrap();
    for field in ["appid", "partnerid", "prepayid", "package", "noncestr", "timestamp", "sign"] {
        assert!(app[field].as_str().is_some_and(|value| !value.is_empty()), "{field}");
    }
}

#[tokio::test]
async fn a_restart_keeps_keys_transactions_and_undelivered_callbacks() {
    let mut scene = Scene::new().await;
    scene.prepay("order-0001", 1280).await.unwrap();
    scene.post("/sandbox/pay", json!({"out_trade_no": "order-0001", "delay_s": 2})).await;
    let Merchant { merchant_serial, .. } = merchant(&scene.data);
    let again = restart(&mut scene);
    assert_eq!(again.merchant_serial, merchant_serial);
    assert_eq!(scene.pay.query("order-0001").await.unwrap().trade_state, TradeState::Success);
    let notice = scene.notice().await;
    assert_eq!(transaction(&notice).out_trade_no, "order-0001");
}

/// Ends the gateway and starts it on the same folder, at another port.
fn restart(scene: &mut Scene) -> Merchant {
    let ended = std::mem::replace(&mut scene.party, Party::start(&["sms"]));
    ended.terminate();
    scene.party = start_gateway(&scene.data);
    let merchant = merchant(&scene.data);
    scene.pay = WeChatPay::new(merchant.clone(), &scene.notify_base_url).unwrap();
    merchant
}

#[tokio::test]
async fn a_request_signed_with_a_foreign_key_is_refused() {
    let (scene, stranger) = (Scene::new().await, Scene::new().await);
    let wrong_key = Merchant { merchant_key_pem: merchant(&stranger.data).merchant_key_pem, ..merchant(&scene.data) };
    let pay = WeChatPay::new(wrong_key, "http://127.0.0.1:9").unwrap();
    assert_eq!(refused_with(pay.query("order-0001").await), "SIGN_ERROR");
    let answer = client().get(format!("{}/v3/refund/domestic/refunds/r", scene.party.url)).send().await.unwrap();
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn an_answer_that_a_foreign_gateway_signed_is_not_believed() {
    let (scene, stranger) = (Scene::new().await, Scene::new().await);
    let mut deceived = merchant(&scene.data);
    deceived.platform_keys[0].public_key_pem = merchant(&stranger.data).platform_keys[0].public_key_pem.clone();
    let pay = WeChatPay::new(deceived, "http://127.0.0.1:9").unwrap();
    assert!(matches!(pay.query("order-0001").await, Err(Failure::BadSignature(_))));
}

#[tokio::test]
async fn a_callback_is_repeated_on_command_under_the_same_id() {
    let mut scene = Scene::new().await;
    scene.prepay("order-0001", 1280).await.unwrap();
    scene.post("/sandbox/pay", json!({"out_trade_no": "order-0001", "repeat": 2})).await;
    let first = scene.notice().await;
    assert_eq!((scene.notice().await, scene.notice().await), (first.clone(), first));
    assert!(scene.hears_nothing_more().await);
}

#[tokio::test]
async fn a_callback_that_was_not_taken_is_repeated_until_it_is() {
    let mut scene = Scene::new().await;
    scene.refuse_next.store(3, Ordering::SeqCst);
    scene.prepay("order-0001", 1280).await.unwrap();
    scene.post("/sandbox/pay", json!({"out_trade_no": "order-0001"})).await;
    let first = scene.notice().await;
    for _ in 0..3 {
        assert_eq!(scene.notice().await.id, first.id);
    }
    assert!(scene.hears_nothing_more().await);
}

#[tokio::test]
async fn it_misbehaves_on_command() {
    let mut scene = Scene::new().await;
    scene.post("/control", json!({"fail_next": 1, "drop_notices": true, "next_refund": "ABNORMAL"})).await;
    assert!(matches!(scene.prepay("order-0001", 1280).await, Err(Failure::Unreachable(_))));
    scene.prepay("order-0001", 1280).await.unwrap();
    scene.post("/sandbox/pay", json!({"out_trade_no": "order-0001"})).await;
    assert!(scene.hears_nothing_more().await);
    scene.post("/control", json!({"drop_notices": false})).await;
    assert_eq!(scene.refund("order-0001", "refund-1", 1).await.unwrap(), RefundState::Abnormal);
    assert_eq!(scene.notice().await.event_type, "REFUND.ABNORMAL");
    assert_eq!(scene.refund("order-0001", "refund-2", 1).await.unwrap(), RefundState::Success);
}

#[tokio::test]
async fn the_cashier_takes_the_money_and_leads_back_only_to_web_addresses() {
    let mut scene = Scene::new().await;
    let cashier = scene.prepay("order-0001", 1280).await.unwrap();
    let page = client().get(format!("{cashier}?redirect_url=http://127.0.0.1:9/back")).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("¥12.80") && page.contains("value=\"http://127.0.0.1:9/back\""), "{page}");
    let act = |action: &str, back: &str| {
        let form = format!("action={action}&redirect_url={back}&delay_s=&repeat=0");
        let request = client().post(&cashier).header("content-type", "application/x-www-form-urlencoded").body(form);
        async move { request.send().await.unwrap() }
    };
    assert_eq!(act("fail", "http://127.0.0.1:9/back").await.status(), 200);
    assert_eq!(act("cancel", "javascript:alert(1)").await.status(), 200);
    assert_eq!(scene.pay.query("order-0001").await.unwrap().trade_state, TradeState::NotPay);
    let paid = act("pay", "http://127.0.0.1:9/back").await;
    assert_eq!(
        (paid.status().as_u16(), paid.headers()["location"].to_str().unwrap()),
        (303, "http://127.0.0.1:9/back")
    );
    // The merchant heard of it before the payer was sent back.
    assert!(scene.heard.try_recv().is_ok());
    let page = client().get(&cashier).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("已支付"), "{page}");
}

#[tokio::test]
async fn the_keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new().await;
    assert!(merchant(&scene.data).sample);
    for file in ["merchant.json", "platform.json"] {
        let mode = std::fs::metadata(scene.data.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}
