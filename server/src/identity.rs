//! Who asks: the one place that turns a cookie or a bearer token into a `Scope`.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::{SubsecRound, Utc};
use commerce::sessions;
use domain::orders::Channel;
use rpc::cookies::{self, Bearer};
use uuid::Uuid;

use crate::site::Site;

/// The id of this request, in the log, the answer's header and on error pages.
#[derive(Clone)]
pub struct RequestId(pub Arc<str>);

/// Gives the request its scope, or answers that the database is away.
pub async fn identify(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let (channel, bearer) = face_of(request.uri().path());
    let id = request.extensions().get::<RequestId>().map_or_else(|| "".into(), |id| id.0.clone());
    let address = address_of(&site, &request);
    // PostgreSQL keeps microseconds: with these alone, an answer is the same when it is read again.
    let now = Utc::now().trunc_subsecs(6);
    let agent =
        request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default().into();
    let asked = sessions::Request { channel, now, id: id.clone(), address: address.to_string().into(), agent };
    let token = match bearer {
        Some(bearer) => cookie(request.headers(), &cookies::name(bearer, &site.house.settings.public_url)),
        None => bearer_token(request.headers()),
    };
    match sessions::identify(&site.house, token.as_deref(), asked).await {
        Ok(scope) => {
            request.extensions_mut().insert(scope);
            next.run(request).await
        }
        Err(fault) => crate::errors::without_scope(&request, channel, &fault, &id),
    }
}

/// Which face a path belongs to, and which cookie counts there. The JSON API takes no cookie, so
/// that no other site's page can use a browser's session on it.
pub fn face_of(path: &str) -> (Channel, Option<Bearer>) {
    let under = |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if under("/api") {
        (Channel::Api, None)
    } else if under("/hq") || under("/rpc/hq") {
        (Channel::Hq, Some(Bearer::Staff))
    } else if under("/console") || under("/rpc/console") {
        (Channel::Console, Some(Bearer::Staff))
    } else {
        (Channel::Shop, Some(Bearer::Shopper))
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
}

fn bearer_token(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    text.strip_prefix("Bearer ").map(|token| token.trim().to_owned())
}

/// The address asked from. A proxy's word counts only where the proxy is trusted: the last address
/// in X-Forwarded-For that is not a trusted proxy's own.
pub fn address_of(site: &Site, request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.unwrap_or(IpAddr::from([127, 0, 0, 1])).to_canonical();
    if !site.trusted_proxies.contains(&peer) {
        return peer;
    }
    let said = request.headers().get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = said.flat_map(|text| text.split(',')).collect();
    let mut nearest = peer;
    for hop in hops.into_iter().rev() {
        // What stands left of a hop that is no address may be anybody's invention.
        let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
        nearest = hop.to_canonical();
        if !site.trusted_proxies.contains(&nearest) {
            break;
        }
    }
    nearest
}

/// Refuses a change that another site's page asked for: `Sec-Fetch-Site`, which browsers set and
/// scripts cannot, else `Origin`; neither is a refusal. The API bears its token and callbacks their
/// signature, so neither can be forged this way.
pub async fn same_site(State(site): State<Site>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || path.starts_with("/api/") || path.starts_with("/callbacks/") || is_ours(&site, request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "请从本站的页面提交").into_response()
}

fn is_ours(site: &Site, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(fetched), _) => fetched == "same-origin",
        (None, Some(origin)) => origin == site.house.settings.public_url,
        (None, None) => false,
    }
}

/// Gives the request an id.
pub async fn name_request(mut request: Request, next: Next) -> Response {
    let id: Arc<str> = Uuid::now_v7().simple().to_string().into();
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    if let Ok(value) = id.parse() {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_takes_no_cookie_and_a_staff_cookie_counts_only_on_staff_faces() {
        assert_eq!(face_of("/api/v1/orders").1, None);
        assert_eq!(face_of("/console/orders").1, Some(Bearer::Staff));
        assert_eq!(face_of("/hq").1, Some(Bearer::Staff));
        assert_eq!(face_of("/consolexyz").1, Some(Bearer::Shopper));
        assert_eq!(face_of("/orders/1").1, Some(Bearer::Shopper));
    }
}
