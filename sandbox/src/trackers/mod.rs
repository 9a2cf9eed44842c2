//! Where parcels are, by the protocol of 快递100: nobody drives, people press buttons.
//!
//! - here: the process's options, its parcels, and the protocol's endpoints
//! - `tell`: callbacks
//! - `page`: the page with the parcels, and what tests may order

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
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::post,
};
use partners::{
    trackers::{
        Account, Scan, Status, Way, signing,
        wire::{Answered, Ask, NOTHING_YET, Subscribe, TAKEN, TAKEN_BEFORE, field},
    },
    wechat_pay::signing::new_nonce,
};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::{faults::Faults, reachable, secret_file::write_secret};
use tell::Tricks;

/// What the server reads.
const FILE: &str = "account.json";
/// Older parcels are forgotten.
const MOST_PARCELS: usize = 500;

/// The options of `sandbox trackers`.
#[derive(clap::Args)]
pub struct Options {
    /// Where to listen; port 0 takes a free one, printed on the first line
    #[arg(long, default_value = "127.0.0.1:3906")]
    pub listen: SocketAddr,
    /// The folder for the account that the server reads; made where missing
    #[arg(long)]
    data: PathBuf,
}

/// A parcel that somebody wants to be told of.
pub(crate) struct Kept {
    company: String,
    number: String,
    callback_url: String,
    salt: String,
    /// As it stands in JSON: newest first.
    scans: Vec<Scan>,
    status: Option<Status>,
}

impl Kept {
    fn way(&self) -> Way {
        Way {
            state: self.status.unwrap_or(Status::OnTheWay).code().to_string(),
            com: self.company.clone(),
            nu: self.number.clone(),
            data: self.scans.clone(),
        }
    }
}

/// The running platform.
pub struct Platform {
    account: Account,
    parcels: Mutex<Vec<Kept>>,
    faults: Faults,
    tricks: Mutex<Tricks>,
    client: reqwest::Client,
}

impl Platform {
    /// Opens the folder, with the account of the last run or a new one.
    pub fn open(options: &Options, address: SocketAddr) -> anyhow::Result<Arc<Self>> {
        let Options { data, .. } = options;
        std::fs::create_dir_all(data).with_context(|| format!("cannot make the folder {}", data.display()))?;
        let path = data.join(FILE);
        let made = || Account {
            base_url: String::new(),
            customer: new_nonce(),
            key: new_nonce(),
            salt: new_nonce(),
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
        let parts = (Mutex::default(), Faults::default(), Mutex::default());
        let (parcels, faults, tricks) = parts;
        Ok(Arc::new(Self { account, parcels, faults, tricks, client }))
    }

    fn parcels(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.parcels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tricks(&self) -> MutexGuard<'_, Tricks> {
        self.tricks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything this stand-in answers.
pub fn router(platform: &Arc<Platform>) -> Router {
    Router::new()
        .route("/poll", post(subscribe))
        .route("/poll/query.do", post(query))
        .merge(page::router())
        .layer(DefaultBodyLimit::max(256 * 1024))
        .with_state(platform.clone())
}

/// The `param` of a form.
fn param<T: DeserializeOwned>(body: &str) -> Option<(String, T)> {
    let text = field(body, "param")?;
    let read = serde_json::from_str(&text).ok()?;
    Some((text, read))
}

fn said(code: &str, message: &str) -> Response {
    let answered = Answered { result: code == TAKEN, return_code: code.into(), message: message.into() };
    Json(answered).into_response()
}

/// 501 for what is subscribed already, as the platform does.
async fn subscribe(State(platform): State<Arc<Platform>>, body: String) -> Response {
    if platform.faults.fails() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the platform is down").into_response();
    }
    let Some((_, asked)) = param::<Subscribe>(&body) else {
        return said("700", "订阅方的订阅数据存在错误");
    };
    if asked.key != platform.account.key {
        return said("600", "您不是合法的订阅者");
    }
    if platform.tricks().refuses() {
        return said("701", "拒绝订阅的快递公司");
    }
    let answer = {
        let mut parcels = platform.parcels();
        let same = |kept: &Kept| kept.company == asked.company && kept.number == asked.number;
        if parcels.iter().any(same) {
            said(TAKEN_BEFORE, "重复订阅")
        } else {
            let (callback_url, salt) = (asked.parameters.callbackurl, asked.parameters.salt);
            let (company, number) = (asked.company, asked.number);
            parcels.insert(0, Kept { company, number, callback_url, salt, scans: Vec::new(), status: None });
            parcels.truncate(MOST_PARCELS);
            said(TAKEN, "提交成功")
        }
    };
    platform.faults.delay().await;
    answer
}

async fn query(State(platform): State<Arc<Platform>>, body: String) -> Response {
    if platform.faults.fails() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the platform is down").into_response();
    }
    let Some((text, asked)) = param::<Ask>(&body) else { return said("400", "提交的数据不完整") };
    let Account { customer, key, .. } = &platform.account;
    let signed = field(&body, "sign").is_some_and(|sign| sign == signing::sign(&[&text, key, customer]));
    if !signed {
        return said("503", "验证签名失败");
    }
    let answer = {
        let parcels = platform.parcels();
        let found = parcels.iter().find(|kept| kept.company == asked.com && kept.number == asked.num);
        match found.filter(|kept| !kept.scans.is_empty()) {
            Some(kept) => Json(json!(kept.way())).into_response(),
            None => said(NOTHING_YET, "查询无结果，请隔段时间再查"),
        }
    };
    platform.faults.delay().await;
    answer
}
