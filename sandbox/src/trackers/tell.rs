//! Callbacks: signed, repeated until they are taken, and wrong in whatever way somebody orders.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use partners::trackers::{Push, Scan, Status, signing, wire::form};
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::{Kept, Platform};
use crate::page::BEIJING;

/// How long is waited after each try that was not taken; then it is given up.
const RETRY_AFTER_MS: [u64; 5] = [300, 1_000, 3_000, 10_000, 30_000];

/// What this platform does wrong beyond being slow or failing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tricks {
    /// New callbacks are not sent.
    pub drop_callbacks: bool,
    /// They are kept until somebody lets them go, in the reverse order.
    pub hold_callbacks: bool,
    /// So many of the next callbacks are signed wrongly.
    pub forge_next: u32,
    /// So many of the next subscriptions are refused.
    pub refuse_next: u32,
    #[serde(skip)]
    pub(super) held: Vec<Told>,
}

/// A callback as it goes.
#[derive(Clone, Debug)]
pub struct Told {
    url: String,
    param: String,
    sign: String,
}

impl Tricks {
    /// Whether this subscription is to be refused; counts it.
    pub fn refuses(&mut self) -> bool {
        let refuses = self.refuse_next > 0;
        self.refuse_next = self.refuse_next.saturating_sub(1);
        refuses
    }

    fn forges(&mut self) -> bool {
        let forges = self.forge_next > 0;
        self.forge_next = self.forge_next.saturating_sub(1);
        forges
    }

    /// What was kept, the newest first.
    pub fn release(&mut self) -> Vec<Told> {
        self.hold_callbacks = false;
        self.held.drain(..).rev().collect()
    }
}

/// What a scan of this kind says.
pub fn words(status: Status) -> &'static str {
    match status {
        Status::Collected => "【上海人民广场营业部】已揽收",
        Status::OnTheWay => "快件已到达【上海转运中心】，准备发往下一站",
        Status::Delivering => "快递员小陈正在派送，电话 139****0077",
        Status::Signed => "您的快件已签收，签收人：本人",
        Status::Trouble => "收件人电话无人接听，快件暂存网点",
        Status::Refused => "收件人拒收，快件将退回寄件人",
        Status::Returning => "快件正在退回寄件人途中",
        Status::ReturnSigned => "退件已由寄件人签收",
    }
}

/// Something happens to a parcel and is told, `repeat` times more than once; nothing where there is no such parcel.
/// The task ends when it was told or given up.
pub fn happen(platform: &Arc<Platform>, number: &str, status: Status, repeat: u32) -> Option<JoinHandle<()>> {
    let mut told = {
        let mut parcels = platform.parcels();
        let kept = parcels.iter_mut().find(|kept| kept.number == number)?;
        let time = Utc::now().with_timezone(&BEIJING).format("%Y-%m-%d %H:%M:%S").to_string();
        kept.scans.insert(0, Scan { context: words(status).into(), time });
        kept.status = Some(status);
        told_of(kept)?
    };
    let mut tricks = platform.tricks();
    if tricks.drop_callbacks {
        return Some(tokio::spawn(async {}));
    }
    if tricks.forges() {
        told.sign = signing::sign(&[&told.param, "somebody else's"]);
    }
    if tricks.hold_callbacks {
        tricks.held.push(told);
        return Some(tokio::spawn(async {}));
    }
    drop(tricks);
    let platform = platform.clone();
    Some(tokio::spawn(async move {
        for _ in 0..=repeat.min(100) {
            tell(&platform, &told).await;
        }
    }))
}

fn told_of(kept: &Kept) -> Option<Told> {
    let is_over = matches!(kept.status, Some(Status::Signed | Status::ReturnSigned));
    let push = Push {
        status: if is_over { "shutdown" } else { "polling" }.into(),
        message: String::new(),
        com_old: String::new(),
        last_result: Some(kept.way()),
    };
    let param = serde_json::to_string(&push).ok()?;
    let sign = signing::sign(&[&param, &kept.salt]);
    Some(Told { url: kept.callback_url.clone(), param, sign })
}

/// Tells one thing until it is taken or given up. One whose signature is wrong is not repeated.
pub async fn tell(platform: &Platform, told: &Told) {
    for wait in RETRY_AFTER_MS.map(Some).into_iter().chain([None]) {
        let body = form(&[("sign", &told.sign), ("param", &told.param)]);
        let sent = platform.client.post(&told.url).body(body);
        let sent = sent.header("content-type", "application/x-www-form-urlencoded").send().await;
        if let Ok(answer) = sent {
            let is_refused = answer.status().as_u16() == 401;
            if is_refused || answer.json::<Value>().await.is_ok_and(|answer| answer["returnCode"] == "200") {
                return;
            }
        }
        let Some(ms) = wait else { return };
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}
