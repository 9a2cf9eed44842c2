//! Riders on call, by the protocol of 顺丰同城: nobody rides, people press buttons.
//!
//! - here: the process's options, its jobs, and the protocol's endpoints
//! - `tell`: callbacks
//! - `page`: the page with the jobs, and what tests may order

mod page;
mod tell;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::post,
};
use chrono::Utc;
use partners::{
    couriers::{
        Account, Event, Feed, Status, signing,
        wire::{Answered, Called, Cancel, Job, Look, Looked, NUMBER_TAKEN, Quoted, UNKNOWN_ORDER},
    },
    wechat_pay::signing::new_nonce,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{faults::Faults, reachable, secret_file::write_secret};
use tell::Tricks;

/// What the server reads.
const FILE: &str = "account.json";
/// Older jobs are forgotten.
const MOST_JOBS: usize = 500;
/// A message older than this was not signed just now.
const CLOCK_DIFFERENCE_S: i64 = 300;

/// The options of `sandbox couriers`.
#[derive(clap::Args)]
pub struct Options {
    /// Where to listen; port 0 takes a free one, printed on the first line
    #[arg(long, default_value = "127.0.0.1:3905")]
    pub listen: SocketAddr,
    /// The folder for the account that the server reads; made where missing
    #[arg(long)]
    data: PathBuf,
    /// Where callbacks go; `POST /control {"callback_url"}` says it later
    #[arg(long)]
    callback_url: Option<String>,
}

/// A rider's job.
pub(crate) struct Kept {
    sf_order_id: String,
    job: Job,
    fee_fen: i64,
    /// Oldest first.
    feed: Vec<Feed>,
}

impl Kept {
    fn status(&self) -> Option<Status> {
        self.feed.last().and_then(Feed::status)
    }
}

/// The running platform.
pub struct Platform {
    account: Account,
    jobs: Mutex<Vec<Kept>>,
    faults: Faults,
    tricks: Mutex<Tricks>,
    client: reqwest::Client,
}

impl Platform {
    /// Opens the folder, with the account of the last run or a new one.
    pub fn open(options: &Options, address: SocketAddr) -> anyhow::Result<Arc<Self>> {
        let Options { data, callback_url, .. } = options;
        std::fs::create_dir_all(data).with_context(|| format!("cannot make the folder {}", data.display()))?;
        let path = data.join(FILE);
        let made = || Account {
            base_url: String::new(),
            dev_id: 1_600_000_001,
            dev_key: new_nonce().to_lowercase(),
            shop_id: "mendian".into(),
            source: "门店".into(),
            sample: true,
        };
        let kept = if path.exists() { Account::from_file(&path)? } else { made() };
        let account = Account { base_url: format!("http://{}", reachable(address)), ..kept };
        write_secret(&path, &serde_json::to_vec_pretty(&account)?)?;
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let tricks = Tricks { callback_url: callback_url.clone(), ..Tricks::default() };
        Ok(Arc::new(Self { account, jobs: Mutex::default(), faults: Faults::default(), tricks: tricks.into(), client }))
    }

    fn jobs(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tricks(&self) -> MutexGuard<'_, Tricks> {
        self.tricks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything this stand-in answers.
pub fn router(platform: &Arc<Platform>) -> Router {
    Router::new()
        .route("/open/api/external/{name}", post(external))
        .merge(page::router())
        .layer(DefaultBodyLimit::max(256 * 1024))
        .with_state(platform.clone())
}

#[derive(Deserialize)]
struct Signed {
    #[serde(default)]
    sign: String,
}

type Refused = (i64, &'static str);

async fn external(
    State(platform): State<Arc<Platform>>,
    Path(name): Path<String>,
    Query(Signed { sign }): Query<Signed>,
    body: Bytes,
) -> Response {
    let Account { dev_id, dev_key, .. } = &platform.account;
    if !signing::verify(&body, *dev_id, dev_key, &sign) {
        return said(Err((1_003, "签名校验失败")));
    }
    if platform.faults.fails() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the platform is down").into_response();
    }
    if platform.tricks().refuses() {
        return said(Err((3_004, "附近暂时没有骑手")));
    }
    let answer = match name.as_str() {
        "precreateorder" => read(&body).map(|job: Job| quoted(&job)),
        "createorder" => read(&body).and_then(|job| create(&platform, job)),
        "cancelorder" => read(&body).and_then(|cancel| cancel_job(&platform, &cancel)),
        "listorderfeed" => read(&body).and_then(|look| list(&platform, &look)),
        _ => Err((1_001, "没有这个接口")),
    };
    platform.faults.delay().await;
    said(answer)
}

fn said(answer: Result<Value, Refused>) -> Response {
    let answered = match answer {
        Ok(result) => Answered { error_code: 0, error_msg: "success".into(), result },
        Err((error_code, message)) => Answered { error_code, error_msg: message.into(), result: Value::Null },
    };
    Json(answered).into_response()
}

/// What was sent, where its clock is right.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    let value: Value = serde_json::from_slice(body).map_err(|_| (1_002, "参数不是 JSON"))?;
    let pushed = value["push_time"].as_i64().unwrap_or_default();
    if (Utc::now().timestamp() - pushed).abs() > CLOCK_DIFFERENCE_S {
        return Err((1_004, "推单时间相差太大"));
    }
    serde_json::from_value(value).map_err(|_| (1_002, "缺少参数"))
}

/// ¥6, ¥2 more for each kilogram that is begun beyond the first five.
fn fee_fen(job: &Job) -> i64 {
    600 + ((job.weight - 5_000).max(0) + 999) / 1_000 * 200
}

fn quoted(job: &Job) -> Value {
    let quoted = Quoted { total_price: fee_fen(job), total_pay_money: None, promise_delivery_time: Some(45) };
    json!(quoted)
}

fn create(platform: &Platform, job: Job) -> Result<Value, Refused> {
    let mut jobs = platform.jobs();
    if jobs.iter().any(|kept| kept.job.shop_order_id == job.shop_order_id) {
        return Err((NUMBER_TAKEN, "商家订单号重复"));
    }
    if job.receive.user_lng.parse::<f64>().is_err() || job.receive.user_phone.is_empty() {
        return Err((3_001, "收件地址不完整"));
    }
    let sf_order_id = new_nonce().to_lowercase();
    let fee_fen = fee_fen(&job);
    jobs.insert(0, Kept { sf_order_id: sf_order_id.clone(), job, fee_fen, feed: Vec::new() });
    jobs.truncate(MOST_JOBS);
    Ok(json!(Called { sf_order_id, total_price: fee_fen }))
}

fn cancel_job(platform: &Arc<Platform>, cancel: &Cancel) -> Result<Value, Refused> {
    let status = {
        let jobs = platform.jobs();
        let kept = jobs.iter().find(|kept| kept.job.shop_order_id == cancel.order_id);
        kept.ok_or((UNKNOWN_ORDER, "订单不存在"))?.status()
    };
    match status {
        Some(Status::Cancelled) => {}
        Some(Status::PickedUp | Status::Delivered) => return Err((4_002, "骑手已取件，不能取消")),
        _ => drop(tell::happen(platform, &cancel.order_id, Status::Cancelled, 0)),
    }
    Ok(json!({ "real_pay_money": 0 }))
}

fn list(platform: &Platform, look: &Look) -> Result<Value, Refused> {
    let jobs = platform.jobs();
    let kept = jobs.iter().find(|kept| kept.job.shop_order_id == look.order_id);
    let kept = kept.ok_or((UNKNOWN_ORDER, "订单不存在"))?;
    Ok(json!(Looked { feed: kept.feed.clone() }))
}

/// What a callback says of a step.
fn event_of(kept: &Kept, feed: &Feed, status: Status) -> Event {
    Event {
        sf_order_id: kept.sf_order_id.clone(),
        shop_order_id: kept.job.shop_order_id.clone(),
        url_index: Event::index_of(status).into(),
        order_status: feed.order_status,
        status_desc: feed.status_desc.clone(),
        operator_name: feed.operator_name.clone(),
        operator_phone: feed.operator_phone.clone(),
        push_time: feed.create_time,
    }
}
