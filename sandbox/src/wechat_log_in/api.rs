//! The `/sns` endpoints, where a server exchanges codes.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use chrono::Utc;
use partners::{
    wechat_log_in::{App, AppKind, errcode},
    wechat_pay::signing::new_nonce,
};
use serde_json::{Value, json};

use super::{
    WeChat,
    codes::{Grant, open_id, union_id},
    control::is_next,
};

type Given = Query<HashMap<String, String>>;

/// The protocol's endpoints.
pub fn router() -> Router<Arc<WeChat>> {
    Router::new().route("/sns/jscode2session", get(mini_program)).route("/sns/oauth2/access_token", get(web))
}

async fn mini_program(State(wechat): State<Arc<WeChat>>, Query(given): Given) -> Response {
    answer(&wechat, &given, &[AppKind::MiniProgram], "js_code").await
}

async fn web(State(wechat): State<Arc<WeChat>>, Query(given): Given) -> Response {
    answer(&wechat, &given, &[AppKind::OfficialAccount, AppKind::Website], "code").await
}

/// Faults are 200 too: the number in the body counts, and the body is JSON whatever its type says.
async fn answer(wechat: &WeChat, given: &HashMap<String, String>, kinds: &[AppKind], parameter: &str) -> Response {
    if wechat.faults.fails() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let is_busy = is_next(&mut wechat.tricks().busy_next);
    let exchanged = if is_busy { Err(errcode::BUSY) } else { exchange(wechat, given, kinds, parameter) };
    let body = match exchanged {
        Ok((app, grant)) => tell(wechat, app, &grant).to_string(),
        Err(number) => json!({ "errcode": number, "errmsg": message(number) }).to_string(),
    };
    wechat.faults.delay().await;
    let is_garbled = is_next(&mut wechat.tricks().garble_next);
    let body = if is_garbled { "<html><body>502 Bad Gateway</body></html>".to_owned() } else { body };
    ([(header::CONTENT_TYPE, "text/plain")], body).into_response()
}

fn exchange<'a>(
    wechat: &'a WeChat,
    given: &HashMap<String, String>,
    kinds: &[AppKind],
    parameter: &str,
) -> Result<(&'a App, Grant), i64> {
    let get = |name: &str, missing: i64| given.get(name).filter(|value| !value.is_empty()).ok_or(missing);
    let app_id = get("appid", errcode::NO_APP_ID)?;
    let secret = get("secret", errcode::NO_SECRET)?;
    let code = get(parameter, errcode::NO_CODE)?;
    if given.get("grant_type").map(String::as_str) != Some("authorization_code") {
        return Err(errcode::BAD_GRANT_TYPE);
    }
    let mut ours = kinds.iter().filter_map(|kind| Some((*kind, wechat.apps.of(*kind)?)));
    let (kind, app) = ours.find(|(_, app)| app.app_id == *app_id).ok_or(errcode::BAD_APP_ID)?;
    if app.secret != *secret {
        return Err(errcode::BAD_SECRET);
    }
    let grant = wechat.codes().exchange(kind, code, Utc::now())?;
    Ok((app, grant))
}

/// Who it is. `snsapi_base` does not tell the union id.
fn tell(wechat: &WeChat, app: &App, grant: &Grant) -> Value {
    let mut tricks = wechat.tricks();
    let is_mini = grant.app == AppKind::MiniProgram;
    let is_snapshot = !is_mini && is_next(&mut tricks.snapshot_next);
    let person = if is_snapshot { format!("{} {}", grant.person, new_nonce()) } else { grant.person.clone() };
    let mut told = if is_mini {
        json!({ "session_key": format!("{}==", &new_nonce()[..22]) })
    } else {
        json!({
            "access_token": new_nonce(),
            "expires_in": 7_200,
            "refresh_token": new_nonce(),
            "scope": grant.scope,
        })
    };
    told["openid"] = open_id(&app.app_id, &person).into();
    if !tricks.without_union_id && grant.scope != "snsapi_base" {
        told["unionid"] = union_id(&person).into();
    }
    if is_snapshot {
        told["is_snapshotuser"] = 1.into();
    }
    told
}

fn message(number: i64) -> String {
    let text = match number {
        errcode::BUSY => "system error",
        errcode::BAD_GRANT_TYPE => "invalid grant_type",
        errcode::BAD_APP_ID => "invalid appid",
        errcode::BAD_CODE => "invalid code",
        errcode::BAD_SECRET => "invalid appsecret",
        errcode::USED_CODE => "code been used",
        errcode::NO_APP_ID => "appid missing",
        errcode::NO_SECRET => "appsecret missing",
        errcode::NO_CODE => "missing code",
        _ => "code expired",
    };
    format!("{text}, rid: {}", new_nonce().to_lowercase())
}
