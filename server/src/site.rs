//! Everything that answers HTTP: the faces, the API, callbacks, health, files, and the layers around.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, FromRef, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use commerce::House;
use leptos::prelude::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use rpc::Nonce;
use tower_http::compression::CompressionLayer;
use uuid::Uuid;

use crate::{
    api, callbacks, errors, exports, files::Files, finding, identity, listed, live::Live, papers, reported, sent,
    store_proofs, uploads, wechat,
};

/// What the routes share.
#[derive(Clone)]
pub struct Site {
    /// The use cases' ground.
    pub house: House,
    /// Who hears of events.
    pub live: Live,
    /// Proxies whose word on addresses counts.
    pub trusted_proxies: Arc<[IpAddr]>,
    /// Origins beside ours that a form may lead to, with spaces between them: the gateway's own pages, WeChat's.
    pub led_to: Arc<str>,
    /// The built site.
    pub files: Files,
    /// The figures for Prometheus.
    pub metrics: PrometheusHandle,
}

impl FromRef<Site> for LeptosOptions {
    fn from_ref(_: &Site) -> Self {
        Self::builder().output_name("mendian").build()
    }
}

/// No request's body is larger, in bytes.
const BODY_MOST: usize = 128 * 1024;

/// How hard answers are compressed, with zstd for who takes it, else brotli or gzip: at the next level that
/// is smaller by more than a few percent, a page takes four times as long (docs/performance.md). Files are
/// compressed when they are built.
const QUALITY: i32 = 1;

/// The whole site. `with_metrics`: whether /metrics is served here too.
pub fn router(site: &Site, with_metrics: bool) -> Router {
    let people = Router::new()
        .merge(app::routes())
        .merge(uploads::routes())
        .merge(sent::routes())
        .merge(reported::routes())
        .merge(store_proofs::routes())
        .merge(listed::routes())
        .merge(finding::routes())
        .merge(papers::routes())
        .merge(exports::routes())
        .route("/login/wechat", get(wechat::come_back))
        .route("/rpc/{*function}", any(perform))
        .route("/console/events", get(crate::live::console))
        .route("/orders/{id}/events", get(crate::live::order))
        .route("/hq/imports/{import}/events", get(crate::live::import))
        .nest("/api/v1", api::routes())
        .route("/api/docs", get(api::read_docs))
        .fallback(errors::not_found)
        .layer(middleware::from_fn_with_state(site.clone(), identity::identify))
        .layer(middleware::from_fn_with_state(site.clone(), identity::same_site))
        .layer(middleware::from_fn_with_state(site.clone(), protect));
    let mut router = Router::new()
        .merge(people)
        .nest("/callbacks", callbacks::routes())
        .merge(site.files.routes())
        .route("/health", get(ready))
        .route("/health/live", get(|| async { "alive" }));
    if with_metrics {
        router = router.route("/metrics", get(figures));
    }
    router
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .layer(CompressionLayer::new().quality(tower_http::CompressionLevel::Precise(QUALITY)))
        .layer(middleware::from_fn(observe))
        .layer(middleware::from_fn(identity::name_request))
        .with_state(site.clone())
}

/// A server function: forms post here. Leptos would answer a body that is too large with 500.
async fn perform(mut request: Request) -> Response {
    let body = std::mem::take(request.body_mut());
    match axum::body::to_bytes(body, BODY_MOST).await {
        Ok(bytes) => *request.body_mut() = Body::from(bytes),
        Err(_) => return (StatusCode::PAYLOAD_TOO_LARGE, "提交的内容过大，上限 128 KB").into_response(),
    }
    leptos_axum::handle_server_fns(request).await.into_response()
}

/// 200 when the database answers.
async fn ready(State(site): State<Site>) -> Response {
    if site.house.is_ready().await {
        "ready".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response()
    }
}

/// The figures as Prometheus reads them.
pub async fn figures(State(site): State<Site>) -> String {
    site.metrics.render()
}

/// The headers that keep a page's scripts its own, with a fresh nonce.
async fn protect(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let nonce: Arc<str> = Uuid::new_v4().simple().to_string().into();
    request.extensions_mut().insert(Nonce(nonce.clone()));
    let mut response = next.run(request).await;
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
         form-action 'self' {}",
        site.led_to
    );
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(self), geolocation=(self), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A file that somebody sent bears a stricter one.
    if let Ok(policy) = policy.parse() {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    if site.house.settings.public_url.starts_with("https://") {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        // A page names people, prices and stock of this moment.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Counts and logs every request by its route.
async fn observe(request: Request, next: Next) -> Response {
    let began = std::time::Instant::now();
    let id = request.extensions().get::<identity::RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let elapsed = began.elapsed();
    // A method that somebody made up must not become a series of its own.
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS];
    let named = if known.contains(&method) { method.to_string() } else { "other".to_owned() };
    let labels = [("method", named), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_seconds", &labels).record(elapsed.as_secs_f64());
    tracing::debug!(request_id = %id, %method, path, status, elapsed_us = elapsed.as_micros() as u64, "answered");
    response
}
