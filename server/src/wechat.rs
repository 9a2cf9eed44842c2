//! Browsers that come back from WeChat's log-in. It is the one GET that begins a session: WeChat sends people back so,
//! and the state in the address is good once, for this browser alone.

use std::collections::BTreeMap;

use axum::{
    Extension,
    extract::Query,
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    Scope,
    flashes::{self, Flash},
    members::wechat::{self, Back, Came},
};
use domain::Fault;
use rpc::cookies::{self, Bearer};

/// Goes on as whoever WeChat names: to where they wanted to, to show a number, or to what came of linking.
pub async fn come_back(
    Extension(scope): Extension<Scope>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let given = |name: &str| query.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let name = cookies::device_name(Bearer::Shopper, &scope.house().settings.public_url);
    let device = rpc::cookie_of(&headers, &name);
    let state = given("state").unwrap_or_default();
    match wechat::come_back(&scope, given("code"), state, device.as_deref()).await {
        Ok(Back::Came(Came::In(done), to)) => go(
            rpc::back_path(&to),
            &[
                cookies::session(&scope, Bearer::Shopper, &done.token),
                cookies::device(&scope, Bearer::Shopper, &done.device),
            ],
        ),
        Ok(Back::Came(Came::New(arrival), to)) => {
            let to = urlencoding::encode(rpc::back_path(&to)).into_owned();
            go(&format!("/login?to={to}"), &[cookies::arrival(&scope, arrival.secret())])
        }
        Ok(Back::Linked(None)) => say(&scope, "/me/wechat", "微信已绑定，以后可以用微信登录", true).await,
        Ok(Back::Linked(Some(offer))) => go(&format!("/me/merge/{}", offer.id), &[]),
        Err(fault) => fail(&scope, &fault).await,
    }
}

async fn fail(scope: &Scope, fault: &Fault) -> Response {
    if let Some(hidden) = fault.hidden() {
        tracing::error!(request_id = %scope.request_id, code = fault.code(), hidden, "a log-in through WeChat failed");
    }
    let page = if scope.member().is_ok() { "/me/wechat" } else { "/login" };
    say(scope, page, &fault.message(), false).await
}

/// Goes on to a page with a one-time message.
async fn say(scope: &Scope, page: &str, message: &str, good: bool) -> Response {
    let form = if page == "/login" { "phone" } else { "wechat" };
    let flash = Flash { form: form.into(), message: message.into(), good, ..Flash::default() };
    let kept = flashes::keep(scope, &flash).await.map(|id| format!("?flash={id}")).unwrap_or_default();
    go(&format!("{page}{kept}"), &[])
}

fn go(to: &str, set: &[String]) -> Response {
    let mut response = Redirect::to(to).into_response();
    for cookie in set {
        if let Ok(value) = cookie.parse() {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}
