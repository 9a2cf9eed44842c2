//! `mendian serve`: from settings to a listening server, and back to nothing within three seconds.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::Context;
use axum::{Router, routing::get};
use commerce::{House, Partners};
use metrics_exporter_prometheus::PrometheusBuilder;
use partners::{
    couriers::{Account, Riders},
    sms::SmsSender,
    trackers::{self, Trackers},
    webhooks::Courier,
    wechat_log_in::{Apps, WeChatLogIn},
    wechat_pay::{Merchant, WeChatPay},
};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use crate::{
    config::{Serve, Settings},
    database::Database,
    files::Files,
    live::Live,
    site::{self, Site},
    work,
};

/// Requests under way get this long to finish when the server ends.
const GRACE: Duration = Duration::from_millis(800);

/// Runs until a signal.
pub async fn serve(settings: &Settings, serve: &Serve) -> anyhow::Result<()> {
    let public_url = serve.checked_public_url()?;
    let partners = partners(serve, &public_url).await?;
    let files = Files::new(serve.site.clone());
    rpc::use_assets(files.assets()?);
    // Listening comes first, so that a taken port is known before anything is started.
    let listener =
        TcpListener::bind(serve.listen).await.with_context(|| format!("cannot listen on {}", serve.listen))?;
    // So do signals: one that comes while PostgreSQL starts must still stop it in order.
    let told = Told::listen()?;
    let database = Database::start(settings).await?;
    let served = serve_on(serve, public_url, partners, listener, &database, told).await;
    database.stop().await;
    tracing::info!("ended");
    served
}

async fn serve_on(
    serve: &Serve,
    public_url: String,
    partners: Partners,
    listener: TcpListener,
    database: &Database,
    told: Told,
) -> anyhow::Result<()> {
    database.migrate().await?;
    let pools = database.pools(serve.connections).await?;
    commerce::refuse_unsafe_durability(&pools.house).await.map_err(anyhow::Error::msg)?;
    if serve.production {
        let open = commerce::staff::demo_log_ins(&pools.house).await?;
        anyhow::ensure!(
            open.is_empty(),
            "the demo's passwords still open {}, which production refuses",
            open.join(", ")
        );
    }
    let led_to: Vec<String> = [
        partners.wechat_pay.as_ref().map(WeChatPay::cashier_origin),
        partners.wechat_log_in.as_ref().map(WeChatLogIn::sign_in_origin),
    ]
    .into_iter()
    .flatten()
    .collect();
    let house = House::new(pools, partners, rules(serve, public_url.clone()));
    let (end, ending) = watch::channel(false);
    let live = Live::new(ending.clone());
    let mut workers = work::start(&house, &ending);
    workers.spawn(live.clone().listen(house.clone()));
    let site = Site {
        house: house.clone(),
        live,
        trusted_proxies: serve.trusted_proxies.clone().into(),
        led_to: led_to.join(" ").into(),
        files: Files::new(serve.site.clone()),
        metrics: PrometheusBuilder::new().install_recorder().context("metrics cannot be recorded")?,
    };
    if let Some(address) = serve.metrics_listen {
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let metrics = Router::new().route("/metrics", get(site::figures)).with_state(site.clone());
        workers.spawn(async move { drop(axum::serve(listener, metrics).await) });
    }
    let router = site::router(&site, serve.metrics_listen.is_none());
    tracing::info!(%public_url, listen = %serve.listen, "ready");
    let mut watch_end = ending.clone();
    let answering = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move { drop(watch_end.wait_for(|ends| *ends).await) });
    let mut answering = tokio::spawn(answering.into_future());
    tokio::select! {
        answered = &mut answering => answered?.context("the server stopped answering")?,
        () = told.heard() => {}
    }
    // Event streams end first, then requests, then work, then the database.
    end.send_replace(true);
    if tokio::time::timeout(GRACE, &mut answering).await.is_err() {
        answering.abort();
    }
    let finished = async { while workers.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        tracing::warn!("some work did not end in time; it will be done again");
    }
    drop(tokio::time::timeout(GRACE, house.close()).await);
    Ok(())
}

fn rules(serve: &Serve, public_url: String) -> commerce::Settings {
    commerce::Settings {
        pay_within: chrono::Duration::minutes(i64::from(serve.pay_minutes)),
        unpaid_most: i64::from(serve.unpaid_most),
        patience: commerce::Patience {
            accept_within: chrono::Duration::minutes(i64::from(serve.accept_minutes)),
            escalate_after: chrono::Duration::minutes(i64::from(serve.escalate_minutes)),
            ..commerce::Patience::default()
        },
        orders_in_ten_minutes: i64::from(serve.orders_in_ten_minutes),
        hold_for: chrono::Duration::seconds(i64::from(serve.hold_seconds)),
        holds_most: i64::from(serve.holds_most),
        holds_in_ten_minutes: i64::from(serve.holds_in_ten_minutes),
        codes_an_hour: i32::try_from(serve.codes_an_hour).unwrap_or(i32::MAX / 10),
        second_step_for_hq: serve.second_step.unwrap_or(serve.production),
        log_ins_in_ten_minutes: i32::try_from(serve.log_ins_in_ten_minutes).unwrap_or(i32::MAX),
        // For the test of the second fence; a release build does not ask for it.
        without_first_fence: cfg!(debug_assertions) && std::env::var_os("MENDIAN_WITHOUT_FIRST_FENCE").is_some(),
        // For the test of crashes, in the same way.
        ends_at: std::env::var("MENDIAN_ENDS_AT").ok().filter(|_| cfg!(debug_assertions)),
        public_url,
    }
}

/// The parties outside, as the settings name them. No fault quotes a secret or an address, which may hold one.
async fn partners(serve: &Serve, public_url: &str) -> anyhow::Result<Partners> {
    let callbacks = serve.callback_url.as_deref().unwrap_or(public_url).trim_end_matches('/');
    let wechat_pay = match &serve.wechat_pay {
        Some(path) => {
            let merchant = Merchant::from_file(path).with_context(|| format!("cannot use {}", path.display()))?;
            if serve.production {
                let path = path.display();
                anyhow::ensure!(!merchant.sample, "{path} holds sample keys, which production refuses");
                let here = partners::leads_here(&merchant.base_url).await;
                anyhow::ensure!(!here, "{path} names a gateway on this machine, a stand-in, which production refuses");
            }
            Some(WeChatPay::new(merchant, callbacks)?)
        }
        None => None,
    };
    if let Some(url) = serve.sms_url.as_deref().filter(|_| serve.production) {
        let here = partners::leads_here(url).await;
        anyhow::ensure!(!here, "MENDIAN_SMS_URL leads to this machine, to a stand-in, which production refuses");
    }
    let sms = serve.sms_url.as_deref().map(SmsSender::new).transpose()?;
    let courier = Some(Courier::new(&serve.inside_hosts)?);
    let wechat_log_in = serve.wechat_log_in.as_deref().map(|path| wechat_log_in(path, serve.production)).transpose()?;
    let riders = match serve.couriers.as_deref() {
        Some(path) => Some(riders(path, serve.production).await?),
        None => None,
    };
    let trackers = match serve.trackers.as_deref() {
        Some(path) => Some(trackers(path, serve.production).await?),
        None => None,
    };
    Ok(Partners { sms, wechat_pay, wechat_log_in, courier, riders, trackers })
}

async fn trackers(path: &Path, production: bool) -> anyhow::Result<Trackers> {
    let account = trackers::Account::from_file(path).with_context(|| format!("{} cannot be used", path.display()))?;
    if production {
        let path = path.display();
        anyhow::ensure!(!account.sample, "{path} holds a stand-in's account, which production refuses");
        let here = partners::leads_here(&account.base_url).await;
        anyhow::ensure!(!here, "{path} names trackers on this machine, a stand-in, which production refuses");
    }
    Trackers::new(account).with_context(|| format!("{} cannot be used", path.display()))
}

async fn riders(path: &Path, production: bool) -> anyhow::Result<Riders> {
    let account = Account::from_file(path).with_context(|| format!("{} cannot be used", path.display()))?;
    if production {
        let path = path.display();
        anyhow::ensure!(!account.sample, "{path} holds a stand-in's account, which production refuses");
        let here = partners::leads_here(&account.base_url).await;
        anyhow::ensure!(!here, "{path} names a courier on this machine, a stand-in, which production refuses");
    }
    Riders::new(account).with_context(|| format!("{} cannot be used", path.display()))
}

fn wechat_log_in(path: &Path, production: bool) -> anyhow::Result<WeChatLogIn> {
    let client = Apps::from_file(path).and_then(WeChatLogIn::new);
    let client = client.with_context(|| format!("{} cannot be used", path.display()))?;
    anyhow::ensure!(
        !(production && client.is_sample()),
        "{} holds a stand-in's apps, which production refuses",
        path.display()
    );
    Ok(client)
}

/// Ctrl-C, SIGTERM and SIGHUP, heard from the moment this exists.
struct Told(Vec<Signal>);

impl Told {
    fn listen() -> anyhow::Result<Self> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        Ok(Self(kinds.into_iter().map(signal).collect::<Result<_, _>>()?))
    }

    async fn heard(mut self) {
        let waits = self.0.iter_mut().map(|signal| Box::pin(signal.recv()));
        futures::future::select_all(waits).await;
    }
}
